//! A survey for programs and the widget: `GET` and `POST /api/v1/sites/{key}/surveys/{survey}`.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use sayso_shared::fields::Fields;
use sayso_shared::problem::{ErrorCode, FieldError};
use sayso_shared::{Lang, Locale, Problem};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::questions::{self, ANSWER_MAX, Ask, FEELINGS, Question, Wrong};
use super::{Window, find_public, submit, window};
use crate::app::App;
use crate::http::body::{JsonBody, idempotency_key};
use crate::http::client::ClientAddress;
use crate::http::limits::Entrance;
use crate::http::{Error, Result};
use crate::service::survey::Survey;
use crate::sites::Site;
use crate::text::Texts;

/// Answers of one request: as many as a survey has questions at most.
const ANSWERS_MAX: usize = 400;

/// The routes.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(read, answer))
}

/// A survey, in one language.
#[derive(Serialize, ToSchema)]
#[schema(as = PublicSurvey)]
struct SurveyBody {
    key: String,
    /// `csat`, `ces`, `nps`, `kano`, `importance_satisfaction`, `servqual` or `free`.
    kind: &'static str,
    title: String,
    /// Who asks, and what for.
    purpose: String,
    /// About how many minutes it takes.
    minutes: usize,
    /// Whether it can be answered now.
    state: SurveyState,
    /// The mark of what it asks, to be sent with the answers: what a survey asks may change meanwhile.
    #[schema(example = "7QK4M2")]
    version: String,
    questions: Vec<QuestionBody>,
}

#[derive(Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum SurveyState {
    NotYet,
    Open,
    Closed,
}

#[derive(Serialize, ToSchema)]
#[schema(as = SurveyQuestion)]
struct QuestionBody {
    item: String,
    /// What is asked about; null for a survey of one question.
    #[schema(required = true)]
    text: Option<String>,
    field: &'static str,
    /// How it is put.
    label: &'static str,
    /// What can be answered, each with its word where numbers do not say it; empty for a text.
    choices: Vec<ChoiceBody>,
    /// The longest text, in characters; null where one of the choices is asked for.
    #[schema(required = true)]
    max_length: Option<usize>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = SurveyChoice)]
struct ChoiceBody {
    value: String,
    #[schema(required = true)]
    label: Option<&'static str>,
}

// For the description of the API; `read_answers` is what reads it.
/// Answers to a survey.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SurveyAnswers)]
struct AnswersBody {
    /// The `version` of the survey that was read; what it asks now where none is sent, or none that is known.
    version: Option<String>,
    #[schema(min_items = 1, max_items = 400)]
    answers: Vec<AnswerOfSurvey>,
}

/// An answer to a question.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SurveyAnswer)]
pub struct AnswerOfSurvey {
    /// The key of the item; a survey of one question needs none.
    item: Option<String>,
    field: String,
    value: ValueBody,
}

/// What is answered: one of the choices, of which a number may be sent as one, or a text.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[schema(as = SurveyValue)]
#[expect(dead_code, reason = "it only describes the API")]
enum ValueBody {
    /// As `choices` has it, or a text.
    Text(String),
    /// One of the numbers among the choices.
    Number(u8),
}

/// An answer as it was sent, with its place in the list.
struct Sent {
    at: usize,
    item: String,
    field: String,
    value: String,
    /// Whether it was sent as a number, which no text is.
    is_number: bool,
}

/// What was stored.
#[derive(Serialize, ToSchema)]
#[schema(as = SurveyStored)]
struct StoredBody {
    /// How many questions were answered.
    answered: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    #[serde(default)]
    lang: Option<String>,
}

/// Read a survey that anyone may answer.
#[utoipa::path(
    get,
    path = "/api/v1/sites/{key}/surveys/{survey}",
    tag = "sites",
    params(
        ("key" = String, Path, description = "The site's public key"),
        ("survey" = String, Path, description = "The survey's key"),
        ("lang" = Option<String>, Query, description = "The language, a BCP 47 tag; the site's main one unless given, or where the site does not speak it"),
    ),
    responses(
        (status = 200, body = SurveyBody, description = "The survey"),
        (status = 403, body = Problem, content_type = "application/problem+json", description = "Foreign origin"),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "No such site or survey"),
        (status = 422, body = Problem, content_type = "application/problem+json", description = "A parameter is wrong"),
    )
)]
async fn read(
    State(app): State<App>,
    Path((key, survey)): Path<(String, String)>,
    asked: std::result::Result<Query<Asked>, axum::extract::rejection::QueryRejection>,
) -> Result<Json<SurveyBody>> {
    let wrong = |detail: &str| Error::field(FieldError::new("/lang", ErrorCode::Invalid, detail));
    let Query(Asked { lang }) = asked.map_err(|_| wrong("the only parameter is `lang`, once"))?;
    let (site, survey) = find_public(&app, &key, &survey).await?;
    let wanted = match lang {
        Some(tag) => Locale::parse(&tag).ok_or_else(|| wrong("must be a BCP 47 language tag"))?.lang(),
        None => None,
    };
    // One that the site does not speak would have our words in it and the site's in another.
    let lang = site.settings.language_for(wanted);
    let state = match window(&app, &site, &survey).await? {
        Window::NotYet(_) => SurveyState::NotYet,
        Window::Open => SurveyState::Open,
        Window::Closed(_) => SurveyState::Closed,
    };
    Ok(Json(SurveyBody::new(&site, &survey, Texts(lang), state)))
}

