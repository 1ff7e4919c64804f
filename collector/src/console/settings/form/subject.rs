//! What a form is about, and its place in the service file.

use anyhow::Context as _;
use serde::Deserialize;
use serde_json::Value;

use super::fields::Kind;
use super::values::Written;
use crate::cases::idempotency::content_hash;
use crate::http::{Error, Result};
use crate::service::ServiceFile;

/// Which object: of which table, and its key; without one a new one, which may begin as a questionnaire of some kind.
#[derive(Clone, Debug, Deserialize)]
pub(in crate::console::settings) struct Wanted {
    kind: String,
    #[serde(default)]
    key: Option<String>,
    #[serde(default)]
    pub(super) from: Option<String>,
}

/// An object of the service, or one that is to be.
pub(super) struct Subject {
    pub(super) kind: Kind,
    /// Its key; none of a new one.
    pub(super) key: Option<String>,
    /// What it says; none of a new one.
    pub(super) object: Option<Value>,
    /// The service that it belongs to.
    pub(super) service: ServiceFile,
    /// Its place among those of its kind.
    place: Option<usize>,
}

impl Subject {
    /// What is asked for.
    pub(super) fn find(service: ServiceFile, wanted: &Wanted) -> Result<Self> {
        const NONE: Error = Error::NotFound("there is no such setting");
        let kind = Kind::parse(&wanted.kind).ok_or(NONE)?;
        let Some(key) = wanted.key.clone() else {
            return Ok(Self { kind, key: None, object: None, service, place: None });
        };
        let found = kind.objects(&service).into_iter().enumerate().find(|(_, (known, _))| *known == key);
        let (place, (_, object)) = found.ok_or(NONE)?;
        Ok(Self { kind, key: Some(key), object: Some(object), service, place: Some(place) })
    }

    /// Tells whether the object is still the one that a form was made from.
    pub(super) fn stamp(&self) -> String {
        content_hash(&self.object)
    }

    /// What its table in a document says that no field of the form has.
    pub(super) fn kept(&self, document: &mut toml::Table) -> Vec<(String, toml::Value)> {
        let objects = objects_in(document, self.kind).zip(self.place);
        let table = objects.and_then(|(objects, place)| objects.get(place)?.as_table());
        let mut kept = Vec::new();
        for (name, value) in table.into_iter().flatten() {
            let within = format!("{name}.");
            let fields = || self.kind.fields().iter().map(|field| field.name);
            match value.as_table().filter(|_| fields().any(|field| field.starts_with(&within))) {
                Some(inner) => {
                    let inner = inner.iter().map(|(name, value)| (format!("{within}{name}"), value.clone()));
                    kept.extend(inner.filter(|(name, _)| fields().all(|field| field != name)));
                }
                None if fields().any(|field| field == name) => {}
                None => kept.push((name.clone(), value.clone())),
            }
        }
        kept
    }

    /// Its table in a document.
    pub(super) fn table<'a>(&self, document: &'a mut toml::Table) -> Option<&'a mut toml::Table> {
        let (objects, place) = objects_in(document, self.kind).zip(self.place)?;
        objects.get_mut(place)?.as_table_mut()
    }

    /// Takes it out of a document.
    pub(super) fn take_out(&self, document: &mut toml::Table) {
        let objects = objects_in(document, self.kind).zip(self.place);
        if let Some((objects, place)) = objects.filter(|(objects, place)| *place < objects.len()) {
            objects.remove(place);
        }
    }

    /// Puts what was written into its place in a document, or behind the others.
    pub(super) fn put_in(&self, document: &mut toml::Table, written: &Written) -> anyhow::Result<()> {
        let mut table: toml::Table = written.text.parse()?;
        let objects = objects_in(&mut table, self.kind).map(std::mem::take).unwrap_or_default();
        let object = objects.into_iter().next().context("a form makes one table")?;
        let all = objects_in(document, self.kind).context("the export has tables")?;
        match self.place.and_then(|place| all.get_mut(place)) {
            Some(known) => *known = object,
            None => all.push(object),
        }
        Ok(())
    }
}

/// The objects of a kind in a document.
fn objects_in(document: &mut toml::Table, kind: Kind) -> Option<&mut Vec<toml::Value>> {
    let empty = || toml::Value::Array(Vec::new());
    document.entry(kind.as_str()).or_insert_with(empty).as_array_mut()
}
