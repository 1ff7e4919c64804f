//! Reading tables of a TOML file into types, naming every mistake with its line and column instead of stopping at the first.

use std::fmt;
use std::ops::Range;

use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue, Deserializer};

/// Mistakes beyond these are not looked for.
const MISTAKES_MAX: usize = 100;

/// A mistake in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// What is wrong, for whoever wrote the file.
    pub text: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "line {}, column {}: {}", self.line, self.column, self.text)
    }
}

/// A file, and what is wrong with it so far.
#[derive(Debug)]
pub struct Reader<'a> {
    text: &'a str,
    mistakes: Vec<(usize, String)>,
    unread: Vec<Table<'a>>,
}

/// What was read from one table of a file.
#[derive(Clone, Debug)]
pub struct Item<'a, T> {
    /// What it says, without the entries that can't be read.
    pub value: T,
    table: Table<'a>,
    is_whole: bool,
}

/// A table with its place.
pub type Table<'a> = Spanned<DeTable<'a>>;

impl<'a> Reader<'a> {
    /// A file with this text.
    pub fn new(text: &'a str) -> Self {
        Self { text, mistakes: Vec::new(), unread: Vec::new() }
    }

    /// The tables of the whole file.
    pub fn document(&mut self) -> DeTable<'a> {
        let (document, errors) = DeTable::parse_recoverable(self.text);
        for error in errors {
            self.refuse(error.span().unwrap_or_default(), error.message());
        }
        document.into_inner()
    }

    /// The items of one kind, `[[name]]`, taken out of the document. An item with a mistake is left out.
    pub fn items<T: DeserializeOwned>(&mut self, document: &mut DeTable<'a>, name: &str) -> Vec<Item<'a, T>> {
        self.tables(document, name).into_iter().filter_map(|table| self.item(table)).collect()
    }

    fn tables(&mut self, document: &mut DeTable<'a>, name: &str) -> Vec<Table<'a>> {
        let Some(value) = document.remove(name) else { return Vec::new() };
        let span = value.span();
        let DeValue::Array(array) = value.into_inner() else {
            self.refuse(span, format!("must be written as [[{name}]]"));
            return Vec::new();
        };
        let mut tables = Vec::new();
        for value in array {
            let span = value.span();
            self.refuse_nul(&value);
            match value.into_inner() {
                DeValue::Table(table) => tables.push(Spanned::new(span, table)),
                _ => self.refuse(span, format!("must be written as [[{name}]]")),
            }
        }
        tables
    }

    /// No text has a NUL character, and not every database can hold one.
    fn refuse_nul(&mut self, value: &Spanned<DeValue<'a>>) {
        match value.get_ref() {
            DeValue::String(text) if text.contains('\0') => {
                self.refuse(value.span(), "a text must not contain a NUL character")
            }
            DeValue::Array(values) => values.iter().for_each(|value| self.refuse_nul(value)),
            DeValue::Table(table) => table.values().for_each(|value| self.refuse_nul(value)),
            _ => {}
        }
    }

    /// The tables of one kind, each cut in two: the entries with some names, and all others.
    pub fn split_items(
        &mut self,
        document: &mut DeTable<'a>,
        name: &str,
        first: &[&str],
    ) -> Vec<(Table<'a>, Table<'a>)> {
        let tables = self.tables(document, name);
        let split = |table: Table<'a>| {
            let span = table.span();
            let (taken, left) =
                table.into_inner().into_iter().partition(|(key, _)| first.contains(&key.get_ref().as_ref()));
            (Spanned::new(span.clone(), taken), Spanned::new(span, left))
        };
        tables.into_iter().map(split).collect()
    }

    /// Names what is left of a document as unknown.
    pub fn refuse_rest(&mut self, document: DeTable<'a>, known: &[&str]) {
        for (key, _) in document {
            let text = format!("unknown table `{}`, expected one of {}", key.get_ref(), known.join(", "));
            self.refuse(key.span(), text);
        }
    }

    /// The texts of a field in the tables that can't be read, with their places.
    pub fn unread(&self, field: &str) -> Vec<(Range<usize>, String)> {
        let values = self.unread.iter().filter_map(|table| table.get_ref().get(field));
        let text = |value: &Spanned<DeValue<'a>>| match value.get_ref() {
            DeValue::String(text) => Some((value.span(), text.to_string())),
            _ => None,
        };
        values.filter_map(text).collect()
    }

    /// What the tables that can't be read say in a field that can be, with its place.
    pub fn unread_values<T: DeserializeOwned>(&self, field: &str) -> Vec<(Range<usize>, T)> {
        let values = self.unread.iter().filter_map(|table| table.get_ref().get(field));
        let read = |value: &Spanned<DeValue<'a>>| match value.get_ref() {
            DeValue::Table(inner) => {
                let inner = Spanned::new(value.span(), inner.clone());
                Some((value.span(), T::deserialize(Deserializer::from(inner)).ok()?))
            }
            _ => None,
        };
        values.filter_map(read).collect()
    }

    /// Notes a mistake at a place.
    pub fn refuse(&mut self, span: Range<usize>, text: impl Into<String>) {
        if self.mistakes.len() < MISTAKES_MAX {
            self.mistakes.push((span.start, text.into()));
        }
    }

    /// Everything that was wrong, in the order of the file.
    pub fn into_mistakes(mut self) -> Vec<Mistake> {
        self.mistakes.sort();
        self.mistakes.dedup();
        let place = |at: usize| {
            let before = self.text.get(..at).unwrap_or(self.text);
            let line_start = before.rfind('\n').map_or(0, |end| end + 1);
            (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
        };
        let mistake = |(at, text): &(usize, String)| {
            let (line, column) = place(*at);
            Mistake { line, column, text: text.clone() }
        };
        self.mistakes.iter().map(mistake).collect()
    }

    /// Reads one table. What can't be read is taken out and read again without, so that every mistake is found; what is left is looked at further, and is
    /// never used.
    pub fn item<T: DeserializeOwned>(&mut self, table: Table<'a>) -> Option<Item<'a, T>> {
        let mut left = table.clone();
        let (mut is_whole, mut is_complete) = (true, true);
        loop {
            let error = match T::deserialize(Deserializer::from(left.clone())) {
                Ok(value) => return Some(Item { value, table, is_whole }),
                Err(error) => error,
            };
            let span = error.span().unwrap_or_else(|| table.span());
            // Without what was taken out, more may seem to be missing.
            let follows = !is_complete && error.message().starts_with("missing field");
            if !follows {
                self.refuse(span.clone(), error.message());
            }
            is_complete = false;
            is_whole &= error.message().starts_with("unknown field");
            if follows || !take_out(left.get_mut(), &span) {
                self.unread.push(table);
                return None;
            }
        }
    }
}

impl<'a, T> Item<'a, T> {
    /// The same with another value.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Item<'a, U> {
        Item { value: change(self.value), table: self.table, is_whole: self.is_whole }
    }

    /// Whether everything could be read that somebody knows, so that what is not in its value is not there.
    pub fn is_whole(&self) -> bool {
        self.is_whole
    }

    /// Whether a field is there, whatever it says.
    pub fn says(&self, name: &str) -> bool {
        self.table.get_ref().get(name).is_some()
    }

    /// Where the value of a field stands, by its path, such as `["then", "team"]`; the whole item if it is not there.
    pub fn span(&self, path: &[&str]) -> Range<usize> {
        let mut table = self.table.get_ref();
        let mut span = self.table.span();
        for name in path {
            let Some(value) = table.get(*name) else { break };
            span = value.span();
            match value.get_ref() {
                DeValue::Table(inner) => table = inner,
                _ => break,
            }
        }
        span
    }
}

