//! What a target would be told of a case, shown and not sent.

use super::card::Card;
use super::channels::{self, Attempt};
pub use super::event_context::Asks;
use super::event_context::EventContext;
use super::templates::{self, Email};
use crate::app::App;
use crate::sites::targets::{Channel, Target};

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
