//! Cutting a file into records, one at a time, with the line on which each begins: lines for JSON Lines, and for CSV what
//! RFC 4180 calls records, in which quoted line breaks do not count. A record that is too long is skipped, never kept.

use std::io::{self, BufRead};

use sayso_shared::limits::BODY_MAX_BYTES;

/// Largest record, in bytes: that of the public API.
pub const RECORD_MAX: usize = BODY_MAX_BYTES;
const BOM: &[u8] = b"\xef\xbb\xbf";

/// What a file consists of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Comma-separated values with a header, also separated by semicolons or tabs.
    Csv,
    /// One JSON object a line.
    Jsonl,
}

/// A record of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The line on which it begins, from 1.
    pub line: u64,
    /// What it holds, without its line break.
    pub content: Content,
}

/// What a record holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// Its bytes.
    Bytes(Vec<u8>),
    /// More than [`RECORD_MAX`].
    TooLong,
    /// A quote that is not closed, so that everything after it would be its text; with the line on which it opens.
    OpenQuote(u64),
    /// Something between a closing quote and the end of its field, so that one of the quotes is missing or too many; with the line on which
    /// the field begins.
    StrayQuote(u64),
}

/// The records of a file.
#[derive(Debug)]
pub struct Records<R> {
    input: R,
    format: Format,
    separator: Option<u8>,
    line: u64,
    bytes_read: u64,
    previous: u8,
}

/// Where in a CSV record the next byte stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    FieldStart,
    Plain,
    Quoted,
    /// After a quote within a quoted field: the end of the field, or half of a quote that is meant.
    AfterQuote,
    /// After something that no field can hold, up to the end of the line.
    Broken,
}

impl<R: BufRead> Records<R> {
    /// The records of `input`.
    pub fn new(input: R, format: Format) -> Self {
        Self { input, format, separator: None, line: 1, bytes_read: 0, previous: 0 }
    }

    /// Settles what separates the fields of a CSV record; until then each of the usual characters does.
    pub fn separated_by(&mut self, separator: u8) {
        self.separator = Some(separator);
    }

    /// How many bytes have been read.
    pub fn bytes_read(&self) -> u64 {
        self.bytes_read
    }

    /// The next record that is not blank.
    pub fn next_record(&mut self) -> io::Result<Option<Record>> {
        loop {
            let line = self.line;
            let is_first = self.bytes_read == 0;
            let Some(mut content) = self.cut()? else { return Ok(None) };
            if let Content::Bytes(bytes) = &mut content {
                if is_first && bytes.starts_with(BOM) {
                    bytes.drain(..BOM.len());
                }
                if bytes.iter().all(u8::is_ascii_whitespace) {
                    continue;
                }
            }
            return Ok(Some(Record { line, content }));
        }
    }

    fn cut(&mut self) -> io::Result<Option<Content>> {
        let mut bytes = Vec::new();
        let mut length = 0;
        let mut place = Place::FieldStart;
        let mut quote = self.line;
        loop {
            let chunk = match self.input.fill_buf() {
                Ok(chunk) => chunk,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            if chunk.is_empty() {
                return Ok((length > 0).then(|| place.content(bytes, length, quote)));
            }
            // The second half of the line break that ended the record before.
            let skipped = usize::from(length == 0 && self.previous == b'\r' && chunk[0] == b'\n');
            if skipped == 1 {
                self.previous = b'\n';
            }
            let mut taken = skipped;
            let mut ended = false;
            for &byte in &chunk[skipped..] {
                taken += 1;
                let is_break = byte == b'\r' || byte == b'\n' && self.previous != b'\r';
                self.previous = byte;
                self.line += u64::from(is_break);
                if matches!(byte, b'\n' | b'\r') && place != Place::Quoted {
                    ended = true;
                    break;
                }
                if self.format == Format::Csv {
                    let next = place.after(byte, self.separator);
                    if place == Place::FieldStart && next == Place::Quoted {
                        quote = self.line;
                    }
                    place = next;
                }
            }
            let held = taken - usize::from(ended);
            length += held - skipped;
            if length <= RECORD_MAX {
                bytes.extend_from_slice(&chunk[skipped..held]);
            } else {
                bytes = Vec::new();
            }
            self.input.consume(taken);
            self.bytes_read += taken as u64;
            if ended {
                return Ok(Some(place.content(bytes, length, quote)));
            }
        }
    }
}

impl Place {
    /// What a record is that ends here.
    fn content(self, bytes: Vec<u8>, length: usize, quote: u64) -> Content {
        match self {
            Place::Quoted => Content::OpenQuote(quote),
            Place::Broken => Content::StrayQuote(quote),
            _ if length > RECORD_MAX => Content::TooLong,
            _ => Content::Bytes(bytes),
        }
    }

