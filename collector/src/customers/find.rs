//! Looking customers up by what they are recognised by, or by the words of their names.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

use sqlx::AssertSqlSafe;

use super::customer::{COLUMNS, Customer};
use super::handles::{Countries, hash_of_identity, hashes_of_contact};
use super::names;
use crate::db::Db;
use crate::keys::Keys;
use crate::with_db;

/// Which customers are looked for, and in which order.
#[derive(Clone, Default)]
pub struct Wanted {
    /// The identifier of their site.
    pub site_id: Option<String>,
    /// The tier that they are in.
    pub tier: Option<InTier>,
    /// Who looks after them.
    pub representative: Option<LookedAfter>,
    /// In which order.
    pub order: Order,
    /// Keyed hashes of what they may be recognised by.
    handles: Vec<String>,
    /// Keyed hashes of the words that their names must have, all of them.
    names: Vec<String>,
    is_text_given: bool,
}

/// The tier of customers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InTier {
    /// Any, so that they are in one at all.
    Any,
    /// The one with this key.
    Key(String),
}

/// Who looks after customers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LookedAfter {
    /// Nobody.
    ByNobody,
    /// The member with this identifier.
    By(String),
}

/// The order of customers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// Those met last first.
    #[default]
    Newest,
    /// Those of most value first.
    Value,
}

/// The last customer of a page, after whom the next one begins.
#[derive(Clone, Debug, PartialEq)]
pub struct Cursor {
    /// By value: what the customer is worth.
    value: Option<f64>,
    id: String,
}

/// A value of a statement.
#[derive(Clone, Debug, PartialEq)]
pub enum Bound {
    /// Words.
    Text(String),
    /// A number.
    Number(f64),
}

/// The tier that counts, as the index has it.
const TIER: &str = "coalesce(tier, site_tier, rule_tier)";
/// What a customer is worth, as the index has it; less than nothing where that is unknown.
const VALUE: &str = "coalesce(value, site_value, -1)";

impl Order {
    /// Reads the word of an address.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "newest" => Some(Order::Newest),
            "value" => Some(Order::Value),
            _ => None,
        }
    }
}

impl Cursor {
    /// Reads what a page said of the next one in the same order.
    pub fn parse(order: Order, typed: &str) -> Option<Self> {
        let (value, id) = match order {
            Order::Newest => (None, typed),
            Order::Value => {
                let (value, id) = typed.split_once('_')?;
                (Some(value.parse().ok().filter(|value: &f64| value.is_finite())?), id)
            }
        };
        Some(Self { value, id: uuid::Uuid::parse_str(id).ok()?.to_string() })
    }

    fn of(order: Order, customer: &Customer) -> Self {
        let value = (order == Order::Value).then(|| customer.value.unwrap_or(-1.0));
        Self { value, id: customer.id.clone() }
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.value {
            Some(value) => write!(formatter, "{value}_{}", self.id),
            None => formatter.write_str(&self.id),
        }
    }
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
        Self { handles, names, is_text_given: true, ..Self::default() }
    }

    /// The same of those that somebody typed.
    pub fn with_text(self, keys: &Keys, typed: &str, countries: &Countries) -> Self {
        let Self { handles, names, is_text_given, .. } = Self::read(keys, typed, countries);
        Self { handles, names, is_text_given, ..self }
    }

    /// The statement of a page, with its values.
    pub fn statement(&self, after: Option<&Cursor>, limit: usize) -> (String, Vec<Bound>) {
        let mut values = Vec::new();
        let mut bind = |value: Bound| {
            values.push(value);
            format!("${}", values.len())
        };
        let mut list = |hashes: &[String]| {
            hashes.iter().map(|hash| bind(Bound::Text(hash.clone()))).collect::<Vec<_>>().join(", ")
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
        if let Some(site_id) = &self.site_id {
            let _ = write!(sql, " and site_id = {}", bind(Bound::Text(site_id.clone())));
        }
        match &self.tier {
            Some(InTier::Any) => sql.push_str(IN_A_TIER),
            Some(InTier::Key(key)) => {
                // Both, so that the index of those who are in one is seen to have them all.
                let _ = write!(sql, "{IN_A_TIER} and {TIER} = {}", bind(Bound::Text(key.clone())));
            }
            None => {}
        }
        match &self.representative {
            Some(LookedAfter::ByNobody) => sql.push_str(" and representative_id is null"),
            Some(LookedAfter::By(id)) => {
                let _ = write!(sql, " and representative_id = {}", bind(Bound::Text(id.clone())));
            }
            None => {}
        }
        match (after, self.order) {
            (Some(Cursor { value: Some(value), id }), _) => {
                let (value, id) = (bind(Bound::Number(*value)), bind(Bound::Text(id.clone())));
                sql = after_value(&sql, &value, &id, limit);
            }
            (Some(Cursor { value: None, id }), _) => {
                let id = bind(Bound::Text(id.clone()));
                let _ = write!(sql, " and id < {id} order by id desc limit {limit}");
            }
            (None, Order::Newest) => _ = write!(sql, " order by id desc limit {limit}"),
            (None, Order::Value) => _ = write!(sql, " order by {VALUE} desc, id desc limit {limit}"),
        }
        (sql, values)
    }
}

