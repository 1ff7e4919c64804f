//! Where the files are: a folder of the data folder, or any store that speaks S3.

use std::fmt;
use std::fs::{DirBuilder, Permissions};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use axum::body::Bytes;
use futures_util::stream::BoxStream;
use object_store::aws::AmazonS3Builder;
use object_store::local::LocalFileSystem;
use object_store::path::Path as Place;
use object_store::{ClientOptions, ObjectStore, ObjectStoreExt, PutPayload, RetryConfig};

use crate::config;

/// How long a store may be silent. There is no limit for a whole answer: a customer may be slow to take it.
const SILENCE: Duration = Duration::from_secs(30);
/// How long a failed request is repeated.
const REPEAT: Duration = Duration::from_secs(20);

/// The store of attached files. They are named by their identifiers, never by what customers called them.
#[derive(Clone)]
pub struct Store {
    objects: Arc<dyn ObjectStore>,
    local: Option<LocalFileSystem>,
    prefix: Place,
}

impl fmt::Debug for Store {
    /// Without the keys of the store.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("is_local", &self.local.is_some()).finish_non_exhaustive()
    }
}

impl Store {
    /// Opens the store that the settings name; a folder is made if it is missing. What is put there is on disk when it is answered.
    pub fn open(settings: &config::Attachments, folder: &Path) -> anyhow::Result<Self> {
        if settings.store.is_empty() {
            make_folder(folder)?;
            let local = LocalFileSystem::new_with_prefix(folder)?.with_fsync(true);
            return Ok(Self { objects: Arc::new(local.clone()), local: Some(local), prefix: Place::default() });
        }
        crate::install_crypto();
        let url = url::Url::parse(&settings.store).context("[attachments] store is not a URL")?;
        let client = ClientOptions::new().with_timeout_disabled().with_read_timeout(SILENCE);
        let client = client.with_connect_timeout(Duration::from_secs(5));
        let is_http = settings.endpoint.starts_with("http://");
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(url.host_str().unwrap_or_default())
            .with_region(&settings.region)
            .with_client_options(client.with_allow_http(is_http))
            .with_retry(RetryConfig { max_retries: 3, retry_timeout: REPEAT, ..RetryConfig::default() })
            // Not every store that speaks S3 deletes in bulk.
            .with_disable_bulk_delete(true);
        if !settings.endpoint.is_empty() {
            builder = builder.with_endpoint(&settings.endpoint);
        }
        if let Some(secret) = settings.secret.reveal() {
            builder = builder.with_access_key_id(&settings.key_id).with_secret_access_key(secret);
        }
        let objects = Arc::new(builder.build().context("the settings in [attachments] are wrong")?);
        Ok(Self { objects, local: None, prefix: Place::from(url.path()) })
    }

    /// Stores a file.
    pub async fn put(&self, id: &str, content: PutPayload) -> object_store::Result<()> {
        let place = self.place(id);
        self.objects.put(&place, content).await?;
        if let Some(local) = &self.local {
            let path = local.path_to_filesystem(&place)?;
            let narrowed = tokio::fs::set_permissions(path, Permissions::from_mode(0o600)).await;
            narrowed.map_err(|source| object_store::Error::Generic { store: "folder", source: source.into() })?;
        }
        Ok(())
    }

    /// The content of a file, piece by piece, with its size; none if there is no such file.
    pub async fn get(
        &self,
        id: &str,
    ) -> object_store::Result<Option<(u64, BoxStream<'static, object_store::Result<Bytes>>)>> {
        match self.objects.get(&self.place(id)).await {
            Ok(found) => Ok(Some((found.meta.size, found.into_stream()))),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Deletes a file, or what a crash left of one. It is no error if there is none.
    pub async fn delete(&self, id: &str) -> object_store::Result<()> {
        let place = self.place(id);
        if let Some(local) = &self.local {
            // Before a file is whole, it has this name in the folder.
            let mut staged = local.path_to_filesystem(&place)?.into_os_string();
            staged.push("#1");
            match tokio::fs::remove_file(staged).await {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(object_store::Error::Generic { store: "folder", source: error.into() });
                }
                _ => {}
            }
        }
        match self.objects.delete(&place).await {
            Err(object_store::Error::NotFound { .. }) | Ok(()) => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn place(&self, id: &str) -> Place {
        self.prefix.clone().join(id)
    }
}

/// It holds personal data, so nobody else may look in.
pub fn make_folder(folder: &Path) -> anyhow::Result<()> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.with_context(|| format!("cannot make the folder {}", folder.display()))
}
