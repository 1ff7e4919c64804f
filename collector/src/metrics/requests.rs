//! Requests by route, method and class of status, and how long they took.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use std::time::Duration;

use axum::http::{Method, StatusCode};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::{Family, MetricConstructor};
use prometheus_client::registry::{Registry, Unit};

use super::histogram::Histogram;

const METHODS: [Method; 7] =
    [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::HEAD, Method::OPTIONS];
const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];
const SECONDS: &[f64] = &[0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

type Labels = Vec<(&'static str, String)>;

/// Requests by route. A route is the pattern in the code, such as `/t/{code}`, so that their number is bounded.
#[derive(Debug)]
pub struct Requests {
    counts: Family<Labels, Counter>,
    durations: Family<Labels, Histogram, Empty>,
    /// What has been asked for, so that a request looks its numbers up and makes none.
    routes: RwLock<HashMap<Box<str>, Arc<Route>>>,
}

#[derive(Debug)]
struct Route {
    /// By method, with one more for all others, and class.
    counts: [[OnceLock<Counter>; CLASSES.len()]; METHODS.len() + 1],
    duration: Histogram,
}

#[derive(Clone, Debug)]
struct Empty;

impl MetricConstructor<Histogram> for Empty {
    fn new_metric(&self) -> Histogram {
        Histogram::new(SECONDS)
    }
}

impl Requests {
    pub(super) fn new(registry: &mut Registry) -> Self {
        let (counts, durations) = (Family::default(), Family::new_with_constructor(Empty));
        registry.register("http_requests", "Requests by route, method and class of status", counts.clone());
        let help = "Time until the answer began";
        registry.register_with_unit("http_request_duration", help, Unit::Seconds, durations.clone());
        Self { counts, durations, routes: RwLock::default() }
    }

    /// Notes a request that was answered.
    pub fn answered(&self, route: &str, method: &Method, status: StatusCode, took: Duration) {
        let known = self.routes.read().unwrap_or_else(PoisonError::into_inner).get(route).cloned();
        let known = known.unwrap_or_else(|| self.add(route));
        let of_method = METHODS.iter().position(|known| known == method).unwrap_or(METHODS.len());
        let class = (usize::from(status.as_u16() / 100)).clamp(1, CLASSES.len()) - 1;
        let count = known.counts[of_method][class].get_or_init(|| {
            let method = METHODS.get(of_method).map_or("other", Method::as_str);
            let labels = [("route", route), ("method", method), ("status", CLASSES[class])];
            self.counts.get_or_create_owned(&labels.map(|(name, value)| (name, value.to_owned())).to_vec())
        });
        count.inc();
        known.duration.observe(took.as_secs_f64());
    }

    fn add(&self, route: &str) -> Arc<Route> {
        let duration = self.durations.get_or_create_owned(&vec![("route", route.to_owned())]);
        let new = Arc::new(Route { counts: Default::default(), duration });
        let mut routes = self.routes.write().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(routes.entry(route.into()).or_insert(new))
    }
}
