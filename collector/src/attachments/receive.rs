//! Receiving a file: its bytes go to a file without a name until it is whole, so that a slow sender takes no memory and half a file
//! leaves nothing behind. Then it is looked at and cleaned, two files at a time, and stored.

use std::fs::File;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context;
use axum::body::Bytes;
use object_store::PutPayload;
use sayso_shared::limits::ATTACHMENT_MAX_BYTES;
use sha2::{Digest, Sha256};
use tokio::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};
use tokio::sync::Semaphore;

use super::error::store_failed;
use super::name::FileName;
use super::room::{self, Ticket};
use super::rows::{self, New, Upload};
use super::sniff::{self, MediaType};
use super::{UploadError, clean, store};
use crate::app::App;
use crate::http::Error;
use crate::http::client::ClientAddress;
use crate::http::slots::Slot;
use crate::keys::{Purpose, new_id, random_bytes, random_token};
use crate::sites::Site;

/// What a sender may take to begin, and the bytes that have to come in each second after that: places are few, and whoever sends
/// next to nothing must not keep them.
const GRACE: Duration = Duration::from_secs(30);
const BYTES_PER_SECOND: usize = 16 * 1024;
/// How long a whole file waits for its turn.
const PATIENCE: Duration = Duration::from_secs(30);

/// Where the identifier of an upload comes from.
#[derive(Clone, Copy, Debug)]
pub enum Identity<'a> {
    /// Chance.
    Random,
    /// The form with this key and the content: a form that is sent twice uploads the same files, not others.
    Form(&'a str),
}

/// A file that is arriving.
#[derive(Debug)]
pub struct Incoming<'a> {
    app: &'a App,
    site: &'a Site,
    client: String,
    file: tokio::fs::File,
    size: usize,
    begun: Instant,
    _slot: Slot,
}

impl<'a> Incoming<'a> {
    /// Begins to receive a file for a site.
    pub async fn begin(
        app: &'a App,
        site: &'a Site,
        client: ClientAddress,
        ticket: Ticket<'_>,
    ) -> Result<Self, UploadError> {
        app.limits.check_upload(client)?;
        // Before the database is asked, so that nobody waits in it for those who only hold places.
        let share = (client.line(), app.attachments.arriving_from_one);
        let slot = app.attachments.arriving.take(&[share]).ok_or(Error::Unavailable { retry_after: 5 })?;
        let client = format!("{:032x}", client.line());
        room::make(app, site, &client, ticket).await?;
        let mut file = tokio::fs::File::from_std(nameless_file(&app.attachments.arrivals).map_err(Error::from)?);
        file.set_max_buf_size(64 * 1024);
        Ok(Self { app, site, client, file, size: 0, begun: Instant::now(), _slot: slot })
    }

    /// Takes a piece. Nothing is kept of what is beyond the limit.
    pub async fn write(&mut self, piece: &[u8]) -> Result<(), UploadError> {
        self.size += piece.len();
        if self.size > ATTACHMENT_MAX_BYTES {
            return Err(UploadError::TooLarge);
        }
        let allowed = GRACE.as_secs() + (self.size / BYTES_PER_SECOND) as u64;
        if self.begun.elapsed().as_secs() > allowed {
            return Err(Error::Malformed("the file comes too slowly".into()).into());
        }
        self.file.write_all(piece).await.map_err(no_room)?;
        Ok(())
    }

    /// Looks at the whole file, takes out what its sender did not mean to tell, and stores it.
    pub async fn finish(mut self, name: &str, identity: Identity<'_>) -> Result<Upload, UploadError> {
        self.file.flush().await.map_err(no_room)?;
        let _turn = turn(&self.app.attachments.handling).await?;
        let mut content = vec![0; self.size];
        self.file.rewind().await.map_err(no_room)?;
        self.file.read_exact(&mut content).await.map_err(no_room)?;
        let content = Bytes::from(content);
        if let Some(scanner) = &self.app.attachments.scanner {
            scanner.scan(&content).await?;
        }
        // Nothing waits for the other tasks while 10 MB are looked at.
        let inspected = tokio::task::spawn_blocking(move || inspect(content)).await;
        let (media_type, content, digest) = inspected.map_err(|error| Error::Internal(error.into()))??;
        let name = FileName::new(name, media_type);
        let token = match identity {
            Identity::Random => random_token(),
            Identity::Form(key) => {
                self.app.keys.hash(Purpose::Upload, &format!("form {key} {digest} {}", name.as_str()))
            }
        };
        let size = i64::try_from(content.content_length()).unwrap_or(i64::MAX);
        let upload = Upload { token, name: name.as_str().to_owned(), media_type: media_type.name.to_owned(), size };
        self.store(&upload, content).await?;
        Ok(upload)
    }

    /// The row comes first and says that nobody can claim it yet, so that after a crash in between the sweep finds the file by it.
    async fn store(&self, upload: &Upload, content: PutPayload) -> Result<(), Error> {
        let app = self.app;
        let claim_hash = super::claim_hash(&app.keys, &upload.token);
        if rows::is_known(&app.db, self.site.id(), &claim_hash).await? {
            return Ok(());
        }
        let id = new_id();
        let new = New { id: &id, site_id: self.site.id(), upload, client: &self.client, created_at: app.clock.now() };
        rows::insert(&app.db, &new).await?;
        app.attachments.store.put(&id, content).await.map_err(store_failed)?;
        rows::offer(&app.db, &id, &claim_hash).await?;
        Ok(())
    }
}

fn inspect(content: Bytes) -> Result<(&'static MediaType, PutPayload, String), UploadError> {
    let media_type = sniff::sniff(&content)?;
    let content = clean::clean(media_type, content)?;
    let digest = content.iter().fold(Sha256::new(), |digest, piece| digest.chain_update(piece));
    let digest = digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok((media_type, content, digest))
}

async fn turn(handling: &Semaphore) -> Result<tokio::sync::SemaphorePermit<'_>, Error> {
    match tokio::time::timeout(PATIENCE, handling.acquire()).await {
        Ok(Ok(permit)) => Ok(permit),
        Ok(Err(_)) | Err(_) => Err(Error::Unavailable { retry_after: 5 }),
    }
}

/// A file that is gone as soon as it is closed, also after a crash.
fn nameless_file(folder: &Path) -> anyhow::Result<File> {
    store::make_folder(folder)?;
    let name = random_bytes::<16>().iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let path = folder.join(name);
    let file = File::options().read(true).write(true).create_new(true).mode(0o600).open(&path);
    let file = file.with_context(|| format!("cannot make a file in {}", folder.display()))?;
    std::fs::remove_file(&path)?;
    Ok(file)
}

/// The disk of the data folder is full, or failing.
fn no_room(error: std::io::Error) -> Error {
    tracing::error!(%error, "a file that arrives can't be kept");
    Error::Unavailable { retry_after: 60 }
}
