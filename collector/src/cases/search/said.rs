//! What was said in cases, for what the index does not know: in which order words stand, and where.

use std::collections::HashMap;

use sqlx::AssertSqlSafe;

use super::entries::messages;
use crate::db::Db;
use crate::db::rows::{chunks, placeholders};
use crate::db::search;
use crate::with_db;

/// The texts of cases that are searched, each case's in their order: the feedback first, then the conversation.
pub async fn texts(db: &Db, ids: &[String]) -> sqlx::Result<HashMap<String, Vec<String>>> {
    type Feedback = (String, String, Option<String>, Option<String>);
    let mut texts = HashMap::with_capacity(ids.len());
    for ids in chunks(ids) {
        let select = AssertSqlSafe(feedback_sql(&placeholders(0, ids.len())));
        let feedback: Vec<Feedback> = with_db!(db, pool => {
            ids.iter().fold(sqlx::query_as(select), |query, id| query.bind(id)).fetch_all(pool).await
        })?;
        let mut reading = search::reading(db).await?;
        let mut said = messages(&mut reading, ids).await?;
        reading.rollback().await?;
        for (id, message, outcome, reference) in feedback {
            let conversation = said.remove(&id).unwrap_or_default().into_iter().rev();
            let first = [Some(message), outcome, reference].into_iter().flatten();
            texts.insert(id, first.chain(conversation).collect());
        }
    }
    Ok(texts)
}

/// The statement that reads what customers submitted, of the cases of a list.
pub fn feedback_sql(list: &str) -> String {
    format!("select id, message, desired_outcome, reference from feedback where id in ({list})")
}
