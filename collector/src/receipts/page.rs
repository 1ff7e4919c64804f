//! `/receipt`: whether a receipt holds, and of what.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use sayso_shared::limits::MESSAGE_MAX;

use super::keys;
use super::statement::{RECEIPT_MAX_BYTES, ReceiptError, Statement};
use crate::app::App;
use crate::assets::{self, MARK};
use crate::clock::{Millis, parse_rfc3339};
use crate::http::Result;
use crate::pages::form::Form;
use crate::pages::visit::{Shell, Visit};

#[derive(Template)]
#[template(path = "receipts/check.html")]
struct CheckPage {
    shell: Shell,
    action: String,
    receipt: String,
    text: String,
    verdict: Option<Result<Statement, ReceiptError>>,
}

impl CheckPage {
    fn new(visit: &Visit, receipt: String, text: String, verdict: Option<Result<Statement, ReceiptError>>) -> Self {
        Self { shell: Shell::plain(visit), action: visit.carry("/receipt", &[]), receipt, text, verdict }
    }

    fn statement(&self) -> Option<&Statement> {
        self.verdict.as_ref()?.as_ref().ok()
    }

    fn refusal(&self) -> Option<&str> {
        let key = match self.verdict.as_ref()?.as_ref().err()? {
            ReceiptError::Unreadable => "pages.receipt.unreadable",
            ReceiptError::UnknownKey => "pages.receipt.unknown_key",
            ReceiptError::Altered => "pages.receipt.altered",
            ReceiptError::OtherText => "pages.receipt.other_text",
        };
        Some(self.shell.t.get(key))
    }

    fn received_at(&self) -> Option<Millis> {
        parse_rfc3339(&self.statement()?.received_at)
    }
}

/// `GET /receipt`.
pub(super) async fn show(visit: Visit) -> Result<Response> {
    visit.page(StatusCode::OK, &CheckPage::new(&visit, String::new(), String::new(), None))
}

/// `POST /receipt`.
pub(super) async fn check(State(app): State<App>, visit: Visit, form: Form) -> Result<Response> {
    let (receipt, text) = (form.text("receipt"), form.text("text"));
    let keys = keys::known(&app.db).await?;
    let verdict = Statement::verify(&receipt, &keys).and_then(|statement| match text.trim() {
        "" => Ok(statement),
        text => statement.is_of(text).map(|()| statement),
    });
    let status = if verdict.is_ok() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let receipt = receipt.chars().take(RECEIPT_MAX_BYTES).collect();
    visit.page(status, &CheckPage::new(&visit, receipt, text, Some(verdict)))
}
