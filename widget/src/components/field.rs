//! One text field with its label, its hint and what is wrong with it.

use yew::{AttrValue, Html};

use super::Ui;
use super::markup::{UiEvent, el, flag, none, on, says, tag, with};
use crate::form::{Fault, Field, FieldError};
use crate::state::Phase;

/// A labelled field. `kind` is the `type` of a single line, or empty for a textarea.
pub fn field(ui: &Ui, field: Field, label: AttrValue, kind: &'static str) -> Html {
    let name = field.name();
    let fault = ui.state.error(field);
    let required = ui.state.settings.required.contains(&field);
    let described = fault.map(|_| [name, "_error"].concat()).unwrap_or_default();
    let autocomplete = match field {
        Field::Name | Field::Email => name,
        Field::Phone => "tel",
        _ => "off",
    };
    let text = ui.state.form.text(field);
    // What is typed runs as it does by itself; an empty field runs as the form does.
    let direction = if text.is_empty() { "" } else { "auto" };
    let attributes = with!["id" => name, "name" => name, "type" => kind, "autocomplete" => autocomplete, "dir" => direction, "aria-invalid" => flag(fault.map(drop)), "aria-required" => flag(required.then_some(())), "aria-describedby" => &*described, "readonly" => flag(is_sending(ui).then_some(()))];
    let mut input = tag(if kind.is_empty() { "textarea" } else { "input" }, attributes, vec![]);
    input.set_value(AttrValue::from(text.to_owned()));
    labelled(ui, field, label, on(ui, input, UiEvent::Type(field)), none())
}

/// The message, whose field is the panel's.
pub fn message(ui: &Ui, label: AttrValue, left: AttrValue) -> Html {
    let fault = ui.state.error(Field::Message);
    let described = match (fault, left.is_empty()) {
        (Some(_), _) => "message_error",
        (None, true) => "",
        (None, false) => "message_hint",
    };
    let text = ui.state.form.text(Field::Message);
    let node = ui.host.message(text, described, flag(fault.map(drop)), is_sending(ui));
    let hint = if left.is_empty() { none() } else { says("p", with!["class" => "hint", "id" => "message_hint"], left) };
    labelled(ui, Field::Message, label, Html::VRef(node), hint)
}

fn labelled(ui: &Ui, field: Field, label: AttrValue, control: Html, hint: Html) -> Html {
    el(
        "div",
        with!["class" => "field"],
        vec![says("label", with!["for" => field.name()], label), control, error(ui, field), hint],
    )
}

fn is_sending(ui: &Ui) -> bool {
    ui.state.phase == Phase::Sending
}

/// What is wrong with a field.
pub fn error(ui: &Ui, field: Field) -> Html {
    match ui.state.error(field) {
        Some(error) => {
            says("p", with!["class" => "error", "id" => &[field.name(), "_error"].concat()], sentence(ui, error))
        }
        None => none(),
    }
}

/// The same as a sentence, which those who listen hear together with all others.
pub fn sentence(ui: &Ui, (field, fault): FieldError) -> AttrValue {
    match fault {
        Fault::TooLong => ui.count("error_too_long", field.max()),
        Fault::Required => ui.words.of("error_required_", specific(field, &["kind", "message", "contact", "consent"])),
        Fault::Invalid => ui.words.of("error_invalid_", specific(field, &["email", "phone"])),
    }
}

/// The field's own text where there is one, else the general one.
fn specific(field: Field, known: &[&'static str]) -> &'static str {
    known.iter().copied().find(|name| *name == field.name()).unwrap_or("field")
}
