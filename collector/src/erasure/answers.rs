//! What is erased of what a customer answered to surveys: who they are and what they wrote. What they chose on scales is kept, as nobody's.

use sqlx::AssertSqlSafe;

use super::leftovers;
use crate::clock::Millis;
use crate::customers::customer::handle_context;
use crate::db::Tx;
use crate::db::rows::{chunks, placeholders};
use crate::keys::{Keys, new_id};
use crate::surveys::invitations::Token;
use crate::surveys::respondent_hashes::imported_respondent;
use crate::with_tx;

/// What is text of an answer: whatever is none of the scales, or too long for one.
const TEXT: &str = "(field not in ('score', 'functional', 'dysfunctional', 'importance', 'satisfaction', 'expectation', 'perception') or length(value) > 9)";

/// The statements that erase what is known of invitations, in the order keys of the list in the place of `$list`.
const INVITATIONS: [&str; 3] = [
    "delete from bounced_addresses where address in (select recipient from deliveries where order_key in ($list) and destination = 'customer')",
    "update deliveries set recipient = null, last_error = null where order_key in ($list)",
    "update deliveries set state = 'dropped', lease_until = 0 where order_key in ($list) and state in ('pending', 'suspended', 'failed', 'folded')",
];

/// Erases the texts of what a customer, and those who were merged into them, answered by personal links or in files that name them as they are known here,
/// and the invitations.
pub(super) async fn erase(tx: &mut Tx, keys: &Keys, customer_id: &str, now: Millis) -> sqlx::Result<()> {
    let invitations = invitations(tx, customer_id).await?;
    let mut respondents = imported(tx, keys, customer_id).await?;
    respondents.extend(invitations.iter().filter_map(|id| Some(Token::of(keys, id)?.respondent(keys))));
    for respondent in &respondents {
        let delete = AssertSqlSafe(format!("delete from survey_answers where respondent = $1 and {TEXT}"));
        with_tx!(&mut *tx, conn => sqlx::query(delete).bind(respondent).execute(conn).await.map(|_| ()))?;
        // Whoever has the master key could try whose the others are.
        let anonymous = format!("erased:{}", new_id());
        for update in [
            "update survey_answers set respondent = $1 where respondent = $2",
            "update survey_times set respondent = $1 where respondent = $2",
        ] {
            with_tx!(&mut *tx, conn => sqlx::query(update).bind(&anonymous).bind(respondent).execute(conn).await.map(|_| ()))?;
        }
    }
    if invitations.is_empty() {
        return Ok(());
    }
    for chunk in chunks(&invitations) {
        for statement in INVITATIONS {
            let sql = AssertSqlSafe(statement.replace("$list", &placeholders(0, chunk.len())));
            with_tx!(&mut *tx, conn => chunk.iter().fold(sqlx::query(sql), |query, id| query.bind(id)).execute(conn).await.map(|_| ()))?;
        }
    }
    let delete = "delete from survey_invitations where customer_id = $1 or customer_id in (select id from customers where merged_into = $1)";
    with_tx!(&mut *tx, conn => sqlx::query(delete).bind(customer_id).execute(conn).await.map(|_| ()))?;
    leftovers::enqueue_mails(tx, &invitations, now).await
}

async fn invitations(tx: &mut Tx, customer_id: &str) -> sqlx::Result<Vec<String>> {
    let select = "select id from survey_invitations where customer_id = $1 or customer_id in (select id from customers where merged_into = $1) order by id";
    with_tx!(tx, conn => sqlx::query_scalar(select).bind(customer_id).fetch_all(conn).await)
}

/// What files of answers would have called a customer: their identity, address or phone number.
async fn imported(tx: &mut Tx, keys: &Keys, customer_id: &str) -> sqlx::Result<Vec<String>> {
    let select = "select hash, value_cipher from customer_handles where customer_id = $1";
    let rows: Vec<(String, String)> =
        with_tx!(tx, conn => sqlx::query_as(select).bind(customer_id).fetch_all(conn).await)?;
    let values = rows.into_iter().filter_map(|(hash, cipher)| {
        String::from_utf8(keys.decrypt(&handle_context(customer_id, &hash), &cipher)?).ok()
    });
    Ok(values.map(|value| imported_respondent(keys, &value)).collect())
}
