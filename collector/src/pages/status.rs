//! The status page, `/t/{code}`: where a case stands, what was said, and what the customer can do. Looking at it records nothing.

use std::collections::HashMap;
use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use sayso_shared::limits::{
    ATTACHMENT_MAX_BYTES, ATTACHMENTS_MAX, COMMENT_MAX, EMAIL_MAX, MESSAGE_MAX, SCORE_MAX, SCORE_MIN,
};
use sayso_shared::{Kind, Lang, TrackingCode};

use super::lookup;
use super::masked::Masked;
use super::mistakes::Mistakes;
use super::stages::{Step, steps};
use super::status_form::{StatusForm, Typed};
use super::thanks::ThanksPage;
use super::visit::{Segment, Shell, Visit, framed_by_site};
use super::words::Words;
use crate::app::App;
use crate::assets::{self, MARK};
use crate::attachments::{self, Attachment, FILE_TYPES, Upload};
use crate::cases::query::{self, Message, Rated};
use crate::cases::{Case, Outcome, Stage, split};
use crate::clock::{HOUR, Millis};
use crate::erasure;
use crate::http::client::ClientAddress;
use crate::http::{Error, Result};
use crate::intake;
use crate::links;
use crate::service::survey::Survey;
use crate::sites::Site;
use crate::sites::texts::Shown;
use crate::surveys::{self, questions};
use crate::text::Texts;

/// A thanks page that somebody kept as a bookmark becomes the status page after this time.
const THANKS_FOR: Millis = HOUR;

/// `GET /t/{code}`.
pub async fn show(
    State(app): State<App>,
    client: ClientAddress,
    Segment(typed): Segment,
    visit: Visit,
) -> Result<Response> {
    if let Some(canonical) = canonical(&typed).filter(|code| *code != typed) {
        let kept: Vec<_> =
            ["new", "done", "masked"].into_iter().filter_map(|name| Some((name, visit.query(name)?))).collect();
        return Ok(visit.go_to(&format!("/t/{canonical}"), &kept));
    }
    let case = match lookup::case(&app, client, &typed).await {
        Ok(case) => case,
        Err(Error::NotFound(_)) => return lookup::unknown(&visit, &typed),
        Err(other) => return Err(other),
    };
    if visit.query("new") == Some("1") {
        let site = site(&app, &case).await?;
        if visit.is_framed() {
            let page = ThanksPage::new(&app, &site, &visit, &case).await?;
            return Ok(framed_by_site(&site, &visit, visit.page(StatusCode::OK, &page)));
        }
        if app.clock.now() < case.received_at + THANKS_FOR {
            return visit.page(StatusCode::OK, &ThanksPage::new(&app, &site, &visit, &case).await?);
        }
    }
    let page = StatusPage::load(&app, &visit, &case).await?;
    visit.page(StatusCode::OK, &page)
}

/// `GET` of a form's address, after its refused answer was reloaded.
pub async fn back(Segment(code): Segment, visit: Visit) -> Response {
    visit.go_to(&format!("/t/{}", canonical(&code).unwrap_or_else(|| "-".to_owned())), &[])
}

/// The texts of a case's pages.
pub async fn words(app: &App, visit: &Visit, case: &Case) -> Result<Words> {
    let site = site(app, case).await?;
    Ok(Words::of(&site, visit.texts(&site)))
}

/// The page that keeps a customer's words while the case can't be reached; sending it again goes on with the same key.
pub fn retry_page(visit: &Visit, code: &str, typed: &Typed, error: Error) -> Result<Response> {
    // What can't be read at all is answered by the common page.
    let code = canonical(code).unwrap_or_else(|| "-".to_owned());
    let shell = Shell::plain(visit);
    let t = *shell.t;
    let reason = match &error {
        Error::TooMany { .. } => t.get("common.problem.too_many_requests.text"),
        other if other.status().0 == StatusCode::INTERNAL_SERVER_ERROR => t.get("common.problem.internal.text"),
        _ => t.get("common.problem.unavailable.text"),
    };
    let wait = error.retry_after().map(|s| t.count("common.retry_after", s));
    let action = visit.carry(&format!("/t/{code}/{}", typed.posted.path()), &[]);
    let page = RetryPage { shell, action, reason, wait, typed: typed.clone() };
    visit.page_for_error(error, &page)
}

