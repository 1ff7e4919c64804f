//! A list as a file that is streamed: for spreadsheets, as a workbook, or for programs.

use std::io::{Read as _, Seek as _};

use axum::body::Body;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use futures_util::{Stream, StreamExt as _};
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use super::row::{self, Format};
use super::workbook::{Description, Workbook};
use crate::http::Result;

/// Bytes of a workbook that are sent at once.
const PIECE: usize = 64 * 1024;

/// What a file of rows is called, and its columns with what each means.
#[derive(Clone, Debug)]
pub struct Table {
    /// The name of the file, without its ending.
    pub name: &'static str,
    /// The names of the columns, in their order.
    pub columns: Vec<&'static str>,
    /// What a column means.
    pub describe: fn(&str) -> Option<&'static str>,
}

/// The parameter of a link to a file: CSV unless it says otherwise.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct FormatQuery {
    format: String,
}

impl FormatQuery {
    /// The format that it asks for.
    pub fn format(&self) -> Format {
        Format::of_form(&self.format)
    }
}

/// Rows by chunks.
pub type Rows = Vec<Vec<Value>>;

/// An export that could not be finished.
#[derive(Debug, thiserror::Error)]
#[error("the export ended early")]
struct Broken;

type Sender = mpsc::Sender<std::result::Result<Vec<u8>, Broken>>;

impl Format {
    /// Reads the word that a form has for it; CSV unless it is another one.
    pub fn of_form(word: &str) -> Self {
        match word {
            "jsonl" => Self::Jsonl,
            "xlsx" => Self::Xlsx,
            _ => Self::Csv,
        }
    }

    /// The ending of a file, and its type.
    const fn file(self) -> (&'static str, &'static str) {
        match self {
            Self::Csv => ("csv", "text/csv; charset=utf-8"),
            Self::Jsonl => ("jsonl", "application/jsonl; charset=utf-8"),
            Self::Xlsx => ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        }
    }
}

impl Table {
    /// The rows as a download, written while they are read; a workbook once all of them are.
    pub fn download(self, format: Format, rows: impl Stream<Item = Result<Rows>> + Send + 'static) -> Response {
        let (ending, media_type) = format.file();
        let headers = [
            (header::CONTENT_TYPE, media_type.to_owned()),
            (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{}.{ending}\"", self.name)),
            (header::CACHE_CONTROL, "no-store".to_owned()),
        ];
        let (sender, receiver) = mpsc::channel(2);
        tokio::spawn(async move {
            let sent = match format {
                Format::Xlsx => self.send_workbook(rows, &sender).await,
                format => self.send_lines(format, rows, &sender).await,
            };
            if let Err(error) = sent {
                tracing::error!(%error, "an export ended early");
                // The reader is not told that it is whole: the connection breaks off.
                let _ = sender.send(Err(Broken)).await;
            }
        });
        (headers, Body::from_stream(ReceiverStream::new(receiver))).into_response()
    }

    async fn send_lines(&self, format: Format, rows: impl Stream<Item = Result<Rows>>, sender: &Sender) -> Result<()> {
        let mut rows = std::pin::pin!(rows);
        if sender.send(Ok(row::head_of(&self.columns, format))).await.is_err() {
            return Ok(());
        }
        while let Some(chunk) = rows.next().await.transpose()? {
            let lines = chunk.iter().flat_map(|values| row::line_of(&self.columns, values, format)).collect();
            // Whoever went away wants no more.
            if sender.send(Ok(lines)).await.is_err() {
                return Ok(());
            }
        }
        Ok(())
    }

    async fn send_workbook(&self, rows: impl Stream<Item = Result<Rows>>, sender: &Sender) -> Result<()> {
        let mut rows = std::pin::pin!(rows);
        let mut book = Workbook::new(self.columns.clone()).described(self.descriptions());
        while let Some(chunk) = rows.next().await.transpose()? {
            book.add(&chunk).map_err(anyhow::Error::from)?;
        }
        // A million rows are packed for seconds, in which this thread serves nobody.
        let written = tokio::task::spawn_blocking(move || {
            let mut file = tempfile::tempfile()?;
            book.save(&file)?;
            file.rewind()?;
            anyhow::Ok(file)
        });
        let mut file = written.await.map_err(anyhow::Error::from)??;
        let mut piece = vec![0; PIECE];
        loop {
            let read = file.read(&mut piece).map_err(anyhow::Error::from)?;
            if read == 0 || sender.send(Ok(piece[..read].to_vec())).await.is_err() {
                return Ok(());
            }
        }
    }

    /// What the columns mean, as the last sheet of a workbook has it.
    pub fn descriptions(&self) -> Vec<Description> {
        self.columns.iter().map(|name| ((*name).to_owned(), (self.describe)(name).unwrap_or_default())).collect()
    }
}
