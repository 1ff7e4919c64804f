//! The cases that a figure of a report counts, as a filter of lists: so that behind each number exactly its cases stand.

use super::conditions::{Conditions, renumbered};
use super::quarantine::MERGED;
use super::status::words;
use crate::clock::{DAY, HOUR, Millis, Period, parse_rfc3339, rfc3339};
use crate::keys::first_id_of;

/// A case that is reopened within so many days after it was first resolved was not resolved at first contact.
pub const FIRST_CONTACT_DAYS: i64 = 14;
/// A customer who comes again within so many days comes again about the same.
pub const REPEAT_DAYS: i64 = 30;
/// A customer who complains so often in one period complains again and again.
pub const AGAIN: u64 = 2;
/// A last score of so much or less is one of somebody who may leave.
pub const UNHAPPY: u8 = 2;
/// A score that fell to this or less is, too.
pub const FALLEN_TO: u8 = 3;

words! {
    /// What a report counts. The times of a period are those of what the figure is about: receipt, resolution, rating, promise, reply.
    Figure {
        /// Cases that were received.
        Received = "received",
        /// Of these, those that were answered.
        FirstResponded = "first_responded",
        /// Of those that were received, those that are resolved now.
        NowResolved = "now_resolved",
        /// Of those that were received, those of high and urgent priority.
        Pressing = "pressing",
        /// Of those that were received, those that were reopened.
        Reopened = "reopened",
        /// Of these, complaints that are settled with an outcome.
        WithOutcome = "with_outcome",
        /// Of these, those that were upheld, also in part.
        Upheld = "upheld",
        /// Of those that were received, those that were resolved at least once.
        OnceResolved = "once_resolved",
        /// Of these, those that were resolved at first contact.
        FirstContact = "first_contact",
        /// Those that were received from a customer who had come within the month before.
        Repeats = "repeats",
        /// Those that were received from a customer who is known.
        OfCustomers = "of_customers",
        /// Of these, those of customers who complained at least twice.
        ComplainingAgain = "complaining_again",
        /// Of these, those of customers who may leave.
        AtRisk = "at_risk",
        /// Cases from before, of customers who had none within the period.
        Silent = "silent",
        /// Cases that were resolved and still are.
        Resolved = "resolved",
        /// Of these, complaints with an outcome.
        ResolvedWithOutcome = "resolved_with_outcome",
        /// Of these, those that were upheld, also in part.
        ResolvedUpheld = "resolved_upheld",
        /// Cases that were rated.
        Rated = "rated",
        /// Of these, those that are solved, as the customer says.
        Solved = "solved",
        /// Of these, those that are not.
        Unsolved = "unsolved",
        /// Cases with a promise that was kept or broken.
        Promised = "promised",
        /// Cases with a promise that was kept.
        Kept = "kept",
        /// Cases with a promise that was broken.
        Broken = "broken",
        /// Cases with a promise that is open and in time.
        InTime = "in_time",
        /// Cases to which a member replied.
        Replied = "replied",
        /// Cases on which a member entered time.
        Worked = "worked",
    }
}

words! {
    /// What a case lacks or has.
    Trait {
        /// It has no category.
        NoCategory = "no_category",
        /// Its customer has no tier.
        NoTier = "no_tier",
        /// Nobody knows how it came.
        NoChannel = "no_channel",
        /// It has an owner.
        Owned = "owned",
    }
}

impl Trait {
    /// As a condition.
    pub(super) const fn sql(self) -> &'static str {
        match self {
            Self::NoCategory => "coalesce(cases.category, feedback.category, '') = ''",
            Self::NoTier => "coalesce(cases.tier, '') = ''",
            Self::NoChannel => "coalesce(cases.channel, '') = ''",
            Self::Owned => "cases.owner_id is not null",
        }
    }
}

/// A figure of a period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counted {
    /// Which.
    pub figure: Figure,
    /// Of which period.
    pub period: Period,
    /// Of promises: the word of which.
    pub promise: Option<String>,
    /// Of replies and of time: the identifier of whose.
    pub member: Option<String>,
}

