//! Looking customers up by what they are recognised by, or by the words of their names.

use std::fmt::Write as _;

use sqlx::AssertSqlSafe;

use super::customer::{COLUMNS, Customer};
use super::handles::{Countries, hash_of_identity, hashes_of_contact};
use super::names;
use crate::db::Db;
use crate::keys::Keys;
use crate::with_db;

/// Which customers are looked for.
#[derive(Clone, Default)]
pub struct Wanted {
    /// The identifier of their site.
    pub site_id: Option<String>,
    /// Keyed hashes of what they may be recognised by.
    handles: Vec<String>,
    /// Keyed hashes of the words that their names must have, all of them.
    names: Vec<String>,
    is_text_given: bool,
}

impl Wanted {
    /// Reads what somebody typed: an address, a phone number in any spelling, an identity, or words of a name. Nothing is asked for by nothing.
    pub fn read(keys: &Keys, typed: &str, countries: &Countries) -> Self {
        let typed = typed.trim();
        if typed.is_empty() {
            return Self::default();
        }
        let mut handles = hashes_of_contact(keys, typed, countries);
        let is_contact = !handles.is_empty();
        handles.push(hash_of_identity(keys, typed));
        let names = if is_contact { Vec::new() } else { names::hashes_of_query(keys, typed).into_iter().collect() };
        Self { site_id: None, handles, names, is_text_given: true }
    }

    /// The statement of a page, with its values.
    pub fn statement(&self, after: Option<&str>, limit: usize) -> (String, Vec<String>) {
        let mut values = Vec::new();
        let mut list = |hashes: &[String]| {
            let numbers = hashes.iter().map(|hash| {
                values.push(hash.clone());
                format!("${}", values.len())
            });
            numbers.collect::<Vec<_>>().join(", ")
        };
        let mut sql = format!("select {COLUMNS} from customers where merged_into is null");
        if self.is_text_given {
            let handles = list(&self.handles);
            // In one list, which is looked up first: customers are many.
            let _ = write!(sql, " and id in (select customer_id from customer_handles where hash in ({handles})");
            if !self.names.is_empty() {
                let (names, count) = (list(&self.names), self.names.len());
                let _ = write!(
                    sql,
                    " union select customer_id from customer_names where hash in ({names}) group by customer_id having count(*) = {count}"
                );
            }
            sql.push(')');
        }
        for (column, value) in [("site_id =", self.site_id.as_deref()), ("id <", after)] {
            if let Some(value) = value {
                values.push(value.to_owned());
                let _ = write!(sql, " and {column} ${}", values.len());
            }
        }
        let _ = write!(sql, " order by id desc limit {limit}");
        (sql, values)
    }
}

/// A page of customers, those met last first, and after whom the next page begins, if there is one.
pub async fn page(
    db: &Db,
    wanted: &Wanted,
    after: Option<&str>,
    limit: usize,
) -> sqlx::Result<(Vec<Customer>, Option<String>)> {
    let (sql, values) = wanted.statement(after, limit + 1);
    let sql = AssertSqlSafe(sql);
    let mut customers: Vec<Customer> = with_db!(db, pool => {
        values.iter().fold(sqlx::query_as(sql), |query, value| query.bind(value.as_str())).fetch_all(pool).await
    })?;
    let has_more = customers.len() > limit;
    customers.truncate(limit);
    let next = customers.last().filter(|_| has_more).map(|customer| customer.id.clone());
    Ok((customers, next))
}
