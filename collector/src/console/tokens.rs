//! Tokens for programs: listed, made and removed, for admins. A token is shown once, on the page that follows from making it.

use std::collections::BTreeMap;

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::get;
use serde::Deserialize;

use super::shell::{Screen, Shell, page};
use crate::app::App;
use crate::assets::{self, MARK};
use crate::audit::Stamp;
use crate::auth::confirm::confirm;
use crate::auth::member::Name;
use crate::auth::token::{Scope, Token};
use crate::auth::{Administers, CsrfForm, SignedIn};
use crate::clock::{Millis, rfc3339};
use crate::http::Result;
use crate::http::client::ClientAddress;
use crate::text::Texts;

const PATH: &str = "/staff/tokens";

/// `/staff/tokens`.
pub fn router() -> Router<App> {
    Router::new().route(PATH, get(show).post(add)).route("/staff/tokens/{id}/remove", get(back).post(remove))
}

#[derive(Template)]
#[template(path = "console/tokens.html")]
struct TokensPage {
    t: Texts,
    shell: Shell,
    tokens: Vec<Token>,
    form: TokenForm,
    /// The fields that are wrong, in their order, and the keys of why.
    errors: Vec<(&'static str, &'static str)>,
    /// The token that was made just now, by name and as it is shown this once.
    made: Option<(String, String)>,
    is_removed: bool,
}

/// What was typed for a new token.
#[derive(Clone, Debug, Default, Deserialize)]
struct TokenForm {
    #[serde(default)]
    name: String,
    #[serde(default)]
    password: String,
    /// `scope:cases:read` and so on, of the scopes that are chosen.
    #[serde(flatten)]
    rest: BTreeMap<String, String>,
}

impl TokenForm {
    fn has(&self, scope: &Scope) -> bool {
        self.rest.contains_key(&format!("scope:{}", scope.as_str()))
    }
}

impl TokensPage {
    async fn load(app: &App, who: &SignedIn) -> Result<Self> {
        Ok(Self {
            t: who.t,
            shell: Shell::load(app, who, Screen::Members).await?,
            tokens: Token::all(&app.db).await?,
            form: TokenForm::default(),
            errors: Vec::new(),
            made: None,
            is_removed: false,
        })
    }

    fn scopes(&self, token: &Token) -> String {
        token.scopes().iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(", ")
    }

    /// A time with what shows it.
    fn time(&self, at: &Millis) -> (String, String) {
        (rfc3339(*at), self.t.moment(*at))
    }

    fn error(&self, field: &str) -> Option<&'static str> {
        self.errors.iter().find(|(name, _)| *name == field).map(|(_, key)| self.t.get(key))
    }
}

#[derive(Deserialize)]
struct Done {
    #[serde(default)]
    done: String,
}

async fn show(State(app): State<App>, Administers(who): Administers, Query(done): Query<Done>) -> Result<Html<String>> {
    page(&TokensPage { is_removed: done.done == "removed", ..TokensPage::load(&app, &who).await? })
}

/// `GET` of the address of a form, after its answer was reloaded.
async fn back() -> Redirect {
    Redirect::to(PATH)
}

async fn add(
    State(app): State<App>,
    Administers(who): Administers,
    client: ClientAddress,
    CsrfForm(form): CsrfForm<TokenForm>,
) -> Result<Response> {
    let scopes: Vec<Scope> = Scope::ALL.iter().copied().filter(|scope| form.has(scope)).collect();
    let name = Name::parse(&form.name);
    let mut errors = Vec::new();
    match &name {
        Err(_) => errors.push(("name", "desk.token.name_wrong")),
        Ok(name) if Token::all(&app.db).await?.iter().any(|token| token.name == name.as_str()) => {
            errors.push(("name", "desk.token.taken"));
        }
        Ok(_) => {}
    }
    if scopes.is_empty() {
        errors.push(("scopes", "desk.token.no_scope"));
    }
    let name = match name {
        Ok(name) if errors.is_empty() => name,
        _ => return refused(&app, &who, form, errors).await,
    };
    // Whoever finds an open session must not make themselves a way in that stays.
    if let Some(error) = confirm(&app, &who, client, &form.password).await?.text() {
        return refused(&app, &who, form, vec![("password", error)]).await;
    }
    let stamp = Stamp::member(&who.member.id, app.clock.now());
    let bearer = Token::add(&app.db, &app.keys, &name, &scopes, &stamp).await?;
    let made = Some((name.as_str().to_owned(), bearer.reveal().to_owned()));
    Ok(page(&TokensPage { made, ..TokensPage::load(&app, &who).await? })?.into_response())
}

async fn refused(
    app: &App,
    who: &SignedIn,
    form: TokenForm,
    errors: Vec<(&'static str, &'static str)>,
) -> Result<Response> {
    let shown = TokensPage { form, errors, ..TokensPage::load(app, who).await? };
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page(&shown)?).into_response())
}

#[derive(Deserialize)]
struct Nothing {}

/// What shows the token is refused from now on. That takes access away and gives none, so nobody is asked once more who they are.
async fn remove(
    State(app): State<App>,
    Administers(who): Administers,
    Path(id): Path<String>,
    CsrfForm(_): CsrfForm<Nothing>,
) -> Result<Redirect> {
    let is_there = Token::all(&app.db).await?.iter().any(|token| token.id == id);
    // Somebody else may have removed it meanwhile.
    if is_there {
        Token::remove(&app.db, &id, &Stamp::member(&who.member.id, app.clock.now())).await?;
    }
    Ok(Redirect::to(&format!("{PATH}?done=removed")))
}
