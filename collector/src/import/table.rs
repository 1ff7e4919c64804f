//! Tables as spreadsheets and other programs write them, read in one way whatever is imported: with a header, whatever separates the fields, in any encoding,
//! and with each row that can't be read named by its line.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek};
use std::path::Path;

use anyhow::{Context as _, bail, ensure};
use csv::StringRecord;
use encoding_rs::{Encoding, UTF_8};
use encoding_rs_io::DecodeReaderBytesBuilder;

use super::records::{Content, Format, RECORD_MAX, Records};
use crate::charset;

/// Most columns of a CSV file.
pub const COLUMNS_MAX: usize = 64;

/// Whether a column has to be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// A file without it is refused.
    Required,
    /// It may be missing.
    Optional,
}

/// What the columns of a CSV file are, as places among the names that are known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    columns: Vec<usize>,
    separator: u8,
}

impl Header {
    /// Reads the header of a CSV file. An unknown column refuses the file: it may well be one that was meant. `separator` is the one that
    /// the file names, if it does.
    pub fn parse(header: &[u8], separator: Option<u8>, known: &[(&str, Need)]) -> anyhow::Result<Self> {
        let Ok(text) = std::str::from_utf8(header) else {
            bail!("the header is not UTF-8; save the file as UTF-8 (in Excel: CSV UTF-8)")
        };
        let count = |separator: &u8| text.bytes().filter(|byte| byte == separator).count();
        // The first one that occurs most: no name of a column holds any of them.
        let usual = || [b'\t', b';', b','].into_iter().max_by_key(count).unwrap_or(b',');
        let separator = separator.unwrap_or_else(usual);
        let mut names: Vec<String> = fields(header, separator).unwrap_or_default().iter().map(str::to_owned).collect();
        // Columns that a spreadsheet made at the end and nobody filled.
        while names.len() > 1 && names.last().is_some_and(|name| name.trim().is_empty()) {
            names.pop();
        }
        ensure!(names.len() <= COLUMNS_MAX, "the file has {} columns; at most {COLUMNS_MAX} are allowed", names.len());
        let mut columns = Vec::with_capacity(names.len());
        for name in &names {
            let name = name.trim().to_lowercase();
            let Some(at) = known.iter().position(|(known, _)| *known == name) else {
                let known = known.iter().map(|(known, _)| *known).collect::<Vec<_>>().join(", ");
                let name: String = name.chars().take(64).collect();
                bail!("there is no column {name:?}; the columns are {known}")
            };
            ensure!(!columns.contains(&at), "the column {name} is there twice");
            columns.push(at);
        }
        for (at, (name, need)) in known.iter().enumerate() {
            ensure!(*need == Need::Optional || columns.contains(&at), "the column {name} is missing");
        }
        Ok(Self { columns, separator })
    }

    /// What separates the fields.
    pub fn separator(&self) -> u8 {
        self.separator
    }

    /// The columns in the order of the file.
    pub fn columns(&self) -> &[usize] {
        &self.columns
    }

    /// The fields of a record; none for one whose fields are all empty, as spreadsheets leave them at the end.
    pub fn read(&self, record: &[u8]) -> Result<Option<StringRecord>, String> {
        if std::str::from_utf8(record).is_err() {
            return Err("is not UTF-8; save the file as UTF-8 (in Excel: CSV UTF-8)".to_owned());
        }
        let cells = fields(record, self.separator).ok_or("is not CSV")?;
        if cells.iter().all(|cell| cell.trim().is_empty()) {
            return Ok(None);
        }
        let rest_is_empty = || cells.iter().skip(self.columns.len()).all(|cell| cell.trim().is_empty());
        if cells.len() < self.columns.len() || !rest_is_empty() {
            let (has, header) = (cells.len(), self.columns.len());
            return Err(format!("has {has} fields where the header has {header}; is a quote missing?"));
        }
        Ok(Some(cells))
    }
}

/// A file of rows.
pub struct Table {
    known: &'static [(&'static str, Need)],
    records: Records<BufReader<Box<dyn Read + Send>>>,
    header: Header,
    encoding: &'static Encoding,
}

/// A row, whose fields are found by the names of their columns.
#[derive(Clone, Debug)]
pub struct Cells {
    known: &'static [(&'static str, Need)],
    columns: Vec<usize>,
    cells: StringRecord,
}

/// A row with the line on which it begins, or with what is wrong with it.
pub type TableRow = (u64, Result<Cells, String>);

