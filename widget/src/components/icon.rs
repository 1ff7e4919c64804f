//! Icons, drawn with one stroke on a grid of 24.

use sayso_shared::Kind;
use yew::{Html, html};

/// An icon that says nothing that the text beside it doesn't.
pub fn icon(path: &'static str) -> Html {
    html! { <svg viewBox="0 0 24 24" aria-hidden="true"><path d={path} /></svg> }
}

/// The icon of a kind.
pub const fn of_kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Complaint => {
            "M12 9v4m0 3.5v.01M10.3 3.9 2.5 17.5A2 2 0 0 0 4.2 20.5h15.6a2 2 0 0 0 1.7-3L13.7 3.9a2 2 0 0 0-3.4 0z"
        }
        Kind::Suggestion => {
            "M9 18h6m-5 3h4M12 3a6 6 0 0 0-3.8 10.6c.6.5.8 1.2.8 1.9h6c0-.7.2-1.4.8-1.9A6 6 0 0 0 12 3z"
        }
        Kind::Question => {
            "M9.2 9.2a2.9 2.9 0 0 1 5.6 1c0 1.9-2.8 2.3-2.8 4m0 2.8v.01M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0z"
        }
        Kind::Praise => "M12 20.3 4.4 12.6a4.9 4.9 0 0 1 7-6.9l.6.6.6-.6a4.9 4.9 0 0 1 7 6.9z",
    }
}

/// A tick.
pub const DONE: &str = "m5 12.5 4.5 4.5L19 7";
/// What folds out.
pub const FOLD: &str = "m6 9 6 6 6-6";
/// A star.
pub const STAR: &str = "m12 3.5 2.6 5.4 5.9.8-4.3 4.1 1 5.9-5.2-2.8-5.2 2.8 1-5.9-4.3-4.1 5.9-.8z";
/// Something that wants attention.
pub const ALERT: &str = "M12 8v5m0 3v.01M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0z";