/// What comes after a customer by value: those of the same value, and then those of less. Each by the index, which a comparison of both at once is not on SQLite:
/// it would read all that came before.
fn after_value(select: &str, value: &str, id: &str, limit: usize) -> String {
    format!(
        "select * from (select * from ({select} and {VALUE} = {value} and id < {id} order by id desc limit {limit}) as same \
            union all select * from ({select} and {VALUE} < {value} order by {VALUE} desc, id desc limit {limit}) as less) as page \
         order by coalesce(value, -1) desc, id desc limit {limit}"
    )
}

/// Said in the same words as by the index.
const IN_A_TIER: &str = " and coalesce(tier, site_tier, rule_tier) is not null";

/// A page of customers, and after whom the next page begins, if there is one.
pub async fn page(
    db: &Db,
    wanted: &Wanted,
    after: Option<&Cursor>,
    limit: usize,
) -> sqlx::Result<(Vec<Customer>, Option<Cursor>)> {
    let (sql, values) = wanted.statement(after, limit + 1);
    let sql = AssertSqlSafe(sql);
    let mut customers: Vec<Customer> = with_db!(db, pool => {
        values.iter().fold(sqlx::query_as(sql), |query, value| match value {
            Bound::Text(text) => query.bind(text.as_str()),
            Bound::Number(number) => query.bind(*number),
        }).fetch_all(pool).await
    })?;
    let has_more = customers.len() > limit;
    customers.truncate(limit);
    let next = customers.last().filter(|_| has_more).map(|customer| Cursor::of(wanted.order, customer));
    Ok((customers, next))
}

/// How many customers are in a tier and have nobody who looks after them.
pub async fn count_important_without_representative(db: &Db) -> sqlx::Result<i64> {
    let select = AssertSqlSafe(format!(
        "select count(*) from customers where merged_into is null and representative_id is null{IN_A_TIER} and erased_at is null"
    ));
    with_db!(db, pool => sqlx::query_scalar(select).fetch_one(pool).await)
}

/// Whether anybody is anybody's representative.
pub async fn has_any_representative(db: &Db) -> sqlx::Result<bool> {
    let select = "select id from customers where representative_id is not null limit 1";
    let any: Option<String> = with_db!(db, pool => sqlx::query_scalar(select).fetch_optional(pool).await)?;
    Ok(any.is_some())
}

/// How many customers each representative looks after, by the identifier of the member.
pub async fn counts_by_representative(db: &Db) -> sqlx::Result<BTreeMap<String, i64>> {
    let select = "select representative_id, count(*) from customers where representative_id is not null and merged_into is null group by representative_id";
    let rows: Vec<(String, i64)> = with_db!(db, pool => sqlx::query_as(select).fetch_all(pool).await)?;
    Ok(rows.into_iter().collect())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_is_written_and_of_its_own_order_alone() {
        let id = "018f3a1e-0000-7000-8000-000000000001";
        for (order, cursor) in
            [(Order::Newest, id.to_owned()), (Order::Value, format!("12.5_{id}")), (Order::Value, format!("-1_{id}"))]
        {
            assert_eq!(Cursor::parse(order, &cursor).unwrap().to_string(), cursor);
        }
        for (order, wrong) in
            [(Order::Value, id.to_owned()), (Order::Newest, format!("1_{id}")), (Order::Value, format!("NaN_{id}"))]
        {
            assert_eq!(Cursor::parse(order, &wrong), None, "{wrong}");
        }
    }
}
