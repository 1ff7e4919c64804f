//! Which characters the bytes of a part stand for: by what it says of itself, as long as its bytes do not contradict that.

use std::borrow::Cow;

use encoding_rs::{BIG5, EUC_KR, Encoding, GBK, ISO_8859_15, SHIFT_JIS, UTF_8, WINDOWS_1252};
use mail_parser::decoders::charsets::map::charset_decoder;

use crate::charset::{self, ByteOrder};

/// Where HTML says how it is encoded: at its beginning.
const META_WITHIN: usize = 2_048;
/// What programs write that have sent nothing but ASCII, or should have.
const ASCII: [&str; 6] = ["us-ascii", "ascii", "ansi-x3.4-1968", "iso646-us", "iso-ir-6", "us"];

/// The text of a part; none if it can't be read. Its labels are tried in their order, then it is what it looks like.
pub(super) fn decode<'a>(labels: &[Option<&str>], bytes: &'a [u8]) -> Option<Cow<'a, str>> {
    for label in labels.iter().flatten().map(|label| normal(label)).filter(|label| !label.is_empty()) {
        // It can hide what it says from everybody who looks for it, and nobody writes it (RFC 3501 has another one, for names of folders).
        if label.replace('-', "").contains("utf7") {
            return None;
        }
        if let Some(text) = declared(&label, bytes) {
            return Some(text);
        }
        // Its escapes would pass for a text in ASCII.
        if is_shifted(&label) && bytes.is_ascii() {
            return None;
        }
    }
    charset::decode_mostly(bytes)
}

/// What a text in HTML says at its beginning of its encoding.
pub(super) fn of_meta(html: &[u8]) -> Option<String> {
    let beginning = html[..html.len().min(META_WITHIN)].to_ascii_lowercase();
    let beginning = String::from_utf8_lossy(&beginning);
    let tags = beginning.split("<meta").skip(1).filter_map(|tag| tag.split('>').next());
    let mut labels = tags.filter_map(|tag| {
        let value = tag.split_once("charset")?.1.trim_start().strip_prefix('=')?;
        let value = value.trim_start().trim_start_matches(['"', '\'']);
        value.split(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ';' | '/')).next().map(str::to_owned)
    });
    // Whoever could read this wrote no two or four bytes for a letter, and what is refused in a header is no hint here.
    labels.find(|label| !label.is_empty() && !label.starts_with("utf-") || label == "utf-8")
}

fn normal(label: &str) -> String {
    label
        .trim_matches(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ';'))
        .to_ascii_lowercase()
        .replace('_', "-")
}

/// The text in the encoding of a label; none if it is unknown, or the bytes say otherwise.
fn declared<'a>(label: &str, bytes: &'a [u8]) -> Option<Cow<'a, str>> {
    if is_shifted(label) && label != "iso-2022-jp" {
        return shifted(label, bytes).map(Cow::Owned);
    }
    if label.starts_with("utf-32") || label.starts_with("iso-10646-ucs-4") || label == "ucs-4" {
        return charset::utf_32(bytes, byte_order(label, bytes)).map(Cow::Owned);
    }
    let Some(encoding) = encoding(label) else {
        // The code pages of DOS, which the web does not know. Two of them have the letters of a third one at the same places.
        let label = if ["437", "cp437", "ibm437", "cp858", "ibm858"].contains(&label) { "cp850" } else { label };
        let decode = charset_decoder(label.as_bytes()).filter(|_| label != "x-user-defined")?;
        return Some(decode(bytes)).filter(|text| !text.contains(char::REPLACEMENT_CHARACTER)).map(Cow::Owned);
    };
    if encoding == WINDOWS_1252 || encoding == ISO_8859_15 {
        // Programs say so by default; of a text that is written in it hardly any passes for UTF-8.
        if let Ok(text) = std::str::from_utf8(bytes) {
            return Some(Cow::Borrowed(text));
        }
        if ASCII.contains(&label) {
            return None;
        }
    }
    let (text, _, is_damaged) = encoding.decode(bytes);
    if is_damaged && let Ok(text) = std::str::from_utf8(bytes) {
        return Some(Cow::Borrowed(text));
    }
    // Who wrote in another encoding than they say is hardly ever right about half of the letters.
    let is_whole_enough = || charset::is_mostly_whole(&text) || encoding == UTF_8 && charset::is_half_whole(&text);
    (!is_damaged || is_whole_enough()).then_some(text)
}

fn encoding(label: &str) -> Option<&'static Encoding> {
    match label {
        "utf8mb3" | "utf8mb4" | "cp65001" => Some(UTF_8),
        "cp932" => Some(SHIFT_JIS),
        "cp936" | "ms936" | "windows-936" => Some(GBK),
        "cp949" | "ms949" | "uhc" => Some(EUC_KR),
        "cp950" | "ms950" => Some(BIG5),
        "x-user-defined" => None,
        // Labels of the web have both signs, each in its own place.
        _ => Encoding::for_label_no_replacement(label.as_bytes())
            .or_else(|| Encoding::for_label_no_replacement(label.replace('-', "_").as_bytes()))
            .or_else(|| Encoding::for_label_no_replacement(label.replacen('-', "_", 1).as_bytes())),
    }
}

