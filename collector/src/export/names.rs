//! What sites and members are called in rows.

use std::collections::HashMap;

use crate::auth::Member;
use crate::db::Db;
use crate::sites::Site;

/// What rows need beside cases.
#[derive(Debug)]
pub struct Names {
    /// The keys of sites by their identifiers.
    pub(super) sites: HashMap<String, String>,
    /// The addresses of members by their identifiers.
    pub(super) members: HashMap<String, String>,
}

impl Names {
    /// Reads them once for a whole export.
    pub async fn load(db: &Db) -> anyhow::Result<Self> {
        let sites = Site::all(db).await?.into_iter().map(|site| (site.id().to_owned(), site.key().to_owned()));
        let members = Member::all(db).await?.into_iter().map(|member| (member.id, member.email));
        Ok(Self { sites: sites.collect(), members: members.collect() })
    }
}
