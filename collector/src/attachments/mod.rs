//! Files that customers attach: taken before the submission that claims them, cleaned, kept in a store, and given back to nobody but
//! the staff and whoever knows the code.

pub mod clean;
pub mod download;
mod exif;
mod gif;
mod jpeg;
mod movie;
pub mod multipart;
pub mod name;
mod office;
mod receive;
mod refusal;
mod rows;
pub mod sniff;
pub mod store;
mod sweep;
mod upload;

use std::path::PathBuf;
use std::sync::Arc;

use sayso_shared::problem::{ErrorCode, FieldError};
use tokio::sync::Semaphore;

pub use receive::{Identity, Incoming, Upload};
pub use refusal::Refusal;
pub use rows::{Attachment, claim, of_case};
pub use store::Store;
pub use sweep::sweep;
pub use upload::router;

use crate::app::App;
use crate::config::Config;
use crate::http::{Error, Result};
use crate::keys::{Keys, Purpose};
use crate::sites::Site;

/// The folder of the data folder in which files are kept, unless the settings name a store elsewhere.
pub const FOLDER: &str = "attachments";
/// The folder for files that are still arriving. They have no names there, so it always looks empty.
const ARRIVALS: &str = "arrivals";
/// Files that may arrive at the same time; each takes an open file and little memory.
const ARRIVING_MAX: usize = 64;
/// Files that are looked at, cleaned and stored at the same time: each is in memory as a whole.
const HANDLING_MAX: usize = 2;

/// What taking files needs.
#[derive(Debug)]
pub struct Attachments {
    /// Where they are kept.
    pub store: Store,
    arrivals: PathBuf,
    arriving: Arc<Semaphore>,
    handling: Semaphore,
}

impl Attachments {
    /// Opens the store that the settings name.
    pub fn open(config: &Config) -> anyhow::Result<Self> {
        Ok(Self {
            store: Store::open(&config.attachments, &config.data.join(FOLDER))?,
            arrivals: config.data.join(ARRIVALS),
            arriving: Arc::new(Semaphore::new(ARRIVING_MAX)),
            handling: Semaphore::new(HANDLING_MAX),
        })
    }
}

/// The hash by which an upload is claimed; what the client knows is stored nowhere.
pub fn claim_hash(keys: &Keys, token: &str) -> String {
    keys.hash(Purpose::Upload, &format!("claim {token}"))
}

/// The uploads that a submission to a site could claim now, in the order of `tokens`; none for each that is unknown, of another site,
/// too old, or claimed already.
pub async fn claimable(app: &App, site: &Site, tokens: &[String]) -> Result<Vec<Option<Upload>>> {
    Ok(rows::claimable(&app.db, &app.keys, site.id(), sweep::claimable_since(app), tokens).await?)
}

/// Refuses a submission with uploads that it can't claim, before it is queued.
pub async fn check(app: &App, site: &Site, tokens: &[String]) -> Result<()> {
    let uploads = claimable(app, site, tokens).await?;
    let missing = uploads.iter().enumerate().filter(|(_, upload)| upload.is_none());
    let errors: Vec<FieldError> = missing.map(|(index, _)| not_there(index)).collect();
    if errors.is_empty() { Ok(()) } else { Err(Error::Invalid(errors)) }
}

/// What is wrong with an upload that can't be claimed.
pub fn not_there(index: usize) -> FieldError {
    FieldError::new(
        format!("/attachments/{index}"),
        ErrorCode::Invalid,
        "there is no upload with this id; upload the file again",
    )
}
