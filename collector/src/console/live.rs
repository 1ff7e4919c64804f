//! The stream that tells an open page of the console to fetch itself again (see `live.js`).

use std::convert::Infallible;
use std::time::Duration;

use axum::Router;
use axum::extract::{Query, State};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde::Deserialize;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};
use tokio_stream::wrappers::ReceiverStream;
use tower_sessions::session::Id;

use crate::app::App;
use crate::auth::{SignedIn, session};
use crate::cases::EventType;
use crate::changes::Change;
use crate::http::slots::Slot;
use crate::http::{Error, Result};
use crate::text::Texts;

/// Changes within this time are told together.
const SETTLE: Duration = Duration::from_millis(300);
/// How often a quiet stream asks whether its session still holds.
const CHECK: Duration = Duration::from_secs(30);
/// Pages that a member may have open.
const OF_MEMBER: usize = 48;
/// After this time a stream ends; a page that is still open asks again.
const LONGEST: Duration = Duration::from_secs(60 * 60);
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// `/staff/live`.
pub fn router() -> Router<App> {
    Router::new().route("/staff/live", get(live))
}

#[derive(Deserialize)]
struct About {
    /// Only changes of this case; without it, of all.
    case: Option<String>,
}

async fn live(State(app): State<App>, who: Option<SignedIn>, Query(about): Query<About>) -> Result<Response> {
    // Not a way to the sign-in page: a stream can't follow it, and a refusal ends its reconnecting.
    let who = who.ok_or(Error::Unauthorized)?;
    let id = who.session.id().ok_or(Error::Unauthorized)?;
    let member = uuid::Uuid::parse_str(&who.member.id).map_or(0, |id| id.as_u128());
    let place = app.streams.take(&[(member, OF_MEMBER)]).ok_or(Error::TooMany { retry_after: 60 })?;
    let changes = app.changes.subscribe();
    let (sender, receiver) = mpsc::channel(4);
    tokio::spawn(Stream { app, who, id, case: about.case, sender, _place: place }.run(changes));
    let keep_alive = KeepAlive::new().interval(KEEP_ALIVE).text("");
    Ok(Sse::new(ReceiverStream::new(receiver)).keep_alive(keep_alive).into_response())
}

struct Stream {
    app: App,
    who: SignedIn,
    id: Id,
    case: Option<String>,
    sender: mpsc::Sender<Result<Event, Infallible>>,
    _place: Slot,
}

impl Stream {
    /// Runs until the reader leaves, the session ends or the collector shuts down.
    async fn run(self, mut changes: Receiver<Change>) {
        // Says that the stream is there, so that whoever waits for it knows from when on nothing is missed.
        if self.sender.send(Ok(Event::default().comment("ready"))).await.is_err() {
            return;
        }
        let mut burst = Burst::default();
        let mut tell_at: Option<Instant> = None;
        let ends_at = Instant::now() + LONGEST;
        loop {
            let wake_at = tell_at.unwrap_or_else(|| Instant::now() + CHECK);
            tokio::select! {
                () = self.app.shutdown.cancelled() => return,
                () = self.sender.closed() => return,
                () = sleep_until(ends_at) => return,
                change = changes.recv() => match change {
                    Ok(Change::Case(change)) if self.is_about(&change.case_id) => burst.add(change.event),
                    Ok(Change::Case(_)) => continue,
                    // Too many to keep up with: what they were is unknown, that there were some is enough.
                    Ok(Change::Unknown) | Err(RecvError::Lagged(_)) => {}
                    Err(RecvError::Closed) => return,
                },
                () = sleep_until(wake_at) => {
                    if !session::holds(&self.app, &self.id, &self.who.member).await.unwrap_or(false) {
                        return;
                    }
                    if tell_at.take().is_some() {
                        // What has come by now is part of the burst, even if it has not been looked at yet.
                        while let Ok(Change::Case(change)) = changes.try_recv() {
                            if self.is_about(&change.case_id) {
                                burst.add(change.event);
                            }
                        }
                        let event = Event::default().event("refresh").data(burst.sentence(self.who.t));
                        burst = Burst::default();
                        if self.sender.send(Ok(event)).await.is_err() {
                            return;
                        }
                    }
                    continue;
                }
            }
            tell_at.get_or_insert_with(|| Instant::now() + SETTLE);
        }
    }

    fn is_about(&self, case_id: &str) -> bool {
        self.case.as_ref().is_none_or(|case| case == case_id)
    }
}

/// What happened since the page was last told.
#[derive(Default)]
struct Burst {
    created: usize,
    said: usize,
}

impl Burst {
    fn add(&mut self, event: &str) {
        match EventType::parse(event) {
            Some(EventType::Created) => self.created += 1,
            Some(EventType::Message | EventType::Reopened | EventType::Rated) => self.said += 1,
            _ => {}
        }
    }

    /// What is worth saying; blank when the page has only to show another state. Not empty, since a browser drops an
    /// event without data.
    fn sentence(&self, t: Texts) -> String {
        match (self.created, self.said) {
            (0, 0) => " ".to_owned(),
            (0, _) => t.get("console.live.said").to_owned(),
            (1, _) => t.get("console.live.created").to_owned(),
            (n, _) => t.with("console.live.created_many", &[("n", &n.to_string())]),
        }
    }
}
