//! Storing what a program or a member said, and noting that they did.

use serde_json::{Value, json};

use super::{Exposed, Outcome, put};
use crate::audit::{self, Change, Stamp};
use crate::db::{Db, Tx};
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

impl Counts {
    /// Counts what became of a row.
    pub fn add(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::New => self.new += 1,
            Outcome::Replaced => self.replaced += 1,
            Outcome::Same => self.same += 1,
        }
    }

    /// Whether nothing is another than before.
    pub const fn is_unchanged(self) -> bool {
        self.new + self.replaced == 0
    }

    /// Notes in the audit log what was stored of a site.
    pub async fn note(self, tx: &mut Tx, site: &Site, stamp: &Stamp) -> sqlx::Result<()> {
        let after = json!({"new": self.new, "replaced": self.replaced});
        let object = format!("site/{}", site.key());
        let change = Change { action: "exposure.import", object, before: Value::Null, after };
        audit::append(tx, stamp, &change).await
    }
}

/// Stores rows of a site, all or none. The audit log notes how many were new; where nothing is another than before there is nothing to note.
pub async fn store(db: &Db, site: &Site, rows: &[Exposed], stamp: &Stamp) -> sqlx::Result<Counts> {
    let mut counts = Counts::default();
    let mut tx = db.begin().await?;
    for row in rows {
        counts.add(put(&mut tx, site.id(), row, stamp.at).await?);
    }
    if counts.is_unchanged() {
        tx.rollback().await?;
        return Ok(counts);
    }
    counts.note(&mut tx, site, stamp).await?;
    tx.commit().await?;
    Ok(counts)
}
