//! Which customers the list and its files show: by what was typed, a tier, who looks after them, and in which order.

use serde::Deserialize;

use crate::app::App;
use crate::customers::find::{InTier, LookedAfter, Order, Wanted};
use crate::customers::handles::Countries;
use crate::http::Result;

/// Where the list is.
pub(super) const LIST: &str = "/staff/customers";
/// Longest text that is looked for, in characters.
const QUERY_MAX: usize = 300;
/// Any tier.
pub(super) const ANY: &str = "any";
/// Nobody looks after them.
pub(super) const NOBODY: &str = "none";
/// Whoever reads the list does.
pub(super) const ME: &str = "me";

/// What the address of the list says. What it does not know is as if it were not there.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ListFilter {
    pub q: String,
    pub tier: String,
    pub representative: String,
    pub sort: String,
}

impl ListFilter {
    /// With the text as long as it may be.
    pub fn trimmed(mut self) -> Self {
        self.q = self.q.trim().chars().take(QUERY_MAX).collect();
        self
    }

    /// The order of the list.
    pub fn order(&self) -> Order {
        Order::parse(&self.sort).unwrap_or_default()
    }

    /// What it asks the database for; `me` is the identifier of whoever reads the list.
    pub async fn wanted(&self, app: &App, me: &str) -> Result<Wanted> {
        let countries = Countries::of(&app.sites.all().await?);
        let tier = match self.tier.as_str() {
            "" => None,
            ANY => Some(InTier::Any),
            key => Some(InTier::Key(key.to_owned())),
        };
        let representative = match self.representative.as_str() {
            "" => None,
            NOBODY => Some(LookedAfter::ByNobody),
            ME => Some(LookedAfter::By(me.to_owned())),
            id => Some(LookedAfter::By(id.to_owned())),
        };
        let mut wanted = Wanted::read(&app.keys, &self.q, &countries);
        (wanted.tier, wanted.representative, wanted.order) = (tier, representative, self.order());
        Ok(wanted)
    }

    /// The address of a page with the same filter.
    pub fn address(&self, path: &str, more: &[(&str, &str)]) -> String {
        let own =
            [("q", &self.q), ("tier", &self.tier), ("representative", &self.representative), ("sort", &self.sort)];
        let own = own.into_iter().map(|(name, value)| (name, value.as_str())).filter(|(_, value)| !value.is_empty());
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(own.chain(more.iter().copied()));
        match query.finish() {
            query if query.is_empty() => path.to_owned(),
            query => format!("{path}?{query}"),
        }
    }
}
