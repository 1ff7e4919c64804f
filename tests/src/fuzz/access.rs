//! Who a customer is, by the word of a site, and what files of other systems say.

use std::io::Cursor;

use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use sayso::auth::oidc::{self, Claims, Expected};
use sayso::import::records::{Content, Format, RECORD_MAX, Records};
use sayso::import::row::{Columns, Row, RowError, read_json};
use sayso::import::table::named_separator;
use sayso::sites::identity::{SiteSecret, verify};
use sayso_shared::limits::{EMAIL_MAX, IDENTITY_MAX_BYTES, NAME_MAX, SUBJECT_MAX, TIER_MAX};
use serde_json::Value;

const SECRET: &str = "idsec_the-one-in-use-since-last-year-0123456789";
const P256: &[u8] = include_bytes!("../../fixtures/oidc/signing-p256.der");
const NOW: i64 = 1_800_000_000_000;

/// A token of a stranger, which nobody believes; and the same bytes as claims that the site has signed.
pub fn identity(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let secrets = [SiteSecret::new(SECRET.to_owned())];
    assert!(verify(text, &secrets, "acme", NOW).is_err(), "nobody else knows the secret");
    let Ok(claims) = serde_json::from_str::<Value>(text) else { return };
    let key = EncodingKey::from_secret(SECRET.as_bytes());
    let token = encode(&Header::new(Algorithm::HS256), &claims, &key).expect("claims are signed");
    assert!(verify(&token, &[SiteSecret::new("idsec_another".to_owned())], "acme", NOW).is_err());
    if let Ok(who) = verify(&token, &secrets, "acme", NOW) {
        assert!(token.len() <= IDENTITY_MAX_BYTES && claims["exp"].is_number());
        let fits = |text: &str, max: usize| (1..=max).contains(&text.chars().count()) && !text.contains('\0');
        assert!(fits(&who.sub, SUBJECT_MAX));
        for (text, max) in [(&who.name, NAME_MAX), (&who.email, EMAIL_MAX), (&who.tier, TIER_MAX)] {
            assert!(text.as_deref().is_none_or(|text| fits(text, max)));
        }
    }
}

/// An ID token of a stranger, which nobody believes; and the same bytes as claims that the provider has signed.
pub fn id_token(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let key = EncodingKey::from_ec_der(P256);
    let published = Jwk::from_encoding_key(&key, Algorithm::ES256).expect("a key");
    let keys = [published];
    let expected = Expected { issuer: "https://login.example", client_id: "sayso", nonce: "n-1", now: NOW };
    assert!(oidc::verify(text, &keys, expected).is_err(), "nobody else has the key");
    let Ok(claims) = serde_json::from_str::<Value>(text) else { return };
    let token = encode(&Header::new(Algorithm::ES256), &claims, &key).expect("claims are signed");
    assert!(oidc::verify(&token, &[], expected).is_err());
    let Ok(believed) = oidc::verify(&token, &keys, expected) else { return };
    assert!(claims["iss"] == "https://login.example" && claims["nonce"] == "n-1" && claims["exp"].is_number());
    let read = Claims::read(&believed, "groups");
    assert!((1..=255).contains(&read.subject.len()) && !read.subject.contains('\0'));
    assert!(read.verified_email.is_none() || claims["email_verified"] == true || claims["email_verified"] == "true");
    assert!(read.groups.is_none_or(|groups| groups.len() <= 10_000));
}

/// A file to import: the first byte says what kind of file it is.
pub fn import(bytes: &[u8]) {
    let Some((kind, file)) = bytes.split_first() else { return };
    let format = if kind % 2 == 0 { Format::Csv } else { Format::Jsonl };
    let mut records = Records::new(Cursor::new(file), format);
    let mut columns: Option<Columns> = None;
    let mut line = 0;
    while let Some(record) = records.next_record().expect("bytes in memory can be read") {
        assert!(record.line > line, "every record begins after the one before");
        line = record.line;
        let Content::Bytes(content) = record.content else { continue };
        assert!(content.len() <= RECORD_MAX);
        match (&columns, format) {
            (_, Format::Jsonl) => judge(read_json(&content).map(Some)),
            (Some(columns), Format::Csv) => judge(columns.read(&content)),
            (None, Format::Csv) => {
                let Ok(header) = Columns::parse(&content, named_separator(&content)) else { return };
                records.separated_by(header.separator());
                columns = Some(header);
            }
        }
    }
    assert_eq!(records.bytes_read(), file.len() as u64, "the file was read to its end");
}

fn judge(read: Result<Option<Row>, Vec<RowError>>) {
    match read {
        Ok(None) => {}
        Ok(Some(row)) => assert!(row.feedback.is_object()),
        Err(refusals) => {
            assert!(!refusals.is_empty());
            assert!(refusals.iter().all(|refusal| !refusal.reason.is_empty() && refusal.reason.len() < 1_000));
        }
    }
}
