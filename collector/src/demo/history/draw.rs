//! Drawing the cases: pure, and the same for the same times.

use super::cast::CUSTOMERS;
use super::sentences::{self, MORE, NOT_YET, ON_IT, SOLVED, Subject};
use crate::clock::{DAY, HOUR, MINUTE, Millis};

/// How many complaints about deliveries came on top in the week in which they left their limits.
const SIGNAL: usize = 26;
/// Since so long the workshop makes appointments for repairs.
const APPOINTMENTS: Millis = 13 * 7 * DAY;
/// Cases of so many days at the end may still be open.
const RECENT: Millis = 7 * DAY;
/// So long after its resolution a case is closed.
const CLOSED_AFTER: Millis = 14 * DAY;

/// A case.
#[derive(Clone, Debug)]
pub(super) struct Made {
    pub(super) received_at: Millis,
    pub(super) kind: &'static str,
    pub(super) category: Option<&'static str>,
    pub(super) message: &'static str,
    pub(super) locale: &'static str,
    pub(super) channel: &'static str,
    /// The place of the customer in the cast; none who said who they are.
    pub(super) customer: Option<usize>,
    pub(super) priority: &'static str,
    /// The first part of the owner's address.
    pub(super) owner: &'static str,
    pub(super) team: Option<&'static str>,
    pub(super) problem: Option<&'static str>,
    pub(super) steps: Vec<Step>,
    pub(super) outcome: Option<&'static str>,
    /// What the remedy cost, in thousandths of a yuan.
    pub(super) cost: Option<i64>,
}

