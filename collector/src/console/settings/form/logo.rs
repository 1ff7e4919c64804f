//! The logo of a site, which is a file and so has a form of its own; it goes into the same service file as every other setting.

use anyhow::Context as _;
use axum::extract::{Query, Request, State};
use axum::response::{IntoResponse as _, Redirect, Response};

use super::fields::Kind;
use super::object_page::{Typed, again};
use super::subject::{Subject, Wanted};
use crate::app::App;
use crate::attachments::multipart::Parts;
use crate::audit::Stamp;
use crate::auth::SignedIn;
use crate::console::settings::access::{OVERVIEW, check_manages};
use crate::http::{Error, Result};
use crate::service::draft::{self, Draft, Reader, export};
use crate::service::plan::Prune;
use crate::service::store;
use crate::sites::{LOGO_MAX, Logo};

/// The most bytes of a field beside the file.
const FIELD_MAX: usize = 1024;

/// What was sent.
struct Sent {
    csrf: String,
    wish: Wish,
}

enum Wish {
    Set(Logo),
    Remove,
    /// Nothing of use: the text that says why.
    Refused(&'static str),
}

/// Sets the logo of a site, or takes it away.
pub(in crate::console::settings) async fn submit(
    State(app): State<App>,
    who: SignedIn,
    Query(wanted): Query<Wanted>,
    request: Request,
) -> Result<Response> {
    check_manages(&who)?;
    let sent = read(request).await?;
    who.check_csrf(&sent.csrf)?;
    let subject = Subject::find(store::load(&app.db).await?, &wanted)?;
    if subject.kind != Kind::Site || subject.key.is_none() {
        return Err(Error::NotFound("only sites have a logo"));
    }
    let logo = match sent.wish {
        Wish::Set(logo) => Some(String::from(logo)),
        Wish::Remove => None,
        Wish::Refused(text) => {
            let typed = Typed { logo_mistake: Some(who.t.get(text)), ..Typed::of(&subject) };
            return again(&app, &who, &subject, typed).await;
        }
    };
    let around: draft::Around<'_> = (&app.db, &app.keys, &app.config, app.clock.now());
    let mut document: toml::Table = export(&app.db, &app.keys).await?.parse().context("an export is read again")?;
    let table = subject.table(&mut document).context("the export has the site")?;
    match logo {
        Some(logo) => table.insert("logo".to_owned(), logo.into()),
        None => table.remove("logo"),
    };
    let mut alone = toml::Table::new();
    alone.insert(Kind::Site.as_str().to_owned(), vec![toml::Value::from(table.clone())].into());
    let alone = toml::to_string(&alone).context("a table is written")?;
    let alone = Draft::read(around, &alone, Prune::Keep, Reader::Server).await?.ok();
    match Draft::read_changed(around, &document, alone, Prune::Keep, Reader::Server).await? {
        Ok(draft) => draft.apply(&app.db, &Stamp::member(&who.member.id, app.clock.now())).await?,
        Err(mistakes) => {
            let mut typed = Typed::of(&subject);
            typed.mistakes.extend(mistakes.into_iter().map(|mistake| mistake.text));
            return again(&app, &who, &subject, typed).await;
        }
    };
    app.service.forget();
    Ok(Redirect::to(&format!("{OVERVIEW}?done=applied#{}", Kind::Site.as_str())).into_response())
}

/// Reads the form. A file that is too large is read no further than that is known.
async fn read(request: Request) -> Result<Sent> {
    let mut parts = Parts::of(request).await?;
    let mut sent = Sent { csrf: String::new(), wish: Wish::Refused("desk.form.logo_missing") };
    while let Some(part) = parts.next().await? {
        match part.name().as_str() {
            "csrf" => sent.csrf = part.text(FIELD_MAX).await?,
            "remove" => sent.wish = Wish::Remove,
            "logo" => {
                sent.wish = logo(part.whole(LOGO_MAX).await)?;
                // It is the last field.
                break;
            }
            _ => {}
        }
    }
    parts.linger();
    Ok(sent)
}

/// What a file means.
fn logo(content: Result<Vec<u8>>) -> Result<Wish> {
    match content {
        // Browsers send an empty file where none was chosen.
        Ok(content) if content.is_empty() => Ok(Wish::Refused("desk.form.logo_missing")),
        Ok(content) => Ok(Logo::from_bytes(content).map_or(Wish::Refused("desk.form.logo_format"), Wish::Set)),
        Err(Error::TooLarge(_)) => Ok(Wish::Refused("desk.form.logo_large")),
        Err(error) => Err(error),
    }
}
