//! What visitors download, against its budget.

use anyhow::ensure;

use crate::widget::assets::{Packed, Role};
use crate::widget::manifest::Manifest;

/// Brotli bytes that every visitor of a company's page downloads.
pub const LOADER_BUDGET: u64 = 2_560;
/// Brotli bytes that have been downloaded by the time the form is open, in English.
pub const OPEN_FORM_BUDGET: u64 = 62_000;
/// Brotli bytes of the texts of the form in any language.
pub const LANGUAGE_BUDGET: u64 = 3_072;
/// The same of the texts of the companion.
const WORDS_BUDGET: u64 = 3_072;
/// Brotli bytes of the companion with all of its screens. The JavaScript that binds it has a budget of its own.
pub const COMPANION_BUDGET: u64 = 100_000;
/// Brotli bytes of a module that is fetched only where it is needed, by its name.
const MODULE_BUDGETS: [(&str, u64); 6] = [
    ("proof.js", 1_024),
    ("outbox.js", 3_072),
    ("waiting.js", 3_072),
    ("masks.js", 3_072),
    ("masks.wasm", 16_384),
    ("companion.js", 6_144),
];
/// The same of a module that is not named there.
const OTHER_MODULE_BUDGET: u64 = 2_048;

/// Prints what each file weighs, and the totals against the budgets.
pub fn print_table(manifest: &Manifest) {
    println!("\n{}", table(manifest));
}

/// Fails when a total is over its budget; else says how much is used.
///
/// The form's total is only held against a module that was built as we release it.
pub fn check(manifest: &Manifest) -> anyhow::Result<String> {
    let totals = Totals::of(manifest);
    hold("the loader", totals.loader.br, LOADER_BUDGET)?;
    hold("the longest language", totals.longest_language.br, LANGUAGE_BUDGET)?;
    if manifest.as_released {
        hold("what loads until the form is open", totals.open_form.br, OPEN_FORM_BUDGET)?;
        hold("the companion", totals.companion.br, COMPANION_BUDGET)?;
    }
    for words in manifest.files.iter().filter(|file| file.role == Role::Words) {
        hold(&format!("the texts {}", words.name), words.br, WORDS_BUDGET)?;
    }
    for module in manifest.files.iter().filter(|file| file.role == Role::Module) {
        hold(&format!("the module {}", module.name), module.br, budget_of_module(&module.name))?;
    }
    let remark = if manifest.as_released { "" } else { " (not as released: the standard library is ready-made)" };
    Ok(format!(
        "loader {}, open form {}, companion {} bytes{remark}",
        thousands(totals.loader.br),
        thousands(totals.open_form.br),
        thousands(totals.companion.br)
    ))
}

fn hold(what: &str, bytes: u64, budget: u64) -> anyhow::Result<()> {
    let (weight, allowed) = (thousands(bytes), thousands(budget));
    ensure!(bytes <= budget, "{what} weighs {weight} bytes by brotli, over its budget of {allowed}");
    Ok(())
}

fn budget_of_module(name: &str) -> u64 {
    let own = MODULE_BUDGETS.iter().find(|(module, _)| *module == name);
    own.map_or(OTHER_MODULE_BUDGET, |(_, budget)| *budget)
}

/// The bytes of a file, or of several.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Weight {
    raw: u64,
    gz: u64,
    pub br: u64,
}

impl Weight {
    fn of(file: &Packed) -> Self {
        Self { raw: file.bytes, gz: file.gz, br: file.br }
    }

    fn plus(self, other: Self) -> Self {
        Self { raw: self.raw + other.raw, gz: self.gz + other.gz, br: self.br + other.br }
    }
}

/// What the budgets are about.
pub struct Totals {
    pub loader: Weight,
    pub open_form: Weight,
    pub longest_language: Weight,
    pub companion: Weight,
}

impl Totals {
    /// Adds up the files of a build.
    pub fn of(manifest: &Manifest) -> Self {
        let weigh = |role: Role| manifest.files.iter().filter(move |file| file.role == role).map(Weight::of);
        let loader = weigh(Role::Loader).fold(Weight::default(), Weight::plus);
        let english = manifest.files.iter().find(|file| file.role == Role::Language && file.name == "en.json");
        let language = english.map(Weight::of).unwrap_or_default();
        let longest_language = weigh(Role::Language).max_by_key(|weight| weight.br).unwrap_or_default();
        let module = weigh(Role::Panel).chain(weigh(Role::Wasm)).fold(Weight::default(), Weight::plus);
        let companion = weigh(Role::Companion).fold(Weight::default(), Weight::plus);
        Self { loader, open_form: loader.plus(module).plus(language), longest_language, companion }
    }
}

