//! How far a mailbox has been read.

use crate::cases::idempotency::content_hash;
use crate::config::Imap;
use crate::db::Db;
use crate::{with_db, with_write};

/// A mailbox: what it is called in the settings, and where it is.
pub(super) struct Place<'a> {
    pub(super) name: &'a str,
    pub(super) mailbox: &'a Imap,
}

impl Place<'_> {
    fn hash(&self) -> String {
        let Imap { url, user, folder, .. } = self.mailbox;
        content_hash(&(url, user, folder))
    }
}

/// The last mail that was taken, by the numbers of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::FromRow)]
pub(super) struct Position {
    /// Of which numbering it is: the server says if it has begun another.
    pub(super) validity: i64,
    /// The number.
    pub(super) last: i64,
}

impl Position {
    /// That of a mailbox; none if it has never been read, or if there is another one under its name.
    pub(super) async fn of(db: &Db, mailbox: &Place<'_>) -> sqlx::Result<Option<Self>> {
        let select = "select validity, last from imap_positions where mailbox = $1 and (place = $2 or place is null)";
        with_db!(db, pool => sqlx::query_as(select).bind(mailbox.name).bind(mailbox.hash()).fetch_optional(pool).await)
    }

    /// Notes it.
    pub(super) async fn note(self, db: &Db, mailbox: &Place<'_>) -> sqlx::Result<()> {
        let upsert = "insert into imap_positions (mailbox, place, validity, last) values ($1, $2, $3, $4) \
            on conflict (mailbox) do update set place = excluded.place, validity = excluded.validity, last = excluded.last";
        with_write!(db, conn => sqlx::query(upsert).bind(mailbox.name).bind(mailbox.hash()).bind(self.validity)
            .bind(self.last).execute(conn).await.map(|_| ()))
    }
}