/// Answer a survey. The same key again replaces what it answered before, so that whoever changes something counts once.
#[utoipa::path(
    post,
    path = "/api/v1/sites/{key}/surveys/{survey}",
    tag = "sites",
    params(
        ("key" = String, Path, description = "The site's public key"),
        ("survey" = String, Path, description = "The survey's key"),
        ("Idempotency-Key" = String, Header, format = "uuid", description = "A UUID of the respondent's form"),
    ),
    request_body = AnswersBody,
    responses(
        (status = 201, body = StoredBody, description = "Stored"),
        (status = 400, body = Problem, content_type = "application/problem+json", description = "Not JSON, or no key"),
        (status = 403, body = Problem, content_type = "application/problem+json", description = "Foreign origin"),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "No such site or survey"),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "It can't be answered now"),
        (status = 413, body = Problem, content_type = "application/problem+json", description = "Too large"),
        (status = 415, body = Problem, content_type = "application/problem+json", description = "Not JSON"),
        (status = 422, body = Problem, content_type = "application/problem+json", description = "Answers that are none"),
        (status = 429, body = Problem, content_type = "application/problem+json", description = "Too many; see Retry-After"),
    )
)]
async fn answer(
    State(app): State<App>,
    client: ClientAddress,
    Path((key, survey)): Path<(String, String)>,
    headers: HeaderMap,
    JsonBody(mut body): JsonBody,
) -> Result<(StatusCode, Json<StoredBody>)> {
    let key_of_form = idempotency_key(&headers)?;
    let (site, survey) = find_public(&app, &key, &survey).await?;
    app.limits.check_submission(client)?;
    app.limits.check_site(site.id(), Entrance::Form)?;
    let survey = as_read(&app, survey, &mut body).await?;
    let (sent, errors) = sent(body);
    if errors.is_empty() && window(&app, &site, &survey).await? != Window::Open {
        return Err(Error::Conflict("the survey can't be answered now".into()));
    }
    let given = read_answers(&survey, &sent, errors)?;
    submit(&app.db, &survey, &format!("link:{key_of_form}"), &given, app.clock.now()).await?;
    let answered = given.iter().filter(|given| given.value.is_some()).count();
    Ok((StatusCode::CREATED, Json(StoredBody { answered })))
}

impl SurveyBody {
    fn new(site: &Site, survey: &Survey, t: Texts, state: SurveyState) -> Self {
        let main = site.settings.languages.first().copied();
        let kind = survey.kind.as_str();
        let blocks = questions::blocks(survey, t.0, main, "");
        let questions = blocks.into_iter().flat_map(|block| {
            let text = block.text.map(|text| text.text);
            block.questions.into_iter().map(move |question| QuestionBody::new(kind, &question, text.clone(), t))
        });
        Self {
            key: survey.key.to_string(),
            kind,
            title: questions::text_in(&survey.title, t.0, main).to_owned(),
            purpose: t.with(&format!("survey.purpose.{kind}"), &[("name", site.name())]),
            minutes: questions::minutes(survey),
            state,
            version: super::mark(survey),
            questions: questions.collect(),
        }
    }
}

impl QuestionBody {
    fn new(kind: &str, question: &Question, text: Option<String>, t: Texts) -> Self {
        let asked = format!("survey.ask.{kind}.{}", question.field);
        let steps = question.steps();
        let ends = [(steps.first().copied(), "low"), (steps.last().copied(), "high")];
        let word = |step: u8| {
            let end = ends.iter().find(|(end, _)| *end == Some(step))?;
            Some(t.get(&format!("{asked}_{}", end.1)))
        };
        let mut choices: Vec<ChoiceBody> =
            steps.iter().map(|step| ChoiceBody { value: step.to_string(), label: word(*step) }).collect();
        if question.is_feeling() {
            let label = |feeling| Some(t.get(&format!("survey.feeling.{feeling}")));
            choices = FEELINGS.map(|feeling| ChoiceBody { value: feeling.to_owned(), label: label(feeling) }).into();
        }
        if question.has_unknown() {
            choices.push(ChoiceBody { value: "unknown".to_owned(), label: Some(t.get("survey.ask.unknown")) });
        }
        Self {
            item: question.item.clone(),
            text,
            field: question.field,
            label: t.get(&asked),
            choices,
            max_length: (question.ask == Ask::Text).then_some(ANSWER_MAX),
        }
    }
}

/// The survey as the sender of a body read it, whose mark is taken out of the body.
pub(crate) async fn as_read(app: &App, survey: Survey, body: &mut Value) -> Result<Survey> {
    let marked = body.as_object_mut().and_then(|fields| fields.remove("version"));
    match marked {
        None | Some(Value::Null) => Ok(survey),
        Some(Value::String(marked)) => Ok(super::as_read(&app.db, survey, &marked).await?),
        Some(_) => Err(Error::field(FieldError::new("/version", ErrorCode::Invalid, "must be a string"))),
    }
}

