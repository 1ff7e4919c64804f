use proptest::prelude::*;

use super::*;
use crate::clock::{DAY, HOUR};
use crate::service::ServiceFile;
use crate::service::read::read;

/// Berlin, Monday to Friday from 9 to 17, as the calendar `office`.
fn office() -> Promises {
    let days = ["mon", "tue", "wed", "thu", "fri"].map(|day| format!("{day} = ['09:00-17:00']")).join(", ");
    let text = format!("[[calendar]]\nkey = 'office'\ntime_zone = 'Europe/Berlin'\nhours = {{ {days} }}\n");
    let file = read(&text, &ServiceFile::default()).expect("a calendar");
    Promises::new(&[], &file.calendars)
}

fn standard(first: &str, next: &str, resolution: &str) -> Standard {
    let span = |text: &str| (!text.is_empty()).then(|| text.parse().expect("a span"));
    Standard {
        first_response: span(first),
        next_response: span(next),
        resolution: span(resolution),
        warn_before: span("30m"),
        calendar_key: Some("office".to_owned()),
    }
}

fn at(text: &str) -> Millis {
    let zoned: jiff::Zoned = format!("{text}[Europe/Berlin]").parse().expect("a local time");
    zoned.timestamp().as_millisecond()
}

fn of(clocks: &[Clock], promise: PromiseKind) -> &Clock {
    clocks.iter().rfind(|clock| clock.promise == promise).expect("a clock")
}

#[test]
fn a_pause_leaves_what_was_left_of_open_time() {
    let (calendars, standard) = (office(), standard("4h", "", ""));
    // Friday 16:00: one hour is left today, three on Monday.
    let mut clocks = start(&standard, &calendars, at("2026-11-27T16:00"));
    assert_eq!(clocks[0].due(), Some(at("2026-11-30T12:00")));
    pause(&mut clocks, at("2026-11-27T16:30"));
    assert_eq!((clocks[0].state(at("2026-12-24T00:00")), clocks[0].due()), (ClockState::Paused, None));
    // Three and a half hours are left, from Wednesday 16:00.
    resume(&mut clocks, &calendars, at("2026-12-02T16:00"));
    assert_eq!(clocks[0].due(), Some(at("2026-12-03T11:30")));
    // At the weekend nothing runs down.
    pause(&mut clocks, at("2026-12-02T18:00"));
    resume(&mut clocks, &calendars, at("2026-12-05T12:00"));
    assert_eq!(clocks[0].due(), Some(at("2026-12-07T11:30")));
}

#[test]
fn calendar_days_pause_by_the_clock_on_the_wall_and_business_days_by_open_time() {
    let calendars = office();
    let mut clocks = start(&standard("", "", "15d"), &calendars, at("2026-11-02T10:00"));
    pause(&mut clocks, at("2026-11-12T10:00"));
    resume(&mut clocks, &calendars, at("2026-11-20T12:00"));
    assert_eq!(clocks[0].due(), Some(at("2026-11-25T12:00")));
    // The close of Thursday; from Tuesday noon there are 5 + 8 + 8 open hours.
    let mut clocks = start(&standard("", "", "3bd"), &calendars, at("2026-11-23T10:00"));
    assert_eq!(clocks[0].due(), Some(at("2026-11-26T17:00")));
    pause(&mut clocks, at("2026-11-24T12:00"));
    resume(&mut clocks, &calendars, at("2026-11-30T09:00"));
    assert_eq!(clocks[0].due(), Some(at("2026-12-02T14:00")));
}

#[test]
fn what_is_done_at_the_moment_at_which_it_is_due_is_in_time() {
    let calendars = office();
    for (late, state) in [(0, ClockState::Met), (1, ClockState::Breached)] {
        let mut clocks = start(&standard("1h", "", ""), &calendars, at("2026-11-27T16:30"));
        let due = clocks[0].due_at;
        answer(&mut clocks, due + late);
        assert_eq!(clocks[0].state(due + DAY), state);
    }
}

