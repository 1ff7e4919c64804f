//! `manifest.json`: what the collector embeds, and what a later build compares itself with.

use std::fs;
use std::path::Path;

use anyhow::Context as _;
use serde_json::{Value, json};

use crate::widget::assets::{Packed, Role};

const FILE_NAME: &str = "manifest.json";

/// The list of everything in `target/widget`.
pub struct Manifest {
    pub files: Vec<Packed>,
    /// The digest of what it was made of.
    pub fingerprint: String,
    /// Whether the module was built the way we release it.
    pub as_released: bool,
}

impl Manifest {
    /// Reads the manifest, if it is there with all its files.
    pub fn read_if_whole(folder: &Path) -> Option<Self> {
        let text = fs::read_to_string(folder.join(FILE_NAME)).ok()?;
        let manifest = Self::from_json(&serde_json::from_str(&text).ok()?)?;
        let whole = manifest.files.iter().all(|file| {
            ["", ".br", ".gz"].iter().all(|suffix| folder.join(format!("{}{suffix}", file.path)).is_file())
        });
        whole.then_some(manifest)
    }

    /// Writes the manifest into the folder that it describes.
    pub fn write(&self, folder: &Path) -> anyhow::Result<()> {
        let text = serde_json::to_string_pretty(&self.to_json())?;
        fs::write(folder.join(FILE_NAME), text + "\n").context("cannot write the manifest")
    }

    fn to_json(&self) -> Value {
        let file = |file: &Packed| {
            json!({
                "name": file.name, "path": file.path, "role": file.role.name(),
                "bytes": file.bytes, "br": file.br, "gz": file.gz,
            })
        };
        let files: Vec<Value> = self.files.iter().map(file).collect();
        json!({ "files": files, "fingerprint": self.fingerprint, "as_released": self.as_released })
    }

    fn from_json(value: &Value) -> Option<Self> {
        let file = |value: &Value| {
            Some(Packed {
                name: value["name"].as_str()?.to_owned(),
                path: value["path"].as_str()?.to_owned(),
                role: Role::from_name(value["role"].as_str()?)?,
                bytes: value["bytes"].as_u64()?,
                br: value["br"].as_u64()?,
                gz: value["gz"].as_u64()?,
            })
        };
        Some(Self {
            files: value["files"].as_array()?.iter().map(file).collect::<Option<_>>()?,
            fingerprint: value["fingerprint"].as_str()?.to_owned(),
            as_released: value["as_released"].as_bool()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::widget::assets::Assets;

    #[test]
    fn a_manifest_is_believed_only_while_all_its_files_are_there() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut assets = Assets::default();
        assets.add(Role::Loader, "sayso.js", "run()");
        let files = assets.write(folder.path()).expect("a writable folder");
        let manifest = Manifest { files, fingerprint: "abc".to_owned(), as_released: true };
        manifest.write(folder.path()).expect("a writable folder");

        let read = Manifest::read_if_whole(folder.path()).expect("a whole folder");
        assert_eq!((read.files, read.fingerprint, read.as_released), (manifest.files, "abc".to_owned(), true));
        fs::remove_file(folder.path().join("sayso.js.br")).expect("the file is there");
        assert!(Manifest::read_if_whole(folder.path()).is_none());
    }
}
