//! `/t/`: enter a tracking code. By POST, so that codes that somebody mistyped stand in no log and no history.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::form::Form;
use super::visit::{Shell, Visit};
use crate::app::App;
use crate::assets::{self, MARK};
use crate::cases::Case;
use crate::http::client::ClientAddress;
use crate::http::{Error, Result};

/// `GET /t/`.
pub async fn show(visit: Visit) -> Result<Response> {
    visit.page(StatusCode::OK, &LookupPage::new(&visit, String::new(), Answer::NotYet))
}

/// `POST /t/`: on to the case.
pub async fn find(State(app): State<App>, client: ClientAddress, visit: Visit, form: Form) -> Result<Response> {
    let typed = form.text("code");
    match case(&app, client, &typed).await {
        Ok(case) => Ok(visit.go_to(&format!("/t/{}", case.code(&app.keys)?), &[])),
        Err(Error::NotFound(_)) => unknown(&visit, &typed),
        Err(other) => Err(other),
    }
}

/// Looks a code up for a client, who may do so only so often.
pub async fn case(app: &App, client: ClientAddress, typed: &str) -> Result<Case> {
    app.limits.check_code(client)?;
    Ok(Case::by_code(app, typed).await?)
}

/// The one answer to every code that opens no case, whether it never was one, is mistyped, or belonged to something once.
pub fn unknown(visit: &Visit, typed: &str) -> Result<Response> {
    // What is much longer than a code is no mistake worth mending.
    let typed: String = typed.chars().take(64).filter(|c| !c.is_control()).collect();
    visit.page(StatusCode::NOT_FOUND, &LookupPage::new(visit, typed, Answer::Unknown))
}

#[derive(Template)]
#[template(path = "pages/lookup.html")]
struct LookupPage {
    shell: Shell,
    action: String,
    typed: String,
    answer: Answer,
}

/// What came of the code that was entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    NotYet,
    Unknown,
}

impl LookupPage {
    fn new(visit: &Visit, typed: String, answer: Answer) -> Self {
        Self { shell: Shell::plain(visit), action: visit.carry("/t/", &[]), typed, answer }
    }

    fn is_unknown(&self) -> bool {
        self.answer == Answer::Unknown
    }
}
