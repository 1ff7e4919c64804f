//! Text that people typed: trimmed, without NUL, within a limit. It is kept as typed and only ever shown as text.

use serde::Serialize;

use crate::fields::NO_NUL;
use crate::masking::{Masking, mask};
use crate::problem::ErrorCode;

/// Text of 1 to `MAX` Unicode scalar values after trimming.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Text<const MAX: usize>(String);

/// What is wrong with a text, with a sentence that says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextError {
    /// The word for programs.
    pub code: ErrorCode,
    /// The sentence for people.
    pub detail: String,
}

impl<const MAX: usize> Text<MAX> {
    /// Trims the text and checks its limits.
    pub fn parse(typed: &str) -> Result<Self, TextError> {
        let text = typed.trim();
        if is_blank(text) {
            return Err(TextError { code: ErrorCode::Required, detail: "must not be empty".into() });
        }
        if text.contains('\0') {
            return Err(TextError { code: ErrorCode::Invalid, detail: NO_NUL.into() });
        }
        // Each scalar value takes at most four bytes, so counting is needed only for texts that may be too long.
        let length = if text.len() <= MAX { text.len() } else { text.chars().count() };
        if length > MAX {
            let detail = format!("is {length} characters long; at most {MAX} are allowed");
            return Err(TextError { code: ErrorCode::TooLong, detail });
        }
        Ok(Self(text.to_owned()))
    }

    /// The same text, masked, which makes it neither longer nor empty.
    pub fn masked(self, masking: Masking) -> Self {
        Self(mask(self.0, masking))
    }

    /// The same text with each line break, tab or other control as a space.
    pub fn on_one_line(self) -> Self {
        let breaks = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
        Self(self.0.chars().map(|c| if breaks(c) { ' ' } else { c }).collect())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text, owned.
    pub fn into_string(self) -> String {
        self.0
    }
}

/// Whether nobody who reads a text sees anything of it.
pub fn is_blank(text: &str) -> bool {
    text.chars().all(shows_nothing)
}

/// Whether a character says in which direction those after it go. Letters say it themselves.
pub fn turns_around(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Whether a character leaves no trace on paper, or none without a letter before it: spaces, fillers and blanks of all kinds, controls other than NUL, joiners,
/// marks of direction, selectors, tags and accents.
fn shows_nothing(c: char) -> bool {
    c.is_whitespace()
        || c.is_control() && c != '\0'
        || matches!(c, '\u{ad}' | '\u{300}'..='\u{36f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}')
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}')
        || matches!(c, '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn counts_scalar_values_not_bytes() {
        assert!(Text::<3>::parse("你好吗").is_ok());
        assert_eq!(Text::<2>::parse("你好吗").map_err(|e| e.code), Err(ErrorCode::TooLong));
        assert_eq!(Text::<2>::parse(" \u{3000}\n").map_err(|e| e.code), Err(ErrorCode::Required));
        assert_eq!(Text::<9>::parse("\u{200b} \u{feff}").map_err(|e| e.code), Err(ErrorCode::Required));
        assert_eq!(Text::<9>::parse("A-1\r\n2").map(|text| text.on_one_line().into_string()), Ok("A-1  2".to_owned()));
        assert_eq!(Text::<9>::parse("a\0b").map_err(|e| e.code), Err(ErrorCode::Invalid));
        for nothing in ["\u{3164}", "\u{2800}\u{fe0f}", "\u{301}", "\u{e0041}", "\u{7}", "\u{ffa0} \u{115f}"] {
            assert_eq!(Text::<9>::parse(nothing).map_err(|e| e.code), Err(ErrorCode::Required), "{nothing:?}");
        }
        assert!(Text::<9>::parse("e\u{301}").is_ok() && Text::<9>::parse("❤\u{fe0f}").is_ok());
    }

    proptest! {
        #[test]
        fn accepts_exactly_what_fits(typed in "\\PC{0,12}") {
            let length = typed.trim().chars().count();
            let shows = !is_blank(&typed);
            prop_assert_eq!(Text::<8>::parse(&typed).is_ok(), shows && (1..=8).contains(&length));
        }
    }
}
