//! What was entrusted: masked on every way in, receipted, and looked for in everything that is stored.

mod answers;
mod consent;
mod customers;
mod erased_again;
mod erasure;
mod keys;
mod masking;
mod my_cases;
mod parted;
mod quarantined;
mod receipts;
mod retention;
mod signing_in;
mod survey_answers;
mod watching;

use reqwest::StatusCode;
use sayso::jobs::run_due;
use sayso_tests::TestApp;
use serde_json::Value;

use crate::access::Program;

/// Submits feedback, and does what follows; gives its code, and the case as programs read it.
async fn submit(app: &TestApp, program: &Program<'_>, feedback: Value) -> (String, Value) {
    let receipt = app.client().submit(feedback).await;
    assert_eq!(receipt.status, StatusCode::CREATED, "{}", receipt.body);
    run_due(&app.app).await.unwrap();
    let code = receipt.json()["code"].as_str().unwrap().to_owned();
    let found = program.get(&format!("?q={code}")).await.json();
    (code, found["cases"][0].clone())
}

/// The identifiers of the cases of a customer, the oldest first.
async fn cases_of(program: &Program<'_>, customer: &str) -> Vec<String> {
    let page = program.get(&format!("?customer={customer}&order=oldest")).await.json();
    page["cases"].as_array().unwrap().iter().map(|case| case["id"].as_str().unwrap().to_owned()).collect()
}

/// Every text of every table, the search index included, a line for each row.
pub async fn everything_stored(app: &TestApp) -> String {
    let db = &app.app.db;
    let columns = match db {
        sayso::Db::Sqlite(_) => {
            "select m.name, c.name from sqlite_master m join pragma_table_info(m.name) c where m.type = 'table' and lower(c.type) = 'text'"
        }
        sayso::Db::Postgres(_) => {
            "select table_name::text, column_name::text from information_schema.columns where table_schema = current_schema() and data_type = 'text'"
        }
    };
    let columns: Vec<(String, String)> =
        sayso::with_db!(db, pool => sqlx::query_as(columns).fetch_all(pool).await).unwrap();
    assert!(columns.len() > 100, "{} columns", columns.len());
    let mut all = String::new();
    for (table, column) in columns {
        let select =
            sqlx::AssertSqlSafe(format!("select \"{column}\" from \"{table}\" where \"{column}\" is not null"));
        let values: Vec<String> =
            sayso::with_db!(db, pool => sqlx::query_scalar(select).fetch_all(pool).await).unwrap();
        all.extend(values.iter().map(|value| format!("{table}.{column}: {value}\n")));
    }
    all
}
