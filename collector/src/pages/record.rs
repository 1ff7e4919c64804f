//! `/s/{key}/record`: the public service record, for sites that have switched it on.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::visit::{Segment, Shell, Visit};
use crate::app::App;
use crate::assets::{self, MARK};
use crate::clock::Period;
use crate::clocks::PromiseKind;
use crate::http::{Error, Result};
use crate::reports::asked::Filter;
use crate::reports::periods::{Unit, begin, day};
use crate::reports::record::{Month, first_day};
use crate::reports::{self, Asked, By, Name, Row};
use crate::sites::Site;

#[derive(Template)]
#[template(path = "pages/record.html")]
struct RecordPage {
    shell: Shell,
    months: Arc<Vec<Month>>,
}

impl RecordPage {
    fn month(&self, month: &Month) -> String {
        self.shell.t.month(month.start)
    }

    /// A share, with how many it is of.
    fn share(&self, share: &Option<f64>, n: &u64) -> String {
        match share {
            Some(share) => {
                let percent = format!("{:.0}", share * 100.0);
                self.shell.t.with("pages.record.share", &[("share", &percent), ("n", &n.to_string())])
            }
            None if *n == 0 => "–".to_owned(),
            None => self.shell.t.get("pages.record.few").to_owned(),
        }
    }
}

/// The record of the last twelve months.
pub async fn show(State(app): State<App>, Segment(key): Segment, visit: Visit) -> Result<Response> {
    const NONE: Error = Error::NotFound("there is no such page");
    let site = app.sites.by_key(&key).await?.ok_or(Error::NoSite)?;
    if !site.settings.public_record {
        return Err(NONE);
    }
    let months = app.records.get(site.id(), app.clock.now(), make(&app, &site)).await?;
    visit.page(StatusCode::OK, &RecordPage { shell: Shell::of(&site, &visit), months })
}

async fn make(app: &App, site: &Site) -> Result<Vec<Month>> {
    let service = app.service.current().await?;
    let (now, zone) = (app.clock.now(), service.zone_of(site));
    let from = begin(first_day(day(now, &zone)), &zone);
    let fewest = app.config.reports.fewest_answers;
    let asked = Asked {
        filter: Filter { site_id: Some(site.id().to_owned()), ..Filter::default() },
        ..Asked::of_cases(Name::Overview, By::Month, Period { from, to: Some(now) }, zone, app)
    };
    let of_promises = Asked {
        name: Name::Promises,
        filter: Filter { promise: Some(PromiseKind::FirstResponse), ..asked.filter.clone() },
        ..asked.clone()
    };
    let kept = reports::rows(app, &of_promises).await?;
    let month = |row: Row| {
        let kept = kept.iter().find(|kept| kept.group == row.group);
        let count = |name: &str| row.get(name).as_u64().unwrap_or_default();
        let enough = |share: Option<f64>, n: u64| share.filter(|_| n >= fewest);
        let promised = kept.map_or(0, |kept| kept.n);
        let (decided, rated) = (count("upheld_n"), count("csat_n"));
        Some(Month {
            start: Unit::Month.parse(&row.group)?,
            received: count("received"),
            promised,
            in_time: enough(kept.and_then(|kept| kept.get("value").as_f64()), promised),
            decided,
            upheld: enough(row.get("upheld").as_f64(), decided),
            rated,
            satisfied: row.get("csat").as_f64(),
        })
    };
    Ok(reports::rows(app, &asked).await?.into_iter().rev().filter_map(month).collect())
}
