//! What the cases of the last nine weeks say: what grows, and what says nearly the same.

use std::collections::BTreeMap;

use sayso_analysis::duplicates;
use sayso_analysis::similar::Shingles;
use sayso_analysis::topics::{WEEKS, Weeks};

use super::background::work;
use super::learnt::{Group, Recent};
use super::reading::{Backwards, Said};
use crate::app::App;
use crate::clock::{DAY, Millis};
use crate::db::search::runs;

const WEEK: Millis = 7 * DAY;
/// Cases are received before they have their row, and imported ones long before; the newest rows of nine weeks, and of one more day, are read.
const READ: Millis = WEEKS as Millis * WEEK + DAY;
/// So many cases are compared with each other at most, the newest.
const COMPARED_MAX: usize = 30_000;
/// Groups that are kept of a site, and cases that are named of each.
const GROUPS_MAX: usize = 20;
const NAMED_MAX: usize = 20;

/// The cases of one site.
#[derive(Default)]
struct Gathered {
    weeks: Weeks,
    ids: Vec<String>,
    texts: Vec<Vec<u32>>,
}

type Sites = BTreeMap<String, Gathered>;

/// Reads what the cases of the last weeks say, by site.
pub async fn read(app: &App, now: Millis) -> anyhow::Result<BTreeMap<String, Recent>> {
    let mut sites = Sites::new();
    let mut left = COMPARED_MAX;
    let mut backwards = Backwards::new();
    while let Some(rows) = backwards.next(app).await? {
        let is_over = rows.last().is_some_and(|row| row.received_at < now - READ);
        let compared = left;
        left = left.saturating_sub(rows.len());
        sites = work(app, move |_| gather(sites, rows, now, compared)).await?;
        if is_over {
            break;
        }
    }
    work(app, move |rest| {
        let summed = |(site, gathered): (String, Gathered)| {
            rest();
            (site, gathered.sum())
        };
        sites.into_iter().map(summed).collect()
    })
    .await
}

/// Adds cases, of which the first `compared` are compared with others.
fn gather(mut sites: Sites, rows: Vec<Said>, now: Millis, compared: usize) -> Sites {
    for (at, row) in rows.into_iter().enumerate() {
        let Ok(week) = usize::try_from((now - row.received_at).max(0) / WEEK) else { continue };
        if week >= WEEKS {
            continue;
        }
        let words = Shingles::of(runs(&row.text()));
        let site = sites.entry(row.site_id).or_default();
        site.weeks.add(week, &words);
        if at < compared {
            site.ids.push(row.id);
            site.texts.push(words.numbers());
        }
    }
    sites
}

impl Gathered {
    fn sum(self) -> Recent {
        let groups = duplicates::groups(&self.texts).into_iter().take(GROUPS_MAX);
        let group = |places: Vec<usize>| Group {
            size: places.len(),
            ids: places.into_iter().take(NAMED_MAX).map(|at| self.ids[at].clone()).collect(),
        };
        Recent { sizes: self.weeks.sizes(), topics: self.weeks.growing(), groups: groups.map(group).collect() }
    }
}
