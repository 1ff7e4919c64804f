//! The file of a backup: a tar in gzip, read and written from its beginning to its end, with a digest over everything in it.
//!
//! First comes `sayso-backup.json`, then `tables/NAME/NUMBER.jsonl` with a row in each line, then `attachments/…`, and at the end
//! `manifest.json`, without which a file is no backup.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};

use anyhow::{Context, bail, ensure};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::keys::{Keys, Purpose, equal};

/// The form of the file; another one gets another number.
pub const FORMAT: u32 = 1;
const HEAD: &str = "sayso-backup.json";
const MANIFEST: &str = "manifest.json";
const NOT_ONE: &str = "this is not a backup of Sayso, or it is damaged";
/// Rows are kept together up to this size, so that neither side needs more memory.
const PART: usize = 1024 * 1024;
/// One row may be larger than a part; more than this is no part of ours.
const PART_MAX: u64 = 64 * 1024 * 1024;

/// What the backup is of.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Head {
    /// [`FORMAT`].
    pub format: u32,
    /// The version of Sayso that made it.
    pub version: String,
    /// The name of the database that it was made from.
    pub database: String,
    /// When, in RFC 3339.
    pub made_at: String,
    /// The migrations that the database had had.
    pub migrations: Vec<i64>,
    /// What tells whether a master key is the right one.
    pub key_check: String,
    /// The tables with the names of their columns, each after those that it refers to.
    pub tables: Vec<(String, Vec<String>)>,
}

/// What the end of a backup says about all before it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct Manifest {
    /// Rows by table.
    pub rows: BTreeMap<String, u64>,
    /// How many attachments there are.
    pub attachments: u64,
    /// SHA-256 over the names and contents of all entries.
    pub digest: String,
    /// A keyed hash of the other fields: whoever has no master key can't make a backup that is taken.
    pub signature: String,
}

/// Writes a backup.
pub struct Writer<W: Write> {
    tar: tar::Builder<GzEncoder<W>>,
    digest: Sha256,
    manifest: Manifest,
    part: Vec<u8>,
    parts: u64,
}

impl<W: Write> Writer<W> {
    /// Begins one.
    pub fn new(to: W, head: &Head) -> anyhow::Result<Self> {
        let tar = tar::Builder::new(GzEncoder::new(to, Compression::fast()));
        let mut new = Self { tar, digest: Sha256::new(), manifest: Manifest::default(), part: Vec::new(), parts: 0 };
        let head = serde_json::to_vec_pretty(head)?;
        new.append(HEAD, head.len() as u64, &head[..])?;
        Ok(new)
    }

    /// Adds a row of a table; the rows of one table come together.
    pub fn row(&mut self, table: &str, row: &[serde_json::Value]) -> anyhow::Result<()> {
        serde_json::to_writer(&mut self.part, row)?;
        self.part.push(b'\n');
        *self.manifest.rows.entry(table.to_owned()).or_default() += 1;
        if self.part.len() >= PART { self.end_part(table) } else { Ok(()) }
    }

    /// Ends a table.
    pub fn end_table(&mut self, table: &str) -> anyhow::Result<()> {
        if !self.part.is_empty() {
            self.end_part(table)?;
        }
        self.parts = 0;
        Ok(())
    }

    /// Adds an attachment.
    pub fn attachment(&mut self, path: &str, size: u64, content: impl Read) -> anyhow::Result<()> {
        self.manifest.attachments += 1;
        self.append(&format!("attachments/{path}"), size, content)
    }

    /// Ends the backup; gives what is written to, and what is in it.
    pub fn finish(mut self, keys: &Keys) -> anyhow::Result<(W, Manifest)> {
        self.manifest.digest = hex(&self.digest);
        self.manifest.signature = self.manifest.sign(keys);
        let manifest = serde_json::to_vec_pretty(&self.manifest)?;
        append(&mut self.tar, MANIFEST, manifest.len() as u64, &manifest[..])?;
        Ok((self.tar.into_inner()?.finish()?, self.manifest))
    }

    fn end_part(&mut self, table: &str) -> anyhow::Result<()> {
        self.parts += 1;
        let part = std::mem::take(&mut self.part);
        self.append(&format!("tables/{table}/{:06}.jsonl", self.parts), part.len() as u64, &part[..])
    }

    fn append(&mut self, name: &str, size: u64, content: impl Read) -> anyhow::Result<()> {
        self.digest.update(name.as_bytes());
        self.digest.update(size.to_be_bytes());
        // What grew meanwhile is cut, what shrank is an error.
        let mut content = Digesting { inner: content.take(size), digest: &mut self.digest, read: 0 };
        append(&mut self.tar, name, size, &mut content)?;
        ensure!(content.read == size, "{name} has become shorter while it was read");
        Ok(())
    }
}

/// What is found in a backup, in its order.
pub enum Part<'a> {
    /// Lines of JSON, each an array of values: rows of the table of that name.
    Rows(&'a str, &'a [u8]),
    /// The path of an attachment, and its content, which must be read to its end.
    Attachment(&'a str, &'a mut dyn Read),
}

