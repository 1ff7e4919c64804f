//! Inserting many rows by one statement.

use std::fmt::Write as _;
use std::sync::OnceLock;

use sqlx::{AssertSqlSafe, SqlSafeStr, SqlStr};

use super::Tx;

/// How many rows a statement has: few sizes, so that prepared statements are found again, and so many that most batches take two of them,
/// since each costs a way to the database and back. The largest stays below the 32,766 values that SQLite and the 65,535 that PostgreSQL take.
const SIZES: [usize; 12] = [64, 48, 32, 24, 16, 12, 8, 6, 4, 3, 2, 1];

/// An `insert` of any number of rows: its text up to `values`, one row, and what follows the rows.
#[derive(Debug)]
pub struct Rows {
    parts: &'static [Part],
    texts: [[OnceLock<SqlStr>; SIZES.len()]; 2],
}

/// One table's share in [`Rows`].
#[derive(Debug)]
pub struct Part {
    /// Up to `values`.
    pub head: &'static str,
    /// One row, with a question mark for each value.
    pub row: &'static str,
    /// What follows the rows.
    pub tail: &'static str,
}

/// How the values of a statement stand in its text. SQLite keeps numbered ones in a list of names that is searched from its beginning
/// for each value, which with a thousand of them takes longer than the insert; PostgreSQL knows no others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Style {
    Bare,
    Numbered,
}

