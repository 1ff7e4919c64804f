//! Parts of the page of a case: the keys of its forms, what its reader may do, and its promises.

use sayso_shared::id::IdempotencyKey;

use crate::app::App;
use crate::clock::{Millis, rfc3339};
use crate::clocks::{Clock, ClockState};
use crate::http::body::fresh_key;
use crate::intake;
use crate::text::Texts;

/// By what a form that may bring files is recognised.
pub(super) struct FormKey {
    pub(super) key: IdempotencyKey,
    pub(super) token: String,
}

impl FormKey {
    pub(super) fn new(app: &App, site_id: &str) -> Self {
        let key = fresh_key();
        Self { token: intake::issue_form_token(&app.keys, site_id, &key, app.clock.now()), key }
    }
}

/// What the reader may do with the case.
pub(super) struct Rights {
    pub(super) read_contact: bool,
    pub(super) note: bool,
    pub(super) answer: bool,
    pub(super) manage: bool,
}

/// A promise as the page shows it.
pub(super) struct ShownClock {
    /// What is promised.
    pub(super) promise: &'static str,
    /// The word for its state.
    pub(super) state: &'static str,
    /// The same for people, where there is more to say than when it is due.
    pub(super) said: Option<&'static str>,
    /// When it is or was due, for programs and for people.
    pub(super) due: Option<(String, String)>,
}

impl ShownClock {
    pub(super) fn of(t: Texts, clock: &Clock, now: Millis) -> Self {
        let state = clock.state(now);
        let said = (state != ClockState::Running).then(|| t.get(&format!("console.case.clock.{}", state.as_str())));
        Self {
            promise: t.get(&format!("console.promise.{}", clock.promise.as_str())),
            state: state.as_str(),
            said,
            due: clock.due().map(|at| (rfc3339(at), t.moment(at))),
        }
    }
}