/// What time it is, and how far that is ahead of the time by which identifiers are made.
#[derive(Clone, Copy, Debug)]
pub struct Now {
    /// The time.
    pub at: Millis,
    /// How far it is ahead.
    pub ahead: Millis,
}

impl Counted {
    /// A figure of all time.
    pub const fn new(figure: Figure) -> Self {
        Self { figure, period: Period { from: None, to: None }, promise: None, member: None }
    }

    /// Sets what a parameter of an address says; false where it is none of these, or makes no sense.
    pub fn set(&mut self, name: &str, value: &str) -> bool {
        match name {
            "from" => self.period.from = parse_rfc3339(value),
            "to" => self.period.to = parse_rfc3339(value),
            "promise" => self.promise = PROMISES.contains(&value).then(|| value.to_owned()),
            "member" => self.member = uuid::Uuid::parse_str(value).ok().map(|id| id.to_string()),
            _ => return false,
        }
        match name {
            "from" => self.period.from.is_some(),
            "to" => self.period.to.is_some(),
            "promise" => self.promise.is_some(),
            _ => self.member.is_some(),
        }
    }

    /// The parameters of an address.
    pub fn parameters(&self) -> Vec<(&'static str, String)> {
        let optional = [
            ("from", self.period.from.map(rfc3339)),
            ("to", self.period.to.map(rfc3339)),
            ("promise", self.promise.clone()),
            ("member", self.member.clone()),
        ];
        let optional = optional.into_iter().filter_map(|(name, value)| Some((name, value?)));
        [("counted", self.figure.as_str().to_owned())].into_iter().chain(optional).collect()
    }

