//! Holds the modules of the collector in their order: nothing imports itself by way of others, and a foundation imports no slice.
//!
//! A file imports another one if a path in it names something that the other one defines. `pub use` does not count as an import of
//! the file in which it stands: what is reached by it is followed to its definition. Neither do `mod` and what is compiled for tests.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::Path as FilePath;

use anyhow::Context as _;

use super::rust::{Path, Paths};

/// What every slice may stand on, and what stands on nothing but these.
const FOUNDATIONS: [&str; 11] =
    ["assets", "charset", "clock", "config", "db", "http", "json", "keys", "links", "metrics", "text"];

/// A module by its path below the crate; the crate itself is empty.
type Module = Vec<String>;

/// The modules that each module imports, with the path by which it does.
type Imports = BTreeMap<Module, BTreeMap<Module, String>>;

/// Reads the modules below a `src` folder and says what is out of order.
pub fn check(src: &FilePath) -> anyhow::Result<Vec<String>> {
    let mut files = Vec::new();
    super::collect(src, &mut files)?;
    let mut sources = BTreeMap::new();
    for file in files {
        let name = file.strip_prefix(src).unwrap_or(&file).to_string_lossy().into_owned();
        let Some(module) = module_of(&name) else { continue };
        let text = std::fs::read_to_string(&file).with_context(|| format!("cannot read {name}"))?;
        sources.insert(module, Paths::of(&text));
    }
    Ok(violations(&sources))
}

/// The module that a file is; none for tests, and for the program, which is no part of the library.
fn module_of(name: &str) -> Option<Module> {
    let mut module: Module = name.strip_suffix(".rs")?.split('/').map(str::to_owned).collect();
    if module.iter().any(|part| part == "tests") || module == ["main"] {
        return None;
    }
    if module.last().is_some_and(|last| last == "mod") || module == ["lib"] {
        module.pop();
    }
    Some(module)
}

fn violations(sources: &BTreeMap<Module, Paths>) -> Vec<String> {
    let imports: Imports = sources.keys().map(|module| (module.clone(), imports_of(sources, module))).collect();
    let mut found = Vec::new();
    let mut reported = BTreeSet::new();
    for module in imports.keys() {
        if reported.contains(module) {
            continue;
        }
        let reached = reachable(&imports, module);
        let mut circle: Vec<&Module> =
            reached.iter().copied().filter(|other| reachable(&imports, other).contains(module)).collect();
        if circle.is_empty() {
            continue;
        }
        circle.sort();
        found.push(format!(
            "{} files import each other in a circle, such as {}",
            circle.len(),
            shortest(&imports, module)
        ));
        reported.extend(circle.into_iter().cloned());
    }
    for (module, targets) in imports.iter().filter(|(module, _)| is_foundation(module)) {
        for (target, path) in targets.iter().filter(|(target, _)| !target.is_empty() && !is_foundation(target)) {
            let (module, target) = (module.join("::"), target.join("::"));
            found.push(format!("{module} is part of a foundation and imports {target}, as `{path}`"));
        }
    }
    found
}

fn is_foundation(module: &Module) -> bool {
    module.first().is_some_and(|first| FOUNDATIONS.contains(&first.as_str()))
}

fn imports_of(sources: &BTreeMap<Module, Paths>, module: &Module) -> BTreeMap<Module, String> {
    let paths = &sources[module];
    let named = |path: &Path| {
        let known = paths.imports.iter().find(|(name, _)| *name == path[0]).map(|(_, import)| import);
        match known.or_else(|| paths.exports.get(&path[0])) {
            Some(import) => import.iter().chain(&path[1..]).cloned().collect(),
            None => path.clone(),
        }
    };
    let inline = paths.inline.iter().map(named).filter_map(|path| Some((defined_in(sources, module, &path)?.0, path)));
    // A module that is only brought into scope is imported by the paths that go on from it.
    let used = paths.imports.iter().filter_map(|(name, path)| {
        let (target, is_module) = defined_in(sources, module, path)?;
        (!is_module || name == "*").then(|| (target, path.clone()))
    });
    let mut imports = BTreeMap::new();
    for (target, path) in used.chain(inline).filter(|(target, _)| target != module) {
        imports.entry(target).or_insert_with(|| path.join("::"));
    }
    imports
}

