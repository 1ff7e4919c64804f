//! Statements of reports: what they have in common, and reading their rows one by one, however many there are.

use futures_util::TryStreamExt as _;
use sqlx::AssertSqlSafe;

use super::asked::Asked;
use super::by::By;
use crate::app::App;
use crate::cases::conditions::{Conditions, Value, bind_values};
use crate::db::Readable;
use crate::http::Result;
use crate::with_db;

/// Which cases count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cases {
    /// Those that are worked on: neither suspected nor merged into another one, in which they count.
    Worked,
    /// Those and merged ones: each customer has an answer of their own.
    Answered,
    /// Those that are not worked on.
    Left,
    /// All of them, so that no table of cases need be read where none is asked for.
    All,
}

/// A statement about cases.
#[derive(Clone, Debug)]
pub struct Select {
    conditions: Conditions,
    joins: &'static str,
}

impl Select {
    /// What is asked for, without its period.
    pub fn new(asked: &Asked, cases: Cases) -> Self {
        let sql = match cases {
            Cases::Worked => "cases.quarantine = ''",
            Cases::Answered => "cases.quarantine in ('', 'merged')",
            Cases::Left => "cases.quarantine <> ''",
            Cases::All => "1 = 1",
        };
        let mut conditions = Conditions { sql: sql.to_owned(), values: Vec::new() };
        let filter = &asked.filter;
        let texts = [
            ("cases.site_id = ", filter.site_id.clone()),
            ("cases.team = ", filter.team.clone().flatten()),
            ("cases.owner_id = ", filter.owner.clone().flatten()),
            ("cases.kind = ", filter.kind.map(|kind| kind.as_str().to_owned())),
            ("coalesce(cases.category, feedback.category) = ", filter.category.clone()),
            ("cases.tier = ", filter.tier.clone()),
            ("cases.priority = ", filter.priority.map(|priority| priority.as_str().to_owned())),
            ("cases.channel = ", filter.channel.map(|channel| channel.as_str().to_owned())),
        ];
        for (column, value) in texts {
            if let Some(value) = value {
                conditions.and_with(column, value);
            }
        }
        for (column, asked) in [("cases.team is null", &filter.team), ("cases.owner_id is null", &filter.owner)] {
            if *asked == Some(None) {
                conditions.and(column);
            }
        }
        let needs_feedback = asked.by == By::Category || filter.category.is_some();
        Self { conditions, joins: if needs_feedback { "join feedback on feedback.id = cases.id" } else { "" } }
    }

    /// Only those that were received within the period, read by their identifiers.
    pub fn received(self, asked: &Asked, app: &App) -> Self {
        self.made(asked, app, "cases.id").within(asked, "cases.received_at")
    }

    /// Only those whose identifiers were made within the period.
    pub fn made(mut self, asked: &Asked, app: &App, id: &str) -> Self {
        if asked.period.from.is_none() && asked.period.to.is_none() {
            return self;
        }
        let (low, high) = asked.ids(app.clock.ahead());
        self.conditions.and_with(&format!("{id} >= "), low);
        if let Some(high) = high {
            self.conditions.and_with(&format!("{id} < "), high);
        }
        self
    }

    /// Only those of which a time lies within the period.
    pub fn within(mut self, asked: &Asked, column: &str) -> Self {
        if let Some(from) = asked.period.from {
            self.conditions.and_number(&format!("{column} >= "), from);
        }
        if let Some(to) = asked.period.to {
            self.conditions.and_number(&format!("{column} < "), to);
        }
        self
    }

    /// Adds a condition.
    pub fn and(mut self, condition: &str) -> Self {
        self.conditions.and(condition);
        self
    }

    /// Binds a number, and gives its place.
    pub fn bind(&mut self, number: i64) -> String {
        self.conditions.values.push(Value::Number(number));
        format!("${}", self.conditions.values.len())
    }

    /// The statement that reads `columns` of `from`, which must join `cases`.
    pub fn statement(&self, columns: &str, from: &str, end: &str) -> String {
        format!("select {columns} from {from} {} where {} {end}", self.joins, self.conditions.sql)
    }

    /// What is bound to it.
    pub fn values(&self) -> &[Value] {
        &self.conditions.values
    }

    /// Reads `columns` of `from`, which must join `cases`, one row after the other.
    pub async fn each<T: Readable>(
        &self,
        app: &App,
        columns: &str,
        from: &str,
        end: &str,
        take: impl FnMut(T),
    ) -> Result<()> {
        each(app, self.statement(columns, from, end), &self.conditions.values, take).await
    }
}

/// Reads the rows of a statement one after the other.
pub async fn each<T: Readable>(app: &App, sql: String, values: &[Value], mut take: impl FnMut(T)) -> Result<()> {
    let sql = AssertSqlSafe(sql);
    Ok(with_db!(&app.db, pool => {
        let mut rows = bind_values!(sqlx::query_as::<_, T>(sql), values).fetch(pool);
        loop {
            match rows.try_next().await {
                Ok(Some(row)) => take(row),
                Ok(None) => break Ok(()),
                Err(error) => break Err(error),
            }
        }
    })?)
}