/// Takes the innermost entry out that a span is in; false if there is none.
fn take_out(table: &mut DeTable<'_>, span: &Range<usize>) -> bool {
    let is_in = |outer: Range<usize>| outer.start <= span.start && span.end <= outer.end;
    let found = table.iter().find(|(key, value)| is_in(key.span()) || is_in(value.span()));
    let Some(name) = found.map(|(key, _)| key.get_ref().to_string()) else { return false };
    let inner = table.get_mut(name.as_str()).filter(|value| is_in(value.span()));
    let taken = match inner.map(Spanned::get_mut) {
        Some(DeValue::Table(inner)) => take_out(inner, span),
        Some(DeValue::Array(inner)) => take_out_of_list(inner, span),
        _ => false,
    };
    taken || table.remove(name.as_str()).is_some()
}

/// The same of a list.
fn take_out_of_list(list: &mut DeArray<'_>, span: &Range<usize>) -> bool {
    let is_in = |value: &Spanned<DeValue<'_>>| value.span().start <= span.start && span.end <= value.span().end;
    let Some(at) = list.iter().position(is_in) else { return false };
    let all = std::mem::replace(list, DeArray::from_iter([])).into_iter().enumerate();
    let left = all.filter_map(|(index, mut value)| {
        let stays = index != at
            || match value.get_mut() {
                DeValue::Table(inner) => take_out(inner, span),
                DeValue::Array(inner) => take_out_of_list(inner, span),
                _ => false,
            };
        stays.then_some(value)
    });
    *list = left.collect();
    true
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Thing {
        key: String,
        #[serde(default)]
        inner: Option<Inner>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Inner {
        amount: u8,
    }

    fn read(text: &str) -> (usize, Vec<String>) {
        let mut reader = Reader::new(text);
        let mut document = reader.document();
        let things: Vec<Item<'_, Thing>> = reader.items(&mut document, "thing");
        assert!(
            things.iter().all(|thing| !thing.value.key.is_empty()
                && thing.value.inner.as_ref().is_none_or(|inner| inner.amount < 255))
        );
        reader.refuse_rest(document, &["thing"]);
        (things.len(), reader.into_mistakes().iter().map(Mistake::to_string).collect())
    }

    #[test]
    fn every_mistake_is_named_with_its_place() {
        let text = "[[thing]]\nkey = 3\ncolour = \"red\"\n\n[[thing]]\nkey = \"ü\"\ninner = { amount = 300, unit = \"kg\" }\n\n[[thing]]\n\n[other]\n";
        let (read, mistakes) = read(text);
        assert_eq!(read, 0);
        let starts = [
            "line 2, column 7: ",
            "line 3, column 1: unknown field `colour`",
            "line 7, column 20: ",
            "line 7, column 25: unknown field `unit`",
            "line 9, column 1: missing field `key`",
            "line 11, column 2: unknown table `other`",
        ];
        assert_eq!(mistakes.len(), starts.len(), "{mistakes:#?}");
        for (mistake, start) in mistakes.iter().zip(starts) {
            assert!(mistake.starts_with(start), "{mistake} does not start with {start}");
        }
    }

    #[test]
    fn what_nobody_knows_hides_no_other_mistake() {
        let (read, mistakes) = read("[[thing]]\nkey = \"a\"\ncolour = \"red\"\n[[thing]]\nkey = \"a\\u0000b\"\n");
        assert_eq!(read, 2, "they are looked at further");
        assert_eq!(mistakes.len(), 2, "{mistakes:#?}");
        assert!(mistakes[1].starts_with("line 5, column 7: a text must not contain a NUL character"), "{mistakes:#?}");
    }

    #[test]
    fn what_is_right_is_read() {
        assert_eq!(read("[[thing]]\nkey = \"a\"\n[[thing]]\nkey = \"b\"\ninner.amount = 2\n"), (2, Vec::new()));
        assert_eq!(read("thing = 1\n").1.len(), 1);
        assert_eq!(
            read("thing = [1, {key = 'a'}]\n"),
            (1, vec!["line 1, column 10: must be written as [[thing]]".to_owned()])
        );
    }

    proptest! {
        #[test]
        fn nothing_written_makes_it_fail(text in "(\\[\\[thing\\]\\]\n|key = |inner = |\\{|\\}|\"|amount|=|1|\n|\\PC){0,30}") {
            let mut reader = Reader::new(&text);
            let mut document = reader.document();
            let _: Vec<Item<'_, Thing>> = reader.items(&mut document, "thing");
            reader.refuse_rest(document, &["thing"]);
            let lines = text.split('\n').count();
            prop_assert!(reader.into_mistakes().iter().all(|mistake| (1..=lines).contains(&mistake.line)));
        }
    }
}
