//! The demo company's data: site, members, and cases that look like a week of work.

use anyhow::{Context as _, bail};
use jiff::Timestamp;
use sayso_shared::Lang;
use sayso_shared::id::IdempotencyKey;
use sayso_shared::reply::{Reply, Satisfaction};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{history, surveys};
use crate::app::App;
use crate::audit::Stamp;
use crate::auth::member::{Email, Name, NewMember};
use crate::auth::{Member, Role, links};
use crate::calls::{self, CallResult, Found, Sample};
use crate::cases::efforts::{self, EffortKind, EffortNote, EffortResult, NewEffort};
use crate::cases::idempotency::request_hash;
use crate::cases::properties::{self, Patch};
use crate::cases::staff::{Body, FollowUp, Remedy, Resolution};
use crate::cases::tasks::{self, NewTask};
use crate::cases::{Actor, Case, Channel, Outcome, Status, customer, merge, staff};
use crate::clock::{DAY, HOUR};
use crate::intake::{self, SubmissionPolicy};
use crate::jobs::run_due;
use crate::keys::new_id;
use crate::service::plan::Prune;
use crate::service::read::read;
use crate::service::store;
use crate::sites::targets::{Access, Channel as Way, NewTarget, Part, Settings};
use crate::sites::{Logo, Origin, Site, SiteKey};
use crate::with_db;

const CASES: &str = include_str!("cases.json");
/// Teams, promises, rules and the like.
const SERVICE: &str = include_str!("service.toml");

/// The sign that hangs on its website too.
const LOGO: &[u8] = include_bytes!("logo.png");

const SETTINGS: &[&str] = &[
    "first_response_hours=4",
    "theme.accent=#0b4f8a",
    "promise_text.en=We reply within 4 hours, day or night.",
    "promise_text.zh-Hans=全天 24 小时，我们会在 4 小时内回复您。",
    "promise_text.zh-Hant=全天 24 小時，我們會在 4 小時內回覆您。",
];

#[derive(Deserialize)]
struct SampleCase {
    hours_ago: i64,
    kind: String,
    category: Option<String>,
    rating: Option<i64>,
    importance: Option<i64>,
    locale: String,
    name: Option<String>,
    email: Option<String>,
    phone: Option<String>,
    reference: Option<String>,
    message: String,
    desired_outcome: Option<String>,
    page: String,
    steps: Vec<Step>,
}

#[derive(Deserialize)]
struct Step {
    /// Hours after the case was received.
    hours: i64,
    /// `customer`, or the first part of a member's address.
    by: String,
    #[serde(rename = "do")]
    action: String,
    text: Option<String>,
    outcome: Option<String>,
    remedy: Option<String>,
    score: Option<i64>,
    minutes: Option<i64>,
    /// Of a team, a problem, or what the customer calls the order of another case.
    key: Option<String>,
}

/// Makes the demo company if it is not there yet, and gives the path of a new one-time sign-in link for its admin.
pub async fn prepare(app: &App, website: &str) -> anyhow::Result<String> {
    let members = Members::find_or_add(app).await?;
    if Site::by_key(&app.db, "acme").await.is_err() {
        add_company(app, website, &members).await.context("cannot make the demo company")?;
    }
    members.sign_in_link(app).await
}

async fn add_company(app: &App, website: &str, members: &Members) -> anyhow::Result<()> {
    let origin = Origin::parse(website)?;
    Site::add(&app.db, &SiteKey::parse("acme")?, "Acme Home · 安可家居", &[origin], &Stamp::system(app.clock.now()))
        .await?;
    let mut site = Site::by_key(&app.db, "acme").await?;
    for setting in SETTINGS {
        site.set(setting)?;
    }
    site.settings.logo = Some(Logo::from_bytes(LOGO.to_vec())?);
    site.save(&app.db, &Stamp::system(app.clock.now())).await?;
    let mailbox = NewTarget {
        key: Some("service-team".to_owned()),
        settings: Settings { include: Some(vec![Part::Message, Part::Name, Part::Link]), ..Settings::default() },
        ..NewTarget::hearing(Way::Email, &[])
    };
    let access = Access::new("service@acme-home.example", None);
    mailbox.add(&app.db, &app.keys, &site, &access, &Stamp::system(app.clock.now())).await?;
    let service = format!("{SERVICE}\n{}", surveys::tables()?).replace("{holiday}", &holiday(app));
    let service = read(&service, &store::load(&app.db).await?).map_err(|mistakes| anyhow::anyhow!("{mistakes:?}"))?;
    store::apply(&app.db, &service, Prune::Keep, &Stamp::system(app.clock.now())).await?;
    app.service.forget();
    let site = Site::by_key(&app.db, "acme").await?;
    history::write(app, &site, |name| members.id(name)).await.context("the history of the demo company")?;
    let cases: Vec<SampleCase> = serde_json::from_str(CASES)?;
    for case in &cases {
        play(app, &site, website, members, case)
            .await
            .with_context(|| format!("the sample case {:?}", case.message))?;
    }
    surveys::answer(app).await?;
    call_customers(app, &site, members).await
}

