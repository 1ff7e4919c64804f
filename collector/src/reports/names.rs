//! What the groups of a report are called for people.

use std::sync::Arc;

use super::groups::NONE;
use super::periods::Unit;
use super::{Asked, By};
use crate::auth::Member;
use crate::service::Service;
use crate::sites::Site;
use crate::sites::labels::category_label;
use crate::surveys::questions::text_in;
use crate::text::Texts;

/// What names come from.
pub struct Names<'a> {
    /// The reader's language.
    pub t: Texts,
    /// What is reported.
    pub asked: &'a Asked,
    /// All sites.
    pub sites: &'a [Arc<Site>],
    /// All members, also those who left.
    pub members: &'a [Member],
    /// The teams and tiers.
    pub service: &'a Service,
}

/// A week by its number and its first day.
pub fn week(t: Texts, group: &str) -> String {
    let number = group.rsplit('W').next().unwrap_or(group).trim_start_matches('0');
    let day = Unit::Week.parse(group).map(|day| t.date(day)).unwrap_or_default();
    t.with("insight.week", &[("number", number), ("date", &day)])
}

impl Names<'_> {
    /// The site that is asked for; all of them where none is.
    pub fn sites_asked(&self) -> impl Iterator<Item = &Arc<Site>> {
        let asked = self.asked.filter.site_id.as_deref();
        let of_survey = self.asked.survey.as_ref().map(|survey| survey.site.as_str());
        let is_asked = move |site: &&Arc<Site>| {
            asked.is_none_or(|id| site.id() == id) && of_survey.is_none_or(|key| site.key() == key)
        };
        self.sites.iter().filter(is_asked)
    }

    /// What a category is called, by the first of the sites asked for that has it.
    pub fn category(&self, key: &str) -> String {
        let has = |site: &&Arc<Site>| site.settings.categories.iter().any(|category| category.key == key);
        let site = self.sites_asked().find(has).map(|site| &**site);
        category_label(self.t.0, site, Some(key)).unwrap_or_else(|| key.to_owned())
    }

    /// What a tier is called, by the first of the sites asked for that has it.
    pub fn tier(&self, key: &str) -> String {
        let tiers = |site: &Arc<Site>| {
            self.service.tiers.iter().find(|tier| tier.site.as_str() == site.key() && tier.key.as_str() == key)
        };
        let tier = self.sites_asked().find_map(tiers);
        tier.map_or_else(|| key.to_owned(), |tier| tier.name.in_language(self.t.tag()).to_owned())
    }

    /// What a group is called.
    pub fn group(&self, group: &str) -> String {
        let t = self.t;
        let word = |of: &str| t.find(&format!("{of}.{group}")).unwrap_or(group).to_owned();
        match self.asked.by {
            By::All => t.get("insight.by.all").to_owned(),
            By::Day => Unit::Day.parse(group).map_or_else(|| group.to_owned(), |day| t.date(day)),
            By::Week => week(t, group),
            By::Month | By::Quarter | By::Year | By::Problem => group.to_owned(),
            By::Hour => format!("{group}:00"),
            By::Weekday => word("insight.weekday"),
            By::WeekdayHour => {
                let (day, hour) = group.split_once(' ').unwrap_or((group, ""));
                format!("{} {hour}:00", t.find(&format!("insight.weekday.{day}")).unwrap_or(day))
            }
            By::Dimension => word("insight.dimension"),
            By::Item => self.item(group),
            _ if group == NONE => t.get("insight.none").to_owned(),
            By::Kind => word("common.kind"),
            By::Priority => word("common.priority"),
            By::Channel => word("common.channel"),
            By::Promise => word("console.promise"),
            By::Team => self.service.team(group).map_or_else(|| group.to_owned(), |team| team.name.to_string()),
            By::Tier => self.tier(group),
            By::Category => self.category(group),
            By::Site => {
                let site = self.sites.iter().find(|site| site.key() == group);
                site.map_or_else(|| group.to_owned(), |site| site.name().to_owned())
            }
            By::Member => {
                let member = self.members.iter().find(|member| member.email == group);
                member.map_or_else(|| group.to_owned(), |member| member.name.clone())
            }
        }
    }

    fn item(&self, group: &str) -> String {
        let survey = self.asked.survey.as_ref();
        let item = survey.and_then(|survey| survey.items.iter().find(|item| item.key.as_str() == group));
        let main = self.sites_asked().next().and_then(|site| site.settings.languages.first().copied());
        match (item, survey) {
            (Some(item), _) => text_in(&item.text, self.t.0, main).to_owned(),
            (None, Some(survey)) if survey.items.is_empty() => text_in(&survey.title, self.t.0, main).to_owned(),
            _ => group.to_owned(),
        }
    }
}
