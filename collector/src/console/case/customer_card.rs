//! What the page of a case says of its customer, beside what came with the case.

use super::sorting::Names;
use crate::app::App;
use crate::auth::permissions::Action;
use crate::auth::{Member, SignedIn};
use crate::cases::Case;
use crate::cases::access::Visibility;
use crate::cases::consent::Consent;
use crate::cases::listing::{self, Listing, Sort};
use crate::console::customers::consent::ShownConsent;
use crate::customers::Customer;
use crate::customers::preferences::PreferredChannel;
use crate::http::Result;

/// Counting stops here: more than this many says the same.
const COUNTED: usize = 100;

/// A customer in short.
pub(super) struct CustomerCard {
    /// The customer.
    pub id: String,
    /// What their tier is called.
    pub tier: Option<String>,
    /// The name of the member who looks after them.
    pub representative: Option<String>,
    /// When they can be reached, in their own words.
    pub times: Option<String>,
    /// How they want to be reached.
    pub channel: Option<PreferredChannel>,
    /// What they agreed to with this case.
    pub consent: Option<ShownConsent>,
    /// Whether the reader may give the case to another customer.
    pub may_part: bool,
    /// How many cases they had before this one, of those that the reader may see.
    pub earlier: String,
}

impl CustomerCard {
    /// The customer of a case; none where nobody can be recognised.
    pub(super) async fn of(
        app: &App,
        who: &SignedIn,
        case: &Case,
        members: &[Member],
        names: &Names<'_>,
    ) -> Result<Option<Self>> {
        let Some(id) = &case.customer_id else { return Ok(None) };
        let Some(customer) = Customer::by_id(&app.db, id).await? else { return Ok(None) };
        let of_customer =
            Listing { customer_id: Some(id.clone()), visible: Visibility::of(&who.standing), ..Listing::default() };
        let earlier = listing::ids(app, &of_customer, Sort::Newest, Some(&case.id), COUNTED).await?;
        let (earlier, more) = earlier.unwrap_or_default();
        let member = members.iter().find(|member| Some(&member.id) == customer.representative_id.as_ref());
        Ok(Some(Self {
            tier: customer.tier.as_deref().map(|key| names.tier(who.t, key)),
            times: customer.times(&app.keys),
            channel: customer.channel(),
            consent: Consent::of_case(&app.db, &case.id).await?.map(|consent| ShownConsent::of(who.t, consent)),
            may_part: who.may(Action::ManageCustomer) && customer.is_own(),
            representative: member.map(|member| member.name.clone()),
            earlier: format!("{}{}", earlier.len(), if more.is_some() { "+" } else { "" }),
            id: customer.id,
        }))
    }
}
