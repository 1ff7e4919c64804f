//! How many mails one recipient gets in an hour, counted in the database, so that all collectors count together.
//!
//! Anybody can leave a stranger's address with feedback, or write in a case again and again. Neither may fill somebody's mailbox: what is over
//! the limit is folded into one mail at the end of the hour, which says how much it is (see [`super::digest`]).

use super::delivery::State;
use crate::app::App;
use crate::clock::{HOUR, MINUTE, Millis};
use crate::config::Limits;
use crate::db::Tx;
use crate::keys::{Keys, Purpose};
use crate::{with_db, with_tx};

/// How long a window is, from its first mail on.
const WINDOW: Millis = HOUR;

/// What is counted: the mails of one kind to one recipient.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Scope {
    /// A keyed hash, so that the database does not know the address.
    hash: String,
    limit: i64,
}

/// A window whose limit is reached.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct FullWindow {
    scope: String,
    started_at: Millis,
}

/// The mailbox that an address belongs to: most servers deliver `li+anything@…` to `li@…`.
fn mailbox(address: &str) -> String {
    let address = address.to_lowercase();
    match address.split_once('@') {
        Some((local, domain)) => {
            format!("{}@{domain}", local.split('+').find(|part| !part.is_empty()).unwrap_or(local))
        }
        None => address,
    }
}

impl Scope {
    /// Receipts to an address, of all cases.
    pub fn receipts(keys: &Keys, limits: &Limits, address: &str) -> Self {
        Self::new(keys, &format!("receipts/{}", mailbox(address)), limits.receipts_per_hour)
    }

    /// Mails about one case to an address.
    pub fn of_case(keys: &Keys, limits: &Limits, address: &str, case_id: &str) -> Self {
        Self::new(keys, &format!("case/{case_id}/{}", address.to_lowercase()), limits.mails_per_case_and_hour)
    }

    /// Mails to the address of a team, of all cases.
    pub fn of_team(keys: &Keys, limits: &Limits, address: &str) -> Self {
        Self::new(keys, &format!("team/{}", address.to_lowercase()), limits.team_mails_per_hour)
    }

    fn new(keys: &Keys, name: &str, limit: u32) -> Self {
        Self { hash: keys.hash(Purpose::Recipient, name), limit: i64::from(limit) }
    }

    /// Counts one more mail; gives the window if it is one too many.
    pub async fn count(&self, tx: &mut Tx, now: Millis) -> sqlx::Result<Option<FullWindow>> {
        let count = "insert into mail_windows (scope, started_at, mails) values ($1, $2, 1) on conflict (scope) do update set \
            mails = case when mail_windows.started_at <= $3 then 1 else mail_windows.mails + 1 end, \
            started_at = case when mail_windows.started_at <= $3 then excluded.started_at else mail_windows.started_at end \
            returning started_at, mails";
        let (started_at, mails): (Millis, i64) = with_tx!(tx, conn => sqlx::query_as(count).bind(&self.hash).bind(now)
            .bind(now - WINDOW).fetch_one(conn).await)?;
        Ok((mails > self.limit).then(|| FullWindow { scope: self.hash.clone(), started_at }))
    }

    /// Whether one more mail would be too many.
    async fn is_full(&self, app: &App) -> sqlx::Result<bool> {
        let select = "select mails from mail_windows where scope = $1 and started_at > $2";
        let since = app.clock.now() - WINDOW;
        let mails: Option<i64> = with_db!(&app.db, pool => sqlx::query_scalar(select).bind(&self.hash).bind(since).fetch_optional(pool).await)?;
        Ok(mails.is_some_and(|mails| mails >= self.limit))
    }
}

impl FullWindow {
    /// The order key of the mail that tells of everything that was over, for one site.
    pub fn order_key(&self, site_id: &str) -> String {
        format!("digest/{}/{site_id}", self.scope)
    }

    /// Its number in that order.
    pub const fn order_no(&self) -> i64 {
        self.started_at
    }

    /// When it is sent: when the window is over, and whoever still counts in it has done so.
    pub const fn due_at(&self) -> Millis {
        self.started_at + WINDOW + MINUTE
    }
}

/// Whether the receipt of a case comes with others in one mail, or would if it were forwarded now.
pub async fn receipt_is_folded(app: &App, case_id: &str, address: &str) -> sqlx::Result<bool> {
    if app.config.dangerous_disable_guards {
        return Ok(false);
    }
    let select = "select state from deliveries where order_key = $1 and destination = 'customer' and order_no = 1";
    let state: Option<String> =
        with_db!(&app.db, pool => sqlx::query_scalar(select).bind(case_id).fetch_optional(pool).await)?;
    match state {
        Some(state) => Ok(state == State::Folded.as_str()),
        None => Scope::receipts(&app.keys, &app.config.limits, address).is_full(app).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plus_addresses_are_one_mailbox() {
        assert_eq!(mailbox("Li+1@Example.com"), mailbox("li+shop+2@example.com"));
        assert_eq!(mailbox("li@example.com"), "li@example.com");
        assert_ne!(mailbox("li@example.com"), mailbox("lu+li@example.com"));
        assert_eq!(mailbox("+li@example.com"), "li@example.com");
    }
}