/// Something that happened with a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) at: Millis,
    pub(super) what: What,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// Its owner took it.
    Taken,
    /// It went to its team from another one.
    Transferred,
    /// The staff wrote.
    Reply(&'static str),
    /// The customer wrote.
    Answer(&'static str),
    /// The staff wrote the solution.
    Resolved(&'static str),
    /// The customer said that it is not solved.
    Reopened(&'static str),
    /// The customer rated it.
    Rated(i64),
    /// Nothing came any more.
    Closed,
}

/// Numbers that look drawn by chance (Steele and others 2014, SplitMix64).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, most: usize) -> usize {
        usize::try_from(self.next() % most.max(1) as u64).unwrap_or_default()
    }

    /// Whether something holds that holds for so many of a hundred.
    fn holds(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    fn pick<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }

    fn between(&mut self, from: Millis, to: Millis) -> Millis {
        from + i64::try_from(self.below(usize::try_from((to - from).max(1)).unwrap_or(1))).unwrap_or_default()
    }
}

/// How often each subject comes in ten thousand days, before and since repairs are by appointment.
const DAILY: [(Subject, usize, usize); 11] = [
    (Subject::LateDelivery, 3_900, 3_900),
    (Subject::DamagedDelivery, 1_300, 1_300),
    (Subject::Product, 3_300, 3_300),
    (Subject::Repair, 5_600, 1_500),
    (Subject::Order, 1_700, 1_700),
    (Subject::Service, 1_000, 1_000),
    (Subject::DeliveryQuestion, 6_400, 6_400),
    (Subject::ProductQuestion, 4_600, 4_600),
    (Subject::OrderQuestion, 5_700, 5_700),
    (Subject::Suggestion, 3_600, 3_600),
    (Subject::Praise, 5_500, 5_500),
];

/// The cases from one time until another, in the order of their receipt; in the week from `signal` on deliveries go wrong.
pub(super) fn cases(from: Millis, to: Millis, signal: Millis) -> Vec<Made> {
    let mut dice = Dice(1_104);
    let mut found: Vec<(Millis, Subject)> = Vec::new();
    for day in (from..to).step_by(usize::try_from(DAY).unwrap_or(1)) {
        let until = (day + DAY).min(to);
        for (subject, before, since) in DAILY {
            let often = if day < to - APPOINTMENTS { before } else { since };
            // Each of four draws may bring one, so that days differ.
            for _ in 0..4 {
                if dice.below(40_000) < often {
                    found.push((dice.between(day, until), subject));
                }
            }
        }
    }
    let week = (0..SIGNAL).map(|_| (dice.between(signal, signal + 7 * DAY - HOUR), Subject::LateDelivery));
    found.extend(week.collect::<Vec<_>>());
    found.sort_unstable();
    let is_signal = |at: Millis| (signal..signal + 7 * DAY).contains(&at);
    found.into_iter().map(|(at, subject)| case(&mut dice, at, subject, to, is_signal(at))).collect()
}

fn case(dice: &mut Dice, at: Millis, subject: Subject, end: Millis, is_signal: bool) -> Made {
    let (kind, category, team, owner) = sorted(subject);
    // Of two the one who writes more often.
    let customer = dice.holds(78).then(|| dice.below(CUSTOMERS.len()).min(dice.below(CUSTOMERS.len())));
    let locale = customer.map_or_else(|| dice.pick(&["en-GB", "zh-CN"]), |customer| CUSTOMERS[customer].locale);
    let tongue = usize::from(locale.starts_with("zh"));
    let is_complaint = kind == "complaint";
    let mut made = Made {
        received_at: at,
        kind,
        category,
        message: dice.pick(sentences::written(subject)[tongue]),
        locale,
        channel: dice.pick(&["widget", "widget", "widget", "email", "phone"]),
        customer,
        priority: if is_complaint && dice.holds(12) { "high" } else { "normal" },
        owner,
        team,
        problem: problem(dice, subject, at < end - APPOINTMENTS),
        steps: Vec::new(),
        outcome: None,
        cost: None,
    };
    happen(dice, &mut made, tongue, end, is_signal);
    made
}

/// Its kind, its topic, its team, and who owns it.
const fn sorted(subject: Subject) -> (&'static str, Option<&'static str>, Option<&'static str>, &'static str) {
    match subject {
        Subject::LateDelivery | Subject::DamagedDelivery => ("complaint", Some("delivery"), Some("delivery"), "maria"),
        Subject::Product => ("complaint", Some("product"), Some("workshop"), "chen"),
        Subject::Repair => ("complaint", Some("repair"), Some("workshop"), "chen"),
        Subject::Order => ("complaint", Some("order"), None, "mei"),
        Subject::Service => ("complaint", Some("service"), None, "mei"),
        Subject::DeliveryQuestion => ("question", Some("delivery"), Some("delivery"), "maria"),
        Subject::ProductQuestion => ("question", Some("product"), Some("workshop"), "chen"),
        Subject::OrderQuestion => ("question", Some("order"), None, "mei"),
        Subject::Suggestion => ("suggestion", None, None, "mei"),
        Subject::Praise => ("praise", Some("delivery"), Some("delivery"), "maria"),
    }
}

fn problem(dice: &mut Dice, subject: Subject, is_before: bool) -> Option<&'static str> {
    match subject {
        Subject::LateDelivery => dice.holds(80).then_some("P-1"),
        Subject::Repair => dice.holds(if is_before { 75 } else { 20 }).then_some("P-2"),
        Subject::Product => dice.holds(45).then_some("P-3"),
        _ => None,
    }
}

