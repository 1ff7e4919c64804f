//! Rules about our own files that no compiler checks: their text, the order of the collector's modules, and what a page names as evidence.

mod evidence;
mod modules;
mod rust;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};

/// A file longer than this has more than one subject.
const MAX_LINES: usize = 450;
const SKIPPED_FOLDERS: [&str; 4] = ["target", ".git", "node_modules", "data"];

/// Holds every file of the workspace against the rules, and says how many it read.
pub fn check(workspace: &Path) -> anyhow::Result<usize> {
    let mut files = Vec::new();
    collect(workspace, &mut files)?;
    files.sort();
    let mut findings = String::new();
    let mut read = 0;
    for file in files {
        let name = file.strip_prefix(workspace).unwrap_or(&file).to_string_lossy().into_owned();
        let text = fs::read_to_string(&file).with_context(|| format!("cannot read {name}"))?;
        read += 1;
        for (line, finding) in violations(&name, &text) {
            writeln!(findings, "  {name}:{line}: {finding}")?;
        }
    }
    for folder in ["collector/src", "collector/analysis/src"] {
        for finding in modules::check(&workspace.join(folder))? {
            writeln!(findings, "  {folder}: {finding}")?;
        }
    }
    for finding in evidence::check(workspace)? {
        writeln!(findings, "  {finding}")?;
    }
    ensure!(findings.is_empty(), "these files are not tidy:\n{findings}");
    Ok(read)
}

/// The line and the text of each broken rule.
fn violations(name: &str, text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    if name.ends_with(".rs") && text.lines().count() > MAX_LINES {
        found.push((text.lines().count(), format!("longer than {MAX_LINES} lines: split it by subject")));
    }
    for (index, line) in text.lines().enumerate() {
        let mut report = |finding: String| found.push((index + 1, finding));
        for mark in unfinished_marks() {
            if line.contains(&mark) {
                report(format!("`{mark}`: finish it, or file an issue"));
            }
        }
        // Mails are no pages: nobody's content security policy covers them, and mail programs load no style sheets.
        let page = name.starts_with("collector/templates/") && !name.starts_with("collector/templates/mail/");
        if page && name.ends_with(".html") {
            markup_violations(line).into_iter().for_each(&mut report);
        }
    }
    if name.starts_with("collector/src/") && name.ends_with(".rs") {
        found.extend(sql_violations(text));
    }
    found
}

/// Put together here, so that this file does not find itself.
fn unfinished_marks() -> [String; 2] {
    [["TO", "DO"].concat(), ["FIX", "ME"].concat()]
}

/// What the strict content security policy would block in a template.
fn markup_violations(line: &str) -> Vec<String> {
    let lower = line.to_lowercase();
    let mut found = Vec::new();
    if attributes(&lower).any(|name| name == "style") || lower.contains("<style") {
        found.push("an inline style, which the content security policy blocks".to_owned());
    }
    if let Some(name) = attributes(&lower).find(|name| name.len() > 2 && name.starts_with("on")) {
        found.push(format!("the inline handler `{name}`, which the content security policy blocks"));
    }
    if lower.split("<script").skip(1).any(|rest| !rest.split('>').next().unwrap_or_default().contains("src=")) {
        found.push("an inline script, which the content security policy blocks".to_owned());
    }
    found
}

/// Names followed by `=` and preceded by space, as attributes are.
fn attributes(line: &str) -> impl Iterator<Item = &str> {
    line.match_indices('=').filter_map(|(at, _)| {
        let before = &line[..at];
        let start = before
            .rfind(|character: char| !character.is_ascii_alphanumeric() && character != '-')
            .map_or(0, |at| at + 1);
        let separated = before[..start].ends_with([' ', '\t', '"', '\'']) || (start == 0 && at > 0);
        separated.then(|| &before[start..])
    })
}

/// SQL that only one of the two databases understands, or that asks the database for the time.
fn sql_violations(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (line, statement) in sql_literals(text) {
        let lower = statement.to_lowercase();
        for word in ["now(", "interval", "jsonb", "autoincrement", "ilike", "skip locked"] {
            if contains_word(&lower, word) {
                found.push((line, format!("`{word}` in SQL, which must read the same on both databases")));
            }
        }
        let unquoted: String = lower.split('\'').step_by(2).collect();
        if unquoted.contains('?') {
            found.push((line, "a `?` placeholder in SQL: number it, as in `$1`".to_owned()));
        }
    }
    found
}

fn contains_word(text: &str, word: &str) -> bool {
    text.match_indices(word)
        .any(|(at, _)| !text[..at].ends_with(|before: char| before.is_alphanumeric() || before == '_'))
}

