//! The stream that keeps an open status page current.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::{Stream, StreamExt, stream};
use tokio_stream::wrappers::BroadcastStream;
use tokio_stream::wrappers::errors::BroadcastStreamRecvError;

use super::lookup;
use super::visit::{Segment, Visit};
use crate::app::App;
use crate::cases::{Case, EventType, query};
use crate::changes::{Change, Watch};
use crate::http::client::ClientAddress;
use crate::http::slots::Slot;
use crate::http::{Error, Result};
use crate::sites::Site;
use crate::text::Texts;

/// Pages that may be open for one case, of which the oldest then ends, and from one line to the internet.
const OF_CASE: usize = 12;
const OF_CLIENT: usize = 48;
/// How long a page that had to make room waits before it asks again.
const AWAY: Duration = Duration::from_secs(10 * 60);
/// After this time a stream ends; a page that is still open asks again, which costs it nothing.
const LONGEST: Duration = Duration::from_secs(20 * 60);

/// `GET /t/{code}/live`: a `refresh` event whenever something happens that this customer may see. Ends when the collector does.
pub async fn follow(
    State(app): State<App>,
    client: ClientAddress,
    Segment(code): Segment,
    visit: Visit,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>> {
    let case = lookup::case(&app, client, &code).await?;
    let t = match app.sites.by_id(&case.site_id).await? {
        Some(site) => visit.texts(&site),
        None => visit.any_texts(),
    };
    let place = place(&app, client)?;
    let (watch, changes) = app.watchers.watch(&case.id, OF_CASE);
    let (shutdown, made_room) = (app.shutdown.clone(), watch.ended.clone());
    let ended = async move {
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = made_room.cancelled() => {}
            () = tokio::time::sleep(LONGEST) => {}
        }
    };
    let made_room = watch.ended.clone();
    let farewell = stream::once(async move {
        // Else it would be back at once, and another one would have to go.
        let asks_again_later = || Ok(Event::default().retry(AWAY).comment("a newer page of this case is open"));
        made_room.is_cancelled().then(asks_again_later)
    });
    let about = Arc::new((app, case, t));
    let told = BroadcastStream::new(changes).then(move |change| {
        let about = Arc::clone(&about);
        async move {
            let (app, case, t) = &*about;
            let said = news(app, case, *t, change).await;
            said.map(|said| Ok(Event::default().event("refresh").data(said)))
        }
    });
    let told = told.filter_map(std::future::ready).take_until(Box::pin(ended));
    let told = told.chain(farewell.filter_map(std::future::ready)).map(move |event| {
        // Held as long as the stream is.
        let _: (&Slot, &Watch) = (&place, &watch);
        event
    });
    Ok(Sse::new(told).keep_alive(KeepAlive::default()))
}

/// A place for one more open page, if the client has not too many of them.
fn place(app: &App, client: ClientAddress) -> Result<Slot> {
    let shares = match app.config.dangerous_disable_guards {
        true => vec![],
        false => vec![(client.line(), OF_CLIENT)],
    };
    app.streams.take(&shares).ok_or(Error::TooMany { retry_after: 60 })
}

/// What an open page is told of a change: nothing, that it should look for itself, or a sentence.
async fn news(app: &App, case: &Case, t: Texts, change: Result<Change, BroadcastStreamRecvError>) -> Option<String> {
    match change {
        Ok(Change::Case(change)) if is_internal(change.event) => None,
        Ok(Change::Case(change)) if is_own_doing(change.event) => Some(String::new()),
        Ok(Change::Case(_)) => Some(sentence(app, case, t).await.unwrap_or_else(|_| t.get("pages.status.news").into())),
        // Too many changes at once to tell them apart, or on other replicas: the page looks for itself.
        Ok(Change::Unknown) | Err(BroadcastStreamRecvError::Lagged(_)) => Some(String::new()),
    }
}

/// Who has replied, if that is the newest thing that was said; else that there is something new.
async fn sentence(app: &App, case: &Case, t: Texts) -> Result<String> {
    let newest = query::conversation(app, &case.id).await?.pop();
    let site = app.sites.by_id(&case.site_id).await?;
    let Some(reply) = newest.filter(|message| message.author == "staff") else {
        return Ok(t.get("pages.status.news").to_owned());
    };
    let name = reply.member_name.as_deref().or_else(|| site.as_deref().map(Site::name)).unwrap_or_default();
    Ok(t.with(&format!("pages.status.replied.{}", case.kind().as_str()), &[("name", name)]))
}

/// What the staff keep to themselves, even that it happened.
fn is_internal(event: &str) -> bool {
    let hidden = [
        EventType::Note,
        EventType::Assigned,
        EventType::DueSoon,
        EventType::Breached,
        EventType::Team,
        EventType::Priority,
        EventType::Category,
        EventType::Tags,
        EventType::FollowUp,
        EventType::Problem,
        EventType::Escalated,
        EventType::Alarm,
        EventType::Effort,
        EventType::Remedy,
        EventType::Task,
        EventType::Merged,
        EventType::Unmerged,
        EventType::Erased,
    ];
    hidden.iter().any(|hidden| hidden.as_str() == event)
}

/// What the customer did, perhaps in another window: the page shows it, but it is no news.
fn is_own_doing(event: &str) -> bool {
    [EventType::Rated, EventType::Contact].iter().any(|own| own.as_str() == event)
}
