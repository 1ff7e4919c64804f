//! Numbers that are looked up when Prometheus asks for them.

use std::sync::atomic::AtomicU64;
use std::time::{Instant, SystemTime};

use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};
use tokio::sync::Mutex;

/// Numbers that are looked up when they are asked for.
#[derive(Debug)]
pub struct Gauges {
    /// Submissions that wait for their commit.
    pub queue: Gauge,
    /// Deliveries that have not arrived, by state.
    pub deliveries: Family<[(&'static str, &'static str); 1], Gauge>,
    /// Seconds for which the oldest delivery has been due.
    pub overdue: Gauge<f64, AtomicU64>,
    /// Jobs that are not done, by kind and state.
    pub jobs: Family<[(&'static str, &'static str); 2], Gauge>,
    /// Whether the database answered.
    pub database_up: Gauge,
    /// Bytes of the process in RAM.
    pub memory: Gauge,
    /// Open files and connections of the process.
    pub files: Gauge,
    /// When the deliveries were counted last.
    pub counted: Mutex<Option<Instant>>,
}

impl Gauges {
    pub(super) fn new(registry: &mut Registry) -> Self {
        let new = Self {
            queue: Gauge::default(),
            deliveries: Family::default(),
            overdue: Gauge::default(),
            jobs: Family::default(),
            database_up: Gauge::default(),
            memory: Gauge::default(),
            files: Gauge::default(),
            counted: Mutex::default(),
        };
        registry.register("intake_queue_depth", "Submissions that wait for their commit", new.queue.clone());
        registry.register("deliveries", "Deliveries that have not arrived, by state", new.deliveries.clone());
        let help = "How long the oldest delivery has been due";
        registry.register_with_unit("deliveries_overdue", help, Unit::Seconds, new.overdue.clone());
        let help = "Jobs that are not done, by kind: those that wait, and those that were given up";
        registry.register("jobs", help, new.jobs.clone());
        registry.register("database_up", "Whether the database answered", new.database_up.clone());
        let help = "Memory of the process in RAM";
        registry.register_with_unit("process_resident_memory", help, Unit::Bytes, new.memory.clone());
        registry.register("process_open_files", "Open files and connections of the process", new.files.clone());
        let started = Gauge::<f64, AtomicU64>::default();
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        started.set(now.as_secs_f64());
        registry.register_with_unit("start_time", "When the collector started, in Unix time", Unit::Seconds, started);
        new
    }
}
