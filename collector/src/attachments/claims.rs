//! Whether a submission could claim the uploads that it names, asked before it is queued.

use sayso_shared::problem::FieldError;

use super::rows::{self, Upload, not_there};
use super::sweep;
use crate::app::App;
use crate::http::{Error, Result};
use crate::sites::Site;

/// The uploads that a submission to a site could claim now, in the order of `tokens`; none for each that is unknown, of another site,
/// too old, or claimed already.
pub async fn claimable(app: &App, site: &Site, tokens: &[String]) -> Result<Vec<Option<Upload>>> {
    Ok(rows::claimable(&app.db, &app.keys, site.id(), sweep::claimable_since(app), tokens).await?)
}

/// Refuses a submission with uploads that it can't claim, before it is queued.
pub async fn check(app: &App, site: &Site, tokens: &[String]) -> Result<()> {
    let uploads = claimable(app, site, tokens).await?;
    let missing = uploads.iter().enumerate().filter(|(_, upload)| upload.is_none());
    let errors: Vec<FieldError> = missing.map(|(index, _)| not_there(index)).collect();
    if errors.is_empty() { Ok(()) } else { Err(Error::Invalid(errors)) }
}
