//! Reading a mailbox: what is new, one mail after the other, then waiting for more.

use std::time::Duration;

use anyhow::{Context as _, anyhow};
use async_imap::types::Fetch;
use futures_util::TryStreamExt as _;

use super::connect::{Folder, STEP, explain, open};
use super::position::Position;
use crate::app::App;
use crate::clock::DAY;
use crate::config::Imap;
use crate::inbound::receive::{Handled, MAIL_MAX_BYTES, hold_unread, receive};
use crate::inbound::rows::{MailOutcome, MailReason};
use crate::sites::Site;

/// How long the server may be silent: networks forget connections that say nothing for longer, and providers end them.
const IDLE: Duration = Duration::from_secs(9 * 60);
/// How often a server is asked that does not tell by itself.
const POLL: Duration = Duration::from_secs(30);
/// How long a mail may take to come.
const FETCH: Duration = Duration::from_secs(300);
/// How far back a mailbox is looked through whose numbers the server has begun anew. What was taken before is known by what it says of itself.
const LOOK_BACK_DAYS: i64 = 30;
/// How often in a row a mail may fail before the others go on without it.
const PATIENCE: usize = 5;
/// What mails are marked with that were taken, where the server lets us.
const MARK: &str = "$Sayso";

/// Reads a mailbox for as long as this collector leads. `failures` counts how often that broke off since the last mail was taken.
pub(super) async fn read(app: &App, name: &str, mailbox: &Imap, failures: &mut usize) -> anyhow::Result<()> {
    let site = match mailbox.site.as_str() {
        "" => None,
        key => Some(app.sites.by_key(key).await?.with_context(|| format!("there is no site {key}"))?),
    };
    let mut reader = Reader { app, name, mailbox, site: site.as_deref(), folder: open(mailbox).await? };
    while app.leader.leads() {
        reader.take_new(failures).await?;
        reader = reader.wait().await?;
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
    /// Takes the mails that have come since.
    async fn take_new(&mut self, failures: &mut usize) -> anyhow::Result<()> {
        let validity = i64::from(self.folder.validity);
        let known = Position::of(&self.app.db, self.name).await?;
        let (query, mut last) = match known {
            Some(position) if position.validity == validity => (format!("UID {}:*", position.last + 1), position.last),
            Some(_) => (format!("SINCE {}", self.day_to_look_back_to()), 0),
            // Of a mailbox that was there before, what somebody has read is not new.
            None => ("UNSEEN".to_owned(), 0),
        };
        let found = tokio::time::timeout(STEP, self.folder.session.uid_search(&query)).await?;
        let mut found: Vec<u32> = found.map_err(|error| explain(&error))?.into_iter().collect();
        // A range that ends in a star always has the last mail, also one that was taken.
        found.retain(|number| i64::from(*number) > last);
        found.sort_unstable();
        for number in found {
            self.take(number, *failures).await?;
            *failures = 0;
            last = i64::from(number);
            Position { validity, last }.note(&self.app.db, self.name).await?;
        }
        if known.is_none_or(|position| position.validity != validity) {
            let next = tokio::time::timeout(STEP, self.folder.session.uid_search("UID *")).await?;
            let newest = next.map_err(|error| explain(&error))?.into_iter().max().unwrap_or_default();
            Position { validity, last: last.max(i64::from(newest)) }.note(&self.app.db, self.name).await?;
        }
        Ok(())
    }

    /// Takes one mail. One that fails again and again is passed over, and stays where it is.
    async fn take(&mut self, number: u32, failures: usize) -> anyhow::Result<()> {
        let size = self.fetch(number, "(UID RFC822.SIZE)").await?.and_then(|mail| mail.size).unwrap_or_default();
        if size as usize > MAIL_MAX_BYTES {
            tracing::warn!(mailbox = self.name, number, size, "a mail is too large to be read; it stays where it is");
            hold_unread(self.app, &format!("{}/{}/{number}", self.name, self.folder.validity), MailReason::TooLarge)
                .await?;
            return Ok(());
        }
        let Some(mail) = self.fetch(number, "(UID BODY.PEEK[])").await? else { return Ok(()) };
        let raw = mail.body().context("the server gave a mail without what is in it")?;
        match receive(self.app, raw, self.site).await {
            Ok(handled) => {
                if let Handled::Now(received) = handled
                    && received.outcome == MailOutcome::Case.as_str()
                    && let Some(case_id) = &received.case_id
                {
                    self.give_to_team(case_id).await?;
                }
            }
            Err(error) if failures >= PATIENCE => {
                tracing::error!(mailbox = self.name, number, %error, "a mail can't be taken; it stays where it is, and the others go on");
            }
            Err(error) => return Err(error).context("a mail can't be taken"),
        }
        self.mark(number).await
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

    async fn give_to_team(&self, case_id: &str) -> anyhow::Result<()> {
        let Some(team) = self.mailbox.teams.first() else { return Ok(()) };
        crate::inbound::team::give(self.app, case_id, team).await
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
        let mut idle = self.folder.session.idle();
        tokio::time::timeout(STEP, idle.init()).await?.map_err(|error| explain(&error))?;
        let (told, _interrupt) = idle.wait_with_timeout(IDLE);
        told.await.map_err(|error| explain(&error))?;
        let session = tokio::time::timeout(STEP, idle.done()).await?.map_err(|error| explain(&error))?;
        Ok(Self { folder: Folder { session, ..self.folder }, ..self })
    }

    fn day_to_look_back_to(&self) -> String {
        let since = self.app.clock.now() - LOOK_BACK_DAYS * DAY;
        let since = jiff::Timestamp::from_millisecond(since).unwrap_or_default();
        since.strftime("%d-%b-%Y").to_string()
    }
}
