//! Names of files, as customers chose them: shown and given back, but never trusted and never used for storing.

use std::fmt::Write as _;

use sayso_shared::limits::FILE_NAME_MAX;
use sayso_shared::masking::{Masking, mask};

use super::sniff::MediaType;

/// The longest ending that is kept when a name is cut.
const ENDING_MAX: usize = 10;

/// A name without folders, control characters and tricks of direction, whose ending goes with the content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileName(String);

impl FileName {
    /// Cleans `given` for a file of a type. A name without anything usable becomes `file`.
    pub fn new(given: &str, media_type: &MediaType) -> Self {
        let name = plain(given);
        let known = ending(&name).is_some_and(|end| media_type.endings.iter().any(|own| own.eq_ignore_ascii_case(end)));
        // A page that is saved as the picture it also is must not open as a page.
        let ending = if known { None } else { media_type.endings.first() };
        let name = ending.map_or_else(|| name.clone(), |ending| format!("{name}.{ending}"));
        Self(shorten(&name))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A name without folders, control characters, tricks of direction and what is masked; `file` where nothing is left.
pub fn plain(given: &str) -> String {
    let last = given.rsplit(['/', '\\']).next().unwrap_or_default();
    let clean: String = last.chars().filter(|&c| !c.is_control() && !changes_direction(c)).collect();
    let clean = clean.trim_matches(|c: char| c.is_whitespace() || c == '.');
    // Many a scan is named after the card or the account that it shows.
    let masked = mask(clean.to_owned(), Masking::Everything);
    shorten(if masked.is_empty() { "file" } else { &masked })
}

/// The header that lets a browser save a file under its name (RFC 6266, RFC 8187), with a plain name for programs that know no other.
pub fn content_disposition(name: &str) -> String {
    let plain: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() || "-_. ".contains(c) { c } else { '_' }).collect();
    let mut encoded = String::new();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"!#$&+-.^_`|~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing to a string can't fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}")
}

/// Whether a character turns the writing round, so that `gpj.exe` reads as `exe.jpg`, or is not seen at all.
fn changes_direction(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{61c}' | '\u{feff}')
}

fn ending(name: &str) -> Option<&str> {
    name.rsplit_once('.').map(|(_, ending)| ending).filter(|ending| ending.len() <= ENDING_MAX)
}

fn shorten(name: &str) -> String {
    let length = name.chars().count();
    if length <= FILE_NAME_MAX {
        return name.to_owned();
    }
    let end = ending(name).map(|end| format!(".{end}")).unwrap_or_default();
    name.chars().take(FILE_NAME_MAX - end.chars().count()).chain(end.chars()).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::attachments::sniff::sniff;

    fn png() -> &'static MediaType {
        sniff(b"\x89PNG\r\n\x1a\n").expect("a picture")
    }

    fn named(given: &str) -> String {
        FileName::new(given, png()).0
    }

    #[test]
    fn names_lose_folders_and_tricks() {
        for (given, clean) in [
            ("photo.png", "photo.png"),
            ("照片 1.PNG", "照片 1.PNG"),
            ("../../etc/passwd", "passwd.png"),
            ("C:\\fakepath\\a.png", "a.png"),
            ("a\r\nSet-Cookie: b.png", "aSet-Cookie: b.png"),
            ("\u{202e}gnp.exe", "gnp.exe.png"),
            ("evil.html", "evil.html.png"),
            ("..", "file.png"),
            ("", "file.png"),
            ("a/", "file.png"),
            ("con\u{0}.png", "con.png"),
            ("card 4111 1111 1111 1111.png", "card •••• •••• •••• 1111.png"),
            ("DE89370400440532013000.png", "••••••••••••••••••3000.png"),
            ("IMG_20261130_104512345.png", "IMG_20261130_104512345.png"),
        ] {
            assert_eq!(named(given), clean, "{given:?}");
        }
        let long = named(&format!("{}.png", "字".repeat(300)));
        assert_eq!((long.chars().count(), long.ends_with("字.png")), (FILE_NAME_MAX, true));
    }

    #[test]
    fn a_browser_can_save_it_under_its_name() {
        assert_eq!(
            content_disposition("发票 \"1\".pdf"),
            "attachment; filename=\"__ _1_.pdf\"; filename*=UTF-8''%E5%8F%91%E7%A5%A8%20%221%22.pdf"
        );
    }

    proptest! {
        #[test]
        fn every_name_is_short_plain_and_ends_as_its_type(given in "\\PC{0,400}|.{0,400}") {
            let name = named(&given);
            prop_assert!((1..=FILE_NAME_MAX).contains(&name.chars().count()));
            prop_assert!(name.to_ascii_lowercase().ends_with(".png"));
            prop_assert!(!name.contains(['/', '\\', '\r', '\n', '\0']));
            prop_assert!(content_disposition(&name).bytes().all(|byte| (b' '..=b'~').contains(&byte)));
        }
    }
}
