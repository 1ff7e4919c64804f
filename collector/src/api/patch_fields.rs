//! Reading what is to be another: what is left out stays, and null takes away.

use std::collections::BTreeSet;

use sayso_shared::fields::Fields;
use sayso_shared::problem::{ErrorCode, FieldError};
use sayso_shared::text::Text;
use serde_json::Value;

use super::actions::find_owner;
use crate::app::App;
use crate::clock::{Millis, parse_rfc3339};
use crate::http::{Error, Result};

/// The fields of a body of which each may be absent, null or a value.
pub(super) struct PatchFields {
    /// Where the body lies; empty for the whole document.
    pointer: &'static str,
    given: BTreeSet<String>,
    /// The fields, for those that can't be taken away.
    pub(super) fields: Fields,
}

impl PatchFields {
    pub(super) fn new(body: Value, pointer: &'static str) -> Self {
        let given = body.as_object().map(|fields| fields.keys().cloned().collect()).unwrap_or_default();
        Self { pointer, given, fields: Fields::new(body, pointer) }
    }

    /// Whether a field is there, also as null.
    pub(super) fn is_given(&self, name: &str) -> bool {
        self.given.contains(name)
    }

    /// A word that every case has, so that null can't take it away.
    pub(super) fn word(&mut self, name: &str) -> Option<Text<16>> {
        let is_null = self.fields.peek(name).is_some_and(Value::is_null);
        let word = self.fields.text(name);
        if is_null {
            self.fields.refuse(name, ErrorCode::Invalid, "every case has one, so it can't be taken away");
        }
        word
    }

    /// A key that names something, or null.
    pub(super) fn key(&mut self, name: &str, refusal: &str, is_known: impl Fn(&str) -> bool) -> Option<Option<String>> {
        match self.fields.string(name) {
            Some(key) if is_known(&key) => Some(Some(key)),
            Some(_) => {
                self.fields.refuse(name, ErrorCode::Invalid, refusal);
                None
            }
            None => self.is_given(name).then_some(None),
        }
    }

    /// A time, or null.
    pub(super) fn time(&mut self, name: &str) -> Option<Option<Millis>> {
        match self.fields.string(name).as_deref().map(parse_rfc3339) {
            Some(None) => {
                self.fields.refuse(name, ErrorCode::Invalid, "must be a time as in RFC 3339");
                None
            }
            at => self.is_given(name).then_some(at.flatten()),
        }
    }

    /// The member who is to own it, or look after it, or null, as the last field: with everything that is wrong.
    pub(super) async fn into_member(
        mut self,
        app: &App,
        name: &str,
    ) -> Result<(Option<Option<String>>, Vec<FieldError>)> {
        let is_given = self.is_given(name);
        let owner = self.fields.string(name);
        let mut errors = self.fields.into_errors();
        let owner = match owner {
            None => is_given.then_some(None),
            Some(owner) => match find_owner(app, &format!("/{name}"), &owner).await {
                Ok(id) => Some(Some(id)),
                Err(Error::Invalid(wrong)) => {
                    let below = |error: FieldError| FieldError {
                        pointer: format!("{}{}", self.pointer, error.pointer),
                        ..error
                    };
                    errors.extend(wrong.into_iter().map(below));
                    None
                }
                Err(error) => return Err(error),
            },
        };
        Ok((owner, errors))
    }
}
