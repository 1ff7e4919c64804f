//! What every handler and task shares, and how it starts.

use std::ops::Deref;
use std::sync::Arc;

use axum::extract::FromRef;
use tokio::sync::{Notify, broadcast};
use tokio_util::sync::CancellationToken;

use crate::answers::counts::AnswerCounts;
use crate::attachments::Attachments;
use crate::auth::failed_sign_ins::FailedSignIns;
use crate::auth::oidc::Providers;
use crate::cases::consent::ConsentTexts;
use crate::changes::{CaseChanged, Change, Watchers};
use crate::clock::Clock;
use crate::config::Config;
use crate::db::Db;
use crate::db::leader::Leader;
use crate::http::client::ClientAddresses;
use crate::http::connections::Rules;
use crate::http::limits::Limits;
use crate::http::refusals::Refusals;
use crate::http::slots::Slots;
use crate::intake::{Intake, SubmissionRate};
use crate::keys::Keys;
use crate::learning::learnt::Learned;
use crate::metrics::Metrics;
use crate::outbox::lanes::Lanes;
use crate::replicas::Replicas;
use crate::reports::cache::ReportCache;
use crate::reports::record::RecordCache;
use crate::service::ServiceCache;
use crate::sites::SiteCache;
use crate::sites::sightings::Sightings;
use crate::upgrades::{self, Moment, Tools};

/// The shared state; cloning it is cheap.
#[derive(Clone, Debug)]
pub struct App(Arc<Shared>);

/// The parts of an [`App`].
#[derive(Debug)]
pub struct Shared {
    /// The settings.
    pub config: Config,
    /// The database.
    pub db: Db,
    /// The master key and what derives from it.
    pub keys: Arc<Keys>,
    /// Time.
    pub clock: Clock,
    /// The sites, as of less than a second ago.
    pub sites: SiteCache,
    /// The service as it is set up, as of less than a second ago.
    pub service: ServiceCache,
    /// The queue of the one task that writes submissions.
    pub intake: Intake,
    /// What is counted for Prometheus.
    pub metrics: Arc<Metrics>,
    /// The files that customers attach.
    pub attachments: Attachments,
    /// How clients are told apart.
    pub clients: Arc<ClientAddresses>,
    /// Rate limits.
    pub limits: Limits,
    /// What was refused otherwise, for the security log.
    pub refusals: Arc<Refusals>,
    /// The providers by whose accounts members sign in.
    pub providers: Providers,
    /// The texts of consent that are known to be stored.
    pub consent_texts: ConsentTexts,
    /// The failures to sign in that were noted lately.
    pub failed_sign_ins: FailedSignIns,
    /// How busy each site is.
    pub submission_rate: SubmissionRate,
    /// Tells open pages of the staff that a case has changed.
    pub changes: broadcast::Sender<Change>,
    /// Tells the open pages of customers, each of its own case.
    pub watchers: Arc<Watchers>,
    /// The places for open pages, which keep their connections: half of all that there may be.
    pub streams: Arc<Slots>,
    /// Where the tags of sites were seen.
    pub sightings: Arc<Sightings>,
    /// How often answers were shown, and helped.
    pub answer_counts: Arc<AnswerCounts>,
    /// Tells the other collectors on the same database.
    pub replicas: Replicas,
    /// Whether this collector does what only one of several may do.
    pub leader: Leader,
    /// Wakes the loop that does jobs: there are new events.
    pub jobs_wake: Notify,
    /// Tells whoever waits for events that some have got their place in the order.
    pub dispatched: Notify,
    /// Wakes the workers of the outbox: there is something to send.
    pub deliveries_wake: Notify,
    /// How fast each target takes what it is sent.
    pub lanes: Arc<Lanes>,
    /// The public service records of sites.
    pub records: RecordCache,
    /// Reports of large installations that were made lately.
    pub reports: ReportCache,
    /// What was learnt from cases.
    pub learned: Learned,
    /// Cancelled when the collector shuts down; event streams and workers end on it.
    pub shutdown: CancellationToken,
}

impl App {
    /// Opens the database, brings it up to date, reads the keys and starts the writer of submissions.
    pub async fn start(config: Config) -> anyhow::Result<Self> {
        let db = Db::connect(&config.data, config.database_url.reveal()).await?;
        db.migrate().await?;
        let keys = Arc::new(Keys::load(&db, &config.data).await?);
        let clock = Clock::default();
        let tools = Tools { db: &db, keys: &keys, clock: &clock };
        upgrades::complete(tools, Moment::BeforeServing, |_| std::future::ready(())).await?;
        let metrics = Arc::new(Metrics::new());
        let changes = broadcast::Sender::new(256);
        let shared = Shared {
            sites: SiteCache::new(db.clone(), clock.clone()),
            service: ServiceCache::new(db.clone(), clock.clone()),
            intake: Intake::start(&db, &keys, &config.limits, Arc::clone(&metrics))?,
            metrics,
            attachments: Attachments::open(&config)?,
            clients: Arc::new(ClientAddresses::new(&config, &keys, &clock)),
            limits: Limits::new(&config, &clock),
            refusals: Arc::new(Refusals::new(&clock)),
            providers: Providers::open(&config)?,
            consent_texts: ConsentTexts::default(),
            failed_sign_ins: FailedSignIns::default(),
            submission_rate: SubmissionRate::new(&config),
            sightings: Sightings::new(&db, &clock, &changes),
            answer_counts: AnswerCounts::new(&db, &clock),
            changes,
            watchers: Arc::default(),
            streams: Slots::new(Rules::new(&config).connections.div_ceil(2)),
            replicas: Replicas::new(&db),
            leader: Leader::new(&db),
            jobs_wake: Notify::new(),
            dispatched: Notify::new(),
            deliveries_wake: Notify::new(),
            lanes: Arc::new(Lanes::new(config.outbox.concurrency)),
            records: RecordCache::default(),
            reports: ReportCache::default(),
            learned: Learned::default(),
            shutdown: CancellationToken::new(),
            config,
            db,
            keys,
            clock,
        };
        Ok(Self(Arc::new(shared)))
    }

    /// Tells whoever waits for it that a case has a new event. Call it after the commit.
    pub fn publish(&self, case_id: &str, event: &'static str) {
        self.jobs_wake.notify_one();
        let change = CaseChanged { case_id: case_id.to_owned(), event };
        self.replicas.record(&change);
        self.broadcast(Change::Case(change));
    }

    /// Tells the open pages of this process of a change that is known elsewhere.
    pub fn broadcast(&self, change: Change) {
        self.watchers.tell(&change);
        // Nobody may be listening, which is no error.
        let _ = self.changes.send(change);
    }
}

impl FromRef<App> for Arc<ClientAddresses> {
    fn from_ref(app: &App) -> Self {
        Arc::clone(&app.clients)
    }
}

impl Deref for App {
    type Target = Shared;
    fn deref(&self) -> &Shared {
        &self.0
    }
}
