//! Bodies that bring many rows at once.

use sayso_shared::fields::Fields;
use sayso_shared::problem::ErrorCode;
use serde_json::Value;

/// The list `rows` of a body: 1 to `most` of them. None are read where something is wrong with it, which is noted.
pub(super) fn rows(fields: &mut Fields, most: usize) -> Vec<Value> {
    let (code, detail) = match fields.value("rows") {
        Some(Value::Array(rows)) if (1..=most).contains(&rows.len()) => return rows,
        Some(Value::Array(rows)) => {
            let code = if rows.is_empty() { ErrorCode::TooShort } else { ErrorCode::TooLong };
            (code, format!("must have 1 to {most} rows"))
        }
        Some(_) => (ErrorCode::Invalid, "must be a list of rows".to_owned()),
        None => (ErrorCode::Required, "is required".to_owned()),
    };
    fields.refuse("rows", code, detail);
    Vec::new()
}
