//! Receiving a mail, whichever way it came.

use std::sync::Arc;

use super::address::{Party, case_of_address, case_of_message_id};
use super::answer::{answer, member};
use super::bounce;
use super::decision::{Decision, identity, same};
use super::message::Mail;
use super::new_case::make_case;
use super::rows::{HeldMail, MailOutcome, MailReason, Noted, Received};
use super::team;
use crate::app::App;
use crate::cases::idempotency::bytes_hash;
use crate::cases::{Case, CaseError};
use crate::http::Result;
use crate::keys::{Purpose, new_id};
use crate::outbox::{CUSTOMER, suspensions};
use crate::sites::{MailAddress, Sender, Site};
use crate::with_db;

/// The largest mail that is read, in bytes: as large as most mail servers send. Reading one takes three times as much memory.
pub const MAIL_MAX_BYTES: usize = 36 * 1024 * 1024;

/// The longest name of a mail that ours refer to: with its angles and the spaces before it still a line of less than 998 bytes (RFC 5322, 2.1.1).
const MESSAGE_ID_MAX: usize = 250;

/// Mails that are tried again in one round.
const RETRIED: i64 = 200;

/// What became of a mail, now or when it came before.
#[derive(Clone, Debug)]
pub enum Handled {
    /// It was taken now.
    Now(Received),
    /// It has come before, and nothing was done again.
    Before(Received),
}

/// What becomes of a new mail that looks as if it was sent to many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BulkMail {
    /// It waits for somebody to look at it.
    Hold,
    /// Somebody has looked at it: it is taken as any other.
    Take,
}

/// A mail that is to be taken.
pub(super) struct Incoming<'a> {
    /// The identifier that it has here, where somebody takes one that is held.
    pub(super) id: Option<String>,
    /// The mail as it came.
    pub(super) raw: &'a [u8],
    /// The site for new cases.
    pub(super) site: Option<&'a Site>,
    /// The key of the team for new cases.
    pub(super) team: Option<&'a str>,
    /// What becomes of one that looks as if it was sent to many.
    pub(super) bulk: BulkMail,
}

impl<'a> Incoming<'a> {
    /// One that comes now.
    fn new(raw: &'a [u8], site: Option<&'a Site>) -> Self {
        Self { id: None, raw, site, team: None, bulk: BulkMail::Hold }
    }
}

/// Takes a mail as `receive_with`, and holds what looks as if it was sent to many.
pub async fn receive(app: &App, raw: &[u8], site: Option<&Site>) -> Result<Handled> {
    take(app, Incoming::new(raw, site)).await
}

/// Takes a mail. New cases are of `site`, or without one of the site whose address it was sent to, or of the only one if that has no address. An error is ours, such as of the database, and the
/// mail is to be tried again: whatever was done of it is not done twice.
pub async fn receive_with(app: &App, raw: &[u8], site: Option<&Site>, bulk: BulkMail) -> Result<Handled> {
    take(app, Incoming { bulk, ..Incoming::new(raw, site) }).await
}

/// Takes a mail that came to a mailbox: new cases go to its team.
pub async fn receive_for(app: &App, raw: &[u8], site: Option<&Site>, team: Option<&str>) -> Result<Handled> {
    take(app, Incoming { team, ..Incoming::new(raw, site) }).await
}

/// Takes a mail, whichever way it came.
pub(super) async fn take(app: &App, incoming: Incoming<'_>) -> Result<Handled> {
    let Incoming { id, raw, site, team, bulk } = incoming;
    let mail = Mail::parse(raw);
    // It may have come before for no site, as long as none had its address.
    let of_no_site = fingerprint(app, raw, mail.as_ref().ok(), None);
    let is_named = site.is_some();
    let site = site_of(app, mail.as_ref().ok(), site).await?;
    let fingerprint = fingerprint(app, raw, mail.as_ref().ok(), site.as_deref());
    for earlier in [Some(&fingerprint), Some(&of_no_site).filter(|_| !is_named)].into_iter().flatten() {
        if let Some(earlier) = Received::settled(&app.db, earlier).await? {
            return Ok(Handled::Before(earlier));
        }
    }
    let decision = match &mail {
        Ok(mail) => decide(app, mail, site.as_deref(), bulk).await?,
        Err(reason) => Decision::held(*reason),
    };
    if decision.outcome == MailOutcome::Case
        && let (Some(case_id), Some(team)) = (&decision.case_id, team)
    {
        team::give(app, case_id, team).await?;
    }
    let known = match id {
        Some(id) => Received::by_id(&app.db, &id).await?,
        None => Received::held_as(&app.db, &fingerprint).await?,
    };
    let is_held = decision.outcome == MailOutcome::Held;
    let now = app.clock.now();
    let received = Received {
        // One that stays held waits since it came, however often it is tried.
        received_at: known.as_ref().filter(|_| is_held).map_or(now, |known| known.received_at),
        id: known.map_or_else(new_id, |known| known.id),
        outcome: decision.outcome.as_str().to_owned(),
        reason: decision.reason.map(|reason| reason.as_str().to_owned()),
        case_id: decision.case_id,
    };
    let held = is_held.then(|| HeldMail {
        raw: raw.to_owned(),
        site_id: site.as_ref().map(|site| site.id().to_owned()),
        team: team.map(str::to_owned),
    });
    let message_id = mail.as_ref().ok().and_then(|mail| mail.message_id.as_deref()).filter(|id| is_referable(id));
    let noted = Noted { fingerprint: &fingerprint, message_id, held: held.as_ref() };
    received.record(&app.db, &app.keys, noted).await?;
    if fingerprint != of_no_site {
        Received::forget_held(&app.db, &of_no_site).await?;
    }
    let (outcome, reason) = (&received.outcome, &received.reason);
    tracing::info!(mail = received.id, outcome, reason, "a mail was received");
    Ok(Handled::Now(received))
}

