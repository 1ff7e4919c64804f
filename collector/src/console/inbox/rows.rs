//! A page of cases and the counts of all tabs: by the indexes of the table where only a tab is asked for, else by the search index.

use std::collections::HashMap;
use std::sync::Arc;

use sayso_shared::Contact;
use sqlx::AssertSqlSafe;

use super::asked::Asked;
use super::excerpt::{Part, excerpts};
use super::filter::{Filter, Tab};
use crate::app::App;
use crate::auth::permissions::Standing;
use crate::auth::{Role, SignedIn};
use crate::cases::case::decrypt_contact;
use crate::cases::listing;
use crate::cases::search::{self, Search, SearchText};
use crate::cases::tags::Tags;
use crate::cases::views::Unread;
use crate::cases::{Priority, Quarantine, Status};
use crate::clock::{Millis, rfc3339};
use crate::console::shell::span;
use crate::db::rows::{chunks, placeholders};
use crate::http::Result;
use crate::keys::Keys;
use crate::service::Service;
use crate::sites::Site;
use crate::sites::labels::category_label;
use crate::text::Texts;
use crate::with_db;

/// Rows of a page.
const PAGE: usize = 50;
/// Counting stops here: nobody works through more, and a count of a million takes its time.
const COUNTED: usize = 1_000;
/// A first response is due soon when no more than this part of the promised time is left.
const SOON_PART: Millis = 4;

/// A page of cases.
#[derive(Default)]
pub struct Page {
    /// The cases, newest first.
    pub rows: Vec<Row>,
    /// After which case the next page begins, if there is one.
    pub next: Option<String>,
    /// Whether there may be more on this page, which would have taken too long to find.
    pub is_partial: bool,
    /// How many cases each tab has.
    pub counts: Counts,
}

/// A case as the inbox shows it.
pub struct Row {
    /// Its identifier.
    pub id: String,
    /// Its number, from the moment after it came on.
    pub number: Option<i64>,
    /// The word for its kind.
    pub kind: String,
    /// The word for its status.
    pub status: String,
    /// The word for its priority, unless it is as usual.
    pub priority: Option<String>,
    /// How the customer's words begin, or where they say what was searched for.
    pub excerpt: Vec<Part>,
    /// The customer's name, or another way in which they can be told apart.
    pub customer: Option<String>,
    /// Whether it may be told to partners.
    is_contact_shared: bool,
    /// The name of its site.
    pub site: String,
    /// The label of its category.
    pub category: Option<String>,
    /// 1 to 5.
    pub rating: Option<i64>,
    /// The name of its owner.
    pub owner: Option<String>,
    /// The name of its team.
    pub team: Option<String>,
    /// Its tags.
    pub tags: Vec<String>,
    /// When it was accepted, for programs and for people.
    pub received: (String, String),
    /// When something happened last, for programs and for people.
    pub updated: (String, String),
    /// When something is due.
    pub due: Option<Due>,
    /// The word for why it was held in the quarantine.
    pub suspicion: Option<String>,
    /// Whether something of it is new to the reader: others have done something since they read it, or it is new and they have not.
    pub is_unread: bool,
}

impl Row {
    /// Read as far as the reader has read it.
    fn read_by(self, unread: &Unread) -> Self {
        let is_unread = unread.has_moved(&self.id) || (self.is_unread && !unread.was_opened(&self.id));
        Self { is_unread, ..self }
    }

    /// Without the customer's name, where a partner does not get it.
    fn named_for(self, reader: &Standing) -> Self {
        let is_named = reader.role != Role::Partner || self.is_contact_shared;
        Self { customer: self.customer.filter(|_| is_named), ..self }
    }
}

/// How urgent the first response is.
pub struct Due {
    /// `ok`, `soon` or `late`.
    pub word: &'static str,
    /// The same for people.
    pub text: String,
}

/// When something of a case is due, as its row has it.
#[derive(Clone, Copy, Debug)]
pub struct DueTimes {
    /// When it was received.
    pub received_at: Millis,
    /// When the first of its running clocks is due.
    pub due_at: Option<Millis>,
    /// Until when the first response was promised.
    pub first_response_due: Option<Millis>,
    /// When a person answered first.
    pub first_responded_at: Option<Millis>,
}

