//! Targets of a service file, which have a table of their own, since where they are is encrypted.

use anyhow::Context as _;
use serde_json::json;

use super::file::ServiceFile;
use super::plan::{Plan, Step};
use super::target_definition::{TargetDefinition, TargetRow};
use crate::audit::{self, Change, Stamp};
use crate::clock::Millis;
use crate::db::Tx;
use crate::keys::{Keys, new_id};
use crate::sites::targets::{Channel, Target, new_webhook_secret};
use crate::with_tx;

/// Encrypts where the targets of a file are, if that is another place, or another secret, than what is stored. The secret of a webhook that is replaced
/// signs beside the new one for a day.
pub fn seal(keys: &Keys, stored: &[Target], wanted: &mut ServiceFile, now: Millis) {
    for target in &mut wanted.targets {
        let Some(mut access) = target.access.take() else { continue };
        let known = stored.iter().find(|known| known.key == target.key.as_str());
        let old = known.and_then(|known| known.access(keys));
        if target.channel == Channel::Webhook && access.secret.is_none() {
            // One that nobody names a variable for is ours to make, once.
            access.secret = old.as_ref().and_then(|old| old.secret.clone()).or_else(|| Some(new_webhook_secret()));
        }
        access.previous =
            old.as_ref().filter(|_| target.channel == Channel::Webhook).and_then(|old| match &access.secret {
                // One that was replaced goes on signing until its time is over.
                secret if *secret == old.secret => old.previous.clone(),
                Some(secret) => old.clone().with_new_secret(secret.clone(), now).previous,
                None => None,
            });
        let is_same = old.as_ref() == Some(&access);
        let id = known.map_or_else(new_id, |known| known.id.clone());
        let access_cipher = (!is_same).then(|| access.encrypt(keys, &id));
        target.row = Some(TargetRow { id, access_cipher });
    }
}

/// Writes the addresses of mailboxes into a file that is exported. Those of other channels are secrets.
pub fn reveal_mailboxes(keys: &Keys, stored: &[Target], exported: &mut ServiceFile) {
    for target in exported.targets.iter_mut().filter(|target| target.channel == Channel::Email) {
        let known = stored.iter().find(|known| known.key == target.key.as_str());
        target.address = known.and_then(|known| known.access(keys)).map(|access| access.address);
    }
}

/// Adds, sets and removes the targets that a plan changes.
pub async fn apply(
    tx: &mut Tx,
    known: &ServiceFile,
    wanted: &ServiceFile,
    plan: &Plan,
    stamp: &Stamp,
) -> anyhow::Result<()> {
    for step in plan.steps().iter().filter(|step| step.kind == "target") {
        let has_key = |target: &&TargetDefinition| target.key.as_str() == step.key;
        let old = known.targets.iter().find(has_key).and_then(|target| target.row.as_ref());
        match (old, wanted.targets.iter().find(has_key)) {
            (Some(old), None) => Target::remove_in(tx, &old.id, stamp).await?,
            (old, Some(new)) => set(tx, old, new, step, stamp).await?,
            (None, None) => {}
        }
    }
    Ok(())
}

async fn set(
    tx: &mut Tx,
    old: Option<&TargetRow>,
    new: &TargetDefinition,
    step: &Step,
    stamp: &Stamp,
) -> anyhow::Result<()> {
    let select = "select id from sites where key = $1";
    let site_id: Option<String> =
        with_tx!(&mut *tx, conn => sqlx::query_scalar(select).bind(new.site.as_str()).fetch_optional(conn).await)?;
    let site_id = site_id.with_context(|| format!("there is no site {}", new.site))?;
    let cipher = new.row.as_ref().and_then(|row| row.access_cipher.as_deref());
    let (action, id) = match old {
        Some(old) => {
            new.to_row().update(tx, &old.id, &site_id, cipher).await?;
            ("target.set", old.id.clone())
        }
        None => {
            let cipher = cipher.with_context(|| format!("the address of the target {} is missing", new.key))?;
            let id = new.row.as_ref().map_or_else(new_id, |row| row.id.clone());
            new.to_row().insert(tx, &id, &site_id, cipher, stamp).await?;
            ("target.add", id)
        }
    };
    let before = step.before.clone().unwrap_or_default();
    let after = step.after.clone().unwrap_or_else(|| json!({}));
    Ok(audit::append(tx, stamp, &Change { action, object: format!("target/{id}"), before, after }).await?)
}
