//! `cargo xtask test`: everything that must hold, in the order in which it fails cheapest.

mod report;
mod timing;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::browsers::{Chromium, Firefox, WebKit};
use crate::dependencies;
use crate::dist;
use crate::environment;
use crate::frameworks::Frameworks;
use crate::fuzz;
use crate::identity_provider::IdentityProvider;
use crate::packages;
use crate::postgres::{Cluster, Durability};
use crate::schemathesis;
use crate::step::Step;
use crate::tests::report::{PropertyInputs, Report};
use crate::tidy;
use crate::types;
use crate::widget;
use crate::wordpress;

/// One part of the tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Tidy,
    Fmt,
    Types,
    Clippy,
    Doc,
    Widget,
    Unit,
    Collector,
    Faults,
    Browser,
    Browsers,
    Frameworks,
    Fuzz,
}

impl Part {
    pub const ALL: [Self; 13] = [
        Self::Tidy,
        Self::Fmt,
        Self::Types,
        Self::Clippy,
        Self::Doc,
        Self::Widget,
        Self::Unit,
        Self::Collector,
        Self::Faults,
        Self::Browser,
        Self::Browsers,
        Self::Frameworks,
        Self::Fuzz,
    ];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Tidy => "tidy",
            Self::Fmt => "fmt",
            Self::Types => "types",
            Self::Clippy => "clippy",
            Self::Doc => "doc",
            Self::Widget => "widget",
            Self::Unit => "unit",
            Self::Collector => "collector",
            Self::Faults => "faults",
            Self::Browser => "browser",
            Self::Browsers => "browsers",
            Self::Frameworks => "frameworks",
            Self::Fuzz => "fuzz",
        }
    }

    /// The part with this name on the command line.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|part| part.name() == name)
    }

    /// Whether the part compiles the collector, which embeds the widget.
    fn needs_widget(self) -> bool {
        let compiles = [Self::Clippy, Self::Doc, Self::Unit, Self::Browsers, Self::Frameworks, Self::Fuzz];
        compiles.contains(&self) || self.needs_database()
    }

    /// Whether it runs with all others. Fuzzing compiles our crates once more, and the seeds are tried without it; three browsers
    /// are much to install for what rarely differs between them, and so are frameworks for examples that rarely change.
    fn is_usual(self) -> bool {
        !matches!(self, Self::Browsers | Self::Frameworks | Self::Fuzz)
    }

    fn needs_database(self) -> bool {
        matches!(self, Self::Collector | Self::Faults | Self::Browser)
    }
}

/// What to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Selection {
    All,
    One(Part),
}

/// How much of what can be tried for any time is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Round {
    Short,
    Full,
}

/// Runs the selected parts; the first failure ends it.
pub fn test(selection: Selection, test_args: &[String]) -> anyhow::Result<()> {
    let whole = Step::start("test");
    let mut report = Report::begin(match selection {
        Selection::All => PropertyInputs::Same,
        Selection::One(_) => PropertyInputs::New,
    });
    let parts = match selection {
        Selection::All => Part::ALL.into_iter().filter(|part| part.is_usual()).collect(),
        Selection::One(part) => vec![part],
    };
    if parts.contains(&Part::Tidy) {
        report.time("tidy", check_tidiness)?;
    }
    if parts.contains(&Part::Fmt) {
        report.run("fmt", environment::cargo().args(["fmt", "--all", "--check"]))?;
    }
    if parts.contains(&Part::Types) {
        report.time("types", types::check)?;
    }
    // The collector embeds the widget when it is compiled, so this comes before all compiling.
    if parts.contains(&Part::Widget) {
        report.time("widget", widget::build_within_budget)?;
    } else if parts.iter().any(|part| part.needs_widget()) {
        report.time("widget", || widget::build().map(drop))?;
    }
    for part in [Part::Clippy, Part::Doc, Part::Unit] {
        if parts.contains(&part) {
            check(part, test_args, &mut report)?;
        }
    }
    if parts.iter().any(|part| part.needs_database()) {
        let round = if selection == Selection::One(Part::Faults) { Round::Full } else { Round::Short };
        test_end_to_end(&parts, round, test_args, &mut report)?;
    }
    if parts.contains(&Part::Browsers) {
        test_browsers(test_args, &mut report)?;
    }
    if parts.contains(&Part::Frameworks) {
        test_frameworks(test_args, &mut report)?;
    }
    if parts.contains(&Part::Fuzz) {
        fuzz::fuzz(test_args)?;
    }
    print!("{}", report.tables());
    whole.finish("all is well");
    Ok(())
}

fn check_tidiness() -> anyhow::Result<()> {
    let step = Step::start("tidiness");
    let files = tidy::check(&environment::workspace())?;
    let crates = dependencies::check()?;
    step.finish(&format!("{files} files, {crates} crates"));
    Ok(())
}

fn check(part: Part, test_args: &[String], report: &mut Report) -> anyhow::Result<()> {
    let mut cargo = environment::cargo();
    match part {
        Part::Clippy => {
            cargo.args(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]);
        }
        Part::Doc => {
            cargo
                .args(["doc", "--workspace", "--no-deps", "--document-private-items"])
                .env("RUSTDOCFLAGS", "-D warnings");
        }
        _ => {
            cargo.args(["test", "--workspace", "--lib", "--bins"]);
            for name in own_test_programs(&environment::workspace()) {
                cargo.args(["--test", &name]);
            }
            cargo.arg("--").args(test_args);
        }
    }
    report.run(part.name(), &mut cargo)?;
    // Arguments, such as a test's name, are for test programs; examples in the documentation are another kind.
    if part == Part::Unit && test_args.is_empty() {
        report.run("examples in the documentation", environment::cargo().args(["test", "--workspace", "--doc"]))?;
    }
    Ok(())
}