#[test]
fn each_later_message_is_owed_an_answer_and_of_several_the_first_counts() {
    let (calendars, standard) = (office(), standard("8h", "2h", "3bd"));
    let mut clocks = start(&standard, &calendars, at("2026-11-23T09:00"));
    answer(&mut clocks, at("2026-11-23T10:00"));
    ask(&mut clocks, &standard, &calendars, at("2026-11-23T11:00"));
    ask(&mut clocks, &standard, &calendars, at("2026-11-23T12:00"));
    assert_eq!(of(&clocks, PromiseKind::NextResponse).due(), Some(at("2026-11-23T13:00")));
    answer(&mut clocks, at("2026-11-23T12:30"));
    assert_eq!(of(&clocks, PromiseKind::NextResponse).state(at("2027-01-01T00:00")), ClockState::Met);
    ask(&mut clocks, &standard, &calendars, at("2026-11-23T16:30"));
    assert_eq!(of(&clocks, PromiseKind::NextResponse).due(), Some(at("2026-11-24T10:30")));
    resolve(&mut clocks, at("2026-11-24T10:00"));
    assert!(clocks.iter().all(|clock| !clock.is_open()));
    reopen(&mut clocks, &standard, &calendars, at("2026-11-25T10:00"));
    assert_eq!(of(&clocks, PromiseKind::Resolution).due(), Some(at("2026-11-30T17:00")), "promised anew");
}

#[test]
fn another_promise_holds_from_the_receipt_on_with_the_pauses_that_there_were() {
    let calendars = office();
    let received = at("2026-11-23T09:00");
    let (slow, quick) = (standard("8h", "", "3bd"), standard("4h", "", ""));
    let mut clocks = start(&slow, &calendars, received);
    pause(&mut clocks, at("2026-11-23T10:00"));
    resume(&mut clocks, &calendars, at("2026-11-23T12:00"));
    reclassify(&mut clocks, &quick, &calendars, (received, &[]), at("2026-11-23T12:30"));
    assert_eq!(of(&clocks, PromiseKind::FirstResponse).due(), Some(at("2026-11-23T15:00")));
    assert!(
        clocks.iter().all(|clock| clock.promise != PromiseKind::Resolution),
        "nothing is promised for that any more"
    );
    // What is done stays as it was promised.
    answer(&mut clocks, at("2026-11-23T14:00"));
    reclassify(&mut clocks, &standard("1h", "", "1bd"), &calendars, (received, &[]), at("2026-11-23T14:30"));
    assert_eq!(of(&clocks, PromiseKind::FirstResponse).state(at("2027-01-01T00:00")), ClockState::Met);
    assert_eq!(of(&clocks, PromiseKind::Resolution).due(), Some(at("2026-11-24T17:00")));
}

#[test]
fn what_was_not_promised_before_is_as_if_it_had_been_all_along() {
    let calendars = office();
    let (received, none) = (at("2026-11-23T09:00"), standard("", "", ""));
    let promised = standard("4h", "2h", "3bd");
    let answered = (at("2026-11-23T10:00"), Step::Answered);
    let waits = (at("2026-11-23T11:00"), Step::Paused);
    let now = at("2026-11-24T12:00");
    let reclassified = |history: &[(Millis, Step)]| {
        let mut clocks = start(&none, &calendars, received);
        reclassify(&mut clocks, &promised, &calendars, (received, history), now);
        clocks
    };
    let clocks = reclassified(&[answered]);
    assert_eq!(of(&clocks, PromiseKind::FirstResponse).state(now), ClockState::Met, "it was answered within the hour");
    assert_eq!(of(&clocks, PromiseKind::Resolution).state(now), ClockState::Running);
    // While it waits for the customer every clock stands still, also one that is new.
    let clocks = reclassified(&[answered, waits]);
    assert_eq!(of(&clocks, PromiseKind::Resolution).paused_at, Some(waits.0));
    let back = (at("2026-11-24T09:00"), Step::Resumed);
    let clocks = reclassified(&[answered, waits, (back.0, Step::Asked), back]);
    assert_eq!(of(&clocks, PromiseKind::Resolution).pauses, [(waits.0, back.0)]);
    assert_eq!(of(&clocks, PromiseKind::NextResponse).due(), Some(at("2026-11-24T11:00")));
    // Of a resolved case nothing is owed.
    let clocks = reclassified(&[answered, (at("2026-11-23T16:00"), Step::Resolved)]);
    assert!(clocks.iter().all(|clock| !clock.is_open()));
}