/// Whether an encoding writes other letters with the bytes of ASCII, between signs that say so.
fn is_shifted(label: &str) -> bool {
    label.starts_with("iso-2022-") || label.starts_with("csiso2022") || label.starts_with("hz-gb-2312") || label == "hz"
}

/// A text in HZ (RFC 1843), ISO-2022-KR (RFC 1557), or what is simplified Chinese of ISO-2022-CN (RFC 1922). Browsers refuse them, since a page
/// could hide a script so; what we read is never run.
fn shifted(label: &str, bytes: &[u8]) -> Option<String> {
    let is_hz = label.starts_with("hz");
    let mut is_wide = false;
    let mut eight_bit = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let [first, after @ ..] = rest {
        rest = match rest {
            [b'~', sign, behind @ ..] if is_hz && (!is_wide || *sign == b'}') => {
                match sign {
                    b'{' => is_wide = true,
                    b'}' => is_wide = false,
                    b'~' => eight_bit.push(b'~'),
                    b'\n' => {}
                    _ => return None,
                }
                behind
            }
            [0x1b, b'$', b')', set, behind @ ..] if !is_hz => {
                let is_known = if label.ends_with("kr") { *set == b'C' } else { *set == b'A' };
                if !is_known {
                    return None;
                }
                behind
            }
            [0x0e | 0x0f, behind @ ..] if !is_hz => {
                is_wide = *first == 0x0e;
                behind
            }
            [0x1b | 0x80.., ..] => return None,
            [b'\n', behind @ ..] => {
                is_wide = false;
                eight_bit.push(b'\n');
                behind
            }
            _ => {
                eight_bit.push(if is_wide && *first > b' ' { first | 0x80 } else { *first });
                after
            }
        };
    }
    let encoding = if label.ends_with("kr") { EUC_KR } else { GBK };
    encoding.decode_without_bom_handling_and_without_replacement(&eight_bit).map(Cow::into_owned)
}

