//! What became of each mail: so that none is taken twice, and so that somebody sees why one is on no case.

use crate::cases::status::words;
use crate::clock::{DAY, Millis};
use crate::db::Db;
use crate::keys::Keys;
use crate::{with_db, with_tx, with_write};

words! {
    /// What a mail became.
    MailOutcome {
        /// A case.
        Case = "case",
        /// A message of the customer in a case.
        Message = "message",
        /// A reply of a member to the customer.
        Reply = "reply",
        /// A note of a member.
        Note = "note",
        /// It says that a mail of ours did not arrive, and the case says so too.
        Bounced = "bounced",
        /// Nothing: no person wrote it as a mail to us.
        Dropped = "dropped",
        /// Nothing yet: it is kept, and somebody has to look at it.
        Held = "held",
    }
}

words! {
    /// Why a mail became what it did.
    MailReason {
        /// It is one of ours.
        Own = "own",
        /// A program answered.
        AutoReply = "auto_reply",
        /// It seems to have been sent to many, or by a program.
        Bulk = "bulk",
        /// It came back.
        Bounced = "bounced",
        /// It says that somebody has opened one of ours.
        ReadReceipt = "read_receipt",
        /// It answers about a case of somebody else.
        Stranger = "stranger",
        /// The case has had too many in a day.
        TooMany = "too_many",
        /// The case can't be answered any more.
        TooLate = "too_late",
        /// It is no mail, or in an encoding that is refused.
        Unreadable = "unreadable",
        /// It has more parts than are looked at.
        TooManyParts = "too_many_parts",
        /// It is larger than what is read.
        TooLarge = "too_large",
        /// Its text is longer than a file may be.
        TextTooLong = "text_too_long",
        /// Its headers are longer than are looked at.
        HeadersTooLong = "headers_too_long",
        /// It does not say who wrote it, by an address that can be answered.
        NoSender = "no_sender",
        /// It says nothing.
        Empty = "empty",
        /// It belongs to no site.
        NoSite = "no_site",
        /// The member may not do with the case what the mail asks for.
        NotAllowed = "not_allowed",
        /// A member meant it for the customer, but lines of a mail of ours to the staff are still in it.
        QuotesOurs = "quotes_ours",
        /// The case, or the feedback that it would be, is refused.
        Refused = "refused",
        /// What it says is encrypted, or sealed by a signature around it.
        Encrypted = "encrypted",
        /// A provider reports that somebody called a mail of ours spam.
        SpamReport = "spam_report",
        /// It could not be taken, for our own trouble: it is tried again each hour.
        Failed = "failed",
    }
}

/// Mails of a customer that one of ours names: programs need the first and the newest, and the line must not grow for ever.
const THREAD_MAX: usize = 5;

/// How long it is known what became of a mail: longer than any server tries to send one.
const KEPT: Millis = 90 * DAY;

/// A mail that came.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Received {
    /// Its identifier here.
    pub id: String,
    /// When it came.
    pub received_at: Millis,
    /// What it became, one of [`MailOutcome`].
    pub outcome: String,
    /// Why, one of [`MailReason`], where there is more to say.
    pub reason: Option<String>,
    /// The case that it is on.
    pub case_id: Option<String>,
}

/// A mail that is held, and for whom it came.
#[derive(Clone)]
pub struct HeldMail {
    /// The mail itself.
    pub raw: Vec<u8>,
    /// The identifier of the site that it came for, if it came for one.
    pub site_id: Option<String>,
    /// The key of the team of its mailbox.
    pub team: Option<String>,
}

/// What is noted of a mail besides what became of it.
pub struct Noted<'a> {
    /// By what it is known to have come before.
    pub fingerprint: &'a str,
    /// What its sender's program called it, where answers to it go to whoever wrote it.
    pub message_id: Option<&'a str>,
    /// The mail itself where nothing else holds what it says.
    pub held: Option<&'a HeldMail>,
}

// Personal data must not reach a log.
impl std::fmt::Debug for HeldMail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("HeldMail(…)")
    }
}

const SELECT: &str = "select id, received_at, outcome, reason, case_id from inbound_mails";

impl Received {
    /// What became of a mail that came before, unless it is held: that one is tried once more.
    pub async fn settled(db: &Db, fingerprint: &str) -> sqlx::Result<Option<Self>> {
        let select = format!("{SELECT} where fingerprint = $1 and outcome <> 'held'");
        with_db!(db, pool => sqlx::query_as(sqlx::AssertSqlSafe(select)).bind(fingerprint).fetch_optional(pool).await)
    }

    /// The mail that is held under a fingerprint, whose identifier is its own for as long as it is held.
    pub async fn held_as(db: &Db, fingerprint: &str) -> sqlx::Result<Option<Self>> {
        let select = format!("{SELECT} where fingerprint = $1 and outcome = 'held'");
        with_db!(db, pool => sqlx::query_as(sqlx::AssertSqlSafe(select)).bind(fingerprint).fetch_optional(pool).await)
    }

    /// Forgets a mail that was held and has been taken since.
    pub async fn forget_held(db: &Db, fingerprint: &str) -> sqlx::Result<()> {
        let delete = "delete from inbound_mails where fingerprint = $1 and outcome = 'held'";
        with_write!(db, conn => sqlx::query(delete).bind(fingerprint).execute(conn).await.map(|_| ()))
    }

    /// Forgets one that is held.
    pub async fn forget(db: &Db, id: &str) -> sqlx::Result<()> {
        let delete = "delete from inbound_mails where id = $1 and outcome = 'held'";
        with_write!(db, conn => sqlx::query(delete).bind(id).execute(conn).await.map(|_| ()))
    }

