//! One text field with its label, its hint and what is wrong with it.

use yew::{AttrValue, Html, html};

use super::Ui;
use crate::form::{Fault, Field, FieldError};

/// A labelled field. `kind` is the `type` of a single line, or empty for a textarea.
pub fn field(ui: &Ui, field: Field, kind: &'static str) -> Html {
    let name = field.name();
    let text = ui.state.form.text(field);
    let value = AttrValue::from(text.to_owned());
    // What is typed runs as it does by itself; an empty field runs as the form does.
    let dir = (!text.is_empty()).then_some("auto");
    let autocomplete = match field {
        Field::Name | Field::Email => name,
        Field::Phone => "tel",
        _ => "off",
    };
    let invalid = ui.invalid(field);
    let required = ui.required(field);
    let described = invalid.map(|_| error_id(field));
    let readonly = ui.is_sending();
    let control = if kind.is_empty() {
        html! {
            <textarea id={name} {name} {value} {autocomplete} {dir} {readonly}
                aria-invalid={invalid} aria-required={required} aria-describedby={described} />
        }
    } else {
        html! {
            <input type={kind} id={name} {name} {value} {autocomplete} {dir} {readonly}
                aria-invalid={invalid} aria-required={required} aria-describedby={described} />
        }
    };
    labelled(ui, field, ui.words.of("label_", name), control, None)
}

/// The message, whose field is the panel's.
pub fn message(ui: &Ui, label: AttrValue, hint: Option<AttrValue>) -> Html {
    let invalid = ui.invalid(Field::Message);
    let described = match (invalid, &hint) {
        (Some(_), _) => "message_error",
        (None, None) => "",
        (None, Some(_)) => "message_hint",
    };
    let text = ui.state.form.text(Field::Message);
    let node = ui.host.message(text, described, invalid.unwrap_or_default(), ui.is_sending());
    labelled(ui, Field::Message, label, Html::VRef(node), hint)
}

fn labelled(ui: &Ui, field: Field, label: AttrValue, control: Html, hint: Option<AttrValue>) -> Html {
    html! {
        <div class="field">
            <label for={field.name()}>{ label }</label>
            { control }
            { error(ui, field) }
            if let Some(hint) = hint {
                <p class="hint" id="message_hint">{ hint }</p>
            }
        </div>
    }
}

fn error_id(field: Field) -> AttrValue {
    [field.name(), "_error"].concat().into()
}

/// What is wrong with a field.
pub fn error(ui: &Ui, field: Field) -> Html {
    match ui.state.error(field) {
        Some(error) => html! { <p class="error" id={error_id(field)}>{ sentence(ui, error) }</p> },
        None => Html::default(),
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
