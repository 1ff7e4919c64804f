//! Files in the customer's pages: attached to the entry form, also without script, and downloaded from the status page.

use std::collections::BTreeMap;

use axum::extract::{Path, Request, State};
use axum::http::header;
use axum::response::Response;
use sayso_shared::limits::{ATTACHMENTS_MAX, BODY_MAX_BYTES};
use sayso_shared::problem::{ErrorCode, FieldError};

use super::form::Form;
use super::lookup;
use super::mistakes::Mistake;
use super::words::Words;
use crate::app::App;
use crate::attachments::multipart::{Part, Parts};
use crate::attachments::name::plain;
use crate::attachments::{Identity, Incoming, Reader as FileReader, Ticket, Upload, UploadError, download};
use crate::http::body::refuse_too_large;
use crate::http::client::ClientAddress;
use crate::http::{Error, Result};
use crate::sites::Site;

/// The field for files.
const FIELD: &str = "attachments";
/// What is read and thrown away of files that are too large or too many, so that the words around them are not lost.
const SPARE_MAX: usize = 256 * 1024 * 1024;
/// What a part takes beside its name and its value, so that parts without anything in them come to an end too.
const FIELD_COST: usize = 64;

/// A form that may have brought files.
#[derive(Debug)]
pub struct UploadForm {
    /// Its other fields.
    pub form: Form,
    /// The files that were taken.
    pub uploads: Vec<Upload>,
    /// The files that were not, by name.
    pub refused: Vec<RejectedFile>,
}

/// A file that was not taken.
#[derive(Debug)]
pub struct RejectedFile {
    name: String,
    why: Why,
}

#[derive(Debug)]
enum Why {
    File(UploadError),
    TooMany,
}

/// `GET /t/{code}/attachments/{id}`.
pub async fn download(
    State(app): State<App>,
    client: ClientAddress,
    Path((code, id)): Path<(String, String)>,
) -> Result<Response> {
    let case = lookup::case(&app, client, &code).await?;
    download::respond(&app, &case.id, &id, FileReader::Customer).await
}

/// Reads a form of either kind. Its files are stored at once for the site, so that they need not be sent again with whatever else is wrong; without
/// a site they are passed over.
pub async fn read(app: &App, site: Option<&Site>, client: ClientAddress, request: Request) -> Result<UploadForm> {
    refuse_too_large_unless_files(&request)?;
    read_up_to(BODY_MAX_BYTES, app, (site, client), request).await
}

/// As [`read`], with texts of up to `room` bytes altogether.
pub async fn read_up_to(
    room: usize,
    app: &App,
    (site, client): (Option<&Site>, ClientAddress),
    request: Request,
) -> Result<UploadForm> {
    let media_type =
        request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !is_multipart(media_type) {
        let form = Form::read(request, app).await?;
        return Ok(UploadForm { form, uploads: Vec::new(), refused: Vec::new() });
    }
    Form::refuse_foreign(app, request.headers())?;
    let mut parts = Parts::of(request).await?;
    let posted = Reader { app, site, client, spare: SPARE_MAX, most: room }.read(&mut parts).await;
    parts.linger();
    posted
}

fn is_multipart(media_type: &str) -> bool {
    media_type.trim_start().to_ascii_lowercase().starts_with("multipart/form-data")
}

/// Files are counted one by one while they come.
fn refuse_too_large_unless_files(request: &Request) -> Result<()> {
    let media_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if is_multipart(media_type.unwrap_or_default()) { Ok(()) } else { refuse_too_large(request) }
}

/// The fields in which uploads are carried on after an error.
pub fn kept(form: &Form) -> Vec<String> {
    (1..=ATTACHMENTS_MAX).map(|n| form.text(&format!("upload-{n}"))).filter(|token| !token.is_empty()).collect()
}

impl RejectedFile {
    /// What the customer is told.
    pub fn mistake(&self, t: &Words) -> Mistake {
        let reason = match &self.why {
            Why::TooMany => t.with("pages.wrong.files_many", &[("max", &ATTACHMENTS_MAX.to_string())]),
            Why::File(error) => match error.word() {
                Some(word) => t.get(&format!("pages.file.{word}")).to_owned(),
                None => t.get("pages.file.busy").to_owned(),
            },
        };
        let text = t.with("pages.wrong.file", &[("name", &self.name), ("reason", &reason)]);
        Mistake { field: FIELD.to_owned(), text }
    }

