//! Where the events of a case were forwarded, and how that went.

use sayso_shared::id::IdempotencyKey;

use super::error::FormError;
use super::timeline::NameOf;
use crate::app::App;
use crate::cases::EventType;
use crate::cases::idempotency::{KeyStatus, record_key, request_hash};
use crate::clock::{Millis, rfc3339};
use crate::console::shell::{delivery_tone, event_name};
use crate::http::Result;
use crate::outbox::{EVENT, QUIET_HOURS, State, member_of, team_of};
use crate::sites::targets::Access;
use crate::text::Texts;
use crate::{with_db, with_tx};

/// A delivery as the case page shows it.
pub struct Delivery {
    /// Its identifier.
    pub id: String,
    /// `email`, `webhook` or another channel.
    pub channel: String,
    /// The address of the target, or the name of the member; none for the customer, whose address stands elsewhere on the page.
    pub address: Option<String>,
    /// The type of the event.
    pub event: String,
    /// `pending`, `sent`, `failed`, `dropped`, `folded` or `suspended`.
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
        delivery_tone(&self.state)
    }
}

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    destination: String,
    channel: String,
    target_key: Option<String>,
    access_cipher: Option<String>,
    disabled_because: Option<String>,
    event: String,
    state: String,
    attempts: i64,
    due_at: Millis,
    sent_at: Option<Millis>,
    last_error: Option<String>,
}

/// How much of a webhook's address somebody sees: it may be a secret by itself, such as that of a chat room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sight {
    /// All of it: who looks after the targets.
    Whole,
    /// Only which server it leads to.
    Server,
}

/// The deliveries of a case, newest first.
pub async fn of_case(app: &App, t: Texts, case_id: &str, name_of: &NameOf<'_>, sight: Sight) -> Result<Vec<Delivery>> {
    let rows: Vec<Row> =
        with_db!(&app.db, pool => sqlx::query_as(OF_CASE).bind(case_id).bind(EVENT).fetch_all(pool).await)?;
    Ok(rows.into_iter().map(|row| row.shown(app, t, name_of, sight)).collect())
}

/// The events are joined by their primary key, which is not their identifier.
pub const OF_CASE: &str = "select deliveries.id, deliveries.destination, deliveries.channel, targets.key as target_key, \
        targets.access_cipher, targets.disabled_because, events.type as event, \
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
    fn shown(self, app: &App, t: Texts, name_of: &NameOf<'_>, sight: Sight) -> Delivery {
        let at = self.sent_at.unwrap_or(self.due_at);
        let is_suspended = self.state == State::Suspended.as_str();
        let address = match self.destination.as_str() {
            "customer" => None,
            id if team_of(id).is_some() => team_of(id).map(|key| t.with("desk.case.team_mailbox", &[("team", key)])),
            id if member_of(id).is_some() => {
                let name = member_of(id).and_then(name_of);
                Some(name.unwrap_or_else(|| t.get("console.delivery.removed").to_owned()))
            }
            // Whoever gave it a key knows it by that, and the address may be a secret.
            _ if self.target_key.is_some() => self.target_key,
            id => {
                let cipher = self.access_cipher.as_deref();
                let access = cipher.and_then(|cipher| Access::decrypt(&app.keys, id, cipher));
                Some(access.map_or_else(
                    || t.get("console.delivery.removed").to_owned(),
                    |access| match sight {
                        Sight::Whole => access.address,
                        Sight::Server => access.server(),
                    },
                ))
            }
        };
        let event = EventType::parse(&self.event).map_or("", EventType::as_str);
        Delivery {
            id: self.id,
            channel: self.channel,
            address,
            event: event_name(t, event).to_owned(),
            state: self.state,
            attempts: self.attempts,
            last_error: match self.last_error {
                Some(error) if error == QUIET_HOURS => Some(t.get("console.delivery.quiet_hours").to_owned()),
                error => self.disabled_because.filter(|_| is_suspended).or(error),
            },
            at: (rfc3339(at), t.moment(at)),
        }
    }
}
