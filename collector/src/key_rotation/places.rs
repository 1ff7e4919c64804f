//! Where ciphertexts are: whoever adds a column with one names it here, and a test finds those that are missing.

use sqlx::AssertSqlSafe;

use crate::auth::totp;
use crate::cases::{case, code};
use crate::customers::customer::{handle_context, name_context, notes_context};
use crate::customers::preferences::times_context;
use crate::db::Db;
use crate::inbound;
use crate::keys::Keys;
use crate::outbox::dkim;
use crate::receipts::{hash_context, keys as signing};
use crate::sites::{secrets, targets};
use crate::{with_db, with_tx};

/// Rows of one transaction.
const BATCH: i64 = 64;

/// A column with ciphertexts.
pub(super) struct Place {
    /// The table and the column.
    pub(super) name: &'static str,
    /// What tells its rows apart, in the order in which they are read: the primary key, of one or two columns.
    key: [&'static str; 2],
    /// The column of what a ciphertext is bound to.
    owner: &'static str,
    /// The context of a ciphertext, by its owner and the first column of the key.
    context: fn(&str, &str) -> String,
}

const fn place(name: &'static str, id: &'static str, context: fn(&str, &str) -> String) -> Place {
    Place { name, key: [id, id], owner: id, context }
}

pub(super) const PLACES: [Place; 15] = [
    place("signing_keys.private_cipher", "id", |id, _| signing::context(id)),
    place("dkim_keys.private_cipher", "id", |id, _| dkim::context(id)),
    place("site_secrets.secret_cipher", "id", |id, _| secrets::context(id)),
    place("targets.access_cipher", "id", |id, _| targets::access::context(id)),
    place("customers.name_cipher", "id", |id, _| name_context(id)),
    place("members.totp_cipher", "id", |id, _| totp::context(id)),
    place("customers.notes_cipher", "id", |id, _| notes_context(id)),
    place("customers.times_cipher", "id", |id, _| times_context(id)),
    Place {
        name: "customer_handles.value_cipher",
        key: ["hash", "site_id"],
        owner: "customer_id",
        context: handle_context,
    },
    place("inbound_mails.raw_cipher", "id", |id, _| inbound::raw_context(id)),
    place("inbound_mails.message_id_cipher", "id", |id, _| inbound::message_id_context(id)),
    place("erasures.text_hash_cipher", "case_id", |id, _| hash_context(id)),
    place("feedback.contact_cipher", "id", |id, _| case::contact_context(id)),
    place("feedback.identity_cipher", "id", |id, _| case::identity_context(id)),
    place("cases.code_cipher", "id", |id, _| code::context(id)),
];

/// Owner, ciphertext, and the key of a row.
type Row = (String, String, String, String);

impl Place {
    /// Encrypts some rows anew that come after a cursor, which is empty at the beginning; gives the cursor behind them, or none where there are no more.
    /// A row that is changed meanwhile is left to whoever changed it, who has the key that encrypts now, or is looked at again.
    pub(super) async fn encrypt_batch(&self, db: &Db, keys: &Keys, cursor: &str) -> anyhow::Result<Option<String>> {
        let (table, column) = self.table_and_column();
        let [first, second] = self.key;
        let (after, beside) = cursor.split_once(' ').unwrap_or((cursor, ""));
        let select = AssertSqlSafe(format!(
            "select {owner}, {column}, {first}, {second} from {table} where {column} is not null \
             and ({first}, {second}) > ($1, $2) order by {first}, {second} limit {BATCH}",
            owner = self.owner
        ));
        let rows: Vec<Row> =
            with_db!(db, pool => sqlx::query_as(select).bind(after).bind(beside).fetch_all(pool).await)?;
        let update = format!("update {table} set {column} = $1 where {column} = $2 and {first} = $3 and {second} = $4");
        let mut tx = db.begin().await?;
        for (owner, cipher, key, more) in rows.iter().filter(|(_, cipher, ..)| !keys.is_current(cipher)) {
            let context = (self.context)(owner, key);
            let Some(plain) = keys.decrypt(&context, cipher) else {
                // It stays as it is, for the key that it was made with.
                tracing::error!(place = self.name, key, "this can't be decrypted with the keys at hand");
                continue;
            };
            let anew = keys.encrypt(&context, &plain);
            let update = AssertSqlSafe(update.clone());
            with_tx!(&mut tx, conn => sqlx::query(update).bind(&anew).bind(cipher).bind(key).bind(more).execute(conn).await.map(|_| ()))?;
        }
        tx.commit().await?;
        Ok(rows.last().map(|(_, _, key, more)| format!("{key} {more}")))
    }

    /// How many ciphertexts there are, and how many of them with a key.
    pub(super) async fn count(&self, db: &Db, key_id: &str) -> sqlx::Result<(i64, i64)> {
        let (table, column) = self.table_and_column();
        let select = AssertSqlSafe(format!(
            "select count(*), count(case when substr({column}, 1, length($1)) = $1 then 1 end) from {table} where {column} is not null"
        ));
        let prefix = format!("1.{key_id}.");
        with_db!(db, pool => sqlx::query_as(select).bind(&prefix).fetch_one(pool).await)
    }

    fn table_and_column(&self) -> (&'static str, &'static str) {
        self.name.split_once('.').unwrap_or((self.name, ""))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every column that a migration makes for a ciphertext, but those that nothing writes any more.
    #[test]
    fn every_ciphertext_has_its_place() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
        let mut columns = std::collections::BTreeSet::new();
        for file in std::fs::read_dir(folder).expect("a folder of ours").flatten() {
            let sql = std::fs::read_to_string(file.path()).expect("a file of ours");
            let words = sql.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
            columns.extend(words.filter(|word| word.ends_with("_cipher") && *word != "_cipher").map(str::to_owned));
        }
        let known = |column: &String| PLACES.iter().any(|place| place.table_and_column().1 == column);
        assert!(columns.len() >= 9, "{columns:?}");
        assert!(columns.iter().all(known), "one of {columns:?} has no place");
    }
}
