//! Which columns the table of a report has, and how their cells are written.

use serde_json::Value;

use super::links::{Behind, Reach};
use crate::cases::counted::Figure;
use crate::reports::format::{self, NO_FIGURE};
use crate::reports::{Asked, By, Name, Row, control};
use crate::service::survey::SurveyKind;
use crate::text::Texts;

/// A column.
#[derive(Clone, Copy, Debug)]
pub(super) struct Column {
    /// The name of the figure; `n` is of how many the others are.
    pub(super) name: &'static str,
    /// The key of its heading.
    pub(super) label: &'static str,
    form: Form,
    /// The cases behind the number; none where there are none.
    pub(super) cases: Option<Behind>,
}

/// How a cell is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Count,
    Share,
    /// Of a rate for each one, for each thousand.
    PerThousand,
    /// From a figure whose name ends with `low` to that which ends with `high`.
    Interval,
    Minutes,
    Number,
    Text,
    Money,
    /// How many cases each outcome has.
    Outcomes,
    /// A word of ours, below a key.
    Word(&'static str),
    Signals,
    YesNo,
}

impl Column {
    const fn new(name: &'static str, label: &'static str, form: Form) -> Self {
        Self { name, label, form, cases: None }
    }

    const fn cases(
        name: &'static str,
        label: &'static str,
        parameters: &'static [(&'static str, &'static str)],
    ) -> Self {
        Self::new(name, label, Form::Count).behind(Behind { figure: None, parameters, reach: Reach::Period })
    }

    /// A count of cases that a figure counts.
    const fn counted(name: &'static str, label: &'static str, figure: Figure) -> Self {
        Self::new(name, label, Form::Count).with_cases(figure)
    }

    const fn with_cases(self, figure: Figure) -> Self {
        self.behind(Behind { figure: Some(figure), parameters: ALL, reach: Reach::Period })
    }

    const fn by_author(name: &'static str, label: &'static str, form: Form, figure: Figure) -> Self {
        Self::new(name, label, form).behind(Behind { figure: Some(figure), parameters: ALL, reach: Reach::Author })
    }

    const fn behind(self, behind: Behind) -> Self {
        Self { cases: Some(behind), ..self }
    }

    /// Whether it holds words and no numbers.
    pub(super) fn is_text(&self) -> bool {
        matches!(self.form, Form::Text | Form::Word(_) | Form::Signals | Form::YesNo | Form::Outcomes)
    }

    /// Whether it says something of the figure before it.
    pub(super) fn is_note(&self) -> bool {
        self.is_text() || self.form == Form::Interval
    }

    /// The cell of a row; a dash where there is no figure.
    pub(super) fn cell(&self, t: Texts, row: &Row) -> String {
        let value = match self.name {
            "n" => Value::from(row.n),
            name => name
                .split('.')
                .fold(None, |found: Option<&Value>, part| match found {
                    None => Some(row.get(part)),
                    Some(value) => Some(&value[part]),
                })
                .cloned()
                .unwrap_or_default(),
        };
        let number = value.as_f64();
        let written = match self.form {
            Form::Count => number.map(|number| format::count(number as i64)),
            Form::Share => number.map(format::share),
            Form::PerThousand => number.map(format::per_thousand),
            Form::Interval => number
                .zip(row.get(&self.name.replace("low", "high")).as_f64())
                .map(|(low, high)| format!("{}–{}", format::share(low).trim_end_matches(" %"), format::share(high))),
            Form::Minutes => number.map(|number| format::minutes(t, number)),
            Form::Number => number.map(format::number),
            Form::Text => value.as_str().map(str::to_owned),
            Form::Money => Some(format::money(&value)).filter(|text| !text.is_empty()),
            Form::Outcomes => value.as_object().filter(|outcomes| !outcomes.is_empty()).map(|outcomes| {
                let one = |(word, n): (&String, &Value)| {
                    let name = t.find(&format!("common.outcome.{word}")).unwrap_or(word);
                    format!("{name} {}", format::count(n.as_i64().unwrap_or_default()))
                };
                outcomes.iter().map(one).collect::<Vec<_>>().join(", ")
            }),
            Form::Word(of) => value.as_str().and_then(|word| t.find(&format!("{of}.{word}"))).map(str::to_owned),
            Form::Signals => {
                let rules = value.as_array().into_iter().flatten().filter_map(Value::as_u64);
                Some(rules.map(|rule| t.get(&format!("insight.signal.{rule}"))).collect::<Vec<_>>().join("; "))
            }
            Form::YesNo => {
                value.as_bool().map(|holds| t.get(if holds { "insight.yes" } else { "insight.no" }).to_owned())
            }
        };
        written.unwrap_or_else(|| NO_FIGURE.to_owned())
    }
}

