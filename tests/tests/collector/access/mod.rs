//! Other ways in: identities that a site signs, programs with a token, files.

mod api;
mod deliveries;
mod events;
pub mod identity;
mod import;
mod operations;
mod targets;
mod tokens;

use reqwest::Method;
use sayso::auth::member::Name;
use sayso::auth::token::{Scope, Token};
use sayso_tests::{Answer, TestApp};
use serde_json::Value;

/// A program of the staff.
pub struct Program<'a> {
    app: &'a TestApp,
    token: String,
}

impl<'a> Program<'a> {
    /// One with a new token.
    pub async fn with(app: &'a TestApp, name: &str, scopes: &[Scope]) -> Self {
        let name = Name::parse(name).unwrap();
        let bearer =
            Token::add(&app.app.db, &app.app.keys, &name, scopes, &sayso::audit::Stamp::command(app.app.clock.now()))
                .await
                .unwrap();
        Self { app, token: bearer.reveal().to_owned() }
    }

    /// One that may do everything.
    pub async fn new(app: &'a TestApp) -> Self {
        Self::with(app, "CRM", Scope::ALL).await
    }

    /// One that may do everything, under another name.
    pub async fn new_named(app: &'a TestApp, name: &str) -> Self {
        Self::with(app, name, Scope::ALL).await
    }

    /// Fetches a path below `/api/v1/cases`.
    pub async fn get(&self, path: &str) -> Answer {
        let client = self.app.client();
        client.send(client.request(Method::GET, &format!("/api/v1/cases{path}")).bearer_auth(&self.token)).await
    }

    /// Posts to a path below `/api/v1/cases` with a new key.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.post_with_key(path, body, &uuid::Uuid::new_v4().to_string()).await
    }

    /// Posts with this key.
    pub async fn post_with_key(&self, path: &str, body: &Value, key: &str) -> Answer {
        let client = self.app.client();
        let request = client.request(Method::POST, &format!("/api/v1/cases{path}")).bearer_auth(&self.token);
        client.send(request.header("idempotency-key", key).json(body)).await
    }
}

impl Program<'_> {
    /// Its token.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Fetches an address.
    pub async fn get_at(&self, address: &str) -> Answer {
        let client = self.app.client();
        client.send(client.request(Method::GET, address).bearer_auth(&self.token)).await
    }

    /// Posts to an address with a new key.
    pub async fn post_at(&self, address: &str, body: &Value) -> Answer {
        let client = self.app.client();
        let request = client.request(Method::POST, address).bearer_auth(&self.token);
        client.send(request.header("idempotency-key", uuid::Uuid::new_v4().to_string()).json(body)).await
    }

    /// Changes what is at an address.
    pub async fn patch_at(&self, address: &str, body: &Value) -> Answer {
        let client = self.app.client();
        client.send(client.request(Method::PATCH, address).bearer_auth(&self.token).json(body)).await
    }

    /// Changes a case, if it is still at a version.
    pub async fn patch(&self, id: &str, body: &Value, version: Option<i64>) -> Answer {
        match version {
            Some(version) => self.patch_if(id, body, &format!("\"{version}\"")).await,
            None => self.patch_at(&format!("/api/v1/cases/{id}"), body).await,
        }
    }

    /// Posts if the case is still at this version.
    pub async fn post_if(&self, path: &str, body: &Value, version: i64) -> Answer {
        let client = self.app.client();
        let request = client.request(Method::POST, &format!("/api/v1/cases{path}")).bearer_auth(&self.token);
        let key = uuid::Uuid::new_v4().to_string();
        client
            .send(request.header("idempotency-key", key).header("if-match", format!("\"{version}\"")).json(body))
            .await
    }

    /// Changes a case with a header `If-Match`.
    pub async fn patch_if(&self, id: &str, body: &Value, version: &str) -> Answer {
        let client = self.app.client();
        let request = client.request(Method::PATCH, &format!("/api/v1/cases/{id}")).bearer_auth(&self.token);
        client.send(request.header("if-match", version).json(body)).await
    }
}

/// How many rows a table has.
pub async fn count(app: &TestApp, table: &str) -> i64 {
    let select = format!("select count(*) from {table}");
    sayso::with_db!(&app.app.db, pool => sqlx::query_scalar(sqlx::AssertSqlSafe(select)).fetch_one(pool).await).unwrap()
}
