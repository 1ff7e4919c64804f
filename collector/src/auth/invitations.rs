//! Invitations: somebody who is no member yet gets a link by mail, chooses a password, and is one.
//!
//! The link is made of an identifier of its own with the master key, so that a delivery that is tried again says the same link, and whoever reads the database
//! can't make it. It works once and for a week; sending it again gives it another identifier, and the link of before is none any more.

use sayso_shared::Lang;
use serde_json::{Value, json};

use super::member::{Email, Name, NewMember};
use super::{Member, Role};
use crate::audit::{self, Actor, Change, Stamp};
use crate::clock::{DAY, Millis};
use crate::config::Config;
use crate::db::{Db, Tx};
use crate::keys::{Keys, Purpose, SignedId, new_id};
use crate::outbox::{self, NewMail, plan_mail};
use crate::service::membership;
use crate::{with_db, with_tx};

/// The subject of the deliveries that bring them.
pub const SUBJECT: &str = "member_invitation";
/// How long the link works.
const WORKS_FOR: Millis = 7 * DAY;

/// Who is to be asked, and what they will be.
#[derive(Debug)]
pub struct NewInvitation {
    /// The address that the mail goes to, and that the member will sign in with.
    pub email: Email,
    /// What the member will be called.
    pub name: Name,
    /// What the member will do.
    pub role: Role,
    /// The keys of the teams that the member will belong to.
    pub teams: Vec<String>,
    /// The language of the mail and of the member's pages; none for that of the page on which they answer.
    pub lang: Option<Lang>,
}

/// An invitation that has not been answered.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Invitation {
    /// Its identifier.
    pub id: String,
    /// The address that it went to.
    pub email: String,
    /// What the member will be called.
    pub name: String,
    role: String,
    lang: String,
    teams: String,
    link_id: String,
    /// How often it was sent.
    pub sent: i64,
    /// Until when its link works.
    pub expires_at: Millis,
}

/// Why somebody can't be invited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The address is a member's.
    IsMember,
    /// The address has been invited, and has not answered.
    IsInvited,
}

const COLUMNS: &str = "id, email, name, role, lang, teams, link_id, sent, expires_at";

impl Invitation {
    /// What the member will do. An unknown word in the database gives the least.
    pub fn role(&self) -> Role {
        Role::parse(&self.role).unwrap_or(Role::Viewer)
    }

    /// The language that was chosen for the member, if one was.
    pub fn lang(&self) -> Option<Lang> {
        Lang::of_console_for_tag(&self.lang)
    }

    /// The keys of the teams that the member will belong to.
    pub fn teams(&self) -> impl Iterator<Item = &str> {
        self.teams.split_whitespace()
    }

    /// Whether its link works no more, since it is too old.
    pub fn is_over(&self, now: Millis) -> bool {
        now >= self.expires_at
    }

    /// The link by which it is answered, below the console's address; none if its row was tampered with.
    pub fn path(&self, keys: &Keys) -> Option<String> {
        let signed = SignedId::of(keys, Purpose::Invitation, &self.link_id)?;
        let lang = self.lang().map(|lang| format!("?lang={}", lang.as_str())).unwrap_or_default();
        Some(format!("/staff/join/{}{lang}", signed.as_str()))
    }

    /// Those that have not been answered, the newest first, also those whose link is too old.
    pub async fn all(db: &Db) -> sqlx::Result<Vec<Self>> {
        let select = format!("select {COLUMNS} from member_invitations order by created_at desc, id desc");
        with_db!(db, pool => sqlx::query_as(sqlx::AssertSqlSafe(select)).fetch_all(pool).await)
    }

    /// The one with this identifier.
    pub async fn by_id(db: &Db, id: &str) -> sqlx::Result<Option<Self>> {
        let select = format!("select {COLUMNS} from member_invitations where id = $1");
        with_db!(db, pool => sqlx::query_as(sqlx::AssertSqlSafe(select)).bind(id).fetch_optional(pool).await)
    }

    /// The one that a link answers; none if it was used or withdrawn, is too old, or was not made here.
    pub async fn by_token(db: &Db, keys: &Keys, token: &str, now: Millis) -> sqlx::Result<Option<Self>> {
        let Some(signed) = SignedId::parse(keys, Purpose::Invitation, token) else { return Ok(None) };
        let select = format!("select {COLUMNS} from member_invitations where link_id = $1 and expires_at > $2");
        with_db!(db, pool => sqlx::query_as(sqlx::AssertSqlSafe(select)).bind(signed.id()).bind(now).fetch_optional(pool).await)
    }

    /// The one that went to this address and can still be answered.
    pub async fn by_email(db: &Db, email: &Email, now: Millis) -> sqlx::Result<Option<Self>> {
        let select = format!("select {COLUMNS} from member_invitations where email = $1 and expires_at > $2");
        with_db!(db, pool => sqlx::query_as(sqlx::AssertSqlSafe(select)).bind(email.as_str()).bind(now).fetch_optional(pool).await)
    }

