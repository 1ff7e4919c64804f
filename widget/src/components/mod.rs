//! What is on the screen: functions from the state to markup.
//!
//! They are plain functions and not components of their own: the whole form is one unit of state, and every
//! component would cost visitors a kilobyte of lifecycle.

mod details;
mod failure;
mod field;
mod form;
mod icon;
mod kinds;
mod markup;
mod scale;
mod thanks;

use yew::html::Scope;
use yew::{AttrValue, Html};

use crate::app::App;
use crate::host::Host;
use crate::state::{Phase, State};
use crate::words::Words;

pub use markup::UiEvent;

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