    fn after(self, byte: u8, separator: Option<u8>) -> Self {
        let separates = separator.map_or(matches!(byte, b',' | b';' | b'\t'), |separator| byte == separator);
        match (self, byte) {
            (Place::FieldStart | Place::AfterQuote, b'"') => Place::Quoted,
            (Place::Quoted, b'"') => Place::AfterQuote,
            (Place::Quoted, _) => Place::Quoted,
            (Place::Broken, _) => Place::Broken,
            _ if separates => Place::FieldStart,
            (Place::AfterQuote, b' ') => Place::AfterQuote,
            (Place::AfterQuote, _) => Place::Broken,
            // A byte-order mark before the first field.
            (Place::FieldStart, 0xef | 0xbb | 0xbf) => Place::FieldStart,
            _ => Place::Plain,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use proptest::prelude::*;

    use super::*;

    fn cut(text: &[u8], format: Format, chunk: usize) -> Vec<Record> {
        let mut records = Records::new(BufReader::with_capacity(chunk, text), format);
        let mut all = Vec::new();
        while let Some(record) = records.next_record().expect("memory can be read") {
            all.push(record);
        }
        assert_eq!(records.bytes_read(), text.len() as u64);
        all
    }

    fn texts(text: &str, format: Format) -> Vec<(u64, String)> {
        let text_of = |record: Record| match record.content {
            Content::Bytes(bytes) => (record.line, String::from_utf8(bytes).expect("it was text")),
            Content::TooLong => (record.line, "too long".to_owned()),
            Content::OpenQuote(line) => (record.line, format!("opens in {line}")),
            Content::StrayQuote(line) => (record.line, format!("stray in {line}")),
        };
        cut(text.as_bytes(), format, 3).into_iter().map(text_of).collect()
    }

    #[test]
    fn quoted_line_breaks_belong_to_their_record() {
        let text = "\u{feff}a,b\r\n1,\"two\r\nlines, \"\"quoted\"\"\"\r\n\n \t\r\n5\" screen,x\r\n\"\",y";
        let expected = [(1, "a,b"), (2, "1,\"two\r\nlines, \"\"quoted\"\"\""), (6, "5\" screen,x"), (7, "\"\",y")];
        assert_eq!(texts(text, Format::Csv), expected.map(|(line, text)| (line, text.to_owned())));
        let lines = texts("{\"a\": \"\\\"\"}\n\n{\"b\"\n", Format::Jsonl);
        assert_eq!(lines, [(1, "{\"a\": \"\\\"\"}".to_owned()), (3, "{\"b\"".to_owned())]);
        assert!(texts("", Format::Csv).is_empty());
    }

    #[test]
    fn what_is_too_long_is_skipped_and_the_next_is_found() {
        let long = "x".repeat(RECORD_MAX + 1);
        let fits = "y".repeat(RECORD_MAX);
        let found = texts(&format!("a\n{long}\n{fits}\nb\n"), Format::Csv);
        assert_eq!(
            found.iter().map(|(line, text)| (*line, text.len())).collect::<Vec<_>>(),
            [(1, 1), (2, 8), (3, RECORD_MAX), (4, 1)]
        );
        let open = texts(&format!("a\n\"{}\nb\n{long}", "open"), Format::Csv);
        assert_eq!(open, [(1, "a".to_owned()), (2, "opens in 2".to_owned())], "a quote that nobody closes");
    }

    #[test]
    fn a_quote_that_swallows_other_rows_is_named_by_its_line() {
        let found = |text: &str| texts(text, Format::Csv).into_iter().map(|(_, text)| text).collect::<Vec<_>>();
        assert_eq!(found("k,m\npraise,\"two\ncomplaint,three\n"), ["k,m", "opens in 2"]);
        assert_eq!(found("k,m\npraise,\"5\"\" screen is fine\ncomplaint,x\n"), ["k,m", "opens in 2"]);
        assert_eq!(found("k,m\npraise,\"a\nb\",\"c\nd\n"), ["k,m", "opens in 3"]);
        assert_eq!(found("k,m\npraise,\"two\npraise,\"three\"\nq,x\n"), ["k,m", "stray in 2", "q,x"]);
        assert_eq!(found("k,m\npraise,\"two\" ,x\n"), ["k,m", "praise,\"two\" ,x"]);
    }

    #[test]
    fn every_line_end_ends_a_record() {
        let found = texts("a\rb\r\nc\n\r\"d\re\"\rf", Format::Csv);
        assert_eq!(found.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [1, 2, 3, 5, 7]);
        assert_eq!(found[3].1, "\"d\re\"");
        assert_eq!(texts("{}\r{}\r\n{}", Format::Jsonl).len(), 3);
    }

    proptest! {
        #[test]
        fn the_size_of_reads_changes_nothing(text in "[a,;\"\n\r\u{4f60}]{0,60}", chunk in 1usize..20) {
            for format in [Format::Csv, Format::Jsonl] {
                prop_assert_eq!(cut(text.as_bytes(), format, chunk), cut(text.as_bytes(), format, 4_096));
            }
        }

        #[test]
        fn what_was_written_is_cut_where_it_was(rows in proptest::collection::vec(proptest::collection::vec("[a\",\n\r 你]{0,5}", 2..4), 1..6)) {
            let mut writer = csv::WriterBuilder::new().flexible(true).quote_style(csv::QuoteStyle::Always).from_writer(Vec::new());
            for row in &rows {
                writer.write_record(row).expect("memory can be written");
            }
            let text = writer.into_inner().expect("memory can be written");
            prop_assert_eq!(cut(&text, Format::Csv, 7).len(), rows.len());
        }

        #[test]
        fn any_bytes_are_cut(bytes: Vec<u8>) {
            cut(&bytes, Format::Csv, 16);
            cut(&bytes, Format::Jsonl, 16);
        }
    }
}