/// The module that defines what a path of `module` names, and whether the path names that module itself. None for other crates.
fn defined_in(sources: &BTreeMap<Module, Paths>, module: &Module, path: &Path) -> Option<(Module, bool)> {
    let start: Module = match path[0].as_str() {
        "crate" => Vec::new(),
        "self" => module.clone(),
        "super" => module[..module.len().checked_sub(1)?].to_vec(),
        name => {
            let child: Module = module.iter().cloned().chain([name.to_owned()]).collect();
            sources.contains_key(&child).then_some(child)?
        }
    };
    let mut found = start;
    for (index, part) in path.iter().enumerate().skip(1) {
        if part == "super" {
            found.pop()?;
            continue;
        }
        let child: Module = found.iter().cloned().chain([part.clone()]).collect();
        if sources.contains_key(&child) {
            found = child;
            continue;
        }
        let export = sources[&found].exports.get(part).filter(|export| export.as_slice() != [part.clone()]);
        let Some(export) = export else { return Some((found, false)) };
        let path: Path = export.iter().chain(&path[index + 1..]).cloned().collect();
        return defined_in(sources, &found, &path).or(Some((found, false)));
    }
    Some((found, true))
}

fn reachable<'a>(imports: &'a Imports, from: &Module) -> BTreeSet<&'a Module> {
    let mut reached = BTreeSet::new();
    let mut waiting: Vec<&Module> = imports[from].keys().collect();
    while let Some(next) = waiting.pop() {
        if reached.insert(next) {
            waiting.extend(imports[next].keys());
        }
    }
    reached
}

/// The shortest circle through a module that is part of one.
fn shortest(imports: &Imports, module: &Module) -> String {
    let mut waiting = VecDeque::from([vec![module]]);
    let mut seen = BTreeSet::new();
    while let Some(way) = waiting.pop_front() {
        let last = way[way.len() - 1];
        for next in imports[last].keys() {
            if next == module {
                let names: Vec<String> = way.iter().chain([&module]).map(|module| module.join("::")).collect();
                return names.join(" → ");
            }
            if seen.insert(next) {
                waiting.push_back([way.as_slice(), &[next]].concat());
            }
        }
    }
    module.join("::")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(files: &[(&str, &str)]) -> Vec<String> {
        let sources = files.iter().map(|(name, text)| (module_of(name).expect("a module"), Paths::of(text)));
        violations(&sources.collect())
    }

    #[test]
    fn files_that_build_on_each_other_are_fine() {
        let fine = [
            ("lib.rs", "pub mod a;\nmod b;\nmod c;"),
            ("a.rs", "use crate::b::{self, B};\nfn f() -> B { b::new() }"),
            ("b.rs", "use crate::c;\nfn f() { c::g(); std::mem::take(x) }"),
            ("c.rs", "fn g() {}\n#[cfg(test)]\nmod tests { use crate::a::f; }"),
        ];
        assert_eq!(found(&fine), [""; 0]);
    }

    #[test]
    fn a_circle_is_found_whichever_way_its_paths_are_written() {
        let imported = [
            ("a.rs", "use crate::{x::Y, b::{C, D}};"),
            ("b.rs", "use super::c::E;"),
            ("c.rs", "use crate::a as z;\nfn f() { z::g() }"),
        ];
        let circle = "3 files import each other in a circle, such as a → b → c → a";
        assert_eq!(found(&[&[("lib.rs", "")], &imported[..]].concat()), [circle]);
        let inline = [
            ("a.rs", "fn f() { with!(x => crate::b::g(x)) }"),
            ("b.rs", "fn g(_: super::c::H) {}"),
            ("c.rs", "type H = crate::a::I;"),
        ];
        assert_eq!(found(&[&[("lib.rs", "")], &inline[..]].concat()), [circle]);
    }

    #[test]
    fn what_is_handed_on_is_followed_to_its_file() {
        let folder = [
            ("lib.rs", ""),
            ("a/mod.rs", "mod b;\nmod c;\npub use b::B;\npub use c::C;\npub struct A;"),
            ("a/c.rs", "use super::{A, B};"),
        ];
        assert_eq!(found(&[&folder[..], &[("a/b.rs", "use super::A;")]].concat()), [""; 0]);
        assert_eq!(
            found(&[&folder[..], &[("a/b.rs", "use super::C;")]].concat()),
            ["2 files import each other in a circle, such as a::b → a::c → a::b"]
        );
        let used =
            [("lib.rs", ""), ("a/mod.rs", "mod b;\nfn f() { b::g() }\npub struct A;"), ("a/b.rs", "use super::A;")];
        assert_eq!(found(&used), ["2 files import each other in a circle, such as a → a::b → a"]);
    }

    #[test]
    fn a_foundation_imports_no_slice() {
        let files = [
            ("lib.rs", ""),
            ("http/mod.rs", ""),
            ("http/body.rs", "use super::error::Error;"),
            ("http/error.rs", "use crate::{clock, cases::Case};"),
            ("clock.rs", ""),
            ("cases.rs", "use crate::http::body;"),
        ];
        assert_eq!(found(&files), ["http::error is part of a foundation and imports cases, as `crate::cases::Case`"]);
    }
}
