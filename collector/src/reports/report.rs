//! A report as it is given out.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::by::{By, Name};
use super::figures::Row;

/// A report.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StaffReport)]
pub struct Report {
    /// Its name.
    pub report: Name,
    /// From when, as it was asked for; null for the first case or answer.
    #[schema(required = true)]
    pub from: Option<String>,
    /// Until when, as it was asked for; null for the last case or answer.
    #[schema(required = true)]
    pub to: Option<String>,
    /// What the rows are grouped by.
    pub by: By,
    /// What is counted.
    pub unit: &'static str,
    /// The time zone in which its days are counted.
    #[schema(example = "Asia/Shanghai")]
    pub time_zone: String,
    /// A row for each group, with its figures; null where there are too few answers.
    #[schema(value_type = Vec<Object>)]
    pub rows: Vec<Row>,
    /// Of `importance`: whether the quadrants meet at the means (`means`) or at the medians (`medians`) of the items; `overall.lines` says where those are.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub crosshair: Option<&'static str>,
    /// Of a survey: the version that was answered. What a survey asks may change while it runs; each version has figures of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub version: Option<i64>,
    /// Of a survey: all versions that were answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub versions: Option<Vec<ReportVersion>>,
    /// The figures of the whole, where the report has them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>, nullable = false)]
    pub overall: Option<Value>,
    /// The same of the period before, where the period has two ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub before: Option<Before>,
    /// How many cases or answers do not count, by reason.
    pub left_out: BTreeMap<&'static str, u64>,
    /// Of `causes`: what customers have begun to speak of in the last seven days; empty where nothing grew, or before it was looked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub new_topics: Option<Vec<NewTopic>>,
    /// Of `causes`: cases of the last nine weeks that say nearly the same, the largest group first.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub near_duplicates: Option<Vec<NearDuplicates>>,
}

impl Report {
    /// What the row at a place was in the period before: of the same group, or, where rows are parts of time, of the part at the same place. None where the
    /// periods have not as many parts, since a month that begins within a week has one more of them.
    pub fn row_before(&self, at: usize) -> Option<&Row> {
        let before = self.before.as_ref()?;
        match self.by.unit() {
            Some(_) => before.rows.get(at).filter(|_| before.rows.len() == self.rows.len()),
            None => before
                .rows
                .iter()
                .find(|row| row.group == self.rows.get(at).map(|row| row.group.as_str()).unwrap_or_default()),
        }
    }
}

/// The period before.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StaffReportBefore)]
pub struct Before {
    /// From when, as a time.
    #[schema(format = DateTime)]
    pub from: String,
    /// Until when, not included.
    #[schema(format = DateTime)]
    pub to: String,
    /// A row for each group.
    #[schema(value_type = Vec<Object>)]
    pub rows: Vec<Row>,
    /// The figures of the whole, where the report has them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>, nullable = false)]
    pub overall: Option<Value>,
}

/// A version of a survey that was answered.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StaffReportVersion)]
pub struct ReportVersion {
    /// Which, from 1 on.
    pub version: i64,
    /// When the first answer to it came; null where that was before versions were kept.
    #[schema(required = true, format = DateTime)]
    pub since: Option<String>,
    /// How many answered it.
    pub respondents: i64,
}

/// What customers have begun to speak of.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StaffReportNewTopic)]
pub struct NewTopic {
    /// The key of the site.
    pub site: String,
    /// Its words, as search has them; those that grew most clearly first.
    pub words: Vec<String>,
    /// Cases of the last seven days that have the first word.
    pub n: u64,
    /// Their share of all cases of these days.
    pub share: f64,
    /// Cases of the eight weeks before that have it.
    pub n_before: u64,
    /// Their share.
    pub share_before: f64,
    /// The upper limit of the u-chart, which the share of the last days is above.
    pub upper: f64,
    /// Until when cases were counted.
    #[schema(format = DateTime)]
    pub as_of: String,
}

/// Cases of the last nine weeks that say nearly the same.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StaffReportNearDuplicates)]
pub struct NearDuplicates {
    /// The key of the site.
    pub site: String,
    /// How many there are.
    pub n: usize,
    /// The identifiers of the newest ones, at most 20.
    pub cases: Vec<String>,
    /// The words that the newest two have in common, the longest first.
    pub words: Vec<String>,
    /// Until when cases were compared.
    #[schema(format = DateTime)]
    pub as_of: String,
}
