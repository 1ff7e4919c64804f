//! What somebody types to search, cut into words, phrases and fields.

use super::field::Field;
use crate::db::search::fold;

/// A part of what was typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece<'a> {
    /// Whether it must be so.
    pub polarity: Polarity,
    /// Of which field it is the value, if of any.
    pub field: Option<Field>,
    /// What it says.
    pub value: Value<'a>,
}

/// Whether something must be so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Polarity {
    /// It must.
    Required,
    /// It must not.
    Excluded,
}

/// A word, or what stands in quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// Up to the next space.
    Bare(&'a str),
    /// What stands between quotes.
    Quoted(&'a str),
}

impl<'a> Value<'a> {
    /// What it says.
    pub const fn text(self) -> &'a str {
        match self {
            Self::Bare(text) | Self::Quoted(text) => text,
        }
    }
}

/// Signs that open a quotation, each with those that close it; what people type on one keyboard or another.
const QUOTES: [(char, &[char]); 11] = [
    ('"', &['"']),
    ('＂', &['＂']),
    ('“', &['”', '“', '"']),
    ('”', &['”', '"']),
    ('„', &['“', '”', '"']),
    ('‟', &['”', '“']),
    ('«', &['»']),
    ('»', &['«', '»']),
    ('「', &['」']),
    ('『', &['』']),
    ('〝', &['〞', '〟']),
];

/// Those that open a quotation within a word too, since Chinese has no spaces before them. An inch or a closing quote does not.
const WITHIN_WORDS: [char; 6] = ['“', '„', '«', '「', '『', '〝'];

/// Cuts what was typed.
pub fn pieces(typed: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = typed.trim_start();
    while !rest.is_empty() {
        let (polarity, after) = polarity(rest);
        let (field, after) = match field(after) {
            Some((field, after)) => (Some(field), after),
            None => (None, after),
        };
        let (value, after) = value(after, field);
        if !value.text().is_empty() || matches!(value, Value::Quoted(_)) {
            pieces.push(Piece { polarity, field, value });
        }
        rest = after.trim_start();
    }
    pieces
}

/// A sign of exclusion stands before what it excludes.
fn polarity(text: &str) -> (Polarity, &str) {
    match text.strip_prefix(['-', '－', '−']) {
        Some(rest) if rest.starts_with(|next: char| !next.is_whitespace() && !"-－−*".contains(next)) => {
            (Polarity::Excluded, rest)
        }
        _ => (Polarity::Required, text),
    }
}

/// A field is a name that there is, a colon, and a value at once: what has no value is text, such as the end of `Kind: unknown`.
fn field(text: &str) -> Option<(Field, &str)> {
    let (name, rest) = text.split_once([':', '：'])?;
    let field = Field::parse(&fold(name))?;
    let has_value = rest.starts_with(|next: char| !next.is_whitespace());
    has_value.then_some((field, rest))
}

fn value(text: &str, field: Option<Field>) -> (Value<'_>, &str) {
    let mut characters = text.char_indices();
    if let Some((_, first)) = characters.next()
        && let Some((_, closing)) = QUOTES.iter().find(|(opening, _)| *opening == first)
    {
        let inner = &text[first.len_utf8()..];
        return match inner.split_once(*closing) {
            Some((quoted, rest)) => (Value::Quoted(quoted), rest),
            // Who has not finished the value of a field has not closed its quotation; elsewhere one that is not closed is none.
            None if field.is_some() => (Value::Quoted(inner), ""),
            None => (Value::Bare(""), inner),
        };
    }
    let ends = |(_, next): &(usize, char)| next.is_whitespace() || field.is_none() && WITHIN_WORDS.contains(next);
    let end = characters.find(ends).map_or(text.len(), |(at, _)| at);
    (Value::Bare(&text[..end]), &text[end..])
}