/// Lets it happen: most are answered in time and solved within two days, some are not.
fn happen(dice: &mut Dice, made: &mut Made, tongue: usize, end: Millis, is_signal: bool) {
    let at = made.received_at;
    let is_complaint = made.kind == "complaint";
    let late = if is_signal && made.category == Some("delivery") { 30 } else { 6 };
    let response = match dice.holds(late) {
        true => at + dice.between(5 * HOUR, 20 * HOUR),
        false => at + dice.between(8 * MINUTE, 230 * MINUTE),
    };
    let mut steps = vec![(response - 3 * MINUTE, What::Taken)];
    if is_complaint && dice.holds(12) {
        steps.push((response - 2 * MINUTE, What::Transferred));
    }
    // Of the last days some are not done yet.
    let stays_open = at > end - RECENT && is_complaint && dice.holds(45);
    let at_once = !is_complaint && dice.holds(70) && !stays_open;
    let mut solved_at = response;
    if !at_once {
        steps.push((response, What::Reply(dice.pick(ON_IT[tongue]))));
        if dice.holds(35) {
            steps.push((response + 2 * HOUR, What::Answer(dice.pick(MORE[tongue]))));
        }
        solved_at = response
            + match dice.holds(7) {
                true => dice.between(5 * DAY, 8 * DAY),
                false => dice.between(5 * HOUR, 55 * HOUR),
            };
    }
    if !stays_open {
        steps.push((solved_at, What::Resolved(dice.pick(SOLVED[tongue]))));
        if is_complaint && dice.holds(7) {
            steps.push((solved_at + DAY, What::Reopened(dice.pick(NOT_YET[tongue]))));
            solved_at += 2 * DAY;
            steps.push((solved_at, What::Resolved(dice.pick(SOLVED[tongue]))));
        }
        if is_complaint {
            made.outcome = Some(dice.pick(&["upheld", "upheld", "upheld", "partly_upheld", "not_upheld", "withdrawn"]));
            let is_right = matches!(made.outcome, Some("upheld" | "partly_upheld"));
            made.cost = (is_right && dice.holds(40)).then(|| i64::try_from(20 + dice.below(180)).unwrap_or(20) * 1_000);
        }
        if made.customer.is_some() && dice.holds(42) {
            let unhappy = match (is_complaint, is_signal) {
                (true, true) => 52,
                (true, false) => 32,
                (false, _) => 6,
            };
            let score = if dice.holds(unhappy) { dice.pick(&[1, 2, 2, 3]) } else { dice.pick(&[4, 5, 5, 5]) };
            steps.push((solved_at + dice.between(HOUR, 20 * HOUR), What::Rated(score)));
        }
        if solved_at + CLOSED_AFTER < end {
            steps.push((solved_at + CLOSED_AFTER, What::Closed));
        }
    }
    // What would be after the end of the history belongs to the week of the demo, which is written by hand.
    steps.sort_by_key(|(at, _)| *at);
    made.steps = steps.into_iter().map(|(at, what)| Step { at, what }).filter(|step| step.at < end + RECENT).collect();
}

#[cfg(test)]
mod tests {
    use super::*;

    const END: Millis = 1_795_000_000_000;

    fn drawn() -> Vec<Made> {
        cases(END - 33 * 7 * DAY, END, END - 14 * DAY)
    }

    #[test]
    fn the_history_is_the_same_each_time_and_of_the_size_that_reports_need() {
        let (one, other) = (drawn(), drawn());
        assert_eq!(one.len(), other.len());
        assert!(one.iter().zip(&other).all(|(one, other)| one.steps == other.steps && one.message == other.message));
        assert!((700..1_600).contains(&one.len()), "{}", one.len());
        assert!(one.is_sorted_by_key(|made| made.received_at));
    }

    #[test]
    fn deliveries_go_wrong_in_one_week_and_repairs_go_better_since_there_are_appointments() {
        let made = drawn();
        let complaints = |category: &str, from: Millis, to: Millis| {
            let is_it = |made: &&Made| {
                made.kind == "complaint" && made.category == Some(category) && (from..to).contains(&made.received_at)
            };
            made.iter().filter(is_it).count()
        };
        let signal = complaints("delivery", END - 14 * DAY, END - 7 * DAY);
        let usual = complaints("delivery", END - 26 * 7 * DAY, END - 14 * DAY) / 24;
        assert!(signal > 5 * usual, "{signal} against {usual} in another week");
        let (before, since) = (
            complaints("repair", END - 2 * APPOINTMENTS, END - APPOINTMENTS),
            complaints("repair", END - APPOINTMENTS, END),
        );
        assert!(before > 2 * since, "{before} before, {since} since");
    }
}
