//! What a report is asked for: read once, for the API and for the pages alike.

use std::sync::Arc;

use jiff::tz::TimeZone;
use sayso_analysis::facts::Fact;
use sayso_analysis::importance::Crosshair;
use sayso_shared::Kind;
use sayso_shared::problem::{ErrorCode, FieldError};

use super::by::{By, Name};
use super::periods::{Edge, moment};
use crate::app::App;
use crate::cases::{Channel, Priority};
use crate::clock::Millis;
use crate::clock::Period;
use crate::clocks::PromiseKind;
use crate::http::{Error, Result};
use crate::service::Service;
use crate::service::survey::{Survey, SurveyKind};
use crate::sites::Site;
use crate::surveys::{self, Versions};

/// A report that is asked for.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Which.
    pub name: Name,
    /// What its rows are grouped by.
    pub by: By,
    /// From when until when.
    pub period: Period,
    /// The beginning, as it was typed.
    pub from: Option<String>,
    /// The end, as it was typed.
    pub to: Option<String>,
    /// Whose days are meant.
    pub zone: TimeZone,
    /// Which cases.
    pub filter: Filter,
    /// The survey, as the version asked it.
    pub survey: Option<Survey>,
    /// The versions of the survey.
    pub versions: Option<Versions>,
    /// Which version of the survey.
    pub version: i64,
    /// Where the quadrants of importance meet.
    pub crosshair: Crosshair,
    /// The kind of exposure that complaints are held against, where it is asked for.
    pub exposure: Option<String>,
    /// The fewest answers of customers whose figures are shown.
    pub fewest: u64,
    /// What time it is.
    pub now: Millis,
}

/// Which cases a report is about; what is none asks for nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// The identifier of their site.
    pub site_id: Option<String>,
    /// The key of their team; `Some(None)` for those without.
    pub team: Option<Option<String>>,
    /// The identifier of their owner; `Some(None)` for those without.
    pub owner: Option<Option<String>>,
    /// Their kind.
    pub kind: Option<Kind>,
    /// The key of their category.
    pub category: Option<String>,
    /// The key of the customer's tier.
    pub tier: Option<String>,
    /// Their priority.
    pub priority: Option<Priority>,
    /// How they came.
    pub channel: Option<Channel>,
    /// Of promises: which.
    pub promise: Option<PromiseKind>,
}

impl Filter {
    /// Whether a case is among them; which promise is asked for says nothing of a case.
    pub fn takes(&self, fact: Fact<'_>) -> bool {
        // Nothing of the case is looked at that is not asked for: this is asked a million times. Nobody's team and owner are empty.
        self.site_id.as_ref().is_none_or(|id| id == fact.site())
            && self.team.as_ref().is_none_or(|team| team.as_deref().unwrap_or_default() == fact.team())
            && self.owner.as_ref().is_none_or(|owner| owner.as_deref().unwrap_or_default() == fact.owner())
            && self.kind.is_none_or(|kind| kind.as_str() == fact.kind())
            && self.category.as_ref().is_none_or(|key| key == fact.category())
            && self.tier.as_ref().is_none_or(|key| key == fact.tier())
            && self.priority.is_none_or(|priority| priority.as_str() == fact.priority())
            && self.channel.is_none_or(|channel| channel.as_str() == fact.channel())
    }
}

/// The longest value that is looked up.
const VALUE_MAX: usize = 200;

impl Asked {
    /// A report of cases in a period.
    pub fn of_cases(name: Name, by: By, period: Period, zone: TimeZone, app: &App) -> Self {
        Self {
            name,
            by,
            period,
            from: None,
            to: None,
            zone,
            filter: Filter::default(),
            survey: None,
            versions: None,
            version: 1,
            crosshair: Crosshair::Means,
            exposure: None,
            fewest: app.config.reports.fewest_answers,
            now: app.clock.now(),
        }
    }

    /// Reads the parameters, each of which may be there once; whatever is wrong or unknown is named.
    pub async fn read(app: &App, name: Name, parameters: Vec<(String, String)>) -> Result<Self> {
        let (sites, service) = (app.sites.all().await?, app.service.current().await?);
        let whole = Period { from: None, to: None };
        let mut asked = Self::of_cases(name, name.groupings()[0], whole, TimeZone::UTC, app);
        let mut errors = Vec::new();
        let mut others = Vec::new();
        for (name, value) in parameters {
            match name.as_str() {
                "survey" => match surveys::find(&app.db, &value).await?.filter(|survey| asked.takes(survey.kind)) {
                    Some(survey) => asked.survey = Some(survey),
                    None => {
                        errors.push(wrong("survey", "the key of a survey of a kind that this report is of"));
                    }
                },
                _ => others.push((name, value)),
            }
        }
        let has_wrong_survey = !errors.is_empty();
        if asked.name.is_of_survey() && asked.survey.is_none() && !has_wrong_survey {
            errors.push(FieldError::new("/survey", ErrorCode::Required, "is required"));
        }
        asked.by = asked.groupings()[0];
        for (name, value) in &others {
            errors.extend(asked.add(name, value, &sites, &service).err());
        }
        if asked.filter.owner.is_some() {
            asked.filter.owner = owner_ids(app, asked.filter.owner.take(), &mut errors).await?;
        }
        asked.add_version(app, &others, &mut errors).await?;
        asked.zone = asked.zone_of(&sites, &service);
        asked.add_period(&others, &mut errors);
        if errors.is_empty() { Ok(asked) } else { Err(Error::Invalid(errors)) }
    }

