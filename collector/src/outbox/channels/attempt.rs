//! One attempt to send something.

use std::sync::{Mutex, OnceLock, PoisonError};

use crate::clock::Millis;

/// What an attempt is made with.
#[derive(Clone, Copy, Debug)]
pub struct Attempt<'a> {
    /// The identifier of the delivery, which is the same for every attempt.
    pub id: &'a str,
    /// When it is made.
    pub now: Millis,
    exchange: Option<&'a Exchange>,
}

/// What an attempt said and heard by HTTP, as far as it came: noted while it is made, since one that takes too long is broken off.
#[derive(Debug, Default)]
pub struct Exchange(Mutex<Noted>, OnceLock<String>);

/// The heads of a request and of its answer: neither the address, which may be a secret, nor what anybody wrote.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Noted {
    /// The method, the server and the size.
    pub request: String,
    /// The status and some headers; empty if there was no answer.
    pub answer: String,
}

impl<'a> Attempt<'a> {
    /// One that nobody asks about later.
    pub fn new(id: &'a str, now: Millis) -> Self {
        Self { id, now, exchange: None }
    }

    /// The same, noted.
    pub fn noted_in(self, exchange: &'a Exchange) -> Self {
        Self { exchange: Some(exchange), ..self }
    }

    /// Notes something.
    pub fn note(&self, change: impl FnOnce(&mut Noted)) {
        if let Some(Exchange(noted, _)) = self.exchange {
            change(&mut noted.lock().unwrap_or_else(PoisonError::into_inner));
        }
    }
}

impl Attempt<'_> {
    /// Notes the hash of the address that a mail goes to.
    pub fn note_recipient(&self, hash: String) {
        if let Some(Exchange(_, recipient)) = self.exchange {
            // A mail goes to one address, however often it is tried.
            let _ = recipient.set(hash);
        }
    }
}

impl Exchange {
    /// The hash of the address that a mail went to.
    pub fn recipient(&self) -> Option<String> {
        self.1.get().cloned()
    }

    /// What was noted; none if nothing was sent by HTTP.
    pub fn into_noted(self) -> Option<Noted> {
        let noted = self.0.into_inner().unwrap_or_else(PoisonError::into_inner);
        (!noted.request.is_empty()).then_some(noted)
    }
}
