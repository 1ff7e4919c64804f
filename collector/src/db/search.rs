//! Full-text search that finds Chinese: the text is split in Rust, so both databases index the same tokens.
//!
//! Words of letters and digits are tokens; of Chinese, Japanese and Korean characters each one is a token and each pair of
//! neighbours is one more. A query becomes the pairs (or the single character), all of which must occur.

use crate::db::{Db, Tx};
use crate::{with_db, with_tx};

/// Makes the index: FTS5 on SQLite, a `tsvector` on PostgreSQL. The one place where the two differ in their tables.
pub(super) async fn prepare(db: &Db) -> sqlx::Result<()> {
    match db {
        Db::Sqlite(pool) => {
            let table = "create virtual table if not exists case_search using fts5 (case_id unindexed, tokens, tokenize = 'unicode61 remove_diacritics 0')";
            sqlx::query(table).execute(pool).await?;
            let numbers = "create table if not exists case_search_numbers (number integer primary key, case_id text not null unique)";
            sqlx::query(numbers).execute(pool).await?;
        }
        Db::Postgres(pool) => {
            // `if not exists` still races between two replicas that start together, so the lock comes first.
            let mut tx = pool.begin().await?;
            sqlx::query("select pg_advisory_xact_lock(7229715)").execute(&mut *tx).await?;
            sqlx::query("create table if not exists case_search (case_id text primary key, tokens tsvector not null)")
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

/// Replaces what is indexed of a case by `text`.
pub async fn index(tx: &mut Tx, case_id: &str, text: &str) -> sqlx::Result<()> {
    let tokens = tokens(text).collect::<Vec<_>>().join(" ");
    match tx {
        Tx::Sqlite(tx) => {
            // FTS5 finds a row fast by its number alone, so the numbers of the cases stand in a table of their own.
            let number = "insert into case_search_numbers (case_id) values ($1) \
                on conflict (case_id) do update set case_id = excluded.case_id returning number";
            let number: i64 = sqlx::query_scalar(number).bind(case_id).fetch_one(&mut **tx).await?;
            sqlx::query("delete from case_search where rowid = $1").bind(number).execute(&mut **tx).await?;
            let insert = sqlx::query("insert into case_search (rowid, case_id, tokens) values ($1, $2, $3)");
            insert.bind(number).bind(case_id).bind(tokens).execute(&mut **tx).await?;
        }
        Tx::Postgres(tx) => {
            let upsert = "insert into case_search (case_id, tokens) values ($1, to_tsvector('simple', $2)) \
                on conflict (case_id) do update set tokens = excluded.tokens";
            sqlx::query(upsert).bind(case_id).bind(tokens).execute(&mut **tx).await?;
        }
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
            (format!("id in (select case_id from case_search where tokens match {placeholder})"), quoted.join(" "))
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