/// Keeps a mail that can't be taken at present, for [`retry_failed`].
pub async fn hold_failed(app: &App, raw: &[u8], site: Option<&Site>, team: Option<&str>) -> Result<()> {
    let mail = Mail::parse(raw);
    let of_site = site_of(app, mail.as_ref().ok(), site).await?;
    let fingerprint = fingerprint(app, raw, mail.as_ref().ok(), of_site.as_deref());
    let held =
        HeldMail { raw: raw.to_owned(), site_id: site.map(|site| site.id().to_owned()), team: team.map(str::to_owned) };
    let noted = Noted { fingerprint: &fingerprint, message_id: None, held: Some(&held) };
    Ok(held_now(app, &fingerprint, MailReason::Failed).await?.record(&app.db, &app.keys, noted).await?)
}

/// Takes the mails that could not be taken before.
pub async fn retry_failed(app: &App) -> Result<()> {
    for id in Received::held_for(&app.db, MailReason::Failed, RETRIED).await? {
        let Some(held) = Received::held(&app.db, &app.keys, &id).await? else { continue };
        let site = match &held.site_id {
            Some(id) => app.sites.by_id(id).await?,
            None => None,
        };
        if let Err(error) = receive_for(app, &held.raw, site.as_deref(), held.team.as_deref()).await {
            tracing::warn!(mail = id, %error, "a mail that is held can't be taken yet");
        }
    }
    Ok(())
}

/// Notes a mail that was not read and stays where it is; `place` tells it from all others.
pub(super) async fn hold_unread(app: &App, place: &str, reason: MailReason) -> Result<()> {
    let fingerprint = app.keys.hash(Purpose::Mail, &format!("place/{place}"));
    let noted = Noted { fingerprint: &fingerprint, message_id: None, held: None };
    Ok(held_now(app, &fingerprint, reason).await?.record(&app.db, &app.keys, noted).await?)
}

async fn held_now(app: &App, fingerprint: &str, reason: MailReason) -> sqlx::Result<Received> {
    let known = Received::held_as(&app.db, fingerprint).await?.map(|known| (known.id, known.received_at));
    let (id, received_at) = known.unwrap_or_else(|| (new_id(), app.clock.now()));
    Ok(Received {
        id,
        received_at,
        outcome: MailOutcome::Held.as_str().to_owned(),
        reason: Some(reason.as_str().to_owned()),
        case_id: None,
    })
}

async fn decide(app: &App, mail: &Mail, site: Option<&Site>, bulk: BulkMail) -> Result<Decision> {
    if is_own(app, mail).await? {
        return Ok(Decision::dropped(MailReason::Own));
    }
    if let Some(returned) = &mail.bounce {
        let case_id = bounce::note(app, returned).await?;
        return Ok(match case_id {
            Some(case_id) => {
                Decision { reason: Some(MailReason::Bounced), ..Decision::on(&case_id, MailOutcome::Bounced) }
            }
            None => Decision::dropped(MailReason::Bounced),
        });
    }
    let seems_bulk = mail.automatic == Some(MailReason::Bulk);
    if mail.automatic.is_none() {
        // Who sends mail gets some, whatever came back before.
        suspensions::forget(&app.db, &app.keys, mail.sender.1.as_str()).await?;
    }
    if let Some(reason) = mail.automatic
        && !seems_bulk
    {
        return Ok(Decision::dropped(reason));
    }
    match case_of(app, mail).await? {
        // Nobody but who had a mail of ours knows how to answer it, whatever their list or help desk writes into the head.
        Some((party, case)) => answer(app, mail, party, case).await,
        None if seems_bulk && bulk == BulkMail::Hold => Ok(Decision::held(MailReason::Bulk)),
        None => match site {
            Some(site) => make_case(app, mail, site, None).await,
            None => Ok(Decision::held(MailReason::NoSite)),
        },
    }
}

