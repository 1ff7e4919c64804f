//! What is on the screen: functions from the state to markup.
//!
//! They are plain functions and not components of their own: the whole form is one unit of state, and every
//! component would cost visitors a kilobyte of lifecycle.

mod contact;
mod details;
mod failure;
mod field;
mod form;
mod icon;
mod kinds;
mod scale;
mod thanks;

use yew::html::Scope;
use yew::{AttrValue, Callback, Event, Html, InputEvent, MouseEvent, TargetCast};

use crate::app::{App, Msg};
use crate::browser::Control;
use crate::form::Field;
use crate::host::Host;
use crate::state::{Action, Phase, State};
use crate::words::Words;

/// What every part of the screen is made from.
pub struct Ui<'a> {
    pub state: &'a State,
    pub words: &'a Words,
    pub host: &'a Host,
    pub copied: Option<bool>,
    pub link: &'a Scope<App>,
}

impl Ui<'_> {
    /// The text of a key.
    pub fn text(&self, key: &str) -> AttrValue {
        self.words.get(key)
    }

    /// Something to do on a click. One closure type for all keeps the module small.
    pub fn on_click(&self, action: Action) -> Callback<MouseEvent> {
        self.link.callback(move |_| Msg::Act(action.clone()))
    }

    /// The same for a radio button, a checkbox that is about to be chosen.
    pub fn on_choose(&self, action: Action) -> Callback<Event> {
        self.link.callback(move |_| Msg::Act(action.clone()))
    }

    /// Takes over what was typed into a field.
    pub fn on_type(&self, field: Field) -> Callback<InputEvent> {
        self.link.callback(move |event: InputEvent| {
            Msg::Act(Action::Type(field, event.target_unchecked_into::<Control>().value()))
        })
    }

    /// Puts a text on the clipboard.
    pub fn on_copy(&self, text: String) -> Callback<MouseEvent> {
        self.link.callback(move |_| Msg::Copy(text.clone()))
    }
}

/// The whole screen.
pub fn screen(ui: &Ui) -> Html {
    match &ui.state.phase {
        Phase::Thanked(receipt) => thanks::thanks(ui, receipt),
        _ => form::form(ui),
    }
}
