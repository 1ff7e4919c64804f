//! Files under names that change with their contents, each with its compressed forms beside it.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use anyhow::{Context as _, bail};
use brotli::enc::BrotliEncoderParams;
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest as _, Sha256};

use crate::widget::fingerprint::hex;

/// What a file is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Loader,
    /// What the loader fetches on intent, beside the module: with the module's glue in it.
    Panel,
    Wasm,
    Language,
    Module,
    /// The second module, which is fetched by those who need more than the form.
    Companion,
    /// The texts of the second module in one language.
    Words,
}

impl Role {
    const ALL: [Self; 7] =
        [Self::Loader, Self::Panel, Self::Wasm, Self::Language, Self::Module, Self::Companion, Self::Words];

    /// The name in the manifest.
    pub fn name(self) -> &'static str {
        match self {
            Self::Loader => "loader",
            Self::Panel => "panel",
            Self::Wasm => "wasm",
            Self::Language => "language",
            Self::Module => "module",
            Self::Companion => "companion",
            Self::Words => "words",
        }
    }

    /// The role with this name in the manifest.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }
}

/// One packed file. Sizes are bytes: as it is, by brotli, by gzip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packed {
    /// The name without the hash, such as `zh-Hans.json`.
    pub name: String,
    /// Where it is in the folder, and below the collector's root.
    pub path: String,
    pub role: Role,
    pub bytes: u64,
    pub br: u64,
    pub gz: u64,
}

/// What a text says where the hash of all files belongs.
const HASH: &str = "__ASSETS_HASH__";

/// The files before they are named. They share one hash, so that one short line of the loader names them all, and a page
/// never mixes the files of two versions.
#[derive(Default)]
pub struct Assets {
    files: Vec<(Role, String, Vec<u8>)>,
}

impl Assets {
    /// Takes a file. A script may name the others: by [`HASH`], or a module `outbox.js` by `__MODULE_outbox__`.
    pub fn add(&mut self, role: Role, name: &str, content: impl Into<Vec<u8>>) {
        self.files.push((role, name.to_owned(), content.into()));
    }

    /// Writes all files into a new folder, each under its name after the hash, and with its compressed forms beside it.
    /// The loader keeps its name: it is in the pages of other people and can never change.
    pub fn write(self, folder: &Path) -> anyhow::Result<Vec<Packed>> {
        fs::create_dir_all(folder.join("assets")).with_context(|| format!("cannot create {}", folder.display()))?;
        let hash = self.hash();
        let modules: Vec<(String, String)> = self
            .files
            .iter()
            .filter(|(role, ..)| *role == Role::Module)
            .map(|(_, name, _)| (format!("__MODULE_{}__", name.trim_end_matches(".js")), format!("{hash}-{name}")))
            .collect();
        let mut packed = Vec::new();
        for (role, name, content) in self.files {
            let path = if role == Role::Loader { name.clone() } else { format!("assets/{hash}-{name}") };
            let content = match String::from_utf8(content) {
                Ok(text) if name.ends_with(".js") => {
                    fill_in(&text, &hash, &modules).with_context(|| name.clone())?.into_bytes()
                }
                Ok(text) => text.into_bytes(),
                Err(binary) => binary.into_bytes(),
            };
            packed.push(write(folder, role, name, path, &content)?);
        }
        Ok(packed)
    }

    /// One hash over the names and contents of all files.
    fn hash(&self) -> String {
        let mut digest = Sha256::new();
        for (_, name, content) in &self.files {
            digest.update((name.len() as u64).to_le_bytes());
            digest.update(name);
            digest.update((content.len() as u64).to_le_bytes());
            digest.update(content);
        }
        let mut hash = hex(&digest.finalize());
        hash.truncate(16);
        hash
    }
}

/// Replaces the placeholders in a script.
fn fill_in(text: &str, hash: &str, modules: &[(String, String)]) -> anyhow::Result<String> {
    let mut text = text.replace(HASH, hash);
    for (placeholder, file_name) in modules {
        text = text.replace(placeholder, file_name);
    }
    if let Some(left_over) = text.match_indices("__").find_map(|(at, _)| placeholder(&text[at..])) {
        bail!("no file belongs to the placeholder `{left_over}`");
    }
    Ok(text)
}

