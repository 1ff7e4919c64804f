//! What is told about an event: read once, then written as a mail or a webhook.

use std::borrow::Cow;
use std::sync::Arc;

use anyhow::Context as _;
use jiff::tz::TimeZone;
use sayso_shared::{Contact, Kind, Lang};
use serde_json::{Value, json};

use crate::app::App;
use crate::attachments::{self, Attachment};
use crate::auth::Member;
use crate::cases::{Actor, Case, EventType, Outcome, Priority, Status, query};
use crate::clock::{Millis, parse_rfc3339};
use crate::clocks::PromiseKind;
use crate::config::Config;
use crate::inbound::quotes::without_quotes;
use crate::keys::new_id;
use crate::sites::Site;
use crate::sites::targets::{Part, Target};
use crate::text::Texts;
use crate::with_db;

/// An event with its case and site.
#[derive(Clone, Debug)]
pub struct EventContext {
    /// The site of the case.
    pub site: Arc<Site>,
    /// The case as it stands now.
    pub case: CaseDetails,
    /// What happened.
    pub event: EventDetails,
    /// How to reach the customer.
    pub contact: Option<Contact>,
    /// Whether there is such a case.
    pub origin: Origin,
    /// By which clock the site lives.
    pub zone: TimeZone,
}

/// Where it comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A case.
    Real,
    /// Made up, to try a target.
    Sample,
}

/// What a reply asks of the customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asks {
    /// An answer.
    Answer,
    /// Nothing.
    Nothing,
}

/// What is told about a case.
#[derive(Clone)]
pub struct CaseDetails {
    /// Its identifier.
    pub id: String,
    /// The tracking code.
    pub code: String,
    /// What it is.
    pub kind: Kind,
    /// What it came as, and with which category. Mails go by it, since their subject must stay what it was.
    pub submitted: (Kind, Option<String>),
    /// Where it stands.
    pub status: Status,
    /// How urgent it is.
    pub priority: Priority,
    /// The short number for the staff.
    pub number: Option<i64>,
    /// The name of the member who owns it.
    pub owner: Option<String>,
    /// What came of it, while that stands.
    pub outcome: Option<Outcome>,
    /// What the customer was given, while that stands.
    pub remedy: Option<String>,
    /// The customer's words, without what a mail quotes.
    pub message: String,
    /// The key of the category.
    pub category: Option<String>,
    /// 1 to 5.
    pub rating: Option<i64>,
    /// What would put it right.
    pub desired_outcome: Option<String>,
    /// Order, contract or ticket number.
    pub reference: Option<String>,
    /// The customer's language tag.
    pub locale: Option<String>,
    /// The languages that the customer reads, the dearest first.
    pub languages: Vec<Lang>,
    /// Where the customer was: address, title and referrer.
    pub page: [Option<String>; 3],
    /// When it was accepted.
    pub received_at: Millis,
    /// Until when the first response is promised.
    pub first_response_due: Option<Millis>,
    /// When the promise is due that is due first.
    pub due_at: Option<Millis>,
    /// When a person answered first.
    pub first_responded_at: Option<Millis>,
}

/// What is told about an event.
#[derive(Clone, Debug)]
pub struct EventDetails {
    /// Its identifier.
    pub id: String,
    /// Its number in the case.
    pub seq: i64,
    /// What happened.
    pub kind: EventType,
    /// `customer`, `member` or `system`.
    pub actor: String,
    /// The member who did it.
    pub member_id: Option<String>,
    /// The details.
    pub data: Value,
    /// When.
    pub at: Millis,
    /// What somebody wrote.
    pub words: Option<Words>,
    /// The files that came with it.
    pub files: Vec<Attachment>,
    /// Whether the customer is asked to answer.
    pub asks: bool,
    /// The name of the member to whom the case was escalated.
    pub escalated_to: Option<String>,
}

/// What somebody wrote, and the name of the member who did.
#[derive(Clone)]
pub struct Words {
    /// The name of the member.
    pub member_name: Option<String>,
    /// What was written, without what a mail of a customer quotes.
    pub body: String,
}

#[derive(sqlx::FromRow)]
struct MessageRow {
    member_name: Option<String>,
    author: String,
    body: String,
    channel: Option<String>,
}

// What people wrote, and the code, must not reach a log.
impl std::fmt::Debug for CaseDetails {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "CaseDetails({})", self.id)
    }
}

impl std::fmt::Debug for Words {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Words(…)")
    }
}

#[derive(sqlx::FromRow)]
struct EventRow {
    id: String,
    seq: i64,
    #[sqlx(rename = "type")]
    kind: String,
    actor: String,
    member_id: Option<String>,
    data: String,
    created_at: Millis,
}

