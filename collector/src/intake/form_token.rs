//! The token of the entry form: that it was handed out here, when, and for which request. So a robot can neither make one up nor send
//! one form many times under new keys.

use sayso_shared::id::IdempotencyKey;

use crate::clock::{HOUR, Millis, SECOND};
use crate::config::Limits;
use crate::keys::{Keys, Purpose, equal};

/// What a token says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The form lay open for so long.
    Good {
        /// Milliseconds.
        age: Millis,
    },
    /// There is none.
    Missing,
    /// It is not ours, or that of another form.
    Forged,
    /// The form was handed out too long ago.
    Expired,
}

/// A token for the form of a site with a key, handed out at `issued_at`.
pub fn issue(keys: &Keys, site_id: &str, key: &IdempotencyKey, issued_at: Millis) -> String {
    format!("{issued_at}.{}", sign(keys, site_id, key, issued_at))
}

/// The token for a form that is shown again: the old one as long as it holds, since whoever mends a mistake is fast.
/// One that has expired is replaced by one that is old enough to be sent at once.
pub fn renew(keys: &Keys, limits: &Limits, site_id: &str, key: &IdempotencyKey, token: &str, now: Millis) -> String {
    match judge(keys, limits, site_id, key, token, now) {
        Verdict::Good { .. } => token.to_owned(),
        Verdict::Expired => issue(keys, site_id, key, now - i64::from(limits.form_seconds) * SECOND),
        Verdict::Missing | Verdict::Forged => issue(keys, site_id, key, now),
    }
}

/// Judges the token that came with a form.
pub fn judge(keys: &Keys, limits: &Limits, site_id: &str, key: &IdempotencyKey, token: &str, now: Millis) -> Verdict {
    if token.is_empty() {
        return Verdict::Missing;
    }
    let Some((issued_at, mac)) = token.split_once('.') else { return Verdict::Forged };
    // Written in one way only, so that a token has one form.
    let parsed = issued_at.parse::<Millis>().ok().filter(|millis| millis.to_string() == issued_at);
    let Some(issued_at) = parsed else { return Verdict::Forged };
    if !equal(mac, &sign(keys, site_id, key, issued_at)) {
        return Verdict::Forged;
    }
    match now - issued_at {
        age if age >= i64::from(limits.form_hours) * HOUR => Verdict::Expired,
        age => Verdict::Good { age },
    }
}

/// Whether the token of a form holds.
pub fn holds(keys: &Keys, limits: &Limits, site_id: &str, key: &IdempotencyKey, token: &str, now: Millis) -> bool {
    matches!(judge(keys, limits, site_id, key, token, now), Verdict::Good { .. })
}

fn sign(keys: &Keys, site_id: &str, key: &IdempotencyKey, issued_at: Millis) -> String {
    keys.hash(Purpose::Entry, &format!("{site_id}/{}/{issued_at}", key.as_str()))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use proptest::prelude::*;

    use super::*;
    use crate::config::Config;

    fn keys() -> Keys {
        Keys::parse("BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=").expect("a key")
    }

    fn limits() -> Limits {
        Config::for_data(Path::new("/tmp/x")).expect("the defaults hold").limits
    }

    fn key(n: u128) -> IdempotencyKey {
        IdempotencyKey::parse(&uuid::Uuid::from_u128(n | 1 << 127).to_string()).expect("a UUID")
    }

    proptest! {
        #[test]
        fn it_holds_for_its_form_and_its_time(n: u128, issued_at in 0..4_000_000_000_000_i64, age in 0..200_000_000_i64) {
            let keys = keys();
            let token = format!("{issued_at}.{}", sign(&keys, "acme", &key(n), issued_at));
            let verdict = judge(&keys, &limits(), "acme", &key(n), &token, issued_at + age);
            let expected = if age < 24 * HOUR { Verdict::Good { age } } else { Verdict::Expired };
            prop_assert_eq!(verdict, expected);
            prop_assert_eq!(judge(&keys, &limits(), "other", &key(n), &token, issued_at), Verdict::Forged);
            prop_assert_eq!(judge(&keys, &limits(), "acme", &key(n ^ 2), &token, issued_at), Verdict::Forged);
        }

        #[test]
        fn nothing_else_is_one(text in "\\PC{1,60}", at in 0..44_usize) {
            let keys = keys();
            prop_assert_eq!(judge(&keys, &limits(), "acme", &key(1), &text, 0), Verdict::Forged);
            let mut token = format!("5.{}", sign(&keys, "acme", &key(1), 5)).into_bytes();
            token[at] = if token[at] == b'A' { b'B' } else { b'A' };
            let token = String::from_utf8(token).expect("ASCII");
            prop_assert_eq!(judge(&keys, &limits(), "acme", &key(1), &token, 6), Verdict::Forged);
        }
    }
}