    /// Makes the invited person a member, once; gives none if somebody else was faster, or it was withdrawn meanwhile.
    pub async fn accept(&self, db: &Db, password_hash: Option<String>, now: Millis) -> anyhow::Result<Option<Member>> {
        let new = NewMember {
            email: Email::parse(&self.email)?,
            name: Name::parse(&self.name)?,
            role: self.role(),
            lang: self.lang(),
            password_hash,
        };
        // Whoever was added by other means meanwhile has their own way in.
        if Member::by_email(db, &new.email).await?.is_some() {
            return Ok(None);
        }
        let stamp = Stamp::system(now);
        let mut tx = db.begin().await?;
        let delete = "delete from member_invitations where id = $1 and link_id = $2 and expires_at > $3";
        let deleted = with_tx!(&mut tx, conn => sqlx::query(delete).bind(&self.id).bind(&self.link_id).bind(now).execute(conn).await
            .map(|done| done.rows_affected()))?;
        if deleted == 0 {
            tx.rollback().await?;
            return Ok(None);
        }
        // The invitation, the service, the log: in the order in which others lock them.
        let teams: Vec<&str> = self.teams().collect();
        membership::change(&mut tx, db, &new.email, &teams, &[], &stamp).await?;
        let id = Member::add_in(&mut tx, &new, &stamp).await?;
        tx.commit().await?;
        Ok(Member::by_id(db, &id).await?)
    }

    fn described(&self) -> Value {
        let teams: Vec<&str> = self.teams().collect();
        json!({"role": self.role, "teams": teams})
    }
}

/// Invites somebody: the mail is planned in the same transaction.
pub async fn invite(db: &Db, new: &NewInvitation, stamp: &Stamp) -> anyhow::Result<Result<Invitation, Refusal>> {
    if Member::by_email(db, &new.email).await?.is_some() {
        return Ok(Err(Refusal::IsMember));
    }
    let invitation = Invitation {
        id: new_id(),
        email: new.email.as_str().to_owned(),
        name: new.name.as_str().to_owned(),
        role: new.role.as_str().to_owned(),
        lang: new.lang.map_or("", Lang::as_str).to_owned(),
        teams: new.teams.join(" "),
        link_id: new_id(),
        sent: 1,
        expires_at: stamp.at + WORKS_FOR,
    };
    let by = match &stamp.actor {
        Actor::Member(id) => Some(id.as_str()),
        _ => None,
    };
    let mut tx = db.begin().await?;
    let insert = "insert into member_invitations (id, email, name, role, lang, teams, link_id, sent, invited_by, created_at, expires_at) \
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) on conflict (email) do nothing";
    let inserted = with_tx!(&mut tx, conn => sqlx::query(insert).bind(&invitation.id).bind(&invitation.email).bind(&invitation.name)
        .bind(&invitation.role).bind(&invitation.lang).bind(&invitation.teams).bind(&invitation.link_id).bind(invitation.sent)
        .bind(by).bind(stamp.at).bind(invitation.expires_at).execute(conn).await.map(|done| done.rows_affected()))?;
    if inserted == 0 {
        tx.rollback().await?;
        return Ok(Err(Refusal::IsInvited));
    }
    send(&mut tx, &invitation, "member.invite", stamp).await?;
    tx.commit().await?;
    Ok(Ok(invitation))
}

/// Sends an invitation once more, with another link that works for another week; none if it is no more.
pub async fn send_again(db: &Db, id: &str, stamp: &Stamp) -> sqlx::Result<Option<Invitation>> {
    let update = sqlx::AssertSqlSafe(format!(
        "update member_invitations set link_id = $1, sent = sent + 1, expires_at = $2 where id = $3 returning {COLUMNS}"
    ));
    let mut tx = db.begin().await?;
    let invitation: Option<Invitation> = with_tx!(&mut tx, conn => sqlx::query_as(update).bind(new_id())
        .bind(stamp.at + WORKS_FOR).bind(id).fetch_optional(conn).await)?;
    if let Some(invitation) = &invitation {
        send(&mut tx, invitation, "member.invite.again", stamp).await?;
    }
    tx.commit().await?;
    Ok(invitation)
}

/// Withdraws an invitation: its link works no more. Says whether it was there.
pub async fn withdraw(db: &Db, id: &str, stamp: &Stamp) -> sqlx::Result<bool> {
    let delete = sqlx::AssertSqlSafe(format!("delete from member_invitations where id = $1 returning {COLUMNS}"));
    let mut tx = db.begin().await?;
    let withdrawn: Option<Invitation> =
        with_tx!(&mut tx, conn => sqlx::query_as(delete).bind(id).fetch_optional(conn).await)?;
    if let Some(withdrawn) = &withdrawn {
        let object = format!("invitation/{id}");
        let before = withdrawn.described();
        let change = Change { action: "member.invite.withdraw", object, before, after: Value::Null };
        audit::append(&mut tx, stamp, &change).await?;
    }
    tx.commit().await?;
    Ok(withdrawn.is_some())
}

/// Whether mails leave this machine. Else whoever invites passes the link on.
pub fn is_mailed(config: &Config) -> bool {
    config.smtp.url.reveal().is_some()
}

async fn send(tx: &mut Tx, invitation: &Invitation, action: &'static str, stamp: &Stamp) -> sqlx::Result<()> {
    let change = Change {
        action,
        object: format!("invitation/{}", invitation.id),
        before: Value::Null,
        after: invitation.described(),
    };
    audit::append(tx, stamp, &change).await?;
    // Whoever is invited is the member to be.
    let destination = outbox::member(&invitation.id);
    let mail = NewMail {
        subject: SUBJECT,
        subject_id: &invitation.id,
        order_key: &invitation.id,
        order_no: invitation.sent,
        destination: &destination,
        due_at: stamp.at,
    };
    plan_mail(tx, mail, stamp.at).await.map(|_| ())
}
