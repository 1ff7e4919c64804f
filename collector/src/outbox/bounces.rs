//! Mails that come back for good. The case says that its customer was not reached, and an address that takes no mail gets none for a while.

use sayso_shared::Lang;

use super::delivery::{CUSTOMER, member_of};
use super::standing;
use super::suspensions::{Verdict, count};
use crate::app::App;
use crate::cases::idempotency::request_hash;
use crate::cases::staff::{self, Body, Command};
use crate::cases::{Actor, Case, CaseError};
use crate::http::Result;
use crate::keys::Purpose;
use crate::text::Texts;

/// A mail that came back for good, or that the recipient's server refused for good.
#[derive(Clone, Debug)]
pub struct Bounced<'a> {
    /// The identifier of its delivery.
    pub delivery: &'a str,
    /// Where that went: to the customer, a member or a target.
    pub destination: &'a str,
    /// The case that it was about, if it was about one.
    pub case_id: Option<&'a str>,
    /// The hash of the address.
    pub recipient: Option<&'a str>,
    /// The status code.
    pub status: &'a str,
}

/// Notes a bounce: for the address, and where the customer was to be told, on the case.
pub async fn record(app: &App, bounced: &Bounced<'_>) -> Result<()> {
    let is_suspended = match bounced.recipient {
        Some(recipient) => count(&app.db, recipient, Verdict::of(bounced.status), app.clock.now()).await?,
        None => false,
    };
    if bounced.destination == CUSTOMER {
        if let Some(case_id) = bounced.case_id {
            note(app, case_id, bounced, is_suspended).await?;
        }
    } else if member_of(bounced.destination).is_none() && is_suspended {
        let because = format!("mails to it come back ({})", bounced.status);
        standing::suspend(app, bounced.destination, &because).await?;
    }
    Ok(())
}

/// Notes on a case that its customer was not reached, once for each mail.
async fn note(app: &App, case_id: &str, bounced: &Bounced<'_>, is_suspended: bool) -> Result<()> {
    let case = match Case::by_id(app, case_id).await {
        Ok(case) => case,
        Err(CaseError::NotFound) => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    let site = app.sites.by_id(&case.site_id).await?;
    let t = Texts::of_console(site.map_or(Lang::En, |site| site.settings.main_language()));
    let mut text = t.with("team.bounced", &[("status", bounced.status)]);
    if is_suspended {
        text = format!("{text}\n\n{}", t.get("team.suspended"));
    }
    let body = Body::parse(&text).expect("our own sentence is a text");
    let key = app.keys.request_key(Purpose::Mail, &format!("bounce/{}", bounced.delivery));
    let asked = request_hash(&("bounce", bounced.delivery));
    match staff::apply_idempotent(app, case_id, &Actor::System, Command::Note(body.into()), &key, &asked).await {
        Err(CaseError::Database(error)) => Err(error.into()),
        // Such as of one that was merged: its delivery says it.
        Ok(()) | Err(_) => Ok(()),
    }
}
