//! What tells whether a build would give anything new.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use sha2::{Digest as _, Sha256};

/// Everything that goes into the widget: its crates, their dependencies, and the packing itself.
const SOURCES: [&str; 6] = ["shared", "widget", "xtask/src/widget", "xtask/src/widget.rs", "Cargo.toml", "Cargo.lock"];

/// A digest of the names and contents of all sources, and of the toolchain.
pub fn of_sources(workspace: &Path, toolchain: &str) -> anyhow::Result<String> {
    let mut files = Vec::new();
    for source in SOURCES {
        collect(&workspace.join(source), &mut files)?;
    }
    files.sort();
    let mut digest = Sha256::new();
    digest.update(toolchain);
    for file in files {
        let content = fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
        let name = file.strip_prefix(workspace).unwrap_or(&file).to_string_lossy().into_owned();
        // Lengths keep a name and a content from running into each other.
        digest.update((name.len() as u64).to_le_bytes());
        digest.update(&name);
        digest.update((content.len() as u64).to_le_bytes());
        digest.update(content);
    }
    Ok(hex(&digest.finalize()))
}

/// Bytes in lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    if path.is_dir() {
        for entry in fs::read_dir(path).with_context(|| format!("cannot list {}", path.display()))? {
            collect(&entry?.path(), files)?;
        }
    } else if path.exists() {
        files.push(path.to_path_buf());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_contents_and_toolchain_count() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let root = folder.path();
        fs::create_dir(root.join("widget")).expect("a new folder");
        fs::write(root.join("widget/a.rs"), "one").expect("a new file");
        let first = of_sources(root, "1.96").expect("readable sources");
        assert_eq!(first, of_sources(root, "1.96").expect("readable sources"));
        assert_ne!(first, of_sources(root, "1.97").expect("readable sources"));
        fs::rename(root.join("widget/a.rs"), root.join("widget/b.rs")).expect("a rename");
        let renamed = of_sources(root, "1.96").expect("readable sources");
        assert_ne!(first, renamed);
        fs::write(root.join("widget/b.rs"), "two").expect("a new content");
        assert_ne!(renamed, of_sources(root, "1.96").expect("readable sources"));
    }
}
