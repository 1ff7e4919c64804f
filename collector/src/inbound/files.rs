//! The files of a mail, which go the way of all uploads, and the text that says what became of those that were not taken.

use sayso_shared::id::IdempotencyKey;
use sayso_shared::limits::{ATTACHMENTS_MAX, FILE_NAME_MAX, MESSAGE_MAX};
use sayso_shared::masking::{Masking, mask};

use super::message::Mail;
use crate::app::App;
use crate::attachments::{Identity, Incoming, Ticket, UploadError};
use crate::http::Result;
use crate::http::client::ClientAddress;
use crate::sites::Site;
use crate::text::Texts;

/// Room in a message for what became of its files.
const NOTICES_MAX: usize = 1_000;
/// What a text that does not fit is kept as.
const WHOLE_TEXT: &str = "message.txt";

/// What a mail brought.
pub(super) struct Kept {
    /// Its text, within the limit of a message.
    pub(super) text: String,
    /// By what its files are claimed.
    pub(super) tokens: Vec<String>,
}

/// Uploads the files of a mail, and its text as well where that is longer than a message. `key` is what the same mail does again under, so that no
/// file is stored twice. What is to be masked of the text is masked before any of it is stored.
pub(super) async fn keep(
    app: &App,
    site: &Site,
    mail: &Mail,
    key: &IdempotencyKey,
    (text, masking): (String, Masking),
) -> Result<Kept> {
    let text = mask(text, masking);
    let t = Texts(site.settings.main_language());
    let mut kept = Kept { text, tokens: Vec::new() };
    let mut notices = Vec::new();
    let uploader = Uploader { app, site, client: ClientAddress::of_sender(&app.keys, mail.sender.1.as_str()), key };
    if kept.text.chars().count() > MESSAGE_MAX - NOTICES_MAX {
        // The mark at its beginning says that it is UTF-8, whatever its letters look like.
        let whole = format!("\u{feff}{}", kept.text);
        match uploader.upload(WHOLE_TEXT, whole.as_bytes()).await? {
            Ok(token) => kept.tokens.push(token),
            Err(reason) => notices.push(refusal(t, WHOLE_TEXT, &reason)),
        }
        kept.text = kept.text.chars().take(MESSAGE_MAX - NOTICES_MAX).collect();
        notices.push(t.get("mail.in.whole_text").to_owned());
    }
    for file in &mail.files {
        if kept.tokens.len() == ATTACHMENTS_MAX {
            notices.push(refusal(t, &file.name, t.get("mail.in.too_many_files")));
            continue;
        }
        match uploader.upload(&file.name, &file.content).await? {
            Ok(token) => kept.tokens.push(token),
            Err(reason) => notices.push(refusal(t, &file.name, &reason)),
        }
    }
    if kept.text.is_empty() && !mail.files.is_empty() {
        kept.text = mail.files.iter().map(|file| short(&file.name)).collect::<Vec<_>>().join("\n");
    }
    let notices: String = notices.join("\n").chars().take(NOTICES_MAX - 2).collect();
    if !notices.is_empty() {
        kept.text = format!("{}\n\n{notices}", kept.text);
    }
    Ok(kept)
}

struct Uploader<'a> {
    app: &'a App,
    site: &'a Site,
    client: ClientAddress,
    key: &'a IdempotencyKey,
}

impl Uploader<'_> {
    /// Uploads a file; the inner error says what is wrong with it.
    async fn upload(&self, name: &str, content: &[u8]) -> Result<Result<String, String>> {
        let done = async {
            let mut incoming = Incoming::begin(self.app, self.site, self.client, Ticket::Trusted).await?;
            incoming.write(content).await?;
            incoming.finish(name, Identity::Form(self.key.as_str())).await
        };
        match done.await {
            Ok(upload) => Ok(Ok(upload.token)),
            Err(UploadError::Other(error)) => Err(error),
            Err(refused) => Ok(Err(refused.to_string())),
        }
    }
}

fn refusal(t: Texts, name: &str, reason: &str) -> String {
    t.with("mail.in.file_refused", &[("name", &short(name)), ("reason", reason)])
}

/// A name on one line, no longer than names are.
fn short(name: &str) -> String {
    name.chars().map(|c| if c.is_control() { ' ' } else { c }).take(FILE_NAME_MAX.min(80)).collect()
}
