//! What is on the screen: functions from the state to markup.
//!
//! They are plain functions and not components of their own: the whole form is one unit of state, and every
//! component would cost visitors a kilobyte of lifecycle. A class that depends on the state is the property `className`: in `html!` an
//! attribute `class` with a value is a set of classes, taken apart and joined again, which would cost two.

mod details;
mod events;
mod failure;
mod field;
mod form;
mod icon;
mod kinds;
mod scale;
mod thanks;

use yew::html::Scope;
use yew::{AttrValue, Html};

use crate::app::App;
use crate::form::Field;
use crate::host::Host;
use crate::state::{Phase, State};
use crate::words::Words;

pub use events::UiEvent;

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

    /// The text of a key with a number in it.
    pub fn count(&self, key: &str, number: usize) -> AttrValue {
        self.host.count(key, number as u32).into()
    }

    /// Whether a field has to be filled in, as `aria-required` says it.
    pub fn required(&self, field: Field) -> Option<&'static str> {
        self.state.settings.required.contains(&field).then_some("true")
    }

    /// Whether something is wrong with a field, as `aria-invalid` says it.
    pub fn invalid(&self, field: Field) -> Option<&'static str> {
        self.state.error(field).map(|_| "true")
    }

    /// Whether the feedback is on its way, and so stays as it is.
    pub fn is_sending(&self) -> bool {
        self.state.phase == Phase::Sending
    }

    /// What the copy button says: whether it worked, if it was pressed lately.
    pub fn copy_label(&self, key: &str) -> AttrValue {
        self.text(match self.copied {
            Some(true) => "copied",
            Some(false) => "copy_failed",
            None => key,
        })
    }
}

/// The whole screen.
pub fn screen(ui: &Ui) -> Html {
    match &ui.state.phase {
        Phase::Thanked(receipt) => thanks::thanks(ui, receipt),
        _ => form::form(ui),
    }
}
