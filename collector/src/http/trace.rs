//! One log line for each request: its route, never its address, since addresses hold tracking codes.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::HeaderValue;
use axum::middleware::Next;
use axum::response::Response;
use tracing::Instrument;

use super::error::ProblemName;
use super::refusals::{RefusalKind, Refusals};
use crate::metrics::Metrics;

/// Gives the request an id, which the answer carries as `X-Request-Id`, and logs and counts it when it is answered.
pub async fn log(
    State((metrics, refusals)): State<(Arc<Metrics>, Arc<Refusals>)>,
    request: Request,
    next: Next,
) -> Response {
    let id = uuid::Uuid::new_v4().simple().to_string();
    let (path, method) = (request.extensions().get::<MatchedPath>().cloned(), request.method().clone());
    let route = path.as_ref().map_or("(none)", MatchedPath::as_str);
    let span = tracing::info_span!("request", id, %method, route);
    let started = Instant::now();
    let answered = async {
        let mut response = next.run(request).await;
        let took = started.elapsed();
        tracing::debug!(status = response.status().as_u16(), ms = took.as_secs_f64() * 1_000.0, "answered");
        metrics.requests.answered(route, &method, response.status(), took);
        if let Some(ProblemName(reason)) = response.extensions().get() {
            metrics.refused(reason);
            if let Some(refusal) = RefusalKind::of_problem(reason) {
                refusals.note(refusal);
            }
        }
        if let Ok(id) = HeaderValue::from_str(&id) {
            response.headers_mut().insert("x-request-id", id);
        }
        response
    };
    answered.instrument(span).await
}