impl Table {
    /// Opens a file whose columns are known, and reads its header. `named` is the encoding that somebody said it is in.
    pub fn open(
        path: &Path,
        named: Option<&'static Encoding>,
        known: &'static [(&'static str, Need)],
    ) -> anyhow::Result<Self> {
        let mut file = File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
        let encoding = encoding(&mut file, named)?;
        if encoding != UTF_8 {
            eprintln!("The file is read as {}; --encoding NAME says if it is another.", encoding.name());
        }
        let mut records = Records::new(BufReader::with_capacity(1 << 16, transcoded(file, encoding)), Format::Csv);
        let (header, separator) = read_header(&mut records)?;
        let header = Header::parse(&header, separator, known)?;
        records.separated_by(header.separator());
        Ok(Self { known, records, header, encoding })
    }

    /// The next row that is not empty.
    pub fn next_row(&mut self) -> anyhow::Result<Option<TableRow>> {
        while let Some(record) = self.records.next_record()? {
            let read = bytes(&record.content, self.encoding).and_then(|bytes| self.header.read(bytes));
            let row = match read {
                Ok(None) => continue,
                Ok(Some(cells)) => Ok(Cells { known: self.known, columns: self.header.columns().to_vec(), cells }),
                Err(reason) => Err(reason),
            };
            return Ok(Some((record.line, row)));
        }
        Ok(None)
    }
}

impl Cells {
    /// What stands in a column, without white space around it; empty where there is no such column.
    pub fn get(&self, name: &str) -> &str {
        let column = self.known.iter().position(|(known, _)| *known == name);
        let place = self.columns.iter().position(|at| Some(*at) == column);
        place.and_then(|place| self.cells.get(place)).unwrap_or_default().trim()
    }

    /// The name of the first column that holds the character U+0000, which no database takes.
    pub fn with_nul(&self) -> Option<&'static str> {
        self.known.iter().map(|(name, _)| *name).find(|name| self.get(name).contains('\0'))
    }
}

/// An encoding by its name, for the command line.
pub fn encoding_of(name: &str) -> Result<&'static Encoding, String> {
    Encoding::for_label(name.as_bytes())
        .ok_or_else(|| "is no encoding; such are UTF-8, GBK, Big5 and windows-1252".to_owned())
}

