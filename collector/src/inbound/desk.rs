//! What the staff do with mails that are on no case: list and read them, take one that is held, or drop it. The console, the API and `sayso mail` do
//! it by these functions.

use std::collections::HashMap;

use mail_parser::{Address, MessageParser};
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;

use super::receive::{BulkMail, Handled, Incoming, take as take_incoming};
use super::rows::{HeldMail, MailOutcome, Received, context as raw_context};
use crate::app::App;
use crate::audit::{self, Change, Stamp};
use crate::db::Db;
use crate::db::rows::placeholders;
use crate::http::{Error, Result};
use crate::keys::Keys;
use crate::sites::Site;
use crate::{with_db, with_tx};

/// The largest ciphertext that is decrypted for a list.
const LISTED_CIPHER_MAX: i64 = 512 * 1024;
/// Letters of a sender or a subject that are shown; the mail has all of it.
const HEAD_MAX: usize = 300;
const NO_MAIL: Error = Error::NotFound("there is no such mail");

/// Which mails are listed, the newest first.
#[derive(Clone, Debug, Default)]
pub struct MailFilter {
    /// Those that became this.
    pub outcome: Option<MailOutcome>,
    /// Those with this reason.
    pub reason: Option<super::MailReason>,
    /// Those after this one in the list.
    pub after: Option<MailPosition>,
    /// At most so many.
    pub limit: i64,
}

/// Where a mail stands in the list: when it came, and its identifier.
pub type MailPosition = (crate::clock::Millis, String);

/// A mail, with what is kept of it.
#[derive(Clone, Debug)]
pub struct KeptMail {
    /// What became of it.
    pub received: Received,
    /// The mail itself, if it is held and was read.
    pub held: Option<HeldMail>,
}

/// Who wrote a mail and what about, as far as that can be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MailHead {
    /// The address that it says to be from, with the name before it.
    pub from: Option<String>,
    /// The addresses that it was sent to.
    pub to: Vec<String>,
    /// What it is about.
    pub subject: Option<String>,
}

/// The mails that match, the newest first.
pub async fn list(db: &Db, filter: &MailFilter) -> sqlx::Result<Vec<Received>> {
    let select = "select id, received_at, outcome, reason, case_id from inbound_mails where ($1 = '' or outcome = $1) \
        and ($2 = '' or reason = $2) and (received_at < $3 or received_at = $3 and id < $4) order by received_at desc, id desc limit $5";
    let outcome = filter.outcome.map_or("", MailOutcome::as_str);
    let reason = filter.reason.map_or("", super::MailReason::as_str);
    let (at, id) = filter.after.as_ref().map_or((i64::MAX, ""), |(at, id)| (*at, id.as_str()));
    with_db!(db, pool => sqlx::query_as(select).bind(outcome).bind(reason).bind(at).bind(id).bind(filter.limit)
        .fetch_all(pool).await)
}

/// The heads of mails that are held, by their identifiers. Those of large ones are left out: all of a mail has to be decrypted for its head.
pub async fn heads(db: &Db, keys: &Keys, mails: &[Received]) -> sqlx::Result<HashMap<String, MailHead>> {
    let ids = || mails.iter().filter(|mail| mail.outcome == MailOutcome::Held.as_str()).map(|mail| mail.id.as_str());
    if ids().next().is_none() {
        return Ok(HashMap::new());
    }
    let select = AssertSqlSafe(format!(
        "select id, raw_cipher from inbound_mails where raw_cipher is not null and length(raw_cipher) <= $1 and id in ({})",
        placeholders(1, ids().count())
    ));
    let rows: Vec<(String, String)> = with_db!(db, pool => {
        let query = sqlx::query_as(select).bind(LISTED_CIPHER_MAX);
        ids().fold(query, |query, id| query.bind(id.to_owned())).fetch_all(pool).await
    })?;
    let read = |(id, cipher): (String, String)| {
        let raw = keys.decrypt(&raw_context(&id), &cipher)?;
        Some((id, MailHead::read(&raw)))
    };
    Ok(rows.into_iter().filter_map(read).collect())
}

/// A mail by its identifier.
pub async fn find(app: &App, id: &str) -> Result<KeptMail> {
    let received = Received::by_id(&app.db, id).await?.ok_or(NO_MAIL)?;
    let held = Received::held(&app.db, &app.keys, id).await?;
    Ok(KeptMail { received, held })
}

/// How somebody read a mail that is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// Who wrote it and what it says.
    Opened,
    /// All of it, as it came.
    Downloaded,
}

/// Notes in the audit log that somebody has read what a customer wrote in a mail that is on no case, and so in no timeline.
pub async fn note_reading(db: &Db, id: &str, reading: Reading, stamp: &Stamp) -> Result<()> {
    let action = match reading {
        Reading::Opened => "inbound_mail.open",
        Reading::Downloaded => "inbound_mail.download",
    };
    let change = Change { action, object: format!("mail/{id}"), before: Value::Null, after: Value::Null };
    let mut tx = db.begin().await?;
    audit::append(&mut tx, stamp, &change).await?;
    Ok(tx.commit().await?)
}

