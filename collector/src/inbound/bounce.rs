//! A mail of ours that came back: its case says that the customer was not reached, so that somebody looks for another way.

use sayso_shared::Lang;

use super::address::case_of_message_id;
use super::message::Bounce;
use crate::app::App;
use crate::cases::idempotency::request_hash;
use crate::cases::staff::{self, Body, Command};
use crate::cases::{Actor, Case, CaseError};
use crate::http::Result;
use crate::keys::Purpose;
use crate::text::Texts;
use crate::with_write;

/// Notes on its case that a mail came back for good, and gives the case. A mail that is only late is no news, and neither is one that is not ours.
pub(super) async fn note(app: &App, bounce: &Bounce) -> Result<Option<String>> {
    if !bounce.status.is_empty() && !bounce.status.starts_with('5') {
        return Ok(None);
    }
    let ours = bounce.message_ids.iter().find_map(|id| Some((id, case_of_message_id(&app.keys, id)?)));
    let Some((message_id, case_id)) = ours else { return Ok(None) };
    let case = match Case::by_id(app, &case_id).await {
        Ok(case) => case,
        Err(CaseError::NotFound) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let delivery = message_id.trim_matches(['<', '>']).split('.').next().unwrap_or_default();
    let update =
        "update deliveries set state = 'failed', last_error = $1 where id = $2 and order_key = $3 and state = 'sent'";
    let error = format!("the mail came back: {}", bounce.status);
    let failed = with_write!(&app.db, conn => sqlx::query(update).bind(&error).bind(delivery).bind(&case_id).execute(conn).await
        .map(|done| done.rows_affected()))?;
    if failed == 0 {
        // It was noted before, or has been removed since.
        return Ok(Some(case_id));
    }
    let site = app.sites.by_id(&case.site_id).await?;
    let t = Texts::of_console(site.map_or(Lang::En, |site| site.settings.main_language()));
    let text = t.with("team.bounced", &[("status", &bounce.status)]);
    let body = Body::parse(&text).expect("our own sentence is a text");
    let key = app.keys.request_key(Purpose::Mail, &format!("bounce/{delivery}"));
    let asked = request_hash(&("bounce", delivery));
    match staff::apply_idempotent(app, &case_id, &Actor::System, Command::Note(body.into()), &key, &asked).await {
        Ok(()) => Ok(Some(case_id)),
        Err(CaseError::Database(error)) => Err(error.into()),
        // Such as one that was merged: its delivery says it.
        Err(_) => Ok(Some(case_id)),
    }
}
