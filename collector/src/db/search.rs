//! Full-text search that finds Chinese: the text is split in Rust, so both databases index the same tokens.
//!
//! Words of letters and digits are tokens; of Chinese, Japanese and Korean characters each one is a token and each pair of
//! neighbours is one more. A query becomes the pairs (or the single character), all of which must occur.

use std::collections::HashMap;

use super::rows::{Part, Rows, chunks};
use crate::db::{Db, SqlitePools, Tx};
use crate::{with_db, with_tx};

/// What is to be found of a case.
#[derive(Debug)]
pub struct Entry<'a> {
    /// The case.
    pub case_id: &'a str,
    /// The number of the event up to which the text is that of the case. An entry never replaces a later one, so that of two planners
    /// the slower one does no harm.
    pub seq: i64,
    /// The tokens of everything that was said.
    pub tokens: String,
}

/// Makes the index: FTS5 on SQLite, a `tsvector` on PostgreSQL. The one place where the two differ in their tables.
pub(super) async fn prepare(db: &Db) -> sqlx::Result<()> {
    match db {
        Db::Sqlite(SqlitePools { write: pool, .. }) => {
            // No text is kept here, only which tokens occur where: the texts are in other tables, and queries have no phrases.
            let table = "create virtual table if not exists case_search using fts5 (tokens, content = '', contentless_delete = 1, \
                detail = none, tokenize = 'unicode61 remove_diacritics 0')";
            sqlx::query(table).execute(pool).await?;
            let numbers = "create table if not exists case_search_numbers (number integer primary key, case_id text not null unique, seq integer not null)";
            sqlx::query(numbers).execute(pool).await?;
        }
        Db::Postgres(pool) => {
            // `if not exists` still races between two replicas that start together, so the lock comes first.
            let mut tx = pool.begin().await?;
            sqlx::query("select pg_advisory_xact_lock(7229715)").execute(&mut *tx).await?;
            sqlx::query("create table if not exists case_search (case_id text primary key, seq bigint not null, tokens tsvector not null)")
                .execute(&mut *tx)
                .await?;
            sqlx::query("create index if not exists case_search_tokens on case_search using gin (tokens)")
                .execute(&mut *tx)
                .await?;
            tx.commit().await?;
        }
    }
    Ok(())
}

