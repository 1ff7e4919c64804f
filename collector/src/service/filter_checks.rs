//! The filter of `[[view]]` must be one that the inbox understands.

use sayso_shared::Kind;
use uuid::Uuid;

use super::check::Check;
use super::objects::View;
use super::reader::Item;
use crate::cases::counted::Figure;
use crate::cases::{Channel, Priority, Quarantine, Status};
use crate::clock::parse_rfc3339;
use crate::clocks::PromiseKind;

/// The parameters of the inbox that a view may set.
const PARAMETERS: [&str; 20] = [
    "status", "kind", "site", "owner", "team", "priority", "tag", "due", "sort", "q", "category", "channel", "tier",
    "problem", "owned", "counted", "from", "to", "promise", "member",
];
/// What `due` may say.
pub const DUE: [&str; 5] = ["overdue", "soon", "answered", "today", "follow_up"];
/// What `sort` may say.
pub const SORT: [&str; 4] = ["newest", "oldest", "due", "updated"];

impl Check<'_, '_> {
    /// Refuses what the inbox would leave out as if it were not there, which would show more than the view is meant to.
    pub(super) fn filter(&mut self, view: &Item<'_, View>) {
        let filter = view.value.filter.trim_start_matches('?');
        let span = view.span(&["filter"]);
        let parameters = url::form_urlencoded::parse(filter.as_bytes());
        for (name, value) in parameters.filter(|(name, value)| !(name.is_empty() && value.is_empty())) {
            let (name, value) = (name.as_ref(), value.as_ref());
            let one_of = |words: &[&str]| (!words.contains(&value)).then(|| words.join(", "));
            let expected = match name {
                _ if value.is_empty() => None,
                "status" => {
                    let quarantine = Quarantine::ALL.iter().map(|word| word.as_str());
                    let status = Status::ALL.iter().map(|word| word.as_str());
                    one_of(&["open", "all"].into_iter().chain(status).chain(quarantine).collect::<Vec<_>>())
                }
                "kind" => one_of(&Kind::ALL.map(Kind::as_str)),
                "priority" => one_of(&Priority::ALL.iter().map(|word| word.as_str()).collect::<Vec<_>>()),
                "due" => one_of(&DUE),
                "sort" => one_of(&SORT),
                "owner" if Uuid::parse_str(value).is_ok() => None,
                "owner" => one_of(&["me", "nobody"]).map(|words| format!("{words}, or a member's identifier")),
                "site" => {
                    self.exist(view, &["filter"], "site", [value].into_iter());
                    None
                }
                "team" if value == "none" => None,
                "team" => {
                    self.exist(view, &["filter"], "team", [value].into_iter());
                    None
                }
                "counted" => one_of(&Figure::ALL.iter().map(|word| word.as_str()).collect::<Vec<_>>()),
                "channel" => {
                    let channels = Channel::ALL.iter().map(|word| word.as_str());
                    one_of(&channels.chain(["none"]).collect::<Vec<_>>())
                }
                "owned" => one_of(&["yes"]),
                "from" | "to" if parse_rfc3339(value).is_none() => Some("times as in RFC 3339".to_owned()),
                "promise" => one_of(&PromiseKind::ALL.iter().map(|word| word.as_str()).collect::<Vec<_>>()),
                "tag" | "q" | "category" | "tier" | "problem" | "member" | "from" | "to" => None,
                _ => {
                    let text = format!("there is no filter {name}; there are {}", PARAMETERS.join(", "));
                    self.refuse(span.clone(), text);
                    None
                }
            };
            if let Some(expected) = expected {
                self.refuse(span.clone(), format!("the filter {name} can't be {value}; it is one of {expected}"));
            }
        }
    }
}
