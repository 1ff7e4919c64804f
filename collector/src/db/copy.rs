//! Rows of any table as JSON, out of a snapshot and into a transaction: the same for both databases.

use futures_util::TryStreamExt;
use serde_json::Value;
use sqlx::{AssertSqlSafe, ColumnIndex, Database, Decode, Postgres, Row, Sqlite, Transaction, Type};

use super::catalog::{Column, ColumnKind, Table, quoted};
use super::{Db, Tx};

/// What a statement may bind at most; SQLite takes 32,766.
const VALUES_MAX: usize = 8_000;

/// A transaction that sees the database as it was when it began, whatever others write meanwhile.
#[derive(Debug)]
pub enum Snapshot {
    /// A reading transaction, which in WAL mode holds up nobody.
    Sqlite(Transaction<'static, Sqlite>),
    /// Repeatable read.
    Postgres(Transaction<'static, Postgres>),
}

impl Db {
    /// Begins to read everything as of now.
    pub async fn snapshot(&self) -> sqlx::Result<Snapshot> {
        Ok(match self {
            Db::Sqlite(pools) => {
                let mut tx = pools.read.begin().await?;
                // SQLite's snapshot begins with the first thing that is read.
                sqlx::query("select count(*) from sqlite_master").execute(&mut *tx).await?;
                Snapshot::Sqlite(tx)
            }
            Db::Postgres(pool) => {
                let begin = "begin isolation level repeatable read, read only";
                let mut tx = pool.begin_with(begin).await?;
                sqlx::query("select count(*) from pg_class").execute(&mut *tx).await?;
                Snapshot::Postgres(tx)
            }
        })
    }
}

impl Snapshot {
    /// Gives every row of a table, as values in the order of its columns, and says how many there were.
    pub async fn read(
        &mut self,
        table: &Table,
        mut row: impl FnMut(Vec<Value>) -> anyhow::Result<()>,
    ) -> anyhow::Result<u64> {
        let select = || AssertSqlSafe(table.select());
        let mut count = 0;
        match self {
            Snapshot::Sqlite(tx) => {
                let mut rows = sqlx::query(select()).fetch(&mut **tx);
                while let Some(found) = rows.try_next().await? {
                    row(values(&found, &table.columns)?)?;
                    count += 1;
                }
            }
            Snapshot::Postgres(tx) => {
                let mut rows = sqlx::query(select()).fetch(&mut **tx);
                while let Some(found) = rows.try_next().await? {
                    row(values(&found, &table.columns)?)?;
                    count += 1;
                }
            }
        }
        Ok(count)
    }
}

impl Tx {
    /// Inserts rows of values in the order of `columns`.
    pub async fn insert_rows(&mut self, table: &str, columns: &[Column], rows: &[Vec<Value>]) -> anyhow::Result<()> {
        let names: Vec<String> = columns.iter().map(|column| quoted(&column.name)).collect();
        for rows in rows.chunks((VALUES_MAX / columns.len().max(1)).max(1)) {
            let mut sql = format!("insert into {} ({}) values ", quoted(table), names.join(", "));
            for row in 0..rows.len() {
                let numbers: Vec<String> =
                    (1..=columns.len()).map(|n| format!("${}", row * columns.len() + n)).collect();
                sql += &format!("{}({})", if row == 0 { "" } else { ", " }, numbers.join(", "));
            }
            let cells: Vec<Cell> = rows
                .iter()
                .flat_map(|row| columns.iter().zip(row).map(|(column, value)| Cell::new(table, column, value)))
                .collect::<anyhow::Result<_>>()?;
            anyhow::ensure!(
                cells.len() == rows.len() * columns.len(),
                "a row of {table} has not {} values",
                columns.len()
            );
            crate::with_tx!(self, conn => {
                let mut insert = sqlx::query(AssertSqlSafe(sql));
                for cell in cells {
                    insert = match cell {
                        Cell::Text(text) => insert.bind(text),
                        Cell::BigInt(number) => insert.bind(number),
                        Cell::Boolean(truth) => insert.bind(truth),
                        Cell::Double(number) => insert.bind(number),
                    };
                }
                insert.execute(conn).await.map(|_| ())
            })?;
        }
        Ok(())
    }
}

/// A value with the type of its column, which a null has too.
enum Cell {
    Text(Option<String>),
    BigInt(Option<i64>),
    Boolean(Option<bool>),
    Double(Option<f64>),
}

impl Cell {
    fn new(table: &str, column: &Column, value: &Value) -> anyhow::Result<Self> {
        let is_null = value.is_null();
        let cell = match column.kind {
            ColumnKind::Text => {
                value.as_str().map(|text| Self::Text(Some(text.to_owned()))).or(is_null.then_some(Self::Text(None)))
            }
            ColumnKind::BigInt => {
                value.as_i64().map(|number| Self::BigInt(Some(number))).or(is_null.then_some(Self::BigInt(None)))
            }
            ColumnKind::Boolean => {
                value.as_bool().map(|truth| Self::Boolean(Some(truth))).or(is_null.then_some(Self::Boolean(None)))
            }
            ColumnKind::Double => {
                value.as_f64().map(|number| Self::Double(Some(number))).or(is_null.then_some(Self::Double(None)))
            }
        };
        cell.ok_or_else(|| anyhow::anyhow!("a value of {table}.{} is of the wrong type", column.name))
    }
}

fn values<R>(row: &R, columns: &[Column]) -> sqlx::Result<Vec<Value>>
where
    R: Row,
    usize: ColumnIndex<R>,
    for<'r> String: Decode<'r, R::Database> + Type<R::Database>,
    for<'r> i64: Decode<'r, R::Database> + Type<R::Database>,
    for<'r> bool: Decode<'r, R::Database> + Type<R::Database>,
    for<'r> f64: Decode<'r, R::Database> + Type<R::Database>,
    R::Database: Database,
{
    let value = |(index, column): (usize, &Column)| {
        Ok(match column.kind {
            ColumnKind::Text => row.try_get::<Option<String>, _>(index)?.map(Value::from),
            ColumnKind::BigInt => row.try_get::<Option<i64>, _>(index)?.map(Value::from),
            ColumnKind::Boolean => row.try_get::<Option<bool>, _>(index)?.map(Value::from),
            ColumnKind::Double => row.try_get::<Option<f64>, _>(index)?.map(Value::from),
        }
        .unwrap_or_default())
    };
    columns.iter().enumerate().map(value).collect()
}
