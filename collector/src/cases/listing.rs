//! Lists of cases that are sorted or filtered by more than the search index knows: by when they are due, by when they changed, by what they have.

use std::collections::HashSet;
use std::fmt::Write as _;

use sayso_shared::Kind;
use sqlx::AssertSqlSafe;

use super::access::Visibility;
use super::conditions::{Conditions, Value, bind_values, renumbered};
use super::counted::{Counted, Now, Trait};
use super::search::{Facet, Has};
use super::{Case, Channel, Priority, Status};
use crate::app::App;
use crate::clock::Millis;
use crate::db::search::Term;
use crate::http::Result;
use crate::with_db;

/// The tier of a case's customer, followed by what it is. The column `cases.tier` has what the case was promised under, which of a closed one stays.
const TIER_IS: &str = "(select coalesce(customers.tier, customers.site_tier, customers.rule_tier) from customers where customers.id = cases.customer_id) = ";

/// Which cases, of those that are not in quarantine. What is none, or empty, asks for nothing.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    /// The identifier of their site.
    pub site_id: Option<String>,
    /// Their kind.
    pub kind: Option<Kind>,
    /// One of these statuses.
    pub statuses: Vec<Status>,
    /// The key of their team; `Some(None)` for those without.
    pub team: Option<Option<String>>,
    /// The identifier of their owner; `Some(None)` for those without.
    pub owner: Option<Option<String>>,
    /// A tag.
    pub tag: Option<String>,
    /// Their priority.
    pub priority: Option<Priority>,
    /// The key of their category.
    pub category: Option<String>,
    /// How they came.
    pub channel: Option<Channel>,
    /// The tier that the customer has now, whatever the case was promised under.
    pub tier: Option<String>,
    /// The identifier of their customer.
    pub customer_id: Option<String>,
    /// The key of the problem behind them.
    pub problem: Option<String>,
    /// When the first of their clocks is due.
    pub due: Option<Due>,
    /// Something that they have.
    pub has: Option<Has>,
    /// Those that changed at this time or later.
    pub updated_since: Option<Millis>,
    /// Some of these.
    pub ids: Option<Vec<String>>,
    /// Those that a member sees; none for all.
    pub visible: Option<Visibility>,
    /// What each of them lacks or has.
    pub traits: Vec<Trait>,
    /// Those that a figure of a report counts.
    pub counted: Option<Counted>,
}

/// When the first clock of a case is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// It is over.
    Overdue,
    /// Less than a quarter of its time is left.
    Soon,
    /// The customer had the last word, and waits for an answer.
    Answered,
    /// Between two times, the second not included.
    Within(Millis, Millis),
    /// It was put aside until before this time.
    FollowUp(Millis),
}

/// Which come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// The newest.
    Newest,
    /// The oldest.
    Oldest,
    /// Those that are due first; then those that are not due, the newest first.
    Due,
    /// Those that changed last.
    Updated,
}

/// Where a page goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Cursor {
    /// After this case, among those that are sorted by a time.
    Timed(Millis, String),
    /// After this case, among those that are sorted by their identifiers.
    Plain(String),
}

/// A page of cases, and the cursor of the next one; none if the cursor is none of ours.
pub async fn list(
    app: &App,
    listing: &Listing,
    sort: Sort,
    cursor: Option<&str>,
    limit: usize,
) -> Result<Option<(Vec<Case>, Option<String>)>> {
    let Some((ids, next)) = ids(app, listing, sort, cursor, limit).await? else { return Ok(None) };
    Ok(Some((Case::by_ids(app, &ids).await?, next)))
}

/// The identifiers of the cases of a page, and the cursor of the next one; none if the cursor is none of ours.
pub async fn ids(
    app: &App,
    listing: &Listing,
    sort: Sort,
    cursor: Option<&str>,
    limit: usize,
) -> Result<Option<(Vec<String>, Option<String>)>> {
    let cursor = match cursor.map(Cursor::parse) {
        None => None,
        Some(Some(cursor)) => Some(cursor),
        Some(None) => return Ok(None),
    };
    let now = Now { at: app.clock.now(), ahead: app.clock.ahead() };
    let mut rows: Vec<(String, Option<Millis>)> = Vec::new();
    for part in parts(sort) {
        // Of two parts the second is for what the first has not.
        let goes_on = match (&cursor, part) {
            (Some(Cursor::Plain(_)), Part::Due) => continue,
            (Some(Cursor::Timed(..)), Part::NotDue) => None,
            (cursor, _) => cursor.as_ref(),
        };
        let more = find(app, listing, *part, goes_on, limit + 1 - rows.len(), now).await?;
        rows.extend(more);
        if rows.len() > limit {
            break;
        }
    }
    let next = (rows.len() > limit).then(|| {
        let (id, time) = &rows[limit - 1];
        time.map_or_else(|| Cursor::Plain(id.clone()), |time| Cursor::Timed(time, id.clone())).to_string()
    });
    rows.truncate(limit);
    Ok(Some((rows.into_iter().map(|(id, _)| id).collect(), next)))
}

