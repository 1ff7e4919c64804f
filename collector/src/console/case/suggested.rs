//! What is suggested for a case, as its page shows it.

use super::sorting::Names;
use crate::app::App;
use crate::cases::Case;
use crate::http::Result;
use crate::learning::Field;
use crate::learning::suggest::{self, Suggestion};
use crate::sites::labels::category_label;
use crate::text::Texts;

/// A suggestion as the page shows it.
pub(super) struct Shown {
    /// What of the case is to be another, for programs and for people.
    pub(super) field: &'static str,
    pub(super) name: &'static str,
    /// What it is to be, for programs and for people.
    pub(super) value: String,
    pub(super) label: String,
    /// In whole percent.
    pub(super) confidence: String,
    /// The words that decided; nothing where only something else did.
    pub(super) words: String,
}

/// What is suggested, for people.
pub(super) async fn shown(app: &App, t: Texts, case: &Case, names: &Names<'_>) -> Result<Vec<Shown>> {
    let suggestions = suggest::for_case(app, case).await?;
    let shown = |Suggestion { field, value, confidence, words }: Suggestion| {
        let (name, label) = match field {
            Field::Category => {
                ("console.case.category", category_label(t.0, names.site, Some(&value)).unwrap_or_default())
            }
            Field::Team => ("console.case.team", names.team(&value)),
            Field::Priority => ("console.case.priority", t.get(&format!("common.priority.{value}")).to_owned()),
        };
        let words: Vec<String> = words.into_iter().map(|word| word.word).collect();
        Shown {
            field: field.as_str(),
            name: t.get(name),
            value,
            label,
            confidence: format!("{:.0} %", confidence * 100.0),
            words: words.join(", "),
        }
    };
    Ok(suggestions.into_iter().map(shown).collect())
}
