//! Reading a mailbox: what is new, one mail after the other, then waiting for more.

use std::time::Duration;

use anyhow::{Context as _, anyhow};
use async_imap::types::{Fetch, UnsolicitedResponse};
use futures_util::TryStreamExt as _;

use super::connect::{Folder, STEP, explain, open};
use super::position::{Place, Position};
use super::trouble;
use crate::app::App;
use crate::clock::DAY;
use crate::config::Imap;
use crate::inbound::receive::{MAIL_MAX_BYTES, hold_failed, hold_unread, receive_for};
use crate::inbound::rows::MailReason;
use crate::sites::Site;

/// How long the server may be silent: networks forget connections that say nothing for longer, and providers end them.
const IDLE: Duration = Duration::from_secs(9 * 60);
/// How often a server is asked that does not tell by itself.
const POLL: Duration = Duration::from_secs(30);
/// How long a mail may take to come.
const FETCH: Duration = Duration::from_secs(300);
/// How far back a mailbox is looked through whose numbers the server has begun anew. What was taken before is known by what it says of itself.
const LOOK_BACK_DAYS: i64 = 30;
/// How often in a row a mail may fail before it is held, and the others go on.
const PATIENCE: usize = 5;
/// What mails are marked with that were taken, where the server lets us.
const MARK: &str = "$Sayso";

/// How often in a row reading broke off without getting on.
#[derive(Debug, Default)]
pub(super) struct Failures {
    pub(super) count: usize,
    /// The mail that was being taken when it broke off.
    at: Option<u32>,
    /// How often that one could not be taken, while the mailbox could be read.
    of_mail: usize,
}

impl Failures {
    fn begin(&mut self, number: u32) {
        // Those before it were taken already and are known: only beyond it there is progress.
        if Some(number) > self.at {
            (self.at, self.of_mail) = (Some(number), 0);
        }
    }

    /// Counts that a mail failed; says whether the others go on without it.
    fn give_up(&mut self, number: u32) -> bool {
        if self.at == Some(number) {
            self.of_mail += 1;
        }
        self.of_mail > PATIENCE
    }

    fn passed(&mut self, number: u32) {
        if self.at == Some(number) {
            *self = Self::default();
        }
    }
}

/// Reads a mailbox for as long as this collector leads.
pub(super) async fn read(app: &App, name: &str, mailbox: &Imap, failures: &mut Failures) -> anyhow::Result<()> {
    let site = match mailbox.site.as_str() {
        "" => None,
        key => Some(app.sites.by_key(key).await?.with_context(|| format!("there is no site {key}"))?),
    };
    let mut reader = Reader { app, name, mailbox, site: site.as_deref(), folder: open(mailbox).await? };
    while app.leader.leads() {
        reader.take_new(failures).await?;
        trouble::clear(&app.db, name).await?;
        reader = reader.wait().await?;
        *failures = Failures::default();
    }
    reader.folder.leave().await;
    Ok(())
}

struct Reader<'a> {
    app: &'a App,
    name: &'a str,
    mailbox: &'a Imap,
    site: Option<&'a Site>,
    folder: Folder,
}

