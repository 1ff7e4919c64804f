//! Finding customers by the words of their names, of which keyed hashes are kept. In names of scripts that put no spaces between words, such as Chinese, Japanese
//! and Korean ones, each letter is a word and so is each pair of neighbours, whether a space stands between them or not.

use std::collections::BTreeSet;

use sayso_analysis::runs::Run;

use crate::db::Tx;
use crate::db::rows::{Part, Rows, chunks};
use crate::db::search::runs;
use crate::keys::{Keys, Purpose};
use crate::with_tx;

/// Words of a name that count, and letters of one without spaces.
const WORDS_MAX: usize = 16;
const LETTERS_MAX: usize = 32;

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
    let words: Vec<(String, &str)> = names
        .iter()
        .flat_map(|(id, name)| hashes_of_name(keys, name).into_iter().map(move |hash| (hash, *id)))
        .collect();
    for chunk in chunks(&words) {
        let insert = INSERT.sql(tx, chunk.len());
        with_tx!(&mut *tx, conn => {
            let query = sqlx::query(insert);
            chunk.iter().fold(query, |query, (hash, id)| query.bind(hash).bind(*id)).execute(conn).await.map(|_| ())
        })?;
    }
    Ok(())
}

/// The hashes by which a name is found, each once, whatever its case, width and script of Chinese.
pub fn hashes_of_name(keys: &Keys, name: &str) -> BTreeSet<String> {
    let mut tokens = BTreeSet::new();
    let mut letters: Vec<char> = Vec::new();
    for run in runs(name).into_iter().take(WORDS_MAX) {
        match run {
            Run::Letters(more) => letters.extend(more),
            Run::Word(word) => {
                tokens.extend(parts(&letters));
                letters.clear();
                tokens.insert(word);
            }
        }
    }
    tokens.extend(parts(&letters));
    hashed(keys, tokens)
}

/// The hashes that a name must have to be one that somebody typed a part of: of its words, and of each pair of letters that they typed without a space.
pub fn hashes_of_query(keys: &Keys, typed: &str) -> BTreeSet<String> {
    let tokens = runs(typed).into_iter().take(WORDS_MAX).flat_map(|run| match run {
        Run::Word(word) => vec![word],
        Run::Letters(letters) if letters.len() == 1 => vec![letters[0].to_string()],
        Run::Letters(letters) => pairs(&letters).collect(),
    });
    hashed(keys, tokens.collect())
}

/// Each letter, and each pair of neighbours.
fn parts(letters: &[char]) -> impl Iterator<Item = String> {
    letters.iter().take(LETTERS_MAX).map(char::to_string).chain(pairs(letters))
}

fn pairs(letters: &[char]) -> impl Iterator<Item = String> {
    letters.windows(2).take(LETTERS_MAX - 1).map(|pair| pair.iter().collect())
}

fn hashed(keys: &Keys, tokens: BTreeSet<String>) -> BTreeSet<String> {
    tokens.iter().map(|token| format!("{:032x}", keys.short_hash(Purpose::CustomerName, token))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_names_are_found_however_they_are_written() {
        let keys = Keys::parse("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=").expect("a key");
        assert_eq!(hashes_of_name(&keys, "LI, Lei"), hashes_of_query(&keys, "lei li"));
        assert_eq!(hashes_of_name(&keys, "陳小姐"), hashes_of_name(&keys, "陈小姐"));
        assert!(hashes_of_name(&keys, " - ").is_empty());
        let long = (0..40).map(|number| format!("w{number} ")).collect::<String>();
        assert_eq!(hashes_of_name(&keys, &long).len(), WORDS_MAX);
        assert_eq!(hashes_of_name(&keys, &"张".repeat(100)).len(), 2);
    }

    #[test]
    fn names_without_spaces_are_found_by_any_part_of_them() {
        let keys = Keys::parse("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=").expect("a key");
        let finds = |typed: &str, name: &str| hashes_of_name(&keys, name).is_superset(&hashes_of_query(&keys, typed));
        for (typed, name) in [
            ("三丰", "张三丰"),
            ("张", "张三丰"),
            ("張三", "张三丰"),
            ("张 三丰", "张三丰"),
            ("山田太郎", "山田 太郎"),
            ("太郎", "山田　太郎"),
            ("太郎 山田", "山田太郎"),
            ("ジョン", "ｼﾞｮﾝ・スミス"),
            ("철수", "김철수"),
            ("김 철수", "김철수"),
            ("zoe", "Zoë Li"),
            ("王 wang", "Wang 王小明"),
            ("मुलर", "मुलर सिंह"),
        ] {
            assert!(finds(typed, name), "{typed} in {name}");
        }
        for (typed, name) in [("丰三", "张三丰"), ("李", "张三丰"), ("zo", "Zoë Li"), ("三明", "张三丰 小明")]
        {
            assert!(!finds(typed, name), "{typed} in {name}");
        }
    }
}