fn canonical(typed: &str) -> Option<String> {
    TrackingCode::parse(typed).ok().map(|code| code.to_string())
}

async fn site(app: &App, case: &Case) -> Result<Arc<Site>> {
    let site = app.sites.by_id(&case.site_id).await?;
    site.ok_or_else(|| Error::Internal(anyhow::anyhow!("the site of case {} is gone", case.id)))
}

/// The cases that parts of a case became, with what they are. Whoever wrote the whole knows them too.
async fn split_off(app: &App, t: Texts, case: &Case) -> Result<Vec<(String, &'static str)>> {
    let mut parts = Vec::new();
    for id in split::split_off(&app.db, &case.id).await? {
        let part = Case::by_id(app, &id).await?;
        parts.push((part.code(&app.keys)?, t.get(&format!("common.kind.{}", part.kind))));
    }
    Ok(parts)
}

/// A survey that is asked for.
struct Asked {
    title: String,
    address: String,
}

impl Asked {
    fn of(site: &Site, survey: &Survey, visit: &Visit, lang: Lang) -> Self {
        let title = questions::text_in(&survey.title, lang, site.settings.languages.first().copied()).to_owned();
        Self { title, address: visit.carry(&survey.path(), &[]) }
    }
}

/// The status page.
#[derive(Template)]
#[template(path = "pages/status.html")]
pub struct StatusPage {
    shell: Shell,
    site_key: String,
    code: String,
    case: Case,
    category: Option<Shown>,
    steps: Vec<Step>,
    attachments: Vec<Attachment>,
    /// What was said after the opening, newest first.
    conversation: Vec<Message>,
    /// The cases that parts of it became: the code, and what they are.
    split_off: Vec<(String, &'static str)>,
    /// The survey that is asked for once a case is resolved.
    survey: Option<Asked>,
    /// The files that came with it, by message.
    files: HashMap<String, Vec<Attachment>>,
    /// Those of a refused form that are stored already.
    uploads: Vec<Upload>,
    /// What the form for files was handed out with, where there is little room for them.
    tokens: [String; 2],
    site: Arc<Site>,
    /// The customer's rating, also of an answer that no longer stands.
    rated: Option<Rated>,
    /// Whether it is of the answer that stands now.
    rating_stands: bool,
    /// The messages of a case that the customer can still act on.
    may_act: MayAct,
    /// Whether who they are, or also what was said, was erased.
    is_erased: bool,
    reopen_days: u64,
    is_late: bool,
    done: Option<&'static str>,
    /// What is hidden of what was sent, or has come back.
    masked: Masked,
    refused: Option<RejectionNotice>,
    wrong: Mistakes,
    reply: Typed,
    not_solved: Typed,
    rating: Typed,
    /// Where there is no address yet.
    address: Option<Typed>,
}

/// What the customer can do with the case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum MayAct {
    /// Answer.
    Reply,
    /// Rate, or say that it is not solved.
    Rate,
    /// Begin anew.
    No,
}

/// Why a form was not taken although nothing in it is wrong.
struct RejectionNotice {
    title: &'static str,
    text: &'static str,
    /// The words, where there is no form any more that could hold them.
    words: Option<String>,
}

