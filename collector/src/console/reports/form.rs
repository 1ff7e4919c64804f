//! The filters of a report, which stand in its address.

use jiff::ToSpan as _;
use jiff::civil::Date;

use crate::auth::permissions::ReportReach;
use crate::reports::names::Names;
use crate::reports::{Asked, By, Name};
use crate::service::store;
use crate::service::survey::{Survey, SurveyKind};
use crate::sites::labels::category_label;

/// So many days are shown where an address says nothing of a time: of a control chart enough weeks for limits.
const DAYS: i64 = 28;
const DAYS_OF_CHART: i64 = 26 * 7;

/// A list to choose from.
pub(super) struct Choice {
    /// The parameter of the address.
    pub(super) name: &'static str,
    /// The key of its label.
    pub(super) label: &'static str,
    /// The key of what stands first, and asks for nothing; none where one has to be chosen.
    pub(super) any: Option<&'static str>,
    /// The value and the name of each, and whether it is chosen.
    pub(super) options: Vec<(String, String, bool)>,
}

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

/// The lists of a report.
pub(super) async fn choices(names: &Names<'_>, db: &crate::db::Db, reach: &ReportReach) -> sqlx::Result<Vec<Choice>> {
    let asked = names.asked;
    let mut all = Vec::new();
    let surveys: Vec<Survey> = store::all(db).await?;
    let reads_all = *reach == ReportReach::All;
    let is_offered = |survey: &&Survey| reads_all && is_in(asked.name, survey.kind);
    let surveys: Vec<&Survey> = surveys.iter().filter(is_offered).collect();
    if asked.name.is_of_survey() || asked.name == Name::Satisfaction && !surveys.is_empty() {
        let chosen = asked.survey.as_ref().map(|survey| &survey.key);
        let option = |survey: &&Survey| {
            let title = survey.title.in_language(names.t.tag()).to_owned();
            (survey.key.to_string(), title, chosen == Some(&survey.key))
        };
        let any = (asked.name == Name::Satisfaction).then_some("insight.form.ratings");
        all.push(Choice {
            name: "survey",
            label: "insight.form.survey",
            any,
            options: surveys.iter().map(option).collect(),
        });
    }
    if let Some(versions) = asked.versions.as_ref().filter(|versions| versions.apart(versions.current) > 0) {
        let answered = versions.answered.iter().map(|version| version.number);
        let numbers: std::collections::BTreeSet<i64> = answered.chain([versions.current]).collect();
        let option = |number: &i64| (number.to_string(), number.to_string(), *number == asked.version);
        let options = numbers.iter().rev().map(option).collect();
        all.push(Choice { name: "version", label: "insight.form.version", any: None, options });
    }
    let groupings = asked.groupings();
    if groupings.len() > 1 {
        let option = |by: &By| {
            (by.as_str().to_owned(), names.t.get(&format!("insight.by.{}", by.as_str())).to_owned(), *by == asked.by)
        };
        all.push(Choice {
            name: "by",
            label: "insight.form.by",
            any: None,
            options: groupings.iter().map(option).collect(),
        });
    }
    // A survey is one site's.
    let is_of_survey = asked.survey.is_some() || asked.name.is_of_survey();
    if names.sites.len() > 1 && !is_of_survey {
        let option = |site: &std::sync::Arc<crate::sites::Site>| {
            let is_chosen = asked.filter.site_id.as_deref() == Some(site.id());
            (site.key().to_owned(), site.name().to_owned(), is_chosen)
        };
        let options = names.sites.iter().map(option).collect();
        all.push(Choice { name: "site", label: "console.inbox.site", any: Some("console.inbox.any_site"), options });
    }
    if !names.service.teams.is_empty() {
        let option = |team: &crate::service::objects::Team| {
            let is_chosen = asked.filter.team == Some(Some(team.key.to_string()));
            (team.key.to_string(), team.name.to_string(), is_chosen)
        };
        let is_read = |team: &&crate::service::objects::Team| match reach {
            ReportReach::All => true,
            ReportReach::Teams(keys) => keys.iter().any(|key| key == team.key.as_str()),
        };
        let mut options: Vec<_> = names.service.teams.iter().filter(is_read).map(option).collect();
        if reads_all {
            let none = names.t.get("console.case.no_team").to_owned();
            options.push(("none".to_owned(), none, asked.filter.team == Some(None)));
        }
        let any = reads_all.then_some("insight.form.any");
        all.push(Choice { name: "team", label: "console.case.team", any, options });
    }
    let option = |kind: &sayso_shared::Kind| {
        let name = names.t.get(&format!("common.kind.{}", kind.as_str())).to_owned();
        (kind.as_str().to_owned(), name, asked.filter.kind == Some(*kind))
    };
    let options = sayso_shared::Kind::ALL.iter().map(option).collect();
    all.push(Choice { name: "kind", label: "console.inbox.kind", any: Some("console.inbox.any_kind"), options });
    if is_of_survey {
        return Ok(all);
    }
    let categories: Vec<_> = names.site().map(|site| site.settings.categories.clone()).unwrap_or_default();
    if !categories.is_empty() {
        let option = |category: &crate::sites::settings::Category| {
            let label = category_label(names.t.0, names.site(), Some(&category.key));
            let is_chosen = asked.filter.category.as_ref() == Some(&category.key);
            (category.key.clone(), label.unwrap_or_else(|| category.key.clone()), is_chosen)
        };
        let mut options: Vec<_> = categories.iter().map(option).collect();
        options.dedup_by(|one, other| one.0 == other.0);
        all.push(Choice { name: "category", label: "console.case.category", any: Some("insight.form.any"), options });
    }
    Ok(all)
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
