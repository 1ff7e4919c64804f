//! What folds out: what helps the team but nobody has to say, and how to answer.

use yew::{AttrValue, Html};

use super::markup::{UiEvent, el, flag, none, on, plain, says, tag, with};
use super::{Ui, field, icon, scale};
use crate::form::{Field, Section};

/// A section with the button that folds it.
pub fn section(ui: &Ui, section: Section) -> Html {
    let open = ui.state.is_open(section);
    let (id, label, hint) = match section {
        Section::Details => ("details", "section_details", ui.text("section_details_hint")),
        Section::Contact => ("contact", "section_contact", contact_hint(ui)),
    };
    let insisted = ui.state.settings.insists_on(section);
    let title = vec![
        el(
            "span",
            with![],
            vec![says("b", with![], ui.text(label)), if open { none() } else { says("small", with![], hint) }],
        ),
        if insisted { none() } else { icon::icon(icon::FOLD) },
    ];
    // What the site insists on can't be folded away. Its title still takes the focus when something in it is missing.
    let head = if insisted {
        el("h3", with!["class" => "fold", "id" => id, "name" => id, "tabindex" => "-1"], title)
    } else {
        let expanded = if open { "true" } else { "false" };
        let attributes =
            with!["type" => "button", "class" => "fold", "id" => id, "name" => id, "aria-expanded" => expanded];
        on(ui, tag("button", attributes, title), UiEvent::Fold(section))
    };
    let fields = match section {
        Section::Details => details,
        Section::Contact => contact,
    };
    el(
        "section",
        with!["class" => if open { "open" } else { "" }],
        vec![head, if open { el("div", with!["class" => "folded"], fields(ui)) } else { none() }],
    )
}

/// What the folded contact says: who is known, since whom the page has introduced should see that before they think that nobody knows them.
fn contact_hint(ui: &Ui) -> AttrValue {
    let texts = [Field::Name, Field::Email, Field::Phone].map(|field| ui.state.form.text(field));
    let known: Vec<&str> = texts.into_iter().filter(|text| !text.is_empty()).collect();
    if known.is_empty() { ui.text("section_contact_hint") } else { known.join(" · ").into() }
}

/// The fields that go with the chosen kind.
fn details(ui: &Ui) -> Vec<Html> {
    let form = &ui.state.form;
    let asked = |of: Field, make: &dyn Fn() -> Html| if form.asks(of, &ui.state.settings) { make() } else { none() };
    vec![
        asked(Field::Category, &|| category(ui)),
        asked(Field::Rating, &|| scale::scale(ui, Field::Rating, form.rating)),
        asked(Field::DesiredOutcome, &|| line(ui, Field::DesiredOutcome, "")),
        asked(Field::Importance, &|| scale::scale(ui, Field::Importance, form.importance)),
        line(ui, Field::Reference, "text"),
    ]
}

/// Name, email and phone.
fn contact(ui: &Ui) -> Vec<Html> {
    let needed = ui.state.settings.required.contains(&Field::Contact);
    let hint = ui.text(if needed { "error_required_contact" } else { "contact_hint" });
    let error = field::error(ui, Field::Contact);
    vec![
        if needed && ui.state.error(Field::Contact).is_some() {
            none()
        } else {
            says("p", with!["class" => "hint"], hint)
        },
        error,
        line(ui, Field::Name, "text"),
        line(ui, Field::Email, "email"),
        line(ui, Field::Phone, "tel"),
    ]
}

fn line(ui: &Ui, of: Field, kind: &'static str) -> Html {
    field::field(ui, of, ui.words.of("label_", of.name()), kind)
}

fn category(ui: &Ui) -> Html {
    let state = ui.state;
    let option = |value: &str, text: AttrValue, chosen: bool| {
        el("option", with!["value" => value, "selected" => if chosen { "selected" } else { "" }], vec![plain(text)])
    };
    let mut options = vec![option(" ", ui.text("category_none"), state.form.category.is_empty())];
    for category in state.settings.categories_of(state.kind()) {
        let chosen = category.key == state.form.category;
        options.push(option(&category.key, category.label.clone().into(), chosen));
    }
    let required = flag(state.settings.required.contains(&Field::Category).then_some(()));
    let invalid = flag(state.error(Field::Category).map(drop));
    let attributes =
        with!["id" => "category", "name" => "category", "aria-required" => required, "aria-invalid" => invalid];
    let select = tag("select", attributes, options);
    el(
        "div",
        with!["class" => "field"],
        vec![
            says("label", with!["for" => "category"], ui.text("label_category")),
            on(ui, select, UiEvent::Categorise),
            field::error(ui, Field::Category),
        ],
    )
}
