//! Ratings of cases: how satisfied customers were with what became of theirs.

use sayso_analysis::facts::{Fact, Rating};

use super::asked::Asked;
use super::facts::{self, Reach};
use super::figures::{Content, Row};
use super::groups::{Groups, Naming};
use crate::app::App;
use crate::cases::quarantine::MERGED;
use crate::http::Result;

/// Ratings of one group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scores {
    /// How many gave 1, 2, 3, 4 and 5.
    pub by_score: [u64; 5],
    /// How many said that it is solved.
    pub solved: u64,
    /// How many said that it is not.
    pub unsolved: u64,
}

impl Scores {
    /// How many there are.
    pub fn n(&self) -> u64 {
        self.by_score.iter().sum()
    }

    /// How many gave 4 or 5.
    pub fn satisfied(&self) -> u64 {
        self.by_score[3] + self.by_score[4]
    }

    /// How many are too few to be shown: all of them, or none.
    pub fn too_few(&self, fewest: u64) -> u64 {
        if self.n() < fewest { self.n() } else { 0 }
    }

    /// Their mean; none of fewer answers than are shown.
    pub fn mean(&self, fewest: u64) -> Option<f64> {
        let sum: u64 = (1..).zip(&self.by_score).map(|(score, times): (u64, &u64)| score * times).sum();
        (self.n() >= fewest).then(|| sum as f64 / self.n() as f64)
    }

    fn add(&mut self, rating: Rating) {
        if let Some(times) = self.by_score.get_mut(usize::from(rating.score.wrapping_sub(1))) {
            *times += 1;
        }
        match rating.solved {
            Some(true) => self.solved += 1,
            Some(false) => self.unsolved += 1,
            None => {}
        }
    }
}

/// The rating of a case, if it was given within the period. Those of merged cases count: each customer has an answer of their own.
pub fn of(fact: Fact<'_>, asked: &Asked) -> Option<Rating> {
    let is_asked_for = || matches!(fact.quarantine(), "" | MERGED) && asked.filter.takes(fact);
    fact.rating().filter(|rating| asked.period.contains(rating.at) && is_asked_for())
}

/// Counts the rating of a case, by when it was given.
pub fn add<A: Default>(
    fact: Fact<'_>,
    asked: &Asked,
    groups: &mut Groups<'_, A>,
    part: impl Fn(&mut A) -> &mut Scores,
) {
    if let Some(rating) = of(fact, asked) {
        part(groups.of(asked.by.of(fact, rating.at))).add(rating);
    }
}

/// The report of ratings.
pub async fn content(app: &App, asked: &Asked, naming: &Naming) -> Result<Content> {
    let mut groups: Groups<'_, Scores> = Groups::new(naming);
    let reach = Reach::received_or_resolved(asked, app);
    facts::each(app, &reach, |fact| add(fact, asked, &mut groups, |scores| scores)).await?;
    let mut content = Content::default();
    let mut too_few = 0;
    for (key, scores) in groups.finish(asked)? {
        let (n, fewest) = (scores.n(), asked.fewest);
        too_few += scores.too_few(fewest);
        let shown = |figure: u64| (n >= fewest).then_some(figure);
        let row = Row::new(key.name, n).with_share_of_answers(scores.satisfied(), n, fewest);
        let row = row.with("mean", scores.mean(fewest));
        let row = row.with("solved", shown(scores.solved)).with("unsolved", shown(scores.unsolved));
        content.rows.push(row);
    }
    content.left_out.insert("too_few", too_few);
    Ok(content)
}

#[cfg(test)]
mod tests {
    use super::*;
    use sayso_analysis::scores::satisfied;

    #[test]
    fn a_count_of_scores_is_what_the_scores_are() {
        let given = [5_u8, 4, 4, 3, 1, 5];
        let mut scores = Scores::default();
        for score in given {
            let solved = (score > 3).then_some(true);
            scores.add(Rating { at: 0, score, solved });
        }
        assert_eq!((scores.satisfied(), scores.n()), satisfied(given));
        assert_eq!((scores.solved, scores.unsolved), (4, 0));
        assert_eq!(scores.mean(5), Some(22.0 / 6.0));
        let few = Scores { by_score: [0, 0, 0, 0, 4], ..Scores::default() };
        assert_eq!((few.mean(5), few.too_few(5), few.too_few(4)), (None, 4, 0), "four are too few");
    }
}
