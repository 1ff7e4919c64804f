//! Whether what `docs/asvs.md` names as evidence is there, and whether `docs/security.md` counts its rows as they are.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::Context as _;

const TABLE: &str = "docs/asvs.md";
const SUMMARY: &str = "docs/security.md";
/// What a requirement can be, in the order of the columns of the summary.
const STATES: [&str; 4] = ["met", "not met", "not applicable", "operator"];

/// How many requirements are in each state: of a chapter, such as `V1`, and of all.
type Counts = BTreeMap<String, [usize; 4]>;

/// Holds both pages against the repository and says what does not hold, each with its file.
pub fn check(workspace: &Path) -> anyhow::Result<Vec<String>> {
    let read = |name: &str| fs::read_to_string(workspace.join(name)).with_context(|| format!("cannot read {name}"));
    let (table, summary) = (read(TABLE)?, read(SUMMARY)?);
    let mut found = Vec::new();
    let mut counts = Counts::new();
    for (index, line) in table.lines().enumerate() {
        let lacking = evidence(line).filter_map(|named| missing(workspace, named));
        found.extend(lacking.map(|finding| format!("{TABLE}:{}: {finding}", index + 1)));
        let Some((chapter, state)) = requirement(line) else { continue };
        let Some(at) = STATES.iter().position(|known| *known == state) else {
            found.push(format!("{TABLE}:{}: `{state}` is no state", index + 1));
            continue;
        };
        for key in [format!("V{chapter}"), "all".to_owned()] {
            counts.entry(key).or_default()[at] += 1;
        }
    }
    found.extend(miscounted(&summary, &counts));
    Ok(found)
}

/// The paths in backticks, some with a test behind `::`. What begins with a slash is an address.
fn evidence(line: &str) -> impl Iterator<Item = &str> {
    let quoted = line.split('`').skip(1).step_by(2);
    quoted.filter(|text| text.contains('/') && !text.starts_with('/') && !text.contains(' '))
}

/// Why a piece of evidence is none.
fn missing(workspace: &Path, named: &str) -> Option<String> {
    let (path, test) = named.split_once("::").map_or((named, None), |(path, test)| (path, Some(test)));
    let place = workspace.join(path);
    if !place.exists() {
        return Some(format!("there is no `{path}`"));
    }
    let test = test?;
    let is_there = fs::read_to_string(place).is_ok_and(|text| text.contains(&format!("fn {test}(")));
    (!is_there).then(|| format!("`{path}` has no test `{test}`"))
}

/// The number of the chapter, and the state, of a requirement: `| V1.2.3 | 1 | what is asked | met | where |`.
fn requirement(line: &str) -> Option<(&str, &str)> {
    let mut cells = line.strip_prefix("| V")?.split('|').map(str::trim);
    let (chapter, _) = cells.next()?.split_once('.')?;
    Some((chapter, cells.nth(2)?))
}

/// The chapters of which the summary has other numbers, or none: `| V1 encoding | 20 | 0 | 7 | 0 |`.
fn miscounted(summary: &str, counts: &Counts) -> Vec<String> {
    let is_said = |chapter: &str, numbers: &[usize; 4]| {
        let start = format!("| {chapter} ");
        let end: String = numbers.iter().map(|number| format!("| {number} ")).collect();
        summary.lines().any(|line| line.starts_with(&start) && line.ends_with(&format!("{end}|")))
    };
    let wrong = counts.iter().filter(|(chapter, numbers)| !is_said(chapter, numbers));
    wrong.map(|(chapter, numbers)| format!("{SUMMARY}: {chapter} has {numbers:?} ({})", STATES.join(", "))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::environment;

    #[test]
    fn evidence_that_is_not_there_is_named() {
        let workspace = environment::workspace();
        let lacking = |line: &str| evidence(line).filter_map(|named| missing(&workspace, named)).count();
        assert_eq!(
            lacking("| `xtask/src/tidy.rs`, `xtask/src/tidy.rs::this_workspace_is_tidy`, `/metrics`, `a/b c` |"),
            0
        );
        assert_eq!(lacking("| `xtask/src/untidy.rs`, `xtask/src/tidy.rs::no_such_test` |"), 2);
    }

    #[test]
    fn rows_are_counted_by_chapter_and_state() {
        assert_eq!(requirement("| V1.2.3 | 1 | asked | not met | `a/b` |"), Some(("1", "not met")));
        assert_eq!(requirement("| id | level | what is asked | state | where it is shown |"), None);
        let counts = Counts::from([("V1".to_owned(), [20, 0, 7, 0])]);
        assert!(miscounted("| V1 encoding | 20 | 0 | 7 | 0 |", &counts).is_empty());
        assert_eq!(miscounted("| V1 encoding | 19 | 1 | 7 | 0 |\n| V10 OAuth | 20 | 0 | 7 | 0 |", &counts).len(), 1);
    }
}
