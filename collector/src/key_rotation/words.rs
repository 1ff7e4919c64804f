//! Words by which people compare keys: four that anybody can read out instead of forty-four letters.

use bip39::Language;
use sha2::{Digest, Sha256};

/// How many.
const COUNT: usize = 4;

/// The check words of a key: 44 bits of its hash, as words of the English list of BIP 39, which begin differently within four letters. They tell a
/// mistyped key from the right one, and nothing about it.
pub(super) fn check_words(key: &[u8]) -> String {
    let digest = Sha256::new().chain_update(b"sayso check words").chain_update(key).finalize();
    let list = Language::English.word_list();
    let words = digest.chunks(2).take(COUNT).map(|pair| {
        let number = usize::from(u16::from_be_bytes([pair[0], pair[1]]));
        list[number % list.len()]
    });
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_key_has_other_words() {
        assert_eq!(check_words(&[1; 32]).split(' ').count(), COUNT);
        assert_eq!(check_words(&[1; 32]), check_words(&[1; 32]));
        assert_ne!(check_words(&[1; 32]), check_words(&[2; 32]));
    }
}
