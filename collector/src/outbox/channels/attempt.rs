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

/// What an attempt said and heard, as far as it came: noted while it is made, since one that takes too long is broken off.
#[derive(Debug, Default)]
pub struct Exchange {
    noted: Mutex<Noted>,
    recipient: OnceLock<String>,
    target: OnceLock<String>,
}

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
        if let Some(exchange) = self.exchange {
            change(&mut exchange.noted.lock().unwrap_or_else(PoisonError::into_inner));
        }
    }
}

impl Attempt<'_> {
    /// Notes the hash of the address that a mail goes to.
    pub fn note_recipient(&self, hash: String) {
        if let Some(exchange) = self.exchange {
            // A mail goes to one address, however often it is tried.
            let _ = exchange.recipient.set(hash);
        }
    }

    /// Notes the key of the target that is told.
    pub fn note_target(&self, key: &str) {
        if let Some(exchange) = self.exchange {
            let _ = exchange.target.set(key.to_owned());
        }
    }
}

impl Exchange {
    /// The hash of the address that a mail went to.
    pub fn recipient(&self) -> Option<String> {
        self.recipient.get().cloned()
    }

    /// The key of the target that was told; none if it was a customer, a member or nobody.
    pub fn target(&self) -> Option<&str> {
        self.target.get().map(String::as_str)
    }

    /// What was noted; none if nothing was sent by HTTP.
    pub fn into_noted(self) -> Option<Noted> {
        let noted = self.noted.into_inner().unwrap_or_else(PoisonError::into_inner);
        (!noted.request.is_empty()).then_some(noted)
    }
}
