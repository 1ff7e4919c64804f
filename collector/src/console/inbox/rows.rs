//! One query for a page of cases, whatever is asked for, and one for the counts.

use std::collections::HashMap;
use std::sync::Arc;

use sayso_shared::Contact;
use sqlx::AssertSqlSafe;

use super::filter::{Condition, Filter, Tab};
use crate::app::App;
use crate::cases::case::contact_context;
use crate::cases::{Priority, Quarantine, Status};
use crate::clock::{HOUR, Millis, rfc3339};
use crate::console::shell::{excerpt, span};
use crate::http::Result;
use crate::keys::Keys;
use crate::sites::Site;
use crate::sites::texts;
use crate::text::Texts;
use crate::with_db;

/// Rows of a page.
const PAGE: usize = 50;
/// Counting stops here: nobody works through more, and a count of a million takes its time.
const COUNTED: i64 = 1_000;
/// A first response that is due within this time is due soon.
const SOON: Millis = 4 * HOUR;

/// A page of cases.
pub struct Page {
    /// The cases, newest first.
    pub rows: Vec<Row>,
    /// The last case, if there are more after it.
    pub next: Option<String>,
}

/// A case as the inbox shows it.
pub struct Row {
    /// Its identifier.
    pub id: String,
    /// The word for its kind.
    pub kind: String,
    /// The word for its status.
    pub status: String,
    /// The word for its priority, unless it is as usual.
    pub priority: Option<String>,
    /// How the customer's words begin.
    pub excerpt: String,
    /// The customer's name, or another way in which they can be told apart.
    pub customer: Option<String>,
    /// The name of its site.
    pub site: String,
    /// The label of its category.
    pub category: Option<String>,
    /// 1 to 5.
    pub rating: Option<i64>,
    /// The name of its owner.
    pub owner: Option<String>,
    /// When it was accepted, for programs and for people.
    pub received: (String, String),
    /// When the first response is due.
    pub due: Option<Due>,
    /// The word for why it was held in the quarantine.
    pub suspicion: Option<String>,
}

impl Row {
    /// Whether nobody has looked at it.
    pub fn is_unread(&self) -> bool {
        self.status == Status::New.as_str()
    }
}

/// How urgent the first response is.
pub struct Due {
    /// `ok`, `soon` or `late`.
    pub word: &'static str,
    /// The same for people.
    pub text: String,
}

/// What is due for a case that nobody has answered yet.
pub fn due(t: Texts, status: Status, due_at: Option<Millis>, responded_at: Option<Millis>, now: Millis) -> Option<Due> {
    let left = due_at.filter(|_| responded_at.is_none() && status.is_open())? - now;
    let (word, key) = match left {
        ..=0 => ("late", "console.due.late"),
        1..SOON => ("soon", "console.due.in"),
        _ => ("ok", "console.due.in"),
    };
    Some(Due { word, text: t.with(key, &[("span", &span(t, left.abs()))]) })
}

/// How many cases each tab has.
#[derive(Default)]
pub struct Counts(HashMap<String, i64>);

impl Counts {
    /// The count of a tab for people: the exact number, or that there are more than anybody counts.
    pub fn of(&self, tab: &Tab) -> String {
        let words: Vec<&str> = match tab {
            Tab::Suspected(quarantine) => vec![quarantine.as_str()],
            tab => tab.statuses().map(Status::as_str).collect(),
        };
        let counts = words.into_iter().map(|word| self.0.get(word).copied().unwrap_or_default());
        let (sum, most) = counts.fold((0, 0), |(sum, most), count| (sum + count, most.max(count)));
        if most >= COUNTED { format!("{}+", COUNTED - 1) } else { sum.to_string() }
    }
}

#[derive(sqlx::FromRow)]
struct DbRow {
    id: String,
    site_id: String,
    kind: String,
    status: String,
    priority: String,
    suspicion: Option<String>,
    received_at: Millis,
    first_response_due: Option<Millis>,
    first_responded_at: Option<Millis>,
    opening: String,
    category: Option<String>,
    rating: Option<i64>,
    contact_cipher: Option<String>,
    owner: Option<String>,
}

/// The page of cases that `filter` asks for.
pub async fn find(app: &App, t: Texts, filter: &Filter, me: &str, sites: &[Arc<Site>]) -> Result<Page> {
    let Some(mut condition) = filter.condition(app, me, sites) else {
        return Ok(Page { rows: Vec::new(), next: None });
    };
    if let Some(before) = &filter.before {
        condition.add(|at| format!("id < {at}"), before.as_str().to_owned());
    }
    let sql = select(filter.tab, &condition);
    let mut rows: Vec<DbRow> = with_db!(&app.db, pool => {
        let query = condition.values.iter().fold(sqlx::query_as(AssertSqlSafe(sql)), |query, value| query.bind(value));
        query.fetch_all(pool).await
    })?;
    let has_more = rows.len() > PAGE;
    rows.truncate(PAGE);
    let next = rows.last().filter(|_| has_more).map(|row| row.id.clone());
    let now = app.clock.now();
    Ok(Page { rows: rows.into_iter().map(|row| row.shown(t, &app.keys, sites, now)).collect(), next })
}