    /// The condition of the quarantine: ratings of merged cases count, since each customer has an answer of their own.
    pub(super) const fn quarantine(&self) -> &'static str {
        if matches!(self.figure, Figure::Rated | Figure::Solved | Figure::Unsolved) { WITH_MERGED } else { WORKED }
    }

    /// Adds what makes a case count. `among` gives what else is asked for, with a condition of the quarantine.
    pub(super) fn add(&self, all: &mut Conditions, among: impl Fn(&str) -> Conditions, now: Now) {
        match self.figure {
            Figure::Received => self.received(all, now),
            Figure::FirstResponded => {
                self.received(all, now);
                all.and("cases.first_responded_at is not null");
            }
            Figure::NowResolved => {
                self.received(all, now);
                all.and(SETTLED);
                all.and("cases.resolved_at is not null");
            }
            Figure::Pressing => {
                self.received(all, now);
                all.and("cases.priority in ('high', 'urgent')");
            }
            Figure::Silent => self.silent(all, among, now),
            Figure::Reopened => {
                self.received(all, now);
                all.and("cases.reopened_count > 0");
            }
            Figure::WithOutcome | Figure::Upheld => {
                self.received(all, now);
                all.and(SETTLED);
                all.and(if self.figure == Figure::Upheld { UPHELD } else { WITH_OUTCOME });
            }
            Figure::OnceResolved => {
                self.received(all, now);
                all.and(ONCE_RESOLVED);
            }
            Figure::FirstContact => {
                self.received(all, now);
                all.and(ONCE_RESOLVED);
                all.and(&first_contact());
            }
            Figure::Repeats => {
                self.received(all, now);
                all.and(&format!(
                    "exists (select 1 from cases earlier where earlier.customer_id = cases.customer_id and earlier.quarantine = '' \
                     and earlier.id < cases.id and earlier.received_at >= cases.received_at - {})",
                    REPEAT_DAYS * DAY
                ));
            }
            Figure::OfCustomers | Figure::ComplainingAgain | Figure::AtRisk => self.of_customers(all, among, now),
            Figure::Resolved => self.resolved(all),
            Figure::ResolvedWithOutcome | Figure::ResolvedUpheld => {
                self.resolved(all);
                all.and(if self.figure == Figure::ResolvedUpheld { UPHELD } else { WITH_OUTCOME });
            }
            Figure::Rated => self.exists(all, RATING, "satisfactions.created_at", ""),
            Figure::Solved => self.exists(all, RATING, "satisfactions.created_at", " and satisfactions.solved"),
            Figure::Unsolved => self.exists(all, RATING, "satisfactions.created_at", " and not satisfactions.solved"),
            Figure::Promised | Figure::Kept | Figure::Broken | Figure::InTime => self.promised(all, now),
            Figure::Replied | Figure::Worked => self.done_by_member(all),
        }
    }

    fn received(&self, all: &mut Conditions, now: Now) {
        // An identifier is made when a case is received or later, so the primary key finds where the period begins. Where it ends it can't say.
        if let Some(from) = self.period.from {
            all.and_with("cases.id >= ", first_id_of(from - now.ahead.max(0) - HOUR));
        }
        self.within(all, "cases.received_at");
    }

    fn resolved(&self, all: &mut Conditions) {
        all.and(SETTLED);
        all.and("cases.resolved_at is not null");
        self.within(all, "cases.resolved_at");
    }

    fn within(&self, all: &mut Conditions, column: &str) {
        if let Some(from) = self.period.from {
            all.and_number(&format!("{column} >= "), from);
        }
        if let Some(to) = self.period.to {
            all.and_number(&format!("{column} < "), to);
        }
    }

    /// Adds that something of the case lies within the period.
    fn exists(&self, all: &mut Conditions, of: &str, column: &str, more: &str) {
        all.and(&format!("exists (select 1 from {of}"));
        self.within(all, column);
        all.sql.push_str(more);
        all.sql.push(')');
    }

    fn promised(&self, all: &mut Conditions, now: Now) {
        all.values.push(super::conditions::Value::Number(now.at));
        let broken = broken_sql(&format!("${}", all.values.len()));
        let state = match self.figure {
            Figure::Broken => broken,
            Figure::Kept => format!("clocks.ended_at is not null and not {broken}"),
            Figure::InTime => format!("clocks.ended_at is null and not {broken}"),
            _ => format!("(clocks.ended_at is not null or {broken})"),
        };
        let which = self.promise.as_ref().map(|word| format!(" and clocks.promise = '{word}'")).unwrap_or_default();
        self.exists(
            all,
            "clocks where clocks.case_id = cases.id",
            "clocks.started_at",
            &format!("{which} and {state}"),
        );
    }

    fn done_by_member(&self, all: &mut Conditions) {
        let (of, table) = match self.figure {
            Figure::Replied => ("messages where messages.case_id = cases.id and messages.author = 'staff'", "messages"),
            _ => ("efforts where efforts.case_id = cases.id", "efforts"),
        };
        let whose = match &self.member {
            None => format!(" and {table}.member_id is not null"),
            Some(id) => format!(" and {table}.member_id = {}", all.list(std::slice::from_ref(id))),
        };
        self.exists(all, of, &format!("{table}.created_at"), &whose);
    }

    /// The cases from before, of customers who had none within the period.
    fn silent(&self, all: &mut Conditions, among: impl Fn(&str) -> Conditions, now: Now) {
        all.and("cases.customer_id is not null");
        match self.period.from {
            Some(from) => all.and_number("cases.received_at < ", from),
            // Before all time there was nobody.
            None => all.and("1 = 0"),
        }
        let mut received = among(WORKED);
        received.and("cases.customer_id is not null");
        self.received(&mut received, now);
        let shifted = renumbered(&received.sql, all.values.len());
        all.values.extend(received.values);
        all.and(&format!("cases.customer_id not in (select cases.customer_id {JOINED} where {shifted})"));
    }

    /// As the report of customers counts them: among the cases that are asked for.
    fn of_customers(&self, all: &mut Conditions, among: impl Fn(&str) -> Conditions, now: Now) {
        self.received(all, now);
        all.and("cases.customer_id is not null");
        let mut received = among(WORKED);
        self.received(&mut received, now);
        match self.figure {
            Figure::ComplainingAgain => {
                received.and("cases.kind = 'complaint'");
                let tail = format!("group by cases.customer_id having count(*) >= {AGAIN}");
                all.and_of_customers(&[("select cases.customer_id", JOINED, &received, &tail)]);
            }
            Figure::AtRisk => {
                received.and_number(&format!("{OPEN} and cases.due_at < "), now.at);
                let mut rated = among(WITH_MERGED);
                rated.and("cases.customer_id is not null");
                self.within(&mut rated, "satisfactions.created_at");
                let order =
                    "over (partition by cases.customer_id order by satisfactions.created_at desc, cases.id desc)";
                let ranked = format!(
                    "select customer_id from (select cases.customer_id as customer_id, satisfactions.score as score, \
                     row_number() {order} as place, lead(satisfactions.score) {order} as score_before"
                );
                let tail = format!(
                    ") as ranked where place = 1 and (score <= {UNHAPPY} or score <= {FALLEN_TO} and score_before > score)"
                );
                all.and_of_customers(&[
                    ("select cases.customer_id", JOINED, &received, ""),
                    (&ranked, "from cases join feedback on feedback.id = cases.id join satisfactions on satisfactions.case_id = cases.id", &rated, &tail),
                ]);
            }
            _ => {}
        }
    }
}