#[test]
fn the_warning_comes_while_somebody_is_there() {
    let calendars = office();
    let office = calendars.calendar(Some("office"));
    // Due on Monday at 9:15: half an hour of open time before that is Friday 16:45.
    let clocks = start(&standard("45m", "", ""), &calendars, at("2026-11-27T16:30"));
    assert_eq!(clocks[0].due(), Some(at("2026-11-30T09:15")));
    assert_eq!(clocks[0].warn_at(&office), Some(at("2026-11-27T16:45")));
    let clocks = start(&standard("20m", "", ""), &calendars, at("2026-11-27T10:00"));
    assert_eq!(clocks[0].warn_at(&office), None, "it is shorter than the warning");
    assert_eq!(clocks[0].wakes_at(&office), Some(at("2026-11-27T10:20") + 1));
}

fn spans() -> impl Strategy<Value = &'static str> {
    proptest::sample::select(vec!["30m", "1h", "4h", "18h", "1bd", "3bd", "2d", "1w"])
}

proptest! {
    #[test]
    fn a_pause_never_brings_the_end_forward(span in spans(), began in 0i64..200, waits in 0i64..200, lasts in 0i64..200) {
        let calendars = office();
        let received = at("2026-03-27T08:00") + began * HOUR / 2;
        let mut clocks = start(&standard(span, "", ""), &calendars, received);
        let due = clocks[0].due_at;
        pause(&mut clocks, received + waits * HOUR);
        resume(&mut clocks, &calendars, received + (waits + lasts) * HOUR);
        prop_assert!(clocks[0].due_at >= due);
        // A pause without length changes nothing that could be worked in.
        let mut same = start(&standard(span, "", ""), &calendars, received);
        pause(&mut same, received + waits * HOUR);
        resume(&mut same, &calendars, received + waits * HOUR);
        let office = calendars.calendar(Some("office"));
        prop_assert_eq!(office.open_between(due.min(same[0].due_at), due.max(same[0].due_at)), 0);
    }

    #[test]
    fn the_same_standard_changes_nothing(span in spans(), next in spans(), whole in spans(), hours in 0i64..200) {
        let (calendars, standard) = (office(), standard(span, next, whole));
        let received = at("2026-10-23T08:00");
        let mut clocks = start(&standard, &calendars, received);
        ask(&mut clocks, &standard, &calendars, received + hours * HOUR);
        let before = clocks.clone();
        reclassify(&mut clocks, &standard, &calendars, (received, &[]), received + hours * HOUR);
        prop_assert_eq!(&clocks, &before);
        // Nothing is over twice.
        resolve(&mut clocks, received + hours * HOUR);
        let once = clocks.clone();
        resolve(&mut clocks, received + (hours + 1) * HOUR);
        prop_assert_eq!(clocks, once);
    }

    /// The slow way: minute after minute, counting those in which somebody is there.
    #[test]
    fn a_warning_has_its_time_left_to_the_minute(minutes in 31i64..2_000, began in 0i64..500) {
        let calendars = office();
        let office = calendars.calendar(Some("office"));
        let received = at("2026-03-27T08:00") + began * 7 * MINUTE;
        let clocks = start(&standard(&format!("{minutes}m"), "", ""), &calendars, received);
        let warn_at = clocks[0].warn_at(&office).expect("it is longer than the warning");
        let open = (0..).map(|minute| warn_at + minute * MINUTE).take_while(|at| *at < clocks[0].due_at)
            .filter(|at| office.is_open(*at)).count();
        prop_assert_eq!(open, 30);
        prop_assert!(warn_at >= received && office.is_open(warn_at));
    }
}
