//! Which language a page speaks: the one that its address asks for, else the one that the person chose, else the browser's.

use std::convert::Infallible;

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

/// The texts in the reader's language.
#[derive(Clone, Copy, Debug)]
pub struct Language(pub Texts);

impl<S: Send + Sync> FromRequestParts<S> for Language {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(Texts(of_request(&parts.uri, &parts.headers))))
    }
}

/// The language of the answer to a request: the one that the reader wants, else English.
pub fn of_request(uri: &Uri, headers: &HeaderMap) -> Lang {
    wanted(uri, headers).unwrap_or(Lang::En)
}

/// The language that the reader wants, by `?lang=`, the cookie or `Accept-Language`; none if it is not one of ours.
pub fn wanted(uri: &Uri, headers: &HeaderMap) -> Option<Lang> {
    let accepted = || headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    asked(uri).or_else(|| chosen(headers)).or_else(|| Lang::negotiate(accepted()?))
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
