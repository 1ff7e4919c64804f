//! A panic in a handler is our mistake and nobody else's: it is answered as any internal error, and the connection goes on.

use std::any::Any;
use std::panic::PanicHookInfo;

use axum::response::{IntoResponse, Response};
use tower_http::catch_panic::CatchPanicLayer;

use super::Error;

type Answer = fn(Box<dyn Any + Send>) -> Response;

/// Answers a panic of what is inside of it.
pub fn layer() -> CatchPanicLayer<Answer> {
    CatchPanicLayer::custom(answer as Answer)
}

/// Logs each panic by one line: where it was, and never what it says, since that may quote what somebody wrote. Within a request the line
/// has its identifier and its route.
pub fn log_by_place() {
    std::panic::set_hook(Box::new(|info: &PanicHookInfo<'_>| {
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "a panic, which is a mistake in Sayso; please report it");
    }));
}

fn answer(_: Box<dyn Any + Send>) -> Response {
    Error::Panicked.into_response()
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::Body;
    use axum::http::{Request, StatusCode};
    use axum::routing::get;
    use sayso_shared::Problem;
    use tower::ServiceExt as _;

    use super::*;

    async fn stumble() -> &'static str {
        panic!("the words of a customer")
    }

    #[tokio::test]
    async fn a_panic_is_a_problem_that_says_nothing_of_it() {
        let routes = Router::new().route("/", get(stumble)).layer(layer());
        let answer = routes.oneshot(Request::new(Body::empty())).await.expect("it always answers");
        assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
        let problem = answer.extensions().get::<Problem>().expect("a problem").clone();
        assert_eq!(problem.kind, "/problems/internal");
        assert!(!format!("{problem:?}").contains("words of a customer"));
    }
}
