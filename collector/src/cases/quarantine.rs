//! The quarantine: cases that are suspected to be spam. They are stored like all others, but nobody is told of them until somebody
//! of the staff has released them.

use super::status::words;
use crate::db::Tx;
use crate::with_tx;

/// What stands in the column `quarantine` of a case that was merged into another one, which keeps it out of lists, rules and forwarding to the
/// staff just as well.
pub const MERGED: &str = "merged";

words! {
    /// Where a suspected case stands.
    Quarantine {
        /// Nobody has decided yet.
        Held = "held",
        /// It was spam. It is kept, closed, until its time is over.
        Discarded = "discarded",
    }
}

words! {
    /// Why a case is suspected.
    Suspicion {
        /// A field was filled in that people do not see.
        Honeypot = "honeypot",
        /// Nobody types that fast.
        TooFast = "too_fast",
        /// It was sent without having been asked for.
        NoToken = "no_token",
        /// Its token is not ours, or is that of another form.
        ForgedToken = "forged_token",
        /// It came by mail as an answer about a case of somebody else.
        Stranger = "stranger",
    }
}

/// Holds a case that was inserted in this transaction.
pub async fn hold(tx: &mut Tx, case_id: &str, suspicion: Suspicion) -> sqlx::Result<()> {
    let update = "update cases set quarantine = $1, suspicion = $2 where id = $3";
    with_tx!(tx, conn => sqlx::query(update).bind(Quarantine::Held.as_str()).bind(suspicion.as_str()).bind(case_id)
        .execute(conn).await.map(|_| ()))
}

/// Brings a discarded case to which the customer has written back before the staff: whoever answers may have been no robot.
pub(super) async fn hold_again(tx: &mut Tx, case_id: &str) -> sqlx::Result<()> {
    let update = "update cases set quarantine = $1 where id = $2 and quarantine = $3";
    with_tx!(tx, conn => sqlx::query(update).bind(Quarantine::Held.as_str()).bind(case_id)
        .bind(Quarantine::Discarded.as_str()).execute(conn).await.map(|_| ()))
}
