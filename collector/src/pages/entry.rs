//! The self-service entry, `/s/{key}`: the same form as the widget's, for those who have no script or follow a link.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use sayso_shared::limits::{
    ATTACHMENT_MAX_BYTES, ATTACHMENTS_MAX, DESIRED_OUTCOME_MAX, EMAIL_MAX, MESSAGE_MAX, NAME_MAX, PHONE_MAX,
    REFERENCE_MAX, SCORE_MAX, SCORE_MIN,
};
use sayso_shared::{Feedback, Kind};

use super::entry_form::{CategoryGroup, HONEYPOT, ORDER, Typed, category_groups, is_for_all};
use super::files::{self, RejectedFile, UploadForm};
use super::form::fresh_key;
use super::masked::Masked;
use super::mistakes::Mistakes;
use super::visit::{Segment, Shell, Visit, framed_by_site};
use crate::answers;
use crate::app::App;
use crate::assets::{self, MARK};
use crate::attachments::{self, FILE_TYPES, Upload};
use crate::clock::SECOND;
use crate::http::client::ClientAddress;
use crate::http::{Error, Result};
use crate::intake::{self, EntryPoint, FORM_EXPIRED, FormProof, SubmissionPolicy};
use crate::sites::Site;
use crate::sites::sightings::Sight;
use crate::sites::texts::Shown;

/// `GET /s/{key}`: an empty form.
pub async fn show(State(app): State<App>, Segment(key): Segment, visit: Visit) -> Result<Response> {
    let site = site(&app, &key).await?;
    if visit.is_framed()
        && let Some(origin) = visit.referring_origin()
    {
        let why = visit.query("why").filter(|why| *why == "policy").unwrap_or_default();
        app.sightings.note(Some(site.id()), &origin, Sight::Framed(why.to_owned()));
    }
    let mut page = EntryPage::new(&app, &site, &visit, Typed::fresh(&site, &visit));
    // In the frame the widget shows them, beside it.
    page.offers_answers = answers::are_there(&app, site.key()).await?;
    Ok(framed_by_site(&site, &visit, visit.page(StatusCode::OK, &page)))
}

/// `POST /s/{key}`: takes the form by the one way in. What is refused comes back with every word and the same key.
pub async fn submit(
    State(app): State<App>,
    client: ClientAddress,
    Segment(key): Segment,
    visit: Visit,
    request: Request,
) -> Result<Response> {
    let site = site(&app, &key).await?;
    let answer = match files::read(&app, Some(&site), client, request).await {
        Ok(posted) => submit_form(&app, client, &site, &visit, posted).await,
        Err(error) => Err(error),
    };
    Ok(framed_by_site(&site, &visit, answer))
}

async fn site(app: &App, key: &str) -> Result<Arc<Site>> {
    app.sites.by_key(key).await?.ok_or(Error::NoSite)
}

async fn submit_form(
    app: &App,
    client: ClientAddress,
    site: &Site,
    visit: &Visit,
    posted: UploadForm,
) -> Result<Response> {
    let mut typed = Typed::read(&posted.form);
    typed.add_uploads(posted.uploads);
    let feedback = typed.feedback(site, visit.texts(site).0);
    if !posted.refused.is_empty() {
        return without_files(app, site, visit, typed, posted.refused).await;
    }
    let form_proof = FormProof { token: &typed.token, honeypot: &typed.honeypot };
    let policy = SubmissionPolicy::Public { client, entry: EntryPoint::Form(form_proof) };
    let error = match intake::submit(app, site, &typed.key, feedback, policy).await {
        Ok(accepted) => {
            let masked = typed.masked().parameter();
            let masked = masked.iter().map(|(name, kinds)| (*name, kinds.as_str()));
            let told: Vec<_> = std::iter::once(("new", "1")).chain(masked).collect();
            return Ok(visit.go_to(&format!("/t/{}", accepted.code), &told));
        }
        Err(error) => error,
    };
    let mut page = EntryPage::new(app, site, visit, typed);
    page.show_error(app, site, &error);
    page.show_uploads(app, site).await?;
    visit.page_for_error(error, &page)
}

/// Some files were not taken: nothing is sent without them unless the customer wants it so.
async fn without_files(
    app: &App,
    site: &Site,
    visit: &Visit,
    typed: Typed,
    refused: Vec<RejectedFile>,
) -> Result<Response> {
    // Whatever else is wrong is better said now than next time.
    let others =
        Feedback::parse(typed.feedback(site, visit.texts(site).0), &site.rules()).err().map(|refused| refused.errors);
    let mut page = EntryPage::new(app, site, visit, typed);
    let mut wrong = Mistakes::new(&page.shell.t, &others.unwrap_or_default(), ORDER);
    wrong.0.extend(refused.iter().map(|one| one.mistake(&page.shell.t)));
    page.wrong = wrong;
    page.show_uploads(app, site).await?;
    visit.page_for_error(RejectedFile::error(refused), &page)
}

