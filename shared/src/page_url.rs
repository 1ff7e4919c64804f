//! Addresses without what opens doors: tokens of resets and sign-ins, passwords, fragments.
//!
//! Where a customer was helps to understand them. But such addresses are stored and forwarded, and some of them hold a key to an account.

use std::str::Chars;

/// What stands in the place of a secret, as much of it as the secret is long.
const MASK: &str = "***";

/// Words by which parameters with secrets are named, whole or as part of a name such as `reset_token`.
const SECRET_WORDS: [&str; 41] = [
    "token",
    "secret",
    "password",
    "passwd",
    "passphrase",
    "pwd",
    "auth",
    "session",
    "sess",
    "sid",
    "apikey",
    "accesskey",
    "key",
    "jwt",
    "otp",
    "code",
    "signature",
    "sig",
    "ticket",
    "credential",
    "nonce",
    "hash",
    "pin",
    "passcode",
    "magic",
    "invite",
    "invitation",
    "csrf",
    "xsrf",
    "bearer",
    "assertion",
    "activation",
    "verification",
    "verifier",
    "hmac",
    "cvc",
    "cvv",
    "pass",
    "pw",
    "samlresponse",
    "samlrequest",
];

/// From this length on a mix of letters and digits without a word in it is taken for a secret.
const RANDOM_MIN: usize = 32;

/// An address without fragment, user and password, in which values of parameters and parts of the path that look like secrets are masked.
/// Everything else stays as it was written. It is not longer than it was.
pub fn without_secrets(address: &str) -> String {
    without_secret_parts(address.split('#').next().unwrap_or_default())
}

/// The same of an address in a text, which keeps its fragment but for the secrets in it.
pub(crate) fn without_secret_parts(address: &str) -> String {
    let (address, fragment) =
        address.split_once('#').map_or((address, None), |(rest, fragment)| (rest, Some(fragment)));
    let (place, query) = address.split_once('?').map_or((address, None), |(place, query)| (place, Some(query)));
    // Not of an address that stands in a parameter.
    let has_host = place.contains("://");
    let place = place.split('/').enumerate().map(|(at, part)| match at {
        // `https:`, nothing, and the host with whoever signs in at it.
        2 if has_host => part.rsplit_once('@').map_or(part, |(_, host)| host),
        _ => part,
    });
    let place = place.map(|part| match part.split_once(';') {
        _ if is_random(part) => MASK.to_owned(),
        // What belongs to one part of a path, such as `;jsessionid=`.
        Some((name, parameters)) => format!("{name};{}", without_secret_values(parameters)),
        None => part.to_owned(),
    });
    let mut kept = place.collect::<Vec<_>>().join("/");
    for (sign, parameters) in [('?', query), ('#', fragment)] {
        if let Some(parameters) = parameters {
            kept.push(sign);
            kept.push_str(&without_secret_values(parameters));
        }
    }
    kept
}

/// Parameters that are parted by `&` or, as some servers do it, by `;`.
fn without_secret_values(parameters: &str) -> String {
    let parts = parameters.split('&').map(|part| part.split(';').map(without_secret).collect::<Vec<_>>().join(";"));
    parts.collect::<Vec<_>>().join("&")
}

fn without_secret(parameter: &str) -> String {
    match parameter.split_once('=') {
        Some((name, value)) if !value.is_empty() && (is_secret_name(&decoded(name)) || holds_secret(value)) => {
            let shown = MASK.len().min(value.chars().count());
            format!("{name}={}", &MASK[..shown])
        }
        None if holds_secret(parameter) => MASK.to_owned(),
        _ => parameter.to_owned(),
    }
}

/// Whether a value is random, or a part of it, or it is an address with a secret itself, encoded or not. Gone through once and not address by address,
/// since one in another in another would take its time.
fn holds_secret(value: &str) -> bool {
    let value = decoded(value);
    let is_secret = |part: &str| {
        let signs_in = part.contains("://") && part.split('/').nth(2).is_some_and(|host| host.contains('@'));
        let (name, value) = part.split_once('=').unwrap_or_default();
        // The path before the first name names nothing.
        signs_in || !value.is_empty() && name.split('/').next_back().is_some_and(is_secret_name)
    };
    is_random(&value)
        || value.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').any(is_random)
        || value.split('&').any(is_secret)
}

/// A text with its ASCII characters percent-decoded, however often they were encoded, and with `&` for each sign before a parameter.
fn decoded(text: &str) -> String {
    let byte = |digits: &mut Chars| Some(digits.next()?.to_digit(16)? * 16 + digits.next()?.to_digit(16)?);
    let mut decoded = String::new();
    let mut rest = text.chars();
    while let Some(mut character) = rest.next() {
        let mut ahead = rest.clone();
        // Each time that it is encoded the sign itself becomes `%25`.
        while character == '%'
            && let Some(code @ 0..128) = byte(&mut ahead)
        {
            character = char::from_u32(code).unwrap_or(character);
            rest = ahead.clone();
        }
        decoded.push(if matches!(character, '?' | '#' | ';') { '&' } else { character });
    }
    decoded
}