    /// What tells it from other questions: all that a report depends on, besides the data and the time.
    pub fn cache_key(&self) -> String {
        let Self { name, by, period, from, to, zone, filter, survey, version, crosshair, exposure, .. } = self;
        let (zone, survey) = (zone.iana_name(), survey.as_ref().map(|survey| survey.key.as_str()));
        format!(
            "{name:?} {by:?} {period:?} {from:?} {to:?} {zone:?} {filter:?} {survey:?} {version} {crosshair:?} {exposure:?}"
        )
    }

    /// Whether a case counts: it is worked on, and among those that are asked for.
    pub fn counts(&self, fact: Fact<'_>) -> bool {
        fact.quarantine().is_empty() && self.filter.takes(fact)
    }

    /// The identifiers of what lies within the period, by which the tables of cases are read: identifiers have the order of their making, which is within the
    /// hour of the time that they are about.
    pub fn ids(&self, ahead: Millis) -> (String, Option<String>) {
        const SLACK: Millis = crate::clock::HOUR;
        let low = self.period.from.map_or(0, |from| from - ahead.max(0) - SLACK);
        let high = self.period.to.map(|to| to + (-ahead).max(0) + SLACK);
        (crate::keys::first_id_of(low), high.map(crate::keys::first_id_of))
    }

    fn takes(&self, kind: SurveyKind) -> bool {
        match self.name {
            Name::Kano => kind == SurveyKind::Kano,
            Name::Importance => kind == SurveyKind::ImportanceSatisfaction,
            Name::Servqual => kind == SurveyKind::Servqual,
            Name::Satisfaction => matches!(kind, SurveyKind::Csat | SurveyKind::Ces | SurveyKind::Nps),
            _ => false,
        }
    }

