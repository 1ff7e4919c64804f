//! The widget's build: compiled for the browser, bound, hashed, compressed, measured.

mod assets;
mod closures;
mod crates;
#[path = "../../widget/css.rs"]
mod css;
pub mod fingerprint;
mod glue;
mod imports;
mod languages;
mod manifest;
mod minify;
mod sizes;
mod toolchain;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use wasm_bindgen_cli_support::Bindgen;

use crate::environment;
use crate::step::Step;
use crate::widget::assets::{Assets, Role};
use crate::widget::languages::Languages;
use crate::widget::minify::{Goal, minify};
use crate::widget::toolchain::Toolchain;

pub use crate::widget::manifest::Manifest;
pub use crate::widget::sizes::{LOADER_BUDGET, OPEN_FORM_BUDGET, Totals, thousands};

/// Builds the widget into `target/widget` if anything that goes into it has changed, and prints its sizes.
pub fn build() -> anyhow::Result<Manifest> {
    let folder = output_dir();
    let parent = folder.parent().context("the output folder has a parent")?;
    fs::create_dir_all(parent)?;
    // Two builds at the same time would take away each other's files.
    let lock = File::create(parent.join("widget.lock")).context("cannot create the build's lock file")?;
    lock.lock().context("cannot lock the widget's output")?;

    let toolchain = Toolchain::find_or_install()?;
    let fingerprint = fingerprint::of_sources(&environment::workspace(), &toolchain.identity()?)?;
    if let Some(manifest) = Manifest::read_if_whole(&folder).filter(|manifest| manifest.fingerprint == fingerprint) {
        Step::start("widget").finish("nothing has changed");
        sizes::print_table(&manifest);
        return Ok(manifest);
    }

    let modules = Modules {
        widget: compile(&toolchain, WIDGET)?,
        companion: compile(&toolchain, COMPANION)?,
        masks: compile(&toolchain, MASKS)?,
    };
    let manifest = pack(&modules, &folder, fingerprint, toolchain.is_as_released())?;
    sizes::print_table(&manifest);
    Ok(manifest)
}

/// Builds the widget, and fails when what visitors download exceeds its budget.
pub fn build_within_budget() -> anyhow::Result<()> {
    let manifest = build()?;
    let step = Step::start("widget's size");
    let verdict = sizes::check(&manifest)?;
    step.finish(&verdict);
    Ok(())
}

/// Where the collector finds what it embeds.
pub fn output_dir() -> PathBuf {
    environment::workspace().join("target/widget")
}

/// The package of the form, and those of what is fetched later.
const WIDGET: &str = "sayso-widget";
const COMPANION: &str = "sayso-companion";
const MASKS: &str = "sayso-masks";

/// The modules as the compiler has written them.
struct Modules {
    widget: PathBuf,
    companion: PathBuf,
    masks: PathBuf,
}

fn compile(toolchain: &Toolchain, package: &str) -> anyhow::Result<PathBuf> {
    let step = Step::start(format!("compile {package} ({toolchain})"));
    let target_dir = environment::workspace().join("target/wasm");
    let mut command = toolchain.cargo();
    // As a cdylib alone: beside an rlib, cargo would not optimise across crates.
    command
        .args(["rustc", "--package", package, "--lib", "--crate-type", "cdylib"])
        .args(["--profile", "wasm", "--target", "wasm32-unknown-unknown", "--target-dir"])
        .arg(&target_dir)
        .args(toolchain.build_arguments());
    step.run(&mut command)?;
    step.finish("");
    let file = package.replace('-', "_");
    Ok(target_dir.join(format!("wasm32-unknown-unknown/wasm/{file}.wasm")))
}

/// The bytes of the module that each crate takes: as it is released, before compression.
pub fn bytes_by_crate() -> anyhow::Result<BTreeMap<String, u64>> {
    let module = compile(&Toolchain::find_or_install()?, WIDGET)?;
    let mut output = binding(&module)?.generate_output().context("wasm-bindgen failed")?;
    closures::remove_unused(output.wasm_mut())?;
    crates::weigh(&output.wasm_mut().emit_wasm())
}

/// What wasm-bindgen is asked for; without more, names stay in the module.
fn binding(module: &Path) -> anyhow::Result<Bindgen> {
    let mut binding = Bindgen::new();
    binding
        .input_path(module)
        .out_name("widget")
        .no_modules(true)?
        // Names as the compiler writes them: wasm-bindgen's own reading of them puts a number after each crate.
        .demangle(false)
        .typescript(false)
        .omit_default_module_path(true)
        .remove_producers_section(true);
    Ok(binding)
}

