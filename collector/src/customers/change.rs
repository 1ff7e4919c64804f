//! What the staff set of a customer: name, tier, representative, notes.

use sayso_shared::contact::one_line;
use sayso_shared::id::IdempotencyKey;
use sayso_shared::limits::{MESSAGE_MAX, NAME_MAX};
use sayso_shared::masking::{Masking, mask};
use sayso_shared::text::Text;
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;

use super::customer::{COLUMNS, Customer, lock, name_context, notes_context};
use super::preferences::{self, PreferencesPatch};
use super::{names, tier_rules, tiers};
use crate::app::App;
use crate::audit::{self, Change, Stamp};
use crate::cases::idempotency::{KeyStatus, record_key};
use crate::cases::{Actor, CaseError};
use crate::clocks::Terms;
use crate::db::{Tx, is_deadlock};
use crate::http::Error;
use crate::sites::value::CustomerValue;
use crate::with_tx;

/// What the staff note about a customer.
pub type Notes = Text<MESSAGE_MAX>;

/// What a customer is called: one line of 1 to 100 characters.
#[derive(Clone, PartialEq, Eq)]
pub struct Name(String);

/// What is to be another. What is none stays.
#[derive(Clone, Default)]
pub struct Patch {
    /// What they are called.
    pub name: Option<Option<Name>>,
    /// The key of their tier; `Some(None)` for what the site's server says.
    pub tier: Option<Option<String>>,
    /// What they are worth; `Some(None)` for what the site's server says.
    pub value: Option<Option<CustomerValue>>,
    /// The identifier of the member who looks after them.
    pub representative_id: Option<Option<String>>,
    /// What the staff note about them.
    pub notes: Option<Option<Notes>>,
    /// How they want to be dealt with.
    pub preferences: PreferencesPatch,
}