/// Whether a name has one of the words in it, however it joins words: `resetToken`, `reset_token`, `user[password]`.
fn is_secret_name(name: &str) -> bool {
    let mut words: Vec<String> = vec![String::new()];
    let mut was_lower = false;
    for c in name.chars() {
        if !c.is_alphanumeric() || c.is_uppercase() && was_lower {
            words.push(String::new());
        }
        was_lower = c.is_lowercase();
        if let Some(word) = words.last_mut().filter(|_| c.is_alphanumeric()) {
            word.extend(c.to_lowercase());
        }
    }
    let joined = words.concat();
    words.iter().any(|word| SECRET_WORDS.contains(&word.as_str()))
        || ["token", "secret", "password", "passwd", "session", "sessid", "apikey"]
            .iter()
            .any(|word| joined.contains(word))
}

/// Whether a text is made by a machine to be guessed by nobody: a JWT, or letters and digits without an end.
fn is_random(text: &str) -> bool {
    let is_token = |part: &str| {
        part.len() >= RANDOM_MIN
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'='))
            && part.bytes().any(|b| b.is_ascii_digit())
            && part.bytes().any(|b| b.is_ascii_alphabetic())
    };
    let is_jwt = text.starts_with("eyJ") && text.split('.').count() == 3;
    is_jwt || is_token(text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn secrets_are_masked_and_the_rest_stays() {
        for (address, kept) in [
            ("https://shop.example/orders?id=7&sort=new", "https://shop.example/orders?id=7&sort=new"),
            ("https://shop.example/a#access_token=x", "https://shop.example/a"),
            ("/reset?reset_token=abc#access_token=def", "/reset?reset_token=***"),
            ("https://a.example/?resetToken=abc&x=1", "https://a.example/?resetToken=***&x=1"),
            ("https://a.example/?user%5Bpassword%5D=abc", "https://a.example/?user%5Bpassword%5D=***"),
            ("https://a.example/cb?code=4%2F0A&state=s", "https://a.example/cb?code=***&state=s"),
            ("https://a.example/?PHPSESSID=1&sid=2", "https://a.example/?PHPSESSID=*&sid=*"),
            ("https://a.example/?q=eyJhbGciOi.eyJzdWIi.x-Y_z", "https://a.example/?q=***"),
            ("https://a.example/r/0123456789abcdef0123456789abcdef/x", "https://a.example/r/***/x"),
            ("https://li:hunter2@a.example/x", "https://a.example/x"),
            ("https://a.example/?postcode=12345&monkey=1", "https://a.example/?postcode=12345&monkey=1"),
            ("https://a.example/?token=", "https://a.example/?token="),
            ("https://a.example/r;jsessionid=ABCDEF0123?x=1", "https://a.example/r;jsessionid=***?x=1"),
            ("https://a.example/r;v=1/o;sid=ab", "https://a.example/r;v=1/o;sid=**"),
            ("https://a.example/?t=x;token=abc&y=2", "https://a.example/?t=x;token=***&y=2"),
            ("https://a.example/?pin=1234&magic=a1&invite=b2c3", "https://a.example/?pin=***&magic=**&invite=***"),
            (
                "https://a.example/?cvv=123&pass=ab&pw=cd&passage=2",
                "https://a.example/?cvv=***&pass=**&pw=**&passage=2",
            ),
            ("https://a.example/acs?SAMLResponse=PHNhbWw%2B", "https://a.example/acs?SAMLResponse=***"),
            ("https://a.example/?csrf_token=a1&spin=1", "https://a.example/?csrf_token=**&spin=1"),
            ("https://a.example/?to=/r?x=0123456789abcdef0123456789abcdef", "https://a.example/?to=***"),
            ("https://a.example/?to%6ben=secretsecret&%70in=7", "https://a.example/?to%6ben=***&%70in=*"),
            ("https://a.example/?r=https%3A%2F%2Fb.example%2F%3Ftoken%3Dabcdefg&x=1", "https://a.example/?r=***&x=1"),
            (
                "https://a.example/?r=https%253A%252F%252Fb.example%252F%253Fto%25256ben%253Dab",
                "https://a.example/?r=***",
            ),
            ("https://a.example/?r=https://b.example/?token=abcdefg", "https://a.example/?r=***"),
            ("https://a.example/?r=https%3A%2F%2Fli%3Ahunter2%40b.example%2F", "https://a.example/?r=***"),
            ("https://a.example/?token%3Dabc", "https://a.example/?***"),
            (
                "https://a.example/?r=https%3A%2F%2Fb.example%2Fcode%2Fkey%3Fid%3D7%26q%3D100%25",
                "https://a.example/?r=https%3A%2F%2Fb.example%2Fcode%2Fkey%3Fid%3D7%26q%3D100%25",
            ),
            ("https://a.example/?mail=li%40b.example", "https://a.example/?mail=li%40b.example"),
            (
                "https://a.example/019ad2f4-3c5e-7000-8000-000000000000",
                "https://a.example/019ad2f4-3c5e-7000-8000-000000000000",
            ),
        ] {
            assert_eq!(without_secrets(address), kept, "{address}");
        }
    }

    proptest! {
        #[test]
        fn what_is_kept_holds_nothing_more_to_mask(address in "(https://)?[a-z@:/?&=#._0-9]{0,60}", token in "[a-f0-9]{40}") {
            let kept = without_secrets(&format!("{address}?x={token}"));
            prop_assert!(!kept.contains(&token) && !kept.contains('#'));
            prop_assert_eq!(without_secrets(&kept), kept.clone());
        }
    }
}
