//! Clocks: the running promises of a case. Each is due at a time, pauses while the case waits for the customer, and ends met or breached.
//!
//! What a clock does is decided without a database ([`clock`]). Whoever changes a case moves its clocks in the same transaction ([`apply`]), and a job
//! ([`tick()`]) tells of those that will soon be, or are, overdue.

pub mod clock;
mod history;
mod rows;
mod tick;

use std::sync::Arc;

use sayso_shared::Kind;

pub use clock::{Clock, ClockState, PromiseKind, Step};
pub use rows::{load, of_case, of_cases};
pub use tick::tick;

use self::rows::{facts, save, schedule};
use crate::app::App;
use crate::cases::quarantine::MERGED;
use crate::cases::{Case, Channel, Priority, Status};
use crate::clock::Millis;
use crate::db::Tx;
use crate::http::Result;
use crate::service::{Promised, Service};
use crate::sites::Site;

/// What clocks go by: read before a transaction begins, which must not wait for another connection.
#[derive(Clone, Debug)]
pub struct Terms {
    service: Arc<Service>,
    sites: Vec<Arc<Site>>,
}

impl Terms {
    /// Those of now.
    pub async fn current(app: &App) -> Result<Self> {
        Ok(Self::new(app.service.current().await?, app.sites.all().await?))
    }

    /// Those of a service and its sites.
    pub fn new(service: Arc<Service>, sites: Vec<Arc<Site>>) -> Self {
        Self { service, sites }
    }

    /// The service.
    pub fn service(&self) -> &Service {
        &self.service
    }

    /// All sites.
    pub fn sites(&self) -> &[Arc<Site>] {
        &self.sites
    }

    /// The key of a site.
    pub fn site_key(&self, site_id: &str) -> &str {
        self.site(site_id).map_or("", |site| site.key())
    }

    /// A site.
    pub fn site(&self, site_id: &str) -> Option<&Site> {
        self.sites.iter().find(|site| site.id() == site_id).map(|site| &**site)
    }
}

/// Whether something is promised: what was imported was promised elsewhere, and nobody is told of what is held in quarantine. The clocks of a case
/// that was merged stand still.
fn may_have_clocks(quarantine: &str, channel: Option<&str>) -> bool {
    (quarantine.is_empty() || quarantine == MERGED) && channel != Some(Channel::Import.as_str())
}

/// The clocks that a case will have, in the moment before they start.
pub fn foreseen(service: &Service, site: &Site, case: &Case) -> Vec<Clock> {
    let has_clocks = may_have_clocks(&case.quarantine, case.channel.as_deref());
    if !has_clocks || case.first_response_due.is_none() {
        return Vec::new();
    }
    let promised =
        Promised { site: site.key(), kind: case.kind(), priority: case.priority(), tier: case.tier.as_deref() };
    let standard = service.promises.standard(promised, site.settings.first_response_hours);
    let mut clocks = clock::start(&standard, &service.promises, case.received_at);
    clock::catch_up(&mut clocks, case.first_responded_at, case.resolved_at);
    clocks
}

/// Moves the clocks of a case, and locks it for the rest of the transaction. Those of a case that never had any start first; an imported case has none, and neither
/// has one in quarantine.
pub async fn apply(tx: &mut Tx, terms: &Terms, case_id: &str, steps: &[Step], now: Millis) -> sqlx::Result<()> {
    let Some(facts) = facts(tx, case_id).await? else { return Ok(()) };
    if !may_have_clocks(&facts.quarantine, facts.channel.as_deref()) {
        return Ok(());
    }
    let promised = Promised {
        site: terms.site_key(&facts.site_id),
        kind: Kind::parse(&facts.kind).unwrap_or(Kind::Complaint),
        priority: Priority::parse(&facts.priority).unwrap_or(Priority::Normal),
        tier: facts.tier.as_deref(),
    };
    let hours = terms.site(&facts.site_id).map_or(0, |site| site.settings.first_response_hours);
    let standard = terms.service.promises.standard(promised, hours);
    let calendars = &terms.service.promises;
    let before = load(tx, case_id).await?;
    let mut clocks = before.clone();
    if before.is_empty() {
        clocks = clock::start(&standard, calendars, facts.received_at);
        // What happened in the moment before they started.
        clock::catch_up(&mut clocks, facts.first_responded_at, facts.resolved_at);
        if facts.status == Status::Waiting.as_str() && !steps.contains(&Step::Paused) {
            clock::pause(&mut clocks, facts.updated_at);
        }
    }
    for step in steps {
        if *step == Step::Reclassified {
            let history = history::of(tx, case_id).await?;
            clock::reclassify(&mut clocks, &standard, calendars, (facts.received_at, &history), now);
        } else {
            clock::take(&mut clocks, *step, &standard, calendars, now);
        }
    }
    if clocks == before {
        return Ok(());
    }
    save(tx, case_id, &before, &clocks).await?;
    schedule(tx, case_id, &clocks, calendars, now).await
}
