//! The outbox: each event of a case is planned into deliveries, and each delivery is sent at least once, in order for its
//! case and destination.
//!
//! Events are the outbox. A job turns those of a case into rows of `deliveries` in one short transaction; workers claim due rows by
//! lease and send them with no lock and no transaction held. A crash between any two steps repeats work and loses none of it.

pub mod bounces;
mod bursts;
pub mod card;
mod channels;
pub mod check;
pub mod commands;
pub mod customer_mails;
mod deliveries;
mod delivery;
mod digest;
pub mod dkim;
pub mod egress;
mod event_context;
mod forward;
mod http;
mod inert;
pub mod lanes;
pub mod list;
pub mod preview;
mod quota;
mod send;
pub mod ssrf_guard;
mod staff;
pub mod standing;
pub mod stuck;
pub mod suspensions;
pub mod template;
pub mod templates;
pub mod trial;
mod workers;

pub use channels::{Channels, email};
pub use deliveries::{claim, lease, release_lease};
pub use delivery::{
    CUSTOMER, Delivery, EVENT, Failure, NewMail, QUIET_HOURS, State, member, member_of, plan_for_target, plan_mail,
    team_of,
};
pub use event_context::console_path;
pub use forward::{Named, forward, tell_named};
pub use quota::receipt_is_folded;
pub use workers::deliver_due;

use crate::app::App;

/// Delivers until `app.shutdown` is cancelled and what is under way has ended. An error says that the settings of mail
/// or webhooks can't be used.
pub async fn run(app: App) -> anyhow::Result<()> {
    let channels = Channels::open(&app.config)?;
    if let Err(error) = deliveries::end_leases_of_the_dead(&app.db).await {
        tracing::warn!(%error, "the leases of an earlier run end by themselves");
    }
    workers::run(&app, channels).await;
    Ok(())
}
