//! Every report that there is.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::ToSpan as _;
use jiff::civil::Date;

use crate::ask::{Question, Who};
use crate::server::Server;

/// What a report may take the first time, at most, for 95 of 100.
const FIRST_MS: f64 = 300.0;

/// A report as it is asked for the first time, and again.
pub type FirstAndAgain = (Question, Question);

/// Each report as it is asked for the first time, with another period each time, and again.
pub fn all(server: &Server) -> Vec<FirstAndAgain> {
    let day = |at: &str| at[..10].parse::<Date>().expect("RFC 3339 begins with a day");
    let (last, month, year) = (day(&server.yesterday), day(&server.month_before), day(&server.year_before));
    let archive = year.saturating_sub(2.years());
    [
        ("overview of all", "overview", archive),
        ("overview of all, by week", "overview?by=week", archive),
        ("overview of a month", "overview", month),
        ("promises of all", "promises", archive),
        ("promises of a month, by hour of the week", "promises?by=weekday_hour", month),
        ("quality of a year, by week", "quality?by=week", year),
        ("quality of all, by topic", "quality?by=category", archive),
        ("causes of all", "causes", archive),
        ("satisfaction of all, by month", "satisfaction?by=month", archive),
        ("effort of all", "effort", archive),
        ("workload of a month", "workload", month),
        ("workload of a year", "workload", year),
        ("customers of all", "customers", archive),
        ("survey: satisfaction (NPS)", "satisfaction?survey=recommend", archive),
        ("survey: Kano", "kano?survey=features", archive),
        ("survey: importance", "importance?survey=yearly", archive),
        ("survey: SERVQUAL", "servqual?survey=service", archive),
    ]
    .map(|(name, query, from)| (first(name, query, from, last), again(name, query, from, last)))
    .into()
}

fn first(name: &'static str, query: &'static str, from: Date, last: Date) -> Question {
    let asked = AtomicI64::new(1);
    let path = move |_| {
        // Nobody has asked for it from this day on.
        let earlier = asked.fetch_add(1, Ordering::Relaxed);
        address(query, from.saturating_sub(earlier.days()), last)
    };
    Question { name, path: Arc::new(path), who: Who::Program, budget_ms: FIRST_MS }
}

fn again(name: &'static str, query: &'static str, from: Date, last: Date) -> Question {
    let path = address(query, from, last);
    Question { name, path: Arc::new(move |_| path.clone()), who: Who::Program, budget_ms: super::AGAIN_MS }
}

fn address(query: &str, from: Date, last: Date) -> String {
    let and = if query.contains('?') { '&' } else { '?' };
    format!("/api/v1/reports/{query}{and}from={from}&to={last}")
}
