//! Which rows were refused and why: on the terminal, and in a file for whoever mends them.

use std::fs::File;
use std::path::Path;

use anyhow::Context as _;
use indicatif::ProgressBar;

use super::row::RowError;

/// Refusals that the terminal shows; a file that is wrong as a whole would scroll everything else away.
const SHOWN: u64 = 50;

/// Where refusals go.
pub struct Report {
    file: Option<csv::Writer<File>>,
    bar: ProgressBar,
    refused: u64,
}

impl Report {
    /// A report on the terminal, and in `file` as CSV if one is named.
    pub fn start(file: Option<&Path>, bar: ProgressBar) -> anyhow::Result<Self> {
        let open = |path: &Path| {
            let mut writer =
                csv::Writer::from_path(path).with_context(|| format!("cannot write {}", path.display()))?;
            writer.write_record(["line", "field", "reason"])?;
            anyhow::Ok(writer)
        };
        Ok(Self { file: file.map(open).transpose()?, bar, refused: 0 })
    }

    /// Names a row that is refused, and everything that is wrong with it.
    pub fn refuse(&mut self, line: u64, refusals: &[RowError]) -> anyhow::Result<()> {
        self.refused += 1;
        for RowError { field, reason } in refusals {
            if let Some(file) = &mut self.file {
                file.write_record([line.to_string().as_str(), field, reason])?;
            }
            if self.refused <= SHOWN {
                let separator = if field.is_empty() { "" } else { " " };
                self.bar.suspend(|| eprintln!("line {line}: {field}{separator}{reason}"));
            }
        }
        Ok(())
    }

    /// How many rows were refused. What the terminal did not show is said to be in the file, if there is one.
    pub fn finish(mut self) -> anyhow::Result<u64> {
        if let Some(file) = &mut self.file {
            file.flush()?;
        }
        if self.refused > SHOWN {
            let rest = self.refused - SHOWN;
            let hint =
                if self.file.is_some() { "; the report names them" } else { "; --report FILE names all of them" };
            self.bar.suspend(|| eprintln!("and {rest} rows more{hint}"));
        }
        Ok(self.refused)
    }
}
