//! Cases in quarantine. Nobody is made a customer by one, and it stands in nobody's history; but by what its sender would be recognised is kept, so that
//! an export and an erasure find what was said in a customer's name.

use std::sync::Arc;

use super::assign::{Unassigned, Which, unassigned};
use super::handles::Countries;
use crate::db::rows::{Part, Rows, chunks};
use crate::db::{Db, Tx};
use crate::keys::Keys;
use crate::sites::Site;
use crate::{with_db, with_tx};

/// Cases of one step of the upgrade.
const BATCH: i64 = 256;

/// The cases of a customer with those in quarantine that would be theirs, the oldest first.
pub(crate) const CASES_OF: &str = "select id from cases where customer_id = $1 union select cases.id from customer_handles \
    join quarantine_handles on quarantine_handles.hash = customer_handles.hash join cases on cases.id = quarantine_handles.case_id \
    where customer_handles.customer_id = $1 and cases.site_id = customer_handles.site_id and cases.customer_id is null order by id";

/// Reads what those of some cases that are in quarantine say of their customers.
pub(super) async fn read(db: &Db, case_ids: &[String]) -> sqlx::Result<Vec<Unassigned>> {
    unassigned(db, case_ids, Which::Quarantined).await
}

/// Keeps by what the customers of cases in quarantine would be recognised.
pub(super) async fn note(tx: &mut Tx, keys: &Keys, countries: &Countries, cases: &[Unassigned]) -> sqlx::Result<()> {
    static INSERT: Rows = Rows::new(&[Part {
        head: "insert into quarantine_handles (hash, case_id) values ",
        row: "(?, ?)",
        tail: " on conflict (hash, case_id) do nothing",
    }]);
    let mut rows: Vec<(String, &str)> = Vec::new();
    for case in cases {
        let handles = case.handles(keys, countries);
        rows.extend(handles.hashes().map(|hash| (hash.to_owned(), case.id.as_str())));
    }
    for chunk in chunks(&rows) {
        let insert = INSERT.sql(tx, chunk.len());
        with_tx!(&mut *tx, conn => {
            let query = chunk.iter().fold(sqlx::query(insert), |query, (hash, case_id)| query.bind(hash).bind(*case_id));
            query.execute(conn).await.map(|_| ())
        })?;
    }
    Ok(())
}

/// Forgets it of a case that was released, which gets a customer like any other.
pub(crate) async fn forget(tx: &mut Tx, case_id: &str) -> sqlx::Result<()> {
    let delete = "delete from quarantine_handles where case_id = $1";
    with_tx!(tx, conn => sqlx::query(delete).bind(case_id).execute(conn).await.map(|_| ()))
}

/// Does it for the next cases after `after`, which is empty at the beginning; gives the last of them, or none when all are done.
pub async fn batch(db: &Db, keys: &Keys, after: &str) -> anyhow::Result<Option<String>> {
    let select = "select id from cases where quarantine in ('held', 'discarded') and id > $1 order by id limit $2";
    let ids: Vec<String> =
        with_db!(db, pool => sqlx::query_scalar(select).bind(after).bind(BATCH).fetch_all(pool).await)?;
    let sites: Vec<Arc<Site>> = Site::all(db).await?.into_iter().map(Arc::new).collect();
    let cases = read(db, &ids).await?;
    let mut tx = db.begin().await?;
    note(&mut tx, keys, &Countries::of(&sites), &cases).await?;
    tx.commit().await?;
    Ok(ids.into_iter().next_back())
}
