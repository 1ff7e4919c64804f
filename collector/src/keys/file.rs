//! Where the master key is written: in `SAYSO_MASTER_KEY`, else in a file of the data folder.

use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::{Context, ensure};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

/// The file in the data folder that holds the master key when the environment does not.
pub const KEY_FILE: &str = "master.key";

/// The keys as they are written in the environment or in the key file, the one that encrypts first.
pub fn written(data: &Path) -> anyhow::Result<Vec<String>> {
    let text = text_at_hand(&data.join(KEY_FILE))?.context("there is no master key")?;
    Ok(words(&text).map(str::to_owned).collect())
}

/// The bytes of a key as it is written.
pub fn key_of(word: &str) -> anyhow::Result<[u8; 32]> {
    let bytes = STANDARD.decode(word).or_else(|_| URL_SAFE_NO_PAD.decode(word)).ok();
    bytes
        .and_then(|bytes| bytes.try_into().ok())
        .context("the master key must be 32 bytes in base64, such as `openssl rand -base64 32` prints")
}

/// The keys of a text, each a word.
pub(super) fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split([',', '\n', ' ', '\t', '\r']).filter(|word| !word.is_empty())
}

/// Puts a new key at the beginning of the key file, in which the others stay.
pub(super) fn put_first(data: &Path, new: [u8; 32]) -> anyhow::Result<()> {
    ensure!(
        !is_in_environment(),
        "the master key is in SAYSO_MASTER_KEY: put a new one before it there, separated by a comma (`openssl rand -base64 32` makes \
         one), start every process of Sayso anew, and run this command again"
    );
    let path = data.join(KEY_FILE);
    let others = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let text = format!("{}\n{}\n", STANDARD.encode(new), others.trim());
    replace_key_file(&path, &text)
}

/// The keys in the environment, else in the file; none where there is neither.
pub(super) fn text_at_hand(path: &Path) -> anyhow::Result<Option<String>> {
    match std::env::var("SAYSO_MASTER_KEY") {
        Ok(text) if !text.trim().is_empty() => Ok(Some(text)),
        _ if path.is_file() => {
            let text = fs::read_to_string(path);
            text.map(Some).with_context(|| format!("cannot read {}", path.display()))
        }
        _ => Ok(None),
    }
}

pub(super) fn is_in_environment() -> bool {
    std::env::var("SAYSO_MASTER_KEY").is_ok_and(|text| !text.trim().is_empty())
}

/// Writes the file beside the one that it replaces, so that there always is a whole one.
fn replace_key_file(path: &Path, text: &str) -> anyhow::Result<()> {
    let folder = path.parent().context("a file is in a folder")?;
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    fs::File::open(folder)?.sync_all()?;
    Ok(())
}

/// Makes the key file, which nobody else may read, unless it is there; gives what it holds.
pub(super) fn make_key_file(path: &Path, new: [u8; 32]) -> anyhow::Result<String> {
    let text = STANDARD.encode(new);
    let mut options = fs::OpenOptions::new();
    match options.write(true).create_new(true).mode(0o600).open(path) {
        Ok(mut file) => {
            writeln!(file, "{text}")?;
            file.sync_all()?;
            // The name as well: what is encrypted from now on is lost with it.
            if let Some(folder) = path.parent() {
                fs::File::open(folder)?.sync_all()?;
            }
            Ok(text)
        }
        // Two commands started together: the other one was first, and its key counts.
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(fs::read_to_string(path)?),
        Err(error) => Err(error).with_context(|| format!("cannot write {}", path.display())),
    }
}
