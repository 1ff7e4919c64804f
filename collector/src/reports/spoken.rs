//! What customers speak of lately, in the report of causes: what grows, and cases that say nearly the same. It was learnt last night, of all cases of the
//! last nine weeks, whatever else is asked for.

use std::cmp::Reverse;

use sayso_analysis::similar::Shingles;
use sayso_analysis::topics::Topic;

use super::asked::Asked;
use super::report::{NearDuplicates, NewTopic};
use crate::app::App;
use crate::cases::search::said::texts;
use crate::clock::rfc3339;
use crate::db::search::runs;
use crate::http::Result;
use crate::learning::Group;

/// Words that are named of a group.
const WORDS_MAX: usize = 8;

/// Both, of the site that is asked for or of all.
pub async fn read(app: &App, asked: &Asked) -> Result<(Vec<NewTopic>, Vec<NearDuplicates>)> {
    let (mut topics, mut duplicates) = (Vec::new(), Vec::new());
    for site in app.sites.all().await? {
        let is_asked_for = asked.filter.site_id.as_ref().is_none_or(|id| id == site.id());
        let Some(learnt) = app.learned.of_site(site.id()).filter(|_| is_asked_for) else { continue };
        let as_of = rfc3339(learnt.at);
        topics.extend(learnt.recent.topics.iter().map(|topic| NewTopic::of(topic, site.key(), &as_of)));
        for group in &learnt.recent.groups {
            duplicates.extend(NearDuplicates::of(app, group, site.key(), &as_of).await?);
        }
    }
    topics.sort_by_key(|topic| Reverse(topic.n));
    duplicates.sort_by_key(|group| Reverse(group.n));
    Ok((topics, duplicates))
}

impl NewTopic {
    fn of(topic: &Topic, site: &str, as_of: &str) -> Self {
        let Topic { words, count, count_before, share, share_before, upper } = topic.clone();
        let (site, as_of) = (site.to_owned(), as_of.to_owned());
        Self { site, words, n: count, share, n_before: count_before, share_before, upper, as_of }
    }
}

impl NearDuplicates {
    /// The words are read now and not kept: what was erased since has none.
    async fn of(app: &App, group: &Group, site: &str, as_of: &str) -> Result<Option<Self>> {
        let compared = group.ids.get(..2).unwrap_or_default();
        let said = texts(&app.db, compared).await?;
        let mut shingles = compared.iter().map(|id| {
            let text = said.get(id).and_then(|texts| texts.first()).map(String::as_str).unwrap_or_default();
            Shingles::of(runs(text))
        });
        let Some((one, other)) = shingles.next().zip(shingles.next()) else { return Ok(None) };
        let words: Vec<String> = one.shared(&other).into_iter().take(WORDS_MAX).map(str::to_owned).collect();
        let found =
            Self { site: site.to_owned(), n: group.size, cases: group.ids.clone(), words, as_of: as_of.to_owned() };
        Ok(Some(found).filter(|found| !found.words.is_empty()))
    }
}