/// A backup that is being read.
pub struct Reader<R: Read> {
    tar: tar::Archive<GzDecoder<R>>,
}

impl<R: Read> Reader<R> {
    /// Reads from `file`.
    pub fn new(file: R) -> Self {
        Self { tar: tar::Archive::new(GzDecoder::new(file)) }
    }

    /// Reads what the backup is of, and nothing more.
    pub fn head(mut self) -> anyhow::Result<Head> {
        read_head(&mut self.tar.entries().context(NOT_ONE)?, &mut Sha256::new())
    }

    /// Reads all of it: calls `part` for each part, and makes sure at the end that it was whole and unchanged. What was done with the
    /// parts counts only if this succeeds.
    pub async fn read(
        mut self,
        keys: &Keys,
        mut part: impl AsyncFnMut(Part<'_>) -> anyhow::Result<()>,
    ) -> anyhow::Result<Manifest> {
        let mut found = Manifest::default();
        let mut digest = Sha256::new();
        let mut entries = self.tar.entries().context(NOT_ONE)?;
        read_head(&mut entries, &mut digest)?;
        for entry in entries.by_ref() {
            let mut entry = entry.context("the backup is damaged or cut off")?;
            let name = String::from_utf8(entry.path_bytes().into_owned()).context(NOT_ONE)?;
            if name == MANIFEST {
                let mut text = Vec::new();
                entry.take(PART_MAX).read_to_end(&mut text).context("the backup is damaged")?;
                let manifest: Manifest = serde_json::from_slice(&text).context("the backup is damaged")?;
                found.digest = hex(&digest);
                found.signature = manifest.signature.clone();
                ensure!(found == manifest, "the backup is damaged: its checksum is wrong");
                ensure!(equal(&manifest.sign(keys), &manifest.signature), "the backup was altered");
                // To the very end, where the checksum of the compression is.
                let rest = io::copy(&mut self.tar.into_inner(), &mut io::sink());
                rest.context("the backup is damaged: its end is wrong")?;
                return Ok(manifest);
            }
            if let Some(path) = name.strip_prefix("attachments/") {
                found.attachments += 1;
                let size = entry.size();
                digest.update(name.as_bytes());
                digest.update(size.to_be_bytes());
                let mut content = Digesting { inner: &mut entry, digest: &mut digest, read: 0 };
                part(Part::Attachment(path, &mut content)).await?;
                ensure!(content.read == size, "the backup is damaged: {name} is incomplete");
            } else if let Some(table) = name.strip_prefix("tables/").and_then(|rest| rest.split('/').next()) {
                let lines = read_part(&name, entry, &mut digest)?;
                *found.rows.entry(table.to_owned()).or_default() +=
                    lines.iter().filter(|byte| **byte == b'\n').count() as u64;
                part(Part::Rows(table, &lines)).await?;
            } else {
                bail!("the backup holds {name}, which this version does not know");
            }
        }
        bail!("the backup is cut off: its end is missing")
    }
}

impl Manifest {
    fn sign(&self, keys: &Keys) -> String {
        let said = format!("{:?} {} {}", self.rows, self.attachments, self.digest);
        keys.hash(Purpose::Backup, &said)
    }
}

struct Digesting<'a, R> {
    inner: R,
    digest: &'a mut Sha256,
    read: u64,
}

impl<R: Read> Read for Digesting<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.digest.update(&buffer[..read]);
        self.read += read as u64;
        Ok(read)
    }
}

fn append<W: Write>(tar: &mut tar::Builder<W>, name: &str, size: u64, content: impl Read) -> anyhow::Result<()> {
    let mut header = tar::Header::new_gnu();
    header.set_size(size);
    header.set_mode(0o600);
    tar.append_data(&mut header, name, content).context("the backup can't be written")
}

fn read_head<R: Read>(entries: &mut tar::Entries<'_, R>, digest: &mut Sha256) -> anyhow::Result<Head> {
    let first = entries.next().context(NOT_ONE)?.context(NOT_ONE)?;
    ensure!(first.path_bytes().as_ref() == HEAD.as_bytes(), NOT_ONE);
    let head: Head = serde_json::from_slice(&read_part(HEAD, first, digest)?).context(NOT_ONE)?;
    ensure!(head.format == FORMAT, "this backup has the form {}, which this version can't read", head.format);
    Ok(head)
}

fn read_part<R: Read>(name: &str, entry: tar::Entry<'_, R>, digest: &mut Sha256) -> anyhow::Result<Vec<u8>> {
    let size = entry.size();
    ensure!(size <= PART_MAX, "the backup is damaged: {name} is too large");
    let mut content = Vec::new();
    entry.take(size).read_to_end(&mut content).context("the backup is damaged or cut off")?;
    ensure!(content.len() as u64 == size, "the backup is damaged: {name} is incomplete");
    digest.update(name.as_bytes());
    digest.update(size.to_be_bytes());
    digest.update(&content);
    Ok(content)
}

fn hex(digest: &Sha256) -> String {
    digest.clone().finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
