//! What was entrusted: when sites erase it next, and whether the key to it is kept anywhere else.

use super::finding::Finding;
use crate::auth::Member;
use crate::clock::{Clock, rfc3339};
use crate::db::Db;
use crate::erasure::retention::{Next, next};
use crate::keys::Keys;
use crate::outbox::suspensions;
use crate::sites::Site;

/// Looks at both. A database that can't be asked was reported before.
pub async fn examine(db: &Db, keys: Option<&Keys>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for site in Site::all(db).await.unwrap_or_default() {
        let all = next(db, &site).await.unwrap_or_default();
        findings.extend(all.iter().map(|next| Finding::good("retention", sentence(site.key(), next))));
    }
    if let Some(keys) = keys
        && db.master_key_check().await.ok().flatten().is_some()
    {
        findings.push(backup_of_key(db, keys).await);
        findings.extend(unreached_members(db, keys).await.unwrap_or_default());
    }
    findings
}

fn sentence(site: &str, Next { extent, months, due_at }: &Next) -> String {
    let what = extent.as_str();
    match due_at {
        Some(at) => format!("{site} erases {what} {months} months after closing; the next case at {}", rfc3339(*at)),
        None => format!("{site} erases {what} {months} months after closing; no case waits for it"),
    }
}

/// Members to whom mails come back: they are told of nothing.
async fn unreached_members(db: &Db, keys: &Keys) -> sqlx::Result<Option<Finding>> {
    let suspended = suspensions::suspended(db, Clock::default().now()).await?;
    let members = Member::all(db).await?;
    let is_unreached = |member: &&Member| {
        member.disabled_at.is_none() && suspended.contains(&suspensions::address_hash(keys, &member.email))
    };
    let names: Vec<&str> = members.iter().filter(is_unreached).map(|member| member.name.as_str()).collect();
    let text = format!("mails come back from these members: {}", names.join(", "));
    let mend =
        "have the address mended, then press Send email again on the page of members, or `sayso mail resume ADDRESS`";
    Ok((!names.is_empty()).then(|| Finding::warning("mail", text, mend)))
}

async fn backup_of_key(db: &Db, keys: &Keys) -> Finding {
    match keys.exported_at(db).await {
        Ok(Some(at)) => Finding::good("key backup", format!("the key that encrypts was exported at {}", rfc3339(at))),
        _ => Finding::warning(
            "key backup",
            "the master key was never exported; if it is lost, all contacts and codes are lost with it",
            "`sayso key export` prints a sheet to be kept in a safe place, away from the backups",
        ),
    }
}
