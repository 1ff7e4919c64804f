//! What customers agreed to: whether, when, and the text that they were shown.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use serde::Serialize;
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use crate::clock::{Millis, rfc3339};
use crate::db::Db;
use crate::{with_db, with_write};

/// The texts that are known to be stored. A site has one for each of its languages, so they are few.
#[derive(Debug, Default)]
pub struct ConsentTexts(Mutex<HashSet<String>>);

/// What a customer was asked, and what they said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Consent {
    /// Whether they agreed.
    pub given: bool,
    /// The text that they were shown; null where it was not noted, such as of what was imported.
    #[schema(required = true)]
    pub text: Option<String>,
    /// When they said it.
    #[schema(format = DateTime)]
    pub at: String,
}

#[derive(sqlx::FromRow)]
struct Row {
    consent: bool,
    body: Option<String>,
    received_at: Millis,
}

impl ConsentTexts {
    /// Stores a text, unless it is there; gives its hash.
    pub async fn store(&self, db: &Db, text: &str, now: Millis) -> sqlx::Result<String> {
        let hash: String = Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect();
        if self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(&hash) {
            return Ok(hash);
        }
        let insert = "insert into consent_texts (hash, body, created_at) values ($1, $2, $3) on conflict do nothing";
        with_write!(db, pool => sqlx::query(insert).bind(&hash).bind(text).bind(now).execute(pool).await.map(|_| ()))?;
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(hash.clone());
        Ok(hash)
    }
}

const SELECT: &str = "select feedback.consent, consent_texts.body, feedback.received_at from feedback \
    left join consent_texts on consent_texts.hash = feedback.consent_text_hash";

impl Consent {
    /// What was said with a case; none if nothing was asked.
    pub async fn of_case(db: &Db, id: &str) -> sqlx::Result<Option<Self>> {
        let select = sqlx::AssertSqlSafe(format!("{SELECT} where feedback.id = $1 and feedback.consent is not null"));
        let row: Option<Row> = with_db!(db, pool => sqlx::query_as(select).bind(id).fetch_optional(pool).await)?;
        Ok(row.map(Self::from))
    }

    /// What a customer said last; none if they were asked nothing.
    pub async fn of_customer(db: &Db, customer_id: &str) -> sqlx::Result<Option<Self>> {
        let select = sqlx::AssertSqlSafe(format!(
            "{SELECT} join cases on cases.id = feedback.id where cases.customer_id = $1 and cases.quarantine in ('', 'merged') \
             and feedback.consent is not null order by cases.id desc limit 1"
        ));
        let row: Option<Row> =
            with_db!(db, pool => sqlx::query_as(select).bind(customer_id).fetch_optional(pool).await)?;
        Ok(row.map(Self::from))
    }
}

impl From<Row> for Consent {
    fn from(row: Row) -> Self {
        Self { given: row.consent, text: row.body, at: rfc3339(row.received_at) }
    }
}