    /// The error that the answer to the form is. A file that is not to blame makes it the one that it met.
    pub fn error(refused: Vec<Self>) -> Error {
        let mut found = Error::field(FieldError::new("/attachments", ErrorCode::Invalid, "some files were not taken"));
        for one in refused {
            if let Why::File(UploadError::Other(error)) = one.why {
                found = error;
            }
        }
        found
    }
}

/// Whether the form may bring another file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Count {
    Full,
    HasRoom,
}

struct Reader<'a> {
    app: &'a App,
    site: Option<&'a Site>,
    client: ClientAddress,
    /// How much more may be thrown away.
    spare: usize,
    /// How much the texts may take.
    most: usize,
}

impl Reader<'_> {
    async fn read(mut self, parts: &mut Parts) -> Result<UploadForm> {
        let most = self.most;
        let (mut fields, mut room) = (BTreeMap::new(), most);
        let (mut uploads, mut refused): (Vec<Upload>, Vec<RejectedFile>) = (Vec::new(), Vec::new());
        while let Some(mut part) = parts.next().await? {
            let name = part.name();
            if name != FIELD {
                let text = part.text(room).await.map_err(|error| match error {
                    Error::TooLarge(_) => Error::TooLarge(most),
                    other => other,
                })?;
                let cost = name.len() + text.len() + FIELD_COST;
                room = room.checked_sub(cost).ok_or(Error::TooLarge(most))?;
                fields.insert(name, text);
                continue;
            }
            let name = part.file_name();
            room = room.checked_sub(name.len() + FIELD_COST).ok_or(Error::TooLarge(most))?;
            let form = Form::of_fields(fields);
            let count = match kept(&form).len() + uploads.len() {
                ATTACHMENTS_MAX.. => Count::Full,
                _ => Count::HasRoom,
            };
            let taken = self.file(&mut part, &name, &form, count).await;
            fields = form.into_fields();
            match taken {
                Ok(Some(upload)) if uploads.contains(&upload) => {}
                Ok(Some(upload)) => uploads.push(upload),
                Ok(None) => {}
                Err(why) => {
                    self.throw_away(part).await?;
                    refused.push(RejectedFile { name: plain(&name), why });
                }
            }
        }
        Ok(UploadForm { form: Form::of_fields(fields), uploads, refused })
    }

    /// One file; none if the customer chose none, which browsers send too.
    async fn file(&self, part: &mut Part<'_>, name: &str, form: &Form, count: Count) -> Result<Option<Upload>, Why> {
        let first = loop {
            match part.piece().await.map_err(UploadError::from)? {
                Some(piece) if piece.is_empty() => {}
                Some(piece) => break piece,
                None if name.is_empty() => return Ok(None),
                None => return Err(UploadError::Empty.into()),
            }
        };
        let Some(site) = self.site else {
            return Err(UploadError::from(Error::Unavailable { retry_after: 5 }).into());
        };
        if count == Count::Full {
            return Err(Why::TooMany);
        }
        let (key, token) = (form.key(), form.text("token"));
        let ticket = Ticket::Form { key: &key, token: &token };
        let mut incoming = Incoming::begin(self.app, site, self.client, ticket).await?;
        incoming.write(&first).await?;
        while let Some(piece) = part.piece().await.map_err(UploadError::from)? {
            incoming.write(&piece).await?;
        }
        Ok(Some(incoming.finish(name, Identity::Form(key.as_str())).await?))
    }

    async fn throw_away(&mut self, mut part: Part<'_>) -> Result<()> {
        while let Some(piece) = part.piece().await? {
            self.spare = self.spare.checked_sub(piece.len()).ok_or(Error::TooLarge(SPARE_MAX))?;
        }
        Ok(())
    }
}

impl From<UploadError> for Why {
    fn from(error: UploadError) -> Self {
        Why::File(error)
    }
}
