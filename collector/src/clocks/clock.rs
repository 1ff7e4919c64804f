//! What a clock does, as a pure function of time and calendar. The contract's words: docs/service-desk.md, "Clocks".

use crate::calendars::{Calendar, Span};
use crate::cases::status::words;
use crate::clock::{MINUTE, Millis};
use crate::service::promises::{Promises, Standard};

words! {
    /// What is promised.
    PromiseKind {
        /// The first message of a person to the customer.
        FirstResponse = "first_response",
        /// An answer to a later message of the customer.
        NextResponse = "next_response",
        /// That the case is resolved.
        Resolution = "resolution",
    }
}

words! {
    /// Where a clock stands.
    ClockState {
        /// Time goes on.
        Running = "running",
        /// The case waits for the customer, so the clock stands still.
        Paused = "paused",
        /// The promise was kept.
        Met = "met",
        /// The promise was broken.
        Breached = "breached",
    }
}

/// Something that moves the clocks of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The case is there: its clocks start if they have not yet.
    Started,
    /// A person of the staff said something to the customer.
    Answered,
    /// The customer said something.
    Asked,
    /// The case waits for the customer.
    Paused,
    /// It waits no longer.
    Resumed,
    /// It is resolved.
    Resolved,
    /// It is worked on again.
    Reopened,
    /// Its kind, priority or tier is another one.
    Reclassified,
}

/// One promise of one case. Times are Unix milliseconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clock {
    /// What is promised.
    pub promise: PromiseKind,
    /// Since when.
    pub started_at: Millis,
    /// How long, as it was promised then.
    pub span: Span,
    /// The key of the calendar in whose open time it counts; none if all time is open.
    pub calendar: Option<String>,
    /// How long before it is due the team is warned.
    pub warn_before: Option<Span>,
    /// When it is due; of one that is paused, when it would have been.
    pub due_at: Millis,
    /// Since when it is paused.
    pub paused_at: Option<Millis>,
    /// The pauses that are over, each from when until when.
    pub pauses: Vec<(Millis, Millis)>,
    /// When what was promised was done.
    pub ended_at: Option<Millis>,
    /// When the team was warned.
    pub warned_at: Option<Millis>,
    /// When it was found to be broken.
    pub breached_at: Option<Millis>,
}

/// Where calendars are found by their keys.
pub type Calendars<'a> = &'a Promises;

impl Clock {
    /// A clock that starts at `at`; none if its calendar is never open for so long.
    fn start(
        promise: PromiseKind,
        span: Span,
        standard: &Standard,
        calendars: Calendars<'_>,
        at: Millis,
    ) -> Option<Self> {
        let due_at = calendars.calendar(standard.calendar_key.as_deref()).due(at, span)?;
        Some(Self {
            promise,
            started_at: at,
            span,
            calendar: standard.calendar_key.clone(),
            warn_before: standard.warn_before,
            due_at,
            paused_at: None,
            pauses: Vec::new(),
            ended_at: None,
            warned_at: None,
            breached_at: None,
        })
    }

    /// Where it stands at a time. What is done at the very moment at which it is due is in time.
    pub fn state(&self, now: Millis) -> ClockState {
        let is_late = self.paused_at.is_none() && self.ended_at.unwrap_or(now) > self.due_at;
        match self {
            _ if is_late || self.breached_at.is_some() => ClockState::Breached,
            Self { ended_at: Some(_), .. } => ClockState::Met,
            Self { paused_at: Some(_), .. } => ClockState::Paused,
            _ => ClockState::Running,
        }
    }

    /// Whether what was promised is still to be done.
    pub fn is_open(&self) -> bool {
        self.ended_at.is_none()
    }

    /// When it is due; none while it is paused.
    pub fn due(&self) -> Option<Millis> {
        self.paused_at.is_none().then_some(self.due_at)
    }

