//! What a record says: the fields of the public API, and where and when the feedback was given.

use sayso_shared::limits::REFERENCE_MAX;
use sayso_shared::text::Text;
use serde_json::{Map, Value};

use super::table::{Header, Need};
use crate::clock::{Millis, parse_rfc3339};
use crate::json::{self, JsonError, REPEATED};

/// A row as it was read, not yet held to the rules of its site.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Row {
    /// The key of the site, if the row names one.
    pub site: Option<String>,
    /// What the row is called where it comes from.
    pub external_id: Option<String>,
    /// When the feedback was given.
    pub received_at: Option<Millis>,
    /// The feedback, as the public API takes it.
    pub feedback: Value,
}

/// Why a row is not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowError {
    /// The column or field, empty for the row as a whole.
    pub field: String,
    /// A sentence without what the row holds, since it may be personal.
    pub reason: String,
}

/// What the columns of a CSV file mean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Columns(Header);

/// How the text of a cell becomes a value.
#[derive(Clone, Copy)]
enum Cell {
    Text,
    /// A word of ours, however its first letter is written.
    Word,
    Number,
    Truth,
    Json,
}

/// Every column: its name, and where its value stands in the feedback; what is about the row stands beside it.
const COLUMNS: [(&str, &[&str], Cell); 20] = [
    ("site", &["site"], Cell::Text),
    ("external_id", &["external_id"], Cell::Text),
    ("received_at", &["received_at"], Cell::Text),
    ("kind", &["kind"], Cell::Word),
    ("message", &["message"], Cell::Text),
    ("category", &["category"], Cell::Text),
    ("rating", &["rating"], Cell::Number),
    ("importance", &["importance"], Cell::Number),
    ("desired_outcome", &["desired_outcome"], Cell::Text),
    ("reference", &["reference"], Cell::Text),
    ("contact_name", &["contact", "name"], Cell::Text),
    ("contact_email", &["contact", "email"], Cell::Text),
    ("contact_phone", &["contact", "phone"], Cell::Text),
    ("consent", &["consent"], Cell::Truth),
    ("locale", &["locale"], Cell::Text),
    ("page_url", &["page", "url"], Cell::Text),
    ("page_title", &["page", "title"], Cell::Text),
    ("page_referrer", &["page", "referrer"], Cell::Text),
    ("context", &["context"], Cell::Json),
    ("composed_at", &["composed_at"], Cell::Text),
];

/// The columns that a file must have.
const REQUIRED: [&str; 2] = ["kind", "message"];

/// What the public API takes and a file can't bring along.
const NOT_IMPORTED: [&str; 3] = ["identity", "attachments", "proof"];

impl Columns {
    /// Reads the header of a CSV file. `separator` is the one that the file names, if it does.
    pub fn parse(header: &[u8], separator: Option<u8>) -> anyhow::Result<Self> {
        let need = |name| if REQUIRED.contains(&name) { Need::Required } else { Need::Optional };
        let known = COLUMNS.map(|(name, ..)| (name, need(name)));
        Header::parse(header, separator, &known).map(Self)
    }

    /// What separates the fields.
    pub fn separator(&self) -> u8 {
        self.0.separator()
    }

    /// Reads a record; none for one whose fields are all empty, as spreadsheets leave them at the end.
    pub fn read(&self, record: &[u8]) -> Result<Option<Row>, Vec<RowError>> {
        let Some(cells) = self.0.read(record).map_err(whole)? else { return Ok(None) };
        let mut object = Map::new();
        let mut refusals = Vec::new();
        for (at, cell) in self.0.columns().iter().zip(cells.iter()).filter(|(_, cell)| !cell.trim().is_empty()) {
            let (name, path, how) = COLUMNS[*at];
            match how.value(cell) {
                Ok(value) => put(&mut object, path, value),
                Err(reason) => refusals.push(RowError { field: name.to_owned(), reason }),
            }
        }
        of_object(object, refusals).map(Some)
    }
}

/// Reads a line of JSON.
pub fn read_json(record: &[u8]) -> Result<Row, Vec<RowError>> {
    let text = std::str::from_utf8(record).map_err(|_| whole("is not UTF-8"))?;
    match json::parse(text) {
        Ok(Value::Object(object)) => of_object(object, Vec::new()),
        Ok(_) => Err(whole("is not a JSON object")),
        Err(JsonError::Syntax(error)) => Err(whole(format!("is not JSON (column {})", error.column()))),
        Err(JsonError::Repeated(pointers)) => {
            let refuse = |pointer: &String| RowError { field: field_name(pointer, false), reason: REPEATED.to_owned() };
            Err(pointers.iter().map(refuse).collect())
        }
    }
}

