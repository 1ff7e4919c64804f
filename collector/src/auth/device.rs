//! Browsers in which a member has signed in before, after OWASP's device cookies: strangers who try passwords fill the limits of
//! strangers, and the member still gets in from where they usually do.

use axum::http::{HeaderMap, HeaderValue};

use super::member::Email;
use crate::app::App;
use crate::clock::{DAY, Millis, SECOND};
use crate::http::cookies;
use crate::http::limits::Attempt;
use crate::keys::{Keys, Purpose, equal, random_token};

/// The cookie's name.
const COOKIE: &str = "sayso_device";
/// A browser that has not been used for so long is forgotten.
const KNOWN_FOR: Millis = 180 * DAY;

/// Who tries to sign in as the member with this address, as far as the browser tells.
pub fn attempt(app: &App, headers: &HeaderMap, email: &str) -> Attempt {
    let (email, now) = (canonical(email), app.clock.now());
    let shown = cookies::read(headers, &cookies::name(&app.config, COOKIE));
    match shown.filter(|shown| holds(&app.keys, &email, shown, now)) {
        Some(shown) => Attempt::KnownDevice(app.keys.short_hash(Purpose::Device, shown)),
        None => {
            let on_this_day = format!("member {}/{email}", now.div_euclid(DAY));
            Attempt::Stranger(app.keys.short_hash(Purpose::Client, &on_this_day))
        }
    }
}

/// The cookie by which this browser is known from now on as one of the member with this address.
pub fn remember(app: &App, email: &str) -> HeaderValue {
    let value = issue(&app.keys, &canonical(email), app.clock.now());
    cookies::set(&app.config, COOKIE, &value, KNOWN_FOR / SECOND)
}

fn canonical(email: &str) -> String {
    Email::parse(email).map_or_else(|_| email.trim().to_lowercase(), |email| email.as_str().to_owned())
}

fn issue(keys: &Keys, email: &str, now: Millis) -> String {
    let nonce = random_token();
    let mac = sign(keys, email, &nonce, now);
    format!("{nonce}.{now}.{mac}")
}

fn holds(keys: &Keys, email: &str, shown: &str, now: Millis) -> bool {
    let mut parts = shown.splitn(3, '.');
    let (Some(nonce), Some(at), Some(mac)) = (parts.next(), parts.next(), parts.next()) else { return false };
    // Written in one way only, so that a browser can't count as several.
    let Some(issued) = at.parse::<Millis>().ok().filter(|issued| issued.to_string() == at) else { return false };
    equal(mac, &sign(keys, email, nonce, issued)) && now < issued.saturating_add(KNOWN_FOR)
}

fn sign(keys: &Keys, email: &str, nonce: &str, at: Millis) -> String {
    keys.hash(Purpose::Device, &format!("{email}/{nonce}/{at}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_known_for_one_member_and_for_a_time() {
        let keys = Keys::parse("BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=").expect("a key");
        let shown = issue(&keys, "lin@acme.example", 5);
        assert!(holds(&keys, "lin@acme.example", &shown, 5 + KNOWN_FOR - 1));
        assert!(!holds(&keys, "lin@acme.example", &shown, 5 + KNOWN_FOR));
        assert!(!holds(&keys, "sam@acme.example", &shown, 6), "it says nothing of anybody else");
        for forged in ["", "a.5.b", &shown.replacen(".5.", ".6.", 1), &shown.replacen(".5.", ".05.", 1), &shown[1..]] {
            assert!(!holds(&keys, "lin@acme.example", forged, 6), "{forged}");
        }
    }
}