impl Reader<'_> {
    fn place(&self) -> Place<'_> {
        Place { name: self.name, mailbox: self.mailbox }
    }

    /// Takes the mails that have come since.
    async fn take_new(&mut self, failures: &mut Failures) -> anyhow::Result<()> {
        let validity = i64::from(self.folder.validity);
        match Position::of(&self.app.db, &self.place()).await? {
            Some(position) if position.validity == validity => self.take_after(position, failures).await,
            Some(_) => self.take_first(&format!("SINCE {}", self.day_to_look_back_to()), failures).await,
            // Of a mailbox that was there before, what somebody has read is not new.
            None => self.take_first("UNSEEN", failures).await,
        }
    }

    /// Takes what came after the last mail that was taken.
    async fn take_after(&mut self, position: Position, failures: &mut Failures) -> anyhow::Result<()> {
        let mut found = self.search(&format!("UID {}:*", position.last + 1)).await?;
        // A range that ends in a star always has the last mail, also one that was taken.
        found.retain(|number| i64::from(*number) > position.last);
        for number in found {
            self.take(number, failures).await?;
            Position { last: i64::from(number), ..position }.note(&self.app.db, &self.place()).await?;
        }
        Ok(())
    }

    /// Takes what `query` finds in a mailbox whose numbers are new to us. The position is noted when all of it is taken: before that it would make new
    /// mails of those that lie between and were not looked for.
    async fn take_first(&mut self, query: &str, failures: &mut Failures) -> anyhow::Result<()> {
        // Asked first, so that no mail that comes in between is passed over.
        let newest = self.search("UID *").await?.pop();
        let found = self.search(query).await?;
        let last = newest.max(found.last().copied()).unwrap_or_default();
        for number in found {
            self.take(number, failures).await?;
        }
        let position = Position { validity: i64::from(self.folder.validity), last: i64::from(last) };
        Ok(position.note(&self.app.db, &self.place()).await?)
    }

    /// The numbers of the mails that a query finds, the oldest first.
    async fn search(&mut self, query: &str) -> anyhow::Result<Vec<u32>> {
        let found = tokio::time::timeout(STEP, self.folder.session.uid_search(query)).await?;
        let mut found: Vec<u32> = found.map_err(|error| explain(&error))?.into_iter().collect();
        found.sort_unstable();
        Ok(found)
    }

    /// Takes one mail, and counts if that fails.
    async fn take(&mut self, number: u32, failures: &mut Failures) -> anyhow::Result<()> {
        failures.begin(number);
        self.take_patiently(number, failures).await?;
        failures.passed(number);
        Ok(())
    }

    /// Takes one mail. One that fails again and again is held, so that the others go on: what was read of it is tried again later, and what can't be
    /// read stays where it is.
    async fn take_patiently(&mut self, number: u32, failures: &mut Failures) -> anyhow::Result<()> {
        let size = self.fetch(number, "(UID RFC822.SIZE)").await?.and_then(|mail| mail.size).unwrap_or_default();
        if size as usize > MAIL_MAX_BYTES {
            tracing::warn!(mailbox = self.name, number, size, "a mail is too large to be read; it stays where it is");
            return self.hold_unread(number, MailReason::TooLarge).await;
        }
        let mail = match self.fetch(number, "(UID BODY.PEEK[])").await {
            Ok(Some(mail)) => mail,
            Ok(None) => return Ok(()),
            Err(error) if failures.give_up(number) => {
                tracing::error!(mailbox = self.name, number, %error, "the server does not give a mail; it stays where it is");
                return self.hold_unread(number, MailReason::Unreadable).await;
            }
            Err(error) => return Err(error),
        };
        let raw = mail.body().context("the server gave a mail without what is in it")?;
        let team = self.mailbox.teams.first().map(String::as_str);
        match receive_for(self.app, raw, self.site, team).await {
            Ok(_) => {}
            Err(error) if failures.give_up(number) => {
                tracing::error!(mailbox = self.name, number, %error, "a mail can't be taken; it is held, and tried again each hour");
                // Where not even this is stored, the mail is all there is of it.
                hold_failed(self.app, raw, self.site, team).await.context("a mail can't be held")?;
            }
            Err(error) => return Err(error).context("a mail can't be taken"),
        }
        self.mark(number).await
    }

    async fn hold_unread(&self, number: u32, reason: MailReason) -> anyhow::Result<()> {
        let place = format!("{}/{}/{number}", self.name, self.folder.validity);
        Ok(hold_unread(self.app, &place, reason).await?)
    }

    async fn fetch(&mut self, number: u32, what: &str) -> anyhow::Result<Option<Fetch>> {
        let fetched = async {
            let mails = self.folder.session.uid_fetch(number.to_string(), what).await?;
            mails.try_collect::<Vec<_>>().await
        };
        let mails = tokio::time::timeout(FETCH, fetched).await.map_err(|_| anyhow!("a mail did not come in time"))?;
        // Other mails may be told of in between.
        Ok(mails.map_err(|error| explain(&error))?.into_iter().find(|mail| mail.uid == Some(number)))
    }

    /// Marks a mail as taken, after it is on disk. A server that refuses is no reason to stop.
    async fn mark(&mut self, number: u32) -> anyhow::Result<()> {
        if !self.folder.can_mark {
            return Ok(());
        }
        let marked = async {
            let marked = self.folder.session.uid_store(number.to_string(), format!("+FLAGS.SILENT ({MARK})")).await?;
            marked.try_collect::<Vec<_>>().await
        };
        if let Err(error) = tokio::time::timeout(STEP, marked).await? {
            tracing::debug!(mailbox = self.name, %error, "a mail can't be marked");
        }
        Ok(())
    }

    /// Waits until the server tells of something, or until it is time to look.
    async fn wait(mut self) -> anyhow::Result<Self> {
        if !self.folder.can_idle {
            tokio::time::sleep(POLL).await;
            tokio::time::timeout(STEP, self.folder.session.noop()).await?.map_err(|error| explain(&error))?;
            return Ok(self);
        }
        let told_before = self.folder.session.unsolicited_responses.clone();
        let mut idle = self.folder.session.idle();
        tokio::time::timeout(STEP, idle.init()).await?.map_err(|error| explain(&error))?;
        // A server tells of each mail once: of one that came since the search maybe as part of another answer, and not again. What comes when the channel
        // is full is dropped, and may have been of a mail.
        let mut mail_came = told_before.is_full();
        while let Ok(response) = told_before.try_recv() {
            mail_came |= matches!(response, UnsolicitedResponse::Exists(_) | UnsolicitedResponse::Recent(_));
        }
        if !mail_came {
            let (told, _interrupt) = idle.wait_with_timeout(IDLE);
            told.await.map_err(|error| explain(&error))?;
        }
        let session = tokio::time::timeout(STEP, idle.done()).await?.map_err(|error| explain(&error))?;
        Ok(Self { folder: Folder { session, ..self.folder }, ..self })
    }

    fn day_to_look_back_to(&self) -> String {
        let since = self.app.clock.now() - LOOK_BACK_DAYS * DAY;
        let since = jiff::Timestamp::from_millisecond(since).unwrap_or_default();
        since.strftime("%d-%b-%Y").to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What becomes of a mail that can't be taken, over the connections that it is tried in: in which one it is given up.
    fn given_up_after(failures: &mut Failures, number: u32) -> usize {
        (1..)
            .find(|_| {
                failures.begin(number);
                let is_over = failures.give_up(number);
                failures.count += usize::from(!is_over);
                is_over
            })
            .expect("it ends")
    }

    #[test]
    fn a_mail_has_all_of_its_chances_whatever_happened_to_others_and_to_the_connection() {
        let mut failures = Failures { count: 40, ..Failures::default() };
        assert_eq!(given_up_after(&mut failures, 7), PATIENCE + 1);
        failures.passed(7);
        assert_eq!(failures.count, 0);
        assert_eq!(given_up_after(&mut failures, 8), PATIENCE + 1);
    }

    #[test]
    fn mails_that_were_taken_before_are_no_progress() {
        let mut failures = Failures::default();
        for _ in 0..PATIENCE {
            for taken in 1..7 {
                failures.begin(taken);
                failures.passed(taken);
            }
            failures.begin(7);
            assert!(!failures.give_up(7));
        }
        failures.begin(7);
        assert!(failures.give_up(7));
    }
}
