//! What a target can be told of.

use serde_json::Value;

use super::webhook;
use crate::config::Config;
use crate::outbox::bursts::Burst;
use crate::outbox::event_context::EventContext;
use crate::signals::Signal;
use crate::sites::targets::{Part, Target};

/// What is told.
#[derive(Clone, Copy)]
pub enum Told<'a> {
    /// An event of a case.
    Event(&'a EventContext),
    /// What a control chart signals.
    Signal(&'a Signal),
    /// Many events at once, for a chat room.
    Burst(&'a Burst),
}

impl<'a> Told<'a> {
    /// The event that is told.
    pub fn event(self) -> Option<&'a EventContext> {
        match self {
            Told::Event(context) => Some(context),
            Told::Signal(_) | Told::Burst(_) => None,
        }
    }

    /// Where it is in the console.
    pub fn console_url(self, config: &Config) -> String {
        match self {
            Told::Event(context) => context.console_url(config),
            Told::Signal(signal) => config.console(&signal.path),
            Told::Burst(_) => config.console("/staff/cases"),
        }
    }

    /// What programs are told.
    pub fn body(self, target: &Target, console_url: &str) -> Value {
        match self {
            Told::Event(context) => webhook::body(context, target, console_url),
            Told::Signal(signal) => signal.body(target.includes(Part::Link).then_some(console_url)),
            // Programs get every event by itself.
            Told::Burst(_) => Value::Null,
        }
    }
}
