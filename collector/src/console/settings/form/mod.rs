//! Changing one thing of the service by a form: the same file, plan and checks as for the whole, with each mistake next to the field that it is in.

mod fields;
mod values;
mod view;

use std::collections::BTreeMap;

use anyhow::Context as _;
use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse as _, Redirect, Response};
use serde::Deserialize;
use serde_json::Value;

use self::fields::Kind;
use self::values::{Values, Written};
use self::view::{Around, FieldView, Input};
use super::access::{FORM, OVERVIEW, check_manages};
use super::trial::TrialView;
use crate::app::App;
use crate::assets::{self, MARK};
use crate::audit::Stamp;
use crate::auth::{CsrfForm, SignedIn};
use crate::cases::idempotency::content_hash;
use crate::console::shell::{Screen, Shell, page};
use crate::http::{Error, Result};
use crate::service::draft::{Draft, Reader, export};
use crate::service::plan::Prune;
use crate::service::read::Mistake;
use crate::service::{ServiceFile, store};
use crate::surveys::questionnaires;
use crate::text::Texts;

/// What the input of an object's key is called: a form's own key, by which it is told from one that is sent again, has the other name.
const OWN_KEY: &str = "own_key";

/// Which object: of which table, and its key; without one a new one, which may begin as a questionnaire of some kind.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Wanted {
    kind: String,
    #[serde(default)]
    key: Option<String>,
    #[serde(default)]
    from: Option<String>,
}

#[derive(Template)]
#[template(path = "console/settings_object.html")]
struct ObjectPage {
    t: Texts,
    shell: Shell,
    kind: Kind,
    key: Option<String>,
    fields: Vec<FieldView>,
    /// What is wrong and in no field.
    mistakes: Vec<String>,
    /// What the object was when the form was made.
    seen: String,
    is_outdated: bool,
    /// What the rules would have done with past cases, once that was asked for.
    trial: Option<TrialView>,
}