    /// When the team is to be warned: the last moment from which as much time is left as `warn_before` says, of the same calendar. None for a promise
    /// that is no longer than that.
    pub fn warn_at(&self, calendar: &Calendar) -> Option<Millis> {
        let warn_before = self.warn_before?;
        let is_early = |at: Millis| calendar.due(at, warn_before).is_some_and(|due| due <= self.due_at);
        // In whole minutes after the start: later starts are never due earlier.
        let (mut early, mut late) = (0, (self.due_at - self.started_at) / MINUTE + 1);
        if !is_early(self.started_at) {
            return None;
        }
        while late - early > 1 {
            let middle = early + (late - early) / 2;
            if is_early(self.started_at + middle * MINUTE) {
                early = middle;
            } else {
                late = middle;
            }
        }
        Some(self.started_at + early * MINUTE)
    }

    /// When somebody has to look at it next, to warn or to tell that it is broken.
    pub fn wakes_at(&self, calendar: &Calendar) -> Option<Millis> {
        if !self.is_open() || self.paused_at.is_some() || self.breached_at.is_some() {
            return None;
        }
        let warning = if self.warned_at.is_none() { self.warn_at(calendar) } else { None };
        Some(warning.unwrap_or(self.due_at + 1))
    }

    fn pause(&mut self, now: Millis) {
        if self.state(now) == ClockState::Running {
            self.paused_at = Some(now);
        }
    }

    fn resume(&mut self, calendar: &Calendar, now: Millis) {
        let Some(paused_at) = self.paused_at.take() else { return };
        self.due_at = self.due_after_pause(calendar, paused_at, now).unwrap_or(self.due_at);
        self.pauses.push((paused_at, now));
    }

    /// What was left of open time is left afterwards; of calendar days it is time by the clock on the wall. Open time counts in whole minutes: a
    /// moment more would be due on the next morning where a minute is due at the close.
    fn due_after_pause(&self, calendar: &Calendar, from: Millis, to: Millis) -> Option<Millis> {
        match self.span {
            Span::CalendarDays(_) => Some(to + (self.due_at - from).max(0)),
            Span::OpenMinutes(_) | Span::BusinessDays(_) => {
                let left = calendar.open_between(from, self.due_at);
                calendar.add_open(to - to.rem_euclid(MINUTE), (left + MINUTE / 2) / MINUTE * MINUTE)
            }
        }
    }

    /// What it would be if it had been of this length from its start, with the pauses that there were.
    fn with_span(&self, span: Span, standard: &Standard, calendars: Calendars<'_>, now: Millis) -> Option<Self> {
        let calendar = calendars.calendar(standard.calendar_key.as_deref());
        let mut clock = Self::start(self.promise, span, standard, calendars, self.started_at)?;
        for (from, to) in &self.pauses {
            if *from < clock.due_at {
                clock.due_at = clock.due_after_pause(&calendar, *from, *to)?;
            }
        }
        clock.pauses.clone_from(&self.pauses);
        clock.paused_at = self.paused_at;
        // It was broken by a promise that does not hold any more, unless it is by this one as well.
        clock.breached_at = self.breached_at.filter(|_| clock.state(now) == ClockState::Breached);
        Some(clock)
    }
}

/// The clocks of a case that was received at `at`.
pub fn start(standard: &Standard, calendars: Calendars<'_>, at: Millis) -> Vec<Clock> {
    let of = |promise, span: Option<Span>| Clock::start(promise, span?, standard, calendars, at);
    let first = of(PromiseKind::FirstResponse, standard.first_response);
    first.into_iter().chain(of(PromiseKind::Resolution, standard.resolution)).collect()
}

/// Moves clocks by one step. Another kind, priority or tier is [`reclassify`], which asks for what has happened before.
pub fn take(clocks: &mut Vec<Clock>, step: Step, standard: &Standard, calendars: Calendars<'_>, now: Millis) {
    match step {
        Step::Started | Step::Reclassified => {}
        Step::Answered => answer(clocks, now),
        Step::Asked => ask(clocks, standard, calendars, now),
        Step::Paused => pause(clocks, now),
        Step::Resumed => resume(clocks, calendars, now),
        Step::Resolved => resolve(clocks, now),
        Step::Reopened => reopen(clocks, standard, calendars, now),
    }
}

