//! The customer's API.

use utoipa_axum::router::OpenApiRouter;

use crate::app::App;

/// `/api/v1/feedback/{code}…`.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
}