fn table(manifest: &Manifest) -> String {
    let mut lines = vec![format!("{:<30} {:>9} {:>9} {:>9}", "bytes", "raw", "gzip", "brotli")];
    let mut files: Vec<&Packed> = manifest.files.iter().collect();
    files.sort_by_key(|file| (file.role.name(), &file.name));
    for file in files {
        let weighed = row(&format!("{} ({})", file.name, file.role.name()), Weight::of(file));
        let verdict = match file.role {
            Role::Module => format!("  {}", verdict(file.br, budget_of_module(&file.name))),
            Role::Words => format!("  {}", verdict(file.br, WORDS_BUDGET)),
            _ => String::new(),
        };
        lines.push(weighed + &verdict);
    }
    let totals = Totals::of(manifest);
    for (title, weight, budget) in [
        ("with every page: loader", totals.loader, LOADER_BUDGET),
        ("until the form is open", totals.open_form, OPEN_FORM_BUDGET),
        ("the longest language", totals.longest_language, LANGUAGE_BUDGET),
        ("later: the companion", totals.companion, COMPANION_BUDGET),
    ] {
        lines.push(format!("{}  {}", row(title, weight), verdict(weight.br, budget)));
    }
    lines.join("\n") + "\n"
}

fn verdict(bytes: u64, budget: u64) -> String {
    let mark = if bytes <= budget { "✓ within" } else { "✗ over" };
    format!("{mark} {}", thousands(budget))
}

fn row(title: &str, weight: Weight) -> String {
    format!("{title:<30} {:>9} {:>9} {:>9}", thousands(weight.raw), thousands(weight.gz), thousands(weight.br))
}

/// A number with its thousands apart.
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(loader: u64, wasm: u64, as_released: bool) -> Manifest {
        let file = |name: &str, role, br| Packed {
            name: name.to_owned(),
            path: name.to_owned(),
            role,
            bytes: br * 3,
            gz: br + 1,
            br,
        };
        let files = vec![
            file("sayso.js", Role::Loader, loader),
            file("panel.js", Role::Panel, 5_000),
            file("widget.wasm", Role::Wasm, wasm),
            file("en.json", Role::Language, 900),
            file("zh-Hans.json", Role::Language, 1_000),
            file("proof.js", Role::Module, 1_000),
        ];
        Manifest { files, fingerprint: String::new(), as_released }
    }

    #[test]
    fn the_total_is_loader_panel_module_and_english() {
        let totals = Totals::of(&manifest(2_000, 40_000, true));
        assert_eq!((totals.loader.br, totals.open_form.br, totals.longest_language.br), (2_000, 47_900, 1_000));
    }

    #[test]
    fn no_language_is_longer_than_it_may_be() {
        let mut manifest = manifest(2_000, 40_000, true);
        manifest.files[4].br = LANGUAGE_BUDGET;
        assert!(check(&manifest).is_ok());
        manifest.files[4].br += 1;
        assert!(check(&manifest).expect_err("one byte too many").to_string().contains("language"));
    }

    #[test]
    fn budgets_hold_to_the_byte() {
        assert!(check(&manifest(2_560, 53_540, true)).is_ok());
        assert!(check(&manifest(2_561, 40_000, true)).is_err());
        assert!(check(&manifest(2_560, 53_541, true)).is_err());
        assert!(check(&manifest(2_560, 53_541, false)).is_ok());
        assert!(check(&manifest(2_561, 40_000, false)).is_err());
    }

    #[test]
    fn a_module_that_is_fetched_later_has_a_budget_of_its_own() {
        let with = |name: &str, br| {
            let mut manifest = manifest(2_000, 40_000, true);
            let module = manifest.files.last_mut().expect("the last is a module");
            (module.name, module.br) = (name.to_owned(), br);
            check(&manifest)
        };
        for (name, budget) in [("proof.js", 1_024), ("outbox.js", 3_072), ("another.js", 2_048)] {
            assert!(with(name, budget).is_ok(), "{name}");
            let error = with(name, budget + 1).expect_err("one byte too many");
            assert!(error.to_string().contains(name), "{error}");
        }
    }

    #[test]
    fn the_companion_has_a_budget_of_its_own_beside_the_form() {
        let mut manifest = manifest(2_000, 40_000, true);
        let name = "companion.wasm".to_owned();
        let path = name.clone();
        manifest.files.push(Packed { name, path, role: Role::Companion, bytes: 9, br: COMPANION_BUDGET, gz: 9 });
        assert!(check(&manifest).is_ok());
        manifest.files.last_mut().expect("there is one").br += 1;
        let error = check(&manifest).expect_err("one byte too many");
        assert!(error.to_string().contains("companion"), "{error}");
    }

    #[test]
    fn the_table_marks_what_is_over() {
        let text = table(&manifest(2_561, 40_000, true));
        assert!(text.contains("✗ over 2,560") && text.contains("✓ within 62,000"), "{text}");
    }
}
