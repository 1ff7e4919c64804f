//! What can be chosen of a report: each parameter that it takes is a list, with what is chosen now.

use std::collections::BTreeMap;
use std::sync::Arc;

use sayso_shared::Kind;

use super::form::is_in;
use crate::auth::permissions::ReportReach;
use crate::cases::{Channel, Priority};
use crate::clocks::PromiseKind;
use crate::db::Db;
use crate::exposure;
use crate::reports::names::Names;
use crate::reports::{Asked, By, Name};
use crate::service::objects::Team;
use crate::service::store;
use crate::service::survey::Survey;
use crate::sites::Site;

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

/// The lists of a report.
pub(super) async fn choices(names: &Names<'_>, db: &Db, reach: &ReportReach) -> sqlx::Result<Vec<Choice>> {
    let asked = names.asked;
    let surveys: Vec<Survey> = store::all(db).await?;
    let kinds = exposure::kinds(db, asked.filter.site_id.as_deref()).await?;
    let of_answers = [survey(names, &surveys, reach), version(asked)].into_iter().flatten();
    let mut all: Vec<Choice> = of_answers.collect();
    all.extend([by(names), crosshair(names), exposure(names, &kinds), site(names)].into_iter().flatten());
    all.extend([team(names, reach), Some(kind(names)), promise(names), category(names)].into_iter().flatten());
    all.extend(tier(names));
    if asked.is_of_cases() {
        all.extend([priority(names), channel(names), member(names, reach)]);
    }
    Ok(all)
}

fn survey(names: &Names<'_>, surveys: &[Survey], reach: &ReportReach) -> Option<Choice> {
    let asked = names.asked;
    let is_offered = |survey: &&Survey| *reach == ReportReach::All && is_in(asked.name, survey.kind);
    let chosen = asked.survey.as_ref().map(|survey| &survey.key);
    let option = |survey: &Survey| {
        let title = survey.title.in_language(names.t.tag()).to_owned();
        (survey.key.to_string(), title, chosen == Some(&survey.key))
    };
    let options: Vec<_> = surveys.iter().filter(is_offered).map(option).collect();
    let any = (asked.name == Name::Satisfaction).then_some("insight.form.ratings");
    let is_there = asked.name.is_of_survey() || asked.name == Name::Satisfaction && !options.is_empty();
    is_there.then_some(Choice { name: "survey", label: "insight.form.survey", any, options })
}

fn version(asked: &Asked) -> Option<Choice> {
    let versions = asked.versions.as_ref().filter(|versions| versions.apart(versions.current) > 0)?;
    let answered = versions.answered.iter().map(|version| version.number);
    let numbers: std::collections::BTreeSet<i64> = answered.chain([versions.current]).collect();
    let option = |number: &i64| (number.to_string(), number.to_string(), *number == asked.version);
    let options = numbers.iter().rev().map(option).collect();
    Some(Choice { name: "version", label: "insight.form.version", any: None, options })
}

fn by(names: &Names<'_>) -> Option<Choice> {
    let (t, groupings) = (names.t, names.asked.groupings());
    let option = |by: &By| {
        let name = t.get(&format!("insight.by.{}", by.as_str())).to_owned();
        (by.as_str().to_owned(), name, *by == names.asked.by)
    };
    let options = groupings.iter().map(option).collect();
    (groupings.len() > 1).then_some(Choice { name: "by", label: "insight.form.by", any: None, options })
}

/// Where the quadrants of importance meet.
fn crosshair(names: &Names<'_>) -> Option<Choice> {
    let chosen = names.asked.crosshair.as_str();
    let option = |word: &str| {
        let name = names.t.get(&format!("insight.form.crosshair.{word}")).to_owned();
        (word.to_owned(), name, word == chosen)
    };
    let options = ["means", "medians"].map(option).to_vec();
    let choice = Choice { name: "crosshair", label: "insight.form.crosshair", any: None, options };
    (names.asked.name == Name::Importance).then_some(choice)
}