/// What is due next for an open case: the first of its clocks, or in the moment before they start the first response.
pub fn due(t: Texts, status: Status, times: DueTimes, now: Millis) -> Option<Due> {
    let DueTimes { received_at, due_at, first_response_due, first_responded_at } = times;
    // While a case waits for its customer its clocks stand still.
    let promised = first_response_due.filter(|_| first_responded_at.is_none() && status != Status::Waiting);
    let due_at = due_at.or(promised).filter(|_| status.is_open())?;
    let (left, soon) = (due_at - now, (due_at - received_at) / SOON_PART);
    let (word, key) = match left {
        ..=0 => ("late", "console.due.late"),
        left if left <= soon => ("soon", "console.due.in"),
        _ => ("ok", "console.due.in"),
    };
    Some(Due { word, text: t.with(key, &[("span", &span(t, left.abs()))]) })
}

/// How many cases each tab has.
#[derive(Default)]
pub struct Counts {
    counts: HashMap<String, usize>,
    /// Whether some were not counted, since that would have taken too long.
    is_partial: bool,
}

impl Counts {
    /// The count of a tab for people: the exact number, or that there are more than anybody counts.
    pub fn of(&self, tab: &Tab) -> String {
        let words: Vec<&str> = match tab {
            Tab::Suspected(quarantine) => vec![quarantine.as_str()],
            tab => tab.statuses().map(Status::as_str).collect(),
        };
        let counts = words.into_iter().map(|word| self.counts.get(word).copied().unwrap_or_default());
        let (sum, most) = counts.fold((0, 0), |(sum, most), count| (sum + count, most.max(count)));
        match (most >= COUNTED, self.is_partial) {
            (true, _) => format!("{}+", COUNTED - 1),
            (false, true) => format!("{sum}+"),
            (false, false) => sum.to_string(),
        }
    }

    fn of_search(found: &search::Found) -> Self {
        let words = Status::ALL.iter().map(|status| status.as_str());
        let words = words.chain(Quarantine::ALL.iter().map(|quarantine| quarantine.as_str()));
        let counts = words.map(str::to_owned).zip(found.counts.iter().copied());
        Self { counts: counts.collect(), is_partial: !found.is_counted }
    }
}

#[derive(sqlx::FromRow)]
struct DbRow {
    id: String,
    number: Option<i64>,
    site_id: String,
    kind: String,
    status: String,
    priority: String,
    suspicion: Option<String>,
    received_at: Millis,
    updated_at: Millis,
    first_response_due: Option<Millis>,
    first_responded_at: Option<Millis>,
    due_at: Option<Millis>,
    team: Option<String>,
    tags: String,
    opening: String,
    category: Option<String>,
    rating: Option<i64>,
    contact_cipher: Option<String>,
    contact_shared_at: Option<Millis>,
    owner: Option<String>,
}

/// The page of cases that is asked for, with the counts of all tabs.
pub async fn find(app: &App, t: Texts, asked: &Asked<'_>, reader: &Standing) -> Result<Page> {
    let filter = &asked.filter;
    let Some(text) = asked.text() else { return Ok(Page::default()) };
    let (rows, next, is_partial, counts) = if filter.needs_tables() {
        let Some(mut listing) = asked.listing() else { return Ok(Page::default()) };
        if !filter.text.is_empty() {
            // A text is looked for among the newest cases.
            listing.ids = Some(search::search(&app.db, &Search::newest(text.clone(), COUNTED)).await?.ids);
        }
        let page = listing::ids(app, &listing, filter.sort, filter.before.as_deref(), PAGE).await?;
        let (ids, next) = page.unwrap_or_default();
        (of_cases(app, &ids).await?, next, false, counts(app, asked).await?)
    } else if filter.needs_index() {
        let Some(search) = asked.search(app) else { return Ok(Page::default()) };
        let found = search::search(&app.db, &Search { limit: PAGE, count_to: COUNTED, ..search }).await?;
        let counts = Counts::of_search(&found);
        (of_cases(app, &found.ids).await?, found.next, found.is_partial, counts)
    } else {
        let (rows, next) = plain(app, filter).await?;
        (rows, next, false, plain_counts(app).await?)
    };
    let now = app.clock.now();
    let service = app.service.current().await?;
    let openings: Vec<(&str, &str)> = rows.iter().map(|row| (row.id.as_str(), row.opening.as_str())).collect();
    let excerpts = excerpts(&app.db, &openings, text).await?;
    let unread = unread(app, reader, &rows).await?;
    let rows = rows.into_iter().zip(excerpts);
    let shown = rows.map(|(row, excerpt)| row.shown(t, &app.keys, asked.sites(), &service, now, excerpt));
    let rows = shown.map(|row| row.named_for(reader).read_by(&unread)).collect();
    Ok(Page { rows, next, is_partial, counts })
}

