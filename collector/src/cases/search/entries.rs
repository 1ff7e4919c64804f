//! Entering cases into the index, and what is loose because it has not been entered yet.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use sqlx::AssertSqlSafe;
use uuid::Uuid;

use super::facet::{Facet, Has, changed_at, received_at};
use crate::cases::tags::Tags;
use crate::clock::Millis;
use crate::db::jobs::{Job, Kind, complete};
use crate::db::rows::{chunks, placeholders};
use crate::db::search::{self, Entry, Loose, Tokens};
use crate::db::{Db, Tx};
use crate::{with_db, with_tx};

/// So many loose cases of each kind are looked at, the newest; of more than these only a flood makes so many, and they are indexed soon.
const LOOSE_MAX: i64 = 64;
/// Cases of a segment that is made in one go.
pub const REINDEX_PAGE: i64 = 8_192;
/// Cases that are indexed anew at once.
const REINDEXED: i64 = 64;
/// The statements that find them: cases with events that were not dispatched yet, and cases whose job to be indexed waits. In this order, since an
/// event that is dispatched in between has its job by then.
pub const LOOSE: [&str; 2] = [
    "select case_id from events where position is null order by id desc limit $1",
    "select key from jobs where kind = 'search' and failed_at is null order by due_at desc limit $1",
];

/// Brings the index up to date with the cases of jobs. One that is gone is done.
pub async fn refresh_for(db: &Db, jobs: &[Job]) -> anyhow::Result<()> {
    let ids: Vec<String> = jobs.iter().map(|job| job.key.clone()).collect();
    let mut reading = search::reading(db).await?;
    let entries = read(&mut reading, &ids).await?;
    reading.rollback().await?;
    let mut tx = db.begin().await?;
    search::index(&mut tx, &entries).await?;
    complete(&mut tx, Kind::Search, jobs).await?;
    Ok(tx.commit().await?)
}

