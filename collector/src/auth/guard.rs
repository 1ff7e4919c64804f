//! Who may do what: the one place where sessions, roles and forged forms are checked. A handler says what it asks for by its
//! arguments: [`SignedIn`], [`MayAct`] or [`Administers`], and [`CsrfForm`] for the form.

use std::sync::Arc;

use axum::Form;
use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, FromRequestParts, OptionalFromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use sayso_shared::id::IdempotencyKey;
use sayso_shared::limits::BODY_MAX_BYTES;
use serde::de::DeserializeOwned;
use tower_sessions::Session;
use tower_sessions::session::Id;

use super::Member;
use super::permissions::{Action, Actor, Object, Standing, can};
use super::second_factor;
use super::session::{self, AskedBy};
use crate::app::App;
use crate::http::body::fresh_key;
use crate::http::language::MemberLanguage;
use crate::http::{Error, cors, nul};
use crate::keys::{Purpose, equal};
use crate::text::Texts;

/// Where one signs in.
pub const SIGN_IN: &str = "/staff/sign-in";
/// The start page, where one goes without another wish.
pub const START: &str = "/staff";
/// The inbox.
pub const HOME: &str = "/staff/cases";

/// Where a second factor is set up.
pub const SECOND_FACTOR: &str = "/staff/account/second-factor";

/// Somebody of the staff.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// Who it is.
    pub member: Member,
    /// What the member's rights depend on.
    pub standing: Standing,
    /// The texts in the member's language.
    pub t: Texts,
    /// What every form of this session carries in its field `csrf`.
    pub csrf: String,
    /// The session.
    pub session: Session,
    /// Where the answer is shown.
    pub place: Place,
}

/// Where a page of the console is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In a tab of its own, with the bar at its top.
    Tab,
    /// In the pane beside the list of cases.
    Pane,
}

/// Somebody who may change cases.
#[derive(Clone, Debug)]
pub struct MayAct(pub SignedIn);

/// Somebody who looks after the collector.
#[derive(Clone, Debug)]
pub struct Administers(pub SignedIn);

/// A form that was sent from a page of this session.
#[derive(Debug)]
pub struct CsrfForm<F>(pub F);

/// As [`CsrfForm`], and with the key by which it is told from the same form sent again: by a second press, or by the browser's Back.
#[derive(Debug)]
pub struct KeyedForm<F> {
    /// What it says.
    pub form: F,
    /// Its key, which the page gave it.
    pub key: IdempotencyKey,
}

/// Why somebody does not get there: an error, or a page where they can sign in first.
#[derive(Debug)]
pub enum AuthRejection {
    /// An error page.
    Error(Error),
    /// Sign in, and then on to this address.
    SignIn(String),
    /// The same, of somebody who sent a form: nothing came of it, which they are told.
    SignInAgain(String),
    /// The page on which they set up the second factor that their role needs.
    SecondFactor,
}

/// Refuses forms that another website sends in the name of somebody who is signed in here.
pub async fn same_origin(State(app): State<App>, request: Request, next: Next) -> Response {
    if request.method() == Method::POST && is_foreign(&app, request.headers()) {
        tracing::info!(security = "form.foreign", "a form of another website was refused");
        return Error::Forbidden("this form was sent from another website".into()).into_response();
    }
    next.run(request).await
}

/// The address to go on to, if it is one of the console's own; anything else could lead a member to a copy of it.
pub fn local_path(next: &str) -> Option<&str> {
    let own = next == "/staff" || next.starts_with("/staff/");
    (own && !next.starts_with(SIGN_IN)
        && !next.contains(['\\', '#'])
        && next.bytes().all(|byte| byte.is_ascii_graphic()))
    .then_some(next)
}

/// Where one signs in and then goes on to `next`.
pub fn sign_in_path(next: &str) -> String {
    let query: String = url::form_urlencoded::Serializer::new(String::new()).append_pair("next", next).finish();
    format!("{SIGN_IN}?{query}")
}

impl SignedIn {
    async fn of(parts: &Parts, app: &App) -> Result<Option<Self>, Error> {
        let session = parts.extensions.get::<Session>().cloned();
        let session = session.ok_or_else(|| anyhow::anyhow!("the route has no session layer"))?;
        let Some(member) = session::member(app, &session, asked_by(&parts.headers)).await? else { return Ok(None) };
        let Some(id) = session.id() else { return Ok(None) };
        let csrf = csrf(app, &id);
        let standing = standing(app, &member).await?;
        let place = match parts.headers.get("sec-fetch-dest").is_some_and(|dest| dest == "iframe") {
            true => Place::Pane,
            false => Place::Tab,
        };
        if let Some(language) = parts.extensions.get::<Arc<MemberLanguage>>() {
            language.note(member.lang());
        }
        Ok(Some(Self { t: Texts(member.lang()), member, standing, csrf, session, place }))
    }

