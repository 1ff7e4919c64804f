//! Signing in and out in the audit log. Whoever fails is noted once in a while, with how often since, so that nobody fills the log by failing.

use serde_json::{Value, json};

use super::Member;
use super::failed_sign_ins::Failed;
use crate::app::App;
use crate::audit::{self, Change, Stamp};

/// Who failed to sign in, as far as it is known.
#[derive(Clone, Copy, Debug)]
pub enum WhoFailed<'a> {
    /// The member with this identifier, or somebody else in their name.
    Member(&'a str),
    /// Somebody with an account of this provider.
    Account(&'a str),
    /// Nobody who is known here. What they typed may be a password, so it is not noted.
    Nobody,
}

/// Notes that a member has signed in, and how.
pub async fn signed_in(app: &App, member: &Member, by: &'static str) -> sqlx::Result<()> {
    append(app, &Stamp::member(&member.id, app.clock.now()), "sign_in.done", &member.id, json!({"by": by})).await
}

/// Notes that a member has signed out.
pub async fn signed_out(app: &App, member: &Member) -> sqlx::Result<()> {
    append(app, &Stamp::member(&member.id, app.clock.now()), "sign_out", &member.id, Value::Null).await
}

/// Notes that a member has ended a session of theirs from another one, or all others.
pub async fn revoked(app: &App, member: &Member, which: &'static str) -> sqlx::Result<()> {
    append(app, &Stamp::member(&member.id, app.clock.now()), "session.revoke", &member.id, json!({"which": which}))
        .await
}

/// Notes that somebody has failed to sign in, and why.
pub async fn failed(app: &App, who: WhoFailed<'_>, reason: &'static str) -> sqlx::Result<()> {
    let object = match who {
        WhoFailed::Member(id) => format!("member/{id}"),
        WhoFailed::Account(provider) => format!("oidc/{provider}"),
        WhoFailed::Nobody => "sign-in".to_owned(),
    };
    let failed = Failed { object, reason };
    match app.failed_sign_ins.count(&failed, app.clock.now()) {
        Some(attempts) => append_failure(app, failed, attempts).await,
        None => Ok(()),
    }
}

/// Notes the failures that were folded and after which nothing came.
pub async fn append_folded(app: &App) -> sqlx::Result<()> {
    for (failed, attempts) in app.failed_sign_ins.take_due(app.clock.now()) {
        append_failure(app, failed, attempts).await?;
    }
    Ok(())
}

async fn append_failure(app: &App, Failed { object, reason }: Failed, attempts: u32) -> sqlx::Result<()> {
    let after = json!({"reason": reason, "attempts": attempts});
    let change = Change { action: "sign_in.failed", object, before: Value::Null, after };
    let mut tx = app.db.begin().await?;
    audit::append(&mut tx, &Stamp::system(app.clock.now()), &change).await?;
    tx.commit().await
}

async fn append(app: &App, stamp: &Stamp, action: &'static str, member_id: &str, after: Value) -> sqlx::Result<()> {
    let change = Change { action, object: format!("member/{member_id}"), before: Value::Null, after };
    let mut tx = app.db.begin().await?;
    audit::append(&mut tx, stamp, &change).await?;
    tx.commit().await
}
