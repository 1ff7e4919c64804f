//! From a number to the cases behind it: the address of the inbox that shows them.

use crate::auth::guard::HOME;
use crate::reports::By;
use crate::reports::groups::NONE;
use crate::reports::names::Names;
use crate::reports::periods::day;

/// The address for a number of a group, with what the column asks for besides; none where the inbox has no filter for it.
pub(super) fn cases(names: &Names<'_>, group: &str, column: &[(&str, &str)]) -> Option<String> {
    let asked = names.asked;
    let filter = &asked.filter;
    let mut parameters: Vec<(&str, String)> = column.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    let mut words: Vec<String> = Vec::new();
    if let Some(id) = &filter.site_id {
        parameters.push(("site", names.sites.iter().find(|site| site.id() == id)?.key().to_owned()));
    }
    if let Some(team) = &filter.team {
        parameters.push(("team", team.clone().unwrap_or_else(|| NONE.to_owned())));
    }
    if let Some(owner) = &filter.owner {
        parameters.push(("owner", owner.clone().unwrap_or_else(|| "nobody".to_owned())));
    }
    if let Some(kind) = filter.kind {
        parameters.push(("kind", kind.as_str().to_owned()));
    }
    if let Some(priority) = filter.priority {
        parameters.push(("priority", priority.as_str().to_owned()));
    }
    for (name, value) in [("category", &filter.category), ("tier", &filter.tier)] {
        words.extend(value.as_ref().map(|value| format!("{name}:{value}")));
    }
    words.extend(filter.channel.map(|channel| format!("channel:{}", channel.as_str())));
    let (mut from, mut to) =
        (asked.period.from.map(|at| day(at, &asked.zone)), asked.period.to.map(|at| day(at, &asked.zone)));
    match asked.by {
        By::All => {}
        By::Day | By::Week | By::Month | By::Quarter | By::Year => {
            let unit = asked.by.unit()?;
            let start = unit.parse(group)?;
            // A period may begin or end within a part.
            from = from.map_or(Some(start), |from| Some(from.max(start)));
            let next = unit.next(start)?;
            to = to.map_or(Some(next), |to| Some(to.min(next)));
        }
        By::Site => parameters.push(("site", group.to_owned())),
        By::Team => parameters.push(("team", group.to_owned())),
        By::Member if group == NONE => parameters.push(("owner", "nobody".to_owned())),
        By::Member => parameters.push(("owner", names.members.iter().find(|member| member.email == group)?.id.clone())),
        By::Kind => parameters.push(("kind", group.to_owned())),
        By::Priority => parameters.push(("priority", group.to_owned())),
        By::Tier | By::Category | By::Channel if group == NONE => return None,
        By::Tier | By::Category | By::Channel => words.push(format!("{}:{group}", asked.by.as_str())),
        _ => return None,
    }
    words.extend(from.map(|day| format!("after:{day}")));
    words.extend(to.map(|day| format!("before:{day}")));
    // A filter that the column and the report both have can't be said twice.
    let mut seen = std::collections::BTreeMap::new();
    for (name, value) in &parameters {
        if seen.insert(*name, value.clone()).is_some_and(|known| known != *value) {
            return None;
        }
    }
    if !words.is_empty() {
        seen.insert("q", words.join(" "));
    }
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(&seen);
    Some(format!("{HOME}?{}", query.finish()))
}
