//! One text field with its label, its hint and what is wrong with it.

use yew::{AttrValue, Html, html};

use super::Ui;
use crate::form::{Fault, Field};
use crate::state::Phase;

/// How a field asks for its text.
pub struct Look {
    pub label: AttrValue,
    pub hint: AttrValue,
    /// Rows of a textarea; 0 for a single line.
    pub rows: u8,
    /// `type` of a single line.
    pub kind: &'static str,
    /// `autocomplete` of a single line.
    pub autocomplete: &'static str,
}

/// A labelled field.
pub fn field(ui: &Ui, field: Field, look: Look) -> Html {
    let name = field.name();
    let fault = ui.state.error(field);
    let invalid = fault.is_some().then_some("true");
    let required = (field == Field::Message || ui.state.settings.required.contains(&field)).then_some("true");
    let readonly = ui.state.phase == Phase::Sending;
    let value = AttrValue::from(ui.state.form.text(field).to_owned());
    let hint = (!look.hint.is_empty()).then_some("_hint");
    let parts: Vec<&str> = fault.map(|_| "_error").into_iter().chain(hint).collect();
    let described = described_by(name, &parts);
    let input = ui.on_type(field);
    html! {
        <div class="field">
            <label for={name}>{ look.label }</label>
            if look.rows > 0 {
                <textarea id={name} name={name} rows={look.rows.to_string()} value={value} readonly={readonly}
                    aria-invalid={invalid} aria-required={required} aria-describedby={described} oninput={input} />
            } else {
                <input id={name} name={name} type={look.kind} autocomplete={look.autocomplete} value={value}
                    readonly={readonly} aria-invalid={invalid} aria-required={required} aria-describedby={described}
                    oninput={input} />
            }
            { error(ui, field) }
            if !look.hint.is_empty() {
                <p class="hint" id={[name, "_hint"].concat()}>{ look.hint }</p>
            }
        </div>
    }
}

/// The ids of what explains a field: first what is wrong, then the hint.
fn described_by(name: &str, parts: &[&str]) -> Option<String> {
    let ids: Vec<String> = parts.iter().map(|part| [name, part].concat()).collect();
    (!ids.is_empty()).then(|| ids.join(" "))
}

/// What is wrong with a field, said at once to those who listen.
pub fn error(ui: &Ui, field: Field) -> Html {
    let Some((_, fault)) = ui.state.error(field) else { return Html::default() };
    let name = field.name();
    let text = match fault {
        Fault::TooLong => ui.words.fill("error_too_long", "{max}", &field.max().to_string()),
        Fault::Required => ui.words.of("error_required_", specific(field, &["message", "contact", "consent"])),
        Fault::Invalid => ui.words.of("error_invalid_", specific(field, &["email", "phone"])),
    };
    html! { <p class="error" role="alert" id={[name, "_error"].concat()}>{ text }</p> }
}

/// The field's own text where there is one, else the general one.
fn specific(field: Field, known: &[&'static str]) -> &'static str {
    known.iter().copied().find(|name| *name == field.name()).unwrap_or("field")
}
