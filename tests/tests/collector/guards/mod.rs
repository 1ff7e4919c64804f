//! What stands between the world and the inbox.

mod entry;
mod hosts;
mod limits;
mod proof;
mod quarantine;
mod sign_in;
mod streams;
mod uploads;

use reqwest::Method;
use sayso_tests::{Answer, Client, Options, TestApp};
use serde_json::{Value, json};

/// A collector whose limits are changed by `settings`, behind a proxy on this machine.
fn with_limits(settings: impl FnOnce(&mut sayso::config::Limits) + Send + 'static) -> Options {
    let settings = move |config: &mut sayso::Config| {
        config.trusted_proxies = vec!["127.0.0.1/32".parse().expect("a network")];
        settings(&mut config.limits);
    };
    Options { settings: Box::new(settings), ..Options::default() }
}

/// Submits praise to the site `acme` from an address.
async fn praise_from(client: &Client, address: &str, key: &str, proof: Option<&str>) -> Answer {
    let request = client.request(Method::POST, "/api/v1/sites/acme/feedback");
    let request = request.header("origin", TestApp::ORIGIN).header("idempotency-key", key);
    client.send(request.header("x-forwarded-for", address).json(&praise(proof))).await
}

fn praise(proof: Option<&str>) -> Value {
    json!({"kind": "praise", "message": "很好", "proof": proof})
}

fn new_key() -> String {
    uuid::Uuid::new_v4().to_string()
}

async fn count(app: &TestApp, table: &str) -> i64 {
    let select = format!("select count(*) from {table}");
    sayso::with_db!(&app.app.db, pool => sqlx::query_scalar(sqlx::AssertSqlSafe(select)).fetch_one(pool).await).unwrap()
}
