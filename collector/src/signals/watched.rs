//! What is watched: complaints by topic, complaints for each order, and how many are not satisfied and how many promises are broken.

use crate::app::App;
use crate::http::Result;
use crate::reports::{self, Asked, Name, Row, control};

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
        Ok(match self {
            Self::Complaints(_) | Self::Rate => rows,
            Self::Dissatisfied | Self::Broken => control::wrong(&rows),
        })
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