/// The name of a column or field for the pointer of an error.
pub fn field_name(pointer: &str, is_csv: bool) -> String {
    let name = pointer.trim_start_matches('/');
    name.replace('/', if is_csv { "_" } else { "." })
}

fn of_object(mut object: Map<String, Value>, mut refusals: Vec<RowError>) -> Result<Row, Vec<RowError>> {
    let mut refuse =
        |field: &str, reason: &str| refusals.push(RowError { field: field.to_owned(), reason: reason.to_owned() });
    for name in NOT_IMPORTED.iter().filter(|name| object.get(**name).is_some_and(|value| !value.is_null())) {
        refuse(name, "can't be imported");
    }
    let mut take = |name: &str| match object.remove(name) {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        Some(Value::Number(number)) if name == "external_id" => Some(number.to_string()),
        Some(_) => {
            refuse(name, "must be a string");
            None
        }
    };
    let (site, external_id, received_at) = (take("site"), take("external_id"), take("received_at"));
    if let Some(Err(error)) = external_id.as_deref().map(Text::<REFERENCE_MAX>::parse) {
        refuse("external_id", &error.detail);
    }
    let received = received_at.as_deref().map(parse_rfc3339);
    if received == Some(None) {
        refuse("received_at", "must be a time as in RFC 3339, such as 2026-11-22T10:00:00+08:00");
    }
    let row = Row { site, external_id, received_at: received.flatten(), feedback: Value::Object(object) };
    if refusals.is_empty() { Ok(row) } else { Err(refusals) }
}

impl Cell {
    /// The value of a cell. A number or truth value that is none stays a text, so that the API's own check refuses it.
    fn value(self, cell: &str) -> Result<Value, String> {
        let word = cell.trim();
        Ok(match self {
            Cell::Text => cell.into(),
            Cell::Word => word.to_lowercase().into(),
            Cell::Number => whole_number(word).map_or_else(|| word.into(), Value::from),
            Cell::Truth => match word.to_lowercase().as_str() {
                "true" | "yes" | "1" | "是" => true.into(),
                "false" | "no" | "0" | "否" => false.into(),
                _ => word.into(),
            },
            Cell::Json => json::parse(word).map_err(|error| match error {
                JsonError::Syntax(_) => "is not JSON".to_owned(),
                JsonError::Repeated(_) => format!("is JSON in which {error}"),
            })?,
        })
    }
}

/// A whole number as spreadsheets write it: `5`, `5.0`, `5,00`.
fn whole_number(word: &str) -> Option<i64> {
    let (whole, rest) = word.split_once(['.', ',']).unwrap_or((word, ""));
    rest.bytes().all(|digit| digit == b'0').then(|| whole.parse().ok())?
}

fn put(object: &mut Map<String, Value>, path: &[&str], value: Value) {
    match path {
        [name] => drop(object.insert((*name).to_owned(), value)),
        [outer, name, ..] => {
            let nested = object.entry(*outer).or_insert_with(|| Value::Object(Map::new()));
            nested[*name] = value;
        }
        [] => {}
    }
}

