//! Text that does nothing in a chat room: what people wrote, made so that it can't ping anybody, make a link or break out of its place.

/// Joins words without a space, and without being seen. Behind an `@` it keeps what follows from being a name.
const JOINER: char = '\u{2060}';

/// In what the length of a text is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Unicode scalar values.
    Chars,
    /// Bytes of UTF-8.
    Bytes,
    /// UTF-16 code units.
    Utf16,
    /// Bytes of a JSON string.
    Json,
}

impl Unit {
    /// The length of a text.
    pub fn length(self, text: &str) -> usize {
        text.chars().map(|c| self.of(c)).sum()
    }

    fn of(self, c: char) -> usize {
        match self {
            Unit::Chars => 1,
            Unit::Bytes => c.len_utf8(),
            Unit::Utf16 => c.len_utf16(),
            Unit::Json if matches!(c, '"' | '\\' | '\n') => 2,
            Unit::Json if c.is_ascii_control() => 6,
            Unit::Json => c.len_utf8(),
        }
    }
}

/// What somebody wrote, without control characters and marks that turn the direction of what follows, and with nothing in it that a chat room takes
/// for a name, a link or a command.
pub fn inert(text: &str) -> String {
    let mut inert = String::with_capacity(text.len() + 16);
    let lines = text.replace("\r\n", "\n").replace(['\r', '\u{0b}', '\u{0c}', '\u{85}', '\u{2028}', '\u{2029}'], "\n");
    let chars: Vec<char> = lines.trim().chars().filter(|c| *c == '\n' || !is_hidden(*c)).collect();
    for (at, c) in chars.iter().enumerate() {
        let (before, after) = (at.checked_sub(1).map(|at| chars[at]), chars.get(at + 1));
        let is_inside = before.is_some_and(char::is_alphanumeric) && after.is_some_and(|c| c.is_alphanumeric());
        // `evil.example` is a link in some rooms, and so is whatever has a scheme.
        let is_dot = matches!(c, '.' | '。' | '．') && is_inside && !after.is_some_and(char::is_ascii_digit);
        let is_first = before.is_none_or(|before| before == '\n');
        if is_dot || is_first && begins_block(&chars[at..]) {
            inert.push(JOINER);
        }
        inert.push(*c);
        let names = matches!(c, '@' | '＠' | '﹫' | '<')
            || *c == ':' && after == Some(&'/')
            || *c == '!' && after == Some(&'[')
            || *c == '#' && is_first
            || !before.is_some_and(|before| before.is_alphanumeric() || before == '/')
                && begins_tag(*c, &chars[at + 1..]);
        if names {
            inert.push(JOINER);
        }
    }
    inert
}

/// Whether a sign at the beginning of a word makes it one to press: a tag (`#late`, `$SAY`), a command of a bot (`/stop`) or a channel (`~town-square`).
/// A number of a case (`#1042`) is none.
fn begins_tag(sign: char, rest: &[char]) -> bool {
    let mut word = rest.iter().take_while(|c| c.is_alphanumeric() || **c == '_');
    match sign {
        '#' | '＃' => word.any(|c| !c.is_ascii_digit()),
        '/' | '~' => word.next().is_some_and(|c| c.is_alphabetic()),
        '$' => word.next().is_some_and(char::is_ascii_uppercase),
        _ => false,
    }
}

/// Whether a line is a heading, an item, a quote or a rule of Markdown, makes a heading of the line before it, or is code since it is indented.
fn begins_block(rest: &[char]) -> bool {
    let line = || rest.iter().take_while(|c| **c != '\n');
    let indent = line().take_while(|c| **c == ' ').count();
    let mut words = line().skip(indent).skip_while(|c| c.is_ascii_digit());
    let has_number = line().nth(indent).is_some_and(char::is_ascii_digit);
    match words.next() {
        Some('.' | ')') if has_number => words.next().is_none_or(|c| *c == ' '),
        Some('-' | '+' | '=' | '#' | '>' | '*' | '_' | '~' | '`') if !has_number => true,
        _ => indent >= 4,
    }
}

