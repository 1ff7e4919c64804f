//! One mail that tells of everything that was over the limit of a window (see [`super::quota`]).

use std::collections::BTreeMap;

use super::deliveries::folded_into;
use super::delivery::{Delivery, State};
use super::event_context::EventContext;
use crate::app::App;
use crate::cases::Case;
use crate::db::Db;
use crate::with_db;

/// Cases that a digest names; whoever has more finds them where the link leads.
const NAMED: usize = 20;

/// What a digest tells.
#[derive(Debug)]
pub struct Digest {
    /// The last thing that happened, for the site, the recipient and the language.
    pub context: EventContext,
    /// How many mails it stands for.
    pub mails: usize,
    /// How many of them are receipts.
    pub receipts: usize,
    /// How many cases they are about.
    pub cases: usize,
    /// The first of the cases.
    pub named: Vec<NamedCase>,
}

/// A case in a digest.
#[derive(Debug)]
pub struct NamedCase {
    /// Its identifier.
    pub id: String,
    /// The tracking code.
    pub code: String,
    /// The short number.
    pub number: Option<i64>,
    /// How many of the mails would have been about it.
    pub mails: usize,
}

/// What a digest tells; none if there is nothing left to tell.
pub(super) async fn load(app: &App, delivery: &Delivery) -> anyhow::Result<Option<Digest>> {
    let folded = folded(&app.db, delivery).await?;
    let Some((case_id, seq)) = folded.last() else { return Ok(None) };
    let context = EventContext::load(app, case_id, *seq).await?;
    let mut cases: BTreeMap<&str, usize> = BTreeMap::new();
    for (case_id, _) in &folded {
        *cases.entry(case_id).or_default() += 1;
    }
    let mut named = Vec::new();
    for (id, mails) in cases.iter().take(NAMED) {
        let case = Case::by_id(app, id).await?;
        named.push(NamedCase { code: case.code(&app.keys)?, number: case.number, id: case.id, mails: *mails });
    }
    let receipts = folded.iter().filter(|(_, seq)| *seq == 1).count();
    Ok(Some(Digest { context, mails: folded.len(), receipts, cases: cases.len(), named }))
}

/// What was folded into a digest: cases, and the numbers of their events.
async fn folded(db: &Db, delivery: &Delivery) -> sqlx::Result<Vec<(String, i64)>> {
    let select = "select order_key, order_no from deliveries where folded_into = $1 and destination = $2 and state = $3 order by id";
    with_db!(db, pool => sqlx::query_as(select).bind(folded_into(&delivery.order_key, delivery.order_no))
        .bind(&delivery.destination).bind(State::Folded.as_str()).fetch_all(pool).await)
}