/// Takes a mail that is held, also one that looks as if it was sent to many: somebody has looked at it. New cases are of `site`, or without one of the
/// site that the mail came for. Where it can't be taken it stays held, for the reason that this gives. One that is not held any more is as it is.
pub async fn take(app: &App, id: &str, site: Option<&Site>, stamp: &Stamp) -> Result<Received> {
    let KeptMail { received, held } = find(app, id).await?;
    match MailOutcome::parse(&received.outcome) {
        Some(MailOutcome::Held) => {}
        Some(MailOutcome::Dropped) => return Err(Error::Conflict("the mail was dropped, and is not kept".into())),
        _ => return Ok(received),
    }
    let held =
        held.ok_or_else(|| Error::Conflict("the mail itself is not kept here: it is in its mailbox still".into()))?;
    let of_its_own = match (&held.site_id, site) {
        (Some(site_id), None) => app.sites.by_id(site_id).await?,
        _ => None,
    };
    let incoming = Incoming {
        id: Some(received.id.clone()),
        raw: &held.raw,
        site: site.or(of_its_own.as_deref()),
        team: held.team.as_deref(),
        bulk: BulkMail::Take,
    };
    let taken = match take_incoming(app, incoming).await? {
        Handled::Now(taken) => taken,
        Handled::Before(earlier) => {
            // It came another way since, and what became of it then is known.
            Received::forget(&app.db, &received.id).await?;
            earlier
        }
    };
    let mut tx = app.db.begin().await?;
    let change = Change {
        action: "inbound_mail.take",
        object: format!("mail/{id}"),
        before: json!({"outcome": received.outcome, "reason": received.reason}),
        after: json!({"outcome": taken.outcome, "reason": taken.reason, "case": taken.case_id}),
    };
    audit::append(&mut tx, stamp, &change).await?;
    tx.commit().await?;
    Ok(taken)
}

/// Drops a mail that is held: nothing becomes of it, and it is kept no longer. What it was held for stays known.
pub async fn drop(db: &Db, id: &str, stamp: &Stamp) -> Result<Received> {
    let mut tx = db.begin().await?;
    let update = "update inbound_mails set outcome = 'dropped', raw_cipher = null where id = $1 and outcome = 'held'";
    let dropped =
        with_tx!(&mut tx, conn => sqlx::query(update).bind(id).execute(conn).await.map(|done| done.rows_affected()))?;
    if dropped > 0 {
        let (before, after) = (json!({"outcome": MailOutcome::Held}), json!({"outcome": MailOutcome::Dropped}));
        let change = Change { action: "inbound_mail.drop", object: format!("mail/{id}"), before, after };
        audit::append(&mut tx, stamp, &change).await?;
    }
    tx.commit().await?;
    let received = Received::by_id(db, id).await?.ok_or(NO_MAIL)?;
    match MailOutcome::parse(&received.outcome) {
        Some(MailOutcome::Dropped) => Ok(received),
        _ => Err(Error::Conflict("only mails that are held can be dropped".into())),
    }
}

impl KeptMail {
    /// Who wrote it and what about; nothing of what is not kept.
    pub fn head(&self) -> MailHead {
        self.held.as_ref().map(|held| MailHead::read(&held.raw)).unwrap_or_default()
    }
}

impl MailHead {
    /// Reads the head of a mail, whatever else is wrong with it.
    pub fn read(raw: &[u8]) -> Self {
        let Some(message) = MessageParser::default().parse_headers(raw) else { return Self::default() };
        let from = message.from().and_then(Address::first).or_else(|| message.sender().and_then(Address::first));
        let from = from.and_then(|from| match (from.name(), from.address()) {
            (Some(name), Some(address)) => Some(format!("{name} <{address}>")),
            (name, address) => address.or(name).map(str::to_owned),
        });
        let to = message.all_to().flat_map(Address::iter).filter_map(|to| to.address());
        Self {
            from: from.map(|from| one_line(&from)),
            to: to.take(20).map(one_line).collect(),
            subject: message.subject().map(one_line).filter(|subject| !subject.is_empty()),
        }
    }
}

/// A text of a stranger on one line that is not too long.
fn one_line(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(HEAD_MAX) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_mail_that_can_not_be_read_its_head_is_shown() {
        let raw =
            b"From: =?utf-8?q?Li_Lei?= <li@example.com>\r\nTo: care@acme.example\r\nSubject: The\r\n sofa\r\n\r\n";
        let head = MailHead::read(raw);
        assert_eq!(head.from.as_deref(), Some("Li Lei <li@example.com>"));
        assert_eq!((head.to, head.subject.as_deref()), (vec!["care@acme.example".to_owned()], Some("The sofa")));
        assert_eq!(MailHead::read(b""), MailHead::default());
        let long = format!("Subject: {}\r\n\r\n", "s".repeat(900));
        assert_eq!(MailHead::read(long.as_bytes()).subject.map(|subject| subject.chars().count()), Some(HEAD_MAX + 1));
    }
}
