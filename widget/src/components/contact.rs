//! How the team can answer, if the customer wants that.

use yew::{AttrValue, Html, html};

use super::Ui;
use super::field::{self, Look};
use crate::form::Field;

/// Name, email and phone.
pub fn contact(ui: &Ui) -> Html {
    let line = |of: Field, kind, autocomplete| {
        let look =
            Look { label: ui.words.of("label_", of.name()), hint: AttrValue::from(""), rows: 0, kind, autocomplete };
        field::field(ui, of, look)
    };
    html! {
        <>
            <p class="hint">{ ui.text("contact_hint") }</p>
            { field::error(ui, Field::Contact) }
            { line(Field::Name, "text", "name") }
            { line(Field::Email, "email", "email") }
            { line(Field::Phone, "tel", "tel") }
        </>
    }
}
