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
}

/// The records of a file.
#[derive(Debug)]
pub struct Records<R> {
    input: R,
    format: Format,
    separator: Option<u8>,
    line: u64,
    bytes_read: u64,
}

/// Where in a CSV record the next byte stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    FieldStart,
    Plain,
    Quoted,
    /// After a quote within a quoted field: the end of the field, or half of a quote that is meant.
    AfterQuote,
}

impl<R: BufRead> Records<R> {
    /// The records of `input`.
    pub fn new(input: R, format: Format) -> Self {
        Self { input, format, separator: None, line: 1, bytes_read: 0 }
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
                if bytes.last() == Some(&b'\r') {
                    bytes.pop();
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
        loop {
            let chunk = match self.input.fill_buf() {
                Ok(chunk) => chunk,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            if chunk.is_empty() {
                let content = if length > RECORD_MAX { Content::TooLong } else { Content::Bytes(bytes) };
                return Ok((length > 0).then_some(content));
            }
            let mut taken = 0;
            let mut ended = false;
            for &byte in chunk {
                taken += 1;
                self.line += u64::from(byte == b'\n');
                if byte == b'\n' && place != Place::Quoted {
                    ended = true;
                    break;
                }
                if self.format == Format::Csv {
                    place = place.after(byte, self.separator);
                }
            }
            let held = taken - usize::from(ended);
            length += held;
            if length <= RECORD_MAX {
                bytes.extend_from_slice(&chunk[..held]);
            } else {
                bytes = Vec::new();
            }
            self.input.consume(taken);
            self.bytes_read += taken as u64;
            if ended {
                return Ok(Some(if length > RECORD_MAX { Content::TooLong } else { Content::Bytes(bytes) }));
            }
        }
    }
}

impl Place {
    fn after(self, byte: u8, separator: Option<u8>) -> Self {
        let separates = separator.map_or(matches!(byte, b',' | b';' | b'\t'), |separator| byte == separator);
        match (self, byte) {
            (Place::FieldStart | Place::AfterQuote, b'"') => Place::Quoted,
            (Place::Quoted, b'"') => Place::AfterQuote,
            (Place::Quoted, _) => Place::Quoted,
            _ if separates => Place::FieldStart,
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
        assert_eq!(open, [(1, "a".to_owned()), (2, "too long".to_owned())], "a quote that nobody closes");
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
