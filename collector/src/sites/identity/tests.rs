//! Tokens that are believed, and all the ways in which one is not.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use proptest::prelude::*;
use serde_json::json;
use sha2::Sha256;

use super::*;

const NOW: Millis = 1_800_000_000_000;
const EXP: i64 = NOW / 1_000 + 300;

fn secret(text: &str) -> SiteSecret {
    SiteSecret::new(text.to_owned())
}

fn secrets() -> Vec<SiteSecret> {
    vec![secret("idsec_the-one-in-use-since-last-year-0123456789")]
}

fn sign(claims: Value, with: &SiteSecret) -> String {
    encode(&Header::new(Algorithm::HS256), &claims, &EncodingKey::from_secret(with.reveal().as_bytes()))
        .expect("claims are signed")
}

/// A token with exactly this header and payload, signed by hand.
fn forge(header: &str, payload: &str, with: &str) -> String {
    let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
    let mut mac = Hmac::<Sha256>::new_from_slice(with.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(message.as_bytes());
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
}

fn refused(token: &str) -> IdentityError {
    verify(token, &secrets(), "acme", NOW).expect_err(token)
}

fn why(token: &str) -> String {
    match refused(token) {
        IdentityError::Invalid(why) => why,
        IdentityError::Expired => "expired".to_owned(),
    }
}

fn of_claims(claims: Value) -> Result<Identity, IdentityError> {
    verify(&sign(claims, &secrets()[0]), &secrets(), "acme", NOW)
}

#[test]
fn a_signed_token_names_the_customer() {
    let identity = of_claims(
        json!({"sub": "u-42", "exp": EXP, "name": "李雷", "email": "li@example.com", "tier": "gold", "aud": "acme", "iat": 1}),
    )
    .expect("it is valid");
    assert_eq!((identity.sub.as_str(), identity.tier.as_deref()), ("u-42", Some("gold")));
    let contact = identity.contact().expect("there is a name and an address");
    assert_eq!((contact.name(), contact.email(), contact.phone()), (Some("李雷"), Some("li@example.com"), None));
    let bare =
        of_claims(json!({"sub": "u-42", "exp": EXP as f64 + 0.5, "name": "", "email": null})).expect("it is valid");
    assert_eq!((bare.name, bare.email), (None, None));
    assert!(of_claims(json!({"sub": "u-42", "exp": EXP})).expect("it is valid").contact().is_none());
}

#[test]
fn what_a_customer_is_worth_is_a_number_from_0_on() {
    let value = |value: Value| of_claims(json!({"sub": "a", "exp": EXP, "value": value}));
    for (claimed, number) in [(json!(0), 0.0), (json!(12.5), 12.5), (json!(1_000_000_000_000_i64), 1e12)] {
        let identity = value(claimed).expect("it is valid");
        assert_eq!(identity.value.map(CustomerValue::number), Some(number));
        let stored = serde_json::to_string(&identity).expect("it is plain data");
        assert_eq!(serde_json::from_str::<Identity>(&stored).expect("it is an identity"), identity);
    }
    assert_eq!(value(Value::Null).expect("it is valid").value, None);
    for wrong in [json!(-1), json!(1e300), json!(1_000_000_000_001_i64), json!("3"), json!(true), json!([3])] {
        assert!(
            matches!(value(wrong.clone()), Err(IdentityError::Invalid(why)) if why.contains("claim value")),
            "{wrong}"
        );
    }
}

#[test]
fn both_secrets_are_valid_while_one_takes_over() {
    let (old, new) = (secrets().remove(0), secret("idsec_the-new-one"));
    let both = [new.clone(), old.clone()];
    for signer in [&old, &new] {
        assert!(verify(&sign(json!({"sub": "a", "exp": EXP}), signer), &both, "acme", NOW).is_ok());
    }
    let token = sign(json!({"sub": "a", "exp": EXP}), &old);
    assert!(matches!(verify(&token, &[new], "acme", NOW), Err(IdentityError::Invalid(_))), "the old one was removed");
    assert!(matches!(verify(&token, &[], "acme", NOW), Err(IdentityError::Invalid(why)) if why.contains("no secret")));
}

#[test]
fn time_is_counted_to_the_second() {
    let token = sign(json!({"sub": "a", "exp": EXP}), &secrets()[0]);
    let end = EXP * 1_000 + LEEWAY;
    assert!(verify(&token, &secrets(), "acme", end - 1).is_ok(), "within what clocks may differ");
    assert_eq!(verify(&token, &secrets(), "acme", end), Err(IdentityError::Expired));
    assert_eq!(verify(&token, &secrets(), "acme", end + SECOND), Err(IdentityError::Expired));
    let early = |from: i64| of_claims(json!({"sub": "a", "exp": EXP, "nbf": from}));
    assert!(early(NOW / 1_000 + 60).is_ok());
    assert!(matches!(early(NOW / 1_000 + 61), Err(IdentityError::Invalid(why)) if why.contains("nbf")));
    assert_eq!(of_claims(json!({"sub": "a", "exp": -1e300})), Err(IdentityError::Expired));
}

#[test]
fn a_token_ends_within_a_day_and_is_for_this_site() {
    let day = NOW / 1_000 + 24 * 3_600;
    assert!(of_claims(json!({"sub": "a", "exp": day + 60})).is_ok(), "a day, and what clocks may differ");
    for exp in [json!(day + 61), json!(1e300), json!(i64::MAX), json!(u64::MAX), json!(NOW)] {
        assert!(why(&sign(json!({"sub": "a", "exp": exp}), &secrets()[0])).contains("exp"), "{exp}");
    }
    assert!(why(&sign(json!({"sub": "a", "exp": EXP, "nbf": i64::MAX}), &secrets()[0])).contains("nbf"));
    for aud in [json!("acme"), json!(["other", "acme"]), Value::Null] {
        assert!(of_claims(json!({"sub": "a", "exp": EXP, "aud": aud})).is_ok(), "{aud}");
    }
    for aud in [json!("other"), json!("ACME"), json!(""), json!([]), json!(["other"]), json!(7), json!({"acme": true})]
    {
        assert!(why(&sign(json!({"sub": "a", "exp": EXP, "aud": aud}), &secrets()[0])).contains("aud"), "{aud}");
    }
}

#[test]
fn an_algorithm_is_never_the_tokens_choice() {
    let payload = json!({"sub": "a", "exp": EXP}).to_string();
    let key = secrets().remove(0);
    for algorithm in ["none", "None", "NONE", "HS384", "HS512", "RS256", "ES256", "EdDSA", "", "hs256"] {
        let header = json!({"alg": algorithm, "typ": "JWT"}).to_string();
        let signed = forge(&header, &payload, key.reveal());
        let unsigned = signed.rsplit_once('.').expect("it has three parts").0.to_owned() + ".";
        for token in [signed, unsigned] {
            assert!(matches!(refused(&token), IdentityError::Invalid(_)), "{algorithm}");
        }
    }
    let own_key = json!({"alg": "HS256", "jwk": {"kty": "oct", "k": STANDARD.encode("mine")}}).to_string();
    assert_eq!(why(&forge(&own_key, &payload, "mine")), "is not signed with a secret of this site");
    let critical = json!({"alg": "HS256", "crit": ["b64"], "b64": false}).to_string();
    assert!(why(&forge(&critical, &payload, key.reveal())).contains("critical"));
    assert!(
        verify(&forge(r#"{"alg":"HS256"}"#, &payload, key.reveal()), &[key], "acme", NOW).is_ok(),
        "the forge works"
    );
}

#[test]
fn what_was_changed_or_is_no_token_is_refused() {
    let good = sign(json!({"sub": "a", "exp": EXP}), &secrets()[0]);
    let parts: Vec<&str> = good.split('.').collect();
    let other = URL_SAFE_NO_PAD.encode(json!({"sub": "admin", "exp": EXP}).to_string());
    let tokens = [
        String::new(),
        ".".into(),
        "..".into(),
        "a.b.c".into(),
        "你好".into(),
        good.replace('.', ""),
        format!("{good}.{}", parts[2]),
        format!("{}.{}", parts[0], parts[1]),
        format!("{}.{other}.{}", parts[0], parts[2]),
        format!("{}.{}.{}", parts[0], parts[1], STANDARD.encode([0xfbu8; 32])),
        format!("{}.{}.", parts[0], parts[1]),
        format!(" {good}"),
        format!("{good}="),
        forge("{", "{}", secrets()[0].reveal()),
        forge(r#"{"alg":"HS256"}"#, "[]", secrets()[0].reveal()),
        forge(r#"{"alg":"HS256","alg":"HS256"}"#, &format!(r#"{{"sub":"a","exp":{EXP}}}"#), secrets()[0].reveal()),
        forge(r#"{"alg":"HS256"}"#, &format!(r#"{{"sub":"a","exp":{EXP}}} more"#), secrets()[0].reveal()),
        sign(json!({"sub": "a", "exp": EXP}), &secret("another")),
        sign(json!({"sub": "a", "exp": EXP, "pad": "x".repeat(IDENTITY_MAX_BYTES)}), &secrets()[0]),
    ];
    for token in tokens {
        assert!(matches!(refused(&token), IdentityError::Invalid(_)), "{token}");
    }
}

#[test]
fn a_claim_that_is_there_twice_is_refused() {
    let header = r#"{"alg":"HS256"}"#;
    for payload in [
        format!(r#"{{"sub":"a","exp":{EXP},"sub":"b"}}"#),
        format!(r#"{{"sub":"a","exp":{EXP},"exp":{EXP}}}"#),
        format!(r#"{{"sub":"a","exp":{EXP},"tier":"gold","tier":"gold"}}"#),
        format!(r#"{{"sub":"a","exp":{EXP},"address":{{"city":"x","city":"y"}}}}"#),
    ] {
        let said = why(&forge(header, &payload, secrets()[0].reveal()));
        assert_eq!(said, "has a claim that is there more than once", "{payload}");
    }
}

#[test]
fn claims_have_their_types_and_limits() {
    let long = |length: usize| "长".repeat(length);
    let wrong = [
        (json!({"sub": "a"}), "exp"),
        (json!({"sub": "a", "exp": null}), "exp"),
        (json!({"sub": "a", "exp": EXP.to_string()}), "exp"),
        (json!({"sub": "a", "exp": [EXP]}), "JWT"),
        (json!({"sub": "a", "exp": EXP, "nbf": "0"}), "nbf"),
        (json!({"exp": EXP}), "sub"),
        (json!({"exp": EXP, "sub": " "}), "sub"),
        (json!({"exp": EXP, "sub": 42}), "sub"),
        (json!({"exp": EXP, "sub": "a\nb"}), "sub"),
        (json!({"exp": EXP, "sub": long(256)}), "sub"),
        (json!({"exp": EXP, "sub": "a", "name": long(101)}), "name"),
        (json!({"exp": EXP, "sub": "a", "name": {"first": "Li"}}), "name"),
        (json!({"exp": EXP, "sub": "a", "email": "li"}), "email"),
        (json!({"exp": EXP, "sub": "a", "email": format!("{}@example.com", "l".repeat(250))}), "email"),
        (json!({"exp": EXP, "sub": "a", "tier": long(65)}), "tier"),
        (json!({"exp": EXP, "sub": "a", "tier": "gold\u{0}"}), "tier"),
    ];
    for (claims, named) in wrong {
        let why = why(&sign(claims.clone(), &secrets()[0]));
        assert!(why.contains(named), "{claims}: {why}");
    }
    assert!(of_claims(json!({"exp": EXP, "sub": long(255), "name": long(100), "tier": long(64)})).is_ok());
}

#[test]
fn nothing_of_it_reaches_a_log() {
    let identity = of_claims(json!({"sub": "u-42", "exp": EXP, "name": "李雷"})).expect("it is valid");
    assert_eq!(format!("{identity:?} {:?}", secrets()), "Identity(…) [SiteSecret(…)]");
}

proptest! {
    #[test]
    fn nothing_but_the_secret_makes_a_token(text in "\\PC{0,200}", parts in proptest::collection::vec("[A-Za-z0-9_-]{0,40}", 0..5)) {
        prop_assert!(verify(&text, &secrets(), "acme", NOW).is_err());
        prop_assert!(verify(&parts.join("."), &secrets(), "acme", NOW).is_err());
    }

    #[test]
    fn a_changed_bit_is_noticed(at in 0usize..1_000, to in "[A-Za-z0-9_-]") {
        let good = sign(json!({"sub": "a", "exp": EXP}), &secrets()[0]);
        let at = at % good.len();
        let changed = format!("{}{to}{}", &good[..at], &good[at + 1..]);
        prop_assert_eq!(verify(&changed, &secrets(), "acme", NOW).is_ok(), changed == good);
    }
}
