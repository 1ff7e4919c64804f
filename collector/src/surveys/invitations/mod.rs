//! Invitations to a survey by mail: who is asked, once and not too often, the personal link, reminders, and who wants none.
//!
//! The leader looks every minute ([`invite`]). A survey with a sample draws it once; one without asks whoever comes to fit while it is open. What is
//! answered by a personal link is stored under a keyed hash of the invitation, and the invitation says only that it was answered.

mod customers;
mod draw;
mod plan;
mod rows;
mod send;
mod token;

pub use customers::{AskedCustomer, customers, have_values};
pub use draw::{Candidate, Drawn, candidates};
pub use plan::{calendar_of, invite};
pub use rows::{Draw, Invitation, Invited, SUBJECT, draw_of, figures, mark_answered, opt_out};
pub use send::{Invite, address_hash, load};
pub use token::Token;
