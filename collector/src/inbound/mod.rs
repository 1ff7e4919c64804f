//! Mail in: what customers and members answer by mail, and new mails to the address of a site.
//!
//! A mail finds its case by the signed address that it is sent to, then by the signed identifiers of the mails that it answers, and never by its
//! subject, which anybody can write. Every mail is taken once, however often and by whichever way it comes, and what became of it is kept, with the
//! reason where it is on no case.

pub mod address;
mod answer;
mod api;
mod automatic;
mod body;
mod bounce;
mod charsets;
pub mod commands;
pub mod cut;
mod decision;
pub mod desk;
mod desk_api;
mod files;
mod html;
pub mod imap;
mod marks;
pub mod message;
mod new_case;
mod ours;
pub mod quotes;
mod receive;
mod routes;
mod rows;
mod sealed;
mod team;
mod transfer;

pub use receive::{Handled, MAIL_MAX_BYTES, hold_failed, receive, retry_failed};
pub use routes::router;
pub use rows::{HeldMail, MailOutcome, MailReason, Received, context as raw_context, forget_old, message_id_context};
