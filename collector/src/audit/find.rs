//! Entries of the log for people, the newest first, with the names of who did it.

use crate::clock::Millis;
use crate::db::Db;
use crate::with_db;

/// An entry, with what its actor is called.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Named {
    /// Counted up from 1.
    pub number: i64,
    /// When.
    pub at: Millis,
    /// The word for who did it.
    pub actor: String,
    /// The name of the member or token.
    pub name: Option<String>,
    /// What was done.
    pub action: String,
    /// What it was done to.
    pub object: String,
    /// The name of the member that it was done to.
    pub object_name: Option<String>,
    /// JSON with `before` and `after`.
    pub details: String,
}

/// Which entries.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// An action, such as `site.set`, or what it begins with, such as `site`; empty for all.
    pub action: String,
    /// What it was done to, such as `site/acme`; empty for all.
    pub object: String,
    /// A word such as `command`, or the identifier of a member or token; empty for all.
    pub actor: String,
    /// Only entries before this number; 0 for the last ones.
    pub before: i64,
}

/// A page of entries, the newest first.
pub async fn newest(db: &Db, filter: &Filter, limit: i64) -> sqlx::Result<Vec<Named>> {
    let select = "select audit_log.number, audit_log.at, audit_log.actor, coalesce(members.name, tokens.name) as name, audit_log.action, \
        audit_log.object, (select named.name from members named where 'member/' || named.id = audit_log.object) as object_name, audit_log.details from audit_log left join members on members.id = audit_log.actor_id \
        left join tokens on tokens.id = audit_log.actor_id \
        where ($1 = 0 or audit_log.number < $1) and ($2 = '' or audit_log.action = $2 or substr(audit_log.action, 1, length($2) + 1) = $2 || '.') \
        and ($3 = '' or audit_log.object = $3) and ($4 = '' or audit_log.actor = $4 or audit_log.actor_id = $4) \
        order by audit_log.number desc limit $5";
    with_db!(db, pool => sqlx::query_as(select).bind(filter.before).bind(&filter.action).bind(&filter.object).bind(&filter.actor)
        .bind(limit).fetch_all(pool).await)
}