/// The test programs that crates keep beside their sources: those need neither a database nor a browser.
///
/// They are named one by one, because leaving out `sayso-tests` as a package would change the features of dependencies
/// and compile them a second time.
fn own_test_programs(workspace: &Path) -> BTreeSet<String> {
    let folders = ["shared", "widget", "collector", "xtask"].map(|member| workspace.join(member).join("tests"));
    let entries = folders.into_iter().flat_map(|folder| fs::read_dir(folder).into_iter().flatten().flatten());
    let programs = entries
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs") || path.join("main.rs").is_file());
    programs.filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned())).collect()
}

fn test_end_to_end(parts: &[Part], round: Round, test_args: &[String], report: &mut Report) -> anyhow::Result<()> {
    let browser = if parts.contains(&Part::Browser) { Some(Chromium::find_or_install()?) } else { None };
    let asks_what_survives = parts.iter().any(|part| matches!(part, Part::Collector | Part::Faults));
    // A mailbox that is read by IMAP is one of a real server, in each of these parts.
    packages::ensure_dovecot()?;
    let signs_in = parts.iter().any(|part| matches!(part, Part::Collector | Part::Browser));
    let provider = signs_in.then(IdentityProvider::find_or_install).transpose()?;
    let schemathesis = parts.contains(&Part::Faults).then(schemathesis::find_or_install).transpose()?;
    // The tests start the collector as a program of its own.
    report.run("compile the collector", &mut environment::build_collector())?;
    dist::try_out(&environment::collector_program())?;
    let cluster = Cluster::start(Durability::None)?;
    // Tests of what survives ask for another one.
    let durable = asks_what_survives.then(|| Cluster::start(Durability::Full)).transpose()?;
    let programs = |names: &[Part], test_args: &[&str]| {
        let mut cargo = environment::cargo();
        cargo.args(["test", "--workspace"]);
        cargo.args(names.iter().flat_map(|part| ["--test", part.name()])).arg("--").args(test_args);
        cargo
            .env("SAYSO_TEST_POSTGRES", cluster.url())
            .env("SAYSO_TEST_POSTGRES_PROGRAMS", cluster.programs())
            .env("SAYSO_TEST_BINARY", environment::collector_program());
        if let Some(durable) = &durable {
            cargo.env("SAYSO_TEST_POSTGRES_DURABLE", durable.url());
        }
        if round == Round::Full && std::env::var_os("SAYSO_TEST_ROUND").is_none() {
            cargo.env("SAYSO_TEST_ROUND", "full");
        }
        if let Some(program) = &schemathesis {
            cargo.env("SAYSO_TEST_SCHEMATHESIS", program);
        }
        if let Some(provider) = &provider {
            provider.tell(&mut cargo);
        }
        if let Some(browser) = &browser {
            browser.tell(&mut cargo);
        }
        cargo
    };
    let own_args: Vec<&str> = test_args.iter().map(String::as_str).collect();
    for part in [Part::Collector, Part::Faults, Part::Browser] {
        if parts.contains(&part) {
            report.run(part.name(), &mut programs(&[part], &own_args))?;
        }
    }
    if round == Round::Full && test_args.is_empty() {
        let crowds = ["connections::thousands_of_idle_connections"];
        report.run("ten thousand idle connections", &mut programs(&[Part::Collector], &crowds))?;
    }
    cluster.stop();
    if let Some(durable) = durable {
        durable.stop();
    }
    Ok(())
}

/// The main story in all browsers.
fn test_browsers(test_args: &[String], report: &mut Report) -> anyhow::Result<()> {
    let (chromium, firefox, webkit) =
        (Chromium::find_or_install()?, Firefox::find_or_install()?, WebKit::find_or_install()?);
    let mut cargo = environment::cargo();
    cargo.args(["test", "--workspace", "--test", Part::Browsers.name(), "--"]).args(test_args);
    chromium.tell(&mut cargo);
    firefox.tell(&mut cargo);
    webkit.tell(&mut cargo);
    // One after the other: a frame has two seconds to say that it is there, which three browsers at once may need for themselves.
    report.run_with_threads(Part::Browsers.name(), 1, &mut cargo)
}

/// The packages for npm, and the examples for frameworks, in the frameworks.
fn test_frameworks(test_args: &[String], report: &mut Report) -> anyhow::Result<()> {
    let (chromium, frameworks) = (Chromium::find_or_install()?, Frameworks::find_or_install()?);
    let mut cargo = environment::cargo();
    cargo.args(["test", "--workspace", "--test", Part::Frameworks.name(), "--"]).args(test_args);
    chromium.tell(&mut cargo);
    frameworks.tell(&mut cargo);
    cargo.env("SAYSO_TEST_WORDPRESS_PLUGIN", wordpress::pack()?);
    report.run(Part::Frameworks.name(), &mut cargo)
}

#[cfg(test)]
mod unit {
    use super::*;

    #[test]
    fn test_programs_beside_the_sources_are_found_in_both_forms() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for (path, is_program) in
            [("widget/tests/state.rs", true), ("shared/tests/wire/main.rs", true), ("shared/tests/data/a.txt", false)]
        {
            let file = folder.path().join(path);
            fs::create_dir_all(file.parent().expect("a file is in a folder")).expect("a new folder");
            fs::write(&file, path).expect("a new file");
            let stem = path.split('/').nth(2).expect("three parts").trim_end_matches(".rs");
            assert_eq!(own_test_programs(folder.path()).contains(stem), is_program, "{path}");
        }
    }

    #[test]
    fn every_part_is_found_by_its_name() {
        for part in Part::ALL {
            assert_eq!(Part::from_name(part.name()), Some(part));
        }
    }
}
