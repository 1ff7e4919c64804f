//! Deliveries as operators see them: listed, shown, and sent once more.

use std::ops::Range;

use serde::Serialize;
use sqlx::AssertSqlSafe;

use super::delivery::{CUSTOMER, State, member_of};
use crate::cases::EventType;
use crate::clock::Millis;
use crate::db::Db;
use crate::db::rows::{chunks, placeholders};
use crate::signals;
use crate::sites::targets::{Standing, Target};
use crate::{with_db, with_write};

/// The states that the list knows, by their words.
pub const STATES: [State; 5] = [State::Pending, State::Sent, State::Failed, State::Dropped, State::Suspended];

/// A delivery in the list.
#[derive(Clone, Debug, Serialize)]
pub struct Listed {
    /// Its identifier.
    pub id: String,
    /// The key of its target, `customer`, or `member` for a member of the staff.
    pub target: String,
    /// How it gets there.
    pub channel: String,
    /// The type of its event; none for a mail that stands for others.
    pub event: Option<String>,
    /// What it is of: an event, or another word where it is of none.
    #[serde(skip)]
    pub subject: String,
    /// The identifier of the case.
    pub case: Option<String>,
    /// Where it stands.
    pub state: &'static str,
    /// Attempts so far.
    pub attempts: i64,
    /// Why the last attempt did not work.
    pub last_error: Option<String>,
    /// Milliseconds that it took.
    #[serde(skip)]
    pub took: Option<Millis>,
    /// When it was planned.
    #[serde(skip)]
    pub created_at: Millis,
    /// When it is due, if it waits.
    #[serde(skip)]
    pub due_at: Option<Millis>,
    /// When it was sent.
    #[serde(skip)]
    pub sent_at: Option<Millis>,
}

/// Which deliveries are listed.
#[derive(Clone, Debug)]
pub struct Filter {
    /// Only this one.
    pub id: Option<String>,
    /// In this state.
    pub state: Option<State>,
    /// To this destination.
    pub destination: Option<String>,
    /// Of the case with this identifier.
    pub case_id: Option<String>,
    /// Planned from when on, and until when.
    pub planned: Range<Millis>,
    /// Those after this one in the list: when it was planned, and its identifier.
    pub after: Option<(Millis, String)>,
    /// At most so many, the newest first.
    pub limit: i64,
}

impl Default for Filter {
    /// Everything.
    fn default() -> Self {
        let all = 0..Millis::MAX;
        Self { id: None, state: None, destination: None, case_id: None, planned: all, after: None, limit: i64::MAX }
    }
}

/// What to send once more.
#[derive(Clone, Debug)]
pub enum Replay {
    /// These, whatever became of them.
    These(Vec<String>),
    /// What a destination did not get, of what was planned in a time.
    Missed {
        /// The destination; none for all of them.
        destination: Option<String>,
        /// From when on, and until when.
        planned: Range<Millis>,
    },
    /// Everything that was given up.
    Failed,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    destination: String,
    channel: String,
    event: Option<String>,
    subject: String,
    order_key: String,
    state: String,
    attempts: i64,
    last_error: Option<String>,
    took: Option<Millis>,
    created_at: Millis,
    due_at: Millis,
    sent_at: Option<Millis>,
}

/// The deliveries, the newest first.
pub async fn list(db: &Db, targets: &[Target], filter: &Filter) -> sqlx::Result<Vec<Listed>> {
    // What was folded into one mail is pending until that is sent, and then it is sent.
    let select = "select deliveries.id, destination, channel, events.type as event, subject, order_key, \
        case when state <> 'folded' then state when sent_at is null then 'pending' else 'sent' end as state, \
        attempts, last_error, took, deliveries.created_at, due_at, sent_at from deliveries \
        left join events on events.case_id = order_key and events.seq = order_no and deliveries.subject = 'event' \
        where ($1 = '' or deliveries.id = $1) and ($2 = '' or destination = $2) \
        and ($3 = '' or state = $3 or state = 'folded' and $3 = case when sent_at is null then 'pending' else 'sent' end) \
        and ($4 = '' or order_key = $4 and subject = 'event') and deliveries.created_at >= $5 and deliveries.created_at < $6 \
        and (deliveries.created_at < $7 or deliveries.created_at = $7 and deliveries.id < $8) \
        order by deliveries.created_at desc, deliveries.id desc limit $9";
    let state = filter.state.map_or("", State::as_str);
    let (at, id) = filter.after.as_ref().map_or((Millis::MAX, ""), |(at, id)| (*at, id.as_str()));
    let rows: Vec<Row> = with_db!(db, pool => sqlx::query_as(select).bind(filter.id.as_deref().unwrap_or_default())
        .bind(filter.destination.as_deref().unwrap_or_default()).bind(state).bind(filter.case_id.as_deref().unwrap_or_default())
        .bind(filter.planned.start).bind(filter.planned.end).bind(at).bind(id).bind(filter.limit).fetch_all(pool).await)?;
    Ok(rows.into_iter().map(|row| row.listed(targets)).collect())
}

