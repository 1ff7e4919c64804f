//! The page of a customer: who they are, what the staff set, and all of their cases.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use sayso_shared::Lang;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::access::check;
use super::consent::ShownConsent;
use crate::app::App;
use crate::assets::{self, MARK};
use crate::audit::{self, Change, Stamp};
use crate::auth::permissions::Action;
use crate::auth::{Member, SignedIn};
use crate::cases::access::Visibility;
use crate::cases::consent::Consent;
use crate::cases::listing::{self, Listing, Sort};
use crate::clock::parse_rfc3339;
use crate::console::inbox::rows::{Row, rows_of};
use crate::console::shell::{Screen, Shell, page};
use crate::customers::customer::{Known, known};
use crate::customers::preferences::PreferredChannel;
use crate::customers::satisfaction::CustomerSatisfaction;
use crate::customers::{Customer, merge};
use crate::erasure::is_anything_left;
use crate::http::body::fresh_key;
use crate::http::{Error, Result};
use crate::reports::format;
use crate::service::Service;
use crate::sites::Site;
use crate::text::Texts;

/// Cases of a page.
const PAGE: usize = 20;

/// What stands in the form of a customer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Values {
    pub(super) name: String,
    pub(super) tier: String,
    pub(super) value: String,
    pub(super) representative: String,
    pub(super) notes: String,
    pub(super) language: String,
    pub(super) channel: String,
    pub(super) times: String,
}

impl Values {
    /// What is set of a customer.
    pub(super) fn of(app: &App, customer: &Customer) -> Self {
        Self {
            name: customer.name(&app.keys).unwrap_or_default(),
            tier: customer.tier.clone().unwrap_or_default(),
            value: customer.value.map(|value| value.to_string()).unwrap_or_default(),
            representative: customer.representative_id.clone().unwrap_or_default(),
            notes: customer.notes(&app.keys).unwrap_or_default(),
            language: customer.lang().map(|lang| lang.as_str().to_owned()).unwrap_or_default(),
            channel: customer.channel().map(|channel| channel.as_str().to_owned()).unwrap_or_default(),
            times: customer.times(&app.keys).unwrap_or_default(),
        }
    }

    /// What was typed, where nothing that its sender did not touch hides what somebody else has set since.
    pub(super) fn beside(self, seen: &str, now: &Self) -> Self {
        let Ok(seen) = serde_json::from_str::<Self>(seen) else { return self };
        let pick = |typed: String, seen: &str, now: &str| if typed == seen { now.to_owned() } else { typed };
        Self {
            name: pick(self.name, &seen.name, &now.name),
            tier: pick(self.tier, &seen.tier, &now.tier),
            value: pick(self.value, &seen.value, &now.value),
            representative: pick(self.representative, &seen.representative, &now.representative),
            notes: pick(self.notes, &seen.notes, &now.notes),
            language: pick(self.language, &seen.language, &now.language),
            channel: pick(self.channel, &seen.channel, &now.channel),
            times: pick(self.times, &seen.times, &now.times),
        }
    }
}

/// What somebody was writing when it was refused.
#[derive(Clone, Debug, Default)]
pub(super) struct Draft {
    pub(super) typed: Values,
    /// Whether somebody has changed the customer meanwhile, so that what is set now stands beside.
    pub(super) is_stale: bool,
    /// The version that they had read.
    pub(super) version: i64,
    /// The fields that are wrong, in their order, and why.
    pub(super) errors: Vec<(&'static str, &'static str)>,
}

impl Draft {
    /// What stands in the form while nobody has changed it.
    pub(super) fn of(app: &App, customer: &Customer) -> Self {
        Self { typed: Values::of(app, customer), is_stale: false, version: customer.version, errors: Vec::new() }
    }
}

#[derive(Template)]
#[template(path = "console/customer.html")]
struct CustomerPage {
    t: Texts,
    shell: Shell,
    customer: Customer,
    name: Option<String>,
    notes: Option<String>,
    known: Known,
    site: Option<Arc<Site>>,
    service: Arc<Service>,
    members: Vec<Member>,
    rows: Vec<Row>,
    next: Option<String>,
    is_first: bool,
    /// The key of the text for what was done.
    done: Option<&'static str>,
    may_edit: bool,
    may_export: bool,
    may_erase: bool,
    /// How satisfied they were, and when they last said so.
    satisfaction: Option<(CustomerSatisfaction, String)>,
    consent: Option<ShownConsent>,
    times: Option<String>,
    /// Those who were merged into this one.
    merged: Vec<String>,
    /// What is set now.
    now: Values,
    draft: Draft,
}