/// Ends clocks that start after what they wait for has happened.
pub fn catch_up(clocks: &mut [Clock], first_responded_at: Option<Millis>, resolved_at: Option<Millis>) {
    for clock in clocks {
        clock.ended_at = match clock.promise {
            PromiseKind::FirstResponse => first_responded_at.or(resolved_at),
            PromiseKind::NextResponse | PromiseKind::Resolution => resolved_at,
        };
    }
}

/// Somebody answers: what waited for a response is over.
pub fn answer(clocks: &mut [Clock], now: Millis) {
    end(clocks, now, |promise| promise != PromiseKind::Resolution);
}

/// The customer says something, which has to be answered; of several such messages the first counts.
pub fn ask(clocks: &mut Vec<Clock>, standard: &Standard, calendars: Calendars<'_>, now: Millis) {
    let waits = clocks.iter().any(|clock| clock.promise == PromiseKind::NextResponse && clock.is_open());
    if let Some(span) = standard.next_response.filter(|_| !waits) {
        clocks.extend(Clock::start(PromiseKind::NextResponse, span, standard, calendars, now));
    }
}

/// The case waits for the customer: every clock stands still.
pub fn pause(clocks: &mut [Clock], now: Millis) {
    clocks.iter_mut().for_each(|clock| clock.pause(now));
}

/// It waits no longer.
pub fn resume(clocks: &mut [Clock], calendars: Calendars<'_>, now: Millis) {
    for clock in clocks {
        let calendar = calendars.calendar(clock.calendar.as_deref());
        clock.resume(&calendar, now);
    }
}

/// The case is resolved: nothing is owed any more.
pub fn resolve(clocks: &mut [Clock], now: Millis) {
    end(clocks, now, |_| true);
}

/// The case is worked on again, which is promised anew.
pub fn reopen(clocks: &mut Vec<Clock>, standard: &Standard, calendars: Calendars<'_>, now: Millis) {
    let runs = clocks.iter().any(|clock| clock.promise == PromiseKind::Resolution && clock.is_open());
    if let Some(span) = standard.resolution.filter(|_| !runs) {
        clocks.extend(Clock::start(PromiseKind::Resolution, span, standard, calendars, now));
    }
}

/// Another promise holds from the receipt on. What was done is done; what is still owed is due by the new promise, or not promised any more. What was
/// not promised before is as it would be had it been promised all along, by what has happened since.
pub fn reclassify(
    clocks: &mut Vec<Clock>,
    standard: &Standard,
    calendars: Calendars<'_>,
    (received_at, history): (Millis, &[(Millis, Step)]),
    now: Millis,
) {
    let span_of = |promise| match promise {
        PromiseKind::FirstResponse => standard.first_response,
        PromiseKind::NextResponse => standard.next_response,
        PromiseKind::Resolution => standard.resolution,
    };
    let missing = |promise| clocks.iter().all(|clock: &Clock| clock.promise != promise);
    let mut replayed = start(standard, calendars, received_at);
    for (at, step) in history {
        take(&mut replayed, *step, standard, calendars, *at);
    }
    let added: Vec<Clock> = replayed.into_iter().filter(|clock| missing(clock.promise)).collect();
    // One that holds already: the promise that it was started by may have been changed since, which changes only clocks that start later.
    let is_same =
        |clock: &Clock, span| (clock.span, clock.calendar.as_deref()) == (span, standard.calendar_key.as_deref());
    clocks.retain_mut(|clock| match span_of(clock.promise) {
        _ if !clock.is_open() => true,
        Some(span) if is_same(clock, span) => true,
        Some(span) => match clock.with_span(span, standard, calendars, now) {
            Some(changed) => {
                *clock = changed;
                true
            }
            None => false,
        },
        None => false,
    });
    clocks.extend(added);
}

fn end(clocks: &mut [Clock], now: Millis, is_over: impl Fn(PromiseKind) -> bool) {
    for clock in clocks.iter_mut().filter(|clock| clock.is_open() && is_over(clock.promise)) {
        // A pause ends with what it paused.
        if let Some(paused_at) = clock.paused_at.take() {
            clock.pauses.push((paused_at, now));
            clock.due_at = clock.due_at.max(now);
        }
        clock.ended_at = Some(now);
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
