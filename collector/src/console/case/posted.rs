//! Reading the forms of the case page that may bring files.

use axum::extract::Request;
use sayso_shared::id::IdempotencyKey;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::app::App;
use crate::attachments::{self, Upload};
use crate::auth::SignedIn;
use crate::cases::Case;
use crate::http::client::ClientAddress;
use crate::http::{Error, Result};
use crate::keys::Keys;
use crate::pages::files::{self, RejectedFile};
use crate::pages::words::Words;

/// The longest form: what was pasted by mistake comes back with what is wrong with it, and is not lost.
pub(super) const FORM_MAX_BYTES: usize = 16 * 1024 * 1024;

/// A form, and what became of its files: they are stored at once, so that they need not be sent again with whatever else is wrong.
pub(super) struct Posted<F> {
    pub(super) form: F,
    pub(super) key: IdempotencyKey,
    /// The uploads that go along.
    pub(super) uploads: Vec<String>,
    /// The files that were not taken.
    pub(super) refused: Vec<RejectedFile>,
}

/// Reads a form that was sent from a page of the member's session.
pub(super) async fn read<F: DeserializeOwned>(
    app: &App,
    who: &SignedIn,
    case: &Case,
    client: ClientAddress,
    request: Request,
) -> Result<Posted<F>> {
    let site = app.sites.by_id(&case.site_id).await?;
    let posted = files::read_up_to(FORM_MAX_BYTES, app, (site.as_deref(), client), request).await?;
    who.check_csrf(&posted.form.text("csrf"))?;
    let mut uploads = files::kept(&posted.form);
    for Upload { token, .. } in posted.uploads {
        if !uploads.contains(&token) {
            uploads.push(token);
        }
    }
    let key = posted.form.key();
    let fields: Map<String, Value> =
        posted.form.into_fields().into_iter().map(|(name, value)| (name, value.into())).collect();
    let form =
        serde_json::from_value(fields.into()).map_err(|_| Error::Malformed("the form is not complete".into()))?;
    Ok(Posted { form, key, uploads, refused: posted.refused })
}

impl<F> Posted<F> {
    /// The hashes by which the uploads are claimed.
    pub(super) fn claim_hashes(&self, keys: &Keys) -> Vec<String> {
        self.uploads.iter().map(|token| attachments::claim_hash(keys, token)).collect()
    }

    /// Why files were not taken, in the reader's language.
    pub(super) fn mistakes(&self, who: &SignedIn) -> Vec<String> {
        let words = Words::plain(who.t);
        self.refused.iter().map(|file| file.mistake(&words).text).collect()
    }
}

/// The uploads of a refused form that are stored already, so that none has to be sent twice.
pub(super) async fn kept(app: &App, case: &Case, tokens: &[String]) -> Result<Vec<Upload>> {
    match app.sites.by_id(&case.site_id).await? {
        Some(site) => Ok(attachments::claimable(app, &site, tokens).await?.into_iter().flatten().collect()),
        None => Ok(Vec::new()),
    }
}