fn whole(reason: impl Into<String>) -> Vec<RowError> {
    vec![RowError { field: String::new(), reason: reason.into() }]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::import::table::named_separator;

    fn read(header: &str, record: &str) -> Result<Option<Row>, Vec<RowError>> {
        Columns::parse(header.as_bytes(), None).expect("a good header").read(record.as_bytes())
    }

    #[test]
    fn cells_become_the_fields_of_the_api() {
        let header =
            "Site, kind,message,rating,contact_name,contact_email,consent,page_url,context,received_at,external_id";
        let row = read(
            header,
            "acme,praise,\"很好，\r\n\"\"谢谢\"\"\",5,李雷,,yes,https://a.example,\"{\"\"cart\"\": 2}\",2025-11-22T18:00:00+08:00, 7 ",
        );
        let row = row.expect("it can be read").expect("it is not empty");
        assert_eq!(
            (row.site.as_deref(), row.external_id.as_deref(), row.received_at),
            (Some("acme"), Some("7"), Some(1_763_805_600_000))
        );
        let feedback = json!({"kind": "praise", "message": "很好，\r\n\"谢谢\"", "rating": 5, "contact": {"name": "李雷"},
            "consent": true, "page": {"url": "https://a.example"}, "context": {"cart": 2}});
        assert_eq!(row.feedback, feedback);
        assert_eq!(
            read("kind;message;rating", "praise;a, b;x").expect("semicolons").expect("a row").feedback["rating"],
            "x"
        );
        assert_eq!(read("kind,message", " ,"), Ok(None), "what spreadsheets leave at the end");
    }

    #[test]
    fn what_spreadsheets_make_of_a_table_is_read() {
        let row = read("kind;message;rating;;", "Complaint;late;5.0;;").expect("a row").expect("a row");
        assert_eq!(row.feedback, json!({"kind": "complaint", "message": "late", "rating": 5}));
        assert!(read("kind,message", "praise,good,,").expect("empty cells at the end").is_some());
        assert!(read("kind,message", "praise,good,,x").is_err());
        for (word, number) in
            [("5", Some(5)), ("5.0", Some(5)), ("5,00", Some(5)), ("4.5", None), ("x", None), (".0", None)]
        {
            assert_eq!(whole_number(word), number, "{word}");
        }
        assert_eq!(
            [b"sep=;".as_slice(), b"SEP=,", b"\"sep=\t\"", b"kind;m", b"sep=;x"].map(named_separator),
            [Some(b';'), Some(b','), Some(b'\t'), None, None]
        );
    }

    #[test]
    fn a_header_that_is_wrong_refuses_the_file() {
        let error = |header: &[u8]| Columns::parse(header, None).expect_err("a bad header").to_string();
        assert!(
            error(b"kind,message,colour")
                .contains("there is no column \"colour\"; the columns are site, external_id, received_at, kind, ")
        );
        assert!(error(b"kind,message,Kind").contains("twice"));
        assert!(error(b"kind,rating").contains("the column message is missing"));
        assert!(error(b"kind,message,\xb1\xb8").contains("UTF-8"));
        assert!(error("kind,".repeat(65).as_bytes()).contains("at most 64"));
        assert!(error(b",").contains("there is no column"));
    }

    #[test]
    fn what_is_wrong_is_named_by_its_column() {
        let fields = |result: Result<Option<Row>, Vec<RowError>>| -> Vec<String> {
            result.expect_err("a bad row").into_iter().map(|refusal| refusal.field).collect()
        };
        let header = "kind,message,context,received_at,external_id";
        let long = "x".repeat(101);
        assert_eq!(
            fields(read(header, &format!("a,b,{{,yesterday,{long}"))),
            ["context", "external_id", "received_at"]
        );
        assert_eq!(fields(read(header, "a,b")), [""]);
        assert_eq!(fields(Columns::parse(b"kind,message", None).expect("good").read(b"praise,\xb1\xb8")), [""]);
        let json = read_json(
            br#"{"kind": "praise", "site": 1, "identity": "a.b.c", "attachments": ["x"], "received_at": []}"#,
        );
        assert_eq!(fields(json.map(Some)), ["identity", "attachments", "site", "received_at"]);
        let twice = read_json(br#"{"message": "x", "contact": {"email": "a", "email": "b"}, "message": "y"}"#);
        assert_eq!(fields(twice.map(Some)), ["contact.email", "message"]);
        let twice = read("kind,message,context", r#"praise,x,"{""a"": 1, ""a"": 2}""#).expect_err("a bad row");
        assert_eq!(twice[0].reason, "is JSON in which /a is there more than once");
        for broken in ["[1]", "{\"kind\":", "\"x\"", "{} {}", "\u{feff}{}"] {
            assert_eq!(fields(read_json(broken.as_bytes()).map(Some)), [""], "{broken}");
        }
        assert_eq!(
            read_json(br#"{"external_id": 17, "message": "x"}"#).expect("good").external_id.as_deref(),
            Some("17")
        );
        assert_eq!(
            (field_name("/contact/email", true), field_name("/contact/email", false)),
            ("contact_email".into(), "contact.email".into())
        );
    }

    proptest! {
        #[test]
        fn any_record_is_read_or_refused(bytes: Vec<u8>, text in "\\PC{0,60}") {
            let columns = Columns::parse(b"kind,message,context", None).expect("a good header");
            for record in [&bytes[..], text.as_bytes()] {
                let _ = columns.read(record);
                let _ = read_json(record);
                let _ = Columns::parse(record, named_separator(record));
            }
        }

        #[test]
        fn what_was_written_is_read(message in "[a-z\",;\n\r 你好]{0,20}[a-z]", rating in 1i64..6) {
            let mut writer = csv::Writer::from_writer(Vec::new());
            writer.write_record(["praise", &message, &rating.to_string()]).expect("memory can be written");
            let record = writer.into_inner().expect("memory can be written");
            let columns = Columns::parse(b"kind,message,rating", None).expect("a good header");
            let row = columns.read(&record).expect("it is a row").expect("it is not empty");
            prop_assert_eq!(row.feedback, json!({"kind": "praise", "message": message, "rating": rating}));
        }
    }
}
