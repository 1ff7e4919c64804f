//! The address of a report, in which its filters stand.

use jiff::ToSpan as _;
use jiff::civil::Date;

use crate::reports::{Asked, By, Name};
use crate::service::store;
use crate::service::survey::{Survey, SurveyKind};

/// So many days are shown where an address says nothing of a time: of a control chart enough weeks for limits.
const DAYS: i64 = 28;
const DAYS_OF_CHART: i64 = 26 * 7;

/// The parameters of an address as a report reads them: what is empty is left out, and a time is added to an address that says nothing at all.
pub(super) fn parameters(name: Name, given: Vec<(String, String)>, today: Date) -> Vec<(String, String)> {
    let says_when = given.iter().any(|(name, _)| name == "from" || name == "to");
    let is_of_survey = name.is_of_survey() || given.iter().any(|(name, value)| name == "survey" && !value.is_empty());
    // The form of ratings may ask for a survey and the other way round: what the one has and the other has not is left out.
    let groupings = if is_of_survey { name.groupings_of_survey() } else { name.groupings() };
    let is_left_out = |field: &str, value: &str| match field {
        "by" if name == Name::Satisfaction => {
            By::parse(value).is_some_and(|by| !groupings.contains(&by) && is_known(name, by))
        }
        "category" | "member" | "priority" | "channel" => is_of_survey,
        _ => false,
    };
    let given = given.into_iter().filter(|(field, value)| !value.is_empty() && !is_left_out(field, value));
    let mut kept: Vec<(String, String)> = given.collect();
    if !says_when && !is_of_survey {
        let days = if name == Name::Quality { DAYS_OF_CHART } else { DAYS };
        let from = today.checked_sub((days - 1).days()).unwrap_or(today);
        kept.push(("from".to_owned(), from.to_string()));
        kept.push(("to".to_owned(), today.to_string()));
    }
    kept
}

/// Whether a grouping is one of cases, or one of a survey.
fn is_known(name: Name, by: By) -> bool {
    name.groupings().contains(&by) || name.groupings_of_survey().contains(&by)
}

/// Whether surveys of a kind are in a report.
pub(super) const fn is_in(name: Name, kind: SurveyKind) -> bool {
    match name {
        Name::Kano => matches!(kind, SurveyKind::Kano),
        Name::Importance => matches!(kind, SurveyKind::ImportanceSatisfaction),
        Name::Servqual => matches!(kind, SurveyKind::Servqual),
        Name::Satisfaction => matches!(kind, SurveyKind::Csat | SurveyKind::Ces | SurveyKind::Nps),
        _ => false,
    }
}

/// What of a report's address is carried on: everything but which report it is.
pub(super) fn query(parameters: &[(String, String)], more: &[(&str, &str)]) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(parameters.iter().filter(|(name, _)| more.iter().all(|(other, _)| other != name)));
    query.extend_pairs(more);
    query.finish()
}

/// The first survey that a report can be of.
pub(super) async fn first_survey(db: &crate::db::Db, name: Name) -> sqlx::Result<Option<String>> {
    let surveys: Vec<Survey> = store::all(db).await?;
    Ok(surveys.into_iter().find(|survey| is_in(name, survey.kind)).map(|survey| survey.key.to_string()))
}

/// A day as a field of the form takes it.
pub(super) fn typed_day(asked: &Asked, typed: Option<&String>, at: Option<i64>) -> String {
    match typed {
        Some(day) if crate::calendars::date(day).is_some() => day.clone(),
        Some(_) => at.map(|at| crate::reports::periods::day(at, &asked.zone).to_string()).unwrap_or_default(),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_says_nothing_is_of_the_last_weeks() {
        let today = jiff::civil::date(2026, 11, 29);
        let of = |name, given: &[(&str, &str)]| {
            let given = given.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            query(&parameters(name, given, today), &[])
        };
        assert_eq!(of(Name::Overview, &[("by", "day")]), "by=day&from=2026-11-02&to=2026-11-29");
        assert_eq!(of(Name::Quality, &[]), "from=2026-06-01&to=2026-11-29");
        assert_eq!(of(Name::Overview, &[("from", ""), ("to", ""), ("team", "")]), "", "all time is asked for");
        assert_eq!(of(Name::Kano, &[("survey", "x")]), "survey=x");
        let both = [("survey", "x"), ("by", "category"), ("category", "delivery"), ("team", "care")];
        assert_eq!(of(Name::Satisfaction, &both), "survey=x&team=care", "a survey has no topics");
    }
}
