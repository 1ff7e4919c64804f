//! The ways to the providers by whose accounts members sign in.

use crate::app::App;
use crate::auth::Member;
use crate::auth::oidc::{self, Provider};
use crate::http::Result;

/// The way to a provider. It is a link and no form: a form may not lead to another website by our policy.
#[derive(Debug)]
pub(super) struct ProviderLink {
    /// What people call it.
    pub label: String,
    /// Where one signs in with it.
    pub sign_in: String,
    /// Where one shows once more who one is.
    pub confirm: String,
}

impl ProviderLink {
    /// All of them, to go on to `next`.
    pub fn all(app: &App, next: &str) -> Vec<Self> {
        app.providers.iter().map(|provider| Self::of(provider, next)).collect()
    }

    /// All of them, and whether a member has an account there.
    pub async fn of_member(app: &App, member: &Member) -> Result<Vec<(Self, bool)>> {
        let issuers = oidc::issuers_of(&app.db, &member.id).await?;
        let has_account = |provider: &Provider| {
            let issuer = provider.settings().issuer.trim_end_matches('/');
            issuers.iter().any(|known| known.trim_end_matches('/') == issuer)
        };
        let all = app.providers.iter();
        Ok(all.map(|provider| (Self::of(provider, "/staff/account"), has_account(provider))).collect())
    }

    fn of(provider: &Provider, next: &str) -> Self {
        let path = format!("/staff/sign-in/with/{}", provider.name());
        let query = |fields: &[(&str, &str)]| {
            let query: String = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
            format!("{path}?{query}")
        };
        Self {
            label: provider.label().to_owned(),
            sign_in: query(&[("next", next)]),
            confirm: query(&[("next", next), ("confirm", "1")]),
        }
    }
}
