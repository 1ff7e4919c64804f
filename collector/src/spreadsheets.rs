//! Tables for spreadsheets: CSV that Excel, Numbers and LibreOffice read as it is meant, and never run.

use std::borrow::Cow;

/// What tells Excel that a file is UTF-8.
pub const BOM: &str = "\u{feff}";

/// The text of a cell. One that a spreadsheet would run as a formula begins with an apostrophe, which makes text of it (OWASP, *CSV Injection*).
/// Numbers are no texts: give them as they are.
pub fn cell(text: &str) -> Cow<'_, str> {
    let runs = |first: char| {
        matches!(first, '=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '\u{ff1d}' | '\u{ff0b}' | '\u{ff0d}' | '\u{ff20}')
    };
    let text = within_separators(text);
    match text.starts_with(runs) {
        true => Cow::Owned(format!("'{text}")),
        false => text,
    }
}

/// A spreadsheet whose country separates cells by semicolons begins a cell within ours at each of them. `;-)` is no formula, so a sign needs something to count.
fn within_separators(text: &str) -> Cow<'_, str> {
    let begins_formula = |rest: &str| {
        let rest = rest.trim_start_matches(' ');
        let mut chars = rest.chars();
        match chars.next() {
            Some('=' | '@' | '\u{ff1d}' | '\u{ff20}') => true,
            Some('+' | '-' | '\u{ff0b}' | '\u{ff0d}') => chars.next().is_some_and(char::is_alphanumeric),
            _ => false,
        }
    };
    // The first character of all is guarded as that of our own cell.
    let is_guarded = |at: usize, c: char| at > 0 && matches!(c, ';' | '\t') && begins_formula(&text[at + 1..]);
    if !text.char_indices().any(|(at, c)| is_guarded(at, c)) {
        return Cow::Borrowed(text);
    }
    let mut guarded = String::with_capacity(text.len() + 8);
    for (at, c) in text.char_indices() {
        guarded.push(c);
        if is_guarded(at, c) {
            guarded.push('\'');
        }
    }
    Cow::Owned(guarded)
}

/// Writes lines of CSV, which end with CR LF (RFC 4180).
#[derive(Debug)]
pub struct Lines(csv::Writer<Vec<u8>>);

impl Default for Lines {
    fn default() -> Self {
        Self(csv::WriterBuilder::new().flexible(true).terminator(csv::Terminator::CRLF).from_writer(Vec::new()))
    }
}

impl Lines {
    /// Adds a line.
    pub fn add<'a>(&mut self, cells: impl IntoIterator<Item = Cow<'a, str>>) {
        self.0.write_record(cells.into_iter().map(|cell| cell.into_owned())).expect("memory takes every line");
    }

    /// What was written so far.
    pub fn into_bytes(self) -> Vec<u8> {
        self.0.into_inner().expect("memory takes every line")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn formulas_are_text() {
        for formula in ["=1+1", "+49 30", "-cmd|' /C calc'!A0", "@SUM(A1)", "\t=1", "\r=1", "＝1"] {
            assert_eq!(cell(formula), format!("'{formula}"));
        }
        assert_eq!(cell("semi;=1+1;+cmd|x;\t@a"), "semi;'=1+1;'+cmd|x;\t'@a");
        for text in ["", "delivery", "2026-11-29", "'=1", "Thanks ;-) and a; b - c"] {
            assert_eq!(cell(text), text);
        }
    }

    proptest! {
        #[test]
        fn lines_read_back(cells in proptest::collection::vec("\\PC{0,12}[\"\n,]?", 2..6)) {
            let mut lines = Lines::default();
            lines.add(cells.iter().map(|text| cell(text)));
            let bytes = lines.into_bytes();
            let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(bytes.as_slice());
            let record = reader.records().next().expect("one line").expect("it is CSV");
            prop_assert_eq!(record.len(), cells.len());
            for (read, given) in record.iter().zip(&cells) {
                let shown = cell(given);
                prop_assert_eq!(read, shown.as_ref());
            }
        }
    }
}