/// What complaints are held against.
fn exposure(names: &Names<'_>, kinds: &[String]) -> Option<Choice> {
    let (t, chosen) = (names.t, names.asked.exposure.as_ref());
    let any = match names.asked.name {
        Name::Quality => "insight.form.exposure.cases",
        Name::Overview => "insight.form.exposure.usual",
        _ => return None,
    };
    let option = |kind: &String| {
        let name = t.find(&format!("insight.exposure_kind.{kind}")).unwrap_or(kind).to_owned();
        (kind.clone(), name, chosen == Some(kind))
    };
    // What the address asks for stays there, also where nothing is known of it.
    let unknown = chosen.filter(|kind| !kinds.contains(kind));
    let options: Vec<_> = kinds.iter().chain(unknown).map(option).collect();
    let choice = Choice { name: "exposure", label: "insight.form.exposure", any: Some(any), options };
    Some(choice).filter(|choice| !choice.options.is_empty())
}

/// A survey is one site's.
fn site(names: &Names<'_>) -> Option<Choice> {
    let asked = names.asked;
    let option = |site: &Arc<Site>| {
        let is_chosen = asked.filter.site_id.as_deref() == Some(site.id());
        (site.key().to_owned(), site.name().to_owned(), is_chosen)
    };
    let options = names.sites.iter().map(option).collect();
    let is_there = names.sites.len() > 1 && asked.is_of_cases();
    let any = Some("console.inbox.any_site");
    is_there.then_some(Choice { name: "site", label: "console.inbox.site", any, options })
}

/// The teams whose reports somebody reads.
fn teams<'a>(names: &'a Names<'_>, reach: &'a ReportReach) -> impl Iterator<Item = &'a Team> {
    names.service.teams.iter().filter(move |team| match reach {
        ReportReach::All => true,
        ReportReach::Teams(keys) => keys.iter().any(|key| key == team.key.as_str()),
    })
}

fn team(names: &Names<'_>, reach: &ReportReach) -> Option<Choice> {
    let asked = names.asked;
    let option = |team: &Team| {
        let is_chosen = asked.filter.team == Some(Some(team.key.to_string()));
        (team.key.to_string(), team.name.to_string(), is_chosen)
    };
    let mut options: Vec<_> = teams(names, reach).map(option).collect();
    let reads_all = *reach == ReportReach::All;
    if reads_all {
        options.push((
            "none".to_owned(),
            names.t.get("console.case.no_team").to_owned(),
            asked.filter.team == Some(None),
        ));
    }
    let any = reads_all.then_some("insight.form.any");
    let choice = Choice { name: "team", label: "console.case.team", any, options };
    (!names.service.teams.is_empty()).then_some(choice)
}

fn kind(names: &Names<'_>) -> Choice {
    let option = |kind: &Kind| {
        let name = names.t.get(&format!("common.kind.{}", kind.as_str())).to_owned();
        (kind.as_str().to_owned(), name, names.asked.filter.kind == Some(*kind))
    };
    let options = Kind::ALL.iter().map(option).collect();
    Choice { name: "kind", label: "console.inbox.kind", any: Some("console.inbox.any_kind"), options }
}

fn promise(names: &Names<'_>) -> Option<Choice> {
    let option = |promise: &PromiseKind| {
        let name = names.t.get(&format!("console.promise.{}", promise.as_str())).to_owned();
        (promise.as_str().to_owned(), name, names.asked.filter.promise == Some(*promise))
    };
    let options = PromiseKind::ALL.iter().map(option).collect();
    let choice = Choice { name: "promise", label: "insight.by.promise", any: Some("insight.form.any"), options };
    (names.asked.name == Name::Promises).then_some(choice)
}

