//! What folds out: what helps the team but nobody has to say, and how to answer.

use yew::{AttrValue, Html, html};

use super::{Ui, field, icon, scale};
use crate::form::{Field, Section};

/// A section with the button that folds it.
pub fn section(ui: &Ui, section: Section) -> Html {
    let open = ui.state.is_open(section);
    let (id, label, hint) = match section {
        Section::Details => ("details", "section_details", ui.text("section_details_hint")),
        Section::Contact => ("contact", "section_contact", contact_hint(ui)),
    };
    let title = html! {
        <span>
            <b>{ ui.text(label) }</b>
            if !open { <small>{ hint }</small> }
        </span>
    };
    html! {
        <section ~className={if open { "open" } else { "" }}>
            // What the site insists on can't be folded away. Its title still takes the focus when something in it is missing.
            if ui.state.settings.insists_on(section) {
                <h3 class="fold" {id} name={id} tabindex="-1">{ title }</h3>
            } else {
                <button type="button" class="fold" {id} name={id} aria-expanded={if open { "true" } else { "false" }}>
                    { title }
                    { icon::icon(icon::FOLD) }
                </button>
            }
            if open {
                <div class="folded">
                    { match section { Section::Details => details(ui), Section::Contact => contact(ui) } }
                </div>
            }
        </section>
    }
}

/// What the folded contact says: who is known, since whom the page has introduced should see that before they think that nobody knows them.
fn contact_hint(ui: &Ui) -> AttrValue {
    let texts = [Field::Name, Field::Email, Field::Phone].map(|field| ui.state.form.text(field));
    let known: Vec<&str> = texts.into_iter().filter(|text| !text.is_empty()).collect();
    if known.is_empty() { ui.text("section_contact_hint") } else { known.join(" · ").into() }
}

/// The fields that go with the chosen kind.
fn details(ui: &Ui) -> Html {
    let form = &ui.state.form;
    let asks = |field| form.asks(field, &ui.state.settings);
    html! {
        <>
            if asks(Field::Category) { { category(ui) } }
            if asks(Field::Rating) { { scale::scale(ui, Field::Rating, form.rating) } }
            if asks(Field::DesiredOutcome) { { field::field(ui, Field::DesiredOutcome, "") } }
            if asks(Field::Importance) { { scale::scale(ui, Field::Importance, form.importance) } }
            { field::field(ui, Field::Reference, "text") }
        </>
    }
}

/// Name, email and phone.
fn contact(ui: &Ui) -> Html {
    let needed = ui.state.settings.required.contains(&Field::Contact);
    let hint = if needed { "error_required_contact" } else { "contact_hint" };
    html! {
        <>
            if !needed || ui.state.error(Field::Contact).is_none() {
                <p class="hint">{ ui.text(hint) }</p>
            }
            { field::error(ui, Field::Contact) }
            { field::field(ui, Field::Name, "text") }
            { field::field(ui, Field::Email, "email") }
            { field::field(ui, Field::Phone, "tel") }
        </>
    }
}

fn category(ui: &Ui) -> Html {
    let state = ui.state;
    let chosen = &state.form.category;
    html! {
        <div class="field">
            <label for="category">{ ui.text("label_category") }</label>
            <select id="category" name="category"
                aria-required={ui.required(Field::Category)} aria-invalid={ui.invalid(Field::Category)}>
                <option value=" " selected={chosen.is_empty()}>{ ui.text("category_none") }</option>
                for category in state.settings.categories_of(state.kind()) {
                    <option value={category.key.clone()} selected={category.key == *chosen}>
                        { AttrValue::from(category.label.clone()) }
                    </option>
                }
            </select>
            { field::error(ui, Field::Category) }
        </div>
    }
}
