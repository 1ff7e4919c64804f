//! Bursts: what comes to a chat room faster than it takes messages is told in one.
//!
//! Vendors lock out who sends more than some twenty messages a minute, and nobody reads so many. Programs get every event by itself.

use std::collections::BTreeMap;

use sqlx::AssertSqlSafe;

use super::deliveries::folded_into;
use super::delivery::{BURST, Delivery, EVENT, NewMail, State, plan};
use super::event_context::EventContext;
use super::templates::what_happened;
use crate::app::App;
use crate::db::Tx;
use crate::db::rows::{chunks, placeholders};
use crate::keys::new_id;
use crate::sites::targets::{Channel, Target};
use crate::text::Texts;
use crate::{with_db, with_tx};

/// So many that have to wait for the room are a burst.
const BURST_MIN: usize = 10;
/// How many one message tells of.
const FOLDED_MAX: i64 = 500;
/// How many of them it names.
const NAMED: usize = 12;

/// What a message about a burst tells.
#[derive(Debug)]
pub struct Burst {
    /// How many events there were.
    pub events: usize,
    /// The first of them, such as `New complaint · #1042`, a line each.
    pub named: Vec<String>,
    /// The name of the site.
    pub site: String,
    /// The language.
    pub t: Texts,
}

/// Folds claimed deliveries that have to wait for their room into one message for each room that has a burst of them, and with them whatever else waits
/// for it. Gives back those that were not folded.
pub(super) async fn fold(app: &App, waiting: Vec<Delivery>) -> sqlx::Result<Vec<Delivery>> {
    let mut rooms: BTreeMap<String, Vec<Delivery>> = BTreeMap::new();
    let mut rest = Vec::new();
    for delivery in waiting {
        if delivery.subject == EVENT && Channel::parse(&delivery.channel).is_some_and(Channel::is_room) {
            rooms.entry(delivery.destination.clone()).or_default().push(delivery);
        } else {
            rest.push(delivery);
        }
    }
    for (room, waiting) in rooms {
        if waiting.len() < BURST_MIN {
            rest.extend(waiting);
            continue;
        }
        let mut tx = app.db.begin().await?;
        fold_room(&mut tx, app, &room, &waiting).await?;
        tx.commit().await?;
    }
    Ok(rest)
}

async fn fold_room(tx: &mut Tx, app: &App, room: &str, claimed: &[Delivery]) -> sqlx::Result<()> {
    let (id, now) = (new_id(), app.clock.now());
    let order_key = format!("{BURST}/{id}");
    let folded = folded_into(&order_key, 1);
    for chunk in chunks(claimed) {
        let update = format!(
            "update deliveries set state = 'folded', folded_into = $1, lease_until = 0, attempts = attempts - 1 \
             where state = 'pending' and id in ({})",
            placeholders(1, chunk.len())
        );
        with_tx!(&mut *tx, conn => {
            let mut query = sqlx::query(AssertSqlSafe(update)).bind(&folded);
            for delivery in chunk {
                query = query.bind(&delivery.id);
            }
            query.execute(conn).await.map(|_| ())
        })?;
    }
    let update = "update deliveries set state = 'folded', folded_into = $1 where id in ( \
        select id from deliveries where state = 'pending' and destination = $2 and subject = $3 and due_at <= $4 and lease_until <= $4 \
        order by due_at, id limit $5)";
    with_tx!(&mut *tx, conn => sqlx::query(update).bind(&folded).bind(room).bind(EVENT).bind(now).bind(FOLDED_MAX)
        .execute(conn).await.map(|_| ()))?;
    let told = NewMail {
        subject: BURST,
        subject_id: room,
        order_key: &order_key,
        order_no: 1,
        destination: room,
        due_at: now,
    };
    let channel = claimed.first().map_or("", |delivery| delivery.channel.as_str());
    plan(tx, &id, channel, told, now).await.map(|_| ())
}

/// What a message about a burst tells, the same at each attempt; none if nothing is left of it.
pub(super) async fn load(app: &App, delivery: &Delivery, target: &Target) -> anyhow::Result<Option<Burst>> {
    let select = "select order_key, order_no from deliveries where folded_into = $1 and destination = $2 and state = $3 order by id";
    let folded: Vec<(String, i64)> = with_db!(&app.db, pool => sqlx::query_as(select)
        .bind(folded_into(&delivery.order_key, delivery.order_no)).bind(&delivery.destination).bind(State::Folded.as_str())
        .fetch_all(pool).await)?;
    let Some(site) = app.sites.by_id(&target.site_id).await? else { return Ok(None) };
    let lang = target.settings.lang.unwrap_or_else(|| site.settings.main_language().for_console());
    let t = Texts::of_console(lang);
    let mut named = Vec::new();
    for (case_id, seq) in folded.iter().take(NAMED) {
        let context = EventContext::load(app, case_id, *seq).await?;
        let number = context.case.number.map(|number| format!(" · #{number}")).unwrap_or_default();
        named.push(format!("{}{number}", what_happened(&context, t)));
    }
    let burst = Burst { events: folded.len(), named, site: site.name().to_owned(), t };
    Ok((burst.events > 0).then_some(burst))
}

impl Burst {
    /// What happened, in a line.
    pub fn title(&self) -> String {
        self.t.count("team.burst.title", self.events as u64)
    }

    /// What happened, a line each.
    pub fn lines(&self) -> String {
        let mut lines = self.named.clone();
        let more = self.events.saturating_sub(self.named.len());
        if more > 0 {
            lines.push(self.t.count("team.burst.more", more as u64));
        }
        lines.join("\n")
    }
}
