//! One-time links: the first set-up, and signing in without a password. A link is opened without consequences, since mail
//! scanners and previews open it too; the button on its page is what uses it up.

use crate::clock::{Clock, DAY, Millis};
use crate::db::{Db, Tx};
use crate::keys::{Keys, Purpose, random_token};
use crate::{with_db, with_tx, with_write};

use super::Member;

/// How long the link of the first set-up works; every start of the server prints a new one.
const SETUP_FOR: Millis = DAY;
/// How long a member has to come in.
const SIGN_IN_FOR: Millis = 3 * DAY;

const SETUP: &str = "setup";
const SIGN_IN: &str = "sign_in";

/// Makes the link of the first set-up and gives its path, or none when there is a member already. Earlier ones stop working, but
/// where several replicas serve: each of them prints one, and whichever the operator follows must work.
pub async fn make_setup_link(db: &Db, keys: &Keys, clock: &Clock) -> sqlx::Result<Option<String>> {
    if Member::exist(db).await? {
        return Ok(None);
    }
    let token = random_token();
    let mut tx = db.begin().await?;
    let now = clock.now();
    let outlived = if db.takes_one_server() { Millis::MAX } else { now };
    let delete = "delete from links where purpose = $1 and expires_at <= $2";
    with_tx!(&mut tx, conn => sqlx::query(delete).bind(SETUP).bind(outlived).execute(conn).await.map(|_| ()))?;
    insert(&mut tx, keys, &token, SETUP, None, now + SETUP_FOR).await?;
    tx.commit().await?;
    Ok(Some(format!("/setup/{token}")))
}

/// Makes a link that signs a member in once and gives its path. Earlier ones of the member stop working.
pub async fn make_sign_in_link(db: &Db, keys: &Keys, clock: &Clock, member_id: &str) -> sqlx::Result<String> {
    let token = random_token();
    let mut tx = db.begin().await?;
    let delete = "delete from links where member_id = $1 or expires_at <= $2";
    with_tx!(&mut tx, conn => sqlx::query(delete).bind(member_id).bind(clock.now()).execute(conn).await.map(|_| ()))?;
    insert(&mut tx, keys, &token, SIGN_IN, Some(member_id), clock.now() + SIGN_IN_FOR).await?;
    tx.commit().await?;
    Ok(format!("/staff/link/{token}"))
}

/// Whether the link of the first set-up would still work.
pub async fn setup_works(db: &Db, keys: &Keys, token: &str, now: Millis) -> sqlx::Result<bool> {
    Ok(works(db, keys, token, SETUP, now).await? && !Member::exist(db).await?)
}

/// Whether a link to sign in would still work.
pub async fn sign_in_works(db: &Db, keys: &Keys, token: &str, now: Millis) -> sqlx::Result<bool> {
    works(db, keys, token, SIGN_IN, now).await
}

/// Uses up the link of the first set-up; false if it does not work any more. All of them end with it, so that of two people with two
/// links at the same moment one finds nothing left.
pub async fn use_setup(tx: &mut Tx, keys: &Keys, token: &str, now: Millis) -> sqlx::Result<bool> {
    let delete = "delete from links where purpose = $1 returning token_hash, expires_at";
    let ended: Vec<(String, Millis)> = with_tx!(tx, conn => sqlx::query_as(delete).bind(SETUP).fetch_all(conn).await)?;
    let hash = keys.hash(Purpose::Link, token);
    let works = ended.iter().any(|(ended, expires_at)| *ended == hash && *expires_at > now);
    let members: i64 = with_tx!(tx, conn => sqlx::query_scalar("select count(*) from members").fetch_one(conn).await)?;
    Ok(works && members == 0)
}

/// Uses up a link to sign in and gives the member.
pub async fn use_sign_in(db: &Db, keys: &Keys, token: &str, now: Millis) -> sqlx::Result<Option<Member>> {
    let delete =
        "delete from links where token_hash = $1 and purpose = 'sign_in' and expires_at > $2 returning member_id";
    let hash = keys.hash(Purpose::Link, token);
    let member_id: Option<Option<String>> =
        with_write!(db, pool => sqlx::query_scalar(delete).bind(&hash).bind(now).fetch_optional(pool).await)?;
    match member_id.flatten() {
        Some(id) => Member::by_id(db, &id).await,
        None => Ok(None),
    }
}

async fn works(db: &Db, keys: &Keys, token: &str, purpose: &str, now: Millis) -> sqlx::Result<bool> {
    let select = "select count(*) from links where token_hash = $1 and purpose = $2 and expires_at > $3";
    let hash = keys.hash(Purpose::Link, token);
    let count: i64 =
        with_db!(db, pool => sqlx::query_scalar(select).bind(&hash).bind(purpose).bind(now).fetch_one(pool).await)?;
    Ok(count > 0)
}

async fn insert(
    tx: &mut Tx,
    keys: &Keys,
    token: &str,
    purpose: &str,
    member_id: Option<&str>,
    expires_at: Millis,
) -> sqlx::Result<()> {
    let insert = "insert into links (token_hash, purpose, member_id, expires_at) values ($1, $2, $3, $4)";
    let hash = keys.hash(Purpose::Link, token);
    with_tx!(tx, conn => sqlx::query(insert).bind(&hash).bind(purpose).bind(member_id).bind(expires_at).execute(conn).await.map(|_| ()))
}
