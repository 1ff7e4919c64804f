//! Where the events of a case were forwarded, and how that went.

use sayso_shared::id::IdempotencyKey;

use super::error::FormError;
use crate::app::App;
use crate::cases::EventType;
use crate::cases::idempotency::{KeyStatus, record_key, request_hash};
use crate::clock::{Millis, rfc3339};
use crate::http::Result;
use crate::outbox::EVENT;
use crate::sites::targets::Access;
use crate::text::Texts;
use crate::{with_db, with_tx};

/// A delivery as the case page shows it.
pub struct Delivery {
    /// Its identifier.
    pub id: String,
    /// `email` or `webhook`.
    pub channel: String,
    /// The address of the target; none for the customer, whose address stands elsewhere on the page.
    pub address: Option<String>,
    /// The type of the event.
    pub event: String,
    /// `pending`, `sent`, `failed` or `dropped`.
    pub state: String,
    /// How often it was tried.
    pub attempts: i64,
    /// Why the last attempt did not work.
    pub last_error: Option<String>,
    /// When it was sent, or is tried next: for programs and for people.
    pub at: (String, String),
}

impl Delivery {
    /// Whether it goes to the customer.
    pub fn is_to_customer(&self) -> bool {
        self.address.is_none()
    }

    /// The status whose colour fits.
    pub fn tone(&self) -> &'static str {
        match self.state.as_str() {
            "sent" => "resolved",
            "failed" => "waiting",
            "pending" => "in_progress",
            _ => "closed",
        }
    }
}

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    destination: String,
    channel: String,
    access_cipher: Option<String>,
    event: String,
    state: String,
    attempts: i64,
    due_at: Millis,
    sent_at: Option<Millis>,
    last_error: Option<String>,
}

/// The deliveries of a case, newest first.
pub async fn of_case(app: &App, t: Texts, case_id: &str) -> Result<Vec<Delivery>> {
    let rows: Vec<Row> =
        with_db!(&app.db, pool => sqlx::query_as(OF_CASE).bind(case_id).bind(EVENT).fetch_all(pool).await)?;
    Ok(rows.into_iter().map(|row| row.shown(app, t)).collect())
}

/// The events are joined by their primary key, which is not their identifier.
pub const OF_CASE: &str = "select deliveries.id, deliveries.destination, deliveries.channel, targets.access_cipher, events.type as event, \
        deliveries.state, deliveries.attempts, deliveries.due_at, deliveries.sent_at, deliveries.last_error \
        from deliveries join events on events.case_id = deliveries.order_key and events.seq = deliveries.order_no \
        left join targets on targets.id = deliveries.destination \
        where deliveries.order_key = $1 and deliveries.subject = $2 order by deliveries.order_no desc, deliveries.id desc limit 200";

/// Sends a delivery that was given up once more, with all its attempts.
pub(super) async fn try_again(app: &App, case_id: &str, id: &str, key: &IdempotencyKey) -> Result<(), FormError> {
    let update = "update deliveries set state = 'pending', attempts = 0, due_at = $1, lease_until = 0, last_error = null \
        where id = $2 and order_key = $3 and state = 'failed'";
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    if record_key(&mut tx, case_id, key, &request_hash(&("retry", id)), now).await? == KeyStatus::Repeated {
        return Ok(tx.rollback().await?);
    }
    let rows = with_tx!(&mut tx, conn => sqlx::query(update).bind(now).bind(id).bind(case_id).execute(conn).await.map(|done| done.rows_affected()))?;
    if rows == 0 {
        return Err(FormError::NotFailed);
    }
    tx.commit().await?;
    app.deliveries_wake.notify_one();
    Ok(())
}

impl Row {
    fn shown(self, app: &App, t: Texts) -> Delivery {
        let at = self.sent_at.unwrap_or(self.due_at);
        let address = match self.destination.as_str() {
            "customer" => None,
            id => {
                let cipher = self.access_cipher.as_deref();
                let access = cipher.and_then(|cipher| Access::decrypt(&app.keys, id, cipher));
                Some(access.map_or_else(|| t.get("console.delivery.removed").to_owned(), |access| access.address))
            }
        };
        let event = EventType::parse(&self.event).map_or("", EventType::as_str);
        Delivery {
            id: self.id,
            channel: self.channel,
            address,
            event: t.get(&format!("console.delivery.event.{}", event.trim_start_matches("case."))).to_owned(),
            state: self.state,
            attempts: self.attempts,
            last_error: self.last_error,
            at: (rfc3339(at), t.moment(at)),
        }
    }
}
