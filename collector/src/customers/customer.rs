//! The row of a customer, and how they are known.

use std::collections::BTreeMap;

use sqlx::AssertSqlSafe;

use super::handles::HandleKind;
use crate::clock::Millis;
use crate::db::rows::{chunks, placeholders};
use crate::db::{Db, Tx};
use crate::keys::Keys;
use crate::{with_db, with_tx};

/// A customer of a site.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Customer {
    /// Its identifier.
    pub id: String,
    /// The site whose customer it is.
    pub site_id: String,
    /// The key of its tier: what the staff set, else what the site's server said last.
    pub tier: Option<String>,
    /// What it is worth: what the staff set, else what the site's server said last.
    pub value: Option<f64>,
    /// The member who looks after it.
    pub representative_id: Option<String>,
    /// Raised by every change of the staff.
    pub version: i64,
    /// When it was first met.
    pub created_at: Millis,
    /// When the staff changed it last.
    pub updated_at: Millis,
    /// The customer into which it was merged.
    pub merged_into: Option<String>,
    /// When that was.
    pub merged_at: Option<Millis>,
    /// When everything by which it was known was erased.
    pub erased_at: Option<Millis>,
    pub(super) preferred_lang: Option<String>,
    pub(super) preferred_channel: Option<String>,
    pub(super) times_cipher: Option<String>,
    name_cipher: Option<String>,
    notes_cipher: Option<String>,
}

/// By what a customer is known, decrypted, in the order in which it became known. Personal data.
#[derive(Clone, Default)]
pub struct Known {
    /// The site's own identifier.
    pub identity: Option<String>,
    /// Addresses of mail.
    pub emails: Vec<String>,
    /// Phone numbers.
    pub phones: Vec<String>,
}

/// The columns of [`Customer`]. The value is cast since SQLite keeps a whole number in such a column as an integer, and says so where an update gives it back.
pub const COLUMNS: &str = "customers.id, customers.site_id, coalesce(customers.tier, customers.site_tier, customers.rule_tier) as tier, cast(coalesce(customers.value, customers.site_value) as double precision) as value, customers.representative_id, \
    customers.version, customers.created_at, customers.updated_at, customers.merged_into, customers.merged_at, customers.erased_at, customers.preferred_lang, customers.preferred_channel, customers.times_cipher, \
    customers.name_cipher, customers.notes_cipher";

impl Customer {
    /// The customer with this identifier.
    pub async fn by_id(db: &Db, id: &str) -> sqlx::Result<Option<Self>> {
        let select = AssertSqlSafe(format!("select {COLUMNS} from customers where id = $1"));
        with_db!(db, pool => sqlx::query_as(select).bind(id).fetch_optional(pool).await)
    }

    /// Some customers, by their identifiers.
    pub async fn by_ids(db: &Db, ids: &[String]) -> sqlx::Result<BTreeMap<String, Self>> {
        let mut customers = BTreeMap::new();
        for chunk in chunks(ids) {
            let list = placeholders(0, chunk.len());
            let select = AssertSqlSafe(format!("select {COLUMNS} from customers where id in ({list})"));
            let found: Vec<Self> = with_db!(db, pool => {
                chunk.iter().fold(sqlx::query_as(select), |query, id| query.bind(id)).fetch_all(pool).await
            })?;
            customers.extend(found.into_iter().map(|customer| (customer.id.clone(), customer)));
        }
        Ok(customers)
    }

    /// Whether it is a customer by itself, of whom something is known.
    pub fn is_own(&self) -> bool {
        self.merged_into.is_none() && self.erased_at.is_none()
    }

    /// What they are called, decrypted.
    pub fn name(&self, keys: &Keys) -> Option<String> {
        keys.decrypt_text(&name_context(&self.id), self.name_cipher.as_deref()?).filter(|name| !name.is_empty())
    }

    /// What the staff noted about them, decrypted.
    pub fn notes(&self, keys: &Keys) -> Option<String> {
        keys.decrypt_text(&notes_context(&self.id), self.notes_cipher.as_deref()?)
    }
}

/// By what some customers are known.
pub async fn known(db: &Db, keys: &Keys, ids: &[String]) -> sqlx::Result<BTreeMap<String, Known>> {
    let mut all: BTreeMap<String, Known> = BTreeMap::new();
    for chunk in chunks(ids) {
        let select = AssertSqlSafe(format!(
            "select customer_id, kind, hash, value_cipher from customer_handles where customer_id in ({}) order by created_at, hash",
            placeholders(0, chunk.len())
        ));
        let rows: Vec<(String, String, String, String)> = with_db!(db, pool => {
            chunk.iter().fold(sqlx::query_as(select), |query, id| query.bind(id)).fetch_all(pool).await
        })?;
        for (id, kind, hash, cipher) in rows {
            let Some(value) = keys.decrypt_text(&handle_context(&id, &hash), &cipher) else { continue };
            let known = all.entry(id).or_default();
            match HandleKind::parse(&kind) {
                // The first one stays, where two that have one each were merged.
                Some(HandleKind::Identity) => _ = known.identity.get_or_insert(value),
                Some(HandleKind::Email) => known.emails.push(value),
                Some(HandleKind::Phone) => known.phones.push(value),
                None => {}
            }
        }
    }
    Ok(all)
}

/// How many cases some customers have.
pub async fn case_counts(db: &Db, ids: &[String]) -> sqlx::Result<BTreeMap<String, i64>> {
    let mut counts = BTreeMap::new();
    for chunk in chunks(ids) {
        let select = AssertSqlSafe(format!(
            "select customer_id, count(*) from cases where quarantine = '' and customer_id in ({}) group by customer_id",
            placeholders(0, chunk.len())
        ));
        let rows: Vec<(String, i64)> = with_db!(db, pool => {
            chunk.iter().fold(sqlx::query_as(select), |query, id| query.bind(id)).fetch_all(pool).await
        })?;
        counts.extend(rows);
    }
    Ok(counts)
}

/// Where the ciphertext of a name belongs.
pub(crate) fn name_context(customer_id: &str) -> String {
    format!("customer/{customer_id}/name")
}

/// Where the ciphertext of the staff's notes belongs.
pub(crate) fn notes_context(customer_id: &str) -> String {
    format!("customer/{customer_id}/notes")
}

/// Where the ciphertext of what they are recognised by belongs.
pub(crate) fn handle_context(customer_id: &str, hash: &str) -> String {
    format!("customer/{customer_id}/handle/{hash}")
}

/// Locks the row of a customer for the rest of the transaction, and reads it: the update is what locks a row on both databases.
pub(crate) async fn lock(tx: &mut Tx, id: &str) -> sqlx::Result<Option<Customer>> {
    let update =
        AssertSqlSafe(format!("update customers set updated_at = updated_at where id = $1 returning {COLUMNS}"));
    with_tx!(tx, conn => sqlx::query_as(update).bind(id).fetch_optional(conn).await)
}