/// The order of the bytes of a text in UTF-32: by its mark, then by its label, then by its first letter.
fn byte_order(label: &str, bytes: &[u8]) -> ByteOrder {
    match bytes {
        [0xff, 0xfe, 0, 0, ..] => ByteOrder::Little,
        [0, 0, 0xfe, 0xff, ..] => ByteOrder::Big,
        _ if label.ends_with("le") => ByteOrder::Little,
        _ if label.ends_with("be") => ByteOrder::Big,
        [0, ..] | [] => ByteOrder::Big,
        _ => ByteOrder::Little,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const CHINESE: &str = "质量太差，非常失望，沙发坏了没有人来修";
    const GERMAN: &str = "Größe zu klein, bitte zurück";

    fn read(label: &str, bytes: &[u8]) -> Option<String> {
        decode(&[Some(label)], bytes).map(Cow::into_owned)
    }

    fn encoded(label: &str, text: &str) -> Vec<u8> {
        Encoding::for_label(label.as_bytes()).expect("a label").encode(text).0.into_owned()
    }

    #[test]
    fn bytes_that_contradict_the_label_are_what_they_look_like() {
        for (label, written, text) in [
            ("us-ascii", "utf-8", CHINESE),
            ("us-ascii", "utf-8", GERMAN),
            ("US-ASCII", "gbk", CHINESE),
            ("ansi_x3.4-1968", "windows-1252", GERMAN),
            ("iso-8859-1", "utf-8", CHINESE),
            ("windows-1252", "utf-8", GERMAN),
            ("iso-8859-15", "utf-8", "Preis 5 €"),
            ("utf-8", "gbk", CHINESE),
            ("utf-8", "windows-1252", GERMAN),
            ("gb2312", "utf-8", CHINESE),
            ("x-unknown", "gbk", CHINESE),
            ("", "utf-8", GERMAN),
            ("default", "utf-8", CHINESE),
            ("hz-gb-2312", "utf-8", CHINESE),
        ] {
            assert_eq!(read(label, &encoded(written, text)).as_deref(), Some(text), "{written} as {label}");
        }
    }

    #[test]
    fn what_is_declared_is_believed() {
        for (label, written, text) in [
            ("iso-8859-1", "windows-1252", GERMAN),
            ("'utf-8'", "utf-8", GERMAN),
            ("utf8mb4", "utf-8", GERMAN),
            ("cp936", "gbk", CHINESE),
            ("GB_2312-80", "gbk", CHINESE),
            ("ks_c_5601-1987", "euc-kr", "소파가 늦게"),
            ("windows-1251", "windows-1251", "Пё"),
            ("iso-2022-jp", "iso-2022-jp", "ソファはいつ届きますか"),
            ("shift_jis", "shift_jis", "ソファはいつ届きますか"),
        ] {
            assert_eq!(read(label, &encoded(written, text)).as_deref(), Some(text), "{written} as {label}");
        }
        for label in ["ibm850", "cp437"] {
            assert_eq!(read(label, b"Gr\x94\xe1e").as_deref(), Some("Größe"), "{label}");
        }
        assert_eq!(read("utf-16", b"\xfe\xff\x8d\x28\x91\xcf").as_deref(), Some("质量"));
    }

    #[test]
    fn encodings_that_browsers_refuse_are_read() {
        for label in ["hz-gb-2312", "iso-2022-kr", "iso-2022-cn", "csISO2022KR"] {
            assert_eq!(read(label, b"plain text\r\n").as_deref(), Some("plain text\r\n"), "{label}");
        }
        let narrow = |label, text| encoded(label, text).iter().map(|byte| byte & 0x7f).collect::<Vec<u8>>();
        let (chinese, korean) = (narrow("gbk", "质量"), narrow("euc-kr", "물건"));
        let hz = [b"A~~B ~{", &chinese[..], b"~} 5~\n\r\nend"].concat();
        assert_eq!(read("HZ-GB-2312", &hz).as_deref(), Some("A~B 质量 5\r\nend"));
        let kr = [b"\x1b$)C\r\nA \x0e", &korean[..], b"\x0f 5"].concat();
        assert_eq!(read("iso-2022-kr", &kr).as_deref(), Some("\r\nA 물건 5"));
        let cn = [b"\x1b$)A\x0e", &chinese[..], b"\x0f"].concat();
        assert_eq!(read("iso-2022-cn", &cn).as_deref(), Some("质量"));
        for (label, bytes) in
            [("utf-32", &b"\xff\xfe\0\0\x28\x8d\0\0"[..]), ("utf-32be", b"\0\0\x8d\x28"), ("UTF-32LE", b"\x28\x8d\0\0")]
        {
            assert_eq!(read(label, bytes).as_deref(), Some("质"), "{label}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_no_text() {
        for label in ["utf-7", "unicode-1-1-utf-7", "csUTF7", "x-unicode-2-0-utf-7"] {
            assert_eq!(read(label, b"+ADw-script+AD4-"), None, "{label}");
        }
        assert_eq!(read("iso-2022-cn", b"\x1b$)G\x0e\x44\x45\x0f"), None, "another set of characters");
        assert_eq!(read("iso-2022-kr", b"\x0e\x21"), None);
        assert_eq!(read("hz-gb-2312", b"~{\x21"), None);
    }

    #[test]
    fn one_damaged_letter_does_not_spoil_a_text() {
        for label in ["utf-8", ""] {
            let cut = &CHINESE.as_bytes()[..CHINESE.len() - 1];
            let read = read(label, cut).unwrap_or_default();
            assert!(read.starts_with("质量太差") && read.ends_with("来\u{fffd}"), "{read}");
        }
        let damaged = [&encoded("gbk", CHINESE)[..], b"\xff"].concat();
        assert!(read("gbk", &damaged).is_some_and(|text| text.starts_with(CHINESE)));
    }

    #[test]
    fn one_damaged_letter_does_not_spoil_a_short_text_that_says_what_it_is() {
        assert_eq!(read("utf-8", b"Gr\xc3\xb6\xc3\x9fe \xff").as_deref(), Some("Größe \u{fffd}"));
    }

    #[test]
    fn html_says_at_its_beginning_how_it_is_encoded() {
        for (html, label) in [
            ("<html><META CHARSET=gbk><p>", Some("gbk")),
            ("<meta name=x><meta http-equiv=\"Content-Type\" content=\"text/html; charset=GB2312\">", Some("gb2312")),
            ("<meta charset=\"utf-8\"/>", Some("utf-8")),
            ("<meta charset=utf-16>", None),
            ("<meta charset=utf-7>", None),
            ("charset=gbk", None),
            ("<meta charset>", None),
        ] {
            assert_eq!(of_meta(html.as_bytes()).as_deref(), label, "{html}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_are_too_strange(bytes: Vec<u8>, label in "(utf-8|utf-16|utf-32|hz|iso-2022-(kr|cn|jp)|us-ascii|gbk|cp850|[ -~]{0,8})") {
            let _ = read(&label, &bytes);
            let _ = of_meta(&bytes);
        }

        #[test]
        fn utf_8_is_read_under_every_default(text in "[^\u{0}\u{feff}]{0,60}") {
            for label in ["utf-8", "us-ascii", "iso-8859-1", "windows-1252"] {
                prop_assert_eq!(read(label, text.as_bytes()), Some(text.clone()));
            }
        }
    }
}
