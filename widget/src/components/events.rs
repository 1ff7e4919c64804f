//! Events are delegated: the root of a screen listens for all that is in it, since a callback of its own for each control would
//! cost visitors three kilobytes. A control says what it is by its `name`, a button by its `id`.

use sayso_shared::Kind;
use yew::html::{Scope, TargetCast};
use yew::{Callback, InputEvent, MouseEvent, SubmitEvent};

use crate::app::{App, Msg};
use crate::form::{Field, Section};
use crate::js::Control;

/// What the customer asks for by a control.
#[derive(Debug)]
pub enum UiEvent {
    Choose(Kind),
    Rate(Field, u8),
    /// Takes over what was typed.
    Type(Field, String),
    /// Takes a category by its key; none by an empty one.
    Categorise(String),
    Consent(bool),
    Fold(Section),
    Submit,
    /// Copies what is at stake: the code, or before there is one, the text.
    Copy,
    /// Leaves what has failed to the outbox.
    Keep,
    /// Another message, after thanks.
    Another,
}

impl UiEvent {
    /// What a control asks for whose value has changed; nothing if it is none of the form's, as those for files are.
    pub fn of_input(control: &Control) -> Option<Self> {
        let value = control.value();
        Some(match Field::from_name(&control.name())? {
            Field::Kind => Self::Choose(Kind::parse(&value)?),
            // The choice of no category has a blank as its value.
            Field::Category => Self::Categorise(value.trim().to_owned()),
            scale @ (Field::Rating | Field::Importance) => Self::Rate(scale, value.parse().ok()?),
            Field::Consent => Self::Consent(control.checked()),
            field => Self::Type(field, value),
        })
    }

    /// What a button asks for.
    pub fn of_click(button: &Control) -> Option<Self> {
        Some(match &*button.id() {
            "details" => Self::Fold(Section::Details),
            "contact" => Self::Fold(Section::Contact),
            "copy" | "copy_text" => Self::Copy,
            "keep" => Self::Keep,
            "again" => Self::Another,
            _ => return None,
        })
    }
}

/// Hears every change of a value.
pub fn oninput(link: &Scope<App>) -> Callback<InputEvent> {
    link.batch_callback(|event: InputEvent| UiEvent::of_input(&event.target_unchecked_into()).map(Msg::Did))
}

/// Hears every press of a button, wherever in it that was.
pub fn onclick(link: &Scope<App>) -> Callback<MouseEvent> {
    link.batch_callback(|event: MouseEvent| {
        let pressed: Control = event.target_unchecked_into();
        UiEvent::of_click(&pressed.closest("button")?).map(Msg::Did)
    })
}

/// Hears that the form is to be sent.
pub fn onsubmit(link: &Scope<App>) -> Callback<SubmitEvent> {
    link.callback(|event: SubmitEvent| {
        event.prevent_default();
        Msg::Did(UiEvent::Submit)
    })
}
