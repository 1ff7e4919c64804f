//! Files that customers attach.

mod claim;
mod download;
mod form;
mod store;
mod upload;

use reqwest::StatusCode;
use sayso::with_db;
use sayso_tests::{Answer, Client, TestApp};
use serde_json::{Value, json};

/// The smallest picture that there is.
const GIF: &[u8] = b"GIF89a\x01\0\x01\0\0\0\0\x2c\0\0\0\0\x01\0\x01\0\0\x02\0;";

async fn count(app: &TestApp, table: &str) -> i64 {
    let select = format!("select count(*) from {table}");
    with_db!(&app.app.db, pool => sqlx::query_scalar(sqlx::AssertSqlSafe(select)).fetch_one(pool).await).unwrap()
}

/// The names of the files in the folder.
fn stored(app: &TestApp) -> Vec<String> {
    let entries = std::fs::read_dir(app.data.path().join("attachments")).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

/// Uploads a picture and gives the upload's id.
async fn upload(client: &Client, name: &str) -> String {
    let answer = client.upload(name, GIF).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
    answer.json()["id"].as_str().unwrap().to_owned()
}

fn with_files(ids: &[&str]) -> Value {
    json!({"kind": "complaint", "message": "The parcel came torn", "attachments": ids})
}

/// The code in the answer to an accepted submission.
fn code(answer: &Answer) -> String {
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
    answer.json()["code"].as_str().unwrap().to_owned()
}

/// The files of a case, as its customer's API names them.
async fn files(client: &Client, code: &str) -> Vec<Value> {
    client.get(&format!("/api/v1/feedback/{code}")).await.json()["attachments"].as_array().unwrap().clone()
}
