//! The files of customers, as they lie in the data folder.

use std::fs;
use std::io::{self, Read};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Component, Path, PathBuf};

use anyhow::{Context, ensure};

/// Where they lie in the data folder, unless they are in a bucket.
pub const FOLDER: &str = "attachments";

/// The paths of all of them below `folder`, in order. What is still being written has a `#` in its name and is left out.
pub fn list(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        let entries = match fs::read_dir(&next) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            entries => entries.with_context(|| format!("cannot list {}", next.display()))?,
        };
        for entry in entries {
            let entry = entry?;
            let kind = entry.file_type()?;
            if kind.is_dir() {
                folders.push(entry.path());
            } else if kind.is_file() && !entry.file_name().to_string_lossy().contains('#') {
                found.push(entry.path());
            }
        }
    }
    found.sort();
    Ok(found)
}

/// Writes one of a backup below `folder`, on disk when this returns. A path that leads out of the folder is refused.
pub fn write(folder: &Path, path: &str, content: &mut dyn Read) -> anyhow::Result<()> {
    let relative = Path::new(path);
    let is_inside = relative.components().all(|part| matches!(part, Component::Normal(_)));
    ensure!(is_inside && !path.is_empty(), "the backup holds a file outside of its folder: {path}");
    let to = folder.join(relative);
    if let Some(parent) = to.parent() {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(parent)?;
    }
    let mut file = fs::File::options().write(true).create_new(true).mode(0o600).open(&to);
    let file = file.as_mut().map_err(|error| anyhow::anyhow!("cannot write {}: {error}", to.display()))?;
    io::copy(content, file).with_context(|| format!("cannot write {}", to.display()))?;
    file.sync_all().with_context(|| format!("cannot write {}", to.display()))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn files_are_found_and_written_only_inside_the_folder() {
        let folder = tempfile::tempdir().expect("a folder");
        for path in ["a/b/c", "d"] {
            write(folder.path(), path, &mut path.as_bytes()).expect("it is inside");
        }
        fs::write(folder.path().join("e#1"), "half").expect("a file");
        let mode =
            |path: &str| fs::metadata(folder.path().join(path)).expect("it is there").permissions().mode() & 0o777;
        assert_eq!((mode("a/b/c"), mode("d"), mode("a/b")), (0o600, 0o600, 0o700), "nobody else may look in");
        let found: Vec<PathBuf> = list(folder.path()).expect("a list");
        assert_eq!(found, [folder.path().join("a/b/c"), folder.path().join("d")]);
        for path in ["../out", "/etc/out", "a/../../out", ""] {
            assert!(write(folder.path(), path, &mut &b""[..]).is_err(), "{path}");
        }
        assert!(list(&folder.path().join("none")).expect("none is no error").is_empty());
    }
}
