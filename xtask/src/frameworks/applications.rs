//! The examples as applications: what is made of them when somebody publishes their website. Servers are built by their tests, which know the
//! collector's address.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::{copy, node};
use crate::environment;
use crate::step::Step;

/// Examples that become files, by the program that builds them.
const STATIC: [(&str, &str); 4] = [
    ("vue", "vite/bin/vite.js"),
    ("svelte", "vite/bin/vite.js"),
    ("astro", "astro/bin/astro.mjs"),
    ("angular", "@angular/cli/bin/ng.js"),
];

/// What esbuild makes of each entry, with the React that it stands on.
const BUNDLES: [(&str, &str, &[&str]); 4] = [
    ("react.jsx", "react.bundle.js", &[]),
    ("react.jsx", "react-18.bundle.js", &["--alias:react=react-18", "--alias:react-dom=react-dom-18"]),
    ("server.jsx", "server.bundle.cjs", &[]),
    ("server.jsx", "server-18.bundle.cjs", &["--alias:react=react-18", "--alias:react-dom=react-dom-18"]),
];

/// Builds all of them into the folder with the frameworks.
pub fn build(folder: &Path) -> anyhow::Result<()> {
    bundle(folder)?;
    for (name, program) in STATIC {
        let step = Step::start(format!("build the example for {name}"));
        let application = folder.join("applications").join(name);
        if application.exists() {
            fs::remove_dir_all(&application)?;
        }
        copy(&folder.join(name), &application)?;
        copy(&environment::workspace().join("examples").join(name), &application)?;
        let program = folder.join("node_modules").join(program);
        step.run(node(folder).current_dir(application).arg(program).arg("build"))?;
        step.finish("");
    }
    Ok(())
}

/// React as in development, where its strict mode mounts everything twice.
fn bundle(folder: &Path) -> anyhow::Result<()> {
    let step = Step::start("bundle the example for React");
    let examples = environment::workspace().join("examples");
    for (entry, output, more) in BUNDLES {
        let form: &[&str] = if output.ends_with(".cjs") { &["--platform=node"] } else { &["--format=esm"] };
        let mut esbuild = Command::new(folder.join("node_modules/.bin/esbuild"));
        esbuild
            .current_dir(folder)
            .arg(entry)
            .args(["--bundle", "--jsx=automatic", "--define:process.env.NODE_ENV=\"development\""])
            .args(form)
            .args(more)
            .arg(format!("--alias:examples={}", examples.display()))
            .arg(format!("--outfile={output}"))
            // The examples are outside of the folder, and find the frameworks by this.
            .env("NODE_PATH", folder.join("node_modules"));
        step.run(&mut esbuild)?;
    }
    step.finish("of both versions");
    Ok(())
}
