//! Making durable what one writer commits, beside that writer.
//!
//! SQLite waits in each commit until its log is on the disk, and nothing else is written meanwhile. A writer whose answers wait anyway need not: it
//! commits without waiting ([`Db::begin_unsynced`]), goes on to its next transaction, and the answers wait for [`Durability::wait`], which writes the
//! log to the disk for all commits that came before. What is in the log when the machine loses its power is either whole or, by its
//! checksums, not there. PostgreSQL is asked to wait in each commit.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::sync::Arc;

use super::Db;

/// Waits until what was committed is durable.
#[derive(Clone, Debug)]
pub struct Durability(Option<Arc<Log>>);

/// The write-ahead log of an SQLite.
#[derive(Debug)]
struct Log {
    path: PathBuf,
    file: File,
    inode: u64,
}

impl Durability {
    /// Of what is committed by [`Db::begin_unsynced`].
    pub fn of(db: &Db) -> io::Result<Self> {
        let Db::Sqlite(pools) = db else { return Ok(Self(None)) };
        let mut path = pools.write.connect_options().get_filename().as_os_str().to_owned();
        path.push("-wal");
        Ok(Self(Some(Arc::new(Log::open(path.into())?))))
    }

    /// Of commits that wait for the disk themselves.
    pub const fn of_each_commit() -> Self {
        Self(None)
    }

    /// Returns when everything that has been committed is durable. After an error nothing is known of what was committed since the last success, so
    /// that nothing may be answered as if it were, now or later.
    pub async fn wait(&self) -> io::Result<()> {
        let Some(log) = self.0.clone() else { return Ok(()) };
        tokio::task::spawn_blocking(move || log.sync()).await?
    }
}

impl Log {
    fn open(path: PathBuf) -> io::Result<Self> {
        let file = File::open(&path)?;
        let inode = file.metadata()?.ino();
        Ok(Self { path, file, inode })
    }

    fn sync(&self) -> io::Result<()> {
        // SQLite keeps its log as long as there is a connection, and this one has some. Else another file would be written to the disk.
        if fs::metadata(&self.path)?.ino() != self.inode {
            return Err(io::Error::other("the log of the database was replaced by another file"));
        }
        self.file.sync_data()
    }
}