/// The columns of a report that say something: a figure that not every report of its name has is left out where no row has it.
pub(super) fn shown(asked: &Asked, rows: &[Row]) -> Vec<&'static Column> {
    let is_there = |column: &&Column| {
        let may_be_missing = column.name.starts_with("weighted_") || column.name.contains("exposure");
        let is_missing = || rows.iter().all(|row| row.get(column.name).is_null() && row.get("note").is_null());
        !may_be_missing || !is_missing()
    };
    columns(asked).iter().filter(is_there).collect()
}

/// The columns of a report.
fn columns(asked: &Asked) -> &'static [Column] {
    match (asked.name, asked.survey.as_ref().map(|survey| survey.kind)) {
        (Name::Overview, _) => OVERVIEW,
        (Name::Promises, _) if control::is_held(asked) => PROMISES_OVER_TIME,
        (Name::Promises, _) => PROMISES,
        (Name::Quality, _) if asked.by.unit().is_some() && asked.exposure.is_some() => RATES_OVER_TIME,
        (Name::Quality, _) if asked.by.unit().is_some() => QUALITY,
        (Name::Quality, _) if asked.exposure.is_some() => RATES,
        (Name::Quality, _) => TOPICS,
        (Name::Causes, _) if asked.by == By::Problem => PROBLEMS,
        (Name::Causes, _) if asked.by.is_of_time() => CAUSES_OVER_TIME,
        (Name::Causes, _) => CAUSES,
        (Name::Satisfaction, Some(SurveyKind::Nps)) => NPS,
        (Name::Satisfaction, Some(SurveyKind::Ces)) => EASE,
        (Name::Satisfaction, Some(_)) => SCORES,
        (Name::Satisfaction, None) if control::is_held(asked) => SATISFACTION_OVER_TIME,
        (Name::Satisfaction, None) => SATISFACTION,
        (Name::Effort, _) => EFFORT,
        (Name::Workload, _) if asked.by.is_of_time() => WORKLOAD_OVER_TIME,
        (Name::Workload, _) => WORKLOAD,
        (Name::Customers, _) => CUSTOMERS,
        (Name::Kano, _) => KANO,
        (Name::Importance, _) => IMPORTANCE,
        (Name::Servqual, _) => SERVQUAL,
    }
}

pub(super) const ALL: &[(&str, &str)] = &[("status", "all")];
pub(super) const COMPLAINTS: &[(&str, &str)] = &[("status", "all"), ("kind", "complaint")];
const OPEN: &[(&str, &str)] = &[("status", "open")];
const OVERDUE: &[(&str, &str)] = &[("status", "open"), ("due", "overdue")];
const OPEN_NOW: Behind = Behind { figure: None, parameters: OPEN, reach: Reach::Now };
const OF_ALL_TOPICS: Behind = Behind { figure: None, parameters: ALL, reach: Reach::AllTopics };
const OF_PROBLEM: Behind = Behind { figure: None, parameters: ALL, reach: Reach::Problem };
const RATINGS: Column = Column::counted("n", "insight.col.ratings", Figure::Rated);
const INTERVAL: Column = Column::new("low", "insight.col.interval", Form::Interval);
const LOWER: Column = Column::new("lower", "insight.col.lower", Form::Share);
const UPPER: Column = Column::new("upper", "insight.col.upper", Form::Share);
const SIGNALS: Column = Column::new("signals", "insight.col.signals", Form::Signals);
const URGENT: Column = Column::new("urgent_share", "insight.col.urgent", Form::Share).with_cases(Figure::Pressing);
const URGENT_INTERVAL: Column = Column::new("urgent_low", "insight.col.urgent_interval", Form::Interval);
const REOPENED_SHARE: Column =
    Column::new("reopened_share", "insight.col.reopened", Form::Share).with_cases(Figure::Reopened);
