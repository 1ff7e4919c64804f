//! Looking customers up by an address, a phone number, an identity or words of a name, by their tier and by who looks after them.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Html;
use serde::Deserialize;

use super::access::check;
use super::filter::{ANY, LIST, ListFilter, ME, NOBODY};
use super::handover::PATH as HANDOVER;
use crate::app::App;
use crate::assets::{self, MARK};
use crate::auth::permissions::Action;
use crate::auth::{Member, SignedIn};
use crate::console::shell::{Screen, Shell, page};
use crate::customers::customer::{case_counts, known};
use crate::customers::find::{self, Cursor, Order};
use crate::http::Result;
use crate::service::Service;
use crate::sites::Site;
use crate::text::Texts;

/// Customers of a page.
const PAGE: usize = 50;

#[derive(Template)]
#[template(path = "console/customers.html")]
struct LookUpPage {
    t: Texts,
    shell: Shell,
    filter: ListFilter,
    /// Keys and names of the tiers to choose from.
    tiers: Vec<(String, String)>,
    /// Who may look after customers, or does.
    members: Vec<Member>,
    /// The representative whose customers are shown, for whoever may give them to somebody else.
    hands_over: Option<Member>,
    done: Option<String>,
    rows: Vec<Row>,
    /// The address of the next page.
    next: Option<String>,
    is_first: bool,
}

impl LookUpPage {
    /// Where all that the list shows is a file.
    fn export_address(&self, format: &str) -> String {
        self.filter.address("/staff/exports/customers", &[("format", format)])
    }

    fn first_address(&self) -> String {
        self.filter.address(LIST, &[])
    }

    fn is_by_value(&self) -> bool {
        self.filter.order() == Order::Value
    }

    /// Who may get the customers of another.
    fn successors(&self, of: &Member) -> impl Iterator<Item = &Member> {
        self.members.iter().filter(move |member| member.id != of.id && member.role().may_act())
    }
}

/// A customer in the list.
struct Row {
    id: String,
    name: Option<String>,
    site: String,
    tier: Option<String>,
    representative: Option<String>,
    value: Option<f64>,
    /// How many cases they have, for whoever sees all of them.
    cases: Option<i64>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct LookUpQuery {
    #[serde(flatten)]
    filter: ListFilter,
    before: String,
    /// How many customers were just given to somebody else.
    moved: String,
}

pub(super) async fn show(
    State(app): State<App>,
    who: SignedIn,
    Query(query): Query<LookUpQuery>,
) -> Result<Html<String>> {
    check(&who, Action::ReadCustomer)?;
    let sites = app.sites.all().await?;
    let filter = query.filter.trimmed();
    let before = Cursor::parse(filter.order(), &query.before);
    let wanted = filter.wanted(&app, &who.member.id).await?;
    let (customers, next) = find::page(&app.db, &wanted, before.as_ref(), PAGE).await?;
    let ids: Vec<String> = customers.iter().map(|customer| customer.id.clone()).collect();
    let (mut known, counts) = (known(&app.db, &app.keys, &ids).await?, case_counts(&app.db, &ids).await?);
    let (members, service) = (Member::all(&app.db).await?, app.service.current().await?);
    let sees_all = who.standing.sees_all();
    let rows = customers.into_iter().map(|customer| {
        let known = known.remove(&customer.id).unwrap_or_default();
        let site: Option<&Arc<Site>> = sites.iter().find(|site| site.id() == customer.site_id);
        let member = members.iter().find(|member| Some(&member.id) == customer.representative_id.as_ref());
        let site_key = site.map_or("", |site| site.key());
        Row {
            name: customer.name(&app.keys).or(known.emails.into_iter().chain(known.phones).next()),
            site: site.map_or_else(String::new, |site| site.name().to_owned()),
            tier: customer.tier.as_deref().map(|key| service.tier_name(site_key, key, who.t.tag())),
            representative: member.map(|member| member.name.clone()),
            value: customer.value,
            cases: sees_all.then(|| counts.get(&customer.id).copied().unwrap_or_default()),
            id: customer.id,
        }
    });
    let rows = rows.collect();
    let members: Vec<Member> = members.into_iter().filter(|member| member.disabled_at.is_none()).collect();
    let chosen = if filter.representative == ME { &who.member.id } else { &filter.representative };
    let of_one = members.iter().find(|member| member.id == *chosen);
    let moved = query.moved.parse::<u64>().ok();
    page(&LookUpPage {
        t: who.t,
        shell: Shell::load(&app, &who, Screen::Customers).await?,
        tiers: tiers(&service, &filter.tier, who.t),
        hands_over: of_one.filter(|_| who.may(Action::HandOverCustomers)).cloned(),
        done: moved.map(|count| who.t.with("console.customers.handed_over", &[("n", &who.t.number(count))])),
        members,
        rows,
        is_first: before.is_none(),
        next: next.map(|after| filter.address(LIST, &[("before", &after.to_string())])),
        filter,
    })
}

/// The tiers of all sites, each key once; and the one that is asked for, where sites have no list of them.
fn tiers(service: &Service, asked: &str, t: Texts) -> Vec<(String, String)> {
    let mut tiers: Vec<(String, String)> = Vec::new();
    for tier in &service.tiers {
        if tiers.iter().all(|(key, _)| *key != tier.key.as_str()) {
            tiers.push((tier.key.to_string(), tier.name.in_language(t.tag()).to_owned()));
        }
    }
    if !["", ANY].contains(&asked) && tiers.iter().all(|(key, _)| key != asked) {
        tiers.push((asked.to_owned(), asked.to_owned()));
    }
    tiers
}
