//! Storing what a program or a member said, and noting that they did.

use serde_json::{Value, json};

use super::{Exposed, Outcome, put};
use crate::audit::{self, Change, Stamp};
use crate::db::Db;
use crate::sites::Site;

/// What became of rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Those of a day and kind that had none.
    pub new: u64,
    /// Those that had another number.
    pub replaced: u64,
    /// Those that had the same.
    pub same: u64,
}

/// Stores rows of a site, all or none. The audit log notes how many were new; where nothing is another than before there is nothing to note.
pub async fn store(db: &Db, site: &Site, rows: &[Exposed], stamp: &Stamp) -> sqlx::Result<Counts> {
    let mut counts = Counts::default();
    let mut tx = db.begin().await?;
    for row in rows {
        match put(&mut tx, site.id(), row, stamp.at).await? {
            Outcome::New => counts.new += 1,
            Outcome::Replaced => counts.replaced += 1,
            Outcome::Same => counts.same += 1,
        }
    }
    if counts.new + counts.replaced == 0 {
        tx.rollback().await?;
        return Ok(counts);
    }
    let after = json!({"new": counts.new, "replaced": counts.replaced});
    let change =
        Change { action: "exposure.import", object: format!("site/{}", site.key()), before: Value::Null, after };
    audit::append(&mut tx, stamp, &change).await?;
    tx.commit().await?;
    Ok(counts)
}