/// Certain cases as lists show them, in their order.
pub async fn rows_of(app: &App, who: &SignedIn, ids: &[String], sites: &[Arc<Site>]) -> Result<Vec<Row>> {
    let (service, now) = (app.service.current().await?, app.clock.now());
    let rows = of_cases(app, ids).await?;
    let openings: Vec<(&str, &str)> = rows.iter().map(|row| (row.id.as_str(), row.opening.as_str())).collect();
    let excerpts = excerpts(&app.db, &openings, &SearchText::default()).await?;
    let unread = unread(app, &who.standing, &rows).await?;
    let rows = rows.into_iter().zip(excerpts);
    let shown = rows.map(|(row, excerpt)| row.shown(who.t, &app.keys, sites, &service, now, excerpt));
    Ok(shown.map(|row| row.named_for(&who.standing).read_by(&unread)).collect())
}

async fn unread(app: &App, reader: &Standing, rows: &[DbRow]) -> sqlx::Result<Unread> {
    let ids: Vec<String> = rows.iter().map(|row| row.id.clone()).collect();
    Unread::of(&app.db, &reader.member_id, &ids).await
}

/// The counts of all tabs, as if nothing were asked about what is due.
pub async fn counts(app: &App, asked: &Asked<'_>) -> Result<Counts> {
    if !asked.filter.reported.is_empty() {
        // The index knows nothing of what reports count.
        let Some(listing) = asked.wider().listing() else { return Ok(Counts::default()) };
        let found = listing::counts(app, &listing, COUNTED).await?;
        let counts = found.into_iter().map(|(word, count)| (word, usize::try_from(count).unwrap_or_default()));
        return Ok(Counts { counts: counts.collect(), is_partial: false });
    }
    let wider = asked.wider();
    match wider.search(app) {
        Some(search) if wider.filter.needs_index() => {
            let found = search::search(&app.db, &Search { limit: 1, count_to: COUNTED, ..search }).await?;
            Ok(Counts::of_search(&found))
        }
        _ => plain_counts(app).await,
    }
}

/// All cases of a tab.
async fn plain(app: &App, filter: &Filter) -> Result<(Vec<DbRow>, Option<String>)> {
    let sql = plain_sql(filter.tab, if filter.before.is_some() { " and id < $1" } else { "" });
    let mut rows: Vec<DbRow> = with_db!(&app.db, pool => {
        let query = filter.before.iter().fold(sqlx::query_as(AssertSqlSafe(sql)), |query, id| query.bind(id));
        query.fetch_all(pool).await
    })?;
    let has_more = rows.len() > PAGE;
    rows.truncate(PAGE);
    let next = rows.last().filter(|_| has_more).map(|row| row.id.clone());
    Ok((rows, next))
}

/// Certain cases, in their order.
async fn of_cases(app: &App, ids: &[String]) -> Result<Vec<DbRow>> {
    let mut rows: Vec<DbRow> = Vec::with_capacity(ids.len());
    for chunk in chunks(ids) {
        let page = format!("select * from cases where id in ({})", placeholders(0, chunk.len()));
        let select = AssertSqlSafe(with_columns(&page));
        let found: Vec<DbRow> = with_db!(&app.db, pool => {
            chunk.iter().fold(sqlx::query_as(select), |query, id| query.bind(id)).fetch_all(pool).await
        })?;
        rows.extend(found);
    }
    let place: HashMap<&str, usize> = ids.iter().map(String::as_str).zip(0..).collect();
    rows.sort_by_key(|row| place.get(row.id.as_str()).copied());
    Ok(rows)
}

async fn plain_counts(app: &App) -> Result<Counts> {
    let found: Vec<(String, i64)> =
        with_db!(&app.db, pool => sqlx::query_as(AssertSqlSafe(counts_sql())).fetch_all(pool).await)?;
    let counts = found.into_iter().map(|(word, count)| (word, usize::try_from(count).unwrap_or_default()));
    Ok(Counts { counts: counts.collect(), is_partial: false })
}

/// The statement that counts cases by status and in the quarantine, up to a limit.
pub fn counts_sql() -> String {
    let part = |word: &str, of: String| {
        format!(
            "select '{word}' as word, count(*) as found from (select id from cases where {of} order by id desc limit {COUNTED}) as c_{word}"
        )
    };
    let parts = Status::ALL.iter().map(|status| part(status.as_str(), of_status(*status)));
    let parts =
        parts.chain(Quarantine::ALL.iter().map(|quarantine| part(quarantine.as_str(), in_quarantine(*quarantine))));
    parts.collect::<Vec<_>>().join(" union all ")
}

