//! The list of deliveries, with what is stuck above it.

use std::collections::HashMap;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Html;
use jiff::tz::TimeZone;
use serde::Deserialize;

use crate::app::App;
use crate::assets::{self, MARK};
use crate::auth::SignedIn;
use crate::auth::permissions::Action;
use crate::cases::query::numbers;
use crate::clock::{Millis, rfc3339};
use crate::console::shell::{Screen, Shell, delivery_tone, event_name, page};
use crate::console::troubles::{self, Trouble};
use crate::http::{Error, Result};
use crate::outbox::list::{self, Filter, Listed, STATES};
use crate::outbox::stuck::{self, Stuck};
use crate::outbox::{CUSTOMER, State as DeliveryState};
use crate::reports::periods::{Edge, moment};
use crate::sites::targets::Target;
use crate::text::Texts;

/// Where the deliveries are.
pub(super) const PATH: &str = "/staff/deliveries";
/// Deliveries of a page.
const PAGE: usize = 50;
/// The word for all members together, where deliveries are summed up.
const MEMBER: &str = "member";

/// Which deliveries are asked for. What makes no sense is not asked for.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Wanted {
    /// The word of a state.
    pub(super) state: String,
    /// The key of a target, or `customer`.
    pub(super) target: String,
    /// The first day that they were planned on, in UTC.
    pub(super) since: String,
    /// The last one.
    pub(super) until: String,
    /// Behind which delivery of the list.
    pub(super) cursor: String,
    pub(super) done: Option<String>,
}

#[derive(Template)]
#[template(path = "console/deliveries.html")]
struct ListPage {
    t: Texts,
    shell: Shell,
    troubles: Vec<Trouble>,
    stuck: Vec<Sum>,
    wanted: Wanted,
    targets: Vec<String>,
    rows: Vec<Row>,
    next: Option<String>,
    may_replay: bool,
    done: Option<&'static str>,
}

/// Deliveries to one destination that are stuck.
struct Sum {
    to: String,
    text: String,
    since: (String, String),
    error: Option<String>,
    tone: &'static str,
    /// The list of them; members have none, since theirs are known by each member alone.
    address: Option<String>,
}

struct Row {
    id: String,
    to: String,
    about: &'static str,
    /// The case, and what it is called.
    case: Option<(String, String)>,
    tone: &'static str,
    state: &'static str,
    attempts: i64,
    error: Option<String>,
    at: (String, String),
    can_replay: bool,
}

/// `GET /staff/deliveries`.
pub(super) async fn show(State(app): State<App>, who: SignedIn, Query(wanted): Query<Wanted>) -> Result<Html<String>> {
    check(&who, Action::ReadService)?;
    let targets = Target::all(&app.db).await?;
    let mut found = list::list(&app.db, &targets, &wanted.filter(&targets)).await?;
    let has_more = found.len() > PAGE;
    found.truncate(PAGE);
    let next = found.last().filter(|_| has_more).map(|last| wanted.address(Some((last.created_at, &last.id))));
    let cases: Vec<String> = found.iter().filter_map(|one| one.case.clone()).collect();
    let numbers = numbers(&app.db, &cases).await?;
    let t = who.t;
    let stuck = stuck::all(&app.db).await?;
    let done = wanted.done.as_deref().and_then(|done| t.find(&format!("desk.deliveries.done.{done}")));
    page(&ListPage {
        t,
        shell: Shell::load(&app, &who, Screen::Deliveries).await?,
        troubles: troubles::all(&app, t).await?,
        stuck: stuck.into_iter().map(|one| Sum::of(t, one, &targets)).collect(),
        wanted,
        targets: targets.into_iter().map(|target| target.key).collect(),
        rows: found.into_iter().map(|one| Row::of(t, one, &numbers)).collect(),
        next,
        may_replay: who.may(Action::ManageService),
        done,
    })
}

/// Refuses those who may not see, or change, how the service is set up.
pub(super) fn check(who: &SignedIn, action: Action) -> Result<()> {
    if who.may(action) {
        return Ok(());
    }
    tracing::info!(security = "forbidden", member = who.member.id, "deliveries are for managers");
    Err(Error::Forbidden("deliveries are for managers".into()))
}