const REOPENED_INTERVAL: Column = Column::new("reopened_low", "insight.col.reopened_interval", Form::Interval);
const COST: Column = Column::new("remedy_cost", "insight.col.cost", Form::Money);
const CSAT: Column = Column::new("csat", "insight.col.csat", Form::Share);
const CSAT_INTERVAL: Column = Column::new("csat_low", "insight.col.csat_interval", Form::Interval);
const CSAT_N: Column = Column::counted("csat_n", "insight.col.ratings", Figure::Rated);
const UPHELD_INTERVAL: Column = Column::new("upheld_low", "insight.col.upheld_interval", Form::Interval);
/// Cases of customers who are known, of which the report of customers speaks.
const OF_CUSTOMERS: Behind = Behind { figure: Some(Figure::OfCustomers), parameters: ALL, reach: Reach::Period };

const OVERVIEW: &[Column] = &[
    Column::cases("received", "insight.col.received", ALL),
    Column::cases("complaints", "insight.col.complaints", COMPLAINTS),
    Column::counted("resolved", "insight.col.resolved", Figure::Resolved),
    Column::cases("open", "insight.col.open", OPEN),
    Column::cases("overdue", "insight.col.overdue", OVERDUE),
    Column::counted("reopened", "insight.col.reopened", Figure::Reopened),
    Column::new("first_response_median", "insight.col.first_response", Form::Minutes),
    Column::new("first_response_p90", "insight.col.first_response_p90", Form::Minutes),
    Column::counted("first_response_n", "insight.col.first_response_n", Figure::FirstResponded),
    Column::new("resolution_median", "insight.col.resolution", Form::Minutes),
    Column::new("resolution_p90", "insight.col.resolution_p90", Form::Minutes),
    Column::counted("resolution_n", "insight.col.resolution_n", Figure::NowResolved),
    CSAT,
    CSAT_INTERVAL,
    CSAT_N,
    Column::counted("solved", "insight.col.solved", Figure::Solved),
    Column::new("upheld", "insight.col.upheld", Form::Share).with_cases(Figure::ResolvedUpheld),
    UPHELD_INTERVAL,
    Column::counted("upheld_n", "insight.col.closed", Figure::ResolvedWithOutcome),
    Column::new("complaints_per_1000", "insight.col.per_thousand", Form::Number),
    Column::new("exposure", "insight.col.exposure", Form::Count),
    Column::new("exposure_kind", "insight.col.exposure_kind", Form::Text),
];
const PROMISES: &[Column] = &[
    Column::new("value", "insight.col.kept", Form::Share),
    INTERVAL,
    Column::counted("met", "insight.col.met", Figure::Kept),
    Column::counted("breached", "insight.col.breached", Figure::Broken),
    Column::counted("n", "insight.col.promises", Figure::Promised),
    Column::counted("open", "insight.col.in_time", Figure::InTime),
];
/// The same as a control chart has them.
const PROMISES_OVER_TIME: &[Column] =
    &[PROMISES[0], INTERVAL, PROMISES[2], PROMISES[3], PROMISES[4], PROMISES[5], LOWER, UPPER, SIGNALS];
