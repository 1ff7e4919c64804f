//! What has no business in a complaint is masked before anything is stored: payment cards, identity numbers, bank accounts, and secrets in addresses.
//!
//! The same code masks in the widget, as it is typed, and on every way into the collector. Masked text is no longer than it was, and masking it again
//! changes nothing. The time it takes grows with the length of the text alone.

mod address;
mod cards;
mod iban;
mod identity_numbers;
mod runs;

use std::ops::Range;

use serde_json::Value;

pub use address::without_secrets_in;

use self::runs::{Run, Symbols};

/// What is masked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Masking {
    /// Payment cards, which are masked whatever the writer says.
    Cards,
    /// Payment cards, identity numbers, bank accounts, and secrets in addresses.
    Everything,
}

/// What a number is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NumberKind {
    /// A payment card (ISO/IEC 7812-1).
    Card,
    /// A Chinese identity number (GB 11643-1999, and the one of 15 digits before it).
    IdentityNumber,
    /// A bank account (ISO 13616).
    Iban,
}

/// A number that is masked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// What it is.
    pub kind: NumberKind,
    /// Where it is in the text, in bytes.
    pub range: Range<usize>,
}

impl Masking {
    /// What is masked of what customers write: everything, unless they insist.
    pub fn unless(keep_unmasked: Option<bool>) -> Self {
        match keep_unmasked {
            Some(true) => Self::Cards,
            _ => Self::Everything,
        }
    }
}

/// Masks a text: of a number all but its last four digits become `•`, and a secret in an address becomes `***`.
pub fn mask(text: String, masking: Masking) -> String {
    let text = match masking {
        Masking::Cards => text,
        Masking::Everything => without_secrets_in(text),
    };
    let found = numbers(&text, masking);
    if found.is_empty() {
        return text;
    }
    let mut masked = String::with_capacity(text.len() + 2 * text.len() / 3);
    let mut at = 0;
    for Found { range, .. } in found {
        masked.push_str(&text[at..range.start]);
        push_masked(&mut masked, &text[range.clone()]);
        at = range.end;
    }
    masked.push_str(&text[at..]);
    masked
}

/// Masks every text in a document, and the names of its fields.
pub fn mask_document(document: Value, masking: Masking) -> Value {
    match document {
        Value::String(text) => Value::String(mask(text, masking)),
        Value::Array(items) => Value::Array(items.into_iter().map(|item| mask_document(item, masking)).collect()),
        Value::Object(fields) => {
            fields.into_iter().map(|(name, value)| (mask(name, masking), mask_document(value, masking))).collect()
        }
        // A card that a script sends as a number.
        Value::Number(number) if numbers(&number.to_string(), Masking::Cards).is_empty() => Value::Number(number),
        Value::Number(number) => Value::String(mask(number.to_string(), masking)),
        Value::Null | Value::Bool(_) => document,
    }
}

/// What is masked of a text, each once and cards first: the keys of the sentences that say so.
pub fn hidden_in(text: &str) -> Vec<&'static str> {
    let found = numbers(text, Masking::Everything);
    let has = |kind: NumberKind| found.iter().any(|number| number.kind == kind);
    let kinds = [
        (has(NumberKind::Card), "mask_card"),
        (has(NumberKind::IdentityNumber), "mask_identity"),
        (has(NumberKind::Iban), "mask_iban"),
    ];
    let mut keys: Vec<&str> = kinds.into_iter().filter_map(|(is_there, key)| is_there.then_some(key)).collect();
    if without_secrets_in(text.to_owned()) != text {
        keys.push("mask_secret");
    }
    keys
}

/// The numbers in a text that are masked, in their order.
pub fn numbers(text: &str, masking: Masking) -> Vec<Found> {
    // The shortest are cards of 13 digits, and bank accounts, which have at least 15 letters and digits.
    if text.len() < 13 {
        return Vec::new();
    }
    let symbols = Symbols::of(text);
    let mut found = Vec::new();
    let mut at = 0;
    while at < symbols.len() {
        let account = (masking == Masking::Everything).then(|| iban::at(&symbols, at)).flatten();
        if let Some(end) = account {
            found.push(Found { kind: NumberKind::Iban, range: symbols.bytes(at..end) });
            at = end;
        } else if let Some(run) = Run::at(&symbols, at) {
            in_run(&symbols, &run, masking, &mut found);
            at = run.end();
        } else {
            at += 1;
        }
    }
    found
}

/// Looks through the groups of a run of digits: a card may stand between a year and a date of expiry.
fn in_run(symbols: &Symbols, run: &Run, masking: Masking, found: &mut Vec<Found>) {
    let is_identity_number = |window| masking == Masking::Everything && identity_numbers::is_one(symbols, run, window);
    let kind_of = |window| match is_identity_number(window) {
        true => Some(NumberKind::IdentityNumber),
        false => cards::is_one(symbols, run, window).then_some(NumberKind::Card),
    };
    let mut first = run.tail_of_masked(symbols);
    while first < run.groups().len() {
        let longest = run.windows_at(first).rev().find_map(|window| Some((kind_of(window)?, window)));
        first = match longest {
            Some((kind, window)) => {
                let last = run.groups()[window.1 - 1].end;
                let end = if kind == NumberKind::IdentityNumber { identity_numbers::end(symbols, last) } else { last };
                found.push(Found { kind, range: symbols.bytes(run.groups()[first].start..end) });
                window.1
            }
            None => first + 1,
        };
    }
}

/// Appends a number, of which all but the last four letters and digits are hidden.
fn push_masked(masked: &mut String, number: &str) {
    let counts = |c: &char| c.is_alphanumeric();
    let hidden = number.chars().filter(counts).count().saturating_sub(4);
    let mut passed = 0;
    for c in number.chars() {
        passed += usize::from(counts(&c));
        masked.push(if counts(&c) && passed <= hidden { '•' } else { c });
    }
}

#[cfg(test)]
mod tests;
