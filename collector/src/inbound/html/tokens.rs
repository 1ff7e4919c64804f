//! The tokens of an HTML text.

use encoding_rs::WINDOWS_1252;
use mail_parser::decoders::html::add_html_token;

/// Elements that are not shown.
const HIDDEN: [&str; 4] = ["script", "style", "template", "title"];
/// The longest name of an element or a character that is looked up.
const NAME_MAX: usize = 32;
/// How an address begins that people write in angles.
const SCHEMES: [&str; 3] = ["http:", "https:", "mailto:"];

/// A token.
pub(super) enum Token<'a> {
    /// Text as it stands there.
    Text(&'a str),
    /// A character that was written as a reference.
    Character(char),
    /// An element begins: its name in lower case, and what stands behind it in its tag.
    Start(String, Attributes<'a>),
    /// One ends.
    End(String),
    /// A comment, or what is not shown.
    Nothing,
}

/// What stands behind the name in a tag.
#[derive(Clone, Copy)]
pub(super) struct Attributes<'a>(&'a str);

impl Attributes<'_> {
    /// The value of an attribute in lower case, without what it may be quoted by; empty if there is none.
    pub(super) fn get(&self, name: &str) -> String {
        let mut rest = self.0;
        loop {
            rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '/');
            if rest.is_empty() {
                return String::new();
            }
            // One character at least, so that it comes to an end.
            let first = rest.chars().next().map_or(1, char::len_utf8);
            let ends = |c: char| c.is_ascii_whitespace() || matches!(c, '=' | '/' | '>');
            let end = rest[first..].find(ends).map_or(rest.len(), |at| first + at);
            let (found, after) = rest.split_at(end);
            let Some(value) = after.trim_start().strip_prefix('=').map(str::trim_start) else {
                rest = after;
                continue;
            };
            let (value, after) = match value.chars().next().filter(|c| matches!(c, '"' | '\'')) {
                Some(quote) => value[1..].split_once(quote).unwrap_or((&value[1..], "")),
                None => {
                    value.split_at(value.find(|c: char| c.is_ascii_whitespace() || c == '>').unwrap_or(value.len()))
                }
            };
            if found.eq_ignore_ascii_case(name) {
                return value.trim().to_lowercase();
            }
            rest = after;
        }
    }
}

/// The tokens of a document. What was looked for up to the end in vain is not looked for again: so the whole takes linear time.
pub(super) struct Tokens<'a> {
    rest: &'a str,
    has_no_tag_end: bool,
    has_no_comment_end: bool,
    /// A quote is never closed, so quotes say nothing about where tags end.
    has_open_quote: bool,
    never_closed: Vec<&'static str>,
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        match self.rest.as_bytes() {
            [] => None,
            [b'<', ..] => Some(self.markup().unwrap_or_else(|| Token::Text(self.skip(1)))),
            [b'&', ..] => Some(self.reference().unwrap_or_else(|| Token::Text(self.skip(1)))),
            _ => {
                let end = self.rest.find(['<', '&']).unwrap_or(self.rest.len());
                Some(Token::Text(self.skip(end)))
            }
        }
    }
}

impl<'a> Tokens<'a> {
    pub(super) const fn of(html: &'a str) -> Self {
        Self {
            rest: html,
            has_no_tag_end: false,
            has_no_comment_end: false,
            has_open_quote: false,
            never_closed: Vec::new(),
        }
    }

