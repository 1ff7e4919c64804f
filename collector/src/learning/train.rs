//! Learning to suggest from settled cases.

use std::collections::BTreeMap;
use std::sync::Arc;

use sayso_analysis::features::Features;
use sayso_analysis::lessons::Lessons;
use sayso_analysis::model::Model;
use sayso_analysis::quality::Quality;

use super::background::work;
use super::learnt::{Field, Skill};
use super::reading::{Backwards, Said};
use super::suggest::features;
use crate::app::App;
use crate::cases::Status;
use crate::clock::{DAY, Millis};

/// Older cases say little about what is settled how today.
const LEARNT_FROM: Millis = 730 * DAY;
/// Settled cases that are learnt from at most, of all sites together, the newest; with them rows that are read, and what the cases are judged by,
/// which is what takes memory: four bytes each.
const CASES_MAX: usize = 60_000;
const READ_MAX: usize = 300_000;
const FEATURES_MAX: usize = 10_000_000;

/// A settled case.
struct Settled {
    received_at: Millis,
    features: Arc<[u32]>,
    /// In the order of [`Field::ALL`].
    answers: [Option<String>; 3],
}

type Sites = BTreeMap<String, Vec<Settled>>;

/// What was learnt, by site.
pub async fn skills(app: &App, now: Millis) -> anyhow::Result<BTreeMap<String, Vec<Skill>>> {
    let sites = read(app, now).await?;
    let mut skills = BTreeMap::new();
    for (site, mut settled) in sites {
        let of_site = move |rest: &mut dyn FnMut()| {
            settled.sort_by_key(|case| case.received_at);
            Field::ALL.iter().enumerate().map(|(at, field)| learn(*field, at, &settled, rest)).collect()
        };
        skills.insert(site, work(app, of_site).await?);
    }
    Ok(skills)
}

async fn read(app: &App, now: Millis) -> anyhow::Result<Sites> {
    let mut sites = Sites::new();
    let (mut read, mut cases, mut size) = (0, 0, 0);
    let mut backwards = Backwards::new();
    while read < READ_MAX && cases < CASES_MAX && size < FEATURES_MAX {
        let Some(mut rows) = backwards.next(app).await? else { break };
        read += rows.len();
        let is_over = rows.last().is_some_and(|row| row.received_at < now - LEARNT_FROM);
        rows.retain(|row| Status::parse(&row.status).is_some_and(|status| !status.is_open()));
        cases += rows.len();
        let prepared = work(app, move |_| rows.into_iter().map(prepare).collect::<Vec<_>>()).await?;
        for (site, settled) in prepared {
            size += settled.features.len();
            sites.entry(site).or_default().push(settled);
        }
        if is_over {
            break;
        }
    }
    Ok(sites)
}

fn prepare(row: Said) -> (String, Settled) {
    let features: Features = features(&row.text(), &row.kind);
    let answers = [row.category, row.team, Some(row.priority)];
    (row.site_id, Settled { received_at: row.received_at, features: features.numbers(), answers })
}

/// Learns one field; `at` is its place in the answers.
fn learn(field: Field, at: usize, settled: &[Settled], rest: &mut dyn FnMut()) -> Skill {
    let mut lessons = Lessons::default();
    for case in settled {
        if let Some(answer) = &case.answers[at] {
            lessons.add(Arc::clone(&case.features), answer);
        }
    }
    let quality = Quality::measure(&lessons, rest);
    let is_better = quality.as_ref().is_some_and(Quality::is_better);
    let model = if is_better { Model::fit(&lessons, rest) } else { None };
    Skill { field, cases: lessons.len(), quality, model }
}
