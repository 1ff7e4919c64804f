//! The mails that were written to files, because no mail server is set: for admins, who otherwise would not see what
//! their customers would get.

use std::path::{Path as FilePath, PathBuf};
use std::time::UNIX_EPOCH;

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::response::Html;
use axum::routing::get;
use mail_parser::{Address, Message, MessageParser};

use super::shell::{Screen, Shell, page};
use crate::app::App;
use crate::assets::{self, MARK};
use crate::auth::Administers;
use crate::clock::{Millis, rfc3339};
use crate::http::{Error, Result};
use crate::text::Texts;

/// Mails on the page; older ones are in the folder.
const SHOWN: usize = 200;
/// Larger files are not mails of ours.
const LARGEST: u64 = 4 * 1024 * 1024;

/// `/staff/mail` and `/staff/mail/{name}`.
pub fn router() -> Router<App> {
    Router::new().route("/staff/mail", get(list)).route("/staff/mail/{name}", get(show))
}

#[derive(Template)]
#[template(path = "console/mail.html")]
struct MailPage {
    t: Texts,
    shell: Shell,
    folder: String,
    has_server: bool,
    mails: Vec<Mail>,
}

#[derive(Template)]
#[template(path = "console/mail_one.html")]
struct OneMailPage {
    t: Texts,
    shell: Shell,
    mail: Mail,
}

struct Mail {
    name: String,
    subject: String,
    from: String,
    to: String,
    at: (String, String),
    headers: Vec<(String, String)>,
    body: String,
}

async fn list(State(app): State<App>, Administers(who): Administers) -> Result<Html<String>> {
    let folder = app.config.data.join("mail");
    let t = who.t;
    let read = folder.clone();
    let mails = tokio::task::spawn_blocking(move || {
        let mut files = files(&read);
        files.truncate(SHOWN);
        files.iter().filter_map(|file| parse(file, t)).collect()
    });
    page(&MailPage {
        t,
        shell: Shell::load(&app, &who, Screen::Mail).await?,
        folder: folder.display().to_string(),
        has_server: app.config.smtp.url.reveal().is_some(),
        mails: mails.await.map_err(anyhow::Error::from)?,
    })
}

async fn show(State(app): State<App>, Administers(who): Administers, Path(name): Path<String>) -> Result<Html<String>> {
    let folder = app.config.data.join("mail");
    let t = who.t;
    let mail = tokio::task::spawn_blocking(move || {
        // The name is looked for among the files that are there, and never becomes a path.
        let file = files(&folder).into_iter().find(|file| file.name == name)?;
        parse(&file, t)
    });
    let mail = mail.await.map_err(anyhow::Error::from)?.ok_or(Error::NotFound("there is no such mail"))?;
    page(&OneMailPage { t, shell: Shell::load(&app, &who, Screen::Mail).await?, mail })
}

struct File {
    name: String,
    path: PathBuf,
    written_at: Millis,
}

/// The mails in the folder, newest first.
fn files(folder: &FilePath) -> Vec<File> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut files: Vec<File> = entries
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok().filter(|name| name.ends_with(".eml"))?;
            // Of the entry itself, so that a link to another place is not followed.
            let metadata = entry.metadata().ok().filter(|metadata| metadata.is_file() && metadata.len() <= LARGEST)?;
            let age = metadata.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
            Some(File { name, path: entry.path(), written_at: Millis::try_from(age.as_millis()).ok()? })
        })
        .collect();
    files.sort_by(|a, b| (b.written_at, &b.name).cmp(&(a.written_at, &a.name)));
    files
}

fn parse(file: &File, t: Texts) -> Option<Mail> {
    let bytes = std::fs::read(&file.path).ok()?;
    let message = MessageParser::default().parse(&bytes)?;
    Some(Mail {
        name: file.name.clone(),
        subject: message.subject().unwrap_or_default().to_owned(),
        from: addresses(message.from()),
        to: addresses(message.to()),
        at: (rfc3339(file.written_at), t.moment(file.written_at)),
        headers: headers(&message),
        body: message.body_text(0).unwrap_or_default().into_owned(),
    })
}

fn headers(message: &Message) -> Vec<(String, String)> {
    message
        .headers_raw()
        .map(|(name, value)| (name.to_owned(), value.split_whitespace().collect::<Vec<_>>().join(" ")))
        .collect()
}

fn addresses(address: Option<&Address>) -> String {
    let each = address.into_iter().flat_map(|address| address.iter());
    let shown = each.map(|one| match (one.name(), one.address()) {
        (Some(name), Some(address)) => format!("{name} <{address}>"),
        (name, address) => address.or(name).unwrap_or_default().to_owned(),
    });
    shown.collect::<Vec<_>>().join(", ")
}