const QUALITY: &[Column] = &[
    Column::cases("x", "insight.col.complaints", COMPLAINTS),
    Column::new("n", "insight.col.out_of", Form::Count).behind(OF_ALL_TOPICS),
    Column::new("p", "insight.col.share", Form::Share),
    LOWER,
    UPPER,
    SIGNALS,
];
/// Complaints for each thousand orders, visits or accounts.
const RATES_OVER_TIME: &[Column] = &[
    Column::cases("x", "insight.col.complaints", COMPLAINTS),
    Column::new("n", "insight.col.exposure", Form::Count),
    Column::new("p", "insight.col.per_thousand", Form::PerThousand),
    Column::new("lower", "insight.col.lower", Form::PerThousand),
    Column::new("upper", "insight.col.upper", Form::PerThousand),
    SIGNALS,
];
const RATES: &[Column] = &[
    Column::cases("x", "insight.col.complaints", COMPLAINTS),
    Column::new("n", "insight.col.exposure", Form::Count),
    Column::new("value", "insight.col.per_thousand", Form::PerThousand),
    TOPICS[4],
    UPHELD_INTERVAL,
    TOPICS[6],
    TOPICS[7],
    COST,
];
const TOPICS: &[Column] = &[
    Column::cases("x", "insight.col.complaints", COMPLAINTS),
    Column::cases("n", "insight.col.out_of", ALL),
    Column::new("value", "insight.col.share", Form::Share),
    INTERVAL,
    Column::new("upheld", "insight.col.upheld", Form::Share).with_cases(Figure::Upheld),
    UPHELD_INTERVAL,
    Column::counted("upheld_n", "insight.col.closed", Figure::WithOutcome),
    Column::new("outcomes", "insight.col.outcomes", Form::Outcomes),
    COST,
];
const PROBLEMS: &[Column] = &[
    Column::new("title", "insight.col.problem", Form::Text),
    Column::cases("n", "insight.col.cases", ALL),
    Column::new("value", "insight.col.share", Form::Share),
    INTERVAL,
    Column::new("cumulative", "insight.col.cumulative", Form::Share),
    Column::cases("complaints", "insight.col.complaints", COMPLAINTS),
    Column::new("customers", "insight.col.customers", Form::Count).behind(OF_CUSTOMERS),
    COST,
];
const CAUSES: &[Column] = &[
    Column::cases("n", "insight.col.cases", ALL),
    Column::new("value", "insight.col.share", Form::Share),
    INTERVAL,
    Column::new("cumulative", "insight.col.cumulative", Form::Share),
    Column::cases("complaints", "insight.col.complaints", COMPLAINTS),
    Column::new("customers", "insight.col.customers", Form::Count).behind(OF_CUSTOMERS),
    COST,
];
const CAUSES_OVER_TIME: &[Column] = &[
    Column::cases("n", "insight.col.cases", ALL),
    Column::new("value", "insight.col.share", Form::Share),
    INTERVAL,
    Column::cases("complaints", "insight.col.complaints", COMPLAINTS),
    Column::new("customers", "insight.col.customers", Form::Count).behind(OF_CUSTOMERS),
    Column::new("title", "insight.col.most", Form::Text),
    Column::new("problem_n", "insight.col.most_n", Form::Count).behind(OF_PROBLEM),
    COST,
];
const SATISFACTION: &[Column] = &[
    Column::new("value", "insight.col.csat", Form::Share),
    INTERVAL,
    Column::new("mean", "insight.col.mean", Form::Number),
    RATINGS,
    Column::counted("solved", "insight.col.solved", Figure::Solved),
    Column::counted("unsolved", "insight.col.unsolved", Figure::Unsolved),
];
const SATISFACTION_OVER_TIME: &[Column] =
    &[SATISFACTION[0], INTERVAL, SATISFACTION[2], RATINGS, SATISFACTION[4], SATISFACTION[5], LOWER, UPPER, SIGNALS];
