//! What our crates depend on: where it comes from, under which licence, and the list of it that goes with a release.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};
use spdx::{Expression, LicenseReq, ParseMode};

use crate::environment;

/// The one place that crates come from, each with a checksum in `Cargo.lock`.
const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";
/// Licences under which a crate may be part of a program that is given away in any form: they ask for a notice at most. None of them asks that a program
/// that uses the crate be published, as the GPL does.
const LICENCES: [&str; 13] = [
    "0BSD",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];
/// Crates that must not come in, each with the reason.
const BANNED: [(&str, &str); 3] = [
    ("openssl-sys", "TLS is rustls, so that one file runs on every Linux"),
    ("native-tls", "TLS is rustls, so that one file runs on every Linux"),
    ("async-std", "there is one runtime, tokio"),
];

/// A crate.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Crate {
    id: String,
    name: String,
    version: String,
    licence: String,
    /// None for one of our own.
    source: Option<String>,
}

/// Everything that is compiled for this machine, and what needs what.
#[derive(Debug, Default)]
struct Graph {
    crates: Vec<Crate>,
    /// What a crate needs when it runs, by identifiers.
    needs: BTreeMap<String, Vec<String>>,
}

/// Refuses crates of other sources and licences, and banned ones; says how many there are.
pub fn check() -> anyhow::Result<usize> {
    let graph = Graph::read()?;
    let findings: Vec<String> = graph.crates.iter().filter_map(finding).collect();
    ensure!(findings.is_empty(), "these crates must not be used:\n  {}", findings.join("\n  "));
    Ok(graph.crates.len())
}

/// The bill of materials of the program, as CycloneDX 1.6 has it: every crate that is in it, with its licence and the checksum of its source.
pub fn bill_of_materials() -> anyhow::Result<Value> {
    let lock = fs::read_to_string(environment::workspace().join("Cargo.lock")).context("cannot read Cargo.lock")?;
    Graph::read()?.bill("sayso", &checksums(&lock))
}

impl Graph {
    fn read() -> anyhow::Result<Self> {
        let mut cargo = environment::cargo();
        cargo.args(["metadata", "--format-version", "1", "--locked", "--filter-platform", &host()?]);
        let output = cargo.output().context("cargo runs")?;
        ensure!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
        Self::of(&serde_json::from_slice(&output.stdout).context("cargo metadata prints JSON")?)
    }

    fn of(metadata: &Value) -> anyhow::Result<Self> {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let one = |package: &Value| {
            Some(Crate {
                id: text(&package["id"])?,
                name: text(&package["name"])?,
                version: text(&package["version"])?,
                licence: text(&package["license"]).unwrap_or_default(),
                source: text(&package["source"]),
            })
        };
        let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
        let crates: Option<Vec<Crate>> = list(&metadata["packages"]).iter().map(one).collect();
        let is_needed = |need: &&Value| list(&need["dep_kinds"]).iter().any(|kind| kind["kind"].is_null());
        let nodes = list(&metadata["resolve"]["nodes"]);
        let needs = nodes.iter().filter_map(|node| {
            let needed = list(&node["deps"]).iter().filter(is_needed).filter_map(|need| text(&need["pkg"])).collect();
            Some((text(&node["id"])?, needed))
        });
        let needs = needs.collect();
        Ok(Self { crates: crates.context("cargo metadata names every crate")?, needs })
    }

    /// The bill of what `program` needs when it runs.
    fn bill(&self, program: &str, checksums: &BTreeMap<(String, String), String>) -> anyhow::Result<Value> {
        let by_id: BTreeMap<&str, &Crate> = self.crates.iter().map(|one| (one.id.as_str(), one)).collect();
        let root = self.crates.iter().find(|one| one.name == program).context("there is no such program")?;
        let mut left = vec![root.id.as_str()];
        let mut found = BTreeSet::new();
        while let Some(id) = left.pop() {
            if found.insert(id) {
                left.extend(self.needs.get(id).into_iter().flatten().map(String::as_str));
            }
        }
        let reference = |id: &str| by_id.get(id).map(|one| one.reference());
        let components: Vec<Value> = found
            .iter()
            .filter_map(|id| by_id.get(id))
            .filter(|one| one.id != root.id)
            .map(|one| one.component("library", checksums.get(&(one.name.clone(), one.version.clone()))))
            .collect();
        let depends = |id: &str| {
            let on = self.needs.get(id).into_iter().flatten().filter_map(|id| reference(id));
            json!({"ref": reference(id), "dependsOn": on.collect::<BTreeSet<_>>()})
        };
        Ok(json!({
            "bomFormat": "CycloneDX",
            "specVersion": "1.6",
            "version": 1,
            "metadata": {"component": root.component("application", None)},
            "components": components,
            "dependencies": found.iter().map(|id| depends(id)).collect::<Vec<_>>(),
        }))
    }
}

impl Crate {
    /// How package URLs name it.
    fn reference(&self) -> String {
        format!("pkg:cargo/{}@{}", self.name, self.version)
    }