    /// The one with an identifier.
    pub async fn by_id(db: &Db, id: &str) -> sqlx::Result<Option<Self>> {
        let select = format!("{SELECT} where id = $1");
        with_db!(db, pool => sqlx::query_as(sqlx::AssertSqlSafe(select)).bind(id).fetch_optional(pool).await)
    }

    /// Notes what became of a mail. One that was held under this identifier for another site is so no longer.
    pub async fn record(&self, db: &Db, keys: &Keys, noted: Noted<'_>) -> sqlx::Result<()> {
        let held = noted.held;
        let cipher = held.map(|held| keys.encrypt(&context(&self.id), &held.raw));
        let (site_id, team) = held.map(|held| (&held.site_id, &held.team)).unzip();
        let message_id = noted.message_id.map(|id| keys.encrypt(&message_id_context(&self.id), id.as_bytes()));
        let upsert = "insert into inbound_mails (id, fingerprint, received_at, outcome, reason, case_id, raw_cipher, site_id, team, message_id_cipher) \
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) on conflict (fingerprint) do update set id = excluded.id, received_at = excluded.received_at, \
            outcome = excluded.outcome, reason = excluded.reason, case_id = excluded.case_id, raw_cipher = excluded.raw_cipher, \
            site_id = excluded.site_id, team = excluded.team, message_id_cipher = excluded.message_id_cipher \
            where inbound_mails.outcome = 'held'";
        let mut tx = db.begin().await?;
        let delete = "delete from inbound_mails where id = $1 and fingerprint <> $2 and outcome = 'held'";
        with_tx!(&mut tx, conn => sqlx::query(delete).bind(&self.id).bind(noted.fingerprint).execute(conn).await.map(|_| ()))?;
        with_tx!(&mut tx, conn => sqlx::query(upsert).bind(&self.id).bind(noted.fingerprint).bind(self.received_at).bind(&self.outcome)
            .bind(&self.reason).bind(&self.case_id).bind(&cipher).bind(site_id.and_then(Option::as_ref)).bind(team.and_then(Option::as_ref))
            .bind(&message_id).execute(conn).await.map(|_| ()))?;
        tx.commit().await
    }

    /// What a customer's mail program called their mails about a case, the first and the newest ones, in the order in which they came.
    pub async fn thread(db: &Db, keys: &Keys, case_id: &str) -> sqlx::Result<Vec<String>> {
        let select = "select id, message_id_cipher from inbound_mails where case_id = $1 and outcome in ('case', 'message') \
            and message_id_cipher is not null order by received_at, id";
        let mut found: Vec<(String, String)> =
            with_db!(db, pool => sqlx::query_as(select).bind(case_id).fetch_all(pool).await)?;
        if found.len() > THREAD_MAX {
            found.drain(1..=found.len() - THREAD_MAX);
        }
        let read =
            |(id, cipher): &(String, String)| String::from_utf8(keys.decrypt(&message_id_context(id), cipher)?).ok();
        Ok(found.iter().filter_map(read).collect())
    }

    /// A mail that is held, by its identifier.
    pub async fn held(db: &Db, keys: &Keys, id: &str) -> sqlx::Result<Option<HeldMail>> {
        let select = "select raw_cipher, site_id, team from inbound_mails where id = $1 and raw_cipher is not null";
        let found: Option<(String, Option<String>, Option<String>)> =
            with_db!(db, pool => sqlx::query_as(select).bind(id).fetch_optional(pool).await)?;
        Ok(found.and_then(|(cipher, site_id, team)| {
            Some(HeldMail { raw: keys.decrypt(&context(id), &cipher)?, site_id, team })
        }))
    }

    /// The identifiers of those that are held for a reason, the oldest first.
    pub async fn held_for(db: &Db, reason: MailReason, limit: i64) -> sqlx::Result<Vec<String>> {
        let select =
            "select id from inbound_mails where outcome = 'held' and reason = $1 order by received_at, id limit $2";
        with_db!(db, pool => sqlx::query_scalar(select).bind(reason.as_str()).bind(limit).fetch_all(pool).await)
    }

    /// How many are held.
    pub async fn count_held(db: &Db) -> sqlx::Result<i64> {
        let select = "select count(*) from inbound_mails where outcome = 'held'";
        with_db!(db, pool => sqlx::query_scalar(select).fetch_one(pool).await)
    }

    /// How many became messages of a case since a time.
    pub async fn count_of_case(db: &Db, case_id: &str, since: Millis) -> sqlx::Result<i64> {
        let select = "select count(*) from inbound_mails where case_id = $1 and received_at >= $2";
        with_db!(db, pool => sqlx::query_scalar(select).bind(case_id).bind(since).fetch_one(pool).await)
    }
}

/// Forgets what became of mails that came long ago, and those that are held and came before `undecided`. Those that only look like newsletters, of which
/// there are many, wait no longer than the others are remembered.
pub async fn forget_old(db: &Db, now: Millis, undecided: Millis) -> sqlx::Result<()> {
    let delete = "delete from inbound_mails where (received_at < $1 and (outcome <> 'held' or reason = $2)) or (received_at < $3 and outcome = 'held')";
    with_write!(db, conn => sqlx::query(delete).bind(now - KEPT).bind(MailReason::Bulk.as_str()).bind(undecided).execute(conn).await.map(|_| ()))
}

/// The place of a kept mail, which its ciphertext is bound to.
pub fn context(id: &str) -> String {
    format!("inbound_mails/{id}")
}

/// The place of what a mail was called, which its ciphertext is bound to.
pub fn message_id_context(id: &str) -> String {
    format!("inbound_mails/{id}/message_id")
}
