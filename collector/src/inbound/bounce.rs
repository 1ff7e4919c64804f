//! A mail of ours that came back: found by its identifier, which nobody but who got it knows.

use super::address::case_of_message_id;
use super::message::Bounce;
use crate::app::App;
use crate::http::Result;
use crate::outbox::bounces::{Bounced, record};
use crate::outbox::{CUSTOMER, EVENT};
use crate::{with_db, with_write};

/// What is known of a mail that came back.
#[derive(sqlx::FromRow)]
struct Sent {
    id: String,
    subject: String,
    order_key: String,
    destination: String,
    recipient: Option<String>,
}

/// Notes that a mail came back for good, and gives the case that it was about. A mail that is only late is no news, and neither is one that is not ours.
pub(super) async fn note(app: &App, bounce: &Bounce) -> Result<Option<String>> {
    if !bounce.is_final {
        return Ok(None);
    }
    let ours = bounce.message_ids.iter().find_map(|id| Some((id, case_of_message_id(&app.keys, id)?)));
    let Some((message_id, thread)) = ours else { return Ok(None) };
    let delivery = message_id.trim_matches(['<', '>']).split('.').next().unwrap_or_default();
    // Mails that belong together have the case or whatever else they are about in common; others stand alone.
    let select = "select id, subject, order_key, destination, recipient from deliveries where id = $1 and (order_key = $2 or id = $2)";
    let sent: Option<Sent> =
        with_db!(&app.db, pool => sqlx::query_as(select).bind(delivery).bind(&thread).fetch_optional(pool).await)?;
    let Some(sent) = sent else { return Ok(None) };
    let case_id = (sent.subject == EVENT).then(|| sent.order_key.clone());
    // Nothing more is known (RFC 3463, section 3.1).
    let status = if bounce.status.is_empty() { "5.0.0" } else { bounce.status.as_str() };
    let update = "update deliveries set state = 'failed', last_error = $1 where id = $2 and state = 'sent'";
    let error = format!("the mail came back: {status}");
    let failed = with_write!(&app.db, conn => sqlx::query(update).bind(&error).bind(&sent.id).execute(conn).await
        .map(|done| done.rows_affected()))?;
    // If not, it was noted before.
    if failed == 1 {
        let bounced = Bounced {
            delivery: &sent.id,
            destination: &sent.destination,
            case_id: case_id.as_deref(),
            recipient: sent.recipient.as_deref(),
            status,
        };
        record(app, &bounced).await?;
    }
    Ok(case_id.filter(|_| sent.destination == CUSTOMER))
}
