//! The stream that keeps an open status page current.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::{Stream, StreamExt, stream};
use tokio_stream::wrappers::BroadcastStream;
use tokio_stream::wrappers::errors::BroadcastStreamRecvError;

use super::lookup;
use super::visit::{Segment, Visit};
use crate::app::App;
use crate::cases::EventType;
use crate::changes::{Change, Watch};
use crate::http::client::ClientAddress;
use crate::http::slots::Slot;
use crate::http::{Error, Result};

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
    let site = app.sites.by_id(&case.site_id).await?;
    let news = site.map_or(visit.any_texts(), |site| visit.texts(&site)).get("pages.status.news");
    let place = place(&app, client)?;
    let (watch, changes) = app.watchers.watch(&case.id, OF_CASE);
    let changes = BroadcastStream::new(changes).filter_map(move |change| {
        let said = match change {
            Ok(Change::Case(change)) if is_internal(change.event) => None,
            Ok(Change::Case(change)) if is_own_doing(change.event) => Some(""),
            Ok(Change::Case(_)) => Some(news),
            // Too many changes at once to tell them apart, or on other replicas: the page looks for itself.
            Ok(Change::Unknown) | Err(BroadcastStreamRecvError::Lagged(_)) => Some(""),
        };
        std::future::ready(said.map(|said| Ok(Event::default().event("refresh").data(said))))
    });
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
    let changes = changes.take_until(Box::pin(ended)).chain(farewell.filter_map(std::future::ready));
    let changes = changes.map(move |event| {
        // Held as long as the stream is.
        let _: (&Slot, &Watch) = (&place, &watch);
        event
    });
    Ok(Sse::new(changes).keep_alive(KeepAlive::default()))
}

/// A place for one more open page, if the client has not too many of them.
fn place(app: &App, client: ClientAddress) -> Result<Slot> {
    let shares = match app.config.dangerous_disable_guards {
        true => vec![],
        false => vec![(client.line(), OF_CLIENT)],
    };
    app.streams.take(&shares).ok_or(Error::TooMany { retry_after: 60 })
}

/// What the staff keep to themselves, even that it happened.
fn is_internal(event: &str) -> bool {
    let hidden = [EventType::Note, EventType::Assigned, EventType::DueSoon, EventType::Breached];
    hidden.iter().any(|hidden| hidden.as_str() == event)
}

/// What the customer did, perhaps in another window: the page shows it, but it is no news.
fn is_own_doing(event: &str) -> bool {
    event == EventType::Rated.as_str()
}
