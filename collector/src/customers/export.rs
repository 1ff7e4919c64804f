//! Everything that is known of one customer, in one file for them: a ZIP with JSON, the same to be read, and their files.
//!
//! It has what they said, what the staff said to them, and by what they are recognised. What the staff noted for themselves is not in it.

use std::fs::File;
use std::io::{Seek as _, SeekFrom, Write as _};

use anyhow::{Context as _, anyhow};
use askama::Template;
use axum::body::{Body, Bytes};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use jiff::tz::TimeZone;
use sayso_shared::Lang;
use serde::Serialize;
use serde_json::{Value, json};
use tokio::io::AsyncReadExt as _;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::change::audit_actor;
use super::customer::{Customer, known};
use super::export_answers::{self, ExportedAnswer};
use super::export_calls::{self, ExportedCall};
use super::preferences::PreferredChannel;
use super::quarantined::CASES_OF;
use crate::app::App;
use crate::attachments::{self, Attachment};
use crate::audit::{self, Change, Stamp};
use crate::cases::consent::Consent;
use crate::cases::{Actor, Case, query};
use crate::clock::{parse_rfc3339, rfc3339};
use crate::http::{Error, Result};
use crate::sites::Site;
use crate::text::Texts;
use crate::with_db;

/// Bytes that are sent at once.
const PIECE: usize = 64 * 1024;

/// What is known of a customer. Personal data.
#[derive(Serialize)]
struct Export {
    exported_at: String,
    site: Value,
    customer: Person,
    cases: Vec<ExportedCase>,
    survey_answers: Vec<ExportedAnswer>,
    check_calls: Vec<ExportedCall>,
}

#[derive(Serialize)]
struct Person {
    id: String,
    name: Option<String>,
    identity: Option<String>,
    emails: Vec<String>,
    phones: Vec<String>,
    tier: Option<String>,
    value: Option<f64>,
    preferences: Preferences,
    created_at: String,
}

#[derive(Serialize)]
struct Preferences {
    language: Option<&'static str>,
    channel: Option<PreferredChannel>,
    times: Option<String>,
}

#[derive(Serialize)]
struct ExportedCase {
    code: String,
    number: Option<i64>,
    kind: String,
    status: String,
    #[serde(skip)]
    stage: &'static str,
    category: Option<String>,
    received_at: String,
    message: String,
    desired_outcome: Option<String>,
    reference: Option<String>,
    rating: Option<i64>,
    importance: Option<i64>,
    locale: Option<String>,
    consent: Option<Consent>,
    contact: Option<sayso_shared::Contact>,
    page: Value,
    context: Option<Value>,
    outcome: Option<String>,
    remedy: Option<String>,
    resolved_at: Option<String>,
    closed_at: Option<String>,
    satisfaction: Option<Value>,
    files: Vec<ExportedFile>,
    messages: Vec<ExportedMessage>,
}

#[derive(Serialize)]
struct ExportedMessage {
    by: String,
    at: String,
    body: String,
    files: Vec<ExportedFile>,
}

#[derive(Serialize)]
struct ExportedFile {
    path: String,
    name: String,
    media_type: String,
    size: i64,
    #[serde(skip)]
    id: String,
}

#[derive(Template)]
#[template(path = "customers/export.html")]
struct Page<'a> {
    /// The texts of the customer's own language.
    t: Texts,
    export: &'a Export,
    site: &'a str,
    zone: TimeZone,
}

impl Page<'_> {
    /// A moment by the clock of the site.
    fn moment(&self, at: &str) -> String {
        parse_rfc3339(at).map_or_else(|| at.to_owned(), |at| self.t.moment_in(at, &self.zone))
    }
}

