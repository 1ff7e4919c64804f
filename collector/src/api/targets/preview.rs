//! What a target would be told, before anything is sent.

use axum::Json;
use axum::extract::{Path, Query, State};
use sayso_shared::Problem;
use serde::Serialize;
use utoipa::ToSchema;

use super::find;
use crate::api::parameters::{each_once, unknown, wrong};
use crate::api::refusals::TokenRefusals;
use crate::app::App;
use crate::auth::bearer::MayReadService;
use crate::auth::permissions::{Action, Actor, Object, can};
use crate::http::{Error, Result};
use crate::outbox::card::Card;
use crate::outbox::preview::{Preview, case_of, events, first_event, preview as preview_of};

/// What a target would be told. Of `mail` and `body` there is one; a chat room has its `card` as well, which the body makes.
#[derive(Default, Serialize, ToSchema)]
#[schema(as = StaffTargetPreview)]
pub struct PreviewBody {
    /// The identifier of the case; null for a made-up one.
    #[schema(required = true)]
    case: Option<String>,
    /// The event that it would be told of.
    event: String,
    #[schema(required = true)]
    mail: Option<MailBody>,
    #[schema(required = true)]
    card: Option<CardBody>,
    /// The body of the request.
    #[schema(required = true)]
    body: Option<String>,
    /// Why there is none, such as a template that can't be filled in.
    #[schema(required = true)]
    error: Option<String>,
}

/// A mail.
#[derive(Serialize, ToSchema)]
#[schema(as = StaffTargetPreviewMail)]
struct MailBody {
    subject: String,
    text: String,
}

/// A message in a chat room. Its texts are as somebody wrote them.
#[derive(Serialize, ToSchema)]
#[schema(as = StaffTargetPreviewCard)]
struct CardBody {
    lang: String,
    title: String,
    facts: Vec<FactBody>,
    /// That it is a test.
    #[schema(required = true)]
    notice: Option<&'static str>,
    /// What somebody wrote, if that may leave.
    #[schema(required = true)]
    words: Option<String>,
    /// Where the case is, if that may leave.
    #[schema(required = true)]
    url: Option<String>,
    footer: String,
}

/// A label and a value.
#[derive(Serialize, ToSchema)]
#[schema(as = StaffTargetPreviewFact)]
struct FactBody {
    label: &'static str,
    value: String,
}

/// What a target would be told of an event of a case: of a made-up one, or of a real one for those who may change the service and read cases. Nothing is sent.
#[utoipa::path(
    get,
    path = "/api/v1/targets/{key}/preview",
    tag = "service",
    security(("token" = ["service:read"])),
    params(
        ("key" = String, Path, description = "The target's key or identifier"),
        ("case" = Option<String>, Query, description = "The identifier or the number of a case of the target's site; asks for the scopes `service:write` and `cases:read` as well"),
        ("event" = Option<String>, Query, description = "The type of event, such as `case.breached`; without it, the first that the target hears of. What has not happened to the case is made up"),
    ),
    responses(
        (status = 200, body = PreviewBody, description = "What it would be told"),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "No such target"),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "Its channel is of a newer version"),
        (status = 422, body = Problem, content_type = "application/problem+json", description = "A parameter is wrong, or this site has no such case"),
        TokenRefusals,
    )
)]
pub async fn preview(
    State(app): State<App>,
    MayReadService(token): MayReadService,
    Path(key): Path<String>,
    Query(parameters): Query<Vec<(String, String)>>,
) -> Result<Json<PreviewBody>> {
    let target = find(&app, &key).await?;
    let (parameters, mut errors) = each_once(parameters);
    let (mut asked, mut event) = (None, first_event(&target));
    for (name, value) in parameters {
        match name.as_str() {
            "case" => asked = Some(value),
            "event" => match events().find(|event| event.as_str() == value) {
                Some(known) => event = known,
                None => errors.push(wrong("event", "a type of event of a case, such as case.breached")),
            },
            _ => errors.push(unknown(&name)),
        }
    }
    if !errors.is_empty() {
        return Err(errors.into());
    }
    let case = match asked {
        None => None,
        Some(asked) => {
            // Whoever may only look sees a made-up case, as those who forward do not choose what others read.
            let scopes = token.scopes();
            let may = |action| can(Actor::Program(&scopes), action, Object::Installation);
            if ![Action::ManageService, Action::ReadCase].into_iter().all(may) {
                let why = "a case is shown to tokens with the scopes service:write and cases:read";
                return Err(Error::Forbidden(why.into()));
            }
            let found = case_of(&app.db, &target, &asked).await?;
            Some(found.ok_or_else(|| Error::field(wrong("case", "the identifier or number of a case of its site")))?)
        }
    };
    let shown = preview_of(&app, &target, case.as_deref(), event).await?;
    let shown = shown.ok_or_else(|| Error::Conflict("this version does not know the channel of this target".into()))?;
    Ok(Json(PreviewBody { case, event: event.as_str().to_owned(), ..shown.into() }))
}

impl From<Preview> for PreviewBody {
    fn from(preview: Preview) -> Self {
        match preview {
            Preview::Mail(mail) => {
                let mail = MailBody { text: mail.text(), subject: mail.subject };
                Self { mail: Some(mail), ..Self::default() }
            }
            Preview::Card(card, body) => Self { card: Some((*card).into()), body: Some(body), ..Self::default() },
            Preview::Body(body) => Self { body: Some(body), ..Self::default() },
            Preview::Failed(why) => Self { error: Some(why), ..Self::default() },
        }
    }
}

impl From<Card> for CardBody {
    fn from(card: Card) -> Self {
        Self {
            lang: card.lang.as_str().to_owned(),
            title: card.title,
            facts: card.facts.into_iter().map(|fact| FactBody { label: fact.label, value: fact.value }).collect(),
            notice: card.notice,
            words: card.words,
            url: card.link.map(|link| link.url),
            footer: card.footer,
        }
    }
}
