//! One log line for each request: its route, never its address, since addresses hold tracking codes.

use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::http::HeaderValue;
use axum::middleware::Next;
use axum::response::Response;
use tracing::Instrument;

/// Gives the request an id, which the answer carries as `X-Request-Id`, and logs it when it is done.
pub async fn log(request: Request, next: Next) -> Response {
    let id = uuid::Uuid::new_v4().simple().to_string();
    let route = request.extensions().get::<MatchedPath>().map_or("(none)", MatchedPath::as_str);
    let span = tracing::info_span!("request", id, method = %request.method(), route);
    let started = Instant::now();
    async move {
        let mut response = next.run(request).await;
        let ms = started.elapsed().as_secs_f64() * 1_000.0;
        tracing::debug!(status = response.status().as_u16(), ms, "answered");
        if let Ok(id) = HeaderValue::from_str(&id) {
            response.headers_mut().insert("x-request-id", id);
        }
        response
    }
    .instrument(span)
    .await
}