impl CustomerPage {
    fn title(&self) -> String {
        let known = self.known.emails.iter().chain(&self.known.phones).next();
        let name = self.name.as_ref().or(known);
        name.cloned().unwrap_or_else(|| self.t.get("console.customers.unnamed").to_owned())
    }

    fn word(&self, of: &str, word: &str) -> &'static str {
        self.t.get(&format!("common.{of}.{word}"))
    }

    /// The key of the form.
    fn key(&self) -> String {
        fresh_key().as_str().to_owned()
    }

    fn site_key(&self) -> &str {
        self.site.as_ref().map_or("", |site| site.key())
    }

    fn tier_name(&self, key: &str) -> String {
        self.service.tier_name(self.site_key(), key, self.t.tag())
    }

    /// The tiers to choose from, by key and name, with the one that the customer has.
    fn tiers(&self) -> Vec<(String, String)> {
        let of_site = self.service.tiers.iter().filter(|tier| tier.site.as_str() == self.site_key());
        let mut keys: Vec<String> = of_site.map(|tier| tier.key.to_string()).collect();
        keys.extend(self.customer.tier.clone().filter(|own| !keys.contains(own)));
        keys.into_iter().map(|key| (key.clone(), self.tier_name(&key))).collect()
    }

    fn channels(&self) -> &'static [PreferredChannel] {
        PreferredChannel::ALL
    }

    fn ratings(&self, satisfaction: &CustomerSatisfaction) -> u64 {
        u64::try_from(satisfaction.ratings).unwrap_or_default()
    }

    /// The mean of what they rated, as people write it.
    fn average(&self, satisfaction: &CustomerSatisfaction) -> String {
        format::number(satisfaction.average)
    }

    fn representative(&self) -> Option<&Member> {
        self.members.iter().find(|member| Some(&member.id) == self.customer.representative_id.as_ref())
    }

    /// Who may look after the customer, with whoever does.
    fn candidates(&self) -> impl Iterator<Item = &Member> {
        self.members.iter().filter(|member| {
            let may = member.disabled_at.is_none() && member.role().may_act();
            may || Some(&member.id) == self.customer.representative_id.as_ref()
        })
    }

    /// What is set now, where somebody else has changed the customer meanwhile and something else was typed.
    fn is_now(&self, field: &str) -> Option<String> {
        let (typed, now) = (Some(&self.draft.typed).filter(|_| self.draft.is_stale)?, &self.now);
        let (typed, now) = match field {
            "name" => (&typed.name, &now.name),
            "tier" => (&typed.tier, &now.tier),
            "value" => (&typed.value, &now.value),
            "representative" => (&typed.representative, &now.representative),
            "language" => (&typed.language, &now.language),
            "channel" => (&typed.channel, &now.channel),
            "times" => (&typed.times, &now.times),
            _ => (&typed.notes, &now.notes),
        };
        if typed == now {
            return None;
        }
        let name = match field {
            _ if now.is_empty() => self.t.get("desk.case.nothing").to_owned(),
            "tier" => self.tier_name(now),
            "representative" => self.representative().map(|member| member.name.clone()).unwrap_or_default(),
            "language" => Lang::ALL
                .into_iter()
                .find(|lang| lang.as_str() == now)
                .map_or_else(String::new, |lang| lang.own_name().to_owned()),
            "channel" => self.t.find(&format!("console.customers.channel.{now}")).unwrap_or_default().to_owned(),
            _ => now.clone(),
        };
        Some(self.t.with("desk.case.is_now", &[("value", &name)]))
    }

    /// What the form carries, by which it is told what its sender has seen.
    fn seen(&self) -> String {
        serde_json::to_string(&self.now).expect("texts are plain data")
    }

    fn error(&self, field: &str) -> Option<&'static str> {
        self.draft.errors.iter().find(|(name, _)| *name == field).map(|(_, key)| self.t.get(key))
    }

    /// What the button says that takes something away.
    fn not_theirs(&self, value: &str) -> String {
        self.t.with("privacy.customer.not_theirs_of", &[("value", value)])
    }

    /// A number as a telephone takes it.
    fn dialled(&self, phone: &str) -> String {
        phone.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect()
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct PageQuery {
    before: String,
    done: String,
}

/// The page. That somebody has opened it is in the audit log, also where they only go on to older cases.
pub(super) async fn show(
    State(app): State<App>,
    who: SignedIn,
    Path(id): Path<String>,
    Query(query): Query<PageQuery>,
) -> Result<Html<String>> {
    check(&who, Action::ReadCustomer)?;
    let customer = find(&app, &id).await?;
    note_opening(&app, &who, &customer.id).await?;
    let draft = Draft::of(&app, &customer);
    render(&app, &who, customer, &query, draft).await
}

/// The page with what was typed, and why it was refused.
pub(super) async fn refused(app: &App, who: &SignedIn, id: &str, draft: Draft, status: StatusCode) -> Result<Response> {
    let customer = find(app, id).await?;
    note_opening(app, who, &customer.id).await?;
    Ok((status, render(app, who, customer, &PageQuery::default(), draft).await?).into_response())
}

/// The customer with this identifier; what is no identifier gets the same answer as one that nobody has.
pub(super) async fn find(app: &App, id: &str) -> Result<Customer> {
    let none = Error::NotFound("there is no such customer");
    let Ok(id) = uuid::Uuid::parse_str(id) else { return Err(none) };
    Customer::by_id(&app.db, &id.to_string()).await?.ok_or(none)
}

/// Notes in the audit log that a member has opened what is known of a customer.
pub async fn note_opening(app: &App, who: &SignedIn, customer_id: &str) -> Result<()> {
    let object = format!("customer/{customer_id}");
    let change = Change { action: "customer.open", object, before: Value::Null, after: Value::Null };
    let mut tx = app.db.begin().await?;
    audit::append(&mut tx, &Stamp::member(&who.member.id, app.clock.now()), &change).await?;
    Ok(tx.commit().await?)
}

async fn render(
    app: &App,
    who: &SignedIn,
    customer: Customer,
    query: &PageQuery,
    draft: Draft,
) -> Result<Html<String>> {
    let sites = app.sites.all().await?;
    let before = listing::is_cursor(&query.before).then_some(query.before.as_str());
    let of_customer = Listing {
        customer_id: Some(customer.id.clone()),
        visible: Visibility::of(&who.standing),
        ..Listing::default()
    };
    let satisfaction = CustomerSatisfaction::of(&app.db, &customer.id).await?;
    let consent = Consent::of_customer(&app.db, &customer.id).await?;
    let (ids, next) = listing::ids(app, &of_customer, Sort::Newest, before, PAGE).await?.unwrap_or_default();
    page(&CustomerPage {
        t: who.t,
        shell: Shell::load(app, who, Screen::Customers).await?,
        name: customer.name(&app.keys),
        notes: customer.notes(&app.keys),
        known: known(&app.db, &app.keys, std::slice::from_ref(&customer.id))
            .await?
            .remove(&customer.id)
            .unwrap_or_default(),
        site: sites.iter().find(|site| site.id() == customer.site_id).cloned(),
        service: app.service.current().await?,
        members: Member::all(&app.db).await?,
        rows: rows_of(app, who, &ids, &sites).await?,
        next: next.map(|next| format!("/staff/customers/{}?before={next}", customer.id)),
        is_first: before.is_none(),
        may_edit: who.may(Action::ManageCustomer) && customer.is_own(),
        may_export: who.may(Action::ExportCustomer) && customer.is_own(),
        may_erase: who.may(Action::EraseCustomer)
            && customer.merged_into.is_none()
            && is_anything_left(app, &customer).await?,
        satisfaction: satisfaction.map(|rated| {
            let last_at = parse_rfc3339(&rated.last_at).map_or_else(String::new, |at| who.t.moment(at));
            (rated, last_at)
        }),
        consent: consent.map(|consent| ShownConsent::of(who.t, consent)),
        times: customer.times(&app.keys),
        merged: merge::merged_into(&app.db, &customer.id).await?,
        done: match query.done.as_str() {
            "saved" => Some("console.customers.saved"),
            "merged" => Some("privacy.customer.merged"),
            "unmerged" => Some("privacy.customer.unmerged"),
            "erased" => Some("privacy.customer.erased"),
            "removed" => Some("privacy.customer.removed"),
            "moved" => Some("privacy.customer.moved"),
            _ => None,
        },
        now: Values::of(app, &customer),
        customer,
        draft,
    })
}
