//! Members: the people who work on cases.

use anyhow::ensure;
use sayso_shared::contact::one_line;
use sayso_shared::{EmailAddress, Lang};
use serde_json::{Value, json};

use crate::audit::{self, Change, Stamp};
use crate::cases::status::words;
use crate::clock::{Millis, rfc3339};
use crate::db::{Db, Tx, is_unique_violation};
use crate::http::{Error, Result};
use crate::keys::new_id;
use crate::{with_db, with_tx, with_write};

words! {
    /// What a member may do.
    Role {
        /// Everything, and seeing who the members are.
        Admin = "admin",
        /// Working on cases, and leading those who do.
        Manager = "manager",
        /// Working on cases.
        Agent = "agent",
        /// Reading.
        Viewer = "viewer",
        /// Helping from outside, such as a supplier or a workshop, with what was given to their team.
        Partner = "partner",
    }
}

impl Role {
    /// Whether the member may work on cases, and be given some.
    pub const fn may_act(self) -> bool {
        !matches!(self, Role::Viewer)
    }
}

/// The e-mail address by which a member signs in: lower case, since people don't type it the same each time.
#[derive(Clone, PartialEq, Eq)]
pub struct Email(String);

impl Email {
    /// Reads an address.
    pub fn parse(typed: &str) -> anyhow::Result<Self> {
        let email = EmailAddress::parse(typed).map_err(|error| anyhow::anyhow!("{typed:?} {error}"))?;
        Ok(Self(email.as_str().to_lowercase()))
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Email {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Email(…)")
    }
}

/// The name that colleagues and customers read: 1 to 100 characters on one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name(String);

impl Name {
    /// Reads a name.
    pub fn parse(typed: &str) -> anyhow::Result<Self> {
        let name = one_line(typed).map_err(|error| anyhow::anyhow!("a name {error}"))?;
        ensure!((1..=100).contains(&name.chars().count()), "a name has 1 to 100 characters");
        Ok(Self(name))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A member of the staff.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Member {
    /// Its identifier.
    pub id: String,
    /// Where it signs in from.
    pub email: String,
    /// What it is called.
    pub name: String,
    role: String,
    lang: String,
    password_hash: Option<String>,
    /// Raised when all sessions must end.
    pub session_epoch: i64,
    /// When it joined.
    pub created_at: Millis,
    /// When it left.
    pub disabled_at: Option<Millis>,
    /// Until when it is away and gets no new cases.
    pub away_until: Option<Millis>,
    /// How it wants the inbox, as the inbox writes it.
    pub inbox_look: String,
}

const SELECT: &str = "select id, email, name, role, lang, password_hash, session_epoch, created_at, disabled_at, away_until, inbox_look \
    from members";

impl Member {
    /// An agent, for tests.
    #[cfg(test)]
    pub fn sample(email: &str, name: &str) -> Self {
        Self {
            id: crate::keys::new_id(),
            email: email.to_owned(),
            name: name.to_owned(),
            role: Role::Agent.as_str().to_owned(),
            lang: String::new(),
            password_hash: None,
            session_epoch: 0,
            created_at: 0,
            disabled_at: None,
            away_until: None,
            inbox_look: String::new(),
        }
    }

    /// What it may do. An unknown word in the database gives the least.
    pub fn role(&self) -> Role {
        Role::parse(&self.role).unwrap_or(Role::Viewer)
    }

    /// Whether it gets no new cases, since it is away.
    pub fn is_away(&self, now: Millis) -> bool {
        self.away_until.is_some_and(|until| now < until)
    }

    /// The language of its pages.
    pub fn lang(&self) -> Lang {
        self.chosen_lang().unwrap_or(Lang::En)
    }

    /// The language that it has chosen, if it has.
    pub fn chosen_lang(&self) -> Option<Lang> {
        Lang::of_console_for_tag(&self.lang)
    }

    /// The hash of its password, when it has set one.
    pub fn password_hash(&self) -> Option<&str> {
        self.password_hash.as_deref()
    }

    /// The member with this identifier, unless it has left.
    pub async fn by_id(db: &Db, id: &str) -> sqlx::Result<Option<Member>> {
        let select = format!("{SELECT} where id = $1 and disabled_at is null");
        with_db!(db, pool => sqlx::query_as(sqlx::AssertSqlSafe(select)).bind(id).fetch_optional(pool).await)
    }

    /// The member with this address, unless it has left.
    pub async fn by_email(db: &Db, email: &Email) -> sqlx::Result<Option<Member>> {
        let select = format!("{SELECT} where email = $1 and disabled_at is null");
        with_db!(db, pool => sqlx::query_as(sqlx::AssertSqlSafe(select)).bind(email.as_str()).fetch_optional(pool).await)
    }

    /// The identifier of the member with this address, also of one who has left.
    pub async fn id_of(db: &Db, email: &Email) -> sqlx::Result<Option<String>> {
        let select = "select id from members where email = $1";
        with_db!(db, pool => sqlx::query_scalar(select).bind(email.as_str()).fetch_optional(pool).await)
    }

    /// All members by name, those who have left last.
    pub async fn all(db: &Db) -> sqlx::Result<Vec<Member>> {
        let select = format!("{SELECT} order by case when disabled_at is null then 0 else 1 end, name, id");
        with_db!(db, pool => sqlx::query_as(sqlx::AssertSqlSafe(select)).fetch_all(pool).await)
    }

    /// Whether anybody has ever been added; until then the first set-up is open to whoever has its link.
    pub async fn exist(db: &Db) -> sqlx::Result<bool> {
        let count: i64 =
            with_db!(db, pool => sqlx::query_scalar("select count(*) from members").fetch_one(pool).await)?;
        Ok(count > 0)
    }

    /// Adds a member, or brings one back that had left; gives its identifier.
    pub async fn add(db: &Db, new: &NewMember, stamp: &Stamp) -> anyhow::Result<String> {
        let mut tx = db.begin().await?;
        let id = Self::add_in(&mut tx, new, stamp).await?;
        tx.commit().await?;
        Ok(id)
    }

    /// The same in an open transaction.
    pub async fn add_in(tx: &mut Tx, new: &NewMember, stamp: &Stamp) -> anyhow::Result<String> {
        let back = "update members set name = $1, role = $2, lang = $3, password_hash = $4, disabled_at = null, \
            session_epoch = session_epoch + 1 where email = $5 and disabled_at is not null returning id";
        let returned: Option<String> = with_tx!(&mut *tx, conn => sqlx::query_scalar(back).bind(new.name.as_str())
            .bind(new.role.as_str()).bind(new.lang_tag()).bind(&new.password_hash).bind(new.email.as_str())
            .fetch_optional(conn).await)?;
        let answered = "delete from member_invitations where email = $1";
        with_tx!(&mut *tx, conn => sqlx::query(answered).bind(new.email.as_str()).execute(conn).await.map(|_| ()))?;
        Ok(match returned {
            Some(id) => {
                audit::append(tx, stamp, &new.added(&id)).await?;
                id
            }
            None => insert(tx, new, stamp).await.map_err(|error| {
                if is_unique_violation(&error) {
                    anyhow::anyhow!("there is already a member {}", new.email.as_str())
                } else {
                    error.into()
                }
            })?,
        })
    }

    /// Sets name, role and language of a member in an open transaction.
    pub async fn set_in(
        tx: &mut Tx,
        email: &Email,
        (name, role, lang): (&Name, Role, Lang),
        stamp: &Stamp,
    ) -> anyhow::Result<()> {
        let select = format!("{SELECT} where email = $1 and disabled_at is null");
        let member: Member = with_tx!(&mut *tx, conn => sqlx::query_as(sqlx::AssertSqlSafe(select)).bind(email.as_str()).fetch_one(conn).await)?;
        let update = "update members set name = $1, role = $2, lang = $3 where id = $4";
        with_tx!(&mut *tx, conn => sqlx::query(update).bind(name.as_str()).bind(role.as_str()).bind(lang.as_str()).bind(&member.id)
            .execute(conn).await.map(|_| ()))?;
        let is_last = member.role() == Role::Admin && count_admins(tx).await? == 0;
        ensure!(!is_last, "{} is the last admin; make another one first", email.as_str());
        let described = |role: Role, lang: Lang| json!({"role": role.as_str(), "lang": lang.as_str()});
        let mut set = described(role, lang);
        if member.name != name.as_str() {
            set["name"] = json!("changed");
        }
        let change = Change {
            action: "member.set",
            object: format!("member/{}", member.id),
            before: described(member.role(), member.lang()),
            after: set,
        };
        Ok(audit::append(tx, stamp, &change).await?)
    }

    /// Sets the role of a member in an open transaction, by what their company account says. The last admin stays one, since nobody could let another one in.
    pub async fn set_role_in(tx: &mut Tx, member: &Member, role: Role, stamp: &Stamp) -> sqlx::Result<()> {
        // One after the other: of the last two admins, of whom each sees the other, both could cease to be one at once.
        audit::lock(tx).await?;
        let update = "update members set role = $1 where id = $2 and (role <> 'admin' or \
            (select count(*) from members where role = 'admin' and disabled_at is null) > 1)";
        let set = with_tx!(&mut *tx, conn => sqlx::query(update).bind(role.as_str()).bind(&member.id).execute(conn).await
            .map(|done| done.rows_affected()))?;
        if set == 0 {
            tracing::warn!(member = member.id, "the last admin stays one, whatever the groups of the account say");
            return Ok(());
        }
        let described = |role: &str| json!({"role": role});
        let (before, after) = (described(&member.role), described(role.as_str()));
        let change = Change { action: "member.set", object: format!("member/{}", member.id), before, after };
        audit::append(tx, stamp, &change).await
    }

    /// Sets or clears the password and ends every session of the member.
    pub async fn set_password(db: &Db, id: &str, hash: Option<&str>, stamp: &Stamp) -> sqlx::Result<()> {
        let update = "update members set password_hash = $1, session_epoch = session_epoch + 1 where id = $2";
        let mut tx = db.begin().await?;
        with_tx!(&mut tx, conn => sqlx::query(update).bind(hash).bind(id).execute(conn).await.map(|_| ()))?;
        let forget = "delete from password_links where member_id = $1";
        with_tx!(&mut tx, conn => sqlx::query(forget).bind(id).execute(conn).await.map(|_| ()))?;
        let action = if hash.is_some() { "member.password.set" } else { "member.password.reset" };
        let change = Change { action, object: format!("member/{id}"), before: Value::Null, after: Value::Null };
        audit::append(&mut tx, stamp, &change).await?;
        tx.commit().await
    }

    /// Stores the same password under a stronger hash, unless it was changed meanwhile. No session ends by it.
    pub async fn strengthen_hash(&self, db: &Db, hash: &str) -> sqlx::Result<()> {
        let update = "update members set password_hash = $1 where id = $2 and password_hash = $3";
        with_write!(db, pool => sqlx::query(update).bind(hash).bind(&self.id).bind(&self.password_hash).execute(pool).await.map(|_| ()))
    }

    /// Ends every session of a member.
    pub async fn end_sessions(db: &Db, id: &str) -> sqlx::Result<()> {
        let mut tx = db.begin().await?;
        Self::end_sessions_in(&mut tx, id).await?;
        tx.commit().await
    }

    /// The same in an open transaction.
    pub async fn end_sessions_in(tx: &mut Tx, id: &str) -> sqlx::Result<()> {
        let update = "update members set session_epoch = session_epoch + 1 where id = $1";
        with_tx!(&mut *tx, conn => sqlx::query(update).bind(id).execute(conn).await.map(|_| ()))
    }

    /// Says until when a member is away and gets no new cases; none if it is back.
    pub async fn set_away(&self, db: &Db, until: Option<Millis>, stamp: &Stamp) -> sqlx::Result<()> {
        let update = "update members set away_until = $1 where id = $2";
        let mut tx = db.begin().await?;
        with_tx!(&mut tx, conn => sqlx::query(update).bind(until).bind(&self.id).execute(conn).await.map(|_| ()))?;
        let object = format!("member/{}", self.id);
        let away = |until: Option<Millis>| json!({"away_until": until.map(rfc3339)});
        let change = Change { action: "member.away", object, before: away(self.away_until), after: away(until) };
        audit::append(&mut tx, stamp, &change).await?;
        tx.commit().await
    }

    /// Sets the language of the member's pages.
    pub async fn set_lang(db: &Db, id: &str, lang: Lang) -> sqlx::Result<()> {
        let update = "update members set lang = $1 where id = $2";
        with_write!(db, pool => sqlx::query(update).bind(lang.as_str()).bind(id).execute(pool).await.map(|_| ()))
    }

    /// Sets how the member wants the inbox.
    pub async fn set_inbox_look(db: &Db, id: &str, look: &str) -> sqlx::Result<()> {
        let update = "update members set inbox_look = $1 where id = $2";
        with_write!(db, pool => sqlx::query(update).bind(look).bind(id).execute(pool).await.map(|_| ()))
    }

    /// Lets a member leave in an open transaction: no more sign-in, no open cases, no links. What it wrote keeps its name. The last
    /// admin stays, since nobody could let another one in. What of the service names it is for `service::removal`, which calls this.
    pub async fn remove_in(tx: &mut Tx, email: &Email, stamp: &Stamp) -> anyhow::Result<()> {
        // One after the other: of the last two admins, of whom each sees the other, both could be removed at once.
        audit::lock(tx).await?;
        let update = "update members set disabled_at = $1, password_hash = null, session_epoch = session_epoch + 1 \
            where email = $2 and disabled_at is null returning id, role";
        let found: Option<(String, String)> = with_tx!(&mut *tx, conn => sqlx::query_as(update).bind(stamp.at).bind(email.as_str()).fetch_optional(conn).await)?;
        let Some((id, role)) = found else { anyhow::bail!("there is no member {}", email.as_str()) };
        let is_last = role == Role::Admin.as_str() && count_admins(tx).await? == 0;
        ensure!(!is_last, "{} is the last admin; add another one first", email.as_str());
        for statement in [
            "update cases set owner_id = null, version = version + 1 where owner_id = $1 and status not in ('resolved', 'closed')",
            "update tasks set owner_id = null where owner_id = $1 and done_at is null",
            "delete from links where member_id = $1",
            "delete from password_links where member_id = $1",
            // Their address may be somebody else's by the time they come back.
            "delete from company_accounts where member_id = $1",
            "delete from passkeys where member_id = $1",
        ] {
            with_tx!(&mut *tx, conn => sqlx::query(statement).bind(&id).execute(conn).await.map(|_| ()))?;
        }
        let object = format!("member/{id}");
        let change = Change { action: "member.remove", object, before: json!({"role": role}), after: Value::Null };
        Ok(audit::append(tx, stamp, &change).await?)
    }
}

async fn count_admins(tx: &mut Tx) -> sqlx::Result<i64> {
    let select = "select count(*) from members where role = 'admin' and disabled_at is null";
    with_tx!(tx, conn => sqlx::query_scalar(select).fetch_one(conn).await)
}

/// A member to be.
#[derive(Debug)]
pub struct NewMember {
    /// Where it will sign in from.
    pub email: Email,
    /// What it is called.
    pub name: Name,
    /// What it may do.
    pub role: Role,
    /// The language of its pages; none for that of the page on which it first signs in.
    pub lang: Option<Lang>,
    /// None until it sets a password itself.
    pub password_hash: Option<String>,
}

impl NewMember {
    /// As the database holds it: nothing where none has been chosen.
    fn lang_tag(&self) -> &'static str {
        self.lang.map_or("", Lang::as_str)
    }

    fn added(&self, id: &str) -> Change {
        let after = json!({"role": self.role.as_str()});
        Change { action: "member.add", object: format!("member/{id}"), before: Value::Null, after }
    }
}

/// Inserts a member in an open transaction.
pub async fn insert(tx: &mut Tx, new: &NewMember, stamp: &Stamp) -> sqlx::Result<String> {
    let id = new_id();
    let insert = "insert into members (id, email, name, role, lang, password_hash, created_at) values ($1, $2, $3, $4, $5, $6, $7)";
    with_tx!(&mut *tx, conn => sqlx::query(insert).bind(&id).bind(new.email.as_str()).bind(new.name.as_str())
        .bind(new.role.as_str()).bind(new.lang_tag()).bind(&new.password_hash).bind(stamp.at).execute(conn).await.map(|_| ()))?;
    audit::append(tx, stamp, &new.added(&id)).await?;
    Ok(id)
}

/// The member who may be given a case, by identifier.
pub async fn who_may_own(db: &Db, id: &str) -> Result<Member> {
    let member = Member::by_id(db, id).await?.filter(|member| member.role().may_act());
    member.ok_or(Error::NotFound("there is no such member"))
}