    /// Goes on with this session, under a new identifier, after something has ended all sessions of the member.
    pub async fn renew(&mut self, app: &App, headers: &HeaderMap) -> Result<(), Error> {
        self.member = session::renew(app, &self.session, &self.member.id, headers).await?;
        self.csrf = csrf(app, &self.session.id().ok_or(Error::Unauthorized)?);
        Ok(())
    }

    /// Refuses a form that is from no page of this session.
    pub fn check_csrf(&self, token: &str) -> Result<(), Error> {
        if equal(token, &self.csrf) {
            return Ok(());
        }
        tracing::info!(
            security = "form.forged",
            member = self.member.id,
            "a form without the token of its session was refused"
        );
        Err(Error::Forbidden("this form is not from a page of your session; reload it".into()))
    }

    /// Whether the member may do something with the installation as a whole.
    pub fn may(&self, action: Action) -> bool {
        can(Actor::Member(&self.standing), action, Object::Installation)
    }

    /// Refuses what the member may not do with the installation as a whole, in these words.
    pub fn require(&self, action: Action, refusal: &str) -> Result<(), Error> {
        if self.may(action) {
            return Ok(());
        }
        tracing::info!(security = "forbidden", member = self.member.id, "{refusal}");
        Err(Error::Forbidden(refusal.into()))
    }
}

impl FromRequestParts<App> for SignedIn {
    type Rejection = AuthRejection;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, AuthRejection> {
        let who = Self::of(parts, app).await?.ok_or_else(|| match parts.method {
            Method::GET | Method::HEAD => AuthRejection::SignIn(wanted(parts)),
            _ => AuthRejection::SignInAgain(wanted(parts)),
        })?;
        match lacks_second_factor(app, &who, parts.uri.path()).await? {
            true => Err(AuthRejection::SecondFactor),
            false => Ok(who),
        }
    }
}

impl OptionalFromRequestParts<App> for SignedIn {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Option<Self>, Error> {
        Self::of(parts, app).await
    }
}

impl FromRequestParts<App> for MayAct {
    type Rejection = AuthRejection;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, AuthRejection> {
        let who = <SignedIn as FromRequestParts<App>>::from_request_parts(parts, app).await?;
        match who.member.role().may_act() {
            true => Ok(Self(who)),
            false => {
                tracing::info!(security = "forbidden", member = who.member.id, "a viewer may not change anything");
                Err(Error::Forbidden("viewers can't change anything".into()).into())
            }
        }
    }
}

impl FromRequestParts<App> for Administers {
    type Rejection = AuthRejection;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, AuthRejection> {
        let who = <SignedIn as FromRequestParts<App>>::from_request_parts(parts, app).await?;
        match who.may(Action::Administer) {
            true => Ok(Self(who)),
            false => {
                tracing::info!(security = "forbidden", member = who.member.id, "only admins may do this");
                Err(Error::Forbidden("this is for admins".into()).into())
            }
        }
    }
}

/// Whether the member's role needs a second factor.
pub fn needs_second_factor(app: &App, who: &SignedIn) -> bool {
    app.config.sign_in.second_factor_for.iter().any(|role| role == who.member.role().as_str())
}

/// Whether a member has to set up a second factor before they go on. Until then they have their account, and can sign out.
async fn lacks_second_factor(app: &App, who: &SignedIn, path: &str) -> Result<bool, Error> {
    if !needs_second_factor(app, who) {
        return Ok(false);
    }
    let is_account = path == "/staff/account" || path.starts_with("/staff/account/") || path == "/staff/sign-out";
    Ok(!is_account && !second_factor::is_set(&app.db, &who.member.id).await?)
}

/// What a member's rights depend on.
pub async fn standing(app: &App, member: &Member) -> Result<Standing, Error> {
    let service = app.service.current().await?;
    let sites = app.sites.all().await?;
    let open_sites = sites.iter().filter(|site| site.settings.agents_see_all).map(|site| site.id().to_owned());
    Ok(Standing {
        role: member.role(),
        member_id: member.id.clone(),
        teams: service.teams_of(&member.email).map(|team| team.key.to_string()).collect(),
        led: service.led_by(&member.email).map(|team| team.key.to_string()).collect(),
        open_sites: open_sites.collect(),
    })
}

#[derive(serde::Deserialize)]
struct WithToken<F> {
    #[serde(default)]
    csrf: String,
    #[serde(default)]
    key: String,
    #[serde(flatten)]
    form: F,
}

impl<F: DeserializeOwned> FromRequest<App> for CsrfForm<F> {
    type Rejection = AuthRejection;

    async fn from_request(request: Request, app: &App) -> Result<Self, AuthRejection> {
        KeyedForm::from_request(request, app).await.map(|KeyedForm { form, .. }| Self(form))
    }
}

impl<F: DeserializeOwned> FromRequest<App> for KeyedForm<F> {
    type Rejection = AuthRejection;

