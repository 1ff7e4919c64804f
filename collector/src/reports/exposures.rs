//! How much there was that could have led to a complaint: orders, visits or accounts, by day.

use super::asked::Asked;
use super::by::By;
use super::figures::count;
use super::groups::Groups;
use super::periods::{begin, day};
use crate::app::App;
use crate::exposure;
use crate::http::Result;

/// Complaints beside the exposure of the sites that they came to. Those of a site whose exposure nobody has said are in no rate: they would be divided by the
/// orders of other sites.
#[derive(Debug, Default)]
pub struct Rate {
    kind: Option<String>,
    // A few, so that looking through them is faster than hashing, and no text is made anew for each complaint.
    sites: Vec<OfSite>,
}

#[derive(Debug, Default)]
struct OfSite {
    id: String,
    complaints: u64,
    exposure: u64,
}

impl Rate {
    /// Counts a complaint to a site.
    pub fn add_complaint(&mut self, site_id: &str) {
        self.of_site(site_id).complaints += 1;
    }

    /// The complaints to sites that have exposure.
    pub fn complaints(&self) -> u64 {
        self.sites.iter().filter(|site| site.exposure > 0).map(|site| site.complaints).sum()
    }

    /// The exposure of all sites together.
    pub fn exposure(&self) -> u64 {
        self.sites.iter().map(|site| site.exposure).sum()
    }

    /// What the exposure is of, such as orders; none where there is none.
    pub fn kind(&self) -> Option<&str> {
        self.kind.as_deref()
    }

    fn of_site(&mut self, site_id: &str) -> &mut OfSite {
        let known = self.sites.iter().position(|site| site.id == site_id);
        let at = known.unwrap_or_else(|| {
            self.sites.push(OfSite { id: site_id.to_owned(), ..OfSite::default() });
            self.sites.len() - 1
        });
        &mut self.sites[at]
    }
}

/// Adds the exposure of the period to the groups that it can be told apart by: time and sites. Of complaints of one team, tier or kind nobody knows the
/// exposure, and neither of a part of a day.
pub async fn count_in<A: Default>(
    app: &App,
    asked: &Asked,
    groups: &mut Groups<'_, A>,
    part: impl Fn(&mut A) -> &mut Rate,
) -> Result<()> {
    let is_known = asked.by.unit().is_some() || matches!(asked.by, By::All | By::Site);
    let filter = &asked.filter;
    let is_of_some =
        filter.team.is_some() || filter.owner.is_some() || filter.tier.is_some() || filter.channel.is_some();
    if !is_known || is_of_some || filter.priority.is_some() {
        return Ok(());
    }
    let from = asked.period.from.map(|from| day(from, &asked.zone).to_string());
    // The day on which the period ends, unless that is when it begins.
    let to = asked.period.to.map(|to| day(to - 1, &asked.zone).to_string());
    let days = (from.as_deref(), to.as_deref());
    let site_id = filter.site_id.as_deref();
    let kind = match &asked.exposure {
        Some(kind) => Some(kind.clone()),
        None => exposure::usual_kind(&app.db, site_id).await?,
    };
    let Some(kind) = kind else { return Ok(()) };
    let wanted = exposure::Wanted { site_id, kind: Some(&kind), days };
    for row in exposure::sums(&app.db, &wanted).await? {
        let raw = match asked.by {
            By::Site => row.site_id.clone(),
            By::All => String::new(),
            _ => {
                let date = crate::calendars::date(&row.day).and_then(|date| begin(date, &asked.zone));
                (date.unwrap_or_default() / 900_000).to_string()
            }
        };
        let rate = part(groups.at(&raw));
        rate.of_site(&row.site_id).exposure += count(row.found);
        rate.kind = Some(row.kind);
    }
    Ok(())
}
