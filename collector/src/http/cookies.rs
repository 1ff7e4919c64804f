//! Cookies: what they are called, and how they are set and read.

use std::borrow::Cow;

use axum::http::{HeaderMap, HeaderValue, header};

use crate::config::Config;

/// With this before its name a browser takes a cookie only from this very host, over HTTPS, so that no neighbour below the same
/// domain can plant one (RFC 6265bis, section 4.1.3.2).
const GUARD: &str = "__Host-";

/// What a cookie is called: guarded wherever people come by HTTPS.
pub fn name(config: &Config, cookie: &'static str) -> Cow<'static, str> {
    if config.is_https() { Cow::Owned(format!("{GUARD}{cookie}")) } else { Cow::Borrowed(cookie) }
}

/// Sets a cookie for so many seconds, which no script reads and no other website sends.
pub fn set(config: &Config, cookie: &'static str, value: &str, seconds: i64) -> HeaderValue {
    let secure = if config.is_https() { "; Secure" } else { "" };
    let name = name(config, cookie);
    let text = format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}");
    HeaderValue::try_from(text).expect("names and values are plain ASCII")
}

/// The value of the cookie with exactly this name.
pub fn read<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(known, _)| *known == name).map(|(_, value)| value)
}

/// The value of a cookie that does no harm if somebody planted it: the guarded one, or else the bare one.
pub fn read_harmless<'a>(headers: &'a HeaderMap, cookie: &str) -> Option<&'a str> {
    read(headers, &format!("{GUARD}{cookie}")).or_else(|| read(headers, cookie))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn where_people_come_by_https_cookies_belong_to_the_host_alone() {
        let mut config = Config::for_data(Path::new("/tmp/x")).expect("the defaults hold");
        let set = |config: &Config| set(config, "a", "1", 60).to_str().expect("ASCII").to_owned();
        assert_eq!(set(&config), "a=1; Path=/; Max-Age=60; HttpOnly; SameSite=Lax");
        config.public_url = "https://feedback.example".into();
        assert_eq!(set(&config), "__Host-a=1; Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Secure");
        let headers = HeaderMap::from_iter([(header::COOKIE, HeaderValue::from_static("a=bare; __Host-a=own;b=x=y"))]);
        assert_eq!(read(&headers, "__Host-a"), Some("own"));
        assert_eq!((read_harmless(&headers, "a"), read_harmless(&headers, "b")), (Some("own"), Some("x=y")));
        assert_eq!(read(&headers, "__Host-b"), None, "what a neighbour planted is not taken for our own");
    }
}
