//! What a target would be told of a case, shown and not sent.

use super::card::Card;
use super::channels::{self, Attempt};
pub use super::event_context::Asks;
use super::event_context::EventContext;
use super::templates::{self, Email};
use crate::app::App;
use crate::db::Db;
use crate::sites::targets::{Channel, Target};
use crate::with_db;

/// A message as its receiver would see it.
pub enum Preview {
    /// A mail.
    Mail(Box<Email>),
    /// A message in a chat room, and the JSON that makes it.
    Card(Box<Card>, String),
    /// A request to a program: its body.
    Body(String),
    /// It can't be made, for this reason.
    Failed(String),
}

/// What a target would be told of a new case; of a made-up one where none is named.
pub async fn preview(app: &App, target: &Target, case_id: Option<&str>) -> anyhow::Result<Option<Preview>> {
    let context = match case_id {
        Some(id) => EventContext::load(app, id, 1).await?,
        None => {
            let Some(site) = app.sites.by_id(&target.site_id).await? else { return Ok(None) };
            EventContext::sample(site.as_ref().clone(), app.clock.now())
        }
    };
    let context = context.for_target(target);
    let Some(channel) = target.channel() else { return Ok(None) };
    if channel == Channel::Email {
        return Ok(Some(Preview::Mail(Box::new(templates::to_team(&app.config, &context, target)))));
    }
    let body = channels::body(&app.config, &app.keys, &context, target, Attempt::new("preview", app.clock.now()));
    let card = || Card::new(&context, target, context.console_url(&app.config));
    Ok(Some(match body {
        Err(why) => Preview::Failed(why),
        Ok(body) if matches!(channel, Channel::Webhook | Channel::Generic) => Preview::Body(laid_out(body)),
        Ok(body) => Preview::Card(Box::new(card()), laid_out(body)),
    }))
}

/// The case of a target's site with a number, such as `1042` or `#1042`, or an identifier. Those in quarantine are nobody's to forward.
pub async fn case_of(db: &Db, target: &Target, asked: &str) -> sqlx::Result<Option<String>> {
    let select = "select cases.id from cases left join case_numbers on case_numbers.case_id = cases.id \
        where (case_numbers.number = $1 or cases.id = $2) and cases.site_id = $3 and cases.quarantine = ''";
    let asked = asked.trim();
    let number: i64 = asked.trim_start_matches('#').parse().unwrap_or_default();
    with_db!(db, pool => sqlx::query_scalar(select).bind(number).bind(asked).bind(&target.site_id).fetch_optional(pool).await)
}

/// The mail that tells the customer of a reply, as if it had just been sent.
pub async fn reply(app: &App, case_id: &str, writer: &str, body: &str, asks: Asks) -> anyhow::Result<Email> {
    let context = EventContext::load(app, case_id, 1).await?.with_reply(writer, body, asks, app.clock.now());
    Ok(templates::to_customer(&app.config, &context))
}

/// JSON with a line for each value; anything else as it is.
fn laid_out(body: String) -> String {
    let json = serde_json::from_str::<serde_json::Value>(&body).ok();
    json.and_then(|json| serde_json::to_string_pretty(&json).ok()).unwrap_or(body)
}
