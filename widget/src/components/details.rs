//! What helps the team, but nobody has to say.

use yew::{AttrValue, Event, Html, TargetCast, html};

use super::field::{self, Look};
use super::{Ui, scale};
use crate::app::Msg;
use crate::browser::Control;
use crate::form::Field;
use crate::state::Action;

/// The fields that go with the chosen kind.
pub fn details(ui: &Ui) -> Html {
    let asks = |of| ui.state.form.asks(of, &ui.state.settings);
    let text = |of: Field, rows| {
        let look = Look {
            label: ui.words.of("label_", of.name()),
            hint: AttrValue::from(""),
            rows,
            kind: "text",
            autocomplete: "off",
        };
        field::field(ui, of, look)
    };
    html! {
        <>
            if asks(Field::Category) { { category(ui) } }
            if asks(Field::Rating) { { scale::scale(ui, Field::Rating) } }
            if asks(Field::DesiredOutcome) { { text(Field::DesiredOutcome, 2) } }
            if asks(Field::Importance) { { scale::scale(ui, Field::Importance) } }
            { text(Field::Reference, 0) }
        </>
    }
}

fn category(ui: &Ui) -> Html {
    let state = ui.state;
    let choose =
        ui.link.callback(|event: Event| Msg::Act(Action::Categorise(event.target_unchecked_into::<Control>().value())));
    html! {
        <div class="field">
            <label for="category">{ ui.text("label_category") }</label>
            <select id="category" name="category" onchange={choose}>
                <option value="" selected={state.form.category.is_empty()}>{ ui.text("category_none") }</option>
                { for state.settings.categories_of(state.kind()).map(|category| html! {
                    <option value={category.key.clone()} selected={category.key == state.form.category}>
                        { category.label.pick(&ui.words.lang) }
                    </option>
                }) }
            </select>
            { field::error(ui, Field::Category) }
        </div>
    }
}