/// Declares the row of a table as a struct, so that columns, placeholders and values can't get out of step: `PART` inserts rows, and `bind`
/// binds the values of one. A field whose column has another name says `as "name"`.
#[macro_export]
macro_rules! table_row {
    (
        $(#[$attribute:meta])*
        $visible:vis struct $row:ident<$life:lifetime> in $table:literal $(then $tail:literal)? {
            $first:ident $(as $first_name:literal)?: $first_type:ty,
            $($column:ident $(as $name:literal)?: $type:ty,)+
        }
    ) => {
        $(#[$attribute])*
        $visible struct $row<$life> {
            $first: $first_type,
            $($column: $type,)+
        }

        impl<$life> $row<$life> {
            $visible const PART: $crate::db::rows::Part = $crate::db::rows::Part {
                head: concat!(
                    "insert into ", $table, " (", $crate::table_row!(@name $first $($first_name)?),
                    $(", ", $crate::table_row!(@name $column $($name)?),)+ ") values "
                ),
                row: concat!("(?", $($crate::table_row!(@mark $column),)+ ")"),
                tail: concat!("" $(, " ", $tail)?),
            };

            $visible fn bind<DB: sqlx::Database>(self, query: $crate::db::rows::Query<'_, DB>) -> $crate::db::rows::Query<'_, DB>
            where
                $first_type: sqlx::Encode<$life, DB> + sqlx::Type<DB>,
                $($type: sqlx::Encode<$life, DB> + sqlx::Type<DB>,)+
            {
                query.bind(self.$first)$(.bind(self.$column))+
            }
        }
    };
    (@name $column:ident) => { stringify!($column) };
    (@name $column:ident $name:literal) => { $name };
    (@mark $column:ident) => { ", ?" };
}

/// A statement to which values are bound.
pub type Query<'q, DB> = sqlx::query::Query<'q, DB, <DB as sqlx::Database>::Arguments>;

impl Rows {
    /// Inserts into one table or several, in one go. Values are bound by table: all rows of the first, then all of the second. The text is
    /// composed when it is first needed.
    pub const fn new(parts: &'static [Part]) -> Self {
        Self { parts, texts: [const { [const { OnceLock::new() }; SIZES.len()] }; 2] }
    }

    /// The text for as many rows as [`chunks`] gives at once, for the database of `tx`.
    pub fn sql(&self, tx: &Tx, rows: usize) -> SqlStr {
        let style = match tx {
            Tx::Sqlite(_) => Style::Bare,
            Tx::Postgres(_) => Style::Numbered,
        };
        match SIZES.iter().position(|size| *size == rows) {
            Some(at) => self.texts[style as usize][at].get_or_init(|| self.compose(style, rows)).clone(),
            None => self.compose(style, rows),
        }
    }

    /// Whether the first table took all of `rows` rows, by the count that the database gave. To ask for the rows themselves would take a
    /// good part of the time of an insert.
    pub fn took_all(&self, tx: &Tx, count: u64, rows: usize) -> bool {
        let counted = match tx {
            Tx::Sqlite(_) => rows * self.parts.len(),
            Tx::Postgres(_) => rows,
        };
        usize::try_from(count) == Ok(counted)
    }

    /// SQLite takes several statements at once; PostgreSQL takes one, of which the others are parts.
    fn compose(&self, style: Style, rows: usize) -> SqlStr {
        let insert = |part: &Part| format!("{}{}{}", part.head, vec![part.row; rows].join(", "), part.tail);
        let inserts: Vec<String> = self.parts.iter().map(insert).collect();
        let text = match (style, inserts.as_slice()) {
            (_, [one]) => one.clone(),
            (Style::Bare, several) => several.join("; "),
            (Style::Numbered, several) => {
                let named: Vec<String> = several
                    .iter()
                    .enumerate()
                    .map(|(at, insert)| format!("part{at} as ({insert} returning 1)"))
                    .collect();
                format!("with {} select 1 from part0", named.join(", "))
            }
        };
        AssertSqlSafe(if style == Style::Numbered { numbered(&text) } else { text }).into_sql_str()
    }
}

fn numbered(text: &str) -> String {
    let mut numbered = String::with_capacity(text.len() * 2);
    for (before, part) in text.split('?').enumerate() {
        if before > 0 {
            let _ = write!(numbered, "${before}");
        }
        numbered.push_str(part);
    }
    numbered
}

/// The placeholders of a list of `count` values, such as `$3, $4`, after the first `before` values of a statement.
pub fn placeholders(before: usize, count: usize) -> String {
    let numbers: Vec<String> = (before + 1..=before + count).map(|number| format!("${number}")).collect();
    numbers.join(", ")
}

/// Cuts into chunks of the sizes that statements have, the largest first.
pub fn chunks<T>(mut rows: &[T]) -> impl Iterator<Item = &[T]> {
    std::iter::from_fn(move || {
        let size = SIZES.into_iter().find(|size| *size <= rows.len())?;
        let (chunk, rest) = rows.split_at(size);
        rows = rest;
        Some(chunk)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const A: Part = Part { head: "insert into t (a, b) values ", row: "(?, f(?))", tail: " returning a" };
    const B: Part = Part { head: "insert into u (a) values ", row: "(?)", tail: "" };

    #[test]
    fn numbers_the_values_of_all_rows() {
        static ONE: Rows = Rows::new(&[A]);
        let text = "insert into t (a, b) values ($1, f($2)), ($3, f($4)) returning a";
        assert_eq!(ONE.compose(Style::Numbered, 2).as_str(), text);
        let text = format!("insert into t (a, b) values {} returning a", A.row);
        assert_eq!(ONE.compose(Style::Bare, 1).as_str(), text);
        assert_eq!(placeholders(2, 2), "$3, $4");
    }

    #[test]
    fn several_tables_take_one_statement_or_several() {
        static TWO: Rows = Rows::new(&[B, B]);
        let bare = format!("insert into u (a) values {}; insert into u (a) values {}", B.row, B.row);
        assert_eq!(TWO.compose(Style::Bare, 1).as_str(), bare);
        let numbered = "with part0 as (insert into u (a) values ($1) returning 1), \
            part1 as (insert into u (a) values ($2) returning 1) select 1 from part0";
        assert_eq!(TWO.compose(Style::Numbered, 1).as_str(), numbered);
    }

    table_row! {
        struct Line<'a> in "lines" then "on conflict do nothing" {
            id: &'a str,
            kind as "type": &'a str,
            amount: Option<i64>,
        }
    }

    #[test]
    fn a_row_names_its_columns_and_binds_its_values_in_their_order() {
        static ROWS: Rows = Rows::new(&[Line::PART]);
        let text = "insert into lines (id, type, amount) values ($1, $2, $3) on conflict do nothing";
        assert_eq!(ROWS.compose(Style::Numbered, 1).as_str(), text);
        let row = Line { id: "1", kind: "apple", amount: None };
        let mut query = row.bind(sqlx::query::<sqlx::Sqlite>(text));
        let bound = sqlx::Execute::take_arguments(&mut query).expect("they can be encoded").expect("there are some");
        assert_eq!(sqlx::Arguments::len(&bound), 3);
    }

    proptest! {
        #[test]
        fn chunks_are_the_rows_in_order(count in 0usize..600) {
            let rows: Vec<usize> = (0..count).collect();
            let cut: Vec<&[usize]> = chunks(&rows).collect();
            prop_assert!(cut.iter().all(|chunk| SIZES.contains(&chunk.len())));
            prop_assert_eq!(cut.concat(), rows);
        }
    }
}
