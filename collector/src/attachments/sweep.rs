//! Files that nobody claimed in time are deleted, wherever a crash left them.

use super::error::store_failed;
use crate::app::App;
use crate::clock::{HOUR, Millis};
use crate::{with_db, with_write};

/// Files looked up at a time.
const BATCH: i64 = 100;

/// From when on an upload is young enough to be claimed.
pub fn claimable_since(app: &App) -> Millis {
    app.clock.now() - i64::from(app.config.retention.unclaimed_hours) * HOUR
}

/// Deletes what had its time, and says how many files that were. A file that the store does not let go keeps its row, and its turn
/// comes again. Replicas may do it at the same time: every step can be repeated.
pub async fn sweep(app: &App) -> sqlx::Result<u64> {
    let before = claimable_since(app);
    // From here on no submission can claim them; what one has claimed meanwhile is none of these.
    let withdraw = "update attachments set claim_hash = null where case_id is null and claim_hash is not null and created_at <= $1";
    with_write!(&app.db, pool => sqlx::query(withdraw).bind(before).execute(pool).await.map(|_| ()))?;
    let select = "select id from attachments where case_id is null and claim_hash is null and created_at <= $1 and id > $2 order by id limit $3";
    let (mut swept, mut after) = (0, String::new());
    loop {
        let ids: Vec<String> = with_db!(&app.db, pool => sqlx::query_scalar(select).bind(before).bind(&after).bind(BATCH).fetch_all(pool).await)?;
        let Some(last) = ids.last() else { return Ok(swept) };
        after.clone_from(last);
        for id in &ids {
            if app.shutdown.is_cancelled() {
                return Ok(swept);
            }
            if app.attachments.store.delete(id).await.map_err(store_failed).is_ok() {
                swept += forget(app, id).await?;
            }
        }
    }
}

/// Deletes one file that was taken away from whoever sent it. If the store does not let it go, the sweep tries again.
pub async fn delete_withdrawn(app: &App, id: &str) -> sqlx::Result<()> {
    if app.attachments.store.delete(id).await.map_err(store_failed).is_ok() {
        forget(app, id).await?;
    }
    Ok(())
}

async fn forget(app: &App, id: &str) -> sqlx::Result<u64> {
    let delete = "delete from attachments where id = $1 and case_id is null and claim_hash is null";
    with_write!(&app.db, pool => sqlx::query(delete).bind(id).execute(pool).await.map(|done| done.rows_affected()))
}
