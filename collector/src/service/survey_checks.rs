//! What a survey must be for people to answer it.

use super::check::Check;
use super::reader::Item;
use super::survey::{Audience, Survey, SurveyKind};

/// Items of one survey.
const ITEMS_MAX: usize = 200;

impl Check<'_, '_> {
    /// Checks that a survey can be asked.
    pub(super) fn survey(&mut self, survey: &Item<'_, Survey>) {
        let value = &survey.value;
        self.exist(survey, &["site"], "site", [&value.site].into_iter());
        if value.items.is_empty() && !value.kind.is_one_question() {
            self.refuse(survey.span(&[]), format!("a survey of the kind {} needs items", value.kind.as_str()));
        }
        if value.items.len() > ITEMS_MAX {
            self.refuse(survey.span(&["items"]), format!("a survey has at most {ITEMS_MAX} items"));
        }
        for (place, item) in value.items.iter().enumerate() {
            if value.items[..place].iter().any(|other| other.key == item.key) {
                self.refuse(survey.span(&["items"]), format!("the item {} is there twice", item.key));
            }
            match (value.kind, item.dimension) {
                (SurveyKind::Servqual, None) => {
                    let text = format!(
                        "the item {} needs a dimension: reliability, responsiveness, assurance, empathy or tangibles",
                        item.key
                    );
                    self.refuse(survey.span(&["items"]), text);
                }
                (kind, Some(_)) if kind != SurveyKind::Servqual => {
                    let text =
                        format!("the item {} has a dimension, which only items of the kind servqual have", item.key);
                    self.refuse(survey.span(&["items"]), text);
                }
                _ => {}
            }
        }
        if let (Some(opens), Some(closes)) = (value.opens, value.closes)
            && closes < opens
        {
            self.refuse(survey.span(&["closes"]), "it closes before it opens");
        }
        if value.channels.is_empty() {
            self.refuse(survey.span(&["channels"]), "nobody can answer a survey without channels");
        }
        if let Audience::Customers(sample) = &value.audience {
            for tier in &sample.tier {
                let name = format!("{}/{tier}", value.site);
                self.exist(survey, &["audience"], "tier of a site", [name].into_iter());
            }
            if sample.sample == Some(0) {
                self.refuse(survey.span(&["audience"]), "a sample has at least one customer");
            }
        }
    }
}