/// The string literals that read like SQL, with the line on which each begins.
fn sql_literals(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut rest = text;
    let mut line = 1;
    while let Some(start) = rest.find(['"', '\'', '/']) {
        line += rest[..start].matches('\n').count();
        let hashes = rest[..start].len() - rest[..start].trim_end_matches('#').len();
        let raw = rest[..start - hashes].ends_with('r') && rest[start..].starts_with('"');
        rest = &rest[start..];
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with('\'') {
            character_length(rest)
        } else if rest.starts_with('/') {
            1
        } else {
            let end = if raw {
                rest[1..].find(&format!("\"{}", "#".repeat(hashes))).map(|at| at + 1)
            } else {
                closing_quote(rest)
            };
            let end = end.unwrap_or(rest.len() - 1);
            let literal = &rest[1..end.max(1)];
            if reads_like_sql(literal) {
                found.push((line, literal.to_owned()));
            }
            end + 1
        };
        line += rest[..length].matches('\n').count();
        rest = &rest[length..];
    }
    found
}

/// The length of a character literal, or of the quote of a lifetime.
fn character_length(text: &str) -> usize {
    let mut characters = text.char_indices().skip(1);
    match characters.next() {
        Some((_, '\\')) => text[3.min(text.len())..].find('\'').map_or(1, |at| at + 4),
        Some(_) => match characters.next() {
            Some((at, '\'')) => at + 1,
            _ => 1,
        },
        None => 1,
    }
}

fn closing_quote(text: &str) -> Option<usize> {
    let mut characters = text.char_indices().skip(1);
    while let Some((at, character)) = characters.next() {
        match character {
            '\\' => drop(characters.next()),
            '"' => return Some(at),
            _ => {}
        }
    }
    None
}

/// Our SQL is lower case and begins with its verb; parts that are composed begin with a clause.
fn reads_like_sql(literal: &str) -> bool {
    let mut words = literal.split_whitespace();
    let first = words.next().unwrap_or_default();
    let verbs = [("insert", "into"), ("delete", "from"), ("create", ""), ("alter", "table"), ("drop", "")];
    let second = words.next().unwrap_or_default();
    match first {
        "select" | "with" => {
            literal.contains(" from ") || literal.contains("\nfrom ") || first == "select" && literal.contains('$')
        }
        "update" => literal.contains(" set ") || literal.contains("\nset "),
        "where" | "and" | "or" | "order" | "on" | "values" | "returning" => literal.contains(['=', '$', '?', '(']),
        _ => verbs.iter().any(|(verb, follower)| {
            first == *verb
                && (second == *follower
                    || (follower.is_empty() && ["table", "index", "unique", "virtual", "trigger"].contains(&second)))
        }),
    }
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    for entry in fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if path.is_dir() && !SKIPPED_FOLDERS.contains(&name) {
            collect(&path, files)?;
        } else if path.is_file()
            && [".rs", ".html", ".js", ".css", ".sql", ".toml"].iter().any(|end| name.ends_with(end))
        {
            files.push(path);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_workspace_is_tidy() {
        check(&crate::environment::workspace()).expect("the workspace is tidy");
    }

    #[test]
    fn long_files_and_unfinished_work_are_found() {
        let text = format!("{}// {}: later\n", "a\n".repeat(450), ["TO", "DO"].concat());
        let lines: Vec<usize> = violations("shared/src/a.rs", &text).into_iter().map(|(line, _)| line).collect();
        assert_eq!(lines, [451, 451]);
    }

    #[test]
    fn inline_code_in_templates_is_found() {
        let blocked = ["<p style=\"x\">", "<a class=b onclick=\"x\">", "<script>", "<SCRIPT type=module>", "<style>"];
        for line in blocked {
            assert_eq!(markup_violations(line).len(), 1, "{line}");
        }
        let fine = [
            "<script src=\"/a.js\" defer></script>",
            "<p data-on=\"x\" data-style=\"y\">",
            "<a href=\"?on=1&one=2\">",
            "style = on",
        ];
        for line in fine {
            assert!(markup_violations(line).is_empty(), "{line}");
        }
    }

    #[test]
    fn sql_for_one_database_is_found_and_plain_text_is_not() {
        let text = r##"
            let a = "select * from cases where id = ?";
            let b = r#"update cases set at = now()"#;
            let c = "insert into cases values ('why?', $1)";
            let d = "Is this fine? It is, right now (really)";
            let e: &'static str = "select id from cases where title = 'it''s' and x ilike $1"; // "select ? from x"
            tokio::time::interval(Duration::from_secs(1)); let q = '"'; let r = '\'';
        "##;
        let found: Vec<usize> = sql_violations(text).into_iter().map(|(line, _)| line).collect();
        assert_eq!(found, [2, 3, 6]);
    }
}
