//! What is watched: complaints by topic, complaints for each order, and how many are not satisfied and how many promises are broken.

use sayso_analysis::control::{Point, p_chart};

use crate::app::App;
use crate::http::Result;
use crate::reports::{self, Asked, Name, Row};

/// Something that has a control chart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Watched {
    /// The share of complaints; of a topic, by its key, or of all.
    Complaints(Option<String>),
    /// Complaints for each order.
    Rate,
    /// Ratings below 4, of all ratings.
    Dissatisfied,
    /// Broken promises, of those that were kept or broken.
    Broken,
}

/// No key of a category begins with it.
const MARK: char = '!';

impl Watched {
    /// What it is called in deliveries, and among what was signalled.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Complaints(category) => category.clone().unwrap_or_default(),
            other => format!("{MARK}{}", other.word()),
        }
    }

    /// Reads a name.
    pub(super) fn parse(name: &str) -> Self {
        match name.strip_prefix(MARK) {
            Some("rate") => Self::Rate,
            Some("satisfaction") => Self::Dissatisfied,
            Some("promises") => Self::Broken,
            _ => Self::Complaints(Some(name.to_owned()).filter(|key| !key.is_empty())),
        }
    }

    /// The word of its texts.
    pub(super) const fn word(&self) -> &'static str {
        match self {
            Self::Complaints(_) => "complaints",
            Self::Rate => "rate",
            Self::Dissatisfied => "satisfaction",
            Self::Broken => "promises",
        }
    }

    /// The report that has its figures.
    pub(super) const fn report(&self) -> Name {
        match self {
            Self::Complaints(_) | Self::Rate => Name::Quality,
            Self::Dissatisfied => Name::Satisfaction,
            Self::Broken => Name::Promises,
        }
    }

    /// The key of the topic.
    pub(super) fn category(&self) -> Option<&str> {
        match self {
            Self::Complaints(category) => category.as_deref(),
            _ => None,
        }
    }

    /// The rows of its chart, week by week: `x` of `n`, with the limits and the rules that are broken.
    pub(super) async fn rows(&self, app: &App, asked: &Asked) -> Result<Vec<Row>> {
        let rows = reports::rows(app, asked).await?;
        let bad = |row: &Row| match self {
            Self::Dissatisfied => row.get("value").as_f64().map(|satisfied| {
                // Both are whole numbers.
                ((1.0 - satisfied) * row.n as f64).round() as u64
            }),
            _ => row.get("breached").as_u64(),
        };
        if matches!(self, Self::Complaints(_) | Self::Rate) {
            return Ok(rows);
        }
        let point = |row: &Row| bad(row).map_or(Point { count: 0, size: 0 }, |count| Point { count, size: row.n });
        let points: Vec<Point> = rows.iter().map(point).collect();
        let chart = p_chart(&points);
        let row = |(at, row): (usize, Row)| {
            let limits = chart.limits[at];
            Row::new(row.group.clone(), points[at].size)
                .with("period", row.group)
                .with("x", points[at].count)
                .with("p", chart.values[at])
                .with("lower", limits.map(|limits| limits.lower))
                .with("upper", limits.map(|limits| limits.upper))
                .with("signals", chart.signals[at].clone())
        };
        Ok(rows.into_iter().enumerate().map(row).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_reads_back() {
        for watched in [
            Watched::Complaints(None),
            Watched::Complaints(Some("delivery".to_owned())),
            Watched::Rate,
            Watched::Dissatisfied,
            Watched::Broken,
        ] {
            assert_eq!(Watched::parse(&watched.name()), watched);
        }
    }
}
