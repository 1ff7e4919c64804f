//! Answers before somebody asks: what a site's `[[answer]]` entries and the public problems say about what a customer is typing.

pub mod counts;
mod rank;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sayso_shared::customer::{AnswerSource, PublicAnswer, PublicAnswers};
use sayso_shared::problem::{ErrorCode, FieldError};
use sayso_shared::{Locale, Problem};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use self::counts::Source;
use self::rank::{Candidate, best};
use crate::app::App;
use crate::http::client::ClientAddress;
use crate::http::{Error, Result};
use crate::service::Service;
use crate::service::objects::Problem as KnownProblem;
use crate::service::words::LocalText;

/// Longest text that answers are looked for, in characters: what comes later of a long message says nothing new.
const QUERY_MAX: usize = 300;
/// Answers of one answer; more of them help nobody.
const MOST: usize = 3;

/// `GET /api/v1/sites/{key}/answers`.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(helped))
}

/// Whether a site answers anything: where it does not, nobody's widget need ask.
pub async fn are_there(app: &App, site: &str) -> Result<bool> {
    let service = app.service.current().await?;
    let own = service.answers.iter().any(|answer| answer.site.as_ref().is_none_or(|of| of.as_str() == site));
    Ok(own || service.problems.iter().any(|problem| is_of(problem, site) && problem.solution.is_some()))
}

/// What may help with what a customer is typing.
#[utoipa::path(
    get,
    path = "/api/v1/sites/{key}/answers",
    tag = "sites",
    params(
        ("key" = String, Path, description = "The site's public key"),
        ("q" = String, Query, min_length = 1, max_length = 300, description = "What was typed so far"),
        ("lang" = Option<String>, Query, description = "The language of the answers, a BCP 47 tag; the site's main one unless given"),
    ),
    responses(
        (status = 200, body = PublicAnswers, description = "The best answers; none where nothing fits"),
        (status = 403, body = Problem, content_type = "application/problem+json", description = "Foreign origin"),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "No such site"),
        (status = 422, body = Problem, content_type = "application/problem+json", description = "A parameter is wrong"),
        (status = 429, body = Problem, content_type = "application/problem+json", description = "Asked too often; see Retry-After"),
    )
)]
async fn list(
    State(app): State<App>,
    client: ClientAddress,
    Path(key): Path<String>,
    Query(parameters): Query<Vec<(String, String)>>,
) -> Result<Response> {
    app.limits.check_answers(client)?;
    let site = app.sites.by_key(&key).await?.ok_or(Error::NoSite)?;
    let (typed, lang) = read(parameters)?;
    let main = site.settings.languages.first().map_or("en", |lang| lang.as_str());
    let lang = lang.as_ref().map_or(main, Locale::as_str);
    let service = app.service.current().await?;
    let all = candidates(&service, site.key(), lang);
    let answers = best(all, &typed, lang, MOST).into_iter().map(|(source, key, question, solution)| PublicAnswer {
        source,
        key,
        question,
        solution,
    });
    let answers: Vec<PublicAnswer> = answers.collect();
    app.answer_counts.shown(&site, answers.iter().map(|answer| (source_of(answer.source), answer.key.as_str())));
    let mut response = Json(PublicAnswers { answers }).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=60"));
    Ok(response)
}

