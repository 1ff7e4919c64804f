//! How efforts are said: one in the timeline, and all of them as a sum.

use serde_json::Value;

use crate::cases::efforts::{Effort, EffortKind, EffortResult};
use crate::text::Texts;

/// What an event says of an effort.
pub(super) fn sentence(t: Texts, efforts: &[Effort], data: &Value, by: &str) -> String {
    let effort = efforts.iter().find(|effort| Some(effort.id.as_str()) == data["effort_id"].as_str());
    let kind = data["kind"].as_str().and_then(EffortKind::parse).unwrap_or(EffortKind::Other);
    let mut said = vec![t.with(&format!("desk.effort.did.{}", kind.as_str()), &[("name", by)])];
    if let Some(result) = data["result"].as_str().and_then(EffortResult::parse) {
        said.push(t.get(&format!("desk.effort.result.{}", result.as_str())).to_owned());
    }
    said.extend(data["minutes"].as_i64().map(|minutes| t.with("console.span.minutes", &[("n", &minutes.to_string())])));
    said.extend(effort.map(|effort| effort.note.clone()).filter(|note| !note.is_empty()));
    said.join(" · ")
}

/// How much was done, in all; none where nothing was.
pub(super) fn sum(t: Texts, efforts: &[Effort]) -> Option<String> {
    let count = |kind: &EffortKind| {
        let count = efforts.iter().filter(|effort| effort.kind == kind.as_str()).count();
        (count > 0).then(|| t.with(&format!("desk.effort.count.{}", kind.as_str()), &[("n", &count.to_string())]))
    };
    let mut sums: Vec<String> = EffortKind::ALL.iter().filter_map(count).collect();
    let minutes: i64 = efforts.iter().filter_map(|effort| effort.minutes).sum();
    if minutes > 0 {
        sums.push(t.with("console.span.minutes", &[("n", &minutes.to_string())]));
    }
    (!sums.is_empty()).then(|| sums.join(" · "))
}
