//! `/api/v1/mail…`.

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{api, desk_api};
use crate::app::App;

/// Mails in, and what becomes of them, for programs.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(api::post_mail, desk_api::list))
        .routes(routes!(desk_api::read))
        .routes(routes!(desk_api::raw))
        .routes(routes!(desk_api::take))
        .routes(routes!(desk_api::drop))
}
