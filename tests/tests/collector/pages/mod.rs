//! The customer's pages and API.

mod api;
mod entry;
pub mod form;
mod languages;
mod masked;
mod status;

pub use form::Form;
use reqwest::StatusCode;
use sayso::cases::staff::{self, Body, FollowUp, Remedy, Resolution};
use sayso::cases::{Case, Outcome};
use sayso_tests::{Answer, Client, TestApp};

const MEMBER: &str = "018f3a1e-0000-7000-8000-00000000aaaa";

async fn count(app: &TestApp, table: &str) -> i64 {
    let select = format!("select count(*) from {table}");
    sayso::with_db!(&app.app.db, pool => sqlx::query_scalar(sqlx::AssertSqlSafe(select)).fetch_one(pool).await).unwrap()
}

/// Adds the member Lin, who answers.
async fn add_member(app: &TestApp) {
    let insert = "insert into members (id, email, name, role, lang, created_at) values ($1, 'lin@acme.example', 'Lin', 'agent', 'en', 0)";
    sayso::with_write!(&app.app.db, pool => sqlx::query(insert).bind(MEMBER).execute(pool).await.map(|_| ())).unwrap();
}

/// Lin answers, and what that means for the case follows.
async fn answer(app: &TestApp, code: &str, body: &str, then: FollowUp) {
    let case = Case::by_code(&app.app, code).await.unwrap();
    staff::reply(&app.app, &case.id, MEMBER, &Body::parse(body).unwrap(), then).await.unwrap();
}

fn upheld() -> FollowUp {
    let remedy = Remedy::parse("Refund of the delivery fee").unwrap();
    FollowUp::Resolve(Resolution { outcome: Some(Outcome::Upheld), remedy: Some(remedy), cost: None })
}

async fn status_of(app: &TestApp, code: &str) -> String {
    Case::by_code(&app.app, code).await.unwrap().status
}

/// A page, which must be there.
pub async fn page(client: &Client, path: &str) -> Answer {
    let answer = client.get(path).await;
    assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.body);
    assert!(answer.header("content-type").starts_with("text/html"), "{path}");
    answer
}

/// Follows the redirect after a form was taken.
pub async fn follow(client: &Client, answer: &Answer) -> Answer {
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    page(client, answer.location()).await
}

pub async fn send(client: &Client, form: &Form) -> Answer {
    let fields: Vec<(&str, &str)> = form.fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    client.post_form(&form.action, &fields).await
}
