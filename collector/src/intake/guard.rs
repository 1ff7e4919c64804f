//! What stands between a request and the queue, in the order of its cost. What costs less (size, type, origin) has been checked
//! before; a repeat of what was accepted is answered before anything here is asked.

use sayso_shared::id::IdempotencyKey;
use sayso_shared::problem::{ErrorCode, FieldError};

use super::form_token::{self, Verdict};
use super::proof;
use crate::app::App;
use crate::cases::Suspicion;
use crate::clock::SECOND;
use crate::http::client::ClientAddress;
use crate::http::{Error, Result};
use crate::sites::Site;

/// The pointer of an entry form that has expired. It names no field that people see: the page says it in their words.
pub const FORM_EXPIRED: &str = "/token";

/// Who submits, and so what is asked of them.
#[derive(Clone, Copy, Debug)]
pub enum Guard<'a> {
    /// Anybody.
    Public {
        /// Who counts for the limits.
        client: ClientAddress,
        /// By which way they came.
        way: Way<'a>,
    },
    /// The staff, an import, the demo: whoever got here has been checked, and may submit as much as they like.
    Trusted,
}

/// The ways in for the public.
#[derive(Clone, Copy, Debug)]
pub enum Way<'a> {
    /// The API, for the widget and for programs: they can work for it.
    Api,
    /// The entry form, which works without script and so can't work: it is looked at instead.
    Form(Evidence<'a>),
}

/// What came with an entry form.
#[derive(Clone, Copy, Debug)]
pub struct Evidence<'a> {
    /// The token that it was handed out with.
    pub token: &'a str,
    /// What was typed into the field that people do not see.
    pub honeypot: &'a str,
}

impl Guard<'_> {
    /// Refuses who comes too often.
    pub fn limit(&self, app: &App, site: &Site) -> Result<()> {
        match self {
            Guard::Public { client, .. } => app.limits.check_submission(*client, site.id()),
            Guard::Trusted => Ok(()),
        }
    }

    /// Refuses who has not done the work that a busy site asks for, and says whether what comes is suspected.
    pub async fn examine(
        &self,
        app: &App,
        site: &Site,
        key: &IdempotencyKey,
        proof: Option<&str>,
    ) -> Result<Option<Suspicion>> {
        match self {
            Guard::Trusted => Ok(None),
            Guard::Public { .. } if app.config.dangerous_disable_guards => Ok(None),
            Guard::Public { way: Way::Form(evidence), .. } => suspicion(app, site, key, *evidence),
            Guard::Public { way: Way::Api, .. } => {
                if app.load.difficulty(site.id(), app.clock.now()).asks_for_proof() {
                    proof::check(app, site, key, proof).await?;
                }
                Ok(None)
            }
        }
    }

    /// Counts what was accepted.
    pub fn count(&self, app: &App, site: &Site) {
        if matches!(self, Guard::Public { .. }) {
            app.load.count(site.id(), app.clock.now());
        }
    }
}

fn suspicion(app: &App, site: &Site, key: &IdempotencyKey, evidence: Evidence<'_>) -> Result<Option<Suspicion>> {
    if !evidence.honeypot.is_empty() {
        return Ok(Some(Suspicion::Honeypot));
    }
    let limits = &app.config.limits;
    match form_token::judge(&app.keys, limits, site.id(), key, evidence.token, app.clock.now()) {
        Verdict::Good { age } if age < i64::from(limits.form_seconds) * SECOND => Ok(Some(Suspicion::TooFast)),
        Verdict::Good { .. } => Ok(None),
        Verdict::Missing => Ok(Some(Suspicion::NoToken)),
        Verdict::Forged => Ok(Some(Suspicion::ForgedToken)),
        Verdict::Expired => {
            Err(Error::field(FieldError::new(FORM_EXPIRED, ErrorCode::Invalid, "the form was handed out too long ago")))
        }
    }
}
