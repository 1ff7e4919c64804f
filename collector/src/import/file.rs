//! What the commands that read tables have in common: which file, whether anything is stored, and what is said of rows that are refused.

use std::path::PathBuf;

use anyhow::ensure;
use clap::Args;
use encoding_rs::Encoding;

use super::table::{Need, Table, encoding_of};

/// Refused rows that are named one by one.
const NAMED_MAX: u64 = 100;

/// A table that is imported.
#[derive(Debug, Args)]
pub struct TableFile {
    /// The file.
    file: PathBuf,
    /// How the file's characters are written, such as GBK, Big5 or windows-1252; without it, as they look.
    #[arg(long, value_name = "NAME", value_parser = encoding_of)]
    encoding: Option<&'static Encoding>,
    /// Only say what would be stored and what would be refused.
    #[arg(long)]
    dry_run: bool,
}

/// Whether anything is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// It is.
    Store,
    /// It is only said what would be.
    Try,
}

/// The rows that were refused.
#[derive(Debug, Default)]
pub struct Refusals(u64);

impl TableFile {
    /// Opens it, and reads its header.
    pub fn open(&self, columns: &'static [(&'static str, Need)]) -> anyhow::Result<Table> {
        Table::open(&self.file, self.encoding, columns)
    }

    /// Whether anything is stored of it.
    pub const fn mode(&self) -> Mode {
        if self.dry_run { Mode::Try } else { Mode::Store }
    }
}

impl Refusals {
    /// Says why a row is refused, of the first ones.
    pub fn refuse(&mut self, line: u64, reason: &str) {
        self.0 += 1;
        if self.0 <= NAMED_MAX {
            eprintln!("line {line}: {reason}");
        }
    }

    /// How many there are.
    pub const fn count(&self) -> u64 {
        self.0
    }

    /// An error where there are any, when all other rows are stored.
    pub fn finish(&self, mode: Mode) -> anyhow::Result<()> {
        let others = if mode == Mode::Try { "fine" } else { "stored" };
        ensure!(self.0 == 0, "{} rows were refused; the others are {others}", self.0);
        Ok(())
    }
}