/// The day before yesterday in the calendar of the workshop, which was closed then.
fn holiday(app: &App) -> String {
    let at = Timestamp::from_millisecond(app.clock.now() - 2 * DAY).unwrap_or_default();
    at.in_tz("Asia/Shanghai").map_or_else(|_| at.to_string(), |at| at.date().to_string())
}

/// Check calls to some of those whose cases were resolved: one was made, the others are to be.
async fn call_customers(app: &App, site: &Site, members: &Members) -> anyhow::Result<()> {
    let sample = Sample::new(4, None, 30, "demo").map_err(|errors| anyhow::anyhow!("{errors:?}"))?;
    let stamp = Stamp::member(&members.id("mei")?, app.clock.now());
    let round = calls::draw(app, &new_id(), site, &sample, &stamp).await?;
    let Some(call) = calls::calls_of(&app.db, &round.id).await?.into_iter().next() else { return Ok(()) };
    let text = |error: sayso_shared::text::TextError| anyhow::anyhow!("{}", error.detail);
    let found = Found {
        result: CallResult::Satisfied,
        score: Some(5),
        note: Some(EffortNote::parse("Would buy here again").map_err(text)?),
        reason: Body::parse("-").map_err(text)?,
    };
    let key = IdempotencyKey::parse(&new_id())?;
    calls::record(app, &call, &Actor::Member(members.id("mei")?), &found, &key).await?;
    Ok(())
}

/// Lets a case happen in its own time: the clock stands in the past while it does.
async fn play(app: &App, site: &Site, website: &str, members: &Members, sample: &SampleCase) -> anyhow::Result<()> {
    let mut behind = sample.hours_ago * HOUR;
    app.clock.advance(-behind);
    let key = IdempotencyKey::parse(&new_id())?;
    let accepted = intake::submit(app, site, &key, sample.feedback(website), SubmissionPolicy::Trusted).await;
    let routed = run_due(app).await;
    app.clock.advance(behind);
    let accepted = accepted?;
    routed?;
    for step in &sample.steps {
        behind = (sample.hours_ago - step.hours).max(0) * HOUR;
        app.clock.advance(-behind);
        let done = apply_step(app, &accepted.case_id, members, step).await;
        let told = run_due(app).await;
        app.clock.advance(behind);
        done?;
        told?;
    }
    Ok(())
}