/// Why a customer can't be changed.
#[derive(Debug, thiserror::Error)]
pub enum CustomerError {
    /// Nobody has this identifier.
    #[error("there is no such customer")]
    NotFound,
    /// Somebody has changed it since it was read.
    #[error("the customer was changed meanwhile and is at version {version} now: {changes}")]
    Stale {
        /// The version that it is at.
        version: i64,
        /// Who changed what since then, such as `Tom Reed: tier`.
        changes: String,
    },
    /// It is not possible with this customer, for a reason.
    #[error("{0}")]
    Refused(&'static str),
    /// The idempotency key was used for something else, or a case of the customer can't be changed.
    #[error(transparent)]
    Case(#[from] CaseError),
    /// The database failed.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

impl Name {
    /// Reads a name, in which a card is masked.
    pub fn parse(typed: &str) -> Result<Self, String> {
        let name = one_line(typed)?;
        let name: Text<NAME_MAX> = Text::parse(&name).map_err(|error| error.detail.to_string())?;
        Ok(Self(mask(name.into_string(), Masking::Cards)))
    }

    /// The name.
    pub fn into_string(self) -> String {
        self.0
    }
}

impl Patch {
    /// Whether nothing is to be another.
    pub fn is_empty(&self) -> bool {
        let Self { name, tier, value, representative_id, notes, preferences } = self;
        name.is_none()
            && tier.is_none()
            && value.is_none()
            && representative_id.is_none()
            && notes.is_none()
            && preferences.is_empty()
    }
}

impl From<CustomerError> for Error {
    fn from(error: CustomerError) -> Self {
        match error {
            CustomerError::NotFound => Error::NotFound("there is no such customer"),
            CustomerError::Stale { .. } => Error::Stale(error.to_string()),
            CustomerError::Refused(reason) => Error::Conflict(reason.to_owned()),
            CustomerError::Case(error) => error.into(),
            CustomerError::Database(error) => Error::Database(error),
        }
    }
}

/// Changes a customer, once for a key. With `version`, only if it is still at it.
pub async fn patch(
    app: &App,
    id: &str,
    actor: &Actor,
    patch: &Patch,
    version: Option<i64>,
    key: (&IdempotencyKey, &str),
) -> Result<(), CustomerError> {
    let terms = Terms::current(app).await.map_err(CaseError::from)?;
    loop {
        match try_patch(app, &terms, id, actor, patch, version, key).await {
            // A case of the customer is worked on at the same time.
            Err(CustomerError::Database(error) | CustomerError::Case(CaseError::Database(error)))
                if is_deadlock(&error) => {}
            Err(error) => return Err(error),
            Ok(case_ids) => {
                for case_id in case_ids {
                    app.publish(&case_id, tiers::EVENT.as_str());
                }
                if patch.value.is_some() {
                    tier_rules::apply(app, &[id.to_owned()]).await?;
                }
                return Ok(());
            }
        }
    }
}

/// Gives the cases that have another tier with it.
async fn try_patch(
    app: &App,
    terms: &Terms,
    id: &str,
    actor: &Actor,
    patch: &Patch,
    version: Option<i64>,
    key: (&IdempotencyKey, &str),
) -> Result<Vec<String>, CustomerError> {
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    let before = lock(&mut tx, id).await?.ok_or(CustomerError::NotFound)?;
    if record_key(&mut tx, id, key.0, key.1, now).await? == KeyStatus::Repeated {
        tx.rollback().await?;
        return Ok(Vec::new());
    }
    if before.merged_into.is_some() {
        return Err(CustomerError::Refused("the customer is merged into another one, which is the one to change"));
    }
    if before.erased_at.is_some() {
        return Err(CustomerError::Refused("the customer was erased"));
    }
    if version.is_some_and(|version| version != before.version) {
        let changes = changes_since(&mut tx, id, version.unwrap_or_default()).await?;
        return Err(CustomerError::Stale { version: before.version, changes });
    }
    let mut changed = write(&mut tx, app, &before, patch).await?;
    let update = AssertSqlSafe(format!(
        "update customers set version = version + 1, updated_at = $1 where id = $2 returning {COLUMNS}"
    ));
    let after: Customer = with_tx!(&mut tx, conn => sqlx::query_as(update).bind(now).bind(id).fetch_one(conn).await)?;
    // Without one of the staff's own, the tier and the value are what the site's server says.
    changed.retain(|field| match *field {
        "tier" => before.tier != after.tier,
        "value" => before.value != after.value,
        _ => true,
    });
    if changed.is_empty() {
        tx.rollback().await?;
        return Ok(Vec::new());
    }
    let case_ids = match before.tier == after.tier {
        true => Vec::new(),
        false => tiers::follow(&mut tx, &app.keys, terms, &after, before.tier.as_deref(), actor, now).await?,
    };
    let change = Change {
        action: "customer.set",
        object: format!("customer/{id}"),
        before: said(&before, &changed),
        after: said(&after, &changed),
    };
    audit::append(&mut tx, &Stamp { actor: audit_actor(actor), at: now }, &change).await?;
    tx.commit().await?;
    Ok(case_ids)
}

/// Writes what is another now; gives the names of the fields.
async fn write(tx: &mut Tx, app: &App, before: &Customer, patch: &Patch) -> Result<Vec<&'static str>, CustomerError> {
    let (id, keys) = (before.id.as_str(), &app.keys);
    let mut changed = Vec::new();
    let mut columns: Vec<(&'static str, Option<String>)> = Vec::new();
    if let Some(name) = &patch.name {
        let name = name.as_ref().map(|name| name.0.as_str());
        if name != before.name(keys).as_deref() {
            // An empty one, so that no later case gives the name again.
            columns.push(("name_cipher", Some(keys.encrypt(&name_context(id), name.unwrap_or_default().as_bytes()))));
            names::index(tx, keys, id, name).await?;
            changed.push("name");
        }
    }
    if let Some(tier) = patch.tier.as_ref().filter(|tier| **tier != before.tier) {
        columns.push(("tier", tier.clone()));
        changed.push("tier");
    }
    if let Some(value) =
        patch.value.map(|value| value.map(CustomerValue::number)).filter(|value| *value != before.value)
    {
        let update = "update customers set value = $1 where id = $2";
        with_tx!(&mut *tx, conn => sqlx::query(update).bind(value).bind(id).execute(conn).await.map(|_| ()))?;
        changed.push("value");
    }
    if let Some(member) = patch.representative_id.as_ref().filter(|member| **member != before.representative_id) {
        columns.push(("representative_id", member.clone()));
        changed.push("representative");
    }
    if let Some(notes) = &patch.notes {
        let notes = notes.clone().map(|notes| notes.masked(Masking::Cards).into_string());
        if notes != before.notes(keys) {
            columns.push(("notes_cipher", notes.map(|notes| keys.encrypt(&notes_context(id), notes.as_bytes()))));
            changed.push("notes");
        }
    }
    if preferences::write(tx, keys, before, &patch.preferences).await? {
        changed.push("preferences");
    }
    for (column, value) in columns {
        let update = AssertSqlSafe(format!("update customers set {column} = $1 where id = $2"));
        with_tx!(&mut *tx, conn => sqlx::query(update).bind(value).bind(id).execute(conn).await.map(|_| ()))?;
    }
    Ok(changed)
}

/// What the audit log says of a customer: nothing that anybody wrote.
fn said(customer: &Customer, changed: &[&str]) -> Value {
    let mut said = json!({"version": customer.version, "fields": changed});
    if changed.contains(&"value") {
        said["value"] = json!(customer.value);
    }
    for (field, value) in [("tier", &customer.tier), ("representative", &customer.representative_id)] {
        if changed.contains(&field) {
            said[field] = json!(value);
        }
    }
    said
}

/// Who has changed what of a customer since a version.
async fn changes_since(tx: &mut Tx, id: &str, version: i64) -> sqlx::Result<String> {
    let select = "select coalesce(members.name, tokens.name, audit_log.actor), audit_log.details from audit_log \
        left join members on members.id = audit_log.actor_id left join tokens on tokens.id = audit_log.actor_id \
        where audit_log.object = $1 and audit_log.action = 'customer.set' order by audit_log.number";
    let rows: Vec<(String, String)> =
        with_tx!(tx, conn => sqlx::query_as(select).bind(format!("customer/{id}")).fetch_all(conn).await)?;
    let later = rows.into_iter().filter_map(|(who, details)| {
        let details: Value = serde_json::from_str(&details).ok()?;
        let fields = details["after"]["fields"].as_array()?.iter().filter_map(Value::as_str).collect::<Vec<_>>();
        (details["after"]["version"].as_i64()? > version).then(|| format!("{who}: {}", fields.join(", ")))
    });
    Ok(later.collect::<Vec<_>>().join("; "))
}

pub(crate) fn audit_actor(actor: &Actor) -> audit::Actor {
    match actor {
        Actor::Member(id) => audit::Actor::Member(id.clone()),
        Actor::Token(id) => audit::Actor::Token(id.clone()),
        Actor::Customer | Actor::System => audit::Actor::System,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_line_of_so_many_characters() {
        assert!(Name::parse(&"李".repeat(NAME_MAX)).is_ok());
        assert!(Name::parse("Li 4111111111111111").is_ok_and(|name| name.0 == "Li ••••••••••••1111"));
        for wrong in ["", "  ", "Li\nLei", &"李".repeat(NAME_MAX + 1)] {
            assert!(Name::parse(wrong).is_err(), "{wrong:?}");
        }
    }
}
