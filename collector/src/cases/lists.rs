//! Cases page by page, by the indexes of their table.

use std::collections::HashMap;

use sqlx::AssertSqlSafe;

use super::case::SELECT;
use super::{Case, Status};
use crate::app::App;
use crate::db::rows::{chunks, placeholders};
use crate::db::search::Order;
use crate::http::Result;
use crate::with_db;

impl Case {
    /// Cases that are not in quarantine, of these statuses or of all, after `after` in the order that is asked for.
    pub async fn page(
        app: &App,
        statuses: &[Status],
        order: Order,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Case>> {
        let goes_on = if after.is_some() { GoesOn::After } else { GoesOn::First };
        let sql = AssertSqlSafe(page_sql(statuses, order, goes_on, limit));
        Ok(with_db!(&app.db, pool => {
            after.iter().fold(sqlx::query_as(sql), |query, id| query.bind(*id)).fetch_all(pool).await
        })?)
    }

    /// Certain cases, in their order.
    pub async fn by_ids(app: &App, ids: &[String]) -> Result<Vec<Case>> {
        let mut cases: Vec<Case> = Vec::with_capacity(ids.len());
        for chunk in chunks(ids) {
            let sql = AssertSqlSafe(format!("{SELECT} where cases.id in ({})", placeholders(0, chunk.len())));
            let found: Vec<Case> = with_db!(&app.db, pool => {
                chunk.iter().fold(sqlx::query_as(sql), |query, id| query.bind(id)).fetch_all(pool).await
            })?;
            cases.extend(found);
        }
        let place: HashMap<&str, usize> = ids.iter().map(String::as_str).zip(0..).collect();
        cases.sort_by_key(|case| place.get(case.id.as_str()).copied());
        Ok(cases)
    }
}

/// The statement of a page. Each status is read by its index, in order and no further than a page; so the time does not grow with the cases.
pub fn page_sql(statuses: &[Status], order: Order, goes_on: GoesOn, limit: usize) -> String {
    let (order, after) = match order {
        Order::Newest => ("desc", " and id < $1"),
        Order::Oldest => ("asc", " and id > $1"),
    };
    let after = if goes_on == GoesOn::After { after } else { "" };
    let part = |of: &str| format!("select id from cases where {of}{after} order by id {order} limit {limit}");
    let ids = match statuses {
        // Written so that no index by quarantine fits, which would have to sort all cases.
        [] => part("quarantine not in ('held', 'discarded', 'merged')"),
        statuses => {
            let parts = statuses.iter().map(|status| {
                let word = status.as_str();
                format!("select id from ({}) as c_{word}", part(&format!("quarantine = '' and status = '{word}'")))
            });
            let parts = parts.collect::<Vec<_>>().join(" union all ");
            format!("select id from ({parts}) as chosen order by id {order} limit {limit}")
        }
    };
    format!("{SELECT} where cases.id in ({ids}) order by cases.id {order}")
}

/// Whether a page is not the first one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GoesOn {
    /// It is the first.
    First,
    /// It begins after a case, which is bound.
    After,
}