/// The path of a case in the console.
pub fn console_path(case_id: &str) -> String {
    format!("/staff/cases/{case_id}")
}

impl EventContext {
    /// Reads an event of a case, by its number.
    pub async fn load(app: &App, case_id: &str, seq: i64) -> anyhow::Result<EventContext> {
        let case = Case::by_id(app, case_id).await?;
        let site = app.sites.by_id(&case.site_id).await?.context("the site of a case is missing")?;
        let select =
            "select id, seq, type, actor, member_id, data, created_at from events where case_id = $1 and seq = $2";
        let row: EventRow = with_db!(&app.db, pool => sqlx::query_as(select).bind(case_id)
            .bind(seq).fetch_one(pool).await)?;
        let event = EventDetails::read(app, &case.id, row).await?;
        Ok(EventContext {
            contact: case.contact(&app.keys),
            case: CaseDetails::read(app, case).await?,
            zone: app.service.current().await?.zone_of(&site),
            site,
            event,
            origin: Origin::Real,
        })
    }

    /// A case that does not exist, to try a target with. What it says is in the site's main language.
    pub fn sample(site: Site, now: Millis) -> EventContext {
        let lang = site.settings.main_language();
        let words = Texts::of_console(lang).get("team.sample.message");
        let kind = site.settings.kinds.first().copied().unwrap_or(Kind::Question);
        let case = CaseDetails {
            id: new_id(),
            code: "0000-0000-0000-0".into(),
            kind,
            submitted: (kind, None),
            status: Status::New,
            priority: Priority::Normal,
            number: None,
            owner: None,
            outcome: None,
            remedy: None,
            message: words.into(),
            category: None,
            rating: None,
            desired_outcome: None,
            reference: None,
            locale: Some(lang.as_str().into()),
            languages: vec![lang],
            page: [None, None, None],
            received_at: now,
            first_response_due: None,
            due_at: None,
            first_responded_at: None,
        };
        let event = EventDetails {
            id: new_id(),
            seq: 1,
            kind: EventType::Created,
            actor: "system".into(),
            member_id: None,
            data: json!({"sample": true}),
            at: now,
            words: None,
            files: Vec::new(),
            asks: false,
            escalated_to: None,
        };
        EventContext { zone: site.zone(), site: Arc::new(site), case, event, contact: None, origin: Origin::Sample }
    }

    /// The same case, with a reply that somebody may send.
    pub(super) fn with_reply(mut self, writer: &str, body: &str, asks: Asks, now: Millis) -> Self {
        let words = Words { member_name: Some(writer.to_owned()), body: body.to_owned() };
        self.event = EventDetails {
            id: new_id(),
            seq: self.event.seq + 1,
            kind: EventType::Message,
            actor: "member".into(),
            member_id: None,
            data: json!({}),
            at: now,
            words: Some(words),
            files: Vec::new(),
            asks: asks == Asks::Answer,
            escalated_to: None,
        };
        self
    }

    /// What somebody wrote: of a new case the customer's words, else those that came with the event.
    pub fn said(&self) -> Option<&str> {
        match self.event.kind {
            EventType::Created => Some(&self.case.message),
            _ => self.event.words.as_ref().map(|words| words.body.as_str()),
        }
    }

    /// What of it a target may hear. Whoever has the tracking code can read and write as the customer, and it stands in our mails, which customers
    /// quote in more ways than are known.
    pub fn for_target(&self, target: &Target) -> Cow<'_, Self> {
        if self.origin == Origin::Sample {
            return Cow::Owned(self.sample_for(target));
        }
        let code = self.case.code.as_str();
        let texts = [Some(&self.case.message), self.event.words.as_ref().map(|words| &words.body)];
        let is_told = texts.into_iter().flatten().any(|text| text.contains(code));
        if target.includes(Part::Code) || !is_told {
            return Cow::Borrowed(self);
        }
        let mut context = self.clone();
        context.case.message = context.case.message.replace(code, "…");
        if let Some(words) = &mut context.event.words {
            words.body = words.body.replace(code, "…");
        }
        Cow::Owned(context)
    }

    /// A made-up case says that it is one in the language of the target.
    fn sample_for(&self, target: &Target) -> Self {
        let lang = target.settings.lang.unwrap_or_else(|| self.team_language());
        let mut context = self.clone();
        context.case.message = Texts::of_console(lang).get("team.sample.message").into();
        context
    }

    /// The address of the case in the console.
    pub fn console_url(&self, config: &Config) -> String {
        config.console(&console_path(&self.case.id))
    }

    /// A moment in the site's own time, which those who read mails live by.
    pub fn moment(&self, t: Texts, at: Millis) -> String {
        t.moment_in(at, &self.zone)
    }

    /// Which promise a warning is about, as a label, and when it is due. The case may have been answered since, and another be due first.
    pub fn promise(&self, t: Texts) -> Option<(&'static str, String)> {
        if !matches!(self.event.kind, EventType::DueSoon | EventType::Breached) {
            return None;
        }
        let label = match PromiseKind::parse(self.event.data["promise"].as_str()?)? {
            PromiseKind::FirstResponse => t.get("team.fact.due"),
            PromiseKind::NextResponse => t.get("team.fact.next_response_due"),
            PromiseKind::Resolution => t.get("team.fact.resolution_due"),
        };
        Some((label, self.moment(t, parse_rfc3339(self.event.data["due"].as_str()?)?)))
    }

    /// The language of the team: the main one of the site, where the console speaks it.
    pub fn team_language(&self) -> Lang {
        self.site.settings.main_language().for_console()
    }

    /// The language for the customer: what they have asked for, else that of their browser, if the site answers in it, else its main one.
    pub fn customer_language(&self) -> Lang {
        self.site.settings.language_for(self.case.languages.iter().copied())
    }
}