impl StatusPage {
    /// Reads what the page shows.
    pub async fn load(app: &App, visit: &Visit, case: &Case) -> Result<Self> {
        // A refused form may have been refused because the case has moved on.
        let case = Case::by_id(app, &case.id).await?;
        let site = site(app, &case).await?;
        let shell = Shell::of(&site, visit);
        let t = *shell.t;
        let categories = &site.settings.categories;
        let category = case.category.as_deref().and_then(|key| categories.iter().find(|known| known.key == key));
        let category = category.and_then(|known| Shown::best(&known.label, t.0, site.settings.languages.first()));
        let rated = query::rating(app, &case.id).await?;
        let may_act = match () {
            () if case.can_rate(app) => MayAct::Rate,
            () if case.customer_may_act(app) => MayAct::Reply,
            () => MayAct::No,
        };
        let survey = match may_act {
            MayAct::Rate => surveys::after_resolution(app, &site).await?,
            MayAct::Reply | MayAct::No => None,
        };
        let survey = survey.map(|survey| Asked::of(&site, &survey, visit, t.0));
        let is_erased = erasure::case::is_erased(&app.db, &case.id).await?;
        let has_address = case.contact(&app.keys).is_some_and(|contact| contact.email().is_some());
        let mut conversation = query::conversation(app, &case.id).await?;
        conversation.reverse();
        let ids: Vec<String> = conversation.iter().map(|message| message.id.clone()).collect();
        Ok(Self {
            code: case.code(&app.keys)?,
            category,
            steps: steps(&case),
            attachments: attachments::of_case(&app.db, &case.id).await?,
            conversation,
            files: attachments::of_messages(&app.db, &ids).await?,
            split_off: split_off(app, t, &case).await?,
            survey,
            uploads: Vec::new(),
            rating_stands: rated
                .as_ref()
                .is_some_and(|rated| case.resolved_at.is_some_and(|at| rated.created_at >= at)),
            rated,
            may_act,
            is_erased,
            reopen_days: app.config.retention.reopen_days.into(),
            is_late: case.first_response_due.is_some_and(|due| due < app.clock.now()),
            done: visit.query("done").and_then(thanks),
            masked: Masked::told(visit),
            refused: None,
            wrong: Mistakes::default(),
            reply: Typed::fresh(StatusForm::Reply),
            not_solved: Typed::fresh(StatusForm::NotSolved),
            rating: Typed::fresh(StatusForm::Rating),
            // Whoever was erased is not asked for it again.
            address: (!has_address && !is_erased && may_act != MayAct::No).then(|| Typed::fresh(StatusForm::Address)),
            site_key: site.key().to_owned(),
            tokens: Default::default(),
            site,
            shell,
            case,
        }
        .with_tokens(app))
    }

    /// The page with what its forms for files show where there is little room.
    fn with_tokens(mut self, app: &App) -> Self {
        let (id, now) = (self.site.id(), app.clock.now());
        self.tokens =
            [&self.reply, &self.not_solved].map(|form| intake::issue_form_token(&app.keys, id, &form.key, now));
        self
    }

    /// The page with the files of a refused form that are stored already, so that none has to be sent twice.
    pub async fn with_uploads(mut self, app: &App) -> Result<Self> {
        let tokens: Vec<String> = self.reply.uploads.iter().chain(&self.not_solved.uploads).cloned().collect();
        self.uploads = attachments::claimable(app, &self.site, &tokens).await?.into_iter().flatten().collect();
        Ok(self.with_tokens(app))
    }

    /// Where its files are downloaded.
    fn folder(&self) -> String {
        format!("/t/{}/attachments", self.code)
    }

    fn files_of(&self, message: &Message) -> &[Attachment] {
        self.files.get(&message.id).map_or(&[], Vec::as_slice)
    }

    /// What is wrong with the files.
    fn file_mistakes(&self) -> Vec<&str> {
        let mistakes = self.wrong.0.iter().filter(|mistake| mistake.field == "attachments");
        mistakes.map(|mistake| mistake.text.as_str()).collect()
    }

    /// The page with what was typed in one of its forms.
    pub fn with_typed(mut self, typed: Typed) -> Self {
        self.masked = typed.masked();
        match typed.posted {
            StatusForm::Reply => self.reply = typed,
            StatusForm::NotSolved => self.not_solved = typed,
            StatusForm::Rating => self.rating = typed,
            StatusForm::Address => self.address = Some(typed),
        }
        self
    }

    /// The page with what is wrong.
    pub fn with_mistakes(mut self, wrong: Mistakes) -> Self {
        self.wrong = wrong;
        self
    }