/// The categories of the site that is asked for, else of all.
fn category(names: &Names<'_>) -> Option<Choice> {
    let chosen = names.asked.filter.category.as_deref();
    let mut options: Vec<(String, String, bool)> = Vec::new();
    for category in names.sites_asked().flat_map(|site| &site.settings.categories) {
        if options.iter().all(|(key, ..)| *key != category.key) {
            options.push((category.key.clone(), names.category(&category.key), chosen == Some(category.key.as_str())));
        }
    }
    let any = Some("insight.form.any");
    let choice = Choice { name: "category", label: "console.case.category", any, options: keep(options, chosen) };
    (names.asked.is_of_cases() && !choice.options.is_empty()).then_some(choice)
}

/// The tiers of the site that is asked for, else of all.
fn tier(names: &Names<'_>) -> Option<Choice> {
    let chosen = names.asked.filter.tier.as_deref();
    let mut options: BTreeMap<&str, (String, String, bool)> = BTreeMap::new();
    for site in names.sites_asked() {
        for tier in names.service.tiers.iter().filter(|tier| tier.site.as_str() == site.key()) {
            let key = tier.key.as_str();
            options.entry(key).or_insert_with(|| (key.to_owned(), names.tier(key), chosen == Some(key)));
        }
    }
    let options = keep(options.into_values().collect(), chosen);
    let any = Some("insight.form.any");
    let choice = Choice { name: "tier", label: "insight.by.tier", any, options };
    Some(choice).filter(|choice| !choice.options.is_empty())
}

fn priority(names: &Names<'_>) -> Choice {
    let option = |priority: &Priority| {
        let name = names.t.get(&format!("common.priority.{}", priority.as_str())).to_owned();
        (priority.as_str().to_owned(), name, names.asked.filter.priority == Some(*priority))
    };
    let options = Priority::ALL.iter().map(option).collect();
    Choice { name: "priority", label: "insight.by.priority", any: Some("insight.form.any"), options }
}

fn channel(names: &Names<'_>) -> Choice {
    let option = |channel: &Channel| {
        let name = names.t.get(&format!("common.channel.{}", channel.as_str())).to_owned();
        (channel.as_str().to_owned(), name, names.asked.filter.channel == Some(*channel))
    };
    let options = Channel::ALL.iter().map(option).collect();
    Choice { name: "channel", label: "insight.by.channel", any: Some("insight.form.any"), options }
}

/// Those who work, of the teams that somebody reads about; and whoever is asked for, also if they have left.
fn member(names: &Names<'_>, reach: &ReportReach) -> Choice {
    let chosen = names.asked.filter.owner.as_ref();
    let is_offered = |member: &crate::auth::Member| match reach {
        ReportReach::All => true,
        ReportReach::Teams(_) => {
            let mut addresses = teams(names, reach).flat_map(|team| team.members.iter().chain(&team.lead));
            addresses.any(|address| address.as_str() == member.email)
        }
    };
    let option = |member: &crate::auth::Member| {
        let is_chosen = chosen == Some(&Some(member.id.clone()));
        let is_shown = is_chosen || member.disabled_at.is_none() && is_offered(member);
        is_shown.then(|| (member.email.clone(), member.name.clone(), is_chosen))
    };
    let mut options: Vec<_> = names.members.iter().filter_map(option).collect();
    if *reach == ReportReach::All {
        options.push(("none".to_owned(), names.t.get("console.inbox.nobody").to_owned(), chosen == Some(&None)));
    }
    Choice { name: "member", label: "insight.by.member", any: Some("insight.form.any"), options }
}

/// The options with what the address asks for, which stays there also where it is known no more.
fn keep(mut options: Vec<(String, String, bool)>, chosen: Option<&str>) -> Vec<(String, String, bool)> {
    let is_there = options.iter().any(|(.., is_chosen)| *is_chosen);
    options.extend(chosen.filter(|_| !is_there).map(|key| (key.to_owned(), key.to_owned(), true)));
    options
}
