//! Who somebody is to the site that vouches for them: their tier, who looks after them, and until when they would have a first reply.

use sayso_shared::Kind;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::auth::Member;
use crate::cases::Priority;
use crate::clock::rfc3339;
use crate::customers::Customer;
use crate::customers::handles::hash_of_identity;
use crate::http::Result;
use crate::service::Promised;
use crate::sites::Site;
use crate::sites::identity::Identity;
use crate::with_db;

/// A customer for whom a site vouches, where they have a tier or somebody looks after them.
#[derive(Serialize, ToSchema)]
pub struct MyCustomer {
    /// What they are called.
    #[schema(required = true)]
    name: Option<String>,
    #[schema(required = true)]
    tier: Option<MyTier>,
    #[schema(required = true)]
    representative: Option<MyRepresentative>,
    /// What a question of theirs would be promised now; null where nothing is.
    #[schema(required = true)]
    promise: Option<MyPromise>,
}

/// The tier of a customer.
#[derive(Serialize, ToSchema)]
pub struct MyTier {
    #[schema(example = "gold")]
    key: String,
    /// What it is called in the customer's language.
    name: String,
}

/// Who looks after a customer.
#[derive(Serialize, ToSchema)]
pub struct MyRepresentative {
    name: String,
}

/// What is promised to a customer.
#[derive(Serialize, ToSchema)]
pub struct MyPromise {
    /// Until when the first response would be due.
    #[schema(format = DateTime)]
    first_response_due: String,
}

/// The customer whom an identity names; none where nothing is known that makes them a special one.
pub async fn customer_of(app: &App, site: &Site, identity: &Identity) -> Result<Option<MyCustomer>> {
    let handle = hash_of_identity(&app.keys, &identity.sub);
    let select = "select customer_id from customer_handles where hash = $1 and site_id = $2";
    let id: Option<String> =
        with_db!(&app.db, pool => sqlx::query_scalar(select).bind(&handle).bind(site.id()).fetch_optional(pool).await)?;
    let customer = match &id {
        Some(id) => Customer::by_id(&app.db, id).await?,
        None => None,
    };
    let representative = match customer.as_ref().and_then(|customer| customer.representative_id.as_deref()) {
        Some(id) => Member::by_id(&app.db, id).await?,
        None => None,
    };
    let tier = customer.as_ref().and_then(|customer| customer.tier.clone()).or_else(|| identity.tier.clone());
    if tier.is_none() && representative.is_none() {
        return Ok(None);
    }
    let service = app.service.current().await?;
    let lang = site.settings.language_for(customer.as_ref().and_then(Customer::lang));
    let promised =
        Promised { site: site.key(), kind: Kind::Question, priority: Priority::Normal, tier: tier.as_deref() };
    let due = service.promises.first_response_due(promised, site.settings.first_response_hours, app.clock.now());
    let name = customer.as_ref().and_then(|customer| customer.name(&app.keys)).or_else(|| identity.name.clone());
    Ok(Some(MyCustomer {
        name,
        tier: tier.map(|key| MyTier { name: service.tier_name(site.key(), &key, lang.as_str()), key }),
        representative: representative.map(|member| MyRepresentative { name: member.name }),
        promise: due.map(|at| MyPromise { first_response_due: rfc3339(at) }),
    }))
}
