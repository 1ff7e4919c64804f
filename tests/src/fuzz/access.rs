//! Who a customer is, by the word of a site, and what files of other systems say.

use std::io::Cursor;

use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use sayso::import::records::{Content, Format, RECORD_MAX, Records};
use sayso::import::row::{Columns, Row, RowError, named_separator, read_json};
use sayso::sites::identity::{SiteSecret, verify};
use sayso_shared::limits::{EMAIL_MAX, IDENTITY_MAX_BYTES, NAME_MAX, SUBJECT_MAX, TIER_MAX};
use serde_json::Value;

const SECRET: &str = "idsec_the-one-in-use-since-last-year-0123456789";
const NOW: i64 = 1_800_000_000_000;

/// A token of a stranger, which nobody believes; and the same bytes as claims that the site has signed.
pub fn identity(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let secrets = [SiteSecret::new(SECRET.to_owned())];
    assert!(verify(text, &secrets, NOW).is_err(), "nobody else knows the secret");
    let Ok(claims) = serde_json::from_str::<Value>(text) else { return };
    let key = EncodingKey::from_secret(SECRET.as_bytes());
    let token = encode(&Header::new(Algorithm::HS256), &claims, &key).expect("claims are signed");
    assert!(verify(&token, &[SiteSecret::new("idsec_another".to_owned())], NOW).is_err());
    if let Ok(who) = verify(&token, &secrets, NOW) {
        assert!(token.len() <= IDENTITY_MAX_BYTES && claims["exp"].is_number());
        let fits = |text: &str, max: usize| (1..=max).contains(&text.chars().count()) && !text.contains('\0');
        assert!(fits(&who.sub, SUBJECT_MAX));
        for (text, max) in [(&who.name, NAME_MAX), (&who.email, EMAIL_MAX), (&who.tier, TIER_MAX)] {
            assert!(text.as_deref().is_none_or(|text| fits(text, max)));
        }
    }
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
