//! Which columns the table of a report has, and how their cells are written.

use serde_json::Value;

use crate::reports::format::{self, NO_FIGURE};
use crate::reports::{Asked, By, Name, Row};
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
    /// What the inbox is asked for besides, so that it shows the cases behind the number; none where it can't.
    pub(super) cases: Option<&'static [(&'static str, &'static str)]>,
}

/// How a cell is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Count,
    Share,
    /// From `low` to `high` of the same row.
    Interval,
    Minutes,
    Number,
    Text,
    Money,
    /// A word of ours, below a key.
    Word(&'static str),
    Signals,
    YesNo,
}

impl Column {
    const fn new(name: &'static str, label: &'static str, form: Form) -> Self {
        Self { name, label, form, cases: None }
    }

    const fn cases(name: &'static str, label: &'static str, cases: &'static [(&'static str, &'static str)]) -> Self {
        Self { name, label, form: Form::Count, cases: Some(cases) }
    }

    /// Whether it holds words and no numbers.
    pub(super) fn is_text(&self) -> bool {
        matches!(self.form, Form::Text | Form::Word(_) | Form::Signals | Form::YesNo)
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
        let written =
            match self.form {
                Form::Count => number.map(|number| format::count(number as i64)),
                Form::Share => number.map(format::share),
                Form::Interval => row.get("low").as_f64().zip(row.get("high").as_f64()).map(|(low, high)| {
                    format!("{}–{}", format::share(low).trim_end_matches(" %"), format::share(high))
                }),
                Form::Minutes => number.map(|number| format::minutes(t, number)),
                Form::Number => number.map(format::number),
                Form::Text => value.as_str().map(str::to_owned),
                Form::Money => Some(format::money(&value)).filter(|text| !text.is_empty()),
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

/// The columns of a report.
pub(super) fn columns(asked: &Asked) -> &'static [Column] {
    match (asked.name, asked.survey.as_ref().map(|survey| survey.kind)) {
        (Name::Overview, _) => OVERVIEW,
        (Name::Promises, _) => PROMISES,
        (Name::Quality, _) if asked.by.unit().is_some() => QUALITY,
        (Name::Quality, _) => TOPICS,
        (Name::Causes, _) if asked.by == By::Problem => PROBLEMS,
        (Name::Causes, _) if asked.by.is_of_time() => CAUSES_OVER_TIME,
        (Name::Causes, _) => CAUSES,
        (Name::Satisfaction, Some(SurveyKind::Nps)) => NPS,
        (Name::Satisfaction, Some(SurveyKind::Ces)) => EASE,
        (Name::Satisfaction, Some(_)) => SCORES,
        (Name::Satisfaction, None) => SATISFACTION,
        (Name::Effort, _) => EFFORT,
        (Name::Workload, _) => WORKLOAD,
        (Name::Customers, _) => CUSTOMERS,
        (Name::Kano, _) => KANO,
        (Name::Importance, _) => IMPORTANCE,
        (Name::Servqual, _) => SERVQUAL,
    }
}

const ALL: &[(&str, &str)] = &[("status", "all")];
const COMPLAINTS: &[(&str, &str)] = &[("status", "all"), ("kind", "complaint")];
const OPEN: &[(&str, &str)] = &[("status", "open")];
const OVERDUE: &[(&str, &str)] = &[("status", "open"), ("due", "overdue")];
const RATINGS: Column = Column::new("n", "insight.col.ratings", Form::Count);
const INTERVAL: Column = Column::new("low", "insight.col.interval", Form::Interval);
const COST: Column = Column::new("remedy_cost", "insight.col.cost", Form::Money);

const OVERVIEW: &[Column] = &[
    Column::cases("received", "insight.col.received", ALL),
    Column::cases("complaints", "insight.col.complaints", COMPLAINTS),
    Column::new("resolved", "insight.col.resolved", Form::Count),
    Column::cases("open", "insight.col.open", OPEN),
    Column::cases("overdue", "insight.col.overdue", OVERDUE),
    Column::new("reopened", "insight.col.reopened", Form::Count),
    Column::new("first_response_median", "insight.col.first_response", Form::Minutes),
    Column::new("first_response_p90", "insight.col.first_response_p90", Form::Minutes),
    Column::new("resolution_median", "insight.col.resolution", Form::Minutes),
    Column::new("resolution_p90", "insight.col.resolution_p90", Form::Minutes),
    Column::new("csat", "insight.col.csat", Form::Share),
    Column::new("csat_n", "insight.col.ratings", Form::Count),
    Column::new("upheld", "insight.col.upheld", Form::Share),
    Column::new("complaints_per_1000", "insight.col.per_thousand", Form::Number),
    Column::new("exposure_kind", "insight.col.exposure_kind", Form::Text),
];
const PROMISES: &[Column] = &[
    Column::new("value", "insight.col.kept", Form::Share),
    INTERVAL,
    Column::new("breached", "insight.col.breached", Form::Count),
    Column::new("n", "insight.col.promises", Form::Count),
    Column::new("open", "insight.col.in_time", Form::Count),
];
const QUALITY: &[Column] = &[
    Column::cases("x", "insight.col.complaints", COMPLAINTS),
    Column::new("n", "insight.col.out_of", Form::Count),
    Column::new("p", "insight.col.share", Form::Share),
    Column::new("lower", "insight.col.lower", Form::Share),
    Column::new("upper", "insight.col.upper", Form::Share),
    Column::new("signals", "insight.col.signals", Form::Signals),
];
const TOPICS: &[Column] = &[
    Column::cases("x", "insight.col.complaints", COMPLAINTS),
    Column::cases("n", "insight.col.out_of", ALL),
    Column::new("value", "insight.col.share", Form::Share),
    INTERVAL,
    Column::new("upheld", "insight.col.upheld", Form::Share),
    Column::new("upheld_n", "insight.col.closed", Form::Count),
    COST,
];
const PROBLEMS: &[Column] = &[
    Column::new("title", "insight.col.problem", Form::Text),
    Column::new("n", "insight.col.cases", Form::Count),
    Column::new("value", "insight.col.share", Form::Share),
    Column::new("cumulative", "insight.col.cumulative", Form::Share),
    Column::new("complaints", "insight.col.complaints", Form::Count),
    Column::new("customers", "insight.col.customers", Form::Count),
    COST,
];
const CAUSES: &[Column] = &[
    Column::cases("n", "insight.col.cases", ALL),
    Column::new("value", "insight.col.share", Form::Share),
    Column::new("cumulative", "insight.col.cumulative", Form::Share),
    Column::cases("complaints", "insight.col.complaints", COMPLAINTS),
    Column::new("customers", "insight.col.customers", Form::Count),
    COST,
];
const CAUSES_OVER_TIME: &[Column] = &[
    Column::cases("n", "insight.col.cases", ALL),
    Column::new("value", "insight.col.share", Form::Share),
    Column::cases("complaints", "insight.col.complaints", COMPLAINTS),
    Column::new("customers", "insight.col.customers", Form::Count),
    Column::new("title", "insight.col.most", Form::Text),
    Column::new("problem_n", "insight.col.most_n", Form::Count),
    COST,
];
const SATISFACTION: &[Column] = &[
    Column::new("value", "insight.col.csat", Form::Share),
    INTERVAL,
    Column::new("mean", "insight.col.mean", Form::Number),
    RATINGS,
    Column::new("solved", "insight.col.solved", Form::Count),
    Column::new("unsolved", "insight.col.unsolved", Form::Count),
];
const SCORES: &[Column] = &[
    Column::new("value", "insight.col.csat", Form::Share),
    INTERVAL,
    Column::new("mean", "insight.col.mean", Form::Number),
    Column::new("n", "insight.col.answers", Form::Count),
];
const EASE: &[Column] = &[
    Column::new("value", "insight.col.easy", Form::Share),
    INTERVAL,
    Column::new("mean", "insight.col.mean", Form::Number),
    Column::new("n", "insight.col.answers", Form::Count),
];
const NPS: &[Column] = &[
    Column::new("value", "insight.col.nps", Form::Number),
    Column::new("margin", "insight.col.margin", Form::Number),
    Column::new("n", "insight.col.answers", Form::Count),
];
const EFFORT: &[Column] = &[
    Column::new("n", "insight.col.resolved", Form::Count),
    Column::new("value", "insight.col.first_contact", Form::Share),
    INTERVAL,
    Column::new("messages_mean", "insight.col.messages", Form::Number),
    Column::new("messages_p90", "insight.col.messages_p90", Form::Number),
    Column::new("transfers_mean", "insight.col.transfers", Form::Number),
    Column::new("reopened", "insight.col.reopened", Form::Count),
    Column::new("repeats", "insight.col.repeats", Form::Count),
];
const WORKLOAD: &[Column] = &[
    Column::cases("received", "insight.col.received", ALL),
    Column::new("handled", "insight.col.resolved", Form::Count),
    Column::cases("open", "insight.col.open", OPEN),
    Column::new("replies", "insight.col.replies", Form::Count),
    Column::new("minutes", "insight.col.minutes", Form::Minutes),
    Column::new("hours_on_duty", "insight.col.hours", Form::Number),
    Column::new("cases_per_hour", "insight.col.per_hour", Form::Number),
    Column::new("urgent_share", "insight.col.urgent", Form::Share),
    Column::new("reopened_share", "insight.col.reopened", Form::Share),
    Column::new("messages_median", "insight.col.messages_median", Form::Number),
    Column::new("csat", "insight.col.csat", Form::Share),
    Column::new("csat_n", "insight.col.ratings", Form::Count),
];
const CUSTOMERS: &[Column] = &[
    Column::new("n", "insight.col.customers", Form::Count),
    Column::cases("cases", "insight.col.cases", ALL),
    Column::cases("complaints", "insight.col.complaints", COMPLAINTS),
    Column::new("repeat_complainers", "insight.col.again", Form::Count),
    Column::new("value", "insight.col.share", Form::Share),
    Column::new("unresolved", "insight.col.waiting", Form::Count),
    Column::new("at_risk", "insight.col.at_risk", Form::Count),
];
const KANO: &[Column] = &[
    Column::new("category", "insight.col.kano", Form::Word("insight.kano")),
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
    Column::new("n", "insight.col.answers", Form::Count),
];
const SERVQUAL: &[Column] = &[
    Column::new("expectation", "insight.col.expectation", Form::Number),
    Column::new("perception", "insight.col.perception", Form::Number),
    Column::new("gap", "insight.col.gap", Form::Number),
    Column::new("n", "insight.col.answers", Form::Count),
];
