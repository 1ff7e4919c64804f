//! The stream that tells an open page of the console to fetch itself again (see `live.js`).

use std::collections::BTreeSet;
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
use crate::auth::permissions::Action;
use crate::auth::{SignedIn, session};
use crate::cases::access::{Visibility, case_for};
use crate::cases::listing;
use crate::cases::{EventType, views};
use crate::changes::{CaseChanged, Change};
use crate::http::slots::Slot;
use crate::http::{Error, Result};
use crate::text::Texts;

/// Changes within this time are told together.
const SETTLE: Duration = Duration::from_millis(300);
/// How often a stream asks whether its session still holds, and says that its page is open.
const CHECK: Duration = Duration::from_secs(30);
/// Pages that a member may have open.
const OF_MEMBER: usize = 48;
/// After this time a stream ends; a page that is still open asks again.
const LONGEST: Duration = Duration::from_secs(60 * 60);
/// Changes of one time that are told apart; a page that has missed more shows them all the same, without a sentence.
const KEPT: usize = 500;
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// `/staff/live`.
pub fn router() -> Router<App> {
    Router::new().route("/staff/live", get(live))
}

#[derive(Deserialize)]
struct About {
    /// Only changes of this case, and alarms; without it, of all.
    case: Option<String>,
    /// `alarms` for nothing but alarms.
    about: Option<String>,
}

async fn live(State(app): State<App>, who: Option<SignedIn>, Query(about): Query<About>) -> Result<Response> {
    // Not a way to the sign-in page: a stream can't follow it, and a refusal ends its reconnecting.
    let who = who.ok_or(Error::Unauthorized)?;
    let id = who.session.id().ok_or(Error::Unauthorized)?;
    let case = match &about.case {
        Some(case) => Some(case_for(&app, &who.standing, case, Action::ReadCase).await?.id),
        None => None,
    };
    let member = uuid::Uuid::parse_str(&who.member.id).map_or(0, |id| id.as_u128());
    let place = app.streams.take(&[(member, OF_MEMBER)]).ok_or(Error::TooMany { retry_after: 60 })?;
    // That of a case was asked about already.
    let visible = Visibility::of(&who.standing).filter(|_| case.is_none());
    let changes = app.changes.subscribe();
    let (sender, receiver) = mpsc::channel(4);
    let subject = match (case, about.about.as_deref()) {
        (Some(case), _) => Subject::Case(case),
        (None, Some("alarms")) => Subject::Alarms,
        (None, _) => Subject::Everything,
    };
    tokio::spawn(Stream { visible, app, who, id, subject, sender, _place: place }.run(changes));
    let keep_alive = KeepAlive::new().interval(KEEP_ALIVE).text("");
    Ok(Sse::new(ReceiverStream::new(receiver)).keep_alive(keep_alive).into_response())
}

/// What a page is told of.
enum Subject {
    /// Every case that its reader sees.
    Everything,
    /// One case; and alarms of others, which stand above every page.
    Case(String),
    /// Alarms alone.
    Alarms,
}

struct Stream {
    app: App,
    who: SignedIn,
    id: Id,
    subject: Subject,
    /// The cases that the reader sees; none for all.
    visible: Option<Visibility>,
    sender: mpsc::Sender<Result<Event, Infallible>>,
    _place: Slot,
}

impl Stream {
    /// Runs until the reader leaves, the session ends or the collector shuts down.
    async fn run(self, changes: Receiver<Change>) {
        self.tell(changes).await;
        if let Subject::Case(case) = &self.subject
            && let Err(error) = views::leave(&self.app.db, &self.who.member.id, case).await
        {
            tracing::debug!(%error, "that a member has closed a case can't be noted");
        }
    }

    /// Notes that a case is open still, and gives who else has it open.
    async fn stay(&self) -> sqlx::Result<Vec<String>> {
        let Subject::Case(case) = &self.subject else { return Ok(Vec::new()) };
        let (me, now) = (self.who.member.id.as_str(), self.app.clock.now());
        views::stay(&self.app.db, me, case, now).await?;
        views::others_here(&self.app.db, case, me, now).await
    }

