//! Who the staff are and what they may do: members, passwords, sessions, one-time links, and the tokens of programs.

pub mod bearer;
pub mod commands;
pub mod guard;
pub mod links;
pub mod member;
pub mod password;
pub mod session;
mod setup;
mod sign_in;
pub mod token;
pub mod token_commands;

use axum::Router;

pub use guard::{Administers, MayAct, Posted, SignedIn};
pub use member::{Member, Role};
pub use password::Password;
pub use token::Token;

use crate::app::App;

/// Sign-in, sign-out, one-time links and the first set-up.
pub fn router() -> Router<App> {
    sign_in::router().merge(setup::router())
}