/// How many cases there are of each status, whatever statuses are asked for; of each at most so many.
pub async fn counts(app: &App, listing: &Listing, most: usize) -> Result<Vec<(String, i64)>> {
    let all = Listing { statuses: Vec::new(), ..listing.clone() };
    let conditions = all.conditions(Now { at: app.clock.now(), ahead: app.clock.ahead() });
    let sql = AssertSqlSafe(format!(
        "select status, count(*) as found from (select cases.status as status {JOINED} where {} limit {most}) as counted group by status",
        conditions.sql
    ));
    Ok(with_db!(&app.db, pool => {
        bind_values!(sqlx::query_as(sql), &conditions.values).fetch_all(pool).await
    })?)
}

/// Which of some cases a member sees, also of those in quarantine.
pub async fn seen_of(app: &App, visible: &Visibility, ids: &[String]) -> Result<HashSet<String>> {
    let mut conditions = Conditions::default();
    let list = conditions.list(ids);
    let _ = write!(conditions.sql, "cases.id in ({list})");
    conditions.and_visible(visible);
    let sql = format!("select cases.id, cast(null as bigint) as time from cases where {}", conditions.sql);
    Ok(rows(app, sql, &conditions.values).await?.into_iter().map(|(id, _)| id).collect())
}

/// Whether a text is a cursor, of a list or of a search.
pub fn is_cursor(text: &str) -> bool {
    Cursor::parse(text).is_some()
}

/// What is read one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Newest,
    Oldest,
    Due,
    NotDue,
    Updated,
}

const fn parts(sort: Sort) -> &'static [Part] {
    match sort {
        Sort::Newest => &[Part::Newest],
        Sort::Oldest => &[Part::Oldest],
        Sort::Due => &[Part::Due, Part::NotDue],
        Sort::Updated => &[Part::Updated],
    }
}

async fn find(
    app: &App,
    listing: &Listing,
    part: Part,
    after: Option<&Cursor>,
    limit: usize,
    now: Now,
) -> Result<Vec<(String, Option<Millis>)>> {
    let (sql, values) = statement(listing, part, after, limit, now);
    rows(app, sql, &values).await
}

/// The identifiers that a statement selects, each with its time.
async fn rows(app: &App, sql: String, values: &[Value]) -> Result<Vec<(String, Option<Millis>)>> {
    let sql = AssertSqlSafe(sql);
    Ok(with_db!(&app.db, pool => {
        bind_values!(sqlx::query_as(sql), values).fetch_all(pool).await
    })?)
}

/// The statement of a part, with its values. Each is read by an index, in its order and no further than a page, unless a filter finds almost nothing.
fn statement(listing: &Listing, part: Part, after: Option<&Cursor>, limit: usize, now: Now) -> (String, Vec<Value>) {
    let mut conditions = listing.conditions(now);
    let (from, order) = match part {
        Part::Newest | Part::Oldest | Part::NotDue => {
            if part == Part::NotDue {
                conditions.and("cases.due_at is null");
            }
            let (sign, order) = if part == Part::Oldest { (">", "asc") } else { ("<", "desc") };
            if let Some(Cursor::Plain(id)) = after {
                conditions.and_with(&format!("cases.id {sign} "), id.clone());
            }
            ("select cases.id, cast(null as bigint) as time", format!("cases.id {order}"))
        }
        Part::Due => {
            conditions.and("cases.due_at is not null");
            conditions.after("cases.due_at", ">", after.and_then(Cursor::timed));
            ("select cases.id, cases.due_at as time", "cases.due_at, cases.id".to_owned())
        }
        Part::Updated => return updated(conditions, after, limit),
    };
    let sql = format!("{from} {JOINED} where {} order by {order} limit {limit}", conditions.sql);
    (sql, conditions.values)
}

