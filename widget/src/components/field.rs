//! One text field with its label, its hint and what is wrong with it.

use yew::{AttrValue, Html};

use super::Ui;
use super::markup::{Deed, el, flag, none, on, says, tag, with};
use crate::form::{Fault, Field};
use crate::state::Phase;

/// A labelled field. `kind` is the `type` of a single line, or empty for a textarea.
pub fn field(ui: &Ui, field: Field, label: AttrValue, hint: AttrValue, kind: &'static str) -> Html {
    let name = field.name();
    let fault = ui.state.error(field);
    let required = field == Field::Message || ui.state.settings.required.contains(&field);
    let hint_id = [name, "_hint"].concat();
    let described = match (fault.is_some(), hint.is_empty()) {
        (true, _) => [name, "_error"].concat(),
        (false, true) => String::new(),
        (false, false) => hint_id.clone(),
    };
    let autocomplete = match field {
        Field::Name | Field::Email => name,
        Field::Phone => "tel",
        _ => "off",
    };
    let text = ui.state.form.text(field);
    // What is typed runs as it does by itself; an empty field runs as the form does.
    let direction = if text.is_empty() { "" } else { "auto" };
    let attributes = with!["id" => name, "name" => name, "type" => kind, "autocomplete" => autocomplete, "dir" => direction, "aria-invalid" => flag(fault.map(drop)), "aria-required" => flag(required.then_some(())), "aria-describedby" => &*described, "readonly" => flag((ui.state.phase == Phase::Sending).then_some(()))];
    let mut input = tag(if kind.is_empty() { "textarea" } else { "input" }, attributes, vec![]);
    input.set_value(AttrValue::from(text.to_owned()));
    el(
        "div",
        with!["class" => "field"],
        vec![
            says("label", with!["for" => name], label),
            on(ui, input, Deed::Type(field)),
            error(ui, field),
            if hint.is_empty() { none() } else { says("p", with!["class" => "hint", "id" => &hint_id], hint) },
        ],
    )
}

/// What is wrong with a field, said at once to those who listen.
pub fn error(ui: &Ui, field: Field) -> Html {
    let Some((_, fault)) = ui.state.error(field) else { return none() };
    let name = field.name();
    let text = match fault {
        Fault::TooLong => ui.count("error_too_long", field.max()),
        Fault::Required => ui.words.of("error_required_", specific(field, &["message", "contact", "consent"])),
        Fault::Invalid => ui.words.of("error_invalid_", specific(field, &["email", "phone"])),
    };
    says("p", with!["class" => "error", "role" => "alert", "id" => &[name, "_error"].concat()], text)
}

/// The field's own text where there is one, else the general one.
fn specific(field: Field, known: &[&'static str]) -> &'static str {
    known.iter().copied().find(|name| *name == field.name()).unwrap_or("field")
}
