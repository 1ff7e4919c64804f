//! A report as a download.

use axum::http::header;
use axum::response::{IntoResponse, Response};

use super::{Report, csv, xlsx};
use crate::http::Result;

const CSV: &str = "text/csv; charset=utf-8";
const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// A table for spreadsheets.
pub fn table(report: &Report) -> Response {
    file(report, "csv", CSV, csv::text(report))
}

/// A workbook.
pub fn workbook(report: &Report) -> Result<Response> {
    Ok(file(report, "xlsx", XLSX, xlsx::bytes(report)?))
}

fn file(report: &Report, ending: &str, media_type: &str, bytes: Vec<u8>) -> Response {
    let name = format!("attachment; filename=\"{}.{ending}\"", report.report.as_str());
    let headers = [(header::CONTENT_TYPE, media_type.to_owned()), (header::CONTENT_DISPOSITION, name)];
    (headers, bytes).into_response()
}
