//! The parts of a dashboard and of the management report: each is a report with its finding, its picture and its figures.

use std::sync::Arc;

use futures_util::future::try_join_all;
use jiff::ToSpan as _;
use jiff::civil::Date;

use super::form;
use super::page::{Cell, Figure, Head, figures, heads, rows};
use crate::app::App;
use crate::auth::Member;
use crate::charts::Chart;
use crate::http::Result;
use crate::reports::findings::sentence;
use crate::reports::names::Names;
use crate::reports::pictures::picture;
use crate::reports::{self, Asked, By, Name, Report};
use crate::service::Service;
use crate::sites::Site;
use crate::text::Texts;

/// Rows of a table at most; the report itself has them all.
const ROWS: usize = 12;

/// A part of it.
pub(super) struct Part {
    pub(super) title: String,
    pub(super) question: &'static str,
    pub(super) finding: String,
    pub(super) figures: Vec<Figure>,
    pub(super) chart: Option<Chart>,
    pub(super) heads: Vec<Head>,
    pub(super) rows: Vec<(String, Vec<Cell>)>,
    /// Where the whole report is.
    pub(super) address: String,
    /// From when until when, if it is another time than that of the others.
    pub(super) period: Option<String>,
}

impl Part {
    pub(super) fn of(names: &Names<'_>, report: &Report, address: String, period: Option<String>) -> Self {
        let t = names.t;
        let mut shown = if report.by == By::All { Vec::new() } else { rows(names, report) };
        // Of a time it is the end that counts, of everything else the largest.
        match report.by.unit() {
            Some(_) => _ = shown.drain(..shown.len().saturating_sub(ROWS)),
            None => shown.truncate(ROWS),
        }
        Self {
            title: title(t, report.report, report.by),
            question: t.get(&format!("insight.question.{}", report.report.as_str())),
            finding: sentence(names, report),
            figures: figures(names, report),
            // The numbers of all together stand above each other already.
            chart: picture(names, report).filter(|_| report.report != Name::Overview || report.by != By::All),
            heads: heads(names, report),
            rows: shown,
            address,
            period,
        }
    }
}

/// Whether a part leads to the whole report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whole {
    /// It does.
    Linked,
    /// It does not, where the reader has no reports.
    Unlinked,
}

/// What the parts of a page have in common.
pub(super) struct Wanted<'a> {
    pub(super) app: &'a App,
    pub(super) t: Texts,
    pub(super) sites: &'a [Arc<Site>],
    pub(super) members: &'a [Member],
    pub(super) service: &'a Service,
    /// The period and the filters, as an address has them.
    pub(super) parameters: Vec<(String, String)>,
}

impl Wanted<'_> {
    /// The parts in their order, which are made at the same time: nobody waits for one after the other.
    pub(super) async fn parts(&self, wanted: &[(Name, By)], whole: Whole) -> Result<Vec<Part>> {
        try_join_all(wanted.iter().map(|(name, by)| self.part(*name, *by, whole))).await
    }

    async fn part(&self, name: Name, by: By, whole: Whole) -> Result<Part> {
        let with_by = [self.parameters.as_slice(), &[("by".to_owned(), by.as_str().to_owned())]].concat();
        let (parameters, period) = match by {
            By::Week => half_a_year(self.t, with_by),
            _ => (with_by, None),
        };
        let asked = Asked::read(self.app, name, parameters.clone()).await?;
        let report = reports::make(self.app, &asked).await?;
        let Self { t, sites, members, service, .. } = self;
        let names = Names { t: *t, asked: &asked, sites, members, service };
        let address = match whole {
            Whole::Linked => format!("/staff/reports/{}?{}", name.as_str(), form::query(&parameters, &[])),
            Whole::Unlinked => String::new(),
        };
        Ok(Part::of(&names, &report, address, period))
    }
}

fn title(t: Texts, name: Name, by: By) -> String {
    let name = t.get(&format!("insight.report.{}", name.as_str()));
    match by {
        By::All => name.to_owned(),
        by => format!("{name} · {}", t.get(&format!("insight.by.{}", by.as_str()))),
    }
}

/// The same for the weeks that a control chart needs for its limits, up to the end of the period that is asked for; and which those are, in words.
fn half_a_year(t: Texts, mut parameters: Vec<(String, String)>) -> (Vec<(String, String)>, Option<String>) {
    let to = parameters.iter().find(|(name, _)| name == "to").and_then(|(_, to)| to.parse::<Date>().ok());
    let Some((from, to)) = to.and_then(|to| Some((to.checked_sub((26 * 7 - 1).days()).ok()?, to))) else {
        return (parameters, None);
    };
    parameters.retain(|(name, _)| name != "from");
    parameters.push(("from".to_owned(), from.to_string()));
    (parameters, Some(period(t, &t.date(from), &t.date(to))))
}

pub(super) fn period(t: Texts, from: &str, to: &str) -> String {
    t.with("insight.management.period", &[("from", from), ("to", to)])
}
