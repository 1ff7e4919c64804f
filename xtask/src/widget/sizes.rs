//! What visitors download, against its budget.

use anyhow::bail;

use crate::widget::assets::{Packed, Role};
use crate::widget::manifest::Manifest;

/// Brotli bytes that every visitor of a company's page downloads.
const LOADER_BUDGET: u64 = 2_048;
/// Brotli bytes that have been downloaded by the time the form is open, in the longest language.
const OPEN_FORM_BUDGET: u64 = 60_000;

/// Prints what each file weighs, and the totals against the budgets.
pub fn print_table(manifest: &Manifest) {
    println!("\n{}", table(manifest));
}

/// Fails when a total is over its budget; else says how much is used.
///
/// The form's total is only held against a module that was built as we release it.
pub fn check(manifest: &Manifest) -> anyhow::Result<String> {
    let totals = Totals::of(manifest);
    if totals.loader.br > LOADER_BUDGET {
        bail!(
            "the loader weighs {} bytes by brotli, over its budget of {}",
            thousands(totals.loader.br),
            thousands(LOADER_BUDGET)
        );
    }
    if totals.open_form.br > OPEN_FORM_BUDGET && manifest.as_released {
        bail!(
            "what loads until the form is open weighs {} bytes by brotli, over its budget of {}",
            thousands(totals.open_form.br),
            thousands(OPEN_FORM_BUDGET)
        );
    }
    let remark = if manifest.as_released { "" } else { " (not as released: the standard library is ready-made)" };
    Ok(format!("loader {}, open form {} bytes{remark}", thousands(totals.loader.br), thousands(totals.open_form.br)))
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Weight {
    raw: u64,
    gz: u64,
    br: u64,
}

impl Weight {
    fn of(file: &Packed) -> Self {
        Self { raw: file.bytes, gz: file.gz, br: file.br }
    }

    fn plus(self, other: Self) -> Self {
        Self { raw: self.raw + other.raw, gz: self.gz + other.gz, br: self.br + other.br }
    }
}

struct Totals {
    loader: Weight,
    open_form: Weight,
}

impl Totals {
    fn of(manifest: &Manifest) -> Self {
        let weigh = |role: Role| manifest.files.iter().filter(move |file| file.role == role).map(Weight::of);
        let loader = weigh(Role::Loader).fold(Weight::default(), Weight::plus);
        let language = weigh(Role::Language).max_by_key(|weight| weight.br).unwrap_or_default();
        let module =
            weigh(Role::Panel).chain(weigh(Role::Glue)).chain(weigh(Role::Wasm)).fold(Weight::default(), Weight::plus);
        Self { loader, open_form: loader.plus(module).plus(language) }
    }
}

fn table(manifest: &Manifest) -> String {
    let mut lines = vec![format!("{:<30} {:>9} {:>9} {:>9}", "bytes", "raw", "gzip", "brotli")];
    let mut files: Vec<&Packed> = manifest.files.iter().collect();
    files.sort_by_key(|file| (file.role.name(), &file.name));
    for file in files {
        lines.push(row(&format!("{} ({})", file.name, file.role.name()), Weight::of(file)));
    }
    let totals = Totals::of(manifest);
    for (title, weight, budget) in [
        ("with every page: loader", totals.loader, LOADER_BUDGET),
        ("until the form is open", totals.open_form, OPEN_FORM_BUDGET),
    ] {
        let mark = if weight.br <= budget { "✓ within" } else { "✗ over" };
        lines.push(format!("{}  {mark} {}", row(title, weight), thousands(budget)));
    }
    lines.join("\n") + "\n"
}

fn row(title: &str, weight: Weight) -> String {
    format!("{title:<30} {:>9} {:>9} {:>9}", thousands(weight.raw), thousands(weight.gz), thousands(weight.br))
}

fn thousands(number: u64) -> String {
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
            file("panel.js", Role::Panel, 1_500),
            file("widget.js", Role::Glue, 3_500),
            file("widget.wasm", Role::Wasm, wasm),
            file("en.json", Role::Language, 900),
            file("zh-Hans.json", Role::Language, 1_000),
            file("outbox.js", Role::Module, 50_000),
        ];
        Manifest { files, fingerprint: String::new(), as_released }
    }

    #[test]
    fn the_total_is_loader_panel_glue_module_and_the_longest_language() {
        let totals = Totals::of(&manifest(2_000, 40_000, true));
        assert_eq!((totals.loader.br, totals.open_form.br), (2_000, 48_000));
    }

    #[test]
    fn budgets_hold_to_the_byte() {
        assert!(check(&manifest(2_048, 51_952, true)).is_ok());
        assert!(check(&manifest(2_049, 40_000, true)).is_err());
        assert!(check(&manifest(2_048, 51_953, true)).is_err());
        assert!(check(&manifest(2_048, 51_953, false)).is_ok());
        assert!(check(&manifest(2_049, 40_000, false)).is_err());
    }

    #[test]
    fn the_table_marks_what_is_over() {
        let text = table(&manifest(2_049, 40_000, true));
        assert!(text.contains("✗ over 2,048") && text.contains("✓ within 60,000"), "{text}");
    }
}