    fn component(&self, kind: &str, checksum: Option<&String>) -> Value {
        let reference = self.reference();
        let mut component = json!({
            "type": kind, "bom-ref": reference, "name": self.name, "version": self.version, "purl": reference,
            "licenses": [{"expression": as_written_today(&self.licence)}],
        });
        if let Some(checksum) = checksum {
            component["hashes"] = json!([{"alg": "SHA-256", "content": checksum}]);
        }
        component
    }
}

/// What is wrong with a crate.
fn finding(one: &Crate) -> Option<String> {
    let name = format!("{} {}", one.name, one.version);
    if let Some(source) = one.source.as_deref().filter(|source| *source != REGISTRY) {
        return Some(format!("{name}: it comes from {source}, and not from crates.io"));
    }
    if let Some((_, reason)) = BANNED.iter().find(|(banned, _)| *banned == one.name) {
        return Some(format!("{name}: {reason}"));
    }
    let is_allowed = |wanted: &LicenseReq| LICENCES.contains(&wanted.to_string().as_str());
    match expression(&one.licence) {
        Some(licence) if licence.evaluate(is_allowed) => None,
        _ => Some(format!("{name}: nobody has looked at its licence, {:?}", one.licence)),
    }
}

/// A licence as crates write it, also in the way of old ones, `MIT/Apache-2.0`.
fn expression(licence: &str) -> Option<Expression> {
    Expression::parse_mode(licence, ParseMode::LAX).ok()
}

/// A licence as SPDX writes it today: `MIT OR Apache-2.0`.
fn as_written_today(licence: &str) -> String {
    Expression::canonicalize(licence).ok().flatten().unwrap_or_else(|| licence.to_owned())
}

/// The checksums of crates by their names and versions.
fn checksums(lock: &str) -> BTreeMap<(String, String), String> {
    let field = |block: &str, name: &str| {
        let line = block.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(" = \""))?;
        line.strip_suffix('"').map(str::to_owned)
    };
    let one = |block: &str| Some(((field(block, "name")?, field(block, "version")?), field(block, "checksum")?));
    lock.split("[[package]]").filter_map(one).collect()
}

fn host() -> anyhow::Result<String> {
    let output = environment::cargo().args(["-vV"]).output().context("cargo runs")?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).context("cargo names its host")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(name: &str, licence: &str, source: Option<&str>) -> Crate {
        Crate {
            id: name.to_owned(),
            name: name.to_owned(),
            version: "1.0.0".to_owned(),
            licence: licence.to_owned(),
            source: source.map(str::to_owned),
        }
    }

    #[test]
    fn licences_and_sources_are_looked_at() {
        let of = |licence: &str| finding(&one("a", licence, Some(REGISTRY)));
        for fine in ["MIT", "MIT/Apache-2.0", "Apache-2.0 OR GPL-2.0-only", "(MIT OR Apache-2.0) AND Unicode-3.0"] {
            assert_eq!(of(fine), None, "{fine}");
        }
        for refused in ["GPL-3.0-only", "MIT AND AGPL-3.0-only", "", "Our own", "Apache-2.0 WITH LLVM-exception"] {
            assert!(of(refused).is_some_and(|text| text.contains("licence")), "{refused}");
        }
        let elsewhere = finding(&one("a", "MIT", Some("git+https://example.com/a")));
        assert!(elsewhere.is_some_and(|text| text.contains("crates.io")));
        assert!(finding(&one("openssl-sys", "MIT", Some(REGISTRY))).is_some_and(|text| text.contains("rustls")));
        assert_eq!(finding(&one("sayso", "MIT", None)), None, "our own come from here");
    }

    #[test]
    fn a_bill_names_what_runs_and_nothing_else() -> anyhow::Result<()> {
        let need = |name: &str, kind: Value| json!({"pkg": name, "dep_kinds": [{"kind": kind}]});
        let package = |name: &str| json!({"id": name, "name": name, "version": "1.0.0", "license": "MIT/Apache-2.0", "source": REGISTRY});
        let packages = ["sayso", "axum", "tower", "insta", "cc"].map(package);
        let metadata = json!({
            "packages": packages,
            "resolve": {"nodes": [
                {"id": "sayso", "deps": [need("axum", Value::Null), need("insta", json!("dev")), need("cc", json!("build"))]},
                {"id": "axum", "deps": [need("tower", Value::Null)]},
            ]},
        });
        let lock = "[[package]]\nname = \"axum\"\nversion = \"1.0.0\"\nsource = \"x\"\nchecksum = \"abc\"\n";
        let bill = Graph::of(&metadata)?.bill("sayso", &checksums(lock))?;
        let names: Vec<&str> =
            bill["components"].as_array().into_iter().flatten().filter_map(|one| one["name"].as_str()).collect();
        assert_eq!(names, ["axum", "tower"]);
        assert_eq!(bill["components"][0]["hashes"][0]["content"], "abc");
        assert_eq!(bill["components"][0]["licenses"][0]["expression"], "MIT OR Apache-2.0");
        assert_eq!(bill["metadata"]["component"]["purl"], "pkg:cargo/sayso@1.0.0");
        assert_eq!(
            bill["dependencies"][0],
            json!({"ref": "pkg:cargo/axum@1.0.0", "dependsOn": ["pkg:cargo/tower@1.0.0"]})
        );
        Ok(())
    }
}
