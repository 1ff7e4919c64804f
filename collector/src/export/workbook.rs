//! A workbook of Excel, whose rows wait in a temporary file and not in memory.

use std::io::{Seek, Write};

use rust_xlsxwriter::{Workbook as Book, Worksheet, XlsxError};
use serde_json::Value;

/// Rows of one sheet; Excel opens no more than 1,048,576.
const ROWS_MAX: u32 = 1_000_000;
/// The longest text of a cell that Excel opens, in UTF-16 units.
const TEXT_MAX: usize = 32_767;

/// A workbook that is being written.
pub struct Workbook {
    book: Book,
    columns: Vec<String>,
    /// Rows of the last sheet, its heading among them; more of them begin a new one.
    rows: u32,
    /// What the columns mean, on a sheet of their own.
    descriptions: Vec<Description>,
}

/// The name of a column, and what it means.
pub type Description = (String, &'static str);

/// The widths of the sheet that says what columns mean, in letters.
const WIDTHS: [f64; 2] = [24.0, 90.0];

impl Workbook {
    /// An empty one with these columns.
    pub fn new(columns: impl IntoIterator<Item: Into<String>>) -> Self {
        let columns = columns.into_iter().map(Into::into).collect();
        Self { book: Book::new(), columns, rows: ROWS_MAX, descriptions: Vec::new() }
    }

    /// The same with a last sheet that says what the columns mean.
    pub fn described(self, descriptions: Vec<Description>) -> Self {
        Self { descriptions, ..self }
    }

    /// Adds a sheet of lines, each a name and what is said of it.
    pub fn add_notes(&mut self, name: &str, lines: &[(String, Value)]) -> Result<(), XlsxError> {
        let sheet = self.book.add_worksheet();
        sheet.set_name(name)?;
        for (at, width) in (0..).zip(WIDTHS) {
            sheet.set_column_width(at, width)?;
        }
        for (row, (name, value)) in (0..).zip(lines) {
            sheet.write_string(row, 0, name)?;
            write(sheet, row, 1, value)?;
        }
        Ok(())
    }

    /// Adds rows.
    pub fn add(&mut self, rows: &[Vec<Value>]) -> Result<(), XlsxError> {
        for row in rows {
            if self.rows >= ROWS_MAX {
                let sheet = self.book.add_worksheet_with_constant_memory()?;
                for (at, name) in (0..).zip(&self.columns) {
                    sheet.write_string(0, at, name)?;
                }
                self.rows = 1;
            }
            let last = self.book.worksheets().len() - 1;
            let sheet = self.book.worksheet_from_index(last)?;
            for (at, value) in (0..).zip(row) {
                write(sheet, self.rows, at, value)?;
            }
            self.rows += 1;
        }
        Ok(())
    }

    /// Writes it.
    pub fn save(mut self, to: impl Write + Seek + Send) -> Result<(), XlsxError> {
        if self.book.worksheets().is_empty() {
            let sheet = self.book.add_worksheet();
            for (at, name) in (0..).zip(&self.columns) {
                sheet.write_string(0, at, name)?;
            }
        }
        if !self.descriptions.is_empty() {
            let sheet = self.book.add_worksheet();
            sheet.set_name("Columns")?;
            for (at, width) in (0..).zip(WIDTHS) {
                sheet.set_column_width(at, width)?;
            }
            let head = ("column".to_owned(), "meaning");
            for (row, (name, meaning)) in (0..).zip([&head].into_iter().chain(&self.descriptions)) {
                sheet.write_string(row, 0, name)?;
                sheet.write_string(row, 1, *meaning)?;
            }
        }
        self.book.save_to_writer(to)
    }
}

/// Writes a cell. What was typed is written as text, which Excel never runs.
fn write(sheet: &mut Worksheet, row: u32, column: u16, value: &Value) -> Result<(), XlsxError> {
    match value {
        Value::Null => Ok(()),
        Value::Number(number) => sheet.write_number(row, column, number.as_f64().unwrap_or_default()).map(|_| ()),
        Value::Bool(holds) => sheet.write_boolean(row, column, *holds).map(|_| ()),
        Value::String(text) => sheet.write_string(row, column, fitting(text)).map(|_| ()),
        Value::Array(all) => {
            let texts: Vec<&str> = all.iter().filter_map(Value::as_str).collect();
            sheet.write_string(row, column, fitting(&texts.join(", "))).map(|_| ())
        }
        Value::Object(_) => sheet.write_string(row, column, fitting(&value.to_string())).map(|_| ()),
    }
}

/// A text cut where Excel would refuse the file.
fn fitting(text: &str) -> &str {
    let mut units = 0;
    for (at, letter) in text.char_indices() {
        units += letter.len_utf16();
        if units > TEXT_MAX {
            return &text[..at];
        }
    }
    text
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_workbook_is_written_also_without_rows() {
        for rows in [vec![], vec![vec![json!(7), json!("=1+1"), json!(["a", "b"]), Value::Null]]] {
            let mut book = Workbook::new(vec!["number", "message", "tags", "solved"]);
            book.add(&rows).unwrap();
            let mut file = std::io::Cursor::new(Vec::new());
            book.save(&mut file).unwrap();
            assert!(file.get_ref().starts_with(b"PK"));
        }
        assert_eq!(fitting(&"😀".repeat(20_000)).chars().count(), 16_383);
    }
}