/// A module as browsers get it, and the JavaScript that binds it to them.
fn bind(module: &Path) -> anyhow::Result<(Vec<u8>, String)> {
    let mut output = binding(module)?.remove_name_section(true).generate_output().context("wasm-bindgen failed")?;
    let inline = output.snippets().iter().filter(|(_, snippets)| !snippets.is_empty()).map(|(package, _)| package);
    let snippets: Vec<&String> = output.local_modules().keys().chain(inline).collect();
    if !snippets.is_empty() {
        bail!("JavaScript snippets cannot be packed, but there are some: {snippets:?}");
    }

    closures::remove_unused(output.wasm_mut()).context("the shims of closures")?;
    imports::shorten(&output.wasm_mut().emit_wasm(), &glue::shorten(output.js())?).context("the names of imports")
}

fn pack(modules: &Modules, folder: &Path, fingerprint: String, as_released: bool) -> anyhow::Result<Manifest> {
    let step = Step::start("bind and pack the widget");
    let widget_dir = environment::workspace().join("widget");
    let also = read(&widget_dir.join("tags.json"))?;
    let languages = Languages::parse(source_files(&widget_dir.join("lang"), "json")?, &also)?;
    let (wasm, glue) = bind(&modules.widget)?;
    let (companion_wasm, companion_glue) = bind(&modules.companion)?;
    let (masks_wasm, masks_glue) = bind(&modules.masks)?;
    let style =
        |name: &str| Ok::<_, anyhow::Error>(css::minify(&read(&widget_dir.join(format!("styles/{name}.css")))?));
    let placeholders = [
        ("__LANG_LABELS__", languages.launcher_labels()),
        ("__LANG_TAGS__", languages.tags()),
        ("__LANG_WORDS__", languages.panel_words()),
        ("__FORM_CSS__", style("widget")?),
        ("__PANEL_CSS__", style("panel")?),
        ("__LAUNCHER_CSS__", style("launcher")?),
        ("__GLUE__", glue),
        ("__COMPANION_GLUE__", companion_glue),
        ("__MASKS_GLUE__", masks_glue),
    ];
    let mut assets = Assets::default();
    for (tag, texts) in languages.packed() {
        assets.add(Role::Language, &format!("{tag}.json"), texts);
    }
    assets.add(Role::Wasm, "widget.wasm", wasm);
    assets.add(Role::Companion, "companion.wasm", companion_wasm);
    assets.add(Role::Module, "masks.wasm", masks_wasm);
    for (tag, texts) in source_files(&widget_dir.join("companion/lang"), "json")? {
        let texts: serde_json::Value = serde_json::from_str(&texts).with_context(|| format!("{tag}.json"))?;
        assets.add(Role::Words, &format!("companion-{tag}.json"), texts.to_string());
    }
    for (folder, role) in [("modules", Role::Module), ("loader", Role::Panel)] {
        for (stem, text) in source_files(&widget_dir.join(folder), "js")? {
            let (role, goal) = if stem == "sayso" { (Role::Loader, Goal::Classic) } else { (role, Goal::Module) };
            let name = format!("{stem}.js");
            let text = placeholders.iter().fold(text, |text, (placeholder, by)| text.replace(placeholder, by));
            assets.add(role, &name, minify(&text, goal).with_context(|| name.clone())?);
        }
    }

    // Written beside the old one and moved, so that the collector never embeds a half-written folder.
    let fresh = folder.with_extension("new");
    remove_if_there(&fresh)?;
    let manifest = Manifest { files: assets.write(&fresh)?, fingerprint, as_released };
    manifest.write(&fresh)?;
    remove_if_there(folder)?;
    fs::rename(&fresh, folder).with_context(|| format!("cannot move the result to {}", folder.display()))?;
    step.finish(&format!("{} files in target/widget", manifest.files.len()));
    Ok(manifest)
}

/// The stem and text of each file with an extension in a folder that may be missing, in the order of their names.
fn source_files(folder: &Path, extension: &str) -> anyhow::Result<Vec<(String, String)>> {
    let mut files = Vec::new();
    if !folder.is_dir() {
        return Ok(files);
    }
    for entry in fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))? {
        let path = entry?.path();
        if path.extension().is_some_and(|found| found == extension) {
            let stem =
                path.file_stem().and_then(|stem| stem.to_str()).context("a file's name is not UTF-8")?.to_owned();
            files.push((stem, read(&path)?));
        }
    }
    files.sort();
    Ok(files)
}

fn read(file: &Path) -> anyhow::Result<String> {
    fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))
}

fn remove_if_there(folder: &Path) -> anyhow::Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("cannot remove {}", folder.display()))?;
    }
    Ok(())
}