/// What was typed, and what is wrong with it.
struct Typed {
    values: Values,
    wrong: Vec<(&'static str, String)>,
    mistakes: Vec<String>,
    is_outdated: bool,
    trial: Option<TrialView>,
}

pub(super) async fn show(State(app): State<App>, who: SignedIn, Query(wanted): Query<Wanted>) -> Result<Html<String>> {
    check_manages(&who)?;
    let service = store::load(&app.db).await?;
    let (kind, object) = find(&wanted, &service)?;
    let values = match (&object, &wanted.from) {
        (Some(object), _) => Values::of(kind, object),
        (None, Some(from)) if kind == Kind::Survey => questionnaire(from, &service)?,
        (None, _) => beginning(kind, &service),
    };
    let typed = Typed { values, wrong: Vec::new(), mistakes: Vec::new(), is_outdated: false, trial: None };
    page(&ObjectPage::new(&app, &who, &wanted, &service, typed).await?)
}

/// Saves what was typed, removes the object, or shows the form again: with more rows, or with what a rule would have done.
pub(super) async fn submit(
    State(app): State<App>,
    who: SignedIn,
    Query(wanted): Query<Wanted>,
    CsrfForm(mut form): CsrfForm<BTreeMap<String, String>>,
) -> Result<Response> {
    check_manages(&who)?;
    let service = store::load(&app.db).await?;
    let (kind, object) = find(&wanted, &service)?;
    let [seen, action] = ["seen", "action"].map(|name| form.remove(name).unwrap_or_default());
    if let Some(key) = form.remove(OWN_KEY) {
        form.insert("key".to_owned(), key);
    }
    let mut typed =
        Typed { values: Values::sent(form), wrong: Vec::new(), mistakes: Vec::new(), is_outdated: false, trial: None };
    typed.is_outdated = seen != stamp_of(object.as_ref());
    if typed.is_outdated || action == "rows" {
        return again(&app, &who, &wanted, &service, typed).await;
    }
    let mut document: toml::Table = export(&app.db, &app.keys).await?.parse().context("an export is read again")?;
    let place = kind.objects(&service).iter().position(|(key, _)| Some(key) == wanted.key.as_ref());
    let prune = if action == "remove" {
        take_out(&mut document, kind, place);
        Prune::Remove
    } else {
        let written = typed.values.write(kind);
        let read = Draft::read((&app.db, &app.keys, &app.config), &written.text, Prune::Keep, Reader::Server).await?;
        let draft = match read {
            Ok(draft) => draft,
            Err(mistakes) => {
                typed.place(who.t, &written, mistakes);
                return again(&app, &who, &wanted, &service, typed).await;
            }
        };
        let key = kind.objects(draft.wanted()).into_iter().next().map(|(key, _)| key);
        let is_taken = key != wanted.key && kind.objects(&service).iter().any(|(known, _)| Some(known) == key.as_ref());
        if is_taken {
            typed.mistakes.push(who.t.get("desk.form.taken").to_owned());
            return again(&app, &who, &wanted, &service, typed).await;
        }
        put_in(&mut document, kind, place, &written)?;
        // What it was called before is gone.
        if wanted.key.is_some() && key != wanted.key { Prune::Remove } else { Prune::Keep }
    };
    let text = toml::to_string(&document).map_err(anyhow::Error::from)?;
    match Draft::read((&app.db, &app.keys, &app.config), &text, prune, Reader::Server).await? {
        Ok(draft) if action == "try" => {
            let [now, then] = draft.deciders();
            typed.trial = Some(TrialView::of(&app, who.t, &now, &then).await?);
            again(&app, &who, &wanted, &service, typed).await
        }
        Ok(draft) => {
            draft.apply(&app.db, &Stamp::member(&who.member.id, app.clock.now())).await?;
            app.service.forget();
            Ok(Redirect::to(&format!("{OVERVIEW}?done=applied#{}", kind.as_str())).into_response())
        }
        Err(mistakes) => {
            typed.mistakes.extend(mistakes.into_iter().map(|mistake| mistake.text));
            again(&app, &who, &wanted, &service, typed).await
        }
    }
}

/// The form with what was typed.
async fn again(app: &App, who: &SignedIn, wanted: &Wanted, service: &ServiceFile, typed: Typed) -> Result<Response> {
    let is_wrong = typed.is_outdated || !typed.wrong.is_empty() || !typed.mistakes.is_empty();
    let status = if is_wrong { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    Ok((status, page(&ObjectPage::new(app, who, wanted, service, typed).await?)?).into_response())
}

/// The table and the object that are asked for; no object where a new one is.
fn find(wanted: &Wanted, service: &ServiceFile) -> Result<(Kind, Option<Value>)> {
    const NONE: Error = Error::NotFound("there is no such setting");
    let kind = Kind::parse(&wanted.kind).ok_or(NONE)?;
    let Some(key) = &wanted.key else { return Ok((kind, None)) };
    let found = kind.objects(service).into_iter().find(|(known, _)| known == key);
    found.map(|(_, object)| (kind, Some(object))).ok_or(NONE)
}

/// Tells whether an object is the one that a form was made from.
fn stamp_of(object: Option<&Value>) -> String {
    content_hash(&object)
}

/// What stands in the form of a new object.
fn beginning(kind: Kind, service: &ServiceFile) -> Values {
    let mut values = Values::default();
    if let [site] = service.sites.as_slice()
        && matches!(kind, Kind::Category | Kind::Tier | Kind::Survey)
    {
        values.put("site", site.key.as_str());
    }
    match kind {
        Kind::Rule => values.put("on.created", "1"),
        Kind::Survey => values.put("channels.link", "1"),
        Kind::Calendar => {
            let zone =
                service.calendars.first().map_or_else(|| "UTC".to_owned(), |calendar| calendar.time_zone.to_string());
            values.put("time_zone", zone);
            for day in &fields::DAYS[..5] {
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

/// The objects of a table in a document.
fn objects_in(document: &mut toml::Table, kind: Kind) -> Option<&mut Vec<toml::Value>> {
    let empty = || toml::Value::Array(Vec::new());
    document.entry(kind.as_str()).or_insert_with(empty).as_array_mut()
}

fn take_out(document: &mut toml::Table, kind: Kind, place: Option<usize>) {
    let objects = objects_in(document, kind);
    if let Some((objects, place)) = objects.zip(place).filter(|(objects, place)| *place < objects.len()) {
        objects.remove(place);
    }
}

fn put_in(document: &mut toml::Table, kind: Kind, place: Option<usize>, written: &Written) -> anyhow::Result<()> {
    let mut table: toml::Table = written.text.parse()?;
    let objects = objects_in(&mut table, kind).map(std::mem::take).unwrap_or_default();
    let object = objects.into_iter().next().context("the form makes one table")?;
    let all = objects_in(document, kind).context("the export has tables")?;
    match place.and_then(|place| all.get_mut(place)) {
        Some(known) => *known = object,
        None => all.push(object),
    }
    Ok(())
}

impl Typed {
    /// Puts each mistake to the field that it is in.
    fn place(&mut self, t: Texts, written: &Written, mistakes: Vec<Mistake>) {
        for Mistake { line, text, .. } in mistakes {
            match (missing(&text), written.field_at(line)) {
                (Some(field), _) => self.wrong.push((field, t.get("desk.form.required").to_owned())),
                (None, Some(field)) => self.wrong.push((field, text)),
                (None, None) => self.mistakes.push(text),
            }
        }
    }
}

/// The field that is missing: the reader of tables says so of the whole table.
fn missing(text: &str) -> Option<&'static str> {
    let name = text.strip_prefix("missing field `")?.split('`').next()?;
    let all = ["key", "name", "site", "label", "body", "question", "solution", "title", "kind", "time_zone", "hours"];
    all.into_iter().find(|field| *field == name)
}

impl ObjectPage {
    async fn new(app: &App, who: &SignedIn, wanted: &Wanted, service: &ServiceFile, typed: Typed) -> Result<Self> {
        let (kind, object) = find(wanted, service)?;
        let around = Around { t: who.t, service, is_known: object.is_some() };
        Ok(Self {
            t: who.t,
            shell: Shell::load(app, who, Screen::Settings).await?,
            kind,
            key: wanted.key.clone(),
            fields: view::fields(kind, &typed.values, &typed.wrong, around),
            mistakes: typed.mistakes,
            seen: stamp_of(object.as_ref()),
            is_outdated: typed.is_outdated,
            trial: typed.trial,
        })
    }

    fn title(&self) -> &'static str {
        self.t.get(&format!("desk.form.title.{}", self.kind.as_str()))
    }

    /// Whether something is wrong in a field.
    fn is_wrong(&self) -> bool {
        !self.mistakes.is_empty() || self.fields.iter().any(|field| !field.errors.is_empty())
    }

    /// Where the form is sent.
    fn action(&self) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.append_pair("kind", self.kind.as_str());
        if let Some(key) = &self.key {
            query.append_pair("key", key);
        }
        format!("{FORM}?{}", query.finish())
    }

    fn input_name(&self, field: &FieldView) -> &'static str {
        if field.name == "key" { OWN_KEY } else { field.name }
    }

    /// What `aria-describedby` names.
    fn described_by(&self, field: &FieldView) -> String {
        let hint = field.hint.map(|_| format!("{}-hint", field.name));
        let error = (!field.errors.is_empty()).then(|| format!("{}-error", field.name));
        hint.into_iter().chain(error).collect::<Vec<_>>().join(" ")
    }
}
