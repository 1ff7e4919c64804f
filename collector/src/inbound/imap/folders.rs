//! The names of folders as servers write them: in a variety of UTF-7 (RFC 3501, section 5.1.3).

use std::borrow::Cow;

use base64::Engine as _;
use base64::alphabet::IMAP_MUTF7;
use base64::engine::GeneralPurpose;
use base64::engine::general_purpose::NO_PAD;

const BASE64: GeneralPurpose = GeneralPurpose::new(&IMAP_MUTF7, NO_PAD);

/// A name as a server knows it. One that somebody copied from a server, in its way of writing, is left as it is.
pub(super) fn name(written: &str) -> Cow<'_, str> {
    if written.bytes().all(|byte| matches!(byte, b' '..=b'~')) && (!written.contains('&') || decode(written).is_some())
    {
        return Cow::Borrowed(written);
    }
    Cow::Owned(encode(written))
}

fn encode(name: &str) -> String {
    let mut encoded = String::with_capacity(name.len() * 2);
    let mut shifted: Vec<u8> = Vec::new();
    for c in name.chars() {
        if matches!(c, ' '..='~') {
            end_shift(&mut encoded, &mut shifted);
            encoded.push(c);
            encoded.extend((c == '&').then_some('-'));
        } else {
            let mut units = [0; 2];
            shifted.extend(c.encode_utf16(&mut units).iter().flat_map(|unit| unit.to_be_bytes()));
        }
    }
    end_shift(&mut encoded, &mut shifted);
    encoded
}

fn end_shift(encoded: &mut String, shifted: &mut Vec<u8>) {
    if !shifted.is_empty() {
        encoded.push('&');
        BASE64.encode_string(&shifted, encoded);
        encoded.push('-');
        shifted.clear();
    }
}

/// What a server means by a name; none if it is not written as servers do.
fn decode(encoded: &str) -> Option<String> {
    let mut parts = encoded.split('&');
    let mut name = parts.next()?.to_owned();
    for part in parts {
        let (shifted, plain) = part.split_once('-')?;
        if shifted.is_empty() {
            name.push('&');
        } else {
            let bytes = BASE64.decode(shifted).ok()?;
            let units: Vec<u16> =
                bytes.chunks(2).map(|two| two.try_into().map(u16::from_be_bytes)).collect::<Result<_, _>>().ok()?;
            name.push_str(&String::from_utf16(&units).ok()?);
        }
        name.push_str(plain);
    }
    Some(name)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_are_written_as_servers_of_the_country_do() {
        for (written, known) in [
            ("INBOX", "INBOX"),
            ("收件箱", "&ZTZO9nux-"),
            ("已发送", "&XfJT0ZAB-"),
            ("垃圾邮件", "&V4NXPpCuTvY-"),
            ("草稿箱", "&g0l6P3ux-"),
            ("病毒文件夹", "&dcVr0mWHTvZZOQ-"),
            ("INBOX.Входящие", "INBOX.&BBIERQQ+BDQETwRJBDgENQ-"),
            ("Gelöscht 😀/x", "Gel&APY-scht &2D3eAA-/x"),
            ("R&D", "R&-D"),
            ("A\tB", "A&AAk-B"),
            // Copied from a server.
            ("&ZTZO9nux-", "&ZTZO9nux-"),
            ("R&-D", "R&-D"),
        ] {
            assert_eq!(name(written), known, "{written}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(name in "\\PC{0,40}|[a-z&字😀 -]{0,20}") {
            let encoded = encode(&name);
            prop_assert!(encoded.bytes().all(|byte| matches!(byte, b' '..=b'~')), "{encoded}");
            prop_assert_eq!(decode(&encoded), Some(name));
        }

        #[test]
        fn any_name_is_taken(written: String) {
            let known = name(&written).into_owned();
            prop_assert!(known.is_ascii());
            prop_assert_eq!(name(&known), known.as_str(), "it is written once");
        }
    }
}
