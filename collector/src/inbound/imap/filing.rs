//! Putting mails away that were taken, in whatever way the server can.

use async_imap::Session;
use async_imap::error::{Error, Result};
use async_imap::types::Capabilities;
use futures_util::TryStreamExt as _;

use super::wire::Wire;

/// How a server moves a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Filing {
    /// At once (RFC 6851).
    Move,
    /// It copies and deletes it, and removes this one alone (UIDPLUS, RFC 4315).
    CopyAndExpunge,
    /// It copies it and marks it as deleted. Removing it would remove what others marked so.
    CopyAndMark,
}

impl Filing {
    /// By what a server says that it can.
    pub(super) fn by(capabilities: &Capabilities) -> Self {
        if capabilities.has_str("MOVE") {
            Filing::Move
        } else if capabilities.has_str("UIDPLUS") {
            Filing::CopyAndExpunge
        } else {
            Filing::CopyAndMark
        }
    }

    /// Moves a mail to another folder, which is made if it is missing.
    pub(super) async fn move_mail<T: Wire>(self, session: &mut Session<T>, number: u32, to: &str) -> Result<()> {
        match self.try_move(session, number, to).await {
            // The server's words are its own: whatever it is that it refuses, the folder may be missing.
            Err(Error::No(_)) => {
                session.create(to).await?;
                self.try_move(session, number, to).await
            }
            moved => moved,
        }
    }

    async fn try_move<T: Wire>(self, session: &mut Session<T>, number: u32, to: &str) -> Result<()> {
        let number = number.to_string();
        if self == Filing::Move {
            return session.uid_mv(&number, to).await;
        }
        session.uid_copy(&number, to).await?;
        session.uid_store(&number, "+FLAGS.SILENT (\\Deleted)").await?.try_collect::<Vec<_>>().await?;
        if self == Filing::CopyAndExpunge {
            session.uid_expunge(&number).await?.try_collect::<Vec<_>>().await?;
        }
        Ok(())
    }
}