impl Wanted {
    /// As a question to the database: one more than a page has says whether there is another one.
    fn filter(&self, targets: &[Target]) -> Filter {
        let (mut filter, limit) = (Filter::default(), i64::try_from(PAGE + 1).unwrap_or(i64::MAX));
        filter.limit = limit;
        filter.state = STATES.into_iter().find(|state| state.as_str() == self.state);
        filter.destination = self.destination(targets);
        filter.planned = self.planned();
        filter.after = self.cursor.split_once('.').and_then(|(at, id)| Some((at.parse().ok()?, id.to_owned())));
        filter
    }

    /// What the deliveries have as their destination.
    pub(super) fn destination(&self, targets: &[Target]) -> Option<String> {
        list::destination(targets, &self.target)
    }

    /// When they were planned.
    pub(super) fn planned(&self) -> std::ops::Range<Millis> {
        let at = |text: &str, edge| moment(text, edge, &TimeZone::UTC);
        at(&self.since, Edge::First).unwrap_or(0)..at(&self.until, Edge::Last).unwrap_or(Millis::MAX)
    }

    /// The address of the list, or of what follows a delivery in it.
    pub(super) fn address(&self, after: Option<(Millis, &str)>) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        let fields = [("state", &self.state), ("target", &self.target), ("since", &self.since), ("until", &self.until)];
        for (name, value) in fields.into_iter().filter(|(_, value)| !value.is_empty()) {
            query.append_pair(name, value);
        }
        if let Some((at, id)) = after {
            query.append_pair("cursor", &format!("{at}.{id}"));
        }
        let query = query.finish();
        if query.is_empty() { PATH.to_owned() } else { format!("{PATH}?{query}") }
    }
}

impl ListPage {
    /// The states that the list is filtered by, and what they are called.
    fn states(&self) -> [(&'static str, &'static str); 5] {
        STATES.map(DeliveryState::as_str).map(|word| (word, self.t.get(&format!("console.delivery.{word}"))))
    }

    /// Whether the list begins here.
    fn is_first(&self) -> bool {
        self.wanted.cursor.is_empty()
    }

    /// Whether something of the page can be sent again.
    fn may_pick(&self) -> bool {
        self.rows.iter().any(|row| row.can_replay)
    }

    fn first(&self) -> String {
        self.wanted.address(None)
    }
}

impl Sum {
    fn of(t: Texts, stuck: Stuck, targets: &[Target]) -> Self {
        let target = targets.iter().find(|target| target.id == stuck.destination);
        let key = target.map_or(stuck.destination.as_str(), |target| target.key.as_str());
        let wanted = Wanted { state: stuck.state.clone(), target: key.to_owned(), ..Wanted::default() };
        Self {
            to: to(t, key),
            text: t.count(&format!("desk.deliveries.sum.{}", stuck.state), stuck.count.unsigned_abs()),
            since: (rfc3339(stuck.since), t.moment(stuck.since)),
            error: stuck.error,
            tone: delivery_tone(&stuck.state),
            address: (key != MEMBER).then(|| wanted.address(None)),
        }
    }
}

impl Row {
    fn of(t: Texts, listed: Listed, numbers: &HashMap<String, i64>) -> Self {
        let about = match &listed.event {
            Some(event) => event_name(t, event),
            None => t.get("desk.target.several"),
        };
        let case = listed.case.map(|id| {
            let name = numbers
                .get(&id)
                .map_or_else(|| t.get("desk.deliveries.case").to_owned(), |number| format!("#{number}"));
            (id, name)
        });
        let at = listed.sent_at.unwrap_or(listed.created_at);
        Self {
            to: to(t, &listed.target),
            about,
            case,
            tone: delivery_tone(listed.state),
            state: t.get(&format!("console.delivery.{}", listed.state)),
            attempts: listed.attempts,
            error: listed.last_error,
            at: (rfc3339(at), t.moment(at)),
            can_replay: matches!(listed.state, "failed" | "dropped"),
            id: listed.id,
        }
    }
}

/// Whom a delivery is for: a word for customers and members, the key of a target.
fn to(t: Texts, key: &str) -> String {
    match key {
        CUSTOMER => t.get("console.delivery.customer").to_owned(),
        MEMBER => t.get("desk.deliveries.member").to_owned(),
        key => key.to_owned(),
    }
}
