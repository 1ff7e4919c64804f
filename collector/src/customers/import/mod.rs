//! `sayso customer import`: who a company's customers are, by its own list: what they are called, how important they are, and who looks after them.
//!
//! A row is taken as a case would be whose site vouched for it: the customer is found by identity, address or phone number, exactly, or made. What the staff
//! have set by hand stays above what a list says, but for the representative, who is set.

mod row;
mod store;

use std::time::Instant;

use clap::Subcommand;
use serde_json::{Value, json};

use self::row::{COLUMNS, Known, Listed};
use self::store::{Outcome, store};
use crate::audit::{self, Change, Stamp};
use crate::auth::Member;
use crate::clocks::Terms;
use crate::context::Context;
use crate::customers::tier_rules;
use crate::import::file::{Mode, Refusals, TableFile};
use crate::import::let_others_write;
use crate::service::ServiceCache;
use crate::sites::{Site, SiteCache};

/// Rows of one commit.
const BATCH: usize = 250;

/// Store who a company's customers are, from its own list.
#[derive(Debug, Subcommand)]
pub enum CustomerCommand {
    /// Store rows of a CSV file: identity, email or phone say who it is, and name, tier, value and representative (the address of a member) are what is noted.
    /// The same row again changes nothing, and an empty field leaves what is known.
    Import {
        #[command(flatten)]
        table: TableFile,
        /// The key of the site; not needed where there is one.
        #[arg(long)]
        site: Option<String>,
    },
}

/// Does what the command says.
pub async fn run(command: CustomerCommand, context: &Context) -> anyhow::Result<()> {
    let CustomerCommand::Import { table, site } = command;
    let mode = table.mode();
    let Context { db, keys, clock, .. } = context;
    let site = Site::by_key_or_only(db, site.as_deref()).await?;
    let terms = Terms::new(
        ServiceCache::new(db.clone(), clock.clone()).current().await?,
        SiteCache::new(db.clone(), clock.clone()).all().await?,
    );
    let members = Member::all(db).await?;
    let known = Known { site: &site, service: terms.service(), members: &members, keys };
    let mut table = table.open(COLUMNS)?;
    let (mut outcome, mut refusals) = (Outcome::default(), Refusals::default());
    let mut rows: Vec<Listed> = Vec::with_capacity(BATCH);
    let mut is_at_end = false;
    while !is_at_end {
        match table.next_row()? {
            Some((line, row)) => match row.and_then(|row| known.read(&row)) {
                Ok(row) => rows.push(row),
                Err(reason) => refusals.refuse(line, &reason),
            },
            None => is_at_end = true,
        }
        if rows.len() == BATCH || is_at_end {
            let started = Instant::now();
            let mut tx = db.begin().await?;
            outcome += store(&mut tx, keys, &terms, &site, std::mem::take(&mut rows), clock.now()).await?;
            match mode {
                Mode::Try => tx.rollback().await?,
                // What was stored stays if the command is stopped.
                Mode::Store => tx.commit().await?,
            }
            let_others_write(db, started.elapsed()).await;
        }
    }
    let Outcome { new, changed, same } = outcome;
    if mode == Mode::Store && new + changed > 0 {
        let after = json!({"new": new, "changed": changed});
        let object = format!("site/{}", site.key());
        tier_rules::look_again(db, site.id()).await?;
        let change = Change { action: "customers.import", object, before: Value::Null, after };
        let mut tx = db.begin().await?;
        audit::append(&mut tx, &Stamp::command(clock.now()), &change).await?;
        tx.commit().await?;
    }
    let verb = if mode == Mode::Try { "Would be new" } else { "New" };
    println!("{verb}: {new}. Changed: {changed}. Unchanged: {same}. Refused: {}.", refusals.count());
    refusals.finish(mode)
}