/// Cases of a status, as an index finds them.
fn of_status(status: Status) -> String {
    format!("quarantine = '' and status = '{}'", status.as_str())
}

/// Suspected cases, as an index finds them.
fn in_quarantine(quarantine: Quarantine) -> String {
    format!("quarantine <> '' and quarantine = '{}'", quarantine.as_str())
}

/// The statement that reads a page of a tab. Each status is read by its index, newest first, and no further than a page; so the time does
/// not grow with the cases. `more` is a further condition.
pub fn plain_sql(tab: Tab, more: &str) -> String {
    let limit = PAGE + 1;
    let newest = |of: &str| format!("select * from cases where {of}{more} order by id desc limit {limit}");
    let page = match tab {
        // Written so that no index by quarantine fits, which would have to sort all cases: the newest stand at the end of the primary key.
        Tab::All => newest("quarantine not in ('held', 'discarded', 'merged')"),
        Tab::Suspected(quarantine) => newest(&in_quarantine(quarantine)),
        tab => {
            let parts = tab
                .statuses()
                .map(|status| format!("select * from ({}) as c_{}", newest(&of_status(status)), status.as_str()));
            format!(
                "select * from ({}) as chosen order by id desc limit {limit}",
                parts.collect::<Vec<_>>().join(" union all ")
            )
        }
    };
    format!("{} order by page.id desc", with_columns(&page))
}

/// What the inbox shows of the cases that `page` selects.
fn with_columns(page: &str) -> String {
    format!(
        "select page.id, page.site_id, page.kind, page.status, page.priority, page.suspicion, page.received_at, page.updated_at, \
        page.first_response_due, page.first_responded_at, case_numbers.number, page.due_at, page.team, page.tags, substr(feedback.message, 1, 300) as opening, \
        nullif(coalesce(page.category, feedback.category), '') as category, feedback.rating, \
        feedback.contact_cipher, page.contact_shared_at, members.name as owner \
        from ({page}) as page join feedback on feedback.id = page.id left join members on members.id = page.owner_id \
        left join case_numbers on case_numbers.case_id = page.id"
    )
}

impl DbRow {
    fn shown(
        self,
        t: Texts,
        keys: &Keys,
        sites: &[Arc<Site>],
        service: &Service,
        now: Millis,
        excerpt: Vec<Part>,
    ) -> Row {
        let site = sites.iter().find(|site| site.id() == self.site_id);
        let status = Status::parse(&self.status).unwrap_or(Status::New);
        let times = DueTimes {
            received_at: self.received_at,
            due_at: self.due_at,
            first_response_due: self.first_response_due,
            first_responded_at: self.first_responded_at,
        };
        let contact = decrypt_contact(keys, &self.id, self.contact_cipher.as_deref());
        // What was erased leaves its row, whose link has to say something.
        let erased = || vec![Part { text: t.get("common.erased_text").to_owned(), is_hit: false }];
        let is_empty = excerpt.iter().all(|part| part.text.is_empty());
        Row {
            excerpt: if is_empty { erased() } else { excerpt },
            customer: contact.as_ref().and_then(display_name),
            is_contact_shared: self.contact_shared_at.is_some(),
            category: category_label(t.0, site.map(AsRef::as_ref), self.category.as_deref()),
            site: site.map_or_else(String::new, |site| site.name().to_owned()),
            received: (rfc3339(self.received_at), t.moment(self.received_at)),
            updated: (rfc3339(self.updated_at), t.moment(self.updated_at)),
            number: self.number,
            due: due(t, status, times, now),
            team: self.team.map(|key| service.team(&key).map_or(key, |team| team.name.to_string())),
            tags: Tags::stored(&self.tags).iter().map(str::to_owned).collect(),
            priority: Some(self.priority).filter(|word| word != Priority::Normal.as_str()),
            id: self.id,
            kind: self.kind,
            status: self.status,
            rating: self.rating,
            owner: self.owner,
            suspicion: self.suspicion,
            is_unread: status == Status::New,
        }
    }
}

/// What a customer is called: by name, else by what can reach them.
pub fn display_name(contact: &Contact) -> Option<String> {
    contact.name().or(contact.email()).or(contact.phone()).map(str::to_owned)
}
