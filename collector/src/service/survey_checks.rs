//! What a survey must be for people to answer it.

use super::check::Check;
use super::reader::Item;
use super::survey::{Audience, ITEMS_MAX, Survey, SurveyChannel, SurveyKind};

/// Points that the dimensions share.
const POINTS: f64 = 100.0;

impl Check<'_, '_> {
    /// Checks that a survey can be asked.
    pub(super) fn survey(&mut self, survey: &Item<'_, Survey>, answered: &[Survey]) {
        let value = &survey.value;
        self.answered(survey, answered);
        self.weights(survey);
        self.exist(survey, &["site"], "site", [&value.site].into_iter());
        if survey.is_whole() && value.items.is_empty() && !value.kind.is_one_question() {
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
        if survey.is_whole() && value.channels.is_empty() {
            self.refuse(survey.span(&["channels"]), "nobody can answer a survey without channels");
        }
        if value.audience == Audience::Anyone && value.channels == [SurveyChannel::Email] {
            let text = "nobody is asked by mail unless the audience says whom, members or customers; \"link\" gives it a page for anybody";
            self.refuse(survey.span(&["channels"]), text);
        }
        // The link that holds where nothing is said would let anybody answer what is meant for the staff.
        if value.audience == Audience::Members && !survey.says("channels") {
            let text = "a survey of the members needs channels: \"email\" asks each of them by mail, \"paper\" prints it, and \"link\" gives it a page \
                that anybody who has the link may answer";
            self.refuse(survey.span(&["audience"]), text);
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

    /// Refuses to make something else of a survey that has answers, which would fit no more.
    fn answered(&mut self, survey: &Item<'_, Survey>, answered: &[Survey]) {
        let value = &survey.value;
        let Some(before) = answered.iter().find(|before| before.key == value.key) else { return };
        let key = &value.key;
        if before.kind != value.kind {
            let text = format!(
                "the survey {key} has answers, so it stays of the kind {}; another kind is a survey with another key",
                before.kind.as_str()
            );
            self.refuse(survey.span(&["kind"]), text);
        }
        if before.site != value.site {
            let text = format!(
                "the survey {key} has answers, so it stays one of the site {}; another site's is a survey with another key",
                before.site
            );
            self.refuse(survey.span(&["site"]), text);
        }
    }

    fn weights(&mut self, survey: &Item<'_, Survey>) {
        let Some(weights) = &survey.value.weights else { return };
        let span = survey.span(&["weights"]);
        if survey.value.kind != SurveyKind::Servqual {
            self.refuse(span, "only a survey of the kind servqual has weights of its dimensions");
            return;
        }
        if weights.values().any(|points| !points.is_finite() || *points < 0.0) {
            self.refuse(span, "the weight of a dimension is a number of points from 0 to 100");
            return;
        }
        let sum: f64 = weights.values().sum();
        if (sum - POINTS).abs() > 1e-6 {
            self.refuse(span, format!("the weights of the dimensions must make 100 together; these make {sum}"));
        }
    }
}
