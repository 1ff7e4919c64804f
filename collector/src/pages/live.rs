//! The stream that keeps an open status page current.

use std::convert::Infallible;

use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::{Stream, StreamExt};
use tokio_stream::wrappers::BroadcastStream;
use tokio_stream::wrappers::errors::BroadcastStreamRecvError;

use super::lookup;
use super::visit::{Segment, Visit};
use crate::app::App;
use crate::cases::EventType;
use crate::changes::Change;
use crate::http::Result;
use crate::http::client::ClientAddress;

/// `GET /t/{code}/live`: a `refresh` event whenever something happens that this customer may see. Ends when the collector does.
pub async fn stream(
    State(app): State<App>,
    client: ClientAddress,
    Segment(code): Segment,
    visit: Visit,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>> {
    let case = lookup::case(&app, client, &code).await?;
    let site = app.sites.by_id(&case.site_id).await?;
    let news = site.map_or(visit.any_texts(), |site| visit.texts(&site)).get("pages.status.news");
    let changes = BroadcastStream::new(app.changes.subscribe()).filter_map(move |change| {
        let said = match change {
            Ok(Change::Case(change)) if change.case_id != case.id || is_internal(change.event) => None,
            Ok(Change::Case(change)) if is_own_doing(change.event) => Some(""),
            Ok(Change::Case(_)) => Some(news),
            // Too many changes at once to tell them apart, or on other replicas: the page looks for itself.
            Ok(Change::Unknown) | Err(BroadcastStreamRecvError::Lagged(_)) => Some(""),
        };
        std::future::ready(said.map(|said| Ok(Event::default().event("refresh").data(said))))
    });
    let ended = app.shutdown.clone().cancelled_owned();
    Ok(Sse::new(changes.take_until(ended)).keep_alive(KeepAlive::default()))
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
