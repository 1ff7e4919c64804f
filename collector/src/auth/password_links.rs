//! Links by mail for members who have forgotten their password.
//!
//! Whoever asks gets the same answer whether there is such a member or not, at once: what follows happens afterwards. A link is made of an identifier with the
//! master key, works once and for an hour, and sets a password, no more: whoever follows it signs in by that and shows their second factor as ever.

use serde_json::Value;

use super::Member;
use super::member::Email;
use crate::app::App;
use crate::audit::{self, Change, Stamp};
use crate::clock::{HOUR, MINUTE, Millis};
use crate::db::{Db, Tx};
use crate::keys::{Keys, Purpose, SignedId, new_id};
use crate::outbox::{self, NewMail, plan_mail};
use crate::{with_db, with_tx};

/// The subject of the deliveries that bring them.
pub const SUBJECT: &str = "password_link";
/// How long a link works.
const WORKS_FOR: Millis = HOUR;
/// A member gets at most one mail in this time, whoever asks how often.
const QUIET: Millis = 5 * MINUTE;

/// A link that has not been used.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct PasswordLink {
    id: String,
    /// Whose it is.
    pub member_id: String,
    /// Until when it works.
    pub expires_at: Millis,
}

const COLUMNS: &str = "id, member_id, expires_at";

impl PasswordLink {
    /// The link, below the console's address; none if its row was tampered with.
    pub fn path(&self, keys: &Keys) -> Option<String> {
        let signed = SignedId::of(keys, Purpose::PasswordLink, &self.id)?;
        Some(format!("/staff/password/{}", signed.as_str()))
    }

    /// The one with this identifier.
    pub async fn by_id(db: &Db, id: &str) -> sqlx::Result<Option<Self>> {
        let select = sqlx::AssertSqlSafe(format!("select {COLUMNS} from password_links where id = $1"));
        with_db!(db, pool => sqlx::query_as(select).bind(id).fetch_optional(pool).await)
    }

    /// The one that a link names; none if it was used, is too old, or was not made here.
    pub async fn by_token(db: &Db, keys: &Keys, token: &str, now: Millis) -> sqlx::Result<Option<Self>> {
        let Some(signed) = SignedId::parse(keys, Purpose::PasswordLink, token) else { return Ok(None) };
        let link = Self::by_id(db, signed.id()).await?;
        Ok(link.filter(|link| now < link.expires_at))
    }

    /// Sets the password of its member, once, and ends their sessions; says whether it did.
    pub async fn set_password(&self, db: &Db, hash: &str, now: Millis) -> sqlx::Result<bool> {
        let mut tx = db.begin().await?;
        // Locked first, as wherever a password is set, so that of two who use two links one finds nothing left.
        let update = "update members set password_hash = $1, session_epoch = session_epoch + 1 where id = $2 and disabled_at is null \
            and exists (select 1 from password_links where id = $3 and expires_at > $4)";
        let set = with_tx!(&mut tx, conn => sqlx::query(update).bind(hash).bind(&self.member_id).bind(&self.id).bind(now).execute(conn).await
            .map(|done| done.rows_affected()))?;
        let used = forget(&mut tx, &self.member_id).await?;
        if set == 0 || used == 0 {
            tx.rollback().await?;
            return Ok(false);
        }
        append(&mut tx, "member.password.set", &self.member_id, &Stamp::member(&self.member_id, now)).await?;
        tx.commit().await?;
        Ok(true)
    }
}

/// Plans the mail with a link for the member who has this address, if there is one.
pub async fn request(app: &App, email: &Email) -> sqlx::Result<()> {
    let Some(member) = Member::by_email(&app.db, email).await? else { return Ok(()) };
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    let lock = "update members set name = name where id = $1 and disabled_at is null \
        and not exists (select 1 from password_links where member_id = $1 and created_at > $2)";
    let may = with_tx!(&mut tx, conn => sqlx::query(lock).bind(&member.id).bind(now - QUIET).execute(conn).await.map(|done| done.rows_affected()))?;
    if may == 0 {
        return tx.rollback().await;
    }
    let id = new_id();
    let insert = "insert into password_links (id, member_id, created_at, expires_at) values ($1, $2, $3, $4)";
    with_tx!(&mut tx, conn => sqlx::query(insert).bind(&id).bind(&member.id).bind(now).bind(now + WORKS_FOR).execute(conn).await.map(|_| ()))?;
    append(&mut tx, "member.password.link", &member.id, &Stamp::system(now)).await?;
    let destination = outbox::member(&member.id);
    let mail = NewMail {
        subject: SUBJECT,
        subject_id: &id,
        order_key: &id,
        order_no: 1,
        destination: &destination,
        due_at: now,
    };
    plan_mail(&mut tx, mail, now).await?;
    tx.commit().await?;
    app.deliveries_wake.notify_one();
    Ok(())
}

/// Ends the links of a member, whose password was changed; gives how many there were.
async fn forget(tx: &mut Tx, member_id: &str) -> sqlx::Result<u64> {
    let delete = "delete from password_links where member_id = $1";
    with_tx!(tx, conn => sqlx::query(delete).bind(member_id).execute(conn).await.map(|done| done.rows_affected()))
}

async fn append(tx: &mut Tx, action: &'static str, member_id: &str, stamp: &Stamp) -> sqlx::Result<()> {
    let change = Change { action, object: format!("member/{member_id}"), before: Value::Null, after: Value::Null };
    audit::append(tx, stamp, &change).await
}