    async fn from_request(request: Request, app: &App) -> Result<Self, AuthRejection> {
        let (mut parts, body) = request.into_parts();
        let who = <SignedIn as FromRequestParts<App>>::from_request_parts(&mut parts, app).await?;
        let OpenForm(posted) = OpenForm::<WithToken<F>>::from_request(Request::from_parts(parts, body), app).await?;
        who.check_csrf(&posted.csrf)?;
        // Only our own pages give keys; whoever sends a form without one has no way to send it twice by chance.
        let key = IdempotencyKey::parse(&posted.key).unwrap_or_else(|_| fresh_key());
        Ok(Self { form: posted.form, key })
    }
}

/// A form of somebody who is not signed in; [`same_origin`] is what guards it.
#[derive(Debug)]
pub struct OpenForm<F>(pub F);

impl<F: DeserializeOwned> FromRequest<App> for OpenForm<F> {
    type Rejection = Error;

    async fn from_request(request: Request, app: &App) -> Result<Self, Error> {
        let (parts, body) = request.into_parts();
        let read = Bytes::from_request(Request::from_parts(parts.clone(), body), app).await;
        let bytes = read.map_err(|rejection| match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => Error::TooLarge(BODY_MAX_BYTES),
            _ => Error::Malformed("the form is not complete".into()),
        })?;
        nul::refuse_in_form(&bytes)?;
        let form = Form::<F>::from_request(Request::from_parts(parts, Body::from(bytes)), app).await;
        form.map(|Form(form)| Self(form)).map_err(|rejection| match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => Error::TooLarge(BODY_MAX_BYTES),
            StatusCode::UNSUPPORTED_MEDIA_TYPE => Error::UnsupportedMediaType("application/x-www-form-urlencoded"),
            _ => Error::Malformed("the form is not complete".into()),
        })
    }
}

impl From<Error> for AuthRejection {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

impl IntoResponse for AuthRejection {
    fn into_response(self) -> Response {
        match self {
            AuthRejection::Error(error) => error.into_response(),
            AuthRejection::SecondFactor => Redirect::to(SECOND_FACTOR).into_response(),
            AuthRejection::SignIn(next) => Redirect::to(&sign_in_path(&next)).into_response(),
            AuthRejection::SignInAgain(next) => {
                Redirect::to(&format!("{}&sent=nothing", sign_in_path(&next))).into_response()
            }
        }
    }
}

/// Where somebody wanted to go: the page itself, or the one whose form they sent.
fn wanted(parts: &Parts) -> String {
    let path = |uri: &Uri| uri.path_and_query().map(|path| path.as_str().to_owned());
    let wanted = match parts.method {
        Method::GET | Method::HEAD => path(&parts.uri),
        _ => {
            let referer = parts.headers.get(header::REFERER).and_then(|value| value.to_str().ok());
            referer.and_then(|referer| referer.parse::<Uri>().ok()).and_then(|uri| path(&uri))
        }
    };
    wanted.filter(|path| local_path(path).is_some()).unwrap_or_else(|| START.to_owned())
}

/// Whether a page of another website leads here, or sends this form.
pub fn is_foreign(app: &App, headers: &HeaderMap) -> bool {
    cors::is_foreign(headers, |origin| cors::is_console(&app.config, origin, headers))
}

/// What every form of a session carries.
fn csrf(app: &App, id: &Id) -> String {
    app.keys.hash(Purpose::Form, &id.to_string())
}

/// By the browser's word for what a request is for, which scripts can't change; by our own where it says nothing, on plain HTTP.
fn asked_by(headers: &HeaderMap) -> AskedBy {
    let is = |name: &'static str, word: &str| headers.get(name).is_some_and(|value| value == word);
    match is("sec-fetch-dest", "empty") || is("sayso-asked-by", "page") || is("accept", "text/event-stream") {
        true => AskedBy::Page,
        false => AskedBy::Person,
    }
}

#[cfg(test)]
mod tests {
    use super::local_path;
    use proptest::prelude::*;

    #[test]
    fn goes_on_only_to_the_console() {
        for good in ["/staff", "/staff/cases", "/staff/cases/1?as=note", "/staff/cases?q=%E8%BF%9F"] {
            assert_eq!(local_path(good), Some(good));
        }
        for bad in [
            "",
            "//evil.example",
            "https://evil.example/staff/",
            "/staffx",
            "/\\evil",
            "/staff/\\evil",
            "/staff/\r\nx",
            "/t/",
            "/staff/sign-in?next=/staff",
        ] {
            assert_eq!(local_path(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn whatever_passes_stays_on_this_host(next in "\\PC{0,30}") {
            if let Some(path) = local_path(&next) {
                let base = url::Url::parse("https://feedback.example").expect("a URL");
                let joined = base.join(path).expect("a path");
                prop_assert_eq!(joined.host_str(), Some("feedback.example"));
            }
        }
    }
}
