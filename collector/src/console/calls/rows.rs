//! What the page says of customers and calls.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use sayso_analysis::scores;

use crate::app::App;
use crate::auth::{Member, SignedIn};
use crate::calls::{CheckCall, Due, Reason, Round};
use crate::cases::query::numbers;
use crate::clock::rfc3339;
use crate::customers::Customer;
use crate::customers::customer::{Known, known};
use crate::http::Result;
use crate::reports::format::{self, NO_FIGURE};
use crate::service::Service;
use crate::sites::Site;

/// Who is called, and how.
pub(super) struct Callee {
    pub(super) customer_id: String,
    pub(super) name: String,
    pub(super) tier: Option<String>,
    /// A number as a telephone takes it, and as people read it.
    pub(super) phone: Option<(String, String)>,
    pub(super) email: Option<String>,
    /// When they can be reached, in their own words.
    pub(super) times: Option<String>,
    /// The case that it is about, and what it is called.
    pub(super) case: (String, String),
    /// Who calls, where that is somebody else than the reader.
    pub(super) who_calls: Option<String>,
}

/// A customer who should be called.
pub(super) struct DueRow {
    pub(super) callee: Callee,
    pub(super) why: String,
    pub(super) is_unhappy: bool,
}

/// A check call that is to be made.
pub(super) struct CallRow {
    pub(super) id: String,
    pub(super) callee: Callee,
    pub(super) tries: i64,
    /// When it was drawn, for programs and for people.
    pub(super) drawn: (String, String),
}

/// A sample, with what its calls have found.
pub(super) struct RoundRow {
    pub(super) drawn_at: (String, String),
    pub(super) site: String,
    pub(super) seed: String,
    pub(super) drawn: String,
    pub(super) done: String,
    pub(super) satisfied: String,
}

/// What is known of those who are called, read at once.
pub(super) struct Callees<'a> {
    app: &'a App,
    who: &'a SignedIn,
    customers: BTreeMap<String, Customer>,
    known: BTreeMap<String, Known>,
    numbers: HashMap<String, i64>,
    members: Vec<Member>,
    service: Arc<Service>,
    sites: Vec<Arc<Site>>,
}

impl<'a> Callees<'a> {
    /// Reads who they are and what their cases are called.
    pub(super) async fn load(app: &'a App, who: &'a SignedIn, due: &[Due], calls: &[CheckCall]) -> Result<Self> {
        let of_due = due.iter().map(|one| (&one.customer_id, &one.case_id));
        let all = of_due.chain(calls.iter().map(|call| (&call.customer_id, &call.case_id)));
        let (ids, cases): (Vec<String>, Vec<String>) = all.map(|(id, case)| (id.clone(), case.clone())).unzip();
        let mut customers = Customer::by_ids(&app.db, &ids).await?;
        // Whoever was merged since is called by what is known of the other one.
        let others: Vec<String> = customers.values().filter_map(|customer| customer.merged_into.clone()).collect();
        customers.extend(Customer::by_ids(&app.db, &others).await?);
        let all: Vec<String> = customers.keys().cloned().collect();
        Ok(Self {
            known: known(&app.db, &app.keys, &all).await?,
            numbers: numbers(&app.db, &cases).await?,
            members: Member::all(&app.db).await?,
            service: app.service.current().await?,
            sites: app.sites.all().await?,
            customers,
            app,
            who,
        })
    }

    /// A customer who should be called.
    pub(super) fn due(&self, due: Due) -> DueRow {
        let t = self.who.t;
        let mut callee = self.callee(&due.customer_id, &due.case_id, due.representative_id.as_deref());
        if due.representative_id.is_none() {
            callee.who_calls = Some(t.get("console.inbox.nobody").to_owned());
        }
        let (why, is_unhappy) = match due.reason {
            Reason::Unhappy(score) => (t.with("desk.calls.unhappy", &[("score", &score.to_string())]), true),
            Reason::Silent(days) => (t.count("desk.calls.silent", u64::try_from(days).unwrap_or_default()), false),
        };
        DueRow { callee, why, is_unhappy }
    }

    /// A check call.
    pub(super) fn call(&self, call: CheckCall) -> CallRow {
        let callee = self.callee(&call.customer_id, &call.case_id, call.caller_id.as_deref());
        let drawn = (rfc3339(call.created_at), self.who.t.moment(call.created_at));
        CallRow { id: call.id, callee, tries: call.tries, drawn }
    }

    fn callee(&self, customer_id: &str, case_id: &str, caller: Option<&str>) -> Callee {
        let merged_into = self.customers.get(customer_id).and_then(|customer| customer.merged_into.clone());
        let id = merged_into.unwrap_or_else(|| customer_id.to_owned());
        let (t, own) = (self.who.t, self.who.member.id.as_str());
        let known = self.known.get(&id).cloned().unwrap_or_default();
        let customer = self.customers.get(&id);
        let site = customer.and_then(|customer| self.sites.iter().find(|site| site.id() == customer.site_id));
        let site_key = site.map_or("", |site| site.key());
        let tier = customer.and_then(|customer| customer.tier.as_deref());
        let name = customer.and_then(|customer| customer.name(&self.app.keys));
        let reached = known.emails.first().or(known.phones.first()).cloned();
        let member = |id: &str| self.members.iter().find(|member| member.id == id).map(|member| member.name.clone());
        let phone = known.phones.into_iter().next();
        Callee {
            name: name.or(reached).unwrap_or_else(|| t.get("console.customers.unnamed").to_owned()),
            tier: tier.map(|key| self.service.tier_name(site_key, key, t.tag())),
            phone: phone.map(|phone| (phone.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect(), phone)),
            email: known.emails.into_iter().next(),
            times: customer.and_then(|customer| customer.times(&self.app.keys)),
            case: (
                case_id.to_owned(),
                self.numbers.get(case_id).map_or_else(String::new, |number| format!("#{number}")),
            ),
            who_calls: caller.filter(|id| *id != own).and_then(member),
            customer_id: id,
        }
    }
}

/// A share with its interval and of how many it is; a dash where too few have said something.
fn shown_share(satisfied: u64, answered: u64, fewest: u64) -> String {
    let (share, interval) = (scores::share(satisfied, answered), scores::wilson(satisfied, answered));
    match (share, interval) {
        (Some(share), Some(interval)) if answered >= fewest => format!(
            "{} ({}–{}, n = {answered})",
            format::share(share),
            format::share(interval.low).trim_end_matches(" %"),
            format::share(interval.high)
        ),
        _ => NO_FIGURE.to_owned(),
    }
}

impl RoundRow {
    /// A sample as a row of the table.
    pub(super) fn of(who: &SignedIn, round: &Round, site: String, fewest: u64) -> Self {
        let count = |number: i64| u64::try_from(number).unwrap_or_default();
        Self {
            drawn_at: (rfc3339(round.created_at), who.t.moment(round.created_at)),
            site,
            seed: round.seed.clone(),
            drawn: format!("{} / {}", format::count(round.drawn), format::count(round.candidates)),
            done: format!("{} / {}", format::count(round.done), format::count(round.drawn)),
            satisfied: shown_share(count(round.satisfied), count(round.answered), fewest),
        }
    }
}
