//! Moving what was committed from SQLite's log into its file, beside the writer.
//!
//! SQLite leaves that to whoever commits when the log has become long, and so everybody who waits for that commit waits for it as well: it was
//! a fifth of the writer's time under load. Done from another connection it costs the writer nothing; what is left for the writer is the little
//! that came meanwhile, and to begin the log anew.

use tokio::sync::mpsc;

use super::Db;

/// How many submissions are a reason to move the log: a quarter of what the writer lets it grow to, so that little of it is left to the writer.
const EVERY: usize = 128;

/// Tells whoever moves the log that there is something to move.
#[derive(Debug)]
pub struct Checkpoints {
    written: usize,
    due: mpsc::Sender<()>,
}

impl Checkpoints {
    /// Starts moving, until this is dropped. On PostgreSQL, which has a process for it, there is nothing to do.
    pub fn start(db: &Db) -> Self {
        let (due, is_due) = mpsc::channel(1);
        if let Db::Sqlite(pools) = db {
            tokio::spawn(keep_moving(pools.read.clone(), is_due));
        }
        Self { written: 0, due }
    }

    /// Notes how many submissions a commit had.
    pub fn wrote(&mut self, submissions: usize) {
        self.written += submissions;
        if self.written >= EVERY {
            self.move_soon();
        }
    }

    /// Notes that a commit was refused. On a full disk the log can't grow, but once it has been moved the writer begins it anew, which takes no room.
    pub fn refused(&mut self) {
        self.move_soon();
    }

    fn move_soon(&mut self) {
        self.written = 0;
        // If the last one is still under way, it takes what came since.
        let _ = self.due.try_send(());
    }
}

impl Db {
    /// Moves SQLite's log into the file and empties it, so that nothing is left in it of what was erased. Where somebody reads an earlier state
    /// at the moment it stays until the next time.
    pub async fn forget_log(&self) -> sqlx::Result<()> {
        if let Db::Sqlite(pools) = self {
            sqlx::query("pragma wal_checkpoint(truncate)").execute(&pools.write).await?;
        }
        Ok(())
    }
}

async fn keep_moving(pool: sqlx::SqlitePool, mut is_due: mpsc::Receiver<()>) {
    while is_due.recv().await.is_some() {
        // Passive: it waits for nobody, and nobody for it.
        if let Err(error) = sqlx::query("pragma wal_checkpoint(passive)").execute(&pool).await {
            tracing::warn!(%error, "the log of the database was not moved into its file; the writer will do it");
        }
    }
}
