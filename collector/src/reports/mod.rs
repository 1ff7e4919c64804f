//! Reports: what cases and answers say, each as rows of figures that the API, the pages and files have alike. Shares are fractions and not rounded; of fewer
//! than five answers of customers (a setting) no figure is shown, so that nobody is recognised.
//!
//! A case counts where it is worked on: one that was merged into another counts in that one, and what is or was held as suspected spam does not count.

pub mod asked;
pub mod by;
pub mod cache;
mod causes;
pub mod commands;
pub mod control;
mod costs;
pub mod csv;
mod customers;
pub mod download;
mod effort;
mod exposures;
pub mod facts;
pub mod figures;
pub mod findings;
pub mod format;
pub mod groups;
mod meanings;
pub mod names;
mod on_duty;
mod open_time;
pub mod overview;
pub mod periods;
pub mod pictures;
mod promises;
mod quality;
mod ratings;
pub mod record;
mod report;
mod respondents;
mod scores;
pub mod select;
pub mod spoken;
mod surveys;
mod workload;
pub mod xlsx;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use asked::Asked;
pub use by::{By, Name};
pub use figures::Row;
pub use report::{Before, NearDuplicates, NewTopic, Report, ReportVersion};

use self::figures::{Content, count};
use self::groups::Naming;
use self::select::{Cases, Select};
use crate::app::App;
use crate::auth::Member;
use crate::clock::rfc3339;
use crate::http::Result;
use crate::surveys::{Version, Versions};

/// Makes a report; of a large installation it may be one that was made in the last half minute.
pub async fn make(app: &App, asked: &Asked) -> Result<Arc<Report>> {
    match facts::gathered(&app.db).await? >= cache::LARGE {
        true => app.reports.get(asked.cache_key(), asked.now, make_anew(app, asked)).await,
        false => make_anew(app, asked).await.map(Arc::new),
    }
}

async fn make_anew(app: &App, asked: &Asked) -> Result<Report> {
    let content = content(app, asked).await?;
    let before = match periods::before(asked.period, &asked.zone) {
        None => None,
        Some(period) => {
            let earlier = self::content(app, &Asked { period, ..asked.clone() }).await?;
            let [from, to] = [period.from, period.to].map(|at| rfc3339(at.unwrap_or_default()));
            let rows = if asked.name == Name::Workload { workload::of_before(earlier.rows) } else { earlier.rows };
            Some(Before { from, to, rows, overall: earlier.overall })
        }
    };
    let (new_topics, near_duplicates) = match asked.name {
        Name::Causes => spoken::read(app, asked).await.map(|(topics, groups)| (Some(topics), Some(groups)))?,
        _ => (None, None),
    };
    Ok(Report {
        report: asked.name,
        from: asked.from.clone(),
        to: asked.to.clone(),
        by: asked.by,
        unit: unit(asked),
        time_zone: asked.zone.iana_name().unwrap_or("UTC").to_owned(),
        rows: content.rows,
        version: asked.survey.is_some().then_some(asked.version),
        versions: asked.versions.as_ref().map(versions),
        crosshair: (asked.name == Name::Importance).then_some(asked.crosshair.as_str()),
        overall: content.overall,
        before,
        left_out: content.left_out,
        new_topics,
        near_duplicates,
    })
}

fn versions(versions: &Versions) -> Vec<ReportVersion> {
    let one = |known: &Version| ReportVersion {
        version: known.number,
        since: known.since.map(rfc3339),
        respondents: known.respondents,
    };
    versions.answered.iter().map(one).collect()
}

/// The rows of a report alone.
pub async fn rows(app: &App, asked: &Asked) -> Result<Vec<Row>> {
    Ok(content(app, asked).await?.rows)
}

/// What the rows of a report count.
const fn unit(asked: &Asked) -> &'static str {
    match asked.name {
        _ if asked.survey.is_some() => "answers",
        Name::Satisfaction => "ratings",
        Name::Promises => "promises",
        Name::Customers => "customers",
        Name::Quality if asked.exposure.is_some() => "exposure",
        _ => "cases",
    }
}

async fn content(app: &App, asked: &Asked) -> Result<Content> {
    if let Some(survey) = &asked.survey {
        return self::surveys::content(app, asked, survey).await;
    }
    let naming = Naming::new(asked, &app.sites.all().await?, &Member::all(&app.db).await?);
    let mut content = match asked.name {
        Name::Overview => overview::content(app, asked, &naming).await,
        Name::Promises => promises::content(app, asked, &naming).await,
        Name::Quality => quality::content(app, asked, &naming).await,
        Name::Causes => causes::content(app, asked, &naming).await,
        Name::Satisfaction => ratings::content(app, asked, &naming).await,
        Name::Effort => effort::content(app, asked, &naming).await,
        Name::Workload => workload::content(app, asked, &naming).await,
        Name::Customers => customers::content(app, asked, &naming).await,
        // `Asked::read` refuses them without a survey.
        Name::Kano | Name::Importance | Name::Servqual => Ok(Content::default()),
    }?;
    groups::sort(asked.by, &mut content.rows);
    if asked.name != Name::Quality && control::is_held(asked) {
        control::add_limits(&mut content);
    }
    content.left_out.extend(left_out(app, asked).await?);
    Ok(content)
}

/// The cases of the period that count nowhere: merged ones, and those that were held as suspected spam.
async fn left_out(app: &App, asked: &Asked) -> Result<BTreeMap<&'static str, u64>> {
    #[derive(sqlx::FromRow)]
    struct LeftOut {
        quarantine: String,
        found: i64,
    }
    let mut all = BTreeMap::from([("merged", 0), ("suspected", 0)]);
    let select = Select::new(asked, Cases::Left).received(asked, app);
    let take = |row: LeftOut| {
        let reason = if row.quarantine == crate::cases::quarantine::MERGED { "merged" } else { "suspected" };
        *all.entry(reason).or_default() += count(row.found);
    };
    let columns = "cases.quarantine as quarantine, count(*) as found";
    select.each(app, columns, "cases", "group by 1", take).await?;
    Ok(all)
}
