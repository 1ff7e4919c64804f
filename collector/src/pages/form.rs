//! Reading the forms of pages: strictly, since what a customer typed must arrive as it was typed or not at all.

use std::collections::BTreeMap;

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, StatusCode, header};
use sayso_shared::id::IdempotencyKey;
use sayso_shared::limits::BODY_MAX_BYTES;

use crate::app::App;
pub use crate::http::body::fresh_key;
use crate::http::body::refuse_too_large;
use crate::http::{Error, cors};

/// The fields of a form that one of our own pages posted.
#[derive(Clone, Debug, Default)]
pub struct Form(BTreeMap<String, String>);

impl Form {
    /// The value of a field, empty if there is none. Browsers end lines with CR LF; people count one character.
    pub fn text(&self, name: &str) -> String {
        self.0.get(name).map(|value| value.replace("\r\n", "\n")).unwrap_or_default()
    }

    /// The key in the form's hidden field; a new one if there is none, since only our own forms have it.
    pub fn key(&self) -> IdempotencyKey {
        self.0.get("key").and_then(|key| IdempotencyKey::parse(key).ok()).unwrap_or_else(fresh_key)
    }

    /// A form whose fields were read one by one.
    pub fn of_fields(fields: BTreeMap<String, String>) -> Self {
        Self(fields)
    }

    /// Its fields.
    pub fn into_fields(self) -> BTreeMap<String, String> {
        self.0
    }

    /// Refuses a form that a page of another origin posted, so that no website writes in its visitors' names.
    pub fn refuse_foreign(app: &App, headers: &HeaderMap) -> Result<(), Error> {
        if cors::is_foreign(headers, |origin| cors::is_own(&app.config, origin, headers)) {
            return Err(Error::Forbidden("this form can only be sent from its own page".into()));
        }
        Ok(())
    }

    fn parse(body: &[u8]) -> Option<Self> {
        let mut fields = BTreeMap::new();
        for pair in body.split(|&byte| byte == b'&').filter(|pair| !pair.is_empty()) {
            let (name, value) = match pair.iter().position(|&byte| byte == b'=') {
                Some(at) => (&pair[..at], &pair[at + 1..]),
                None => (pair, &[][..]),
            };
            fields.insert(decode(name)?, decode(value)?);
        }
        Some(Self(fields))
    }
}

impl FromRequest<App> for Form {
    type Rejection = Error;

    async fn from_request(request: Request, app: &App) -> Result<Self, Error> {
        refuse_too_large(&request)?;
        Self::read(request, app).await
    }
}

impl Form {
    /// Reads a form of any size that the route takes.
    pub async fn read(request: Request, app: &App) -> Result<Self, Error> {
        let headers = request.headers();
        Self::refuse_foreign(app, headers)?;
        let media_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let media_type = media_type.split(';').next().unwrap_or_default().trim();
        if !media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            return Err(Error::UnsupportedMediaType("application/x-www-form-urlencoded"));
        }
        let bytes = Bytes::from_request(request, app).await.map_err(|rejection| match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => Error::TooLarge(BODY_MAX_BYTES),
            _ => Error::Malformed("the body ended too early".into()),
        })?;
        Self::parse(&bytes).ok_or_else(|| Error::Malformed("the form is not UTF-8".into()))
    }
}

/// Decodes `application/x-www-form-urlencoded` (WHATWG URL, section 5); none if the result is not UTF-8.
fn decode(text: &[u8]) -> Option<String> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        match byte {
            b'+' => decoded.push(b' '),
            b'%' => match tail.get(..2).and_then(hex) {
                Some(value) => {
                    decoded.push(value);
                    rest = &tail[2..];
                }
                None => decoded.push(b'%'),
            },
            other => decoded.push(other),
        }
    }
    String::from_utf8(decoded).ok()
}

fn hex(digits: &[u8]) -> Option<u8> {
    let value = |digit: u8| char::from(digit).to_digit(16);
    u8::try_from(value(digits[0])? * 16 + value(digits[1])?).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn reads_what_browsers_write(name in "[a-z_]{1,8}", value in "\\PC{0,40}") {
            let body = url::form_urlencoded::Serializer::new(String::new()).append_pair(&name, &value).finish();
            prop_assert_eq!(Form::parse(body.as_bytes()).expect("it is UTF-8").text(&name), value);
        }

        #[test]
        fn never_panics(body: Vec<u8>) {
            let _ = Form::parse(&body);
        }
    }

    #[test]
    fn what_is_no_text_is_refused_as_a_whole() {
        assert!(Form::parse(b"message=%E4%BD").is_none());
        assert!(Form::parse(b"message=%ED%A0%80").is_none(), "a lone surrogate");
        let form = Form::parse(b"message=100%&a&=b&line=1%0D%0A2").expect("it is UTF-8");
        assert_eq!(
            (form.text("message"), form.text("a"), form.text("line")),
            ("100%".into(), "".into(), "1\n2".into())
        );
    }

    #[test]
    fn a_key_is_made_where_the_form_has_none() {
        let form = Form::parse(b"key=no-uuid").expect("it is UTF-8");
        assert_ne!(form.key(), form.key());
    }
}