    /// The page with the reason why a form was not taken, and what was typed in it, if need be outside of any form.
    pub fn with_refusal(mut self, error: &Error, mut typed: Typed) -> Self {
        let t = *self.shell.t;
        // What was meant as an answer is still one when the case was resolved meanwhile, and the other way round.
        typed.posted = match (typed.posted, self.may_act) {
            (StatusForm::Reply | StatusForm::NotSolved, MayAct::Rate) => StatusForm::NotSolved,
            (StatusForm::Reply | StatusForm::NotSolved, MayAct::Reply) => StatusForm::Reply,
            (posted, _) => posted,
        };
        let has_form = match typed.posted {
            StatusForm::Rating => self.may_act == MayAct::Rate,
            StatusForm::Address => self.address.is_some(),
            StatusForm::Reply | StatusForm::NotSolved => self.may_act != MayAct::No,
        };
        let (title, text) = match error {
            Error::Forbidden(_) => (t.get("pages.refused.staff.title"), t.get("pages.refused.staff.text")),
            Error::KeyReused => (t.get("pages.refused.again.title"), t.get("pages.refused.again.text")),
            _ => (t.get("pages.refused.moved.title"), t.get("pages.refused.moved.text")),
        };
        // An address that has been added meanwhile is not shown to whoever knows the code.
        let words = (!has_form && typed.posted != StatusForm::Address && !typed.text.trim().is_empty())
            .then(|| typed.text.clone());
        self.refused = Some(RejectionNotice { title, text, words });
        if has_form { self.with_typed(typed) } else { self }
    }

    fn stage(&self) -> Stage {
        self.case.status().stage()
    }

    /// What came of a complaint, once that stands.
    fn outcome(&self) -> Option<Outcome> {
        let is_complaint = self.case.kind() == Kind::Complaint;
        self.case.outcome().filter(|_| is_complaint && !self.case.status().is_open())
    }

    /// What the customer was given, once that stands.
    fn remedy(&self) -> Option<&str> {
        self.case.remedy.as_deref().filter(|_| !self.case.status().is_open())
    }

    /// What came of a complaint before it was reopened.
    fn earlier_outcome(&self) -> Option<Outcome> {
        let is_complaint = self.case.kind() == Kind::Complaint;
        self.case.outcome().filter(|_| is_complaint && self.case.status().is_open())
    }

    /// What the customer was given before the case was reopened.
    fn earlier_remedy(&self) -> Option<&str> {
        self.case.remedy.as_deref().filter(|_| self.case.status().is_open())
    }

    /// Whether a case of this kind can be unsolved: praise and suggestions have nothing to be solved.
    fn may_be_unsolved(&self) -> bool {
        matches!(self.case.kind(), Kind::Complaint | Kind::Question)
    }

    /// What the stage means for the customer.
    fn stage_text(&self) -> &str {
        match self.stage() {
            Stage::Answered if !self.may_be_unsolved() => self.shell.t.get("pages.stage.answered_only"),
            stage => self.shell.word("pages.stage", stage.as_str()),
        }
    }

    /// The page's title, with what the case is about.
    fn title(&self) -> String {
        let title = self.shell.word("pages.status.title", &self.case.kind);
        match &self.category {
            Some(topic) => {
                self.shell.t.with("pages.status.title.about", &[("title", title), ("topic", topic.text.as_str())])
            }
            None => title.to_owned(),
        }
    }

    /// Until when a first answer is promised, while there is none.
    fn due(&self) -> Option<Millis> {
        let is_waiting = self.case.first_responded_at.is_none() && self.case.status().is_open();
        self.case.first_response_due.filter(|_| is_waiting)
    }

    /// The promise around its time.
    fn due_sentence(&self) -> (&str, &str) {
        let t = &self.shell.t;
        let sentence = if self.is_late { t.get("pages.status.late") } else { t.get("pages.status.due") };
        sentence.split_once("{when}").unwrap_or((sentence, ""))
    }

    /// Whether the rating form is what the customer is asked for: it is folded away once they have rated.
    fn rating_open(&self) -> bool {
        !self.rating_stands || self.wrong.any_of(&["score", "comment"])
    }
}

fn thanks(word: &str) -> Option<&'static str> {
    match word {
        "reply" => Some("pages.done.reply"),
        "not-solved" => Some("pages.done.not_solved"),
        "rating" => Some("pages.done.rating"),
        "rating-low" => Some("pages.done.rating_low"),
        "address" => Some("pages.done.address"),
        _ => None,
    }
}

/// The words of a form, kept while the case can't be reached.
#[derive(Template)]
#[template(path = "pages/retry.html")]
struct RetryPage {
    shell: Shell,
    action: String,
    reason: &'static str,
    wait: Option<String>,
    typed: Typed,
}
