//! Looking customers up by an address, a phone number, an identity or words of a name.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Html;
use serde::Deserialize;

use super::access::check;
use crate::app::App;
use crate::assets::{self, MARK};
use crate::auth::permissions::Action;
use crate::auth::{Member, SignedIn};
use crate::console::shell::{Screen, Shell, page};
use crate::customers::customer::{case_counts, known};
use crate::customers::find::{self, Wanted};
use crate::customers::handles::Countries;
use crate::http::Result;
use crate::sites::Site;
use crate::text::Texts;

/// Customers of a page.
const PAGE: usize = 50;
/// Longest text that is looked for, in characters.
const QUERY_MAX: usize = 300;

#[derive(Template)]
#[template(path = "console/customers.html")]
struct LookUpPage {
    t: Texts,
    shell: Shell,
    text: String,
    rows: Vec<Row>,
    /// The address of the next page.
    next: Option<String>,
    is_first: bool,
}

impl LookUpPage {
    /// Where all that the list shows is a file.
    fn export_address(&self, format: &str) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.extend_pairs([("q", self.text.as_str()), ("format", format)]);
        format!("/staff/exports/customers?{}", query.finish())
    }
}

/// A customer in the list.
struct Row {
    id: String,
    name: Option<String>,
    site: String,
    tier: Option<String>,
    representative: Option<String>,
    /// How many cases they have, for whoever sees all of them.
    cases: Option<i64>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct LookUpQuery {
    q: String,
    before: String,
}

pub(super) async fn show(
    State(app): State<App>,
    who: SignedIn,
    Query(query): Query<LookUpQuery>,
) -> Result<Html<String>> {
    check(&who, Action::ReadCustomer)?;
    let sites = app.sites.all().await?;
    let text: String = query.q.trim().chars().take(QUERY_MAX).collect();
    let before = uuid::Uuid::parse_str(&query.before).ok().map(|id| id.to_string());
    let wanted = Wanted::read(&app.keys, &text, &Countries::of(&sites));
    let (customers, next) = find::page(&app.db, &wanted, before.as_deref(), PAGE).await?;
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
            cases: sees_all.then(|| counts.get(&customer.id).copied().unwrap_or_default()),
            id: customer.id,
        }
    });
    let next = next.map(|id| {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.extend_pairs([("q", text.as_str()), ("before", id.as_str())]);
        format!("/staff/customers?{}", query.finish())
    });
    page(&LookUpPage {
        t: who.t,
        shell: Shell::load(&app, &who, Screen::Customers).await?,
        rows: rows.collect(),
        is_first: before.is_none(),
        text,
        next,
    })
}
