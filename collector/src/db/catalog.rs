//! What is in the database: its tables with their columns, for what works on all of them, such as backups.

use sqlx::AssertSqlSafe;

use super::migrations::MIGRATIONS;
use super::{Db, Tx};
use crate::with_db;

/// A table of ours.
#[derive(Clone, Debug)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// Its columns, in their order.
    pub columns: Vec<Column>,
}

/// A column.
#[derive(Clone, Debug)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub kind: ColumnKind,
}

/// What a column holds; there is nothing else in both databases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnKind {
    /// `text`
    Text,
    /// `bigint`
    BigInt,
    /// `boolean`
    Boolean,
    /// `double precision`
    Double,
}

impl Table {
    /// The statement that reads all of it.
    pub fn select(&self) -> String {
        let names: Vec<String> = self.columns.iter().map(|column| quoted(&column.name)).collect();
        format!("select {} from {}", names.join(", "), quoted(&self.name))
    }
}

impl Db {
    /// All tables with what people said and did, each after those that it refers to. The search index and the facts of reports, which are
    /// made of others, and the list of migrations are not among them.
    pub async fn tables(&self) -> anyhow::Result<Vec<Table>> {
        let list = match self {
            Db::Sqlite(_) => "select name from sqlite_master where type = 'table' order by name",
            Db::Postgres(_) => {
                "select table_name::text from information_schema.tables \
                where table_schema = current_schema() and table_type = 'BASE TABLE' order by 1"
            }
        };
        let names: Vec<String> = with_db!(self, pool => sqlx::query_scalar(list).fetch_all(pool).await)?;
        let is_ours =
            |name: &String| !["_sqlx", "sqlite_", "case_search", "report_"].iter().any(|other| name.starts_with(other));
        let mut found = Vec::new();
        for name in names.into_iter().filter(is_ours) {
            let references = self.references(&name).await?;
            found.push((Table { columns: self.columns(&name).await?, name }, references));
        }
        Ok(in_order(found))
    }

    /// The versions of the migrations that this database has had; none if it has had none at all.
    pub async fn migrations(&self) -> sqlx::Result<Vec<i64>> {
        let exists = match self {
            Db::Sqlite(_) => "select count(*) from sqlite_master where name = '_sqlx_migrations'",
            Db::Postgres(_) => {
                "select count(*) from information_schema.tables \
                where table_schema = current_schema() and table_name = '_sqlx_migrations'"
            }
        };
        let exists: i64 = with_db!(self, pool => sqlx::query_scalar(exists).fetch_one(pool).await)?;
        if exists == 0 {
            return Ok(Vec::new());
        }
        let select = "select version from _sqlx_migrations order by version";
        with_db!(self, pool => sqlx::query_scalar(select).fetch_all(pool).await)
    }

    async fn columns(&self, table: &str) -> anyhow::Result<Vec<Column>> {
        let select = match self {
            Db::Sqlite(_) => "select name, lower(type) from pragma_table_info($1) order by cid",
            Db::Postgres(_) => {
                "select column_name::text, data_type::text from information_schema.columns \
                where table_schema = current_schema() and table_name = $1 order by ordinal_position"
            }
        };
        let rows: Vec<(String, String)> =
            with_db!(self, pool => sqlx::query_as(select).bind(table).fetch_all(pool).await)?;
        let columns = rows.into_iter().map(|(name, kind)| {
            let kind = match kind.as_str() {
                "text" => ColumnKind::Text,
                "bigint" => ColumnKind::BigInt,
                "boolean" => ColumnKind::Boolean,
                "double precision" => ColumnKind::Double,
                other => anyhow::bail!("the column {table}.{name} is of the type {other}, which only one database has"),
            };
            Ok(Column { name, kind })
        });
        columns.collect()
    }

    async fn references(&self, table: &str) -> sqlx::Result<Vec<String>> {
        let select = match self {
            Db::Sqlite(_) => "select \"table\" from pragma_foreign_key_list($1)",
            Db::Postgres(_) => {
                "select target.relname::text from pg_constraint \
                join pg_class source on source.oid = conrelid join pg_class target on target.oid = confrelid \
                where contype = 'f' and source.relname = $1 and source.relnamespace = current_schema()::regnamespace"
            }
        };
        with_db!(self, pool => sqlx::query_scalar(select).bind(table).fetch_all(pool).await)
    }
}

impl Tx {
    /// Empties these tables, which are in the order of [`Db::tables`].
    pub async fn empty(&mut self, tables: &[Table]) -> sqlx::Result<()> {
        match self {
            Tx::Sqlite(tx) => {
                for table in tables.iter().rev() {
                    let delete = AssertSqlSafe(format!("delete from {}", quoted(&table.name)));
                    sqlx::query(delete).execute(&mut **tx).await?;
                }
            }
            Tx::Postgres(tx) => {
                let names: Vec<String> = tables.iter().map(|table| quoted(&table.name)).collect();
                let truncate = AssertSqlSafe(format!("truncate {}", names.join(", ")));
                sqlx::query(truncate).execute(&mut **tx).await?;
            }
        }
        Ok(())
    }
}

/// The versions of the migrations that this program knows.
pub fn known_migrations() -> Vec<i64> {
    MIGRATIONS.iter().map(|migration| migration.version).collect()
}

/// A name as SQL takes it, whatever it is.
pub fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Orders tables after those that they refer to. Where they refer to each other in a circle the first by name is put next: such references have to be
/// deferrable, as the schema promises, and are checked at the end of the transaction that inserts the rows.
fn in_order(mut rest: Vec<(Table, Vec<String>)>) -> Vec<Table> {
    let mut ordered: Vec<Table> = Vec::new();
    while !rest.is_empty() {
        let waits_for =
            |name: &String, table: &Table| *name != table.name && !ordered.iter().any(|done| done.name == *name);
        let next = rest.iter().position(|(table, references)| !references.iter().any(|name| waits_for(name, table)));
        ordered.push(rest.remove(next.unwrap_or(0)).0);
    }
    ordered
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_comes_after_those_that_it_refers_to() {
        let table = |name: &str, references: &[&str]| {
            let references = references.iter().map(|name| (*name).to_owned()).collect();
            (Table { name: name.to_owned(), columns: Vec::new() }, references)
        };
        let tables =
            vec![table("cases", &["sites", "members", "cases"]), table("members", &[]), table("sites", &["members"])];
        let names: Vec<String> = in_order(tables).into_iter().map(|table| table.name).collect();
        assert_eq!(names, ["members", "sites", "cases"]);
        let circle = vec![table("a", &["b"]), table("b", &["a"]), table("c", &["a"])];
        let names: Vec<String> = in_order(circle).into_iter().map(|table| table.name).collect();
        assert_eq!(names, ["a", "b", "c"], "a circle leaves nothing out");
    }
}