const JOINED: &str = "from cases join feedback on feedback.id = cases.id";

/// Cases that nobody has touched yet have no entry in the index by change, which intake would have to keep up; their identifiers have the order of
/// their receipt.
fn updated(mut conditions: Conditions, after: Option<&Cursor>, limit: usize) -> (String, Vec<Value>) {
    let mut untouched = conditions.clone();
    conditions.and("cases.version > 1");
    conditions.after("cases.updated_at", "<", after.and_then(Cursor::timed));
    untouched.and("cases.version = 1");
    untouched.after("cases.received_at", "<", after.and_then(Cursor::timed));
    // The values of the second statement come after those of the first.
    let shifted = renumbered(&untouched.sql, conditions.values.len());
    let sql = format!(
        "select id, time from (select id, time from (select cases.id as id, cases.updated_at as time {JOINED} where {} \
         order by cases.updated_at desc, cases.id desc limit {limit}) as touched \
         union all select id, time from (select cases.id as id, cases.received_at as time {JOINED} where {shifted} \
         order by cases.id desc limit {limit}) as untouched) as found order by time desc, id desc limit {limit}",
        conditions.sql
    );
    conditions.values.extend(untouched.values);
    (sql, conditions.values)
}

impl Listing {
    /// What the search index is asked for: everything but the statuses, and when something is due or changed.
    pub fn terms(&self) -> Vec<Term> {
        let facets = [
            self.site_id.as_deref().map(Facet::Site),
            self.kind.map(|kind| Facet::Kind(kind.as_str())),
            self.team.as_ref().map(|team| Facet::Team(team.as_deref())),
            self.owner.as_ref().map(|owner| Facet::Owner(owner.as_deref())),
            self.tag.as_deref().map(Facet::Tag),
            self.priority.map(|priority| Facet::Priority(priority.as_str())),
            self.category.as_deref().map(Facet::Category),
            self.channel.map(|channel| Facet::Channel(channel.as_str())),
            self.tier.as_deref().map(Facet::Tier),
            self.customer_id.as_deref().map(Facet::Customer),
            self.has.map(Facet::Has),
        ];
        let visible = self.visible.as_ref().map(Visibility::term);
        facets.into_iter().flatten().map(Facet::term).chain(visible).collect()
    }

    /// The conditions by what cases are, with one of the quarantine.
    fn narrowing(&self, quarantine: &str) -> Conditions {
        let mut all = Conditions { sql: quarantine.to_owned(), values: Vec::new() };
        let texts = [
            ("cases.site_id = ", self.site_id.clone()),
            ("cases.kind = ", self.kind.map(|kind| kind.as_str().to_owned())),
            ("cases.priority = ", self.priority.map(|priority| priority.as_str().to_owned())),
            ("coalesce(cases.category, feedback.category) = ", self.category.clone()),
            ("cases.channel = ", self.channel.map(|channel| channel.as_str().to_owned())),
            (TIER_IS, self.tier.clone()),
            ("cases.customer_id = ", self.customer_id.clone()),
            ("cases.problem = ", self.problem.clone()),
            ("cases.team = ", self.team.clone().flatten()),
            ("cases.owner_id = ", self.owner.clone().flatten()),
        ];
        for (column, value) in texts {
            if let Some(value) = value {
                all.and_with(column, value);
            }
        }
        if self.team == Some(None) {
            all.and("cases.team is null");
        }
        if self.owner == Some(None) {
            all.and("cases.owner_id is null");
        }
        if let Some(tag) = &self.tag {
            // Whole lines: each tag has one.
            let like: String = tag
                .chars()
                .flat_map(|letter| ['\\'].into_iter().filter(move |_| "%_\\".contains(letter)).chain([letter]))
                .collect();
            all.values.push(Value::Text(format!("%\n{like}\n%")));
            let _ = write!(all.sql, " and '\n' || cases.tags || '\n' like ${} escape '\\'", all.values.len());
        }
        self.traits.iter().for_each(|one| all.and(one.sql()));
        all
    }

