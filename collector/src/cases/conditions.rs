//! The conditions of a statement about cases, with the values that are bound to it.

use std::fmt::Write as _;

use super::access::{OpenSites, Visibility};
use crate::clock::Millis;

/// A value of a statement.
#[derive(Clone, Debug)]
pub enum Value {
    /// A text.
    Text(String),
    /// A number.
    Number(i64),
}

/// Binds values to a statement, of either database.
macro_rules! bind_values {
    ($query:expr, $values:expr) => {{
        let mut query = $query;
        for value in $values {
            query = match value {
                $crate::cases::conditions::Value::Text(text) => query.bind(text.as_str()),
                $crate::cases::conditions::Value::Number(number) => query.bind(*number),
            };
        }
        query
    }};
}
pub(crate) use bind_values;

/// The conditions of a statement.
#[derive(Clone, Debug, Default)]
pub struct Conditions {
    /// They, joined by `and`.
    pub sql: String,
    /// What is bound, in the order of the places.
    pub values: Vec<Value>,
}

impl Conditions {
    /// Adds one.
    pub fn and(&mut self, condition: &str) {
        let _ = write!(self.sql, " and {condition}");
    }

    /// Adds one that ends with a text, which is bound.
    pub fn and_with(&mut self, column: &str, value: String) {
        self.values.push(Value::Text(value));
        let _ = write!(self.sql, " and {column}${}", self.values.len());
    }

    /// Adds one that ends with a number, which is bound.
    pub fn and_number(&mut self, column: &str, value: i64) {
        self.values.push(Value::Number(value));
        let _ = write!(self.sql, " and {column}${}", self.values.len());
    }

    /// Binds values, and gives the list of their places; one that holds nothing where there are none.
    pub fn list(&mut self, values: &[String]) -> String {
        let places: Vec<String> = (0..values.len()).map(|at| format!("${}", self.values.len() + at + 1)).collect();
        self.values.extend(values.iter().cloned().map(Value::Text));
        if places.is_empty() { "''".to_owned() } else { places.join(", ") }
    }

    /// As the permissions say for one case; see [`CaseAccess`](crate::auth::permissions::CaseAccess).
    pub fn and_visible(&mut self, visible: &Visibility) {
        let me = self.list(std::slice::from_ref(&visible.member_id));
        let teams = self.list(&visible.teams);
        let mut any = format!(
            "cases.owner_id = {me} or cases.team in ({teams}) or exists (select 1 from tasks where tasks.case_id = cases.id \
             and (tasks.owner_id = {me} or tasks.team in ({teams})))"
        );
        if let Some(OpenSites(sites)) = &visible.without_team {
            let sites = self.list(sites);
            let _ = write!(any, " or cases.team is null or cases.site_id in ({sites})");
        }
        self.and(&format!("({any})"));
    }

    /// Adds that something comes after the last one of a page.
    pub(super) fn after(&mut self, column: &str, sign: &str, last: Option<(Millis, &str)>) {
        if let Some((time, id)) = last {
            self.values.extend([Value::Number(time), Value::Text(id.to_owned())]);
            let last = self.values.len();
            let _ = write!(self.sql, " and ({column}, cases.id) {sign} (${}, ${last})", last - 1);
        }
    }
}

/// The statement with each `$n` raised.
pub(super) fn renumbered(sql: &str, by: usize) -> String {
    let mut parts = sql.split('$');
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let digits = part.bytes().take_while(u8::is_ascii_digit).count();
        let number: usize = part[..digits].parse().unwrap_or_default();
        let _ = write!(text, "${}{}", number + by, &part[digits..]);
    }
    text
}
