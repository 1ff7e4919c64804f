//! The one error of all handlers: it knows its status and its problem, hides what is internal, and is logged once.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sayso_shared::problem::{FieldError, MEDIA_TYPE, Problem};

use crate::db;

/// Every kind of problem: the last part of its type and its English title, which is part of the API.
pub const KINDS: &[(&str, &str)] = &[
    ("malformed", "The request can't be read"),
    ("unauthorized", "Sign in first"),
    ("forbidden", "Not allowed"),
    ("not_found", "Not found"),
    ("method_not_allowed", "Method not allowed"),
    ("too_slow", "The request came too slowly"),
    ("conflict", "Not possible at present"),
    ("stale", "Changed by somebody else"),
    ("too_large", "Too large"),
    ("unsupported_media_type", "Wrong type of content"),
    ("invalid", "Fields are wrong"),
    ("idempotency_key_reused", "The key was used for another request"),
    ("too_many_requests", "Too many requests"),
    ("unavailable", "The collector is busy"),
    ("internal", "Something went wrong on our side"),
];

/// The title of a kind of problem.
pub fn title(name: &str) -> &'static str {
    KINDS.iter().find(|(known, _)| *known == name).map_or("Problem", |(_, title)| title)
}

/// What a handler gives.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a request was not done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// 400: it can't be read at all.
    #[error("{0}")]
    Malformed(String),
    /// 401: who is it?
    #[error("sign in first")]
    Unauthorized,
    /// 401: which program is it?
    #[error("send a token that is valid, as `Authorization: Bearer sayso_…`; `sayso token add` makes one")]
    NoToken,
    /// 403: not from there, or not this person.
    #[error("{0}")]
    Forbidden(String),
    /// 404: there is no such thing. For codes it does not tell whether there ever was.
    #[error("{0}")]
    NotFound(&'static str),
    /// 404: the address names a site that there is not, or not any more. Customers come here from its website.
    #[error("there is no such site")]
    NoSite,
    /// 405: the address is right, but not for this.
    #[error("this address does not take this method")]
    MethodNotAllowed,
    /// 408: the body did not come in time.
    #[error("the body of the request came too slowly")]
    TooSlow,
    /// 409: not in this state.
    #[error("{0}")]
    Conflict(String),
    /// 412: it is not as it was when it was read.
    #[error("{0}")]
    Stale(String),
    /// 413.
    #[error("the body is larger than {0} bytes")]
    TooLarge(usize),
    /// 415.
    #[error("the body must be {0}")]
    UnsupportedMediaType(&'static str),
    /// 422: fields are wrong.
    #[error("fields are wrong")]
    Invalid(Vec<FieldError>),
    /// 422: the key was used for something else.
    #[error("this Idempotency-Key was used for another request")]
    KeyReused,
    /// 429: too often.
    #[error("too many requests")]
    TooMany {
        /// Seconds to wait.
        retry_after: u64,
    },
    /// 503: not now.
    #[error("the collector is busy")]
    Unavailable {
        /// Seconds to wait.
        retry_after: u64,
    },
    /// 500, or 503 where the database can't be reached.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// 500: a handler panicked, which has been logged where it happened.
    #[error("a panic")]
    Panicked,
    /// 500.
    #[error(transparent)]
    Internal(anyhow::Error),
}

impl Error {
    /// One wrong field.
    pub fn field(error: FieldError) -> Self {
        Self::Invalid(vec![error])
    }

    /// The status and the last part of the problem's type.
    pub fn status(&self) -> (StatusCode, &'static str) {
        match self {
            Error::Malformed(_) => (StatusCode::BAD_REQUEST, "malformed"),
            Error::Unauthorized | Error::NoToken => (StatusCode::UNAUTHORIZED, "unauthorized"),
            Error::Forbidden(_) => (StatusCode::FORBIDDEN, "forbidden"),
            Error::NotFound(_) | Error::NoSite => (StatusCode::NOT_FOUND, "not_found"),
            Error::MethodNotAllowed => (StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed"),
            Error::TooSlow => (StatusCode::REQUEST_TIMEOUT, "too_slow"),
            Error::Conflict(_) => (StatusCode::CONFLICT, "conflict"),
            Error::Stale(_) => (StatusCode::PRECONDITION_FAILED, "stale"),
            Error::TooLarge(_) => (StatusCode::PAYLOAD_TOO_LARGE, "too_large"),
            Error::UnsupportedMediaType(_) => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type"),
            Error::Invalid(_) => (StatusCode::UNPROCESSABLE_ENTITY, "invalid"),
            Error::KeyReused => (StatusCode::UNPROCESSABLE_ENTITY, "idempotency_key_reused"),
            Error::TooMany { .. } => (StatusCode::TOO_MANY_REQUESTS, "too_many_requests"),
            Error::Unavailable { .. } => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
            Error::Database(error) if db::is_unavailable(error) => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
            Error::Database(_) | Error::Internal(_) | Error::Panicked => {
                (StatusCode::INTERNAL_SERVER_ERROR, "internal")
            }
        }
    }

    /// Seconds after which to try again, where that helps.
    pub fn retry_after(&self) -> Option<u64> {
        match self {
            Error::TooMany { retry_after } | Error::Unavailable { retry_after } => Some(*retry_after),
            Error::Database(error) if db::is_unavailable(error) => Some(5),
            _ => None,
        }
    }

    /// The texts of the page for people, where they are not those of the problem's type.
    fn page_texts(&self) -> Option<PageTexts> {
        matches!(self, Error::NoSite).then_some(PageTexts("no_site"))
    }

    /// What the client is told.
    pub fn problem(&self) -> Problem {
        let (status, name) = self.status();
        let detail = match self {
            Error::Database(_) | Error::Internal(_) | Error::Panicked
                if status == StatusCode::INTERNAL_SERVER_ERROR =>
            {
                "something went wrong on our side; it has been logged".to_owned()
            }
            Error::Database(_) => "the collector is busy".to_owned(),
            other => other.to_string(),
        };
        let errors = match self {
            Error::Invalid(errors) => errors.clone(),
            _ => Vec::new(),
        };
        Problem {
            kind: format!("/problems/{name}"),
            title: title(name).to_owned(),
            status: status.as_u16(),
            detail,
            errors,
        }
    }
}

/// Why a request was refused, on its answer: the last part of the problem's type.
#[derive(Clone, Copy, Debug)]
pub struct ProblemName(pub &'static str);

/// How a page for people says why something was refused, on its answer: a part of `common.problem.`.
#[derive(Clone, Copy, Debug)]
pub struct PageTexts(pub &'static str);

impl From<anyhow::Error> for Error {
    /// An error of the database stays one, whatever it came through: that it is away at present is not our fault.
    fn from(error: anyhow::Error) -> Self {
        match error.downcast::<sqlx::Error>() {
            Ok(error) => Self::Database(error),
            Err(error) => Self::Internal(error),
        }
    }
}

impl From<Vec<FieldError>> for Error {
    fn from(errors: Vec<FieldError>) -> Self {
        Self::Invalid(errors)
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let problem = self.problem();
        if let Error::Unavailable { .. } = self {
            // Not an error but what holds under load; at each refusal a line would make the load worse. The metrics count them.
            tracing::debug!(status = problem.status, "refused, being busy");
        } else if problem.status >= 500 && !matches!(self, Error::Panicked) {
            // The one place where a failed request is logged; the request's span has its id and route.
            tracing::error!(error = %self, status = problem.status, "request failed");
        }
        let (status, name) = self.status();
        let mut response = (status, Json(&problem)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if matches!(self, Error::NoToken) {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = self.retry_after() {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        // Pages turn it into one of their own (see `headers::for_pages` and `problems`).
        response.extensions_mut().insert(problem);
        response.extensions_mut().insert(ProblemName(name));
        if let Some(texts) = self.page_texts() {
            response.extensions_mut().insert(texts);
        }
        response
    }
}