/// The answers of a body, as they are stored.
pub(crate) fn read_given(survey: &Survey, body: Value) -> Result<Vec<super::Given>> {
    let (sent, errors) = sent(body);
    read_answers(survey, &sent, errors)
}

/// The answers of a body, and what is wrong with how they are written.
fn sent(body: Value) -> (Vec<Sent>, Vec<FieldError>) {
    let mut fields = Fields::new(body, "");
    let list = match fields.value("answers") {
        Some(Value::Array(list)) if list.len() <= ANSWERS_MAX => list,
        Some(Value::Array(_)) => {
            fields.refuse("answers", ErrorCode::TooLong, format!("must have at most {ANSWERS_MAX} entries"));
            Vec::new()
        }
        Some(_) => {
            fields.refuse("answers", ErrorCode::Invalid, "must be a list of answers");
            Vec::new()
        }
        None => {
            fields.refuse("answers", ErrorCode::Required, "is required");
            Vec::new()
        }
    };
    let mut errors = fields.into_errors();
    let mut all = Vec::with_capacity(list.len());
    for (at, answer) in list.into_iter().enumerate() {
        let is_object = answer.is_object();
        let mut fields = Fields::new(answer, &format!("/answers/{at}"));
        let item = fields.string("item").unwrap_or_default();
        let required = |fields: &mut Fields, name: &str| {
            if is_object && fields.peek(name).is_none_or(Value::is_null) {
                fields.refuse(name, ErrorCode::Required, "is required");
            }
            fields.string(name).unwrap_or_default()
        };
        let field = required(&mut fields, "field");
        // Programs have scores as numbers.
        let number = match fields.peek("value") {
            Some(Value::Number(number)) => Some(number.to_string()),
            _ => None,
        };
        let is_number = number.is_some();
        let value = match number {
            Some(digits) => {
                fields.value("value");
                digits
            }
            None => required(&mut fields, "value"),
        };
        let wrong = fields.into_errors();
        if wrong.is_empty() {
            all.push(Sent { at, item, field, value, is_number });
        }
        errors.extend(wrong);
    }
    (all, errors)
}

/// The answers as they are stored; all that is wrong is named by its place in the list, after what was wrong before.
fn read_answers(survey: &Survey, sent: &[Sent], mut errors: Vec<FieldError>) -> Result<Vec<super::Given>> {
    let asked: Vec<Question> =
        questions::in_order(survey, Lang::En, None).into_iter().flat_map(|block| block.questions).collect();
    // A survey of one question needs no item to be named.
    let item = |answer: &Sent| match asked.as_slice() {
        [only] if survey.items.is_empty() && answer.item.is_empty() => only.item.clone(),
        _ => answer.item.clone(),
    };
    let names: Vec<String> = sent.iter().map(|answer| questions::name(&answer.field, &item(answer))).collect();
    let place = |name: &str| names.iter().position(|known| known == name);
    for (at, (answer, name)) in sent.iter().zip(&names).enumerate() {
        let wrong = |part: &str, detail: &str| {
            FieldError::new(format!("/answers/{}{part}", answer.at), ErrorCode::Invalid, detail)
        };
        let has_item = asked.iter().any(|question| question.item == item(answer));
        if !has_item {
            errors.push(wrong("/item", "is no item of this survey"));
        } else if !asked.iter().any(|question| question.name == *name) {
            errors.push(wrong("/field", "is nothing that this survey asks"));
        } else if place(name) != Some(at) {
            errors.push(wrong("", "is answered twice"));
        } else if answer.is_number && asked.iter().any(|question| question.name == *name && question.is_text()) {
            errors.push(wrong("/value", "must be a string"));
        }
    }
    let value = |name: &str| place(name).map(|at| sent[at].value.clone()).unwrap_or_default();
    let of = |name: &str, code, detail: &str| {
        let at = place(name).map(|place| sent[place].at).unwrap_or_default();
        FieldError::new(format!("/answers/{at}/value"), code, detail)
    };
    match questions::read(survey, value) {
        Ok(given) if errors.is_empty() => return Ok(given),
        Ok(_) => {}
        Err(wrong) => errors.extend(
            wrong
                .iter()
                .filter_map(|wrong| match wrong {
                    // Where something is wrong, that is what is wrong.
                    Wrong::Nothing if !errors.is_empty() => None,
                    Wrong::Nothing => Some(FieldError::new("/answers", ErrorCode::Required, "answers nothing")),
                    Wrong::Choice(name) => Some(of(name, ErrorCode::Invalid, "is none of the choices")),
                    Wrong::TooLong(name) => Some(of(name, ErrorCode::TooLong, "is too long")),
                    Wrong::Unreadable(name) => Some(of(name, ErrorCode::Invalid, "must not contain the NUL character")),
                })
                .collect::<Vec<_>>(),
        ),
    }
    Err(errors.into())
}
