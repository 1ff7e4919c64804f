//! What customers speak of lately, below the report of causes.

use super::form;
use crate::app::App;
use crate::auth::guard::HOME;
use crate::cases::query::numbers;
use crate::http::Result;
use crate::reports::{NearDuplicates, NewTopic};
use crate::reports::{Report, format};
use crate::text::Texts;

/// Cases that are linked of a group.
const LINKED_MAX: usize = 5;

/// Both tables, and when they were made.
pub(super) struct Spoken {
    pub(super) growing: Vec<Growing>,
    pub(super) alike: Vec<Alike>,
    pub(super) as_of: (String, String),
}

/// What customers have begun to speak of.
pub(super) struct Growing {
    pub(super) words: String,
    /// The inbox with what has the first word.
    pub(super) address: String,
    pub(super) now: String,
    pub(super) before: String,
    pub(super) upper: String,
}

/// Cases that say nearly the same.
pub(super) struct Alike {
    pub(super) words: String,
    pub(super) count: String,
    /// The newest ones: their addresses, and what they are called.
    pub(super) cases: Vec<(String, String)>,
}

/// What the report says of it; none where it says nothing.
pub(super) async fn shown(app: &App, t: Texts, report: &Report) -> Result<Option<Spoken>> {
    let (topics, groups) = (report.new_topics.iter().flatten(), report.near_duplicates.iter().flatten());
    let as_of = topics.clone().map(|topic| &topic.as_of).chain(groups.clone().map(|group| &group.as_of)).next();
    let Some(as_of) = as_of else { return Ok(None) };
    let at = crate::clock::parse_rfc3339(as_of).map(|at| t.moment(at)).unwrap_or_default();
    let mut alike = Vec::new();
    for group in groups {
        alike.push(Alike::of(app, group).await?);
    }
    Ok(Some(Spoken { growing: topics.map(Growing::of).collect(), alike, as_of: (as_of.clone(), at) }))
}

impl Growing {
    fn of(topic: &NewTopic) -> Self {
        let asked = format!("\"{}\"", topic.words.first().map(String::as_str).unwrap_or_default());
        let counted = |n: u64, share: f64| format!("{} ({})", format::count(n as i64), format::share(share));
        Self {
            words: topic.words.join(", "),
            address: format!("{HOME}?{}", form::query(&[], &[("site", &topic.site), ("status", "all"), ("q", &asked)])),
            now: counted(topic.n, topic.share),
            before: counted(topic.n_before, topic.share_before),
            upper: format::share(topic.upper),
        }
    }
}

impl Alike {
    async fn of(app: &App, group: &NearDuplicates) -> Result<Self> {
        let linked = group.cases.get(..LINKED_MAX).unwrap_or(&group.cases);
        let numbers = numbers(&app.db, linked).await?;
        let name = |id: &String| numbers.get(id).map_or_else(|| id.clone(), |number| format!("#{number}"));
        Ok(Self {
            words: group.words.join(", "),
            count: format::count(group.n as i64),
            cases: linked.iter().map(|id| (format!("/staff/cases/{id}"), name(id))).collect(),
        })
    }
}