    async fn tell(&self, mut changes: Receiver<Change>) {
        // Says that the stream is there, so that whoever waits for it knows from when on nothing is missed.
        if self.sender.send(Ok(Event::default().comment("ready"))).await.is_err() {
            return;
        }
        let mut burst = Burst::default();
        let mut here = self.stay().await.unwrap_or_default();
        let mut wakes = Wakes::new(Instant::now());
        let ends_at = Instant::now() + LONGEST;
        loop {
            tokio::select! {
                () = self.app.shutdown.cancelled() => return,
                () = self.sender.closed() => return,
                () = sleep_until(ends_at) => return,
                change = changes.recv() => match change {
                    Ok(Change::Case(change)) if self.is_about(&change) => burst.add(&change.case_id, change.event),
                    Ok(Change::Case(_)) => continue,
                    // Too many to keep up with: what they were is unknown, that there were some is enough.
                    Ok(Change::Unknown) | Err(RecvError::Lagged(_)) => burst.is_whole = false,
                    Err(RecvError::Closed) => return,
                },
                () = sleep_until(wakes.next()) => {
                    if !session::holds(&self.app, &self.id, &self.who.member).await.unwrap_or(false) {
                        return;
                    }
                    if wakes.is_check_due(Instant::now()) {
                        let others = self.stay().await.unwrap_or_default();
                        if others != here {
                            // The page shows who else is there.
                            here = others;
                            burst.is_whole = false;
                            wakes.tell_at(Instant::now());
                        }
                    }
                    if wakes.is_news_due(Instant::now()) {
                        // What has come by now is part of the burst, even if it has not been looked at yet.
                        while let Ok(Change::Case(change)) = changes.try_recv() {
                            if self.is_about(&change) {
                                burst.add(&change.case_id, change.event);
                            }
                        }
                        let told = std::mem::take(&mut burst);
                        let Ok(told) = told.seen_by(&self.app, self.visible.as_ref()).await else { return };
                        let Some(told) = told else { continue };
                        let event = Event::default().event("refresh").data(told.sentence(self.who.t));
                        if self.sender.send(Ok(event)).await.is_err() {
                            return;
                        }
                    }
                    continue;
                }
            }
            wakes.tell_at(Instant::now() + SETTLE);
        }
    }

    fn is_about(&self, change: &CaseChanged) -> bool {
        let is_alarm = change.event == EventType::Alarm.as_str();
        match &self.subject {
            Subject::Everything => true,
            Subject::Case(case) => is_alarm || *case == change.case_id,
            Subject::Alarms => is_alarm,
        }
    }
}

/// When a stream has something to do by itself. What happens to other cases puts nothing off.
struct Wakes {
    check_at: Instant,
    /// When the page is told what has happened; none while nothing has.
    news_at: Option<Instant>,
}

impl Wakes {
    fn new(now: Instant) -> Self {
        Self { check_at: now + CHECK, news_at: None }
    }

    fn next(&self) -> Instant {
        self.news_at.map_or(self.check_at, |at| at.min(self.check_at))
    }

    /// There is news, to be told at a time unless an earlier one was set.
    fn tell_at(&mut self, at: Instant) {
        self.news_at.get_or_insert(at);
    }

    fn is_check_due(&mut self, now: Instant) -> bool {
        let is_due = self.check_at <= now;
        if is_due {
            self.check_at = now + CHECK;
        }
        is_due
    }

    fn is_news_due(&mut self, now: Instant) -> bool {
        self.news_at.take_if(|at| *at <= now).is_some()
    }
}

/// What happened since the page was last told.
struct Burst {
    /// What happened to which cases, the first of them.
    changes: Vec<(String, Option<EventType>)>,
    /// Whether these are all.
    is_whole: bool,
}

impl Default for Burst {
    fn default() -> Self {
        Self { changes: Vec::new(), is_whole: true }
    }
}

impl Burst {
    fn add(&mut self, case_id: &str, event: &str) {
        match self.changes.len() < KEPT {
            true => self.changes.push((case_id.to_owned(), EventType::parse(event))),
            false => self.is_whole = false,
        }
    }

    /// What of it a reader sees; none where nothing of it is theirs.
    async fn seen_by(mut self, app: &App, visible: Option<&Visibility>) -> Result<Option<Self>> {
        let Some(visible) = visible else { return Ok(Some(self)) };
        let ids: BTreeSet<String> = self.changes.iter().map(|(id, _)| id.clone()).collect();
        let seen = listing::seen_of(app, visible, &ids.into_iter().collect::<Vec<_>>()).await?;
        self.changes.retain(|(id, _)| seen.contains(id));
        Ok((!self.changes.is_empty() || !self.is_whole).then_some(self))
    }

    /// What is worth saying; blank when the page has only to show another state. Not empty, since a browser drops an
    /// event without data.
    fn sentence(&self, t: Texts) -> String {
        let count = |of: &[EventType]| {
            self.changes.iter().filter(|(_, event)| event.is_some_and(|event| of.contains(&event))).count()
        };
        let said = count(&[EventType::Message, EventType::Reopened, EventType::Rated]);
        match (count(&[EventType::Created]), said) {
            (0, 0) => " ".to_owned(),
            (0, _) => t.get("console.live.said").to_owned(),
            (1, _) => t.get("console.live.created").to_owned(),
            (n, _) => t.with("console.live.created_many", &[("n", &n.to_string())]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn news_come_soon_and_checks_in_time_however_much_happens() {
        let begin = Instant::now();
        let mut wakes = Wakes::new(begin);
        assert_eq!(wakes.next(), begin + CHECK);
        wakes.tell_at(begin + SETTLE);
        wakes.tell_at(begin + 2 * SETTLE);
        assert_eq!(wakes.next(), begin + SETTLE, "what comes later is told with the first");
        assert!(!wakes.is_news_due(begin) && wakes.is_news_due(begin + SETTLE) && !wakes.is_news_due(begin + SETTLE));
        // News without end, told one after the other.
        let mut now = begin;
        while now < begin + CHECK {
            assert!(!wakes.is_check_due(now));
            wakes.tell_at(now + SETTLE);
            now = wakes.next();
            wakes.is_news_due(now);
        }
        assert_eq!(now, begin + CHECK);
        assert!(wakes.is_check_due(now) && !wakes.is_check_due(now));
    }
}
