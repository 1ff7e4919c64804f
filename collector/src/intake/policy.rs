//! What stands between a request and the queue, in the order of its cost. What costs less (size, type, origin) has been checked
//! before; a repeat of what was accepted is answered before anything here is asked.

use sayso_shared::feedback::FeedbackRules;
use sayso_shared::id::IdempotencyKey;
use sayso_shared::problem::{ErrorCode, FieldError};

use super::form_token::{self, Verdict};
use super::proof;
use crate::app::App;
use crate::cases::Suspicion;
use crate::clock::SECOND;
use crate::http::client::ClientAddress;
use crate::http::limits::Entrance;
use crate::http::{Error, Result};
use crate::sites::Site;
use crate::sites::identity::Identity;

/// The pointer of an entry form that has expired. It names no field that people see: the page says it in their words.
pub const FORM_EXPIRED: &str = "/token";

/// Who submits, and so what is asked of them.
#[derive(Clone, Copy, Debug)]
pub enum SubmissionPolicy<'a> {
    /// Anybody.
    Public {
        /// Who counts for the limits.
        client: ClientAddress,
        /// How they came.
        entry: EntryPoint<'a>,
    },
    /// The staff, an import, the demo: whoever got here has been checked, and may submit as much as they like.
    Trusted,
    /// By mail, whose sender can't be asked to fill in a field.
    Mail {
        /// Why it is held, if it is.
        suspicion: Option<Suspicion>,
    },
    /// At the end of a survey, where nobody is asked for all that a site requires of feedback. Its form is looked at as the entry form is; the limits were
    /// asked before.
    Survey {
        /// The key of the form, which is not that of the submission.
        form_key: &'a IdempotencyKey,
        /// What came with it.
        form_proof: FormProof<'a>,
    },
    /// Split off a case, which was accepted: it need not have what a site requires.
    Split {
        /// For whom the site vouched then.
        identity: Option<&'a Identity>,
    },
}

/// The ways in for the public.
#[derive(Clone, Copy, Debug)]
pub enum EntryPoint<'a> {
    /// The API, for the widget and for programs: they can work for it.
    Api,
    /// The entry form, which works without script and so can't work: it is looked at instead.
    Form(FormProof<'a>),
}

/// What came with an entry form.
#[derive(Clone, Copy, Debug)]
pub struct FormProof<'a> {
    /// The token that it was handed out with.
    pub token: &'a str,
    /// What was typed into the field that people do not see.
    pub honeypot: &'a str,
}

impl SubmissionPolicy<'_> {
    /// What the site asks of a feedback that comes this way.
    pub fn rules(&self, site: &Site) -> FeedbackRules {
        match self {
            SubmissionPolicy::Public { .. } | SubmissionPolicy::Trusted => site.rules(),
            SubmissionPolicy::Survey { .. } => FeedbackRules { required: Vec::new(), ..site.rules() },
            SubmissionPolicy::Mail { .. } | SubmissionPolicy::Split { .. } => {
                FeedbackRules { required: Vec::new(), consent_required: false, ..site.rules() }
            }
        }
    }

    /// Enforces the rate limits of the client. They are in memory, so this may come before everything that costs more.
    pub fn enforce_rate_limits(&self, app: &App) -> Result<()> {
        self.limited_client().map_or(Ok(()), |client| app.limits.check_submission(client))
    }

    /// Refuses a client who was refused lately and has not waited since, before what came is read.
    pub fn recheck_rate_limits(&self, app: &App) -> Result<()> {
        self.limited_client().map_or(Ok(()), |client| app.limits.recheck_submission(client))
    }

    const fn limited_client(&self) -> Option<ClientAddress> {
        match self {
            SubmissionPolicy::Public { client, .. } => Some(*client),
            SubmissionPolicy::Trusted
            | SubmissionPolicy::Mail { .. }
            | SubmissionPolicy::Survey { .. }
            | SubmissionPolicy::Split { .. } => None,
        }
    }

    /// Refuses who has not done the work that a busy site asks for, and says whether what comes is suspected. The quota of the site counts only
    /// those who pass, so that nobody who does no work can spend it.
    pub async fn assess(
        &self,
        app: &App,
        site: &Site,
        key: &IdempotencyKey,
        proof: Option<&str>,
    ) -> Result<Option<Suspicion>> {
        match self {
            SubmissionPolicy::Trusted | SubmissionPolicy::Split { .. } => Ok(None),
            SubmissionPolicy::Mail { suspicion } => Ok(*suspicion),
            SubmissionPolicy::Public { .. } | SubmissionPolicy::Survey { .. }
                if app.config.dangerous_disable_guards =>
            {
                Ok(None)
            }
            SubmissionPolicy::Survey { form_key, form_proof } => assess_form(app, site, form_key, *form_proof),
            SubmissionPolicy::Public { entry: EntryPoint::Form(form_proof), .. } => {
                let suspicion = assess_form(app, site, key, *form_proof)?;
                app.limits.check_site(site.id(), Entrance::Form)?;
                Ok(suspicion)
            }
            SubmissionPolicy::Public { entry: EntryPoint::Api, .. } => {
                if app.submission_rate.difficulty(site.id(), app.clock.now()).asks_for_proof() {
                    proof::check(app, site, key, proof).await?;
                }
                app.limits.check_site(site.id(), Entrance::Api)?;
                Ok(None)
            }
        }
    }

    /// Counts what was accepted.
    pub fn record(&self, app: &App, site: &Site) {
        if matches!(self, SubmissionPolicy::Public { .. } | SubmissionPolicy::Survey { .. }) {
            app.submission_rate.record(site.id(), app.clock.now());
        }
    }
}

fn assess_form(app: &App, site: &Site, key: &IdempotencyKey, form_proof: FormProof<'_>) -> Result<Option<Suspicion>> {
    if !form_proof.honeypot.is_empty() {
        return Ok(Some(Suspicion::Honeypot));
    }
    let limits = &app.config.limits;
    match form_token::judge(&app.keys, limits, site.id(), key, form_proof.token, app.clock.now()) {
        Verdict::Good { age } if age < i64::from(limits.form_seconds) * SECOND => Ok(Some(Suspicion::TooFast)),
        Verdict::Good { .. } => Ok(None),
        Verdict::Missing => Ok(Some(Suspicion::NoToken)),
        Verdict::Forged => Ok(Some(Suspicion::ForgedToken)),
        Verdict::Expired => {
            Err(Error::field(FieldError::new(FORM_EXPIRED, ErrorCode::Invalid, "the form was handed out too long ago")))
        }
    }
}