/// Enters what cases say and are now into the index, each in a short transaction with some others.
pub async fn refresh(db: &Db, case_ids: &[String]) -> sqlx::Result<()> {
    let distinct: Vec<String> = case_ids.iter().collect::<HashSet<_>>().into_iter().cloned().collect();
    for case_ids in chunks(&distinct) {
        let mut reading = search::reading(db).await?;
        let entries = read(&mut reading, case_ids).await?;
        reading.rollback().await?;
        let mut tx = db.begin().await?;
        search::index(&mut tx, &entries).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// As [`refresh`], of cases that the transaction itself has made.
pub async fn refresh_in(tx: &mut Tx, case_ids: &[String]) -> sqlx::Result<()> {
    let entries = read(tx, case_ids).await?;
    search::index(tx, &entries).await
}

/// Enters the next cases, newest first, that are not indexed in the current format, from before the case `before` on, which is empty at the
/// beginning. Gives where to go on; none when all are done.
pub async fn reindex_batch(db: &Db, before: &str) -> sqlx::Result<Option<String>> {
    const LAST: &str = "ffffffff-ffff-ffff-ffff-ffffffffffff";
    let before = if before.is_empty() { LAST } else { before };
    let select = "select id from cases where id < $1 order by id desc limit $2";
    let ids: Vec<String> =
        with_db!(db, pool => sqlx::query_scalar(select).bind(before).bind(REINDEXED).fetch_all(pool).await)?;
    let mut reading = search::reading(db).await?;
    let indexed = search::is_indexed(&mut reading, &ids).await?;
    reading.rollback().await?;
    let missing: Vec<String> = ids.iter().filter(|id| !indexed.contains(*id)).cloned().collect();
    refresh(db, &missing).await?;
    Ok(ids.into_iter().next_back())
}

/// Enters all cases within a transaction, as a restore does.
pub async fn reindex_in(tx: &mut Tx, now: Millis) -> sqlx::Result<()> {
    search::clear(tx).await?;
    let mut after = String::new();
    while let Some(next) = reindex_page(tx, &after, now).await? {
        after = next;
    }
    Ok(())
}

/// Enters the next [`REINDEX_PAGE`] cases after `after`, oldest first, as one segment; gives the last of them.
pub async fn reindex_page(tx: &mut Tx, after: &str, now: Millis) -> sqlx::Result<Option<String>> {
    let select = "select id from cases where id > $1 order by id limit $2";
    let ids: Vec<String> =
        with_tx!(tx, conn => sqlx::query_scalar(select).bind(after).bind(REINDEX_PAGE).fetch_all(conn).await)?;
    let entries = read(tx, &ids).await?;
    search::index_all(tx, &entries, now).await?;
    Ok(ids.into_iter().next_back())
}

/// The cases that have changed since they were indexed, the newest of them: those whose indexing is still to come.
pub(super) async fn loose(db: &Db) -> sqlx::Result<Vec<Arc<Loose>>> {
    let mut ids = HashSet::new();
    for select in LOOSE {
        let found: Vec<String> =
            with_db!(db, pool => sqlx::query_scalar(select).bind(LOOSE_MAX).fetch_all(pool).await)?;
        ids.extend(found);
    }
    let mut loose = HashMap::with_capacity(ids.len());
    let mut unknown = Vec::new();
    let known = READ.lock().unwrap_or_else(PoisonError::into_inner).clone();
    for (id, state) in states(db, &ids.into_iter().collect::<Vec<_>>()).await? {
        match known.get(&id).filter(|(of, _)| *of == state) {
            Some(known) => _ = loose.insert(id, known.clone()),
            None => unknown.push((id, state)),
        }
    }
    if !unknown.is_empty() {
        let ids: Vec<String> = unknown.iter().map(|(id, _)| id.clone()).collect();
        let mut reading = search::reading(db).await?;
        let entries = read(&mut reading, &ids).await?;
        reading.rollback().await?;
        // Read later than its state was, an entry may be of a newer one. It is then kept under the older, and read again by the next search.
        let mut states: HashMap<String, State> = unknown.into_iter().collect();
        for entry in entries {
            let (Ok(id), Some(state)) = (Uuid::parse_str(&entry.case_id), states.remove(&entry.case_id)) else {
                continue;
            };
            loose.insert(entry.case_id, (state, Arc::new(Loose { id, tokens: entry.tokens })));
        }
    }
    let found = loose.values().map(|(_, loose)| Arc::clone(loose)).collect();
    *READ.lock().unwrap_or_else(PoisonError::into_inner) = loose;
    Ok(found)
}

/// Which state of each case is that of now. Its customer is found, and gets another tier, without a change of the case, but that changes its entry.
async fn states(db: &Db, ids: &[String]) -> sqlx::Result<Vec<(String, State)>> {
    let mut states = Vec::with_capacity(ids.len());
    for chunk in chunks(ids) {
        let select = AssertSqlSafe(format!(
            "select id, version, customer_id, contact_hashes, {TIER} from cases where id in ({})",
            placeholders(0, chunk.len())
        ));
        let rows: Vec<StateRow> = with_db!(db, pool => {
            chunk.iter().fold(sqlx::query_as(select), |query, id| query.bind(id)).fetch_all(pool).await
        })?;
        states.extend(rows.into_iter().map(|(id, version, customer_id, contact_hashes, tier)| {
            (id, State { version, customer_id, contact_hashes, tier })
        }));
    }
    Ok(states)
}

/// What loose cases said when they were read last: while many customers submit, searches would read and cut the same texts again and again. What
/// a case says in one state never changes, so nothing here can be wrong; it holds as many cases as are loose.
static READ: LazyLock<Mutex<ByState>> = LazyLock::new(Mutex::default);

/// A case's identifier, version, customer, hashes of contacts, and tier.
type StateRow = (String, i64, Option<String>, String, Option<String>);

/// Loose cases by their identifiers, and of which state each is.
type ByState = HashMap<String, (State, Arc<Loose>)>;

/// What tells one entry of a case from another.
#[derive(Clone, PartialEq, Eq)]
struct State {
    version: i64,
    customer_id: Option<String>,
    contact_hashes: String,
    tier: Option<String>,
}

/// The entries of cases as they are now: everything that was said about them, but never who said it: of that they have keyed hashes.
pub(super) async fn read(tx: &mut Tx, case_ids: &[String]) -> sqlx::Result<Vec<Entry>> {
    let mut entries = Vec::with_capacity(case_ids.len());
    for chunk in chunks(case_ids) {
        let list = placeholders(0, chunk.len());
        let select = AssertSqlSafe(facts_sql(&list));
        let mut all: Vec<Facts> = with_tx!(tx, conn => {
            chunk.iter().fold(sqlx::query_as(select), |query, id| query.bind(id)).fetch_all(conn).await
        })?;
        add_contacts_of_merged(tx, chunk, &mut all).await?;
        let mut said = messages(tx, chunk).await?;
        let tasks = tasks(tx, chunk).await?;
        entries.extend(all.iter().map(|facts| {
            let said = said.remove(&facts.id).unwrap_or_default();
            let tasks = tasks.iter().filter(|task| task.case_id == facts.id);
            facts.entry(said.iter(), tasks)
        }));
    }
    Ok(entries)
}

/// The tier that the customer of a case has now: a case is found by who its customer is, and not by what it was promised under.
const TIER: &str = "(select coalesce(customers.tier, customers.site_tier, customers.rule_tier) from customers where customers.id = cases.customer_id)";

/// The statement that reads what is indexed of the cases of a list, but for what was said after the feedback.
pub fn facts_sql(list: &str) -> String {
    format!(
        "select cases.id, cases.site_id, cases.kind, cases.status, cases.priority, cases.owner_id, cases.quarantine, cases.received_at, cases.updated_at, \
         nullif(coalesce(cases.category, feedback.category), '') as category, cases.team, cases.tags, cases.channel, {TIER} as tier, cases.customer_id, cases.contact_hashes, \
         feedback.message, feedback.desired_outcome, feedback.reference, feedback.locale, cases.problem is not null as has_problem, \
         exists (select 1 from attachments where attachments.case_id = cases.id) as has_attachment, \
         exists (select 1 from tasks where tasks.case_id = cases.id and tasks.done_at is null) as has_task, \
         (select coalesce(max(seq), 0) from events where events.case_id = cases.id) as seq \
         from cases join feedback on feedback.id = cases.id where cases.id in ({list})"
    )
}

/// What was said in cases after the feedback, newest first: where there is no room for all, it is the middle that is left out. What the customers of
/// cases said that were merged into them comes last.
pub(super) async fn messages(tx: &mut Tx, case_ids: &[String]) -> sqlx::Result<BTreeMap<String, Vec<String>>> {
    let mut said: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let list = placeholders(0, case_ids.len());
    for select in [
        format!("select case_id, body from messages where case_id in ({list}) order by case_id, id desc"),
        format!(
            "select cases.merged_into, messages.body from cases join messages on messages.case_id = cases.id \
             where cases.merged_into in ({list}) and messages.author = 'customer' order by messages.id desc"
        ),
        format!(
            "select cases.merged_into, feedback.message from cases join feedback on feedback.id = cases.id \
             where cases.merged_into in ({list}) order by cases.id"
        ),
    ] {
        let select = AssertSqlSafe(select);
        let rows: Vec<(String, String)> = with_tx!(&mut *tx, conn => {
            case_ids.iter().fold(sqlx::query_as(select), |query, id| query.bind(id)).fetch_all(conn).await
        })?;
        for (case_id, body) in rows {
            said.entry(case_id).or_default().push(body);
        }
    }
    Ok(said)
}

/// A case is also found by the contacts that came with those that were merged into it.
async fn add_contacts_of_merged(tx: &mut Tx, case_ids: &[String], all: &mut [Facts]) -> sqlx::Result<()> {
    let select = AssertSqlSafe(format!(
        "select merged_into, contact_hashes from cases where merged_into in ({}) and contact_hashes <> ''",
        placeholders(0, case_ids.len())
    ));
    let merged: Vec<(String, String)> = with_tx!(tx, conn => {
        case_ids.iter().fold(sqlx::query_as(select), |query, id| query.bind(id)).fetch_all(conn).await
    })?;
    for (into, hashes) in merged {
        for facts in all.iter_mut().filter(|facts| facts.id == into) {
            facts.contact_hashes = format!("{} {hashes}", facts.contact_hashes);
        }
    }
    Ok(())
}

/// Whom a task of a case was given to.
#[derive(sqlx::FromRow)]
struct TaskFacts {
    case_id: String,
    team: Option<String>,
    owner_id: Option<String>,
}

async fn tasks(tx: &mut Tx, case_ids: &[String]) -> sqlx::Result<Vec<TaskFacts>> {
    let select = AssertSqlSafe(format!(
        "select distinct case_id, team, owner_id from tasks where case_id in ({})",
        placeholders(0, case_ids.len())
    ));
    with_tx!(tx, conn => case_ids.iter().fold(sqlx::query_as(select), |query, id| query.bind(id)).fetch_all(conn).await)
}

#[derive(sqlx::FromRow)]
struct Facts {
    id: String,
    site_id: String,
    kind: String,
    status: String,
    priority: String,
    owner_id: Option<String>,
    quarantine: String,
    received_at: Millis,
    updated_at: Millis,
    category: Option<String>,
    team: Option<String>,
    tags: String,
    channel: Option<String>,
    tier: Option<String>,
    customer_id: Option<String>,
    contact_hashes: String,
    message: String,
    desired_outcome: Option<String>,
    reference: Option<String>,
    locale: Option<String>,
    has_problem: bool,
    has_attachment: bool,
    has_task: bool,
    seq: i64,
}

impl Facts {
    fn entry<'a>(
        &'a self,
        messages: impl Iterator<Item = &'a String>,
        tasks: impl Iterator<Item = &'a TaskFacts>,
    ) -> Entry {
        let mut tokens = Tokens::in_language(self.locale.as_deref());
        let first = [Some(&self.message), self.desired_outcome.as_ref(), self.reference.as_ref()];
        first.into_iter().flatten().chain(messages).for_each(|text| tokens.add_text(text));
        let mut facets = vec![
            Facet::Site(&self.site_id),
            Facet::Kind(&self.kind),
            Facet::Owner(self.owner_id.as_deref()),
            Facet::Priority(&self.priority),
            Facet::Team(self.team.as_deref()),
        ];
        for task in tasks {
            facets.extend(task.team.as_deref().map(Facet::TaskOfTeam));
            facets.extend(task.owner_id.as_deref().map(Facet::TaskOfMember));
        }
        facets.extend(self.channel.as_deref().map(Facet::Channel));
        facets.extend(self.tier.as_deref().map(Facet::Tier));
        facets.extend(self.customer_id.as_deref().map(Facet::Customer));
        facets.extend(self.contact_hashes.split_whitespace().map(Facet::Contact));
        let tags = Tags::stored(&self.tags);
        facets.extend(tags.iter().map(Facet::Tag));
        facets.extend(self.category.as_deref().map(Facet::Category));
        let has =
            [(self.has_attachment, Has::Attachment), (self.has_task, Has::Task), (self.has_problem, Has::Problem)];
        facets.extend(has.into_iter().filter(|(has, _)| *has).map(|(_, what)| Facet::Has(what)));
        match self.quarantine.as_str() {
            "" => facets.extend([Facet::Visible, Facet::Status(&self.status)]),
            word => facets.push(Facet::Quarantine(word)),
        }
        facets.into_iter().for_each(|facet| tokens.add_facet(facet.token()));
        received_at(self.received_at).into_iter().for_each(|facet| tokens.add_facet(facet));
        changed_at(self.updated_at).into_iter().for_each(|facet| tokens.add_facet(facet));
        Entry::new(&self.id, self.seq, &tokens)
    }
}