/// Whether we have sent it ourselves: then it went in a circle.
async fn is_own(app: &App, mail: &Mail) -> Result<bool> {
    let sender = mail.sender.1.as_str();
    if mail.message_id.as_deref().is_some_and(|id| case_of_message_id(&app.keys, id).is_some()) {
        return Ok(true);
    }
    let sites = app.sites.all().await?;
    let is_site = sites.iter().any(|site| {
        let address = site.settings.mail_address.as_ref().map(MailAddress::as_str);
        let sends_as = site.settings.sender.as_ref().map(Sender::as_str);
        address.into_iter().chain(sends_as).any(|own| same(own, sender))
    });
    if !is_site && !app.config.smtp.sender().is_some_and(|own| same(&own, sender)) {
        return Ok(false);
    }
    // A team whose members share the address that mails come from answers from it.
    Ok(member(app, sender).await?.is_none())
}

/// The case that a mail answers, and to whom the mail that it answers went, if its address says so.
async fn case_of(app: &App, mail: &Mail) -> Result<Option<(Option<Party>, Case)>> {
    let by_address = mail.recipients.iter().filter_map(|address| case_of_address(&app.keys, address));
    let by_address = by_address.map(|(party, id)| (Some(party), id));
    let by_thread = mail.references.iter().filter_map(|id| case_of_message_id(&app.keys, id)).map(|id| (None, id));
    for (party, id) in by_address.chain(by_thread) {
        match Case::by_id(app, &id).await {
            Ok(case) => return Ok(Some((party.or(party_of_thread(app, mail).await?), case))),
            // It was signed by us, but there is no such case any more.
            Err(CaseError::NotFound) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(None)
}

/// To whom the mail went that a mail answers, by the delivery that its identifier names; none if that is not known any more.
async fn party_of_thread(app: &App, mail: &Mail) -> Result<Option<Party>> {
    let ours = mail.references.iter().find(|id| case_of_message_id(&app.keys, id).is_some());
    let Some(delivery) = ours.and_then(|id| id.trim_matches(['<', '>']).split('.').next()) else { return Ok(None) };
    let select = "select destination from deliveries where id = $1";
    let destination: Option<String> =
        with_db!(&app.db, pool => sqlx::query_scalar(select).bind(delivery).fetch_optional(pool).await)?;
    Ok(destination.map(|destination| if destination == CUSTOMER { Party::Customer } else { Party::Staff }))
}

/// The site that a new mail is for.
async fn site_of(app: &App, mail: Option<&Mail>, site: Option<&Site>) -> Result<Option<Arc<Site>>> {
    if let Some(site) = site {
        return app.sites.by_id(site.id()).await;
    }
    let sites = app.sites.all().await?;
    if let [only] = sites.as_slice()
        && only.settings.mail_address.is_none()
    {
        return Ok(Some(Arc::clone(only)));
    }
    let Some(mail) = mail else { return Ok(None) };
    let is_for = |site: &&Arc<Site>| {
        let own = site.settings.mail_address.as_ref().map(MailAddress::as_str);
        own.is_some_and(|own| mail.recipients.iter().any(|recipient| same(own, &without_tag(recipient))))
    };
    Ok(sites.iter().find(is_for).cloned())
}

/// Whether a mail of ours can name one that its sender called so (RFC 5322, 3.6.4): in one word of ASCII, which breaks no line.
fn is_referable(message_id: &str) -> bool {
    message_id.len() <= MESSAGE_ID_MAX
        && message_id.contains('@')
        && message_id.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'<' | b'>'))
}

/// An address without what follows a `+` before the `@`.
fn without_tag(address: &str) -> String {
    match address.rsplit_once('@') {
        Some((local, domain)) => format!("{}@{domain}", local.split('+').next().unwrap_or_default()),
        None => address.to_owned(),
    }
}

/// By what a mail is known to have come before: in another site it is another one.
fn fingerprint(app: &App, raw: &[u8], mail: Option<&Mail>, site: Option<&Site>) -> String {
    let site = site.map_or("", |site| site.key());
    let identity = match mail {
        Some(mail) if mail.message_id.is_some() => identity(mail),
        _ => bytes_hash(raw),
    };
    app.keys.hash(Purpose::Mail, &format!("{site}/{identity}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_fits_into_a_line_is_referred_to() {
        assert!(is_referable("tencent_4F1A0C@qq.com"));
        for wrong in ["", "no-place", "a@b c", "a@b\r\nBcc: x@y.z", "<a@b>", "ä@b", &format!("{}@b", "a".repeat(250))]
        {
            assert!(!is_referable(wrong), "{wrong}");
        }
    }
}
