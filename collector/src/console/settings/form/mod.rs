//! Changing one thing of the service by a form: the same file, plan and checks as for the whole, with each mistake next to the field that it is in.

mod fields;
pub(super) mod logo;
mod object_page;
mod subject;
mod values;
mod view;

use std::collections::BTreeMap;

use anyhow::Context as _;
use axum::extract::{Query, State};
use axum::response::{Html, IntoResponse as _, Redirect, Response};
pub use fields::Kind;
use sayso_shared::Lang;

use self::object_page::{OWN_KEY, ObjectPage, Typed, again};
use self::subject::{Subject, Wanted};
use self::values::Values;
use super::access::{OVERVIEW, check_manages};
use super::trial::TrialView;
use crate::app::App;
use crate::audit::Stamp;
use crate::auth::{CsrfForm, SignedIn};
use crate::calendars::WEEKDAYS;
use crate::console::shell::page;
use crate::http::{Error, Result};
use crate::outbox::egress::Egress;
use crate::service::draft::{self, Draft, Reader, export};
use crate::service::plan::Prune;
use crate::service::surroundings::TypedAccess;
use crate::service::target_checks::access_mistake;
use crate::service::{ServiceFile, store};
use crate::sites::targets::{Access, Channel, Target};
use crate::surveys::questionnaires;
use crate::text::Texts;

pub(super) async fn show(State(app): State<App>, who: SignedIn, Query(wanted): Query<Wanted>) -> Result<Html<String>> {
    check_manages(&who)?;
    let subject = Subject::find(store::load(&app.db).await?, &wanted)?;
    let values = match (&subject.object, &wanted.from) {
        (Some(object), _) => Values::of(subject.kind, object),
        (None, Some(from)) if subject.kind == Kind::Survey => questionnaire(from, &subject.service)?,
        (None, _) => beginning(subject.kind, &subject.service),
    };
    page(&ObjectPage::new(&app, &who, &subject, Typed { values, ..Typed::default() }).await?)
}

/// Saves what was typed, removes the object, or shows the form again: with more rows, or with what a rule would have done.
pub(super) async fn submit(
    State(app): State<App>,
    who: SignedIn,
    Query(wanted): Query<Wanted>,
    CsrfForm(mut form): CsrfForm<BTreeMap<String, String>>,
) -> Result<Response> {
    check_manages(&who)?;
    let subject = Subject::find(store::load(&app.db).await?, &wanted)?;
    let [seen, action] = ["seen", "action"].map(|name| form.remove(name).unwrap_or_default());
    if let Some(key) = form.remove(OWN_KEY) {
        form.insert("key".to_owned(), key);
    }
    let is_outdated = seen != subject.stamp();
    let mut typed = Typed { values: Values::sent(form), is_outdated, ..Typed::default() };
    if is_outdated || action == "rows" {
        return again(&app, &who, &subject, typed).await;
    }
    let Some(draft) = draft(&app, who.t, &subject, &action, &mut typed).await? else {
        return again(&app, &who, &subject, typed).await;
    };
    if action == "try" {
        let [now, then] = draft.deciders();
        typed.trial = Some(TrialView::of(&app, who.t, &now, &then).await?);
        return again(&app, &who, &subject, typed).await;
    }
    draft.apply(&app.db, &Stamp::member(&who.member.id, app.clock.now())).await?;
    app.service.forget();
    Ok(Redirect::to(&format!("{OVERVIEW}?done=applied#{}", subject.kind.as_str())).into_response())
}

