//! Which language a page speaks: the one that its address asks for, else the one that the person chose, else the browser's.

use std::convert::Infallible;
use std::sync::OnceLock;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Uri, header};
use sayso_shared::Lang;

use super::cookies;
use crate::text::Texts;

/// The cookie with the language that a person chose by a switch.
pub const COOKIE: &str = "sayso_lang";

/// How long it is kept.
pub const KEPT_SECONDS: i64 = 365 * 24 * 60 * 60;

/// The language in which a member is spoken to. It is known once the session has been read, and counts for the error page too, which stands
/// outside of it.
#[derive(Debug, Default)]
pub struct MemberLanguage(OnceLock<Lang>);

impl MemberLanguage {
    /// Notes it.
    pub fn note(&self, lang: Lang) {
        // Whoever reads it first is the same member as whoever reads it again.
        let _ = self.0.set(lang);
    }

    /// It, if the request is a member's.
    pub fn get(&self) -> Option<Lang> {
        self.0.get().copied()
    }
}

/// The texts in the language of a customer.
#[derive(Clone, Copy, Debug)]
pub struct CustomerLanguage(pub Texts);

/// The texts in the language in which the console speaks to its reader, whose browser may ask for one that it does not speak.
#[derive(Clone, Copy, Debug)]
pub struct ConsoleLanguage(pub Texts);

impl<S: Send + Sync> FromRequestParts<S> for CustomerLanguage {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(Texts(of_request(&parts.uri, &parts.headers))))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for ConsoleLanguage {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(Texts(of_console(&parts.uri, &parts.headers))))
    }
}

/// The language in which a customer is answered where no site is known: the one that they want most of all that we speak, else English.
pub fn of_request(uri: &Uri, headers: &HeaderMap) -> Lang {
    wanted(uri, headers).into_iter().next().unwrap_or(Lang::En)
}

/// The language in which the console answers: the one that its reader wants most of those that it speaks, else English.
pub fn of_console(uri: &Uri, headers: &HeaderMap) -> Lang {
    wanted(uri, headers).into_iter().find(|lang| lang.is_of_console()).unwrap_or(Lang::En)
}

/// The languages of ours that the reader wants, by `?lang=`, the cookie and `Accept-Language`, in this order.
pub fn wanted(uri: &Uri, headers: &HeaderMap) -> Vec<Lang> {
    let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    asked(uri).into_iter().chain(chosen(headers)).chain(Lang::accepted(accepted)).collect()
}

/// The language that the address asks for.
pub fn asked(uri: &Uri) -> Option<Lang> {
    let query = uri.query()?;
    let (_, tag) = url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "lang")?;
    Lang::for_tag(&tag)
}

fn chosen(headers: &HeaderMap) -> Option<Lang> {
    cookies::read_harmless(headers, COOKIE).and_then(Lang::for_tag)
}
