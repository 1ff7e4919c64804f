//! Who the staff are and what they may do: members, passwords, sessions, one-time links, and the tokens of programs.

pub mod bearer;
pub mod breached;
pub mod commands;
pub mod confirm;
pub mod device;
pub mod failed_sign_ins;
pub mod guard;
pub mod invitations;
pub mod links;
pub mod member;
pub mod new_password;
pub mod oidc;
pub mod passkeys;
pub mod password;
pub mod password_links;
pub mod permissions;
pub mod second_factor;
pub mod session;
pub mod sign_in_log;
pub mod token;
pub mod token_commands;
pub mod totp;

pub use guard::{Administers, CsrfForm, KeyedForm, MayAct, SignedIn, standing};
pub use member::{Member, Role};
pub use password::Password;
pub use token::Token;