/// How many cases there are by status and in the quarantine, up to a limit.
pub async fn counts(app: &App, filter: &Filter, me: &str, sites: &[Arc<Site>]) -> Result<Counts> {
    let Some(condition) = filter.condition(app, me, sites) else { return Ok(Counts::default()) };
    let more = condition.sql();
    let part = |word: &str, of: String| {
        format!(
            "select '{word}' as word, count(*) as found from (select 1 from cases where {of}{more} limit {COUNTED}) as c_{word}"
        )
    };
    let parts = Status::ALL.iter().map(|status| part(status.as_str(), of_status(*status)));
    let parts =
        parts.chain(Quarantine::ALL.iter().map(|quarantine| part(quarantine.as_str(), in_quarantine(*quarantine))));
    let sql = parts.collect::<Vec<_>>().join(" union all ");
    let found: Vec<(String, i64)> = with_db!(&app.db, pool => {
        let query = condition.values.iter().fold(sqlx::query_as(AssertSqlSafe(sql)), |query, value| query.bind(value));
        query.fetch_all(pool).await
    })?;
    Ok(Counts(found.into_iter().collect()))
}

/// Cases of a status, as an index finds them.
fn of_status(status: Status) -> String {
    format!("quarantine = '' and status = '{}'", status.as_str())
}

/// Suspected cases, as an index finds them.
fn in_quarantine(quarantine: Quarantine) -> String {
    format!("quarantine <> '' and quarantine = '{}'", quarantine.as_str())
}

/// Each status is read by its index, newest first, and no further than a page; so the time does not grow with the cases.
fn select(tab: Tab, condition: &Condition) -> String {
    let (more, limit) = (condition.sql(), PAGE + 1);
    let newest = |of: &str| format!("select * from cases where {of}{more} order by id desc limit {limit}");
    let page = match tab {
        // Written so that no index by quarantine fits, which would have to sort all cases: the newest stand at the end of the primary key.
        Tab::All => newest("quarantine not in ('held', 'discarded')"),
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
    format!(
        "select page.id, page.site_id, page.kind, page.status, page.priority, page.suspicion, page.received_at, page.first_response_due, \
        page.first_responded_at, substr(feedback.message, 1, 300) as opening, feedback.category, feedback.rating, \
        feedback.contact_cipher, members.name as owner \
        from ({page}) as page join feedback on feedback.id = page.id left join members on members.id = page.owner_id \
        order by page.id desc"
    )
}

impl DbRow {
    fn shown(self, t: Texts, keys: &Keys, sites: &[Arc<Site>], now: Millis) -> Row {
        let site = sites.iter().find(|site| site.id() == self.site_id);
        let status = Status::parse(&self.status).unwrap_or(Status::New);
        let contact =
            self.contact_cipher.as_deref().and_then(|cipher| keys.decrypt(&contact_context(&self.id), cipher));
        let contact: Option<Contact> = contact.and_then(|json| serde_json::from_slice(&json).ok());
        Row {
            excerpt: excerpt(&self.opening, 180),
            customer: contact.as_ref().and_then(display_name),
            category: category_label(t, site.map(AsRef::as_ref), self.category.as_deref()),
            site: site.map_or_else(String::new, |site| site.name().to_owned()),
            received: (rfc3339(self.received_at), t.moment(self.received_at)),
            due: due(t, status, self.first_response_due, self.first_responded_at, now),
            priority: Some(self.priority).filter(|word| word != Priority::Normal.as_str()),
            id: self.id,
            kind: self.kind,
            status: self.status,
            rating: self.rating,
            owner: self.owner,
            suspicion: self.suspicion,
        }
    }
}

/// What a customer is called: by name, else by what can reach them.
pub fn display_name(contact: &Contact) -> Option<String> {
    contact.name().or(contact.email()).or(contact.phone()).map(str::to_owned)
}

/// The label of a category, or its key when the site does not have it any more.
pub fn category_label(t: Texts, site: Option<&Site>, key: Option<&str>) -> Option<String> {
    let key = key?;
    let category = site.and_then(|site| site.settings.categories.iter().find(|category| category.key == key));
    let main = site.and_then(|site| site.settings.languages.first());
    let label = category.and_then(|category| texts::best(&category.label, t.0, main));
    Some(label.unwrap_or(key).to_owned())
}
