//! Files under names that change with their content, each with its compressed forms beside it.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

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
    /// What the loader fetches on intent, beside the module.
    Panel,
    Glue,
    Wasm,
    Language,
    Module,
}

impl Role {
    const ALL: [Self; 6] = [Self::Loader, Self::Panel, Self::Glue, Self::Wasm, Self::Language, Self::Module];

    /// The name in the manifest.
    pub fn name(self) -> &'static str {
        match self {
            Self::Loader => "loader",
            Self::Panel => "panel",
            Self::Glue => "glue",
            Self::Wasm => "wasm",
            Self::Language => "language",
            Self::Module => "module",
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

/// The folder while it is being filled.
pub struct Assets {
    folder: PathBuf,
    files: Vec<Packed>,
    /// Placeholders, and the hashed file names that they stand for.
    names: Vec<(String, String)>,
}

impl Assets {
    /// Makes the folder.
    pub fn create(folder: &Path) -> anyhow::Result<Self> {
        fs::create_dir_all(folder.join("assets")).with_context(|| format!("cannot create {}", folder.display()))?;
        Ok(Self { folder: folder.to_path_buf(), files: Vec::new(), names: Vec::new() })
    }

    /// Writes a file under a name with the hash of its content, which later texts can mention by a placeholder.
    pub fn add_hashed(&mut self, role: Role, stem: &str, extension: &str, content: &[u8]) -> anyhow::Result<()> {
        let digest = hex(&Sha256::digest(content));
        let file_name = format!("{stem}-{}.{extension}", &digest[..16]);
        let placeholder = match role {
            Role::Language => format!("__LANG_{stem}__"),
            Role::Module => format!("__MODULE_{stem}__"),
            Role::Panel => format!("__{}_JS__", stem.to_uppercase()),
            Role::Glue => "__WIDGET_JS__".to_owned(),
            Role::Wasm => "__WIDGET_WASM__".to_owned(),
            Role::Loader => bail!("the loader keeps its name"),
        };
        self.write(role, format!("{stem}.{extension}"), format!("assets/{file_name}"), content)?;
        self.names.push((placeholder, file_name));
        Ok(())
    }

    /// Writes the loader, whose address is in the pages of other people and can never change.
    pub fn add_loader(&mut self, content: &[u8]) -> anyhow::Result<()> {
        self.write(Role::Loader, "sayso.js".to_owned(), "sayso.js".to_owned(), content)
    }

    /// Replaces the placeholders in a text by the hashed file names.
    pub fn fill_in_names(&self, text: &str) -> anyhow::Result<String> {
        let mut text = text.to_owned();
        for (placeholder, file_name) in &self.names {
            text = text.replace(placeholder, file_name);
        }
        if let Some(left_over) = text.match_indices("__").find_map(|(at, _)| placeholder(&text[at..])) {
            bail!("no file belongs to the placeholder `{left_over}`");
        }
        Ok(text)
    }

    /// The list of what was written.
    pub fn into_files(self) -> Vec<Packed> {
        self.files
    }

    fn write(&mut self, role: Role, name: String, path: String, content: &[u8]) -> anyhow::Result<()> {
        let brotli = compress_brotli(content)?;
        let gzip = compress_gzip(content)?;
        for (suffix, bytes) in [("", content), (".br", &brotli), (".gz", &gzip)] {
            let file = self.folder.join(format!("{path}{suffix}"));
            fs::write(&file, bytes).with_context(|| format!("cannot write {}", file.display()))?;
        }
        let (bytes, br, gz) = (content.len() as u64, brotli.len() as u64, gzip.len() as u64);
        self.files.push(Packed { name, path, role, bytes, br, gz });
        Ok(())
    }
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

    #[test]
    fn names_carry_the_content_and_both_compressed_forms_give_it_back() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut assets = Assets::create(folder.path()).expect("a writable folder");
        let content = "你好，世界。".repeat(50);
        assets.add_hashed(Role::Language, "zh-Hans", "json", content.as_bytes()).expect("a writable folder");
        let text = assets.fill_in_names("load('__LANG_zh-Hans__')").expect("a known placeholder");

        let file = assets.into_files().remove(0);
        assert_eq!(text, format!("load('{}')", file.path.trim_start_matches("assets/")));
        assert_eq!(file.path.len(), "assets/zh-Hans-0123456789abcdef.json".len());
        assert_eq!(file.bytes, content.len() as u64);
        let read =
            |suffix: &str| fs::read(folder.path().join(format!("{}{suffix}", file.path))).expect("a written file");
        let mut unzipped = String::new();
        flate2::read::GzDecoder::new(&read(".gz")[..]).read_to_string(&mut unzipped).expect("valid gzip");
        let mut unbrotlied = Vec::new();
        brotli::BrotliDecompress(&mut &read(".br")[..], &mut unbrotlied).expect("valid brotli");
        assert_eq!((unzipped.as_bytes(), &unbrotlied[..]), (content.as_bytes(), content.as_bytes()));
    }

    #[test]
    fn a_placeholder_without_its_file_is_refused() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let assets = Assets::create(folder.path()).expect("a writable folder");
        let error = assets.fill_in_names("import('__MODULE_outbox__')").expect_err("there is no such module");
        assert!(error.to_string().contains("__MODULE_outbox__"), "{error}");
    }
}