/// Gives a customer's export as a file to be saved, and notes in the audit log that it was made.
pub async fn respond(app: &App, customer: &Customer, actor: &Actor) -> Result<Response> {
    let site = app.sites.by_id(&customer.site_id).await?.ok_or(Error::NotFound("there is no such site"))?;
    let lang = language(app, customer, &site).await?;
    let export = gather(app, customer, &site, lang).await?;
    let zone = app.service.current().await?.zone_of(&site);
    let page = Page { t: Texts(lang), export: &export, site: site.name(), zone };
    let html = page.render().map_err(anyhow::Error::from)?.into_bytes();
    let archive = write(app, &export, html).await?;
    let stamp = Stamp { actor: audit_actor(actor), at: app.clock.now() };
    let change = Change {
        action: "customer.export",
        object: format!("customer/{}", customer.id),
        before: Value::Null,
        after: json!({"cases": export.cases.len()}),
    };
    let mut tx = app.db.begin().await?;
    audit::append(&mut tx, &stamp, &change).await?;
    tx.commit().await?;
    let size = archive.metadata().map_err(anyhow::Error::from)?.len();
    let headers = [
        (header::CONTENT_TYPE, "application/zip".to_owned()),
        (header::CONTENT_LENGTH, size.to_string()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"customer-{}.zip\"", customer.id)),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    let pieces = stream::try_unfold(tokio::fs::File::from_std(archive), |mut file| async move {
        let mut piece = vec![0; PIECE];
        let read = file.read(&mut piece).await?;
        piece.truncate(read);
        Ok::<_, std::io::Error>((read > 0).then(|| (Bytes::from(piece), file)))
    });
    Ok((headers, Body::from_stream(pieces)).into_response())
}

/// The language that the customer has asked for, else that in which they wrote last.
async fn language(app: &App, customer: &Customer, site: &Site) -> Result<Lang> {
    let select = "select feedback.locale from feedback join cases on cases.id = feedback.id \
        where cases.customer_id = $1 and feedback.locale is not null order by cases.id desc limit 1";
    let locale: Option<String> =
        with_db!(&app.db, pool => sqlx::query_scalar(select).bind(&customer.id).fetch_optional(pool).await)?;
    let wanted = [customer.lang(), locale.as_deref().and_then(Lang::for_tag)];
    Ok(site.settings.language_for(wanted.into_iter().flatten()))
}

async fn gather(app: &App, customer: &Customer, site: &Site, lang: Lang) -> Result<Export> {
    let known = known(&app.db, &app.keys, std::slice::from_ref(&customer.id)).await?.remove(&customer.id);
    let known = known.unwrap_or_default();
    let survey_answers = export_answers::answers(app, &customer.id, &known, lang).await?;
    let check_calls = export_calls::calls(app, &customer.id).await?;
    let ids: Vec<String> =
        with_db!(&app.db, pool => sqlx::query_scalar(CASES_OF).bind(&customer.id).fetch_all(pool).await)?;
    let mut cases = Vec::with_capacity(ids.len());
    for id in ids {
        cases.push(case(app, &id).await?);
    }
    Ok(Export {
        exported_at: rfc3339(app.clock.now()),
        site: json!({"key": site.key(), "name": site.name()}),
        customer: Person {
            id: customer.id.clone(),
            name: customer.name(&app.keys),
            identity: known.identity,
            emails: known.emails,
            phones: known.phones,
            tier: customer.tier.clone(),
            value: customer.value,
            preferences: Preferences {
                language: customer.lang().map(Lang::as_str),
                channel: customer.channel(),
                times: customer.times(&app.keys),
            },
            created_at: rfc3339(customer.created_at),
        },
        cases,
        survey_answers,
        check_calls,
    })
}

