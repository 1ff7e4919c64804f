//! What the collector counts about itself, for Prometheus. Noting something takes a few atomic numbers; labels come from lists in the
//! code or from routes, never from what people send.

mod gauges;
mod histogram;
mod requests;

use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

pub use gauges::Gauges;
pub use requests::Requests;

use histogram::Histogram;

/// Why a connection was not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RejectReason {
    /// Its address has too many.
    Address,
    /// All places are taken.
    Full,
}

/// Why the collector ended a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndReason {
    /// Nothing happened for too long.
    Idle,
    /// Another one needed its place.
    MadeRoom,
    /// The head of a request did not come in time.
    SlowHead,
    /// The client takes nothing of its answer.
    Stalled,
}

/// All metrics of one collector.
#[derive(Debug)]
pub struct Metrics {
    /// Requests by route.
    pub requests: Requests,
    /// What is looked up when Prometheus asks.
    pub gauges: Gauges,
    registry: Registry,
    stored: Counter,
    batches: Histogram,
    commits: Histogram,
    refused: Family<[(&'static str, &'static str); 1], Counter>,
    attempts: Family<[(&'static str, &'static str); 2], Counter>,
    of_targets: Family<[(&'static str, String); 2], Counter>,
    jobs_failed: Family<[(&'static str, &'static str); 2], Counter>,
    helped: Family<[(&'static str, String); 2], Counter>,
    connections: Gauge,
    rejected: [Counter; 2],
    ended: [Counter; 4],
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Metrics {
    /// Metrics at zero.
    pub fn new() -> Self {
        let mut registry = Registry::with_prefix("sayso");
        let build = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
        registry.register("build", "The version that runs", build);
        let requests = Requests::new(&mut registry);
        let (stored, batches) =
            (Counter::default(), Histogram::new(&[1., 2., 4., 8., 16., 32., 64., 128., 256., 512., 1024.]));
        registry.register("intake_stored", "Submissions written, repeats of known ones included", stored.clone());
        registry.register("intake_batch_size", "Submissions of one commit", batches.clone());
        let commits = Histogram::new(&[0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1., 5.]);
        let help = "Time that writing and committing a batch took";
        registry.register_with_unit("intake_commit", help, Unit::Seconds, commits.clone());
        let refused = Family::default();
        registry.register("refused", "Requests refused, by the name of the problem or of the guard", refused.clone());
        let attempts = Family::default();
        registry.register("delivery_attempts", "Attempts to forward an event, by channel and result", attempts.clone());
        let of_targets = Family::default();
        registry.register("target_attempts", "Attempts to tell a target, by its key and result", of_targets.clone());
        let jobs_failed = Family::default();
        registry.register("job_failures", "Failed attempts of jobs, by kind and what followed", jobs_failed.clone());
        let helped = Family::default();
        registry.register("answers_helped", "Answers of which somebody said that they helped", helped.clone());
        let connections = Gauge::default();
        registry.register("connections", "Open connections of clients", connections.clone());
        let rejected = by_reason(&mut registry, "connections_refused", "Connections not let in", ["address", "full"]);
        let reasons = ["idle", "made_room", "slow_head", "stalled"];
        let ended = by_reason(&mut registry, "connections_ended", "Connections that the collector ended", reasons);
        let gauges = Gauges::new(&mut registry);
        Self {
            requests,
            gauges,
            registry,
            stored,
            batches,
            commits,
            refused,
            attempts,
            of_targets,
            jobs_failed,
            helped,
            connections,
            rejected,
            ended,
        }
    }

    /// Everything as OpenMetrics text.
    pub fn encode(&self) -> Result<String, std::fmt::Error> {
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &self.registry)?;
        Ok(text)
    }

    /// Notes a batch of submissions that was written.
    pub fn batch_written(&self, size: usize, took: Duration) {
        self.stored.inc_by(size as u64);
        self.batches.observe(size as f64);
        self.commits.observe(took.as_secs_f64());
    }

    /// Notes a request that was refused, by the name of its problem or of the guard that refused it.
    pub fn refused(&self, reason: &'static str) {
        self.refused.get_or_create(&[("reason", reason)]).inc();
    }

    /// Counts a failed attempt of a job: of which kind, and what followed.
    pub fn job_failed(&self, kind: &'static str, then: &'static str) {
        self.jobs_failed.get_or_create(&[("kind", kind), ("then", then)]).inc();
    }

    /// Counts that an answer has helped. Both keys are of the service as it is set up, so there are few of them.
    pub fn answer_helped(&self, site: &str, answer: &str) {
        self.helped.get_or_create(&[("site", site.to_owned()), ("answer", answer.to_owned())]).inc();
    }

    /// Notes an attempt of a delivery: by which channel, and what came of it.
    pub fn delivered(&self, channel: &'static str, result: &'static str) {
        self.attempts.get_or_create(&[("channel", channel), ("result", result)]).inc();
    }

    /// Notes an attempt to tell a target: its key, of which there are few, and what came of it.
    pub fn target_told(&self, target: &str, result: &'static str) {
        self.of_targets.get_or_create(&[("target", target.to_owned()), ("result", result.to_owned())]).inc();
    }

    /// Notes how many connections are open.
    pub fn connections_are(&self, open: usize) {
        self.connections.set(i64::try_from(open).unwrap_or(i64::MAX));
    }

    /// Notes a connection that was not let in.
    pub fn connection_rejected(&self, why: RejectReason) {
        self.rejected[why as usize].inc();
    }

    /// Notes a connection that the collector ended.
    pub fn connection_ended(&self, why: EndReason) {
        self.ended[why as usize].inc();
    }
}

/// One counter for each reason, ready from the start, so that noting one is one atomic number.
fn by_reason<const N: usize>(
    registry: &mut Registry,
    name: &str,
    help: &str,
    reasons: [&'static str; N],
) -> [Counter; N] {
    let family = Family::<[(&'static str, &'static str); 1], Counter>::default();
    registry.register(name, help, family.clone());
    reasons.map(|reason| family.get_or_create_owned(&[("reason", reason)]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_noted_is_shown() {
        let metrics = Metrics::new();
        metrics.batch_written(3, Duration::from_millis(2));
        metrics.batch_written(100, Duration::from_millis(20));
        metrics.refused("too_many_requests");
        metrics.delivered("email", "sent");
        metrics.target_told("crm", "again");
        metrics.connection_rejected(RejectReason::Full);
        metrics.connection_ended(EndReason::Stalled);
        let text = metrics.encode().expect("it is text");
        for line in [
            "sayso_intake_stored_total 103",
            "sayso_intake_batch_size_bucket{le=\"2.0\"} 0",
            "sayso_intake_batch_size_bucket{le=\"4.0\"} 1",
            "sayso_intake_batch_size_bucket{le=\"+Inf\"} 2",
            "sayso_intake_batch_size_sum 103.0",
            "sayso_intake_commit_seconds_bucket{le=\"0.0025\"} 1",
            "sayso_refused_total{reason=\"too_many_requests\"} 1",
            "sayso_delivery_attempts_total{channel=\"email\",result=\"sent\"} 1",
            "sayso_target_attempts_total{target=\"crm\",result=\"again\"} 1",
            "sayso_connections_refused_total{reason=\"full\"} 1",
            "sayso_connections_ended_total{reason=\"stalled\"} 1",
            "sayso_connections_ended_total{reason=\"idle\"} 0",
        ] {
            assert!(text.lines().any(|shown| shown == line), "{line} is missing in\n{text}");
        }
    }
}
