//! What was entered: the number, the code to be read out, and the receipt to be printed.

use std::time::Duration;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Html;
use jiff::tz::TimeZone;
use sayso_shared::id::CaseId;

use super::access::check;
use crate::app::App;
use crate::assets::{self, MARK};
use crate::auth::SignedIn;
use crate::auth::permissions::Action;
use crate::cases::access::case_for;
use crate::cases::{Case, query};
use crate::clock::{HOUR, Millis, rfc3339};
use crate::console::shell::{Screen, Shell, page};
use crate::http::{Error, Result};
use crate::outbox;
use crate::sites::texts::Shown;
use crate::text::Texts;
use crate::with_db;

/// So long whoever entered it can read the code out here; later it is asked for on the page of the case, which the audit log has.
const SHOWN_FOR: Millis = 12 * HOUR;
/// The number of a case is given a moment after its commit; so long, in steps, the page waits for it.
const NUMBER_STEPS: u32 = 12;
const NUMBER_STEP: Duration = Duration::from_millis(50);

#[derive(Template)]
#[template(path = "console/entered.html")]
struct EnteredPage {
    t: Texts,
    shell: Shell,
    case: Case,
    number: Option<i64>,
    code: String,
    mailed: Mailed,
    /// Whether the reader may go on to the case: rules may have given it to a team that they do not belong to.
    may_open: bool,
}

/// Whether the customer gets the receipt by mail.
enum Mailed {
    No,
    /// At once, to this address.
    To(String),
    /// In one mail with others, since this address gets so many.
    Folded,
}

/// A symbol of the code, and how it is said on the phone.
struct Spoken {
    symbol: char,
    said: &'static str,
}

impl EnteredPage {
    /// The groups of the code, each symbol with what is said for it.
    fn groups(&self) -> Vec<Vec<Spoken>> {
        let said = |symbol: char| self.t.get(&format!("desk.spoken.{symbol}"));
        let spoken = |symbol: char| Spoken { symbol, said: said(symbol) };
        self.code.split('-').map(|group| group.chars().map(spoken).collect()).collect()
    }

    fn iso(&self, millis: &Millis) -> String {
        rfc3339(*millis)
    }

    fn moment(&self, millis: &Millis) -> String {
        self.t.moment(*millis)
    }

    /// The sentence about the promise, before and after the moment.
    fn due_sentence(&self) -> (&'static str, &'static str) {
        split_at_moment(self.t.get("desk.entered.due"))
    }

    fn mail_sentence(&self) -> String {
        match &self.mailed {
            Mailed::No => self.t.get("desk.entered.no_mail").to_owned(),
            Mailed::To(address) => self.t.with("desk.entered.mailed", &[("email", address)]),
            Mailed::Folded => self.t.get("desk.entered.folded").to_owned(),
        }
    }
}

#[derive(Template)]
#[template(path = "console/receipt.html")]
struct ReceiptPage {
    /// In the language of the customer.
    t: Texts,
    /// Where the member goes on, in their own language.
    reader: Texts,
    company: String,
    zone: TimeZone,
    case: Case,
    code: String,
    lookup: String,
    promise: Option<Shown>,
}

impl ReceiptPage {
    fn iso(&self, millis: &Millis) -> String {
        rfc3339(*millis)
    }

    /// By the clock of the site: paper has no reader whose zone a script could ask for.
    fn moment(&self, millis: &Millis) -> String {
        self.t.moment_in(*millis, &self.zone)
    }

    fn kind(&self) -> &'static str {
        self.t.get(&format!("common.kind.{}", self.case.kind))
    }

    fn due_sentence(&self) -> (&'static str, &'static str) {
        split_at_moment(self.t.get("pages.paper.due"))
    }
}

/// The page after a case was entered, for whoever entered it.
pub(super) async fn show(State(app): State<App>, who: SignedIn, Path(id): Path<String>) -> Result<Html<String>> {
    let case = entered_by(&app, &who, &id).await?;
    let contact = case.contact(&app.keys);
    let mailed = match contact.as_ref().and_then(|contact| contact.email()) {
        None => Mailed::No,
        Some(address) if outbox::receipt_is_folded(&app, &case.id, address).await? => Mailed::Folded,
        Some(address) => Mailed::To(address.to_owned()),
    };
    page(&EnteredPage {
        t: who.t,
        shell: Shell::load(&app, &who, Screen::Entry).await?,
        number: number_of(&app, &case.id).await?,
        code: case.code(&app.keys)?,
        mailed,
        may_open: case_for(&app, &who.standing, &case.id, Action::ReadCase).await.is_ok(),
        case,
    })
}

/// The receipt on paper, for the customer: nothing of it is for the staff alone.
pub(super) async fn receipt(State(app): State<App>, who: SignedIn, Path(id): Path<String>) -> Result<Html<String>> {
    let case = entered_by(&app, &who, &id).await?;
    let site = app.sites.by_id(&case.site_id).await?.ok_or(Error::NoSite)?;
    let lang = site.settings.language_for(case.languages());
    let promise = Shown::best(&site.settings.promise_text, lang, site.settings.languages.first());
    page(&ReceiptPage {
        t: Texts(lang),
        reader: who.t,
        company: site.name().to_owned(),
        zone: app.service.current().await?.zone_of(&site),
        code: case.code(&app.keys)?,
        lookup: app.config.url("/t/"),
        promise,
        case,
    })
}

/// The case, for the member who entered it a short time ago. Anybody else asks for its code on its own page, and the audit log has that.
async fn entered_by(app: &App, who: &SignedIn, id: &str) -> Result<Case> {
    check(who)?;
    let none = || Error::NotFound("you have entered no such case lately");
    let id = CaseId::parse(id).map_err(|_| none())?;
    let select = "select created_at from events where case_id = $1 and seq = 1 and member_id = $2";
    let entered: Option<Millis> = with_db!(&app.db, pool => sqlx::query_scalar(select).bind(id.as_str())
        .bind(&who.member.id).fetch_optional(pool).await)?;
    entered.filter(|at| app.clock.now() < at + SHOWN_FOR).ok_or_else(none)?;
    Ok(Case::by_id(app, id.as_str()).await?)
}

async fn number_of(app: &App, id: &String) -> Result<Option<i64>> {
    for _ in 0..NUMBER_STEPS {
        if let Some(number) = query::numbers(&app.db, std::slice::from_ref(id)).await?.get(id) {
            return Ok(Some(*number));
        }
        tokio::time::sleep(NUMBER_STEP).await;
    }
    Ok(None)
}

fn split_at_moment(sentence: &'static str) -> (&'static str, &'static str) {
    sentence.split_once("{when}").unwrap_or((sentence, ""))
}