const SCORES: &[Column] = &[
    Column::new("value", "insight.col.csat", Form::Share),
    INTERVAL,
    Column::new("mean", "insight.col.mean", Form::Number),
    Column::new("weighted_value", "insight.col.weighted", Form::Share),
    Column::new("weighted_mean", "insight.col.weighted_mean", Form::Number),
    Column::new("n", "insight.col.answers", Form::Count),
];
const EASE: &[Column] = &[
    Column::new("value", "insight.col.easy", Form::Share),
    INTERVAL,
    Column::new("mean", "insight.col.mean", Form::Number),
    Column::new("weighted_value", "insight.col.weighted", Form::Share),
    Column::new("weighted_mean", "insight.col.weighted_mean", Form::Number),
    Column::new("n", "insight.col.answers", Form::Count),
];
const NPS: &[Column] = &[
    Column::new("value", "insight.col.nps", Form::Number),
    Column::new("margin", "insight.col.margin", Form::Number),
    Column::new("weighted_value", "insight.col.weighted", Form::Number),
    Column::new("n", "insight.col.answers", Form::Count),
];
const EFFORT: &[Column] = &[
    Column::counted("n", "insight.col.resolved", Figure::OnceResolved),
    Column::new("value", "insight.col.first_contact", Form::Share).with_cases(Figure::FirstContact),
    INTERVAL,
    Column::new("messages_mean", "insight.col.messages", Form::Number),
    Column::new("messages_median", "insight.col.messages_median", Form::Number),
    Column::new("messages_p90", "insight.col.messages_p90", Form::Number),
    Column::new("transfers_mean", "insight.col.transfers", Form::Number),
    Column::counted("reopened", "insight.col.reopened", Figure::Reopened),
    Column::counted("repeats", "insight.col.repeats", Figure::Repeats),
    Column::counted("known_customers", "insight.col.of_known", Figure::OfCustomers),
];
const WORKLOAD: &[Column] = &[
    Column::cases("received", "insight.col.received", ALL),
    Column::counted("handled", "insight.col.resolved", Figure::Resolved),
    Column::new("open", "insight.col.open", Form::Count).behind(OPEN_NOW),
    Column::by_author("replies", "insight.col.replies", Form::Count, Figure::Replied),
    Column::by_author("minutes", "insight.col.minutes", Form::Minutes, Figure::Worked),
    Column::new("hours_on_duty", "insight.col.hours", Form::Number),
    Column::new("cases_per_hour", "insight.col.per_hour", Form::Number),
    Column::new("team_median", "insight.col.team_median", Form::Number),
    Column::new("team_spread", "insight.col.team_spread", Form::Number),
    URGENT,
    URGENT_INTERVAL,
    REOPENED_SHARE,
    REOPENED_INTERVAL,
    Column::new("messages_median", "insight.col.messages_median", Form::Number),
    CSAT,
    CSAT_INTERVAL,
    CSAT_N,
];
const WORKLOAD_OVER_TIME: &[Column] = &[
    Column::counted("received", "insight.col.received", Figure::Received),
    Column::counted("handled", "insight.col.resolved", Figure::Resolved),
    Column::cases("open", "insight.col.open", OPEN),
    Column::by_author("replies", "insight.col.replies", Form::Count, Figure::Replied),
    Column::by_author("minutes", "insight.col.minutes", Form::Minutes, Figure::Worked),
    Column::new("hours_on_duty", "insight.col.hours", Form::Number),
    Column::new("cases_per_hour", "insight.col.per_hour", Form::Number),
    URGENT,
    URGENT_INTERVAL,
    REOPENED_SHARE,
    REOPENED_INTERVAL,
    Column::new("messages_median", "insight.col.messages_median", Form::Number),
    CSAT,
    CSAT_INTERVAL,
    Column::new("csat_n", "insight.col.ratings", Form::Count),
];
const CUSTOMERS: &[Column] = &[
    Column::new("n", "insight.col.customers", Form::Count).behind(OF_CUSTOMERS),
    Column::counted("cases", "insight.col.cases", Figure::OfCustomers),
    Column::new("complaints", "insight.col.complaints", Form::Count)
        .behind(Behind { parameters: COMPLAINTS, ..OF_CUSTOMERS }),
    Column::counted("repeat_complainers", "insight.col.again", Figure::ComplainingAgain),
    Column::new("value", "insight.col.share", Form::Share),
    INTERVAL,
    Column::new("unresolved", "insight.col.waiting", Form::Count).behind(Behind { parameters: OPEN, ..OF_CUSTOMERS }),
    Column::counted("at_risk", "insight.col.at_risk", Figure::AtRisk),
];
const KANO: &[Column] = &[
    Column::new("category", "insight.col.kano", Form::Word("insight.kano")),
    Column::new("unclear", "insight.col.unclear", Form::YesNo),
    Column::new("weak", "insight.col.weak", Form::YesNo),
    Column::new("better", "insight.col.better", Form::Number),
    Column::new("worse", "insight.col.worse", Form::Number),
    Column::new("counts.M", "insight.kano.M", Form::Count),
    Column::new("counts.O", "insight.kano.O", Form::Count),
    Column::new("counts.A", "insight.kano.A", Form::Count),
    Column::new("counts.I", "insight.kano.I", Form::Count),
    Column::new("counts.R", "insight.kano.R", Form::Count),
    Column::new("counts.Q", "insight.kano.Q", Form::Count),
    Column::new("n", "insight.col.answers", Form::Count),
];
const IMPORTANCE: &[Column] = &[
    Column::new("importance", "insight.col.importance", Form::Number),
    Column::new("satisfaction", "insight.col.satisfaction", Form::Number),
    Column::new("satisfaction_n", "insight.col.knowing", Form::Count),
    Column::new("quadrant", "insight.col.quadrant", Form::Word("insight.quadrant")),
    Column::new("is_rating", "insight.col.is_rating", Form::Number),
    Column::new("weighted_importance", "insight.col.weighted_importance", Form::Number),
    Column::new("weighted_satisfaction", "insight.col.weighted_satisfaction", Form::Number),
    Column::new("weighted_is_rating", "insight.col.weighted_is_rating", Form::Number),
    Column::new("n", "insight.col.answers", Form::Count),
];
const SERVQUAL: &[Column] = &[
    Column::new("expectation", "insight.col.expectation", Form::Number),
    Column::new("perception", "insight.col.perception", Form::Number),
    Column::new("gap", "insight.col.gap", Form::Number),
    Column::new("n", "insight.col.answers", Form::Count),
];