#[derive(Template)]
#[template(path = "pages/entry.html")]
struct EntryPage {
    shell: Shell,
    action: String,
    draft: String,
    kinds: Vec<KindChoice>,
    groups: Vec<CategoryGroup>,
    required: Vec<String>,
    rating_for_all: bool,
    importance_for_all: bool,
    outcome_for_all: bool,
    /// Whether the site wants to know what went wrong on the page around the frame.
    page_errors: bool,
    consent: Option<Shown>,
    promise: Option<Shown>,
    /// The key of the site.
    site: String,
    /// Whether the site answers something before it is asked.
    offers_answers: bool,
    typed: Typed,
    /// What is hidden of it.
    masked: Masked,
    /// The files that are stored already.
    uploads: Vec<Upload>,
    wrong: Mistakes,
    /// Why it was not taken although no field is wrong: title and text.
    refused: Option<(String, String)>,
}

/// The fields that are folded away.
const DETAILS: &[&str] = &["category", "rating", "importance", "desired_outcome", "reference"];

/// A kind to choose.
struct KindChoice {
    kind: Kind,
    icon: &'static str,
}

impl EntryPage {
    fn new(app: &App, site: &Site, visit: &Visit, mut typed: Typed) -> Self {
        let limits = &app.config.limits;
        typed.token = intake::renew_form_token(&app.keys, limits, site.id(), &typed.key, &typed.token, app.clock.now());
        let shell = Shell::of(site, visit);
        let (t, settings) = (*shell.t, &site.settings);
        let text = |texts| Shown::best(texts, t.0, settings.languages.first());
        Self {
            action: visit.carry(&format!("/s/{}", site.key()), &[]),
            draft: format!("entry:{}", site.key()),
            kinds: settings.kinds.iter().map(|&kind| KindChoice { kind, icon: icon(kind) }).collect(),
            groups: category_groups(site, t),
            required: settings.required.clone(),
            rating_for_all: is_for_all(site, "rating"),
            importance_for_all: is_for_all(site, "importance"),
            outcome_for_all: is_for_all(site, "desired_outcome"),
            page_errors: settings.page_errors,
            consent: text(&settings.consent_text),
            promise: text(&settings.promise_text),
            site: site.key().to_owned(),
            offers_answers: false,
            masked: typed.masked(),
            typed,
            uploads: Vec::new(),
            wrong: Mistakes::default(),
            refused: None,
            shell,
        }
    }

    /// Says why it was not taken.
    fn show_error(&mut self, app: &App, site: &Site, error: &Error) {
        let t = &self.shell.t;
        let (title, mut text) = match error {
            Error::Invalid(errors) if errors.iter().any(|error| error.pointer == FORM_EXPIRED) => {
                (t.get("pages.refused.expired.title"), t.get("pages.refused.expired.text").to_owned())
            }
            Error::Invalid(errors) => {
                self.wrong = Mistakes::new(t, errors, ORDER);
                return;
            }
            Error::KeyReused => {
                // It was sent, came back by the back button and was changed: sent again it is another feedback.
                self.typed.key = fresh_key();
                let seconds = i64::from(app.config.limits.form_seconds);
                let issued_at = app.clock.now() - seconds * SECOND;
                self.typed.token = intake::issue_form_token(&app.keys, site.id(), &self.typed.key, issued_at);
                (t.get("pages.refused.again.title"), t.get("pages.refused.again.text").to_owned())
            }
            other if other.status().0 == StatusCode::INTERNAL_SERVER_ERROR => {
                (t.get("pages.refused.title"), t.get("pages.refused.internal").to_owned())
            }
            _ => (t.get("pages.refused.title"), t.get("pages.refused.busy").to_owned()),
        };
        if let Some(seconds) = error.retry_after() {
            text = format!("{text} {}", t.count("common.retry_after", seconds));
        }
        self.refused = Some((title.to_owned(), text));
    }

    /// Carries on what is stored already, so that no file has to be sent twice.
    async fn show_uploads(&mut self, app: &App, site: &Site) -> Result<()> {
        let uploads = attachments::claimable(app, site, &self.typed.uploads).await?;
        self.uploads = uploads.into_iter().flatten().collect();
        Ok(())
    }

    /// What is asked for: the question of the only kind where there is one.
    fn message_label(&self) -> &str {
        match self.kinds.as_slice() {
            [only] => self.shell.word("pages.entry.message", only.kind.as_str()),
            _ => self.shell.t.get("pages.entry.message"),
        }
    }

    fn collects(&self, kind: Kind) -> bool {
        self.kinds.iter().any(|choice| choice.kind == kind)
    }

    fn needs(&self, field: &str) -> bool {
        self.required.iter().any(|name| name == field)
    }

    /// Whether the field's label says that it is optional. Among the details only where others are required: else their heading says it.
    fn is_marked_optional(&self, field: &str) -> bool {
        !self.needs(field) && (!DETAILS.contains(&field) || self.details_needed())
    }

    fn details_needed(&self) -> bool {
        DETAILS.iter().any(|field| self.needs(field))
    }

    /// The details are open when something in them is wrong, required or filled in.
    fn details_open(&self) -> bool {
        let typed = &self.typed;
        let values = [&typed.category, &typed.rating, &typed.importance, &typed.desired_outcome, &typed.reference];
        self.wrong.any_of(DETAILS) || self.details_needed() || values.iter().any(|value| !value.is_empty())
    }
}

fn icon(kind: Kind) -> &'static str {
    match kind {
        Kind::Complaint => include_str!("../../assets/icons/complaint.svg"),
        Kind::Suggestion => include_str!("../../assets/icons/suggestion.svg"),
        Kind::Question => include_str!("../../assets/icons/question.svg"),
        Kind::Praise => include_str!("../../assets/icons/praise.svg"),
    }
}