/// What deliveries to a target, by its key or identifier, or to customers have as their destination.
pub fn destination(targets: &[Target], key: &str) -> Option<String> {
    if key == CUSTOMER {
        return Some(CUSTOMER.to_owned());
    }
    targets.iter().find(|target| target.key == key || target.id == key).map(|target| target.id.clone())
}

/// What was said to the receiver of a delivery by HTTP, and heard from it.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Exchanged {
    /// When.
    pub made_at: Millis,
    /// Milliseconds that it took.
    pub took: Millis,
    /// The request, without its secrets.
    pub request: String,
    /// The head of the answer; empty if there was none.
    pub answer: String,
}

/// The delivery with an identifier.
pub async fn find(db: &Db, targets: &[Target], id: &str) -> sqlx::Result<Option<Listed>> {
    let filter = Filter { id: Some(id.to_owned()), limit: 1, ..Filter::default() };
    Ok(list(db, targets, &filter).await?.pop())
}

/// When something arrived at a target last.
pub async fn last_sent(db: &Db, target_id: &str) -> sqlx::Result<Option<Millis>> {
    let select = "select sent_at from deliveries where destination = $1 and sent_at is not null order by created_at desc limit 1";
    with_db!(db, pool => sqlx::query_scalar(select).bind(target_id).fetch_optional(pool).await)
}

/// The attempts of a delivery that are noted, the latest first.
pub async fn exchanged(db: &Db, id: &str) -> sqlx::Result<Vec<Exchanged>> {
    let select =
        "select made_at, took, request, answer from delivery_attempts where delivery_id = $1 order by made_at desc";
    with_db!(db, pool => sqlx::query_as(select).bind(id).fetch_all(pool).await)
}

/// Lets deliveries begin anew; gives how many. What goes to a target that is off waits for it. A trial that failed is nothing that its target missed.
pub async fn replay(db: &Db, targets: &[Target], replay: &Replay, now: Millis) -> sqlx::Result<u64> {
    const BEGIN: &str = "update deliveries set state = 'pending', attempts = 0, due_at = $1, lease_until = 0, sent_at = null, folded_into = null";
    let begun = match replay {
        Replay::These(ids) => {
            let mut begun = 0;
            for chunk in chunks(ids) {
                let update = format!("{BEGIN} where state <> 'pending' and id in ({})", placeholders(1, chunk.len()));
                begun += with_write!(db, pool => {
                    let mut query = sqlx::query(AssertSqlSafe(update)).bind(now);
                    for id in chunk {
                        query = query.bind(id);
                    }
                    query.execute(pool).await.map(|done| done.rows_affected())
                })?;
            }
            begun
        }
        Replay::Missed { destination, planned } => {
            let update = format!(
                "{BEGIN} where state in ('failed', 'dropped') and subject <> 'target_test' and ($2 = '' or destination = $2) and created_at >= $3 and created_at < $4"
            );
            with_write!(db, pool => sqlx::query(AssertSqlSafe(update)).bind(now).bind(destination.as_deref().unwrap_or_default())
                .bind(planned.start).bind(planned.end).execute(pool).await.map(|done| done.rows_affected()))?
        }
        Replay::Failed => {
            let update = format!("{BEGIN} where state = 'failed' and subject <> 'target_test'");
            with_write!(db, pool => sqlx::query(AssertSqlSafe(update)).bind(now).execute(pool).await.map(|done| done.rows_affected()))?
        }
    };
    for off in targets.iter().filter(|target| target.standing != Standing::On) {
        let update = "update deliveries set state = 'suspended' where state = 'pending' and destination = $1";
        with_write!(db, pool => sqlx::query(update).bind(&off.id).execute(pool).await.map(|_| ()))?;
    }
    Ok(begun)
}

impl Row {
    fn listed(self, targets: &[Target]) -> Listed {
        let target = match self.destination.as_str() {
            CUSTOMER => CUSTOMER.to_owned(),
            member if member_of(member).is_some() => "member".to_owned(),
            id => {
                targets.iter().find(|target| target.id == id).map_or_else(|| id.to_owned(), |target| target.key.clone())
            }
        };
        let state = STATES.iter().map(|state| state.as_str()).find(|known| *known == self.state);
        let is_pending = self.state == State::Pending.as_str();
        Listed {
            target,
            state: state.unwrap_or(State::Pending.as_str()),
            case: (self.subject == super::EVENT).then_some(self.order_key),
            id: self.id,
            channel: self.channel,
            event: self
                .event
                .or_else(|| (self.subject == signals::SUBJECT).then(|| EventType::Signal.as_str().to_owned())),
            subject: self.subject,
            attempts: self.attempts,
            last_error: self.last_error,
            took: self.took,
            created_at: self.created_at,
            due_at: is_pending.then_some(self.due_at),
            sent_at: self.sent_at,
        }
    }
}
