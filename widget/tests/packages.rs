//! The packages for npm say neither more nor less than what the widget has: commands, events, reasons and attributes.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

type Names = BTreeSet<String>;

fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{} can be read: {error}", path.display()))
}

/// What stands between two texts, of which the first is there.
fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    let (_, rest) = text.split_once(start).unwrap_or_else(|| panic!("{start:?} is there"));
    rest.split_once(end).unwrap_or_else(|| panic!("{end:?} follows")).0
}

/// The name that a text begins with.
fn name(text: &str) -> String {
    text.chars().take_while(|character| character.is_alphanumeric() || *character == '_').collect()
}

/// The names that follow a text, wherever it stands.
fn names_after(text: &str, start: &str) -> Names {
    text.split(start).skip(1).map(name).filter(|name| !name.is_empty()).collect()
}

/// The names of the members of an object, an interface or a list, by the indentation of the outermost.
fn members(block: &str, indentation: &str) -> Names {
    let outermost =
        |line: &&str| line.starts_with(indentation) && line[indentation.len()..].starts_with(char::is_alphabetic);
    block.lines().filter(outermost).map(|line| name(line.trim())).collect()
}

fn set(names: &str) -> Names {
    names.split_whitespace().map(str::to_owned).collect()
}

#[test]
fn commands() {
    let loader = read("widget/loader/sayso.js");
    let mut commands = members(between(&loader, "const commands = {\n", "\n  }\n"), "    ");
    commands.extend(set(between(
        &loader[loader.find("const commands").expect("it is there")..],
        "\n  '",
        "'.split(' ')",
    )));
    assert!(commands.len() >= 9, "they are found: {commands:?}");

    let types = read("packages/widget/commands.d.ts");
    assert_eq!(members(between(&types, "export interface Commands {\n", "\n}"), "  "), commands);
    // A function for each, and those that bring the widget.
    let mut exports = names_after(&read("packages/widget/index.js").replace(", ", "\nexport { "), "export { ");
    for own in ["load", "mount", "sayso"] {
        assert!(exports.remove(own), "{own}");
    }
    assert_eq!(exports, commands);
    let types = read("packages/widget/components.d.ts");
    let offered = members(between(&types, "export interface SaysoCommands {\n", "\n}"), "  ");
    // There the component takes it away.
    assert_eq!(&offered | &set("destroy"), commands);
    let given = read("packages/widget/components.js");
    assert_eq!(set(&between(&given, "const commands = { ", " }").replace(',', "")), offered);
}

#[test]
fn events_and_reasons() {
    let mut events = Names::new();
    for file in ["loader/sayso.js", "loader/panel.js", "modules/outbox.js", "modules/survey.js"] {
        events.extend(names_after(&read(&format!("widget/{file}")), "emit('"));
    }
    events.extend(names_after(&read("widget/src/app.rs"), "host.emit(\""));
    // The loader's word to itself.
    assert!(events.remove("element"));

    let types = read("packages/widget/events.d.ts");
    assert_eq!(members(between(&types, "export interface Events {\n", "\n}"), "  "), events);
    assert_eq!(names_after(&types, "'sayso:"), events);
    let listed = read("packages/widget/components.js");
    assert_eq!(set(&between(&listed, "const EVENTS = [", "]").replace([',', '\''], " ")), events);

    let mut reasons = names_after(&read("widget/src/state.rs"), "Reason::")
        .into_iter()
        .map(|reason| reason.to_lowercase())
        .collect::<Names>();
    reasons.insert("invalid".to_owned());
    assert_eq!(names_after(between(&types, "export type ErrorType =", "\n\n"), "| '"), reasons);
}

#[test]
fn attributes() {
    let loader = read("widget/loader/sayso.js");
    let mut attributes = names_after(&loader, "data.");
    // One counts by being there, and one is the panel's.
    let (before, _) = loader.split_once("' in data").expect("the loader looks whether an attribute is there");
    attributes.extend(before.rsplit('\'').next().map(str::to_owned));
    assert!(read("widget/loader/panel.js").contains("data.draft"));
    attributes.insert("draft".to_owned());

    // Those that the documentation names are those that are read.
    let documented = names_after(&read("docs/embedding.md"), "\n| `data-");
    assert_eq!(documented, attributes);
    let ours = read("packages/widget/load.js");
    let listed = between(&ours, "const ATTRIBUTES = [", "]").replace([',', '\''], " ");
    assert_eq!(set(&listed), attributes);
    let types = read("packages/widget/load.d.ts");
    let mut typed = members(between(&types, "interface TagAttributes {\n", "\n}"), "  ");
    assert!(typed.remove("site") && typed.remove("integrity"));
    assert_eq!(typed, attributes);
    // Vue has to be told which properties there are.
    let vue = read("packages/vue/index.js");
    let properties = between(&vue, "const PROPS = {", "\n}\n");
    for attribute in attributes {
        assert!(
            properties.contains(&format!("'{attribute}'")) || properties.contains(&format!("  {attribute}: ")),
            "{attribute}"
        );
    }
}

#[test]
fn versions_and_licences() {
    let version = env!("CARGO_PKG_VERSION");
    for package in ["widget", "react", "vue"] {
        let manifest = read(&format!("packages/{package}/package.json"));
        assert!(manifest.contains(&format!("\"version\": \"{version}\"")), "{package}");
        assert!(package == "widget" || manifest.contains(&format!("\"@sayso/widget\": \"^{version}\"")), "{package}");
        assert_eq!(read(&format!("packages/{package}/LICENSE")), read("LICENSE"), "{package}");
    }
}

/// The lines of a text without what stands around them.
fn trimmed(text: &str) -> String {
    text.lines().map(|line| line.trim().to_owned() + "\n").collect()
}

/// Examples for frameworks are run in their frameworks, and what the documentation shows is part of them.
#[test]
fn the_documentation_quotes_the_examples() {
    let examples = [
        "react/App.jsx",
        "next/app/layout.jsx",
        "next/app/feedback/page.jsx",
        "vue/App.vue",
        "nuxt/app/app.vue",
        "svelte/App.svelte",
        "angular/app.ts",
        "astro/src/pages/index.astro",
    ];
    let examples = examples.map(|path| (path, trimmed(&read(&format!("examples/{path}")))));
    let documentation = read("docs/embedding.md");
    let section = between(&documentation, "### React\n", "### The tag itself\n");
    let mut quoted = BTreeSet::new();
    for block in section.split("```").skip(1).step_by(2) {
        let (language, text) = block.split_once('\n').expect("a block has lines");
        let (path, _) = examples
            .iter()
            .find(|(path, example)| path.ends_with(language) && example.contains(&trimmed(text)))
            .unwrap_or_else(|| panic!("no example has\n{text}"));
        quoted.insert(*path);
    }
    assert_eq!(quoted.len(), examples.len(), "each is quoted: {quoted:?}");
}