    /// What the rows can be grouped by, the first unless something is said.
    pub fn groupings(&self) -> &'static [By] {
        if self.is_of_cases() { self.name.groupings() } else { self.name.groupings_of_survey() }
    }

    /// Whether it is of cases and not of a survey.
    pub fn is_of_cases(&self) -> bool {
        self.survey.is_none() && !self.name.is_of_survey()
    }

    /// What is said of a grouping that the report has not.
    fn no_grouping(&self) -> FieldError {
        let words: Vec<&str> = self.groupings().iter().map(|by| by.as_str()).collect();
        let known = words.join(", ");
        match self.name.is_of_survey() {
            true => wrong(
                "by",
                &format!(
                    "{known}: its figures are of all answers of a period together; from and to name a shorter one"
                ),
            ),
            false => wrong("by", &format!("one of {known}")),
        }
    }

    fn add(&mut self, name: &str, value: &str, sites: &[Arc<Site>], service: &Service) -> Result<(), FieldError> {
        let is_of_cases = self.is_of_cases();
        if value.chars().count() > VALUE_MAX || value.contains('\0') {
            return Err(wrong(name, "shorter"));
        }
        match name {
            // They are read once the zone is known.
            "from" | "to" => {}
            // It is read once the survey is known.
            "version" if self.survey.is_some() => {}
            "crosshair" if self.name == Name::Importance => {
                self.crosshair = match value {
                    "means" => Crosshair::Means,
                    "medians" => Crosshair::Medians,
                    _ => return Err(wrong("crosshair", "means or medians")),
                };
            }
            "site" => {
                let site = sites.iter().find(|site| site.key() == value);
                let site = site.ok_or_else(|| wrong("site", "the key of a site"))?;
                if self.survey.as_ref().is_some_and(|survey| survey.site.as_str() != site.key()) {
                    return Err(wrong("site", "the site of the survey"));
                }
                self.filter.site_id = Some(site.id().to_owned());
            }
            "by" => {
                let by = By::parse(value).filter(|by| self.groupings().contains(by));
                self.by = by.ok_or_else(|| self.no_grouping())?;
            }
            "team" => {
                let is_known = value == "none" || service.team(value).is_some();
                let team =
                    Some(value).filter(|_| is_known).ok_or_else(|| wrong("team", "the key of a team, or none"))?;
                self.filter.team = Some(Some(team.to_owned()).filter(|key| key != "none"));
            }
            "member" if is_of_cases => self.filter.owner = Some(Some(value.to_owned()).filter(|word| word != "none")),
            "kind" => {
                let kind = Kind::parse(value);
                self.filter.kind =
                    Some(kind.ok_or_else(|| wrong("kind", "complaint, suggestion, question or praise"))?);
            }
            "priority" if is_of_cases => {
                let priority = Priority::parse(value);
                self.filter.priority = Some(priority.ok_or_else(|| wrong("priority", "low, normal, high or urgent"))?);
            }
            "channel" if is_of_cases => {
                let channel = Channel::parse(value);
                self.filter.channel =
                    Some(channel.ok_or_else(|| wrong("channel", "a channel, such as widget or phone"))?);
            }
            "promise" if self.name == Name::Promises => {
                let promise = PromiseKind::parse(value);
                let expected = "first_response, next_response or resolution";
                self.filter.promise = Some(promise.ok_or_else(|| wrong("promise", expected))?);
            }
            "category" if is_of_cases => self.filter.category = Some(value.to_owned()),
            "tier" => self.filter.tier = Some(value.to_owned()),
            "exposure" if matches!(self.name, Name::Quality | Name::Overview) => self.exposure = Some(value.to_owned()),
            "member" | "priority" | "channel" | "category" => {
                let detail = "is nothing that answers to a survey have; they have site, team, kind and tier";
                return Err(FieldError::new(pointer(name), ErrorCode::Invalid, detail));
            }
            _ => return Err(FieldError::new(pointer(name), ErrorCode::UnknownField, "there is no such parameter")),
        }
        Ok(())
    }

    /// Adds which version of the survey is meant; the newest unless something is said.
    async fn add_version(
        &mut self,
        app: &App,
        parameters: &[(String, String)],
        errors: &mut Vec<FieldError>,
    ) -> Result<()> {
        let Some(survey) = &self.survey else { return Ok(()) };
        let versions = Versions::load(&app.db, survey).await?;
        self.version = versions.current;
        if let Some((_, value)) = parameters.iter().find(|(name, _)| name == "version") {
            let is_known = |number: &i64| {
                *number == versions.current || versions.answered.iter().any(|known| known.number == *number)
            };
            match value.parse().ok().filter(is_known) {
                Some(number) => self.version = number,
                None => errors.push(wrong("version", "the number of a version of the survey")),
            }
        }
        self.survey = Some(versions.survey(self.version, survey));
        self.versions = Some(versions);
        Ok(())
    }

    fn add_period(&mut self, parameters: &[(String, String)], errors: &mut Vec<FieldError>) {
        for (name, value) in parameters {
            let (edge, end, typed) = match name.as_str() {
                "from" => (Edge::First, &mut self.period.from, &mut self.from),
                "to" => (Edge::Last, &mut self.period.to, &mut self.to),
                _ => continue,
            };
            match moment(value, edge, &self.zone) {
                Some(at) => (*end, *typed) = (Some(at), Some(value.clone())),
                None => errors.push(wrong(name, "a day or a time as in RFC 3339")),
            }
        }
        if self.period.from.zip(self.period.to).is_some_and(|(from, to)| from >= to) {
            errors.push(wrong("to", "after the beginning"));
        }
    }

    /// The zone of the site that is asked for, or of the survey's; else of the first site.
    fn zone_of(&self, sites: &[Arc<Site>], service: &Service) -> TimeZone {
        let of_survey = self.survey.as_ref().map(|survey| survey.site.as_str());
        let asked = sites
            .iter()
            .find(|site| self.filter.site_id.as_deref() == Some(site.id()) || of_survey == Some(site.key()));
        let site = asked.or_else(|| sites.first().filter(|_| self.filter.site_id.is_none()));
        site.map_or(TimeZone::UTC, |site| service.zone_of(site))
    }
}

/// The identifier of the owner with an address, also of one who has left.
async fn owner_ids(
    app: &App,
    address: Option<Option<String>>,
    errors: &mut Vec<FieldError>,
) -> Result<Option<Option<String>>> {
    let Some(Some(address)) = address else { return Ok(address) };
    let found = match crate::auth::member::Email::parse(&address) {
        Ok(email) => crate::auth::Member::id_of(&app.db, &email).await?,
        Err(_) => None,
    };
    if found.is_none() {
        errors.push(wrong("member", "the address of a member, or none"));
    }
    Ok(found.map(Some))
}

fn wrong(name: &str, expected: &str) -> FieldError {
    FieldError::new(pointer(name), ErrorCode::Invalid, format!("must be {expected}"))
}

fn pointer(name: &str) -> String {
    format!("/{}", name.chars().take(64).collect::<String>())
}