async fn apply_step(app: &App, case_id: &str, members: &Members, step: &Step) -> anyhow::Result<()> {
    let text = step.text.clone().unwrap_or_default();
    let key = IdempotencyKey::parse(&new_id())?;
    let reply = |text: &str| Reply::parse(json!({"body": text})).map_err(|errors| anyhow::anyhow!("{errors:?}"));
    if step.by == "customer" {
        let case = Case::by_id(app, case_id).await?;
        match step.action.as_str() {
            "reply" | "not_solved" => customer::reply(app, &case, &reply(&text)?, &key, Channel::Entry).await?,
            "rate" => {
                let rating = json!({"score": step.score, "comment": step.text});
                let rating = Satisfaction::parse(rating).map_err(|errors| anyhow::anyhow!("{errors:?}"))?;
                customer::rate(app, &case, &rating, &key).await?;
            }
            other => bail!("a customer can't {other}"),
        }
        return Ok(());
    }
    let member = members.id(&step.by)?;
    let body = || Body::parse(&text).map_err(|error| anyhow::anyhow!("{}", error.detail));
    match step.action.as_str() {
        "assign" => {
            let actor = Actor::Member(member.clone());
            staff::assign(app, case_id, &actor, Some(&member)).await?;
            // A receipt may have done so already.
            if Case::by_id(app, case_id).await?.status() == Status::New {
                staff::set_status(app, case_id, &actor, Status::Acknowledged).await?;
            }
        }
        "note" => staff::add_note(app, case_id, &member, &body()?).await?,
        "reply" => staff::reply(app, case_id, &member, &body()?, FollowUp::InProgress).await?,
        "ask" => staff::reply(app, case_id, &member, &body()?, FollowUp::Wait).await?,
        "resolve" => {
            let remedy = step
                .remedy
                .as_deref()
                .map(Remedy::parse)
                .transpose()
                .map_err(|error| anyhow::anyhow!("{}", error.detail))?;
            let resolution =
                Resolution { outcome: step.outcome.as_deref().and_then(Outcome::parse), remedy, cost: None };
            staff::reply(app, case_id, &member, &body()?, FollowUp::Resolve(resolution)).await?;
        }
        "transfer" | "problem" => {
            let to = Some(step.key.clone());
            let patch = match step.action.as_str() {
                "transfer" => Patch { team: to, reason: Some(body()?), ..Patch::default() },
                _ => Patch { problem: to, ..Patch::default() },
            };
            let hash = request_hash(&(&step.action, &step.key));
            properties::patch(app, case_id, &Actor::Member(member), &patch, None, (&key, &hash)).await?;
        }
        "task" => {
            let title = tasks::Title::parse(&text).map_err(|error| anyhow::anyhow!("{}", error.detail))?;
            let task = NewTask { title, team: step.key.clone(), owner_id: None, due_at: Some(app.clock.now() + DAY) };
            tasks::add(app, case_id, &Actor::Member(member), &task, None, (&key, &request_hash(&("task", &text))))
                .await?;
        }
        "call" => {
            let note = EffortNote::parse(&text).map_err(|error| anyhow::anyhow!("{}", error.detail))?;
            let result = Some(EffortResult::Reached);
            let effort = NewEffort { kind: EffortKind::Call, result, minutes: step.minutes, note: Some(note) };
            efforts::add(app, case_id, &Actor::Member(member), &effort, (&key, &request_hash(&("call", &text))))
                .await?;
        }
        "merge" => {
            let select = "select id from feedback where reference = $1";
            let into: String =
                with_db!(&app.db, pool => sqlx::query_scalar(select).bind(&step.key).fetch_one(pool).await)?;
            merge::merge(app, case_id, &into, &Actor::Member(member), None, &key).await?;
        }
        other => bail!("a member can't {other}"),
    }
    Ok(())
}

impl SampleCase {
    fn feedback(&self, website: &str) -> Value {
        json!({
            "kind": self.kind, "category": self.category, "rating": self.rating, "importance": self.importance, "locale": self.locale,
            "contact": {"name": self.name, "email": self.email, "phone": self.phone}, "reference": self.reference,
            "message": self.message, "desired_outcome": self.desired_outcome,
            "page": {"url": format!("{website}{}", self.page), "title": "Acme Home · 安可家居"}
        })
    }
}

/// The demo company's members, by the first part of their addresses.
struct Members(Vec<(String, String)>);

/// Who works there: address, name, role and language. They sign in by link until they set a password.
const MEMBERS: [(&str, &str, Role, Lang); 3] = [
    ("mei@acme-home.example", "林梅 Mei Lin", Role::Admin, Lang::En),
    ("chen@acme-home.example", "陈师傅", Role::Agent, Lang::ZhHans),
    ("maria@acme-home.example", "Maria Santos", Role::Agent, Lang::En),
];

impl Members {
    async fn find_or_add(app: &App) -> anyhow::Result<Self> {
        let mut members = Vec::new();
        for (address, name, role, lang) in MEMBERS {
            let email = Email::parse(address)?;
            let id = match Member::by_email(&app.db, &email).await? {
                Some(member) => member.id,
                None => {
                    let new =
                        NewMember { email, name: Name::parse(name)?, role, lang: Some(lang), password_hash: None };
                    Member::add(&app.db, &new, &Stamp::system(app.clock.now())).await?
                }
            };
            members.push((address.split('@').next().unwrap_or_default().to_owned(), id));
        }
        Ok(Self(members))
    }

    fn id(&self, name: &str) -> anyhow::Result<String> {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map(|(_, id)| id.clone()).with_context(|| format!("there is no member {name}"))
    }

    /// A link with which the admin signs in once.
    async fn sign_in_link(&self, app: &App) -> anyhow::Result<String> {
        Ok(links::make_sign_in_link(&app.db, &app.keys, &app.clock, &self.id("mei")?).await?)
    }
}
