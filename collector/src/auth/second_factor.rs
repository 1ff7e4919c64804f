//! What a member shows beside the password: codes of an app ([`super::totp`]) or a passkey ([`super::passkeys`]), and recovery codes for whoever has lost both.

use crate::db::{Db, Tx};
use crate::{with_db, with_tx};

/// Whether a member has one, of either kind.
pub async fn is_set(db: &Db, member_id: &str) -> sqlx::Result<bool> {
    let count: i64 = with_db!(db, pool => sqlx::query_scalar(COUNT).bind(member_id).fetch_one(pool).await)?;
    Ok(count > 0)
}

/// Removes the recovery codes of a member who has no second factor any more.
pub(super) async fn forget_codes_without_factor(tx: &mut Tx, member_id: &str) -> sqlx::Result<()> {
    let left: i64 = with_tx!(&mut *tx, conn => sqlx::query_scalar(COUNT).bind(member_id).fetch_one(conn).await)?;
    if left > 0 {
        return Ok(());
    }
    let delete = "delete from recovery_codes where member_id = $1";
    with_tx!(&mut *tx, conn => sqlx::query(delete).bind(member_id).execute(conn).await.map(|_| ()))
}

const COUNT: &str = "select count(*) from members where id = $1 \
    and (totp_cipher is not null or exists (select 1 from passkeys where passkeys.member_id = members.id))";
