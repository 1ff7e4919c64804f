//! How far a mailbox has been read.

use crate::db::Db;
use crate::{with_db, with_write};

/// The last mail that was taken, by the numbers of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::FromRow)]
pub(super) struct Position {
    /// Of which numbering it is: the server says if it has begun another.
    pub(super) validity: i64,
    /// The number.
    pub(super) last: i64,
}

impl Position {
    /// That of a mailbox; none if it has never been read.
    pub(super) async fn of(db: &Db, mailbox: &str) -> sqlx::Result<Option<Self>> {
        let select = "select validity, last from imap_positions where mailbox = $1";
        with_db!(db, pool => sqlx::query_as(select).bind(mailbox).fetch_optional(pool).await)
    }

    /// Notes it.
    pub(super) async fn note(self, db: &Db, mailbox: &str) -> sqlx::Result<()> {
        let upsert = "insert into imap_positions (mailbox, validity, last) values ($1, $2, $3) \
            on conflict (mailbox) do update set validity = excluded.validity, last = excluded.last";
        with_write!(db, conn => sqlx::query(upsert).bind(mailbox).bind(self.validity).bind(self.last).execute(conn).await.map(|_| ()))
    }
}