/// An answer has helped, so that nobody need ask. It is counted, and nothing else is kept of it.
#[utoipa::path(
    post,
    path = "/api/v1/sites/{key}/answers/{answer}/helped",
    tag = "sites",
    params(
        ("key" = String, Path, description = "The site's public key"),
        ("answer" = String, Path, description = "The key of the answer or problem, as the list of answers has it"),
    ),
    responses(
        (status = 204, description = "It is counted"),
        (status = 403, body = Problem, content_type = "application/problem+json", description = "Foreign origin"),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "No such site, or no such answer"),
        (status = 429, body = Problem, content_type = "application/problem+json", description = "Too often; see Retry-After"),
    )
)]
async fn helped(
    State(app): State<App>,
    client: ClientAddress,
    Path((key, answer)): Path<(String, String)>,
) -> Result<StatusCode> {
    app.limits.check_answers(client)?;
    let site = app.sites.by_key(&key).await?.ok_or(Error::NoSite)?;
    let service = app.service.current().await?;
    // Only what is there, so that nobody makes up what is counted.
    let candidates = candidates(&service, site.key(), "en");
    let known = candidates.iter().find(|candidate| candidate.shown.1 == answer);
    let known = known.ok_or(Error::NotFound("there is no such answer"))?;
    app.metrics.answer_helped(site.key(), &answer);
    app.answer_counts.helped(&site, source_of(known.shown.0), &answer);
    Ok(StatusCode::NO_CONTENT)
}

fn read(parameters: Vec<(String, String)>) -> Result<(String, Option<Locale>)> {
    let (mut typed, mut lang, mut errors) = (None, None, Vec::new());
    for (name, value) in parameters {
        match name.as_str() {
            "q" if value.chars().count() > QUERY_MAX => {
                errors.push(FieldError::new(
                    "/q",
                    ErrorCode::TooLong,
                    format!("must be at most {QUERY_MAX} characters"),
                ));
            }
            "q" => typed = Some(value).filter(|value| !value.trim().is_empty()),
            "lang" => match Locale::parse(&value) {
                Some(tag) => lang = Some(tag),
                None => errors.push(FieldError::new("/lang", ErrorCode::Invalid, "must be a BCP 47 language tag")),
            },
            _ => errors.push(FieldError::new("/", ErrorCode::UnknownField, "there are the parameters q and lang")),
        }
    }
    match typed {
        Some(typed) if errors.is_empty() => Ok((typed, lang)),
        None if errors.is_empty() => Err(Error::field(FieldError::new("/q", ErrorCode::Required, "is required"))),
        _ => Err(errors.into()),
    }
}

const fn source_of(source: AnswerSource) -> Source {
    match source {
        AnswerSource::Answer => Source::Answer,
        AnswerSource::Problem => Source::Problem,
    }
}

type Shown = (AnswerSource, String, String, String);

/// Everything that a site may show, in a language.
fn candidates(service: &Service, site: &str, lang: &str) -> Vec<Candidate<Shown>> {
    let own = service.answers.iter().filter(|answer| answer.site.as_ref().is_none_or(|of| of.as_str() == site));
    let own = own.map(|answer| Candidate {
        question: texts(&answer.question),
        solution: texts(&answer.solution),
        shown: (
            AnswerSource::Answer,
            answer.key.to_string(),
            answer.question.in_language(lang).to_owned(),
            answer.solution.in_language(lang).to_owned(),
        ),
    });
    let public = service.problems.iter().filter(|problem| is_of(problem, site));
    let problems = public.filter_map(|problem| {
        let solution = problem.solution.as_ref()?;
        // The title is the staff's, in one language.
        let asked = problem.question.as_ref();
        let question = asked.map_or(problem.title.as_str(), |question| question.in_language(lang));
        Some(Candidate {
            question: asked.map_or_else(|| problem.title.to_string(), texts),
            solution: texts(solution),
            shown: (
                AnswerSource::Problem,
                problem.key.to_string(),
                question.to_owned(),
                solution.in_language(lang).to_owned(),
            ),
        })
    });
    own.chain(problems).collect()
}

/// Whether customers of a site may read of a problem.
fn is_of(problem: &KnownProblem, site: &str) -> bool {
    problem.public && problem.site.as_ref().is_none_or(|of| of.as_str() == site)
}

/// A text in all of its languages: customers write in any.
fn texts(text: &LocalText) -> String {
    text.iter().map(|(_, text)| text).collect::<Vec<_>>().join("\n")
}
