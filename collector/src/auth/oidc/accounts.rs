//! Which member somebody is whom a provider vouches for, and what their groups make of them.

use serde_json::{Value, json};

use super::grants::{Grants, grants};
use super::{Claims, Failure, Provider};
use crate::app::App;
use crate::audit::{self, Change, Stamp};
use crate::auth::invitations::Invitation;
use crate::auth::member::{Email, Member, Name, NewMember};
use crate::db::{Db, Tx};
use crate::service::membership;
use crate::{with_db, with_tx, with_write};

/// The member that somebody is: by their account, or for the first time by their address, their invitation or their groups. From then on the account counts.
/// Where the provider decides by groups, role and teams are set as it says.
pub async fn member_of(app: &App, provider: &Provider, claims: &Claims) -> Result<Member, Failure> {
    let settings = provider.settings();
    let given = match settings.groups.is_empty() {
        true => None,
        false => Some(grants(settings, claims.groups.as_deref()).ok_or(Failure::NoGroup)?),
    };
    let stamp = Stamp::system(app.clock.now());
    let member = match bound_to(&app.db, claims).await? {
        Some(id) => Member::by_id(&app.db, &id).await?.ok_or(Failure::Unknown)?,
        None => {
            let member = match_or_create(app, provider, claims, given.as_ref(), &stamp).await?;
            bind(&app.db, provider, claims, &member, &stamp).await?;
            member
        }
    };
    let update = "update company_accounts set used_at = $1 where issuer = $2 and subject = $3";
    with_write!(&app.db, pool => sqlx::query(update).bind(stamp.at).bind(&claims.issuer).bind(&claims.subject).execute(pool).await
        .map(|_| ()))?;
    match given {
        Some(given) => apply(&app.db, &member, &given, &stamp).await,
        None => Ok(member),
    }
}

/// The issuers of the accounts of a member.
pub async fn issuers_of(db: &Db, member_id: &str) -> sqlx::Result<Vec<String>> {
    let select = "select issuer from company_accounts where member_id = $1 order by issuer";
    with_db!(db, pool => sqlx::query_scalar(select).bind(member_id).fetch_all(pool).await)
}

/// Forgets the accounts of a member: the next sign-in goes by the address again.
pub async fn unbind(db: &Db, member_id: &str, stamp: &Stamp) -> sqlx::Result<()> {
    let delete = "delete from company_accounts where member_id = $1";
    let mut tx = db.begin().await?;
    let deleted = with_tx!(&mut tx, conn => sqlx::query(delete).bind(member_id).execute(conn).await.map(|done| done.rows_affected()))?;
    if deleted > 0 {
        let object = format!("member/{member_id}");
        let change = Change { action: "member.account.unbind", object, before: Value::Null, after: Value::Null };
        audit::append(&mut tx, stamp, &change).await?;
    }
    tx.commit().await
}

async fn bound_to(db: &Db, claims: &Claims) -> sqlx::Result<Option<String>> {
    let select = "select member_id from company_accounts where issuer = $1 and subject = $2";
    with_db!(db, pool => sqlx::query_scalar(select).bind(&claims.issuer).bind(&claims.subject).fetch_optional(pool).await)
}

/// A member for an account that is seen for the first time.
async fn match_or_create(
    app: &App,
    provider: &Provider,
    claims: &Claims,
    given: Option<&Grants<'_>>,
    stamp: &Stamp,
) -> Result<Member, Failure> {
    let email = claims.verified_email.as_ref().ok_or(Failure::Unverified)?;
    if let Some(member) = Member::by_email(&app.db, email).await? {
        return Ok(member);
    }
    // Whoever has left comes back when an admin says so, and not by an account that nobody has closed.
    let has_left = Member::id_of(&app.db, email).await?.is_some();
    if let Some(invitation) = Invitation::by_email(&app.db, email, stamp.at).await? {
        return invitation.accept(&app.db, None, stamp.at).await?.ok_or(Failure::Unknown);
    }
    match given.filter(|_| provider.settings().create_members && !has_left) {
        Some(given) => create(app, email, claims.name.as_ref(), given, stamp).await,
        None => Err(Failure::Unknown),
    }
}

async fn create(
    app: &App,
    email: &Email,
    name: Option<&Name>,
    given: &Grants<'_>,
    stamp: &Stamp,
) -> Result<Member, Failure> {
    let before_at = email.as_str().split('@').next().unwrap_or_default();
    let name = match name {
        Some(name) => name.clone(),
        None => Name::parse(before_at)?,
    };
    let new = NewMember { email: email.clone(), name, role: given.role, lang: None, password_hash: None };
    let id = Member::add(&app.db, &new, stamp).await?;
    Member::by_id(&app.db, &id).await?.ok_or(Failure::Unknown)
}

/// Binds an account to a member. Of a provider a member has one: whoever comes with another one has their address, and is not them.
async fn bind(db: &Db, provider: &Provider, claims: &Claims, member: &Member, stamp: &Stamp) -> Result<(), Failure> {
    let insert = "insert into company_accounts (issuer, subject, member_id, created_at, used_at) values ($1, $2, $3, $4, $4) \
        on conflict do nothing";
    let mut tx = db.begin().await?;
    let inserted = with_tx!(&mut tx, conn => sqlx::query(insert).bind(&claims.issuer).bind(&claims.subject).bind(&member.id).bind(stamp.at)
        .execute(conn).await.map(|done| done.rows_affected()))?;
    if inserted == 0 {
        tx.rollback().await?;
        // Unless the same sign-in was sent twice at once.
        return if bound_to(db, claims).await?.as_ref() == Some(&member.id) {
            Ok(())
        } else {
            Err(Failure::OtherAccount)
        };
    }
    let after = json!({"provider": provider.name()});
    let change =
        Change { action: "member.account.bind", object: format!("member/{}", member.id), before: Value::Null, after };
    audit::append(&mut tx, stamp, &change).await?;
    Ok(tx.commit().await?)
}

/// Sets role and teams as the groups say.
async fn apply(db: &Db, member: &Member, given: &Grants<'_>, stamp: &Stamp) -> Result<Member, Failure> {
    let mut tx: Tx = db.begin().await?;
    let email = Email::parse(&member.email)?;
    membership::change(&mut tx, db, &email, &given.join, &given.leave, stamp).await?;
    if member.role() != given.role {
        Member::set_role_in(&mut tx, member, given.role, stamp).await?;
    }
    tx.commit().await?;
    Member::by_id(db, &member.id).await?.ok_or(Failure::Unknown)
}
