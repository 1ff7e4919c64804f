//! How a member wants the inbox: as a list, as a table, or beside the open case; and what is shown of each case.

use axum::Router;
use axum::extract::State;
use axum::response::Redirect;
use axum::routing::post;
use serde::Deserialize;

use super::views;
use crate::app::App;
use crate::auth::{CsrfForm, Member, SignedIn};
use crate::cases::status::words;
use crate::http::Result;

/// `POST /staff/inbox-look`.
pub fn router() -> Router<App> {
    Router::new().route("/staff/inbox-look", post(save))
}

words! {
    /// How cases are laid out.
    Layout {
        /// Rows with the customer's words first.
        List = "list",
        /// A table with a column for each fact.
        Table = "table",
        /// The list, and beside it the case that was chosen.
        Split = "split",
    }
}

words! {
    /// A fact that the inbox can show of a case, beside the customer's words, in the order in which tables have them.
    Column {
        /// Its number.
        Number = "number",
        /// Its kind.
        Kind = "kind",
        /// Who gave it.
        Customer = "customer",
        /// Where.
        Site = "site",
        /// What it is about.
        Category = "category",
        /// What it is marked with.
        Tags = "tags",
        /// The customer's rating.
        Rating = "rating",
        /// How urgent it is.
        Priority = "priority",
        /// How far it is.
        Status = "status",
        /// When something is due.
        Due = "due",
        /// Which team works on it.
        Team = "team",
        /// Which member.
        Owner = "owner",
        /// When it came.
        Received = "received",
        /// When something happened last.
        Updated = "updated",
    }
}

/// What lists show as long as nothing else was chosen.
const USUAL: [Column; 12] = [
    Column::Kind,
    Column::Customer,
    Column::Site,
    Column::Category,
    Column::Tags,
    Column::Rating,
    Column::Priority,
    Column::Status,
    Column::Due,
    Column::Team,
    Column::Owner,
    Column::Received,
];

/// What a member has chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    layout: Layout,
    columns: Vec<Column>,
}

impl Look {
    /// Reads what is kept: a layout and the columns, parted by spaces. What this version does not know is left out.
    pub fn of(kept: &str) -> Self {
        let mut words = kept.split(' ');
        match words.next().and_then(Layout::parse) {
            Some(layout) => Self { layout, columns: in_order(words.filter_map(Column::parse)) },
            None => Self { layout: Layout::List, columns: USUAL.to_vec() },
        }
    }

    /// The same as it is kept.
    fn kept(&self) -> String {
        let words = std::iter::once(self.layout.as_str()).chain(self.columns.iter().map(|column| column.as_str()));
        words.collect::<Vec<_>>().join(" ")
    }

    /// How cases are laid out.
    pub const fn layout(&self) -> Layout {
        self.layout
    }

    /// The columns of a table, from left to right.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// Whether a fact is shown.
    pub fn shows(&self, column: Column) -> bool {
        self.columns.contains(&column)
    }
}

fn in_order(chosen: impl Iterator<Item = Column>) -> Vec<Column> {
    let chosen: Vec<Column> = chosen.collect();
    Column::ALL.iter().copied().filter(|column| chosen.contains(column)).collect()
}

/// A box of a form that is sent only while it is checked has the name of its column.
#[derive(Deserialize)]
struct LookForm {
    layout: String,
    /// The query of the page of the inbox that the form stands on.
    #[serde(default)]
    back: String,
    #[serde(flatten)]
    boxes: std::collections::HashMap<String, String>,
}

async fn save(State(app): State<App>, who: SignedIn, CsrfForm(form): CsrfForm<LookForm>) -> Result<Redirect> {
    let look = Look {
        layout: Layout::parse(&form.layout).unwrap_or(Layout::List),
        columns: in_order(form.boxes.keys().filter_map(|name| Column::parse(name))),
    };
    Member::set_inbox_look(&app.db, &who.member.id, &look.kept()).await?;
    Ok(Redirect::to(&views::read_address(&form.back)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::subsequence;

    use super::*;

    #[test]
    fn what_was_never_chosen_is_a_list_with_all_but_the_number_and_the_last_change() {
        let look = Look::of("");
        assert_eq!(look.layout(), Layout::List);
        assert!(!look.shows(Column::Number) && !look.shows(Column::Updated) && look.shows(Column::Due));
    }

    #[test]
    fn what_a_later_version_wrote_is_read_as_far_as_it_is_known() {
        let look = Look::of("table due mood number");
        assert_eq!((look.layout(), look.columns()), (Layout::Table, &[Column::Number, Column::Due][..]));
        assert_eq!(Look::of("board due"), Look::of(""));
    }

    proptest! {
        #[test]
        fn what_is_kept_reads_back(layout in prop::sample::select(Layout::ALL.to_vec()), columns in subsequence(Column::ALL.to_vec(), 0..=Column::ALL.len())) {
            let look = Look { layout, columns };
            prop_assert_eq!(Look::of(&look.kept()), look);
        }
    }
}
