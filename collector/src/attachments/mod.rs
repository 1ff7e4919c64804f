//! Files that customers attach: taken before the submission that claims them, cleaned, kept in a store, and given back to nobody but
//! the staff and whoever knows the code.

mod claims;
pub mod clean;
pub mod download;
mod error;
mod exif;
mod gif;
mod jpeg;
mod movie;
pub mod multipart;
pub mod name;
mod office;
mod receive;
mod room;
mod rows;
mod scanner;
pub mod sniff;
pub mod store;
mod sweep;
mod upload;

use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::Semaphore;

use scanner::Scanner;

pub use claims::{check, claimable};
pub use error::UploadError;
pub use receive::{Identity, Incoming};
pub use room::Ticket;
pub use rows::{Attachment, Reader, Upload, claim, claimed, not_there, of_case, of_messages};
pub use store::Store;
pub use sweep::sweep;
pub use upload::router;

use crate::config::Config;
use crate::http::slots::Slots;
use crate::keys::{Keys, Purpose};

/// What browsers offer to choose from. iPhones turn their pictures into JPEG for it.
pub const FILE_TYPES: &str = "image/jpeg,image/png,image/gif,image/webp,application/pdf,text/plain,.csv,.doc,.docx,.xls,.xlsx,.ppt,.pptx,.odt,.ods,\
    .odp,.rtf,audio/*,video/*";

/// The folder of the data folder in which files are kept, unless the settings name a store elsewhere.
pub const FOLDER: &str = "attachments";
/// The folder for files that are still arriving. They have no names there, so it always looks empty.
const ARRIVALS: &str = "arrivals";
/// Files that may arrive at the same time; each takes an open file and little memory. And those of them that may come from one line.
const ARRIVING_MAX: usize = 64;
const ARRIVING_FROM_ONE: usize = 8;
/// Files that are looked at, cleaned and stored at the same time: each is in memory as a whole.
const HANDLING_MAX: usize = 2;

/// More parts than any picture of 10 MB has. Each takes more memory than it may be long.
const PARTS_MAX: usize = 20_000;

/// What taking files needs.
#[derive(Debug)]
pub struct Attachments {
    /// Where they are kept.
    pub store: Store,
    arrivals: PathBuf,
    arriving: Arc<Slots>,
    arriving_from_one: usize,
    scanner: Option<Scanner>,
    handling: Semaphore,
}

impl Attachments {
    /// Opens the store that the settings name.
    pub fn open(config: &Config) -> anyhow::Result<Self> {
        Ok(Self {
            store: Store::open(&config.attachments, &config.data.join(FOLDER))?,
            arrivals: config.data.join(ARRIVALS),
            arriving: Slots::new(ARRIVING_MAX),
            arriving_from_one: if config.dangerous_disable_guards { ARRIVING_MAX } else { ARRIVING_FROM_ONE },
            scanner: Scanner::open(&config.attachments)?,
            handling: Semaphore::new(HANDLING_MAX),
        })
    }
}

/// The hash by which an upload is claimed; what the client knows is stored nowhere.
pub fn claim_hash(keys: &Keys, token: &str) -> String {
    keys.hash(Purpose::Upload, &format!("claim {token}"))
}
