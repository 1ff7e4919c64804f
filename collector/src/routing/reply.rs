//! Replies by template: what a rule says to the customer. It is no message of a person, so no clock of a response ends with it.

use jiff::tz::TimeZone;
use sayso_shared::text::Text;
use serde_json::{Value, json};

use super::actions::Step;
use crate::app::App;
use crate::auth::Member;
use crate::cases::command::Body;
use crate::cases::event::append;
use crate::cases::{Actor, Case, EventType, messages, properties};
use crate::clock::Millis;
use crate::clocks::{self, Clock, PromiseKind, Terms};
use crate::db::Tx;
use crate::service::objects::Template;
use crate::sites::Site;
use crate::text::{Texts, fill};

/// What a step says to the customer of an open case, in their language; none if it says nothing.
pub(super) async fn of_step(
    tx: &mut Tx,
    app: &App,
    terms: &Terms,
    case_id: &str,
    step: &Step<'_>,
) -> anyhow::Result<Option<Body>> {
    let wanted = step.template();
    let template = wanted.and_then(|key| terms.service().templates.iter().find(|template| template.key == *key));
    let Some(template) = template else { return Ok(None) };
    let case = Case::by_id(app, case_id).await?;
    if !case.status().is_open() {
        return Ok(None);
    }
    let properties = properties::read(tx, case_id).await?;
    let owner = match &properties.owner_id {
        Some(id) => Member::by_id(&app.db, id).await?.map(|member| member.name),
        None => None,
    };
    let clocks = clocks::load(tx, case_id).await?;
    let Some(site) = terms.site(&case.site_id) else { return Ok(None) };
    let zone = terms.service().zone_of(site);
    let text = written(app, site, &case, template, owner.as_deref(), (&clocks, &zone))?;
    // With long names a template may become longer than a message is.
    Ok(Text::parse(&text).ok())
}

/// Says it.
pub(super) async fn send(tx: &mut Tx, case_id: &str, body: &Body, because: &Value, now: Millis) -> sqlx::Result<()> {
    let message_id = messages::add(tx, case_id, "staff", &Actor::System, body, now).await?;
    let mut data = json!({"message_id": message_id, "by": "staff", "resolves": false, "asks": false});
    for (name, value) in because.as_object().into_iter().flatten() {
        data[name] = value.clone();
    }
    append(tx, case_id, EventType::Message, &Actor::System, data, now).await?;
    Ok(())
}

/// What a template says to the customer of a case, in their language; `writer` is the name of the member who says it.
pub fn written(
    app: &App,
    site: &Site,
    case: &Case,
    template: &Template,
    writer: Option<&str>,
    (clocks, zone): (&[Clock], &TimeZone),
) -> Result<String, crate::http::Error> {
    let lang = site.settings.language_for(case.languages());
    let t = Texts(lang);
    let code = case.code(&app.keys)?;
    let due = |promise| {
        let clock = clocks.iter().rfind(|clock| clock.promise == promise).and_then(Clock::due);
        clock.map_or_else(String::new, |at| t.moment_in(at, zone))
    };
    let name = case.contact(&app.keys).and_then(|contact| contact.name().map(str::to_owned));
    let values = [
        ("customer.name", name.unwrap_or_else(|| t.get("mail.template.customer").to_owned())),
        ("case.number", case.number.map(|number| number.to_string()).unwrap_or_default()),
        ("case.link", app.config.url(&format!("/t/{code}"))),
        ("case.code", code),
        ("due.first_response", due(PromiseKind::FirstResponse)),
        ("due.resolution", due(PromiseKind::Resolution)),
        ("member.name", writer.unwrap_or(site.name()).to_owned()),
        ("site.name", site.name().to_owned()),
    ];
    let values: Vec<(&str, &str)> = values.iter().map(|(name, value)| (*name, value.as_str())).collect();
    // The customer's own tag first: a template may be written in languages that the pages are not.
    let tag = case.locale.as_deref().filter(|tag| template.body.nearest(tag).is_some());
    Ok(fill(template.body.in_language(tag.unwrap_or(lang.as_str())), &values))
}
