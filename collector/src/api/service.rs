//! How the service is set up, as the one file that `sayso service` writes and applies.

use axum::Json;
use axum::extract::{Query, Request, State};
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use sayso_shared::Problem;
use sayso_shared::problem::{ErrorCode, FieldError};
use serde::Serialize;
use utoipa::ToSchema;

use super::parameters::{each_once, unknown, wrong};
use super::refusals::TokenRefusals;
use crate::app::App;
use crate::attachments::multipart::Source;
use crate::audit::Stamp;
use crate::auth::bearer::{MayReadService, MayWriteService};
use crate::http::{Error, Result};
use crate::service::draft::{Draft, FILE_MAX, Reader, export};
use crate::service::plan::{Plan, Prune, Step};

const TOML: &str = "application/toml";

/// What a service file changes.
#[derive(Serialize, ToSchema)]
#[schema(as = ServiceChanges)]
pub struct ChangesBody {
    /// Whether the changes were made, and not only tried.
    applied: bool,
    /// The changes, in the order in which they are made.
    changes: Vec<ChangeBody>,
}

/// One change.
#[derive(Serialize, ToSchema)]
#[schema(as = ServiceChange)]
struct ChangeBody {
    /// `add`, `change` or `remove`.
    change: &'static str,
    /// The table of the file.
    #[schema(example = "team")]
    kind: &'static str,
    /// What tells it from others of its kind.
    #[schema(example = "delivery")]
    key: String,
}

impl ChangesBody {
    fn of(plan: &Plan, applied: bool) -> Self {
        Self { applied, changes: plan.steps().iter().map(ChangeBody::of).collect() }
    }
}

impl ChangeBody {
    fn of(step: &Step) -> Self {
        let change = match (&step.before, &step.after) {
            (None, _) => "add",
            (Some(_), Some(_)) => "change",
            (Some(_), None) => "remove",
        };
        Self { change, kind: step.kind, key: step.key.clone() }
    }
}

/// How the service is set up: what `sayso service export` prints.
#[utoipa::path(
    get,
    path = "/api/v1/service",
    tag = "service",
    security(("token" = ["service:read"])),
    responses(
        (status = 200, body = String, content_type = "application/toml", description = "The whole service, without secrets"),
        TokenRefusals,
    )
)]
pub async fn read(State(app): State<App>, _: MayReadService) -> Result<Response> {
    let text = export(&app.db, &app.keys).await?;
    Ok(([(header::CONTENT_TYPE, TOML)], text).into_response())
}

/// Make the service what a file says, all of it or nothing, as `sayso service apply` does. Members are not changed by programs.
#[utoipa::path(
    post,
    path = "/api/v1/service",
    tag = "service",
    security(("token" = ["service:write"])),
    params(
        ("dry_run" = Option<bool>, Query, description = "Only say what would change"),
        ("prune" = Option<bool>, Query, description = "Remove what the file does not name, but for sites and members"),
    ),
    request_body(content = String, content_type = "application/toml", description = "A service file, up to 4 MiB"),
    responses(
        (status = 200, body = ChangesBody, description = "What was changed, or would be"),
        (status = 400, body = Problem, content_type = "application/problem+json", description = "Not UTF-8, or it ended too early"),
        (status = 413, body = Problem, content_type = "application/problem+json", description = "More than 4 MiB"),
        (status = 415, body = Problem, content_type = "application/problem+json", description = "Not application/toml"),
        (status = 422, body = Problem, content_type = "application/problem+json", description = "Mistakes in the file, each with its line and column, or a wrong parameter"),
        TokenRefusals,
    )
)]
pub async fn apply(
    State(app): State<App>,
    MayWriteService(token): MayWriteService,
    Query(parameters): Query<Vec<(String, String)>>,
    request: Request,
) -> Result<Json<ChangesBody>> {
    let (mode, prune) = read_parameters(parameters)?;
    let text = read_text(request).await?;
    let draft =
        match Draft::read((&app.db, &app.keys, &app.config, app.clock.now()), &text, prune, Reader::Server).await? {
            Ok(draft) => draft,
            Err(mistakes) => {
                let errors = mistakes.into_iter().map(|mistake| {
                    let pointer = format!("/{}/{}", mistake.line, mistake.column);
                    FieldError::new(pointer, ErrorCode::Invalid, mistake.to_string())
                });
                return Err(Error::Invalid(errors.collect()));
            }
        };
    let plan = draft.plan();
    if plan.steps().iter().any(|step| step.kind == "member") {
        return Err(Error::Forbidden("programs do not change members; an admin does".into()));
    }
    if mode == Mode::Try {
        return Ok(Json(ChangesBody::of(&plan, false)));
    }
    let plan = draft.apply(&app.db, &Stamp::token(&token.id, app.clock.now())).await?;
    app.service.forget();
    Ok(Json(ChangesBody::of(&plan, true)))
}

/// Whether anything is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Apply,
    Try,
}

fn read_parameters(parameters: Vec<(String, String)>) -> Result<(Mode, Prune)> {
    let (parameters, mut errors) = each_once(parameters);
    let (mut mode, mut prune) = (Mode::Apply, Prune::Keep);
    for (name, value) in parameters {
        match (name.as_str(), value.as_str()) {
            ("dry_run", "true") => mode = Mode::Try,
            ("prune", "true") => prune = Prune::Remove,
            ("dry_run" | "prune", "false") => {}
            ("dry_run" | "prune", _) => errors.push(wrong(&name, "true or false")),
            _ => errors.push(unknown(&name)),
        }
    }
    if errors.is_empty() { Ok((mode, prune)) } else { Err(errors.into()) }
}

async fn read_text(request: Request) -> Result<String> {
    let media_type =
        request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !media_type.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(TOML) {
        return Err(Error::UnsupportedMediaType(TOML));
    }
    let bytes = Source::new(request.into_body()).whole(FILE_MAX).await?;
    String::from_utf8(bytes).map_err(|_| Error::Malformed("the body is not UTF-8".into()))
}
