//! The types of our JavaScript, as its comments tell them: TypeScript, from npm, into `target/typescript`, checks them and writes nothing.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::Context as _;

use crate::environment;
use crate::packages;
use crate::step::Step;

/// What each half is checked with. What the widget's modules share is one object without a type, so there is less to be strict about.
const HALVES: [(&str, &[&str], &str); 2] = [
    ("collector", &["collector/assets"], "--strict true"),
    ("widget", &["widget/loader", "widget/modules"], "--strict false"),
];
const OPTIONS: &str = "--noEmit --allowJs --target es2023 --module esnext --moduleResolution bundler --moduleDetection force \
    --lib es2023,dom,dom.iterable --types";

/// Checks every file that begins with `// @ts-check`, which all of ours do.
pub fn check() -> anyhow::Result<()> {
    let npm = packages::ensure("Node.js with npm", &["nodejs", "npm"], || environment::find_program("npm"))?;
    let folder = environment::target_dir().join("typescript");
    install(&npm, &folder)?;
    let step = Step::start("types of JavaScript");
    let mut count = 0;
    for (name, sources, strictness) in HALVES {
        let copied = folder.join("src").join(name);
        let _ = fs::remove_dir_all(&copied);
        for source in sources {
            count += copy(source, &copied.join(Path::new(source).file_name().context("a folder has a name")?))?;
        }
        let declared = environment::workspace().join("widget/javascript.d.ts");
        fs::copy(declared, copied.join("javascript.d.ts"))?;
        let mut files: Vec<_> = walk(&copied)?;
        files.sort();
        let mut tsc = Command::new(folder.join("node_modules/.bin/tsc"));
        tsc.current_dir(&copied).args(OPTIONS.split_whitespace()).arg("").args(strictness.split(' ')).args(files);
        step.run(&mut tsc)?;
    }
    step.finish(&format!("{count} files"));
    Ok(())
}

fn install(npm: &Path, folder: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(folder)?;
    let sources = environment::workspace().join("tests/fixtures/typescript");
    for file in ["package.json", "package-lock.json"] {
        fs::copy(sources.join(file), folder.join(file))?;
    }
    let lock = fs::read_to_string(sources.join("package-lock.json"))?;
    let noted = folder.join("installed.json");
    if !fs::read_to_string(&noted).is_ok_and(|installed| installed == lock) {
        let step = Step::start("install TypeScript");
        let mut install = Command::new(npm);
        step.run(install.current_dir(folder).args(["ci", "--no-audit", "--no-fund"]))
            .context("TypeScript comes from npm, which has to be reached once")?;
        fs::write(&noted, &lock)?;
        step.finish("");
    }
    Ok(())
}

/// Copies the scripts of a folder, with what the build puts into them as something that has a type. Lines stay where they are.
fn copy(source: &str, target: &Path) -> anyhow::Result<usize> {
    fs::create_dir_all(target)?;
    let mut count = 0;
    for entry in fs::read_dir(environment::workspace().join(source))? {
        let path = entry?.path();
        if path.extension().is_none_or(|extension| extension != "js") {
            continue;
        }
        let script = fs::read_to_string(&path)?;
        anyhow::ensure!(script.starts_with("// @ts-check\n"), "{} does not begin with // @ts-check", path.display());
        let name = path.file_name().context("a file has a name")?;
        fs::write(target.join(name), script.lines().map(|line| readable(line) + "\n").collect::<String>())?;
        count += 1;
    }
    Ok(count)
}

/// A line of a script as it could be after the build.
fn readable(line: &str) -> String {
    if line.starts_with("__") && line.ends_with("GLUE__") {
        return "/** @type {any} */ var wasm_bindgen".to_owned();
    }
    let line = line.replace("__LANG_LABELS__", "{}").replace("__LANG_TAGS__", "{}").replace("__LANG_WORDS__", "{}");
    match line.split_once("'./__MODULE_") {
        Some((before, rest)) => format!("{before}'./{}", rest.replacen("__'", ".js'", 1)),
        None => line,
    }
}

fn walk(folder: &Path) -> anyhow::Result<Vec<std::path::PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        match path.is_dir() {
            true => files.extend(walk(&path)?),
            false => files.push(path),
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_build_puts_in_has_a_type() {
        assert_eq!(readable("import { post } from './__MODULE_post__'"), "import { post } from './post.js'");
        assert_eq!(readable("__MASKS_GLUE__"), "/** @type {any} */ var wasm_bindgen");
        assert_eq!(readable("const labels = __LANG_LABELS__"), "const labels = {}");
    }
}
