//! Finding customers by the words of their names, of which keyed hashes are kept.

use std::collections::BTreeSet;

use crate::db::Tx;
use crate::db::rows::{Part, Rows, chunks};
use crate::db::search::fold;
use crate::keys::{Keys, Purpose};
use crate::with_tx;

/// Words of a name that count.
const WORDS_MAX: usize = 16;

/// Keeps by what a customer's name is found, in the place of what was kept before.
pub async fn index(tx: &mut Tx, keys: &Keys, customer_id: &str, name: Option<&str>) -> sqlx::Result<()> {
    let delete = "delete from customer_names where customer_id = $1";
    with_tx!(&mut *tx, conn => sqlx::query(delete).bind(customer_id).execute(conn).await.map(|_| ()))?;
    add(tx, keys, &[(customer_id, name.unwrap_or_default())]).await
}

/// Keeps by what names of customers are found, beside what was kept before.
pub async fn add(tx: &mut Tx, keys: &Keys, names: &[(&str, &str)]) -> sqlx::Result<()> {
    static INSERT: Rows = Rows::new(&[Part {
        head: "insert into customer_names (hash, customer_id) values ",
        row: "(?, ?)",
        tail: " on conflict do nothing",
    }]);
    let words: Vec<(String, &str)> =
        names.iter().flat_map(|(id, name)| hashes(keys, name).into_iter().map(move |hash| (hash, *id))).collect();
    for chunk in chunks(&words) {
        let insert = INSERT.sql(tx, chunk.len());
        with_tx!(&mut *tx, conn => {
            let query = sqlx::query(insert);
            chunk.iter().fold(query, |query, (hash, id)| query.bind(hash).bind(*id)).execute(conn).await.map(|_| ())
        })?;
    }
    Ok(())
}

/// The hashes of a name's words, each once, whatever their case, width and script of Chinese.
pub fn hashes(keys: &Keys, name: &str) -> BTreeSet<String> {
    let folded = fold(name);
    let words = folded.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.take(WORDS_MAX).map(|word| format!("{:032x}", keys.short_hash(Purpose::CustomerName, word))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_names_are_found_however_they_are_written() {
        let keys = Keys::parse("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=").expect("a key");
        assert_eq!(hashes(&keys, "LI, Lei"), hashes(&keys, "lei li"));
        assert_eq!(hashes(&keys, "陳小姐"), hashes(&keys, "陈小姐"));
        assert!(hashes(&keys, "Zoë Li").is_superset(&hashes(&keys, "zoe")));
        assert!(hashes(&keys, " - ").is_empty());
        let long = (0..40).map(|number| format!("w{number} ")).collect::<String>();
        assert_eq!(hashes(&keys, &long).len(), WORDS_MAX);
    }
}