    fn conditions(&self, now: Now) -> Conditions {
        let mut all = self.narrowing(self.counted.as_ref().map_or("cases.quarantine = ''", Counted::quarantine));
        if let Some(counted) = &self.counted {
            counted.add(&mut all, |quarantine| self.narrowing(quarantine), now);
        }
        let now = now.at;
        if !self.statuses.is_empty() {
            let words: Vec<String> = self.statuses.iter().map(|status| format!("'{}'", status.as_str())).collect();
            all.and(&format!("cases.status in ({})", words.join(", ")));
        }
        if let Some(since) = self.updated_since {
            all.and_number("cases.updated_at >= ", since);
        }
        match self.due {
            None => {}
            Some(Due::Overdue) => all.and_number("cases.due_at < ", now),
            Some(Due::Within(from, to)) => {
                all.and_number("cases.due_at >= ", from);
                all.and_number("cases.due_at < ", to);
            }
            Some(Due::FollowUp(before)) => all.and_number("cases.follow_up_at < ", before),
            Some(Due::Answered) => all.and(
                "(select author from messages where messages.case_id = cases.id and messages.author <> 'note' \
                 order by messages.id desc limit 1) = 'customer'",
            ),
            Some(Due::Soon) => {
                all.and_number("cases.due_at >= ", now);
                all.values.push(Value::Number(now));
                let _ = write!(
                    all.sql,
                    " and exists (select 1 from clocks where clocks.case_id = cases.id and clocks.due_at = cases.due_at and clocks.ended_at is null \
                     and clocks.due_at - (clocks.due_at - clocks.started_at) / 4 <= ${})",
                    all.values.len()
                );
            }
        }
        match self.has {
            None => {}
            Some(Has::Attachment) => all.and("exists (select 1 from attachments where attachments.case_id = cases.id)"),
            Some(Has::Task) => {
                all.and("exists (select 1 from tasks where tasks.case_id = cases.id and tasks.done_at is null)");
            }
            Some(Has::Problem) => all.and("cases.problem is not null"),
        }
        if let Some(ids) = &self.ids {
            let list = all.list(ids);
            all.and(&format!("cases.id in ({list})"));
        }
        if let Some(visible) = &self.visible {
            all.and_visible(visible);
        }
        all
    }
}

impl Cursor {
    /// Its time and its case, if it is of a list by time.
    fn timed(&self) -> Option<(Millis, &str)> {
        match self {
            Self::Timed(time, id) => Some((*time, id)),
            Self::Plain(_) => None,
        }
    }

    fn parse(text: &str) -> Option<Self> {
        match text.split_once('~') {
            Some((time, id)) => Some(Self::Timed(time.parse().ok()?, uuid::Uuid::parse_str(id).ok()?.to_string())),
            None => Some(Self::Plain(uuid::Uuid::parse_str(text).ok()?.to_string())),
        }
    }
}

impl std::fmt::Display for Cursor {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Timed(time, id) => write!(formatter, "{time}~{id}"),
            Self::Plain(id) => formatter.write_str(id),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_back_and_nothing_else_is_one() {
        let id = "018f3a1e-0000-7000-8000-000000000001".to_owned();
        for cursor in [Cursor::Timed(-5, id.clone()), Cursor::Timed(1_800_000_000_000, id.clone()), Cursor::Plain(id)] {
            assert_eq!(Cursor::parse(&cursor.to_string()), Some(cursor));
        }
        for wrong in ["", "7", "x~018f3a1e-0000-7000-8000-000000000001", "7~", "7~' or 1"] {
            assert_eq!(Cursor::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn values_are_bound_in_the_order_of_their_numbers() {
        let listing = Listing {
            kind: Some(Kind::Praise),
            tag: Some("50%_off".to_owned()),
            due: Some(Due::Soon),
            ids: Some(vec!["a".to_owned(), "b".to_owned()]),
            ..Listing::default()
        };
        let after = Cursor::Timed(7, "018f3a1e-0000-7000-8000-000000000001".to_owned());
        for part in [Part::Newest, Part::Oldest, Part::Due, Part::NotDue, Part::Updated] {
            let (sql, values) = statement(&listing, part, Some(&after), 51, Now { at: 9, ahead: 0 });
            let numbers: Vec<usize> = sql
                .split('$')
                .skip(1)
                .map(|rest| {
                    rest.bytes()
                        .take_while(u8::is_ascii_digit)
                        .fold(0, |number, digit| number * 10 + usize::from(digit - b'0'))
                })
                .collect();
            assert_eq!(numbers, (1..=values.len()).collect::<Vec<_>>(), "{sql}");
        }
    }
}