impl Conditions {
    /// Adds that the customer is among those whom one of some statements selects, each in its parts: its head, its tables, its conditions, its tail.
    fn and_of_customers(&mut self, statements: &[(&str, &str, &Conditions, &str)]) {
        let mut any = Vec::new();
        for (head, from, conditions, tail) in statements {
            // The values of each come after those that are there.
            let shifted = renumbered(&conditions.sql, self.values.len());
            self.values.extend(conditions.values.iter().cloned());
            any.push(format!("cases.customer_id in ({head} {from} where {shifted} {tail})"));
        }
        self.and(&format!("({})", any.join(" or ")));
    }
}

/// Whether a promise is broken, as `Clock::state` has it; `now` is the place of the time.
pub fn broken_sql(now: &str) -> String {
    format!(
        "(clocks.breached_at is not null or clocks.paused_at is null and coalesce(clocks.ended_at, {now}) > clocks.due_at)"
    )
}

/// As the facts of reports have it: one message of the staff until it was first resolved, and not reopened soon after that.
fn first_contact() -> String {
    let first = "(select first_solved.created_at from events first_solved where first_solved.case_id = cases.id \
                 and first_solved.type = 'case.resolved' order by first_solved.seq limit 1)";
    let soon = FIRST_CONTACT_DAYS * DAY;
    format!(
        "(select count(*) from messages where messages.case_id = cases.id and messages.author = 'staff' and messages.created_at <= {first}) = 1 \
         and not exists (select 1 from events where events.case_id = cases.id and events.type = 'case.reopened' and events.created_at <= {first} + {soon})"
    )
}

/// The words of promises. Clocks stand on cases and not the other way round.
const PROMISES: [&str; 3] = ["first_response", "next_response", "resolution"];
const WORKED: &str = "cases.quarantine = ''";
const WITH_MERGED: &str = "cases.quarantine in ('', 'merged')";
const _: () = assert!(MERGED.len() == "merged".len());
const JOINED: &str = "from cases join feedback on feedback.id = cases.id";
const SETTLED: &str = "cases.status in ('resolved', 'closed')";
const OPEN: &str = "cases.status not in ('resolved', 'closed')";
const WITH_OUTCOME: &str = "cases.kind = 'complaint' and coalesce(cases.outcome, '') <> ''";
const UPHELD: &str = "cases.kind = 'complaint' and cases.outcome in ('upheld', 'partly_upheld')";
const ONCE_RESOLVED: &str =
    "exists (select 1 from events where events.case_id = cases.id and events.type = 'case.resolved')";
const RATING: &str = "satisfactions where satisfactions.case_id = cases.id";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_in_an_address_reads_back() {
        let mut counted = Counted::new(Figure::Broken);
        counted.period = Period { from: Some(1_700_000_000_000), to: Some(1_800_000_000_000) };
        counted.promise = Some("first_response".to_owned());
        let mut read = Counted::new(Figure::Broken);
        for (name, value) in counted.parameters().iter().skip(1) {
            assert!(read.set(name, value), "{name}={value}");
        }
        assert_eq!(read, counted);
        assert!(!read.set("from", "yesterday") && !read.set("promise", "' or 1") && !read.set("x", "1"));
    }
}