/// The service as it would be. None if something is wrong, which is noted with what was typed.
async fn draft(app: &App, t: Texts, subject: &Subject, action: &str, typed: &mut Typed) -> Result<Option<Draft>> {
    let around: draft::Around<'_> = (&app.db, &app.keys, &app.config, app.clock.now());
    let before = export(&app.db, &app.keys).await?;
    let mut document: toml::Table = before.parse().context("an export is read again")?;
    let mut changed_alone = None;
    let access = typed_access(app, subject, &typed.values).await?;
    // Neither stands in a table, by whose lines mistakes are put to their fields.
    if let Some((access, channel)) = access.as_ref().zip(Channel::parse(typed.values.get("channel")))
        && let Some(mistake) = access_mistake(channel, &access.access, &Egress::of(&app.config))
    {
        typed.wrong.push(mistake);
        return Ok(None);
    }
    let reader = access.as_ref().map_or(Reader::Server, Reader::Typed);
    let prune = if action == "remove" && subject.kind.is_removable() {
        subject.take_out(&mut document);
        Prune::Remove
    } else {
        let mut kept = subject.kept(&mut document);
        if access.is_some() {
            // It is where somebody typed that it is.
            kept.retain(|(name, _)| name != "url_env" && name != "secret_env");
        }
        let written = typed.values.write(subject.kind, &kept);
        let alone = match Draft::read(around, &written.text, Prune::Keep, reader).await? {
            Ok(alone) => alone,
            Err(mistakes) => {
                typed.place(t, &written, mistakes);
                return Ok(None);
            }
        };
        let key = subject.kind.objects(alone.wanted()).into_iter().next().map(|(key, _)| key);
        if key != subject.key
            && subject.kind.objects(&subject.service).iter().any(|(known, _)| Some(known) == key.as_ref())
        {
            typed.mistakes.push(t.get("desk.form.taken").to_owned());
            return Ok(None);
        }
        subject.put_in(&mut document, &written)?;
        // What it was called before is gone.
        if subject.key.is_some() && key != subject.key {
            Prune::Remove
        } else {
            changed_alone = Some(alone);
            Prune::Keep
        }
    };
    match Draft::read_changed(around, &document, changed_alone, prune, reader).await? {
        Ok(draft) => Ok(Some(draft)),
        Err(mistakes) => {
            typed.mistakes.extend(mistakes.into_iter().map(|mistake| mistake.text));
            Ok(None)
        }
    }
}

/// Where a target is, if some of that was typed, or has to be; the rest is as it is stored.
async fn typed_access(app: &App, subject: &Subject, values: &Values) -> Result<Option<TypedAccess>> {
    let (address, secret) = values.access();
    let is_needed =
        subject.key.is_none() && Channel::parse(values.get("channel")).is_some_and(|to| to != Channel::Email);
    if subject.kind != Kind::Target || (address.is_none() && secret.is_none() && !is_needed) {
        return Ok(None);
    }
    let key = values.get("key").trim();
    let known = Target::by_key(&app.db, key).await?.filter(|known| known.channel_name == values.get("channel"));
    let known = known.and_then(|known| known.access(&app.keys));
    let (known_address, known_secret) = known.map(|known| (known.address, known.secret)).unwrap_or_default();
    let access = Access::new(address.map_or(known_address, str::to_owned), secret.map(str::to_owned).or(known_secret));
    Ok(Some(TypedAccess { key: key.to_owned(), access }))
}

/// What stands in the form of a new object.
fn beginning(kind: Kind, service: &ServiceFile) -> Values {
    let mut values = Values::default();
    if let [site] = service.sites.as_slice()
        && matches!(kind, Kind::Category | Kind::Tier | Kind::Survey | Kind::Target)
    {
        values.put("site", site.key.as_str());
    }
    match kind {
        Kind::Rule => values.put("on.created", "1"),
        Kind::Survey => values.put("channels.link", "1"),
        Kind::Site => {
            for (at, lang) in Lang::CONSOLE.iter().enumerate() {
                values.put(format!("languages.{}", lang.as_str()), (at + 1).to_string());
            }
            sayso_shared::Kind::ALL.iter().for_each(|kind| values.put(format!("kinds.{}", kind.as_str()), "1"));
        }
        Kind::Calendar => {
            let zone =
                service.calendars.first().map_or_else(|| "UTC".to_owned(), |calendar| calendar.time_zone.to_string());
            values.put("time_zone", zone);
            for day in &WEEKDAYS[..5] {
                values.put(format!("hours.{day}"), "09:00-17:00");
            }
        }
        _ => {}
    }
    values
}

/// A questionnaire that comes with Sayso.
fn questionnaire(kind: &str, service: &ServiceFile) -> Result<Values> {
    let site = service.sites.first().map_or("site", |site| site.key.as_str());
    let text = questionnaires::text(kind, site).map_err(|_| Error::NotFound("there is no such questionnaire"))?;
    let file = crate::service::read::read(&text, service);
    let survey = file.ok().and_then(|file| Kind::Survey.objects(&file).into_iter().next());
    Ok(survey.map(|(_, survey)| Values::of(Kind::Survey, &survey)).unwrap_or_default())
}
