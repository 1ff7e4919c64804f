//! A sign-in under way: what has to come back, and what is shown for the code. The browser that began it carries it, encrypted, in a cookie.

use axum::http::{HeaderMap, HeaderValue};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::clock::{MINUTE, Millis, SECOND};
use crate::config::Config;
use crate::http::cookies;
use crate::keys::{Keys, equal, random_token};

/// The cookie's name.
const COOKIE: &str = "sayso_oidc";
/// Where its ciphertext belongs.
const CONTEXT: &str = "oidc/flow";
/// How long somebody may take at the provider.
const LASTS: Millis = 10 * MINUTE;
/// A longer address to go on to is not carried along: a cookie holds 4 KiB.
const NEXT_MAX: usize = 1_000;

/// What somebody goes to the provider for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Wish {
    /// To sign in.
    SignIn,
    /// To show once more who they are, whatever session the provider still has.
    Confirm,
}

/// A sign-in under way. `Debug` shows nothing of it.
#[derive(Clone, Serialize, Deserialize)]
pub struct Flow {
    provider: String,
    state: String,
    nonce: String,
    verifier: String,
    next: String,
    wish: Wish,
    began_at: Millis,
}

impl std::fmt::Debug for Flow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Flow(…)")
    }
}

impl Flow {
    /// Begins one with a provider, by its name. `next` is where it is to end.
    pub fn begin(provider: &str, next: &str, wish: Wish, now: Millis) -> Self {
        Self {
            provider: provider.to_owned(),
            state: random_token(),
            nonce: random_token(),
            verifier: random_token(),
            next: if next.len() <= NEXT_MAX { next.to_owned() } else { String::new() },
            wish,
            began_at: now,
        }
    }

    /// The one that the browser carries, if it is with this provider, `state` came back, and it has not taken too long.
    pub fn of_request(
        (config, keys): (&Config, &Keys),
        headers: &HeaderMap,
        provider: &str,
        state: &str,
        now: Millis,
    ) -> Option<Self> {
        let shown = cookies::read(headers, &cookies::name(config, COOKIE))?;
        let flow: Self = serde_json::from_slice(&keys.decrypt(CONTEXT, shown)?).ok()?;
        let is_current = now < flow.began_at + LASTS;
        (is_current && flow.provider == provider && equal(state, &flow.state)).then_some(flow)
    }

    /// The cookie that carries it.
    pub fn cookie(&self, config: &Config, keys: &Keys) -> HeaderValue {
        let plain = serde_json::to_vec(self).expect("a flow is plain data");
        cookies::set(config, COOKIE, &keys.encrypt(CONTEXT, &plain), LASTS / SECOND)
    }

    /// The cookie that takes it away: it is good for one answer.
    pub fn no_cookie(config: &Config) -> HeaderValue {
        cookies::set(config, COOKIE, "", 0)
    }

    /// What has to come back in the address.
    pub fn state(&self) -> &str {
        &self.state
    }

    /// What has to come back in the ID token.
    pub fn nonce(&self) -> &str {
        &self.nonce
    }

    /// What is shown for the code.
    pub fn verifier(&self) -> &str {
        &self.verifier
    }

    /// What the provider is told of it beforehand: its SHA-256.
    pub fn challenge(&self) -> String {
        URL_SAFE_NO_PAD.encode(Sha256::digest(self.verifier.as_bytes()))
    }

    /// Where it is to end.
    pub fn next(&self) -> &str {
        &self.next
    }

    /// What it is for.
    pub fn wish(&self) -> Wish {
        self.wish
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use axum::http::header;

    use super::*;

    #[test]
    fn is_taken_up_only_by_the_browser_that_began_it() {
        let config = Config::for_data(Path::new("/tmp/x")).expect("the defaults hold");
        let keys = Keys::parse("BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=").expect("a key");
        let flow = Flow::begin("acme", "/staff/cases", Wish::SignIn, 5);
        let cookie = flow.cookie(&config, &keys);
        let pair = cookie.to_str().expect("ASCII").split(';').next().expect("a pair").to_owned();
        assert!(!pair.contains(flow.nonce()) && !pair.contains(flow.verifier()), "nothing is readable in it");
        let headers = HeaderMap::from_iter([(header::COOKIE, HeaderValue::try_from(&pair).expect("ASCII"))]);
        let find = |headers: &HeaderMap, provider: &str, state: &str, now| {
            Flow::of_request((&config, &keys), headers, provider, state, now).map(|flow| flow.next().to_owned())
        };
        assert_eq!(find(&headers, "acme", flow.state(), 6).as_deref(), Some("/staff/cases"));
        assert_eq!(find(&headers, "acme", flow.state(), 5 + LASTS), None, "it took too long");
        assert_eq!(find(&headers, "other", flow.state(), 6), None);
        assert_eq!(find(&headers, "acme", flow.nonce(), 6), None);
        assert_eq!(find(&HeaderMap::new(), "acme", flow.state(), 6), None);
        let forged = HeaderValue::try_from(format!("{pair}A")).expect("ASCII");
        assert_eq!(find(&HeaderMap::from_iter([(header::COOKIE, forged)]), "acme", flow.state(), 6), None);
    }

    #[test]
    fn the_challenge_is_that_of_the_standard() {
        // RFC 7636, appendix B.
        let mut flow = Flow::begin("acme", "", Wish::SignIn, 0);
        flow.verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk".to_owned();
        assert_eq!(flow.challenge(), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
        assert!((43..=128).contains(&Flow::begin("acme", "", Wish::SignIn, 0).verifier.len()));
        assert_eq!(Flow::begin("acme", &"x".repeat(NEXT_MAX + 1), Wish::SignIn, 0).next(), "");
    }
}