/// The same on one line.
pub fn inert_line(text: &str) -> String {
    inert(&text.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// As much of a text as has room, each character replaced by what `escape` gives for it; whoever reads it sees that it was cut.
pub fn fit(text: &str, max: usize, unit: Unit, escape: impl Fn(char) -> Option<&'static str>) -> String {
    let ellipsis = unit.of('…');
    let length = |c: char| escape(c).map_or_else(|| unit.of(c), |escaped| unit.length(escaped));
    let whole: usize = text.chars().map(length).sum();
    let room = if whole <= max { max } else { max.saturating_sub(ellipsis) };
    let (mut used, mut fitted) = (0, String::with_capacity(text.len().min(max)));
    for c in text.chars() {
        used += length(c);
        if used > room {
            break;
        }
        match escape(c) {
            Some(escaped) => fitted.push_str(escaped),
            None => fitted.push(c),
        }
    }
    if whole > max && ellipsis <= max {
        fitted.push('…');
    }
    fitted
}

/// For [`fit`], where nothing needs an escape.
pub const fn as_it_is(_: char) -> Option<&'static str> {
    None
}

/// For [`fit`], in the Markdown of Discord and Mattermost, where a backslash escapes.
pub fn escape_markdown(c: char) -> Option<&'static str> {
    Some(match c {
        '\\' => "\\\\",
        '*' => "\\*",
        '_' => "\\_",
        '~' => "\\~",
        '`' => "\\`",
        '|' => "\\|",
        '[' => "\\[",
        ']' => "\\]",
        '(' => "\\(",
        ')' => "\\)",
        '>' => "\\>",
        _ => return None,
    })
}

/// For [`fit`], in Markdown of which no escape is known: what means something in it becomes its full-width form. Without square brackets there is no
/// link, so round ones stay.
pub fn full_width(c: char) -> Option<&'static str> {
    Some(match c {
        '[' => "［",
        ']' => "］",
        '<' => "＜",
        '>' => "＞",
        '*' => "＊",
        '_' => "＿",
        '`' => "｀",
        '~' => "～",
        '|' => "｜",
        '\\' => "＼",
        _ => return None,
    })
}

/// Characters that change what is around them, or that nobody sees.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{061c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
        || matches!(c, '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_and_links_are_broken_and_words_stay() {
        let seen = |text: &str| inert(text).replace(JOINER, "|");
        assert_eq!(seen("Hi @all <!channel> <at id=all>"), "Hi @|all <|!channel> <|at id=all>");
        assert_eq!(seen("see https://evil.example/x."), "see https:|//evil|.example/x.");
        assert_eq!(seen("at 10:30 for 3.50"), "at 10:30 for 3.50");
        assert_eq!(seen("椅子坏了。\r\n请处理"), "椅子坏了。\n请处理");
        assert_eq!(seen("a\u{202e}b\u{0}c\u{2060}d"), "abcd");
        assert_eq!(inert_line("a\n\n b"), "a b");
        assert_eq!(seen("1. one\n---\n- item\n    code\n> said"), "|1. one\n|---\n|- item\n|    code\n|> said");
        assert_eq!(
            seen("it is #late, see /stop and ~town-square or $SAY"),
            "it is #|late, see /|stop and ~|town-square or $|SAY"
        );
        assert_eq!(seen("see #1042 and/or 24/7, 迟到#送货 $5"), "see #1042 and/or 24/7, 迟到#送货 $5");
        assert_eq!(seen("看 #送货"), "看 #|送货");
        assert_eq!(seen("3.50 too much\n10:30"), "3.50 too much\n10:30");
    }

    #[test]
    fn lengths_are_those_of_the_receivers() {
        assert_eq!(["新投诉"].map(|text| (Unit::Chars.length(text), Unit::Bytes.length(text))), [(3, 9)]);
        assert_eq!(Unit::Utf16.length("😀"), 2);
        assert_eq!(Unit::Bytes.length(&fit(&"新".repeat(2_000), 4_096, Unit::Bytes, as_it_is)), 4_095);
        assert_eq!(fit("abc", 3, Unit::Chars, as_it_is), "abc");
        assert_eq!(fit("abcd", 3, Unit::Chars, as_it_is), "ab…");
        assert_eq!(fit("a&b", 6, Unit::Chars, |c| (c == '&').then_some("&amp;")), "a&amp;"[..1].to_owned() + "…");
    }

    proptest! {
        #[test]
        fn nothing_is_longer_than_it_may_be(text in "\\PC{0,60}", max in 3usize..40) {
            for unit in [Unit::Chars, Unit::Bytes, Unit::Utf16, Unit::Json] {
                prop_assert!(unit.length(&fit(&text, max, unit, |c| (c == 'a').then_some("&amp;"))) <= max);
            }
            prop_assert_eq!(Unit::Json.length(&text), serde_json::to_string(&text).expect("JSON").len() - 2);
        }

        #[test]
        fn no_at_sign_is_followed_by_a_name(text in "[@<!a-z#:/. ]{0,40}") {
            let inert = inert(&text);
            for name in ["@all", "@here", "<!", "<@", "<#", "<at", "://", "@channel"] {
                prop_assert!(!inert.contains(name), "{}", inert);
            }
        }
    }
}