impl CaseDetails {
    async fn read(app: &App, case: Case) -> anyhow::Result<Self> {
        let owner = match &case.owner_id {
            Some(id) => Member::by_id(&app.db, id).await?.map(|member| member.name),
            None => None,
        };
        let stands = !case.status().is_open();
        Ok(Self {
            number: case.number,
            owner,
            outcome: case.outcome().filter(|_| stands),
            remedy: case.remedy.clone().filter(|_| stands),
            code: case.code(&app.keys)?,
            kind: case.kind(),
            submitted: (Kind::parse(&case.submitted_kind).unwrap_or(case.kind()), case.submitted_category.clone()),
            status: case.status(),
            priority: case.priority(),
            message: without_quotes(&case.segments()),
            languages: case.languages().collect(),
            id: case.id,
            category: case.category,
            rating: case.rating,
            desired_outcome: case.desired_outcome,
            reference: case.reference,
            locale: case.locale,
            page: [case.page_url, case.page_title, case.page_referrer],
            received_at: case.received_at,
            first_response_due: case.first_response_due,
            due_at: case.due_at,
            first_responded_at: case.first_responded_at,
        })
    }
}

impl EventDetails {
    /// The row of a mail that names the files that came with what was said.
    pub fn named_files(&self, t: Texts) -> Option<(String, String)> {
        let names: Vec<&str> = self.files.iter().map(|file| file.name.as_str()).collect();
        (!names.is_empty()).then(|| (t.get("common.files").to_owned(), names.join(" · ")))
    }

    async fn read(app: &App, case_id: &str, row: EventRow) -> anyhow::Result<Self> {
        let kind = EventType::parse(&row.kind).with_context(|| format!("the event type {} is unknown", row.kind))?;
        let data: Value = serde_json::from_str(&row.data).unwrap_or_default();
        let words = match (kind, data["message_id"].as_str()) {
            (EventType::Rated | EventType::Reopened, None) if kind == EventType::Rated || data["rated"] == true => {
                let comment = query::rating(app, case_id).await?.and_then(|rated| rated.comment);
                comment.map(|body| Words { member_name: None, body })
            }
            (_, Some(message_id)) => message(app, message_id).await?,
            (_, None) => None,
        };
        let message_id: Vec<String> = data["message_id"].as_str().map(str::to_owned).into_iter().collect();
        let files = attachments::of_messages(&app.db, &message_id).await?.into_values().flatten().collect();
        let asks = match kind {
            EventType::Status => data["to"] == Status::Waiting.as_str(),
            EventType::Message => data["asks"] == true,
            _ => false,
        };
        let escalated_to = match data["to"].as_str().filter(|_| kind == EventType::Escalated) {
            Some(id) => Member::by_id(&app.db, id).await?.map(|member| member.name),
            None => None,
        };
        Ok(Self {
            id: row.id,
            seq: row.seq,
            kind,
            actor: row.actor,
            member_id: row.member_id,
            data,
            at: row.created_at,
            words,
            files,
            asks,
            escalated_to,
        })
    }
}

async fn message(app: &App, id: &str) -> sqlx::Result<Option<Words>> {
    let select = "select members.name as member_name, messages.author, messages.body, messages.channel from messages \
        left join members on members.id = messages.member_id where messages.id = $1";
    let row: Option<MessageRow> =
        with_db!(&app.db, pool => sqlx::query_as(select).bind(id).fetch_optional(pool).await)?;
    Ok(row.map(|MessageRow { member_name, author, body, channel }| {
        let is_customer = author == Actor::Customer.as_str();
        let body = if is_customer { without_quotes(&query::said(channel.as_deref(), &body)) } else { body };
        Words { member_name, body }
    }))
}