/// The encoding of a file, for which all of it is looked at. What comes through a pipe can be read once, so it has to be UTF-8 or named.
pub fn encoding(file: &mut File, named: Option<&'static Encoding>) -> anyhow::Result<&'static Encoding> {
    match named {
        Some(named) => Ok(named),
        None if file.metadata()?.is_file() => {
            let found = charset::detect(&*file)?;
            file.rewind()?;
            match found {
                Some(found) => Ok(found),
                None => bail!("{}", doubt(&*file)?),
            }
        }
        None => Ok(UTF_8),
    }
}

/// Why the encoding of a file has to be said: where the first letter is that is not UTF-8, while others are.
fn doubt(file: impl Read) -> std::io::Result<String> {
    let mut lines = BufReader::new(file).split(b'\n');
    let mut number = 0;
    let mut at = 0;
    while let Some(line) = lines.next().transpose()? {
        number += 1;
        if let Err(error) = std::str::from_utf8(&line) {
            at = error.valid_up_to() + 1;
            break;
        }
    }
    Ok(format!(
        "line {number}, byte {at}: this is no letter in UTF-8, while others of the file are. Mend it, or say how the file is written: with --encoding UTF-8 only rows with \
         such letters are refused; other encodings are GBK, Big5 and windows-1252"
    ))
}

/// The file in UTF-8. What is UTF-8 stays as it is, so that a row with a damaged letter is refused and no other.
pub fn transcoded(file: File, encoding: &'static Encoding) -> Box<dyn Read + Send> {
    if encoding == UTF_8 {
        return Box::new(file);
    }
    Box::new(DecodeReaderBytesBuilder::new().encoding(Some(encoding)).build(file))
}

/// The header of a file, with the separator that a line above it names, if there is one.
pub fn read_header(records: &mut Records<impl BufRead>) -> anyhow::Result<(Vec<u8>, Option<u8>)> {
    let first = first_record(records)?;
    match named_separator(&first) {
        Some(separator) => {
            records.separated_by(separator);
            Ok((first_record(records)?, Some(separator)))
        }
        None => Ok((first, None)),
    }
}

/// The bytes of a record, or why it can't be read.
pub fn bytes<'c>(content: &'c Content, encoding: &'static Encoding) -> Result<&'c [u8], String> {
    let bytes = match content {
        Content::Bytes(bytes) => bytes,
        Content::TooLong => return Err(format!("is longer than {RECORD_MAX} bytes")),
        Content::OpenQuote(line) => {
            return Err(format!("the quote that opens on line {line} is not closed, so nothing after it can be read"));
        }
        Content::StrayQuote(line) => {
            return Err(format!(
                "the quote that opens on line {line} is closed within a text; a quote in a text is written twice"
            ));
        }
    };
    if encoding != UTF_8 && bytes.windows(3).any(|three| three == "\u{fffd}".as_bytes()) {
        let name = encoding.name();
        return Err(format!("has characters that are none in {name}; --encoding NAME says if it is another"));
    }
    Ok(bytes)
}

fn first_record(records: &mut Records<impl BufRead>) -> anyhow::Result<Vec<u8>> {
    match records.next_record()?.context("the file is empty")?.content {
        Content::Bytes(header) => Ok(header),
        Content::TooLong => bail!("the header is longer than {RECORD_MAX} bytes"),
        Content::OpenQuote(_) | Content::StrayQuote(_) => bail!("the header has a quote too few or too many"),
    }
}

/// The separator that the first line of a file names for Excel: `sep=;`.
pub fn named_separator(line: &[u8]) -> Option<u8> {
    match line.trim_ascii_start().strip_prefix(b"\"").unwrap_or(line.trim_ascii_start()) {
        [b's' | b'S', b'e' | b'E', b'p' | b'P', b'=', separator, rest @ ..]
            if separator.is_ascii() && rest.iter().all(|byte| byte.is_ascii_whitespace() || *byte == b'"') =>
        {
            Some(*separator)
        }
        _ => None,
    }
}

fn fields(record: &[u8], separator: u8) -> Option<StringRecord> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(separator)
        .buffer_capacity(record.len().max(1))
        .from_reader(record);
    let mut fields = StringRecord::new();
    let has_one = reader.read_record(&mut fields).ok()?;
    // Whatever comes after it would be lost.
    let mut more = StringRecord::new();
    (has_one && !reader.read_record(&mut more).ok()?).then_some(fields)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    const KNOWN: &[(&str, Need)] = &[("date", Need::Required), ("count", Need::Required), ("kind", Need::Optional)];

    /// A line, and what stands there.
    type Read = (u64, Result<[String; 3], String>);

    fn read(bytes: &[u8]) -> anyhow::Result<Vec<Read>> {
        let file = tempfile::NamedTempFile::new()?;
        std::fs::write(file.path(), bytes)?;
        let mut table = Table::open(file.path(), None, KNOWN)?;
        let mut rows = Vec::new();
        while let Some((line, row)) = table.next_row()? {
            rows.push((line, row.map(|row| ["date", "count", "kind"].map(|name| row.get(name).to_owned()))));
        }
        Ok(rows)
    }

    #[test]
    fn every_spelling_of_a_table_is_the_same() {
        let wanted = [(2, Ok(["2026-11-23", "5", "订单数量按网站统计，每天一行，请核对"].map(str::to_owned)))];
        let text = "date,count,kind\n2026-11-23,5,订单数量按网站统计，每天一行，请核对\n";
        let semicolons = "\u{feff}Date;count;kind;;\r\n2026-11-23;5;订单数量按网站统计，每天一行，请核对;;\r\n;;;;\r\n";
        let tabs = "date\tcount\tkind\r2026-11-23\t5\t订单数量按网站统计，每天一行，请核对\r";
        let (gbk, ..) = encoding_rs::GBK.encode(text);
        let utf_16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        for bytes in [text.as_bytes(), semicolons.as_bytes(), tabs.as_bytes(), &gbk, &utf_16] {
            assert_eq!(read(bytes).unwrap(), wanted, "{bytes:?}");
        }
        let named = read("sep=;\ndate;count\n2026-11-23;5\n".as_bytes()).unwrap();
        assert_eq!(named, [(3, Ok(["2026-11-23", "5", ""].map(str::to_owned)))]);
    }

    #[test]
    fn a_damaged_letter_in_a_short_file_refuses_it_and_says_where() {
        let bytes = [&b"date,count,kind\n2026-11-23,5,"[..], "Größe".as_bytes(), b"\n2026-11-24,6,caf\xe9\n"].concat();
        let error = format!("{:#}", read(&bytes).unwrap_err());
        assert!(error.starts_with("line 3, byte 17: this is no letter in UTF-8"), "{error}");
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), &bytes).unwrap();
        let mut table = Table::open(file.path(), Some(UTF_8), KNOWN).unwrap();
        let (_, row) = table.next_row().unwrap().unwrap();
        assert_eq!(row.unwrap().get("kind"), "Größe");
        let (line, row) = table.next_row().unwrap().unwrap();
        assert_eq!((line, row.is_err()), (3, true));
    }

    #[test]
    fn what_can_t_be_read_is_named_by_its_line() {
        let rows = read(b"date,count\n2026-11-23\n2026-11-24,\"5\n2026-11-25,6\n").unwrap();
        let said: Vec<String> = rows.into_iter().map(|(line, row)| format!("{line}: {}", row.unwrap_err())).collect();
        assert_eq!(said[0], "2: has 1 fields where the header has 2; is a quote missing?");
        assert!(said[1].starts_with("3: the quote that opens on line 3 is not closed"), "{said:?}");
        for (wrong, why) in [
            ("date,number\n", "no column \"number\""),
            ("date\n", "count is missing"),
            ("date,count,date\n", "twice"),
            ("", "empty"),
        ] {
            let error = format!("{:#}", read(wrong.as_bytes()).unwrap_err());
            assert!(error.contains(why), "{error}");
        }
    }
}
