//! Events are delegated: the root of a screen listens for all that is in it, since a callback of its own for each control would
//! cost visitors three kilobytes. A control says what it is by its `name`, a button by its `id`.

use sayso_shared::Kind;
use yew::html::{Scope, TargetCast};
use yew::{Callback, InputEvent, MouseEvent, SubmitEvent};

use crate::app::{App, Msg};
use crate::form::{Field, Section};
use crate::js::Control;
use crate::state::Action;

/// What the customer asks for by a control.
#[derive(Debug)]
pub enum UiEvent {
    /// Changes what is filled in, or what is shown.
    Act(Action),
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
        Some(Self::Act(match Field::from_name(&control.name())? {
            Field::Kind => Action::Choose(Kind::parse(&value)?),
            // The choice of no category has a blank as its value.
            Field::Category => Action::Categorise(value.trim().to_owned()),
            scale @ (Field::Rating | Field::Importance) => Action::Rate(scale, value.parse().ok()?),
            Field::Consent => Action::Consent(control.checked()),
            field => Action::Type(field, value),
        }))
    }

    /// What a button asks for.
    pub fn of_click(button: &Control) -> Option<Self> {
        Some(match &*button.id() {
            "details" => Self::Act(Action::Fold(Section::Details)),
            "contact" => Self::Act(Action::Fold(Section::Contact)),
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
