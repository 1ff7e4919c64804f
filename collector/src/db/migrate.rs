//! Bringing the tables up to date.

use anyhow::Context;

use super::migrations::MIGRATIONS;
use super::{Db, case_blocks, search};
use crate::with_write;

impl Db {
    /// Brings the tables up to date. PostgreSQL's advisory lock lets one of several replicas do it.
    pub async fn migrate(&self) -> anyhow::Result<()> {
        with_write!(self, pool => MIGRATIONS.run(pool).await).context("cannot migrate the database")?;
        search::prepare(self).await.context("cannot prepare the search index")?;
        case_blocks::prepare(self).await.context("cannot prepare the facts of reports")
    }
}
