//! The cases that the inbox shows, as a file, for whoever shows once more who they are: streamed, however many they are.

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use futures_util::stream;
use serde::Deserialize;
use serde_json::{Value, json};

use super::asked::Asked;
use super::filter::{Filter, InboxQuery};
use super::views::address;
use crate::app::App;
use crate::audit::{self, Change, Stamp};
use crate::auth::confirm::{Confirmation, confirm};
use crate::auth::{CsrfForm, Role, SignedIn};
use crate::cases::access::Visibility;
use crate::cases::listing::{self, Listing};
use crate::cases::search::{self, Search};
use crate::cases::{Case, Quarantine};
use crate::clock::day_of;
use crate::export::{self, Contacts, Format, Names, Rows};
use crate::http::client::ClientAddress;
use crate::http::{Error, Result};

/// Cases of a chunk.
const CHUNK: usize = 500;

#[derive(Deserialize)]
pub(super) struct ExportForm {
    /// The filter of the inbox, as its address has it.
    #[serde(default)]
    filter: String,
    #[serde(default)]
    format: String,
    #[serde(default)]
    contacts: String,
    #[serde(default)]
    password: String,
}

/// Why nothing was exported, by the word that the address of the inbox has for it.
const REFUSALS: [(&str, Confirmation); 3] = [
    ("wrong", Confirmation::Wrong),
    ("no_password", Confirmation::NoPassword),
    ("sign_in_again", Confirmation::SignInAgain),
];

/// What is said of a word in the address.
pub(super) fn refusal_text(word: &str) -> Option<&'static str> {
    REFUSALS.iter().find(|(known, _)| *known == word).and_then(|(_, refusal)| refusal.text())
}

/// How the cases are found, chunk by chunk.
enum Source {
    Tables(Box<Listing>, listing::Sort),
    Index(Box<Search>),
    Nothing,
}

/// `POST /staff/cases/export`. A form and no link, since the audit log has it.
pub(super) async fn export(
    State(app): State<App>,
    who: SignedIn,
    client: ClientAddress,
    CsrfForm(form): CsrfForm<ExportForm>,
) -> Result<Response> {
    let format = Format::of_form(&form.format);
    let contacts = contacts(&who, &form)?;
    // Without contacts too: what customers wrote says enough of them.
    let confirmation = confirm(&app, &who, client, &form.password).await?;
    if confirmation != Confirmation::Confirmed {
        let refusal = REFUSALS.iter().find(|(_, refusal)| *refusal == confirmation);
        let (word, _) = refusal.unwrap_or(&REFUSALS[0]);
        return Ok(Redirect::to(&format!("{}&export={word}", address(&form.filter))).into_response());
    }
    let sites = app.sites.all().await?;
    let zone = app.service.current().await?.zone_of_first(&sites);
    let query: InboxQuery = serde_urlencoded::from_str(&form.filter).unwrap_or_default();
    let filter = Filter::read(query, Visibility::of(&who.standing), day_of(app.clock.now(), &zone));
    let filter = Filter { before: None, ..filter };
    let asked = Asked::read(&app, filter, &who.member.id, &sites).await?;
    let asked = asked.map_err(|error| Error::Malformed(error.to_string()))?;
    let source = source(&app, &asked);
    note(&app, &who, contacts).await?;
    let names = Names::load(&app.db).await?;
    let chunks = Chunks { app, source, names, contacts, cursor: None, is_over: false };
    let rows =
        stream::try_unfold(chunks, |mut chunks| async move { Ok(chunks.next().await?.map(|rows| (rows, chunks))) });
    Ok(export::table(contacts).download(format, rows))
}

/// Who customers are goes along if it is asked for, and only for those who answer for all cases.
fn contacts(who: &SignedIn, form: &ExportForm) -> Result<Contacts> {
    match (form.contacts.as_str(), who.standing.role) {
        ("", _) => Ok(Contacts::LeftOut),
        (_, Role::Admin | Role::Manager) => Ok(Contacts::Included),
        _ => {
            tracing::info!(security = "forbidden", member = who.member.id, "a member may not export contacts");
            Err(Error::Forbidden("only managers and admins may export contacts".into()))
        }
    }
}

fn source(app: &App, asked: &Asked<'_>) -> Source {
    let filter = &asked.filter;
    // What is suspected is no case yet.
    let is_suspected = matches!(filter.tab, super::filter::Tab::Suspected(Quarantine::Held | Quarantine::Discarded));
    match (filter.needs_tables(), asked.listing(), asked.search(app)) {
        _ if is_suspected => Source::Nothing,
        (true, Some(listing), _) if filter.text.is_empty() => Source::Tables(Box::new(listing), filter.sort),
        (_, _, Some(search)) => Source::Index(Box::new(search)),
        _ => Source::Nothing,
    }
}

/// The rows that are still to be read.
struct Chunks {
    app: App,
    source: Source,
    names: Names,
    contacts: Contacts,
    cursor: Option<String>,
    is_over: bool,
}

impl Chunks {
    async fn next(&mut self) -> Result<Option<Rows>> {
        if self.is_over {
            return Ok(None);
        }
        let app = &self.app;
        let (ids, next) = match &self.source {
            Source::Tables(listing, sort) => {
                listing::ids(app, listing, *sort, self.cursor.as_deref(), CHUNK).await?.unwrap_or_default()
            }
            Source::Index(search) => {
                let search = Search { limit: CHUNK, after: self.cursor.clone(), ..(**search).clone() };
                let found = search::search(&app.db, &search).await?;
                (found.ids, found.next)
            }
            Source::Nothing => (Vec::new(), None),
        };
        let cases = Case::by_ids(app, &ids).await?;
        let rows = export::cells(&app.db, &app.keys, &self.names, &cases, self.contacts).await?;
        self.is_over = next.is_none();
        self.cursor = next;
        Ok(Some(rows))
    }
}

async fn note(app: &App, who: &SignedIn, contacts: Contacts) -> Result<()> {
    let after = json!({"contacts": contacts == Contacts::Included});
    let change = Change { action: "cases.export", object: "cases".to_owned(), before: Value::Null, after };
    let mut tx = app.db.begin().await?;
    audit::append(&mut tx, &Stamp::member(&who.member.id, app.clock.now()), &change).await?;
    Ok(tx.commit().await?)
}