/// Replaces what is indexed of the cases.
pub async fn index(tx: &mut Tx, entries: &[Entry<'_>]) -> sqlx::Result<()> {
    for chunk in chunks(entries) {
        match tx {
            Tx::Sqlite(_) => index_in_sqlite(tx, chunk).await?,
            Tx::Postgres(_) => index_in_postgres(tx, chunk).await?,
        }
    }
    Ok(())
}

async fn index_in_postgres(tx: &mut Tx, entries: &[Entry<'_>]) -> sqlx::Result<()> {
    static UPSERT: Rows = Rows::new(&[Part {
        head: "insert into case_search (case_id, seq, tokens) values ",
        row: "(?, ?, to_tsvector('simple', ?))",
        tail: " on conflict (case_id) do update set seq = excluded.seq, tokens = excluded.tokens where case_search.seq <= excluded.seq",
    }]);
    let upsert = UPSERT.sql(tx, entries.len());
    with_tx!(tx, conn => {
        let mut query = sqlx::query(upsert);
        for entry in entries {
            query = query.bind(entry.case_id).bind(entry.seq).bind(&entry.tokens);
        }
        query.execute(conn).await.map(|_| ())
    })
}

/// FTS5 knows rows by number, so the numbers of the cases stand in a table of their own.
async fn index_in_sqlite(tx: &mut Tx, entries: &[Entry<'_>]) -> sqlx::Result<()> {
    static NUMBERS: Rows = Rows::new(&[Part {
        head: "insert into case_search_numbers (case_id, seq) values ",
        row: "(?, ?)",
        tail: " on conflict (case_id) do update set seq = excluded.seq where seq <= excluded.seq returning case_id, number",
    }]);
    static INSERT: Rows = Rows::new(&[Part {
        head: "insert or replace into case_search (rowid, tokens) values ",
        row: "(?, ?)",
        tail: "",
    }]);
    let select = NUMBERS.sql(tx, entries.len());
    let numbers: Vec<(String, i64)> = with_tx!(tx, conn => {
        let mut query = sqlx::query_as(select);
        for entry in entries {
            query = query.bind(entry.case_id).bind(entry.seq);
        }
        query.fetch_all(conn).await
    })?;
    let numbers: HashMap<String, i64> = numbers.into_iter().collect();
    let newer: Vec<(i64, &str)> =
        entries.iter().filter_map(|entry| Some((*numbers.get(entry.case_id)?, entry.tokens.as_str()))).collect();
    for chunk in chunks(&newer) {
        let insert = INSERT.sql(tx, chunk.len());
        with_tx!(tx, conn => {
            let mut query = sqlx::query(insert);
            for (number, tokens) in chunk {
                query = query.bind(*number).bind(*tokens);
            }
            query.execute(conn).await.map(|_| ())
        })?;
    }
    Ok(())
}

/// Forgets what is indexed.
pub async fn clear(tx: &mut Tx) -> sqlx::Result<()> {
    with_tx!(tx, conn => sqlx::query("delete from case_search").execute(conn).await.map(|_| ()))
}

/// A condition on `cases.id` with the placeholder `$n`, for the database at hand, and the value to bind to it.
/// None when the query has nothing to search for.
pub fn condition(db: &Db, query: &str, placeholder: &str) -> Option<(String, String)> {
    let terms: Vec<String> = query_terms(query);
    if terms.is_empty() {
        return None;
    }
    Some(match db {
        Db::Sqlite(_) => {
            let quoted: Vec<String> = terms.iter().map(|term| format!("\"{term}\"")).collect();
            (
                format!(
                    "id in (select case_id from case_search_numbers where number in (select rowid from case_search where case_search match {placeholder}))"
                ),
                quoted.join(" "),
            )
        }
        Db::Postgres(_) => {
            let quoted: Vec<String> = terms.iter().map(|term| format!("'{term}'")).collect();
            (
                format!("id in (select case_id from case_search where tokens @@ to_tsquery('simple', {placeholder}))"),
                quoted.join(" & "),
            )
        }
    })
}

/// How many cases are indexed.
pub async fn count(db: &Db) -> sqlx::Result<i64> {
    with_db!(db, pool => sqlx::query_scalar("select count(*) from case_search").fetch_one(pool).await)
}

/// The tokens of a text, separated by spaces, as the index takes them.
pub fn joined_tokens(text: &str) -> String {
    tokens(text).collect::<Vec<_>>().join(" ")
}

fn tokens(text: &str) -> impl Iterator<Item = String> {
    let mut tokens = Vec::new();
    for run in runs(text) {
        match run {
            Run::Word(word) => tokens.push(word),
            Run::Ideographs(characters) => {
                tokens.extend(characters.iter().map(char::to_string));
                tokens.extend(characters.windows(2).map(|pair| pair.iter().collect()));
            }
        }
    }
    tokens.into_iter()
}

fn query_terms(query: &str) -> Vec<String> {
    let mut terms = Vec::new();
    for run in runs(query).into_iter().take(16) {
        match run {
            Run::Word(word) => terms.push(word),
            Run::Ideographs(characters) if characters.len() == 1 => terms.push(characters[0].to_string()),
            Run::Ideographs(characters) => {
                terms.extend(characters.windows(2).take(32).map(|pair| pair.iter().collect::<String>()));
            }
        }
    }
    terms
}

enum Run {
    Word(String),
    Ideographs(Vec<char>),
}

fn runs(text: &str) -> Vec<Run> {
    let mut runs = Vec::new();
    for character in text.chars().flat_map(fold) {
        let ideograph = is_ideograph(character);
        match runs.last_mut() {
            _ if !ideograph && !character.is_alphanumeric() => runs.push(Run::Word(String::new())),
            Some(Run::Word(word)) if !ideograph => word.push(character),
            Some(Run::Ideographs(characters)) if ideograph => characters.push(character),
            _ if ideograph => runs.push(Run::Ideographs(vec![character])),
            _ => runs.push(Run::Word(character.to_string())),
        }
    }
    // Tokens much longer than a word are noise (encoded data) that would only swell the index.
    runs.retain(|run| !matches!(run, Run::Word(word) if word.is_empty() || word.len() > 100));
    runs
}

/// Folds full-width forms to half-width ones, and case.
fn fold(character: char) -> impl Iterator<Item = char> {
    let narrow = match character {
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(character as u32 - 0xFEE0).unwrap_or(character),
        '\u{3000}' => ' ',
        other => other,
    };
    narrow.to_lowercase()
}

fn is_ideograph(character: char) -> bool {
    matches!(character as u32,
        0x3040..=0x30FF | 0x3400..=0x4DBF | 0x4E00..=0x9FFF | 0xAC00..=0xD7AF | 0xF900..=0xFAFF | 0x20000..=0x3FFFF)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn split(text: &str) -> Vec<String> {
        tokens(text).collect()
    }

    #[test]
    fn splits_words_and_ideographs() {
        assert_eq!(split("Order ＡＢ-12 送货迟"), ["order", "ab", "12", "送", "货", "迟", "送货", "货迟"]);
        assert_eq!(query_terms("送货迟 Late"), ["送货", "货迟", "late"]);
        assert_eq!(query_terms("迟"), ["迟"]);
    }

    proptest! {
        #[test]
        fn every_part_of_a_text_is_found(text in "[a-z 送货迟到了]{1,30}", from in 0usize..30, length in 1usize..6) {
            let characters: Vec<char> = text.chars().collect();
            let part: String = characters.iter().skip(from).take(length).collect();
            // A part of a Latin word is not a word; whole runs of ideographs are found wherever they are cut.
            let part: String = part.chars().filter(|c| is_ideograph(*c)).collect();
            prop_assume!(text.contains(&part));
            let indexed = split(&text);
            for term in query_terms(&part) {
                prop_assert!(indexed.contains(&term), "{term} of {part} in {text}");
            }
        }

        #[test]
        fn terms_never_break_out_of_their_quotes(query in "\\PC{0,60}") {
            for term in query_terms(&query) {
                prop_assert!(!term.contains(['"', '\'', '\\']));
            }
        }
    }
}
