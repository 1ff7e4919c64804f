//! Which program asks, by its token: the one place where tokens and scopes are checked. A handler says what it asks for by its
//! argument: such as [`MaySubmit`] or [`MayReadCustomers`].

use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;

use super::permissions::{self, Action, Object, can};
use super::token::{Bearer, Scope, Token};
use crate::app::App;
use crate::cases::Actor;
use crate::http::client::ClientAddress;
use crate::http::{Error, Result};

macro_rules! programs {
    ($($(#[$doc:meta])* $name:ident = $action:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug)]
        pub struct $name(pub Token);

        impl FromRequestParts<App> for $name {
            type Rejection = Error;

            async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
                program(parts, app, Action::$action).await.map(Self)
            }
        }
    )+};
}

programs! {
    /// A program that may enter feedback.
    MaySubmit = EnterFeedback,
    /// A program that may read cases.
    MayRead = ReadCase,
    /// A program that may change cases.
    MayWrite = ManageCase,
    /// A program that may see what became of mails, and read those that are held.
    MayReadMail = ReadMail,
    /// A program that may take mails that are held, and drop them.
    MayManageMail = ManageMail,
    /// A program that may read customers.
    MayReadCustomers = ReadCustomer,
    /// A program that may change customers.
    MayWriteCustomers = ManageCustomer,
    /// A program that may draw samples of customers to be called.
    MayDrawCheckCalls = DrawCheckCalls,
    /// A program that may give all customers of one representative to another.
    MayHandOverCustomers = HandOverCustomers,
    /// A program that may read what the service is made of.
    MayReadService = ReadService,
    /// A program that may change what the service is made of.
    MayWriteService = ManageService,
    /// A program that may read reports.
    MayReadReports = ReadReports,
    /// A program that may read the audit log.
    MayAudit = ReadAudit,
}

impl Token {
    /// Who acts when a program does.
    pub fn actor(&self) -> Actor {
        Actor::Token(self.id.clone())
    }
}

/// The token of a request, if it may do something. Failures are counted by client.
async fn program(parts: &mut Parts, app: &App, action: Action) -> Result<Token> {
    let token = match shown(parts) {
        Some(bearer) => Token::by_bearer(&app.db, &app.keys, &bearer).await?,
        None => None,
    };
    let Some(token) = token else {
        let Ok(client) = ClientAddress::from_request_parts(parts, app).await;
        app.limits.check_token(client)?;
        tracing::info!(security = "token.unknown", "a request without a valid token was refused");
        return Err(Error::NoToken);
    };
    if !can(permissions::Actor::Program(&token.scopes()), action, Object::Installation) {
        let scope = action.scope().map_or("", Scope::as_str);
        tracing::info!(security = "token.scope", token = token.id, scope, "a token has not the scope");
        return Err(Error::Forbidden(format!("this token has not the scope {scope}")));
    }
    // That it can't be noted is no reason to refuse what the token may do.
    if let Err(error) = token.note_use(&app.db, app.clock.now()).await {
        tracing::warn!(%error, "the use of a token can't be noted");
    }
    Ok(token)
}

fn shown(parts: &Parts) -> Option<Bearer> {
    let mut values = parts.headers.get_all(header::AUTHORIZATION).iter();
    let (value, None) = (values.next()?, values.next()) else { return None };
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| Bearer::parse(token.trim()))?
}