    fn skip(&mut self, length: usize) -> &'a str {
        let (skipped, rest) = self.rest.split_at(length);
        self.rest = rest;
        skipped
    }

    /// What begins with `<`; none if that is text.
    fn markup(&mut self) -> Option<Token<'a>> {
        match self.rest.as_bytes() {
            [b'<', b'!', b'-', b'-', ..] => {
                let end = self.comment_end().or_else(|| self.bracket())?;
                self.skip(end);
                Some(Token::Nothing)
            }
            [b'<', b'!' | b'?', next, ..] if next.is_ascii_alphabetic() || *next == b'[' => {
                let end = self.bracket()?;
                self.skip(end);
                Some(Token::Nothing)
            }
            [b'<', b'/', b'>', ..] => {
                self.skip(3);
                Some(Token::Nothing)
            }
            [b'<', b'/', letter, ..] if letter.is_ascii_alphabetic() => self.tag(2).map(|(name, _)| Token::End(name)),
            [b'<', letter, ..] if letter.is_ascii_alphabetic() => {
                let (name, attributes) = self.tag(1)?;
                let hidden = HIDDEN.into_iter().find(|hidden| *hidden == name);
                Some(if hidden.is_some_and(|hidden| self.skip_hidden(hidden)) {
                    Token::Nothing
                } else {
                    Token::Start(name, attributes)
                })
            }
            _ => None,
        }
    }

    /// Behind the next `>`.
    fn bracket(&mut self) -> Option<usize> {
        if self.has_no_tag_end {
            return None;
        }
        let end = self.rest.find('>').map(|at| at + 1);
        self.has_no_tag_end = end.is_none();
        end
    }

    fn comment_end(&mut self) -> Option<usize> {
        if self.rest.starts_with("<!-->") || self.rest.starts_with("<!--->") {
            return self.bracket();
        }
        if self.has_no_comment_end {
            return None;
        }
        let mut from = 4;
        while let Some(at) = self.rest.get(from..).and_then(|rest| rest.find("--")).map(|at| from + at) {
            match self.rest.as_bytes()[at + 2..] {
                [b'>', ..] => return Some(at + 3),
                [b'!', b'>', ..] => return Some(at + 4),
                _ => from = at + 1,
            }
        }
        self.has_no_comment_end = true;
        None
    }

    /// Skips a tag whose name begins at a place, and gives its name and what follows it.
    fn tag(&mut self, name_start: usize) -> Option<(String, Attributes<'a>)> {
        let bracket = self.bracket()?;
        let inner = &self.rest[name_start..bracket - 1];
        let name = inner.split(|c: char| c.is_ascii_whitespace() || c == '/').next().unwrap_or_default();
        // An address in angles is no element. What has a `<` in it is not looked at twice.
        let is_address = inner.contains('@') || SCHEMES.iter().any(|scheme| inner.starts_with(scheme));
        if is_address && !inner.contains(|c: char| c.is_ascii_whitespace() || c == '<') {
            return None;
        }
        let end = self.quoted_end(name_start + name.len()).unwrap_or(bracket);
        let attributes = Attributes(&self.rest[name_start + name.len()..end - 1]);
        let name = if name.len() > NAME_MAX { String::new() } else { name.to_ascii_lowercase() };
        self.skip(end);
        Some((name, attributes))
    }

    /// Behind the `>` that ends a tag and stands in no quoted value of an attribute.
    fn quoted_end(&mut self, from: usize) -> Option<usize> {
        if self.has_open_quote {
            return None;
        }
        let mut quote = None;
        let mut is_value = false;
        for (at, byte) in self.rest.bytes().enumerate().skip(from) {
            match (quote, byte) {
                (Some(open), _) if open == byte => quote = None,
                (Some(_), _) => {}
                (None, b'>') => return Some(at + 1),
                (None, b'"' | b'\'') if is_value => (quote, is_value) = (Some(byte), false),
                (None, b'=') => is_value = true,
                (None, byte) => is_value &= byte.is_ascii_whitespace(),
            }
        }
        self.has_open_quote = true;
        None
    }

    /// Skips what an element holds that is not shown, if it is closed anywhere.
    fn skip_hidden(&mut self, name: &'static str) -> bool {
        if self.never_closed.contains(&name) {
            return false;
        }
        let rest = self.rest.as_bytes();
        let closes = |at: &usize| {
            let behind = at + 2 + name.len();
            rest.get(at + 2..behind).is_some_and(|closed| closed.eq_ignore_ascii_case(name.as_bytes()))
                && rest.get(behind).is_some_and(|byte| byte.is_ascii_whitespace() || matches!(byte, b'/' | b'>'))
        };
        match self.rest.match_indices("</").map(|(at, _)| at).find(closes) {
            Some(at) => {
                self.skip(at);
                true
            }
            None => {
                self.never_closed.push(name);
                false
            }
        }
    }

    /// A character that is written as `&…;`; none if that is text.
    fn reference(&mut self) -> Option<Token<'a>> {
        let after = &self.rest[1..];
        let (character, length) = match after.strip_prefix('#') {
            Some(number) => {
                let (digits, radix) = number.strip_prefix(['x', 'X']).map_or((number, 10), |digits| (digits, 16));
                let count = digits.bytes().take_while(|byte| char::from(*byte).is_digit(radix)).count();
                if count == 0 {
                    return None;
                }
                // What is too large for a number is no character either.
                let value = u32::from_str_radix(&digits[..count], radix).unwrap_or(u32::MAX);
                (numbered(value), after.len() - digits.len() + count)
            }
            None => {
                let length = after.bytes().take(NAME_MAX).take_while(u8::is_ascii_alphanumeric).count();
                let character = named(&after[..length])?;
                let is_ended = after[length..].starts_with(';');
                // The oldest names need no semicolon.
                let is_old = matches!(character, '&' | '<' | '>' | '"' | '\u{a0}'..='\u{ff}');
                if !is_ended && (!is_old || after[length..].starts_with('=')) {
                    return None;
                }
                (character, length)
            }
        };
        let semicolon = usize::from(after[length..].starts_with(';'));
        self.skip(1 + length + semicolon);
        Some(Token::Character(character))
    }
}

/// The character with a number. Those from 128 to 159 are meant as in windows-1252.
fn numbered(value: u32) -> char {
    match (value, u8::try_from(value)) {
        (0x80..=0x9f, Ok(byte)) => {
            let byte = [byte];
            let (text, _) = WINDOWS_1252.decode_without_bom_handling(&byte);
            text.chars().next().unwrap_or(char::REPLACEMENT_CHARACTER)
        }
        (0, _) => char::REPLACEMENT_CHARACTER,
        _ => char::from_u32(value).unwrap_or(char::REPLACEMENT_CHARACTER),
    }
}

/// The character with a name.
fn named(name: &str) -> Option<char> {
    let mut text = String::new();
    let token = format!("&{name};");
    add_html_token(&mut text, token.as_bytes(), false);
    // What has no such name is given back as it was.
    text.chars().next().filter(|_| text != token)
}
