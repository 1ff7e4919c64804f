//! A customer as programs of the staff read it.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::auth::Member;
use crate::cases::consent::Consent;
use crate::clock::rfc3339;
use crate::customers::Customer;
use crate::customers::customer::{Known, case_counts, known};
use crate::customers::preferences::PreferredChannel;
use crate::customers::satisfaction::CustomerSatisfaction;
use crate::http::Result;
use crate::sites::Site;

/// A customer, with everything by which they are known.
#[derive(Serialize, ToSchema)]
#[schema(as = StaffCustomer)]
pub struct CustomerBody {
    #[schema(example = "018f3a1e-0000-7000-8000-000000000001")]
    id: String,
    /// Raised by every change of the staff.
    version: i64,
    /// The customer in the console.
    url: String,
    /// The key of the site whose customer it is.
    site: String,
    #[schema(required = true)]
    name: Option<String>,
    /// The site's own identifier of the customer; null where it never vouched for them.
    #[schema(required = true)]
    identity: Option<String>,
    /// The addresses that came with their cases.
    emails: Vec<String>,
    /// The phone numbers that came with their cases, in E.164 where their country is known.
    #[schema(example = json!(["+8613800138000"]))]
    phones: Vec<String>,
    /// The key of their tier: what the staff set, else what the site's server said last.
    #[schema(required = true, example = "gold")]
    tier: Option<String>,
    /// What they are worth, by which their answers to surveys count: what the staff set, else what the site's server said last.
    #[schema(required = true, minimum = 0, maximum = 1_000_000_000_000_i64)]
    value: Option<f64>,
    /// The address of the member who looks after them.
    #[schema(required = true, example = "mei@shop.example")]
    representative: Option<String>,
    /// What the staff noted.
    #[schema(required = true)]
    notes: Option<String>,
    preferences: PreferencesBody,
    /// How satisfied they were; null while they have rated nothing.
    #[schema(required = true)]
    satisfaction: Option<CustomerSatisfaction>,
    /// What they agreed to last; null where they were asked nothing.
    #[schema(required = true)]
    consent: Option<Consent>,
    /// How many cases they have.
    cases: i64,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    updated_at: String,
    /// The identifier of the customer into which they were merged.
    #[schema(required = true)]
    merged_into: Option<String>,
    /// When everything by which they were known was erased.
    #[schema(required = true, format = DateTime)]
    erased_at: Option<String>,
}

/// How a customer wants to be dealt with.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = StaffCustomerPreferences)]
pub(super) struct PreferencesBody {
    /// The language of mails to them.
    #[schema(required = true, example = "zh-Hans")]
    language: Option<String>,
    /// How they want to be reached on our own account: `email` for no check calls, `phone` for no surveys by mail, `none` for neither.
    #[schema(required = true)]
    channel: Option<PreferredChannel>,
    /// When they can be reached, in their own words.
    #[schema(required = true, max_length = 200)]
    times: Option<String>,
}

/// A customer as they stand after a change, for programs that may change customers and not read who they are.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = StaffCustomerStep)]
pub struct StepBody {
    #[schema(example = "018f3a1e-0000-7000-8000-000000000001")]
    id: String,
    version: i64,
    url: String,
    site: String,
    #[schema(required = true)]
    tier: Option<String>,
    #[schema(required = true, minimum = 0, maximum = 1_000_000_000_000_i64)]
    value: Option<f64>,
    #[schema(required = true)]
    representative: Option<String>,
    #[schema(format = DateTime)]
    updated_at: String,
}

/// What a change is answered with: the customer, for a token that may read customers, else only what was decided about them.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[schema(as = StaffCustomerAnswer)]
pub enum AfterChange {
    /// With the scope `customers:read`.
    Customer(Box<CustomerBody>),
    /// Without it.
    Step(StepBody),
}

impl From<CustomerBody> for StepBody {
    fn from(customer: CustomerBody) -> Self {
        let CustomerBody { id, version, url, site, tier, value, representative, updated_at, .. } = customer;
        Self { id, version, url, site, tier, value, representative, updated_at }
    }
}

/// What the bodies of several customers need beside them.
struct Around {
    sites: Vec<Arc<Site>>,
    members: Vec<Member>,
    known: BTreeMap<String, Known>,
    cases: BTreeMap<String, i64>,
    satisfactions: BTreeMap<String, CustomerSatisfaction>,
    consents: BTreeMap<String, Consent>,
}

/// The bodies of a page of customers.
pub(super) async fn bodies(app: &App, customers: Vec<Customer>) -> Result<Vec<CustomerBody>> {
    let ids: Vec<String> = customers.iter().map(|customer| customer.id.clone()).collect();
    let (mut satisfactions, mut consents) = (BTreeMap::new(), BTreeMap::new());
    for id in &ids {
        satisfactions.extend(CustomerSatisfaction::of(&app.db, id).await?.map(|found| (id.clone(), found)));
        consents.extend(Consent::of_customer(&app.db, id).await?.map(|found| (id.clone(), found)));
    }
    let mut around = Around {
        satisfactions,
        consents,
        sites: app.sites.all().await?,
        members: Member::all(&app.db).await?,
        known: known(&app.db, &app.keys, &ids).await?,
        cases: case_counts(&app.db, &ids).await?,
    };
    Ok(customers.into_iter().map(|customer| body(app, customer, &mut around)).collect())
}

fn body(app: &App, customer: Customer, around: &mut Around) -> CustomerBody {
    let Known { identity, emails, phones } = around.known.remove(&customer.id).unwrap_or_default();
    let site = around.sites.iter().find(|site| site.id() == customer.site_id);
    let member = customer.representative_id.as_deref();
    let representative = around.members.iter().find(|known| Some(known.id.as_str()) == member);
    CustomerBody {
        version: customer.version,
        url: app.config.console(&format!("/staff/customers/{}", customer.id)),
        site: site.map_or_else(String::new, |site| site.key().to_owned()),
        name: customer.name(&app.keys),
        identity,
        emails,
        phones,
        representative: representative.map(|member| member.email.clone()),
        notes: customer.notes(&app.keys),
        preferences: PreferencesBody {
            language: customer.lang().map(|lang| lang.as_str().to_owned()),
            channel: customer.channel(),
            times: customer.times(&app.keys),
        },
        satisfaction: around.satisfactions.remove(&customer.id),
        consent: around.consents.remove(&customer.id),
        cases: around.cases.get(&customer.id).copied().unwrap_or_default(),
        merged_into: customer.merged_into,
        erased_at: customer.erased_at.map(rfc3339),
        created_at: rfc3339(customer.created_at),
        updated_at: rfc3339(customer.updated_at),
        tier: customer.tier,
        value: customer.value,
        id: customer.id,
    }
}