async fn case(app: &App, id: &str) -> Result<ExportedCase> {
    let case = Case::by_id(app, id).await?;
    let code = case.code(&app.keys)?;
    let said = query::conversation(app, id).await?;
    let ids: Vec<String> = said.iter().map(|message| message.id.clone()).collect();
    let mut of_messages = attachments::of_messages(&app.db, &ids).await?;
    let own = attachments::of_case(&app.db, id).await?;
    let mut place = 0;
    let mut files = |all: Vec<Attachment>| {
        let file = |attachment: Attachment| {
            place += 1;
            let name = attachment.name.replace(['/', '\\'], "_");
            let path = format!("files/{code}/{place}-{name}");
            let Attachment { id, name, media_type, size } = attachment;
            ExportedFile { path, name, media_type, size, id }
        };
        all.into_iter().map(file).collect::<Vec<_>>()
    };
    let own = files(own);
    let messages = said.into_iter().map(|message| ExportedMessage {
        files: files(of_messages.remove(&message.id).unwrap_or_default()),
        by: message.author,
        at: rfc3339(message.created_at),
        body: message.body,
    });
    let messages = messages.collect();
    let rated = query::rating(app, id).await?;
    let consent = Consent::of_case(&app.db, id).await?;
    Ok(ExportedCase {
        number: case.number,
        received_at: rfc3339(case.received_at),
        contact: case.contact(&app.keys),
        page: json!({"url": case.page_url, "title": case.page_title, "referrer": case.page_referrer}),
        context: case.context.as_deref().and_then(|context| serde_json::from_str(context).ok()),
        resolved_at: case.resolved_at.map(rfc3339),
        closed_at: case.closed_at.map(rfc3339),
        satisfaction: rated.map(|rated| {
            json!({"score": rated.score, "solved": rated.solved, "comment": rated.comment, "at": rfc3339(rated.created_at)})
        }),
        code: code.clone(),
        stage: case.status().stage().as_str(),
        kind: case.kind,
        status: case.status,
        category: case.category,
        message: case.message,
        desired_outcome: case.desired_outcome,
        reference: case.reference,
        rating: case.rating,
        importance: case.importance,
        locale: case.locale,
        consent,
        outcome: case.outcome,
        remedy: case.remedy,
        files: own,
        messages,
    })
}

/// Writes the archive to a file without a name, file by file, so that no more than one is in memory.
async fn write(app: &App, export: &Export, html: Vec<u8>) -> Result<File> {
    let json = serde_json::to_vec_pretty(export).map_err(anyhow::Error::from)?;
    let file = tempfile::tempfile_in(&app.config.data).map_err(anyhow::Error::from)?;
    let mut archive = ZipWriter::new(file);
    for (name, content) in [("customer.json".to_owned(), json), ("customer.html".to_owned(), html)] {
        archive = add(archive, name, content).await?;
    }
    for case in &export.cases {
        let files = case.files.iter().chain(case.messages.iter().flat_map(|message| &message.files));
        for file in files {
            let stored = app.attachments.store.get(&file.id).await.map_err(anyhow::Error::from)?;
            let Some((_, content)) = stored else {
                tracing::error!(id = file.id, "a file is missing in the store of attachments");
                continue;
            };
            let content = content.map(|piece| piece.map_err(anyhow::Error::from));
            let content = content.try_fold(Vec::new(), async |mut all, piece| {
                all.extend_from_slice(&piece);
                Ok(all)
            });
            archive = add(archive, file.path.clone(), content.await?).await?;
        }
    }
    let finished = tokio::task::spawn_blocking(move || {
        let mut file = archive.finish()?;
        file.seek(SeekFrom::Start(0))?;
        Ok::<_, anyhow::Error>(file)
    });
    finished.await.map_err(|error| Error::Internal(anyhow!(error)))?.map_err(Error::Internal)
}

async fn add(mut archive: ZipWriter<File>, name: String, content: Vec<u8>) -> Result<ZipWriter<File>> {
    let added = tokio::task::spawn_blocking(move || {
        archive.start_file(name, SimpleFileOptions::default()).context("the archive can't be written")?;
        archive.write_all(&content).context("the archive can't be written")?;
        Ok::<_, anyhow::Error>(archive)
    });
    added.await.map_err(|error| Error::Internal(anyhow!(error)))?.map_err(Error::Internal)
}