fn write(folder: &Path, role: Role, name: String, path: String, content: &[u8]) -> anyhow::Result<Packed> {
    let brotli = compress_brotli(content)?;
    let gzip = compress_gzip(content)?;
    for (suffix, bytes) in [("", content), (".br", &brotli), (".gz", &gzip)] {
        let file = folder.join(format!("{path}{suffix}"));
        fs::write(&file, bytes).with_context(|| format!("cannot write {}", file.display()))?;
    }
    let (bytes, br, gz) = (content.len() as u64, brotli.len() as u64, gzip.len() as u64);
    Ok(Packed { name, path, role, bytes, br, gz })
}

/// The placeholder that a text begins with: two underscores, upper-case letters, an underscore, anything, two underscores.
fn placeholder(text: &str) -> Option<&str> {
    let inner = &text[2..];
    let end = inner.find("__")?;
    let (kind, name) = inner[..end].split_once('_')?;
    let is_one = !kind.is_empty() && kind.chars().all(|letter| letter.is_ascii_uppercase()) && !name.contains('\n');
    is_one.then(|| &text[..end + 4])
}

fn compress_brotli(content: &[u8]) -> anyhow::Result<Vec<u8>> {
    let parameters = BrotliEncoderParams { quality: 11, lgwin: 22, size_hint: content.len(), ..Default::default() };
    let mut compressed = Vec::new();
    brotli::BrotliCompress(&mut &content[..], &mut compressed, &parameters).context("brotli failed")?;
    Ok(compressed)
}

fn compress_gzip(content: &[u8]) -> anyhow::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::new(9));
    encoder.write_all(content)?;
    encoder.finish().context("gzip failed")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read as _;

    fn assets(language: &str) -> Assets {
        let mut assets = Assets::default();
        assets.add(Role::Language, "zh-Hans.json", language);
        assets.add(Role::Module, "proof.js", "export const a = 1");
        assets.add(Role::Loader, "sayso.js", "load('__ASSETS_HASH__-' + tag, '__MODULE_proof__')");
        assets
    }

    #[test]
    fn names_carry_the_hash_of_all_and_both_compressed_forms_give_the_content_back() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let content = "你好，世界。".repeat(50);
        let files = assets(&content).write(folder.path()).expect("a writable folder");
        let read = |path: &str| fs::read(folder.path().join(path)).expect("a written file");
        let hash = files[0].path.strip_prefix("assets/").and_then(|name| name.strip_suffix("-zh-Hans.json"));
        let hash = hash.expect("the name of a file has the hash before it");
        assert_eq!(hash.len(), 16);
        assert_eq!(files[1].path, format!("assets/{hash}-proof.js"));
        assert_eq!(
            String::from_utf8(read("sayso.js")).expect("a script"),
            format!("load('{hash}-' + tag, '{hash}-proof.js')")
        );
        assert_eq!(files[0].bytes, content.len() as u64);

        let mut unzipped = String::new();
        let gzip = read(&format!("{}.gz", files[0].path));
        flate2::read::GzDecoder::new(&gzip[..]).read_to_string(&mut unzipped).expect("valid gzip");
        let mut unbrotlied = Vec::new();
        let brotli = read(&format!("{}.br", files[0].path));
        brotli::BrotliDecompress(&mut &brotli[..], &mut unbrotlied).expect("valid brotli");
        assert_eq!((unzipped.as_bytes(), &unbrotlied[..]), (content.as_bytes(), content.as_bytes()));
    }

    #[test]
    fn a_change_of_one_file_renames_all() {
        assert_eq!(assets("a").hash(), assets("a").hash());
        assert_ne!(assets("a").hash(), assets("b").hash());
    }

    #[test]
    fn a_placeholder_without_its_file_is_refused() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut assets = Assets::default();
        assets.add(Role::Panel, "panel.js", "import('__MODULE_outbox__')");
        let error = assets.write(folder.path()).expect_err("there is no such module");
        assert!(format!("{error:#}").contains("__MODULE_outbox__"), "{error:#}");
    }
}
