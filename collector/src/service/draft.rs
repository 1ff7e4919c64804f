//! A service file that somebody wants to apply: on the command line, in the console, or by the API.

use super::file::ServiceFile;
use super::objects::Object;
use super::plan::{Plan, Prune, plan};
use super::read::{Mistake, read_in};
use super::store;
use super::surroundings::{Surroundings, TypedAccess, Unset};
use super::survey::Survey;
use super::targets;
use crate::audit::Stamp;
use crate::clock::Millis;
use crate::config::Config;
use crate::db::Db;
use crate::keys::Keys;
use crate::outbox::egress::Egress;
use crate::routing::trial::Decider;
use crate::sites::targets::Target;

/// Longer files are mistakes, in bytes.
pub const FILE_MAX: usize = 4 * 1024 * 1024;

/// A service file that was read and checked, beside the service as it is.
#[derive(Clone, Debug)]
pub struct Draft {
    known: ServiceFile,
    wanted: ServiceFile,
    prune: Prune,
}

/// By whom a file is read, and so where the variables are that it names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader<'a> {
    /// By a command, in the environment of whoever types it: a variable that is not set is a mistake.
    Command,
    /// By the server, for whoever works in the console or with a token: its own variables, which begin with `SAYSO_`, are nobody's to name, and a target
    /// whose variable is not set there stays where it is.
    Server,
    /// By the server as well, for whoever typed where a target is.
    Typed(&'a TypedAccess),
}

/// What a file is read in: what is stored, the keys for it, the settings, and the time.
pub type Around<'a> = (&'a Db, &'a Keys, &'a Config, Millis);

impl Draft {
    /// Reads a file and checks it together with what is set and stays. The inner error names every mistake.
    pub async fn read(
        (db, keys, config, now): Around<'_>,
        text: &str,
        prune: Prune,
        reader: Reader<'_>,
    ) -> anyhow::Result<Result<Self, Vec<Mistake>>> {
        let known = store::load(db).await?;
        // What is going to be removed can't be named.
        let stays = match prune {
            Prune::Keep => known.clone(),
            Prune::Remove => {
                ServiceFile { sites: known.sites.clone(), members: known.members.clone(), ..ServiceFile::default() }
            }
        };
        let answered = store::answered_surveys(db, &known).await?;
        let mut wanted = match checked(text, (&known, &stays, &answered), config, reader) {
            Ok(wanted) => wanted,
            Err(mistakes) => return Ok(Err(mistakes)),
        };
        targets::seal(keys, &Target::all(db).await?, &mut wanted, now);
        Ok(Ok(Self { known, wanted, prune }))
    }

    /// Reads the whole service with one table of it changed: a table alone says neither where it stands among the others nor who needs what it was. What
    /// was wrong before elsewhere, such as by a file that was applied in part, is not for whoever changes the one to mend: then it is `alone`, the draft
    /// of the one table, that counts.
    pub async fn read_changed(
        around: Around<'_>,
        document: &toml::Table,
        alone: Option<Self>,
        prune: Prune,
        reader: Reader<'_>,
    ) -> anyhow::Result<Result<Self, Vec<Mistake>>> {
        let text = toml::to_string(document)?;
        let mistakes = match Self::read(around, &text, prune, reader).await? {
            Ok(draft) => return Ok(Ok(draft)),
            Err(mistakes) => mistakes,
        };
        let before = export(around.0, around.1).await?;
        let known = Self::read(around, &before, Prune::Keep, reader).await?.err().unwrap_or_default();
        let is_new = |mistake: &Mistake| known.iter().all(|known| known.text != mistake.text);
        match alone {
            Some(alone) if !mistakes.iter().any(is_new) => Ok(Ok(alone)),
            _ => Ok(Err(mistakes)),
        }
    }

    /// What would change.
    pub fn plan(&self) -> Plan {
        plan(&self.known, &self.wanted, self.prune)
    }

    /// The service as it is.
    pub fn known(&self) -> &ServiceFile {
        &self.known
    }

    /// What the file says.
    pub fn wanted(&self) -> &ServiceFile {
        &self.wanted
    }

    /// What decides where new cases go, now and once the file is applied.
    pub fn deciders(&self) -> [Decider; 2] {
        let now = decider(&self.known, &ServiceFile::default());
        let stays = match self.prune {
            Prune::Keep => self.known.clone(),
            Prune::Remove => ServiceFile::default(),
        };
        [now, decider(&self.wanted, &stays)]
    }

    /// Makes the service what the file says, in one transaction; gives what was changed, of the service as it is by then.
    pub async fn apply(&self, db: &Db, stamp: &Stamp) -> anyhow::Result<Plan> {
        store::apply(db, &self.wanted, self.prune, stamp).await
    }
}

/// Reads a file beside what is known, of which some stays.
fn checked(
    text: &str,
    (known, stays, answered): (&ServiceFile, &ServiceFile, &[Survey]),
    config: &Config,
    reader: Reader<'_>,
) -> Result<ServiceFile, Vec<Mistake>> {
    let egress = Egress::of(config);
    let variable = |name: &str| match reader {
        Reader::Server | Reader::Typed(_) if name.to_ascii_uppercase().starts_with("SAYSO_") => None,
        _ => std::env::var(name).ok(),
    };
    let (unset, typed) = match reader {
        Reader::Command => (Unset::Refused, None),
        Reader::Server => (Unset::Stays, None),
        Reader::Typed(typed) => (Unset::Stays, Some(typed)),
    };
    let surroundings = Surroundings { variable: &variable, egress, unset, targets: &known.targets, typed, answered };
    read_in(text, stays, &surroundings)
}

/// What a file says, and what it does not name of what stays.
fn decider(file: &ServiceFile, stays: &ServiceFile) -> Decider {
    Decider {
        rules: with_staying(&file.rules, &stays.rules),
        categories: with_staying(&file.categories, &stays.categories),
        calendars: with_staying(&file.calendars, &stays.calendars),
    }
}

fn with_staying<T: Object + Clone>(named: &[T], staying: &[T]) -> Vec<T> {
    let is_named = |object: &&T| named.iter().any(|other| other.key() == object.key());
    named.iter().chain(staying.iter().filter(|object| !is_named(object))).cloned().collect()
}

/// Everything that is set now, as a file.
pub async fn export(db: &Db, keys: &Keys) -> anyhow::Result<String> {
    let mut exported = store::load(db).await?;
    targets::reveal_mailboxes(keys, &Target::all(db).await?, &mut exported);
    exported.write()
}
