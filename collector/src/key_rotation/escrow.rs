//! The master key in parts for several people, of whom some together have it and fewer know nothing (Shamir 1979): no safe has to be trusted alone.

use std::collections::BTreeMap;

use anyhow::{Context as _, bail, ensure};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD_NO_PAD;
use blahaj::{Share, Sharks};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::words::check_words;
use crate::keys;

/// How many parts there may be.
pub const PARTS_MAX: u8 = 20;
/// Bytes of a key.
const KEY_BYTES: usize = 32;
/// Bytes of the sum at the end of a part, which tells what was mistyped.
const SUM_BYTES: usize = 4;
/// Bytes of a part: which key it is of, how many are needed, which part it is, a byte for each of the key, and the sum.
const PART_BYTES: usize = 3 + KEY_BYTES + SUM_BYTES;

/// A part of a key: 52 letters of base64.
#[derive(Clone, PartialEq, Eq)]
pub struct Part([u8; PART_BYTES]);

/// How many parts are made, and how many of them are needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scheme {
    parts: u8,
    needed: u8,
}

impl Scheme {
    /// At least two are needed, and no more than there are.
    pub fn new(parts: u8, needed: u8) -> anyhow::Result<Self> {
        ensure!((2..=PARTS_MAX).contains(&parts), "the key is split into 2 to {PARTS_MAX} parts");
        ensure!((2..=parts).contains(&needed), "2 to {parts} of the {parts} parts can be needed");
        Ok(Self { parts, needed })
    }

    /// The parts of a key, which is the one at `place` of the key file.
    pub fn split(self, place: u8, key: &[u8; KEY_BYTES]) -> Vec<Part> {
        let dealt = Sharks(self.needed).dealer(key).take(self.parts.into());
        dealt.map(|share| Part::new([place, self.needed], &Vec::from(&share))).collect()
    }
}

impl Scheme {
    /// A sheet for each part of all keys, which are written as the key file has them.
    pub(super) fn sheets(self, written: &[String], address: &str, at: &str) -> anyhow::Result<Vec<String>> {
        let Self { parts, needed } = self;
        let head = |part: u8| {
            format!(
                "Sayso: part {part} of {parts} of the master key of {address}\nPrinted at {at}. {needed} of the {parts} parts make the key again; fewer tell nothing about it.\n\n"
            )
        };
        let mut sheets: Vec<String> = (1..=parts).map(head).collect();
        for (place, text) in written.iter().enumerate() {
            let key = keys::key_of(text)?;
            let place = u8::try_from(place + 1).context("there are too many keys to be split")?;
            for (sheet, part) in sheets.iter_mut().zip(self.split(place, &key)) {
                *sheet += &format!(
                    "Key {place} of {}\n    {}\n    Check words of the key: {}\n\n",
                    written.len(),
                    part.printed(),
                    check_words(&key)
                );
            }
        }
        for sheet in &mut sheets {
            *sheet +=
                "To use it: `sayso key join master.key` asks for the parts, on any machine, and writes the key file.\n";
        }
        Ok(sheets)
    }

    /// For the audit log.
    pub(super) fn to_json(self) -> Value {
        json!({"parts": self.parts, "needed": self.needed})
    }
}

impl Part {
    fn new(head: [u8; 2], share: &[u8]) -> Self {
        let mut bytes = [0; PART_BYTES];
        bytes[..2].copy_from_slice(&head);
        bytes[2..PART_BYTES - SUM_BYTES].copy_from_slice(share);
        let sum = sum(&bytes[..PART_BYTES - SUM_BYTES]);
        bytes[PART_BYTES - SUM_BYTES..].copy_from_slice(&sum);
        Self(bytes)
    }

    /// Reads a part as somebody typed it, with spaces anywhere.
    pub fn parse(typed: &str) -> anyhow::Result<Self> {
        let letters: String = typed.split_whitespace().collect();
        let bytes = BASE64_STANDARD_NO_PAD.decode(&letters).ok().and_then(|bytes| bytes.try_into().ok());
        let bytes: [u8; PART_BYTES] = bytes.context("a part has 52 letters; some are missing, or too many")?;
        let (part, found) = bytes.split_at(PART_BYTES - SUM_BYTES);
        ensure!(found == sum(part), "a letter of this part is mistyped");
        ensure!(part[1] >= 2 && part[2] > 0, "this is no part of a key");
        Ok(Self(bytes))
    }

    /// In groups of four letters, as it is printed.
    pub fn printed(&self) -> String {
        let text = BASE64_STANDARD_NO_PAD.encode(self.0);
        let groups: Vec<&str> = text.as_bytes().chunks(4).filter_map(|group| std::str::from_utf8(group).ok()).collect();
        groups.join(" ")
    }

    fn share(&self) -> anyhow::Result<Share> {
        Share::try_from(&self.0[2..PART_BYTES - SUM_BYTES]).map_err(|error| anyhow::anyhow!("{error}"))
    }
}

// A part is a secret, as the key is.
impl std::fmt::Debug for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Part({} of key {})", self.0[2], self.0[0])
    }
}

/// The keys that parts make, in the order of the key file. The error says what is missing.
pub fn join(parts: &[Part]) -> anyhow::Result<Vec<[u8; KEY_BYTES]>> {
    ensure!(!parts.is_empty(), "there is no part");
    // The same part twice is one.
    let mut by_key: BTreeMap<u8, BTreeMap<u8, &Part>> = BTreeMap::new();
    for part in parts {
        by_key.entry(part.0[0]).or_default().insert(part.0[2], part);
    }
    let mut keys = Vec::with_capacity(by_key.len());
    for (place, parts) in by_key {
        let needed = parts.values().map(|part| part.0[1]).max().unwrap_or_default();
        ensure!(parts.values().all(|part| part.0[1] == needed), "these parts were made at different times");
        if parts.len() < usize::from(needed) {
            bail!("of key {place} there are {} parts, and {needed} are needed", parts.len());
        }
        let shares = parts.values().map(|part| part.share()).collect::<anyhow::Result<Vec<Share>>>()?;
        let key = Sharks(needed).recover(&shares).map_err(|error| anyhow::anyhow!("{error}"))?;
        keys.push(key.try_into().ok().context("these parts make no key")?);
    }
    Ok(keys)
}

fn sum(bytes: &[u8]) -> [u8; SUM_BYTES] {
    let digest = Sha256::new().chain_update(b"sayso key part").chain_update(bytes).finalize();
    digest[..SUM_BYTES].try_into().expect("a digest is longer")
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn parts_are_for_two_at_least() {
        for (parts, needed) in [(1, 1), (0, 0), (3, 1), (3, 4), (PARTS_MAX + 1, 2)] {
            assert!(Scheme::new(parts, needed).is_err(), "{needed} of {parts}");
        }
        assert!(Scheme::new(PARTS_MAX, PARTS_MAX).is_ok());
    }

    proptest! {
        #[test]
        fn as_many_as_are_needed_make_the_key_and_fewer_do_not(key: [u8; KEY_BYTES], needed in 2_u8..=6, more in 0_u8..4, seed: u64) {
            let mut parts = Scheme::new(needed + more, needed).unwrap().split(1, &key);
            // Any of them, in any order.
            let length = parts.len();
            for at in 0..length {
                parts.swap(at, (seed as usize).wrapping_mul(at + 7) % length);
            }
            let typed: Vec<Part> = parts.iter().map(|part| Part::parse(&part.printed()).unwrap()).collect();
            let enough = &typed[..usize::from(needed)];
            prop_assert_eq!(join(enough).unwrap(), vec![key]);
            prop_assert_eq!(join(&typed).unwrap(), vec![key]);
            let too_few = &enough[1..];
            prop_assert!(join(too_few).is_err());
            let twice: Vec<Part> = too_few.iter().chain(too_few).cloned().collect();
            prop_assert!(join(&twice).is_err(), "the same part twice is one");
        }

        #[test]
        fn a_letter_that_was_mistyped_is_noticed(key: [u8; KEY_BYTES], at in 0_usize..52, letter in "[A-Za-z0-9+/]") {
            let part = &Scheme::new(3, 2).unwrap().split(1, &key)[0];
            let mut typed: String = part.printed().replace(' ', "");
            if typed[at..=at] != letter {
                typed.replace_range(at..=at, &letter);
                prop_assert!(Part::parse(&typed).is_err());
            }
        }

        #[test]
        fn whatever_is_typed_is_read_or_refused(typed in "\\PC{0,80}") {
            let _ = Part::parse(&typed);
        }
    }

    #[test]
    fn parts_of_different_times_are_told_apart_where_that_can_be_seen() {
        let (two, three) = (Scheme::new(3, 2).unwrap(), Scheme::new(3, 3).unwrap());
        let mixed = [two.split(1, &[1; 32]).remove(0), three.split(1, &[1; 32]).remove(1)];
        assert!(join(&mixed).unwrap_err().to_string().contains("different times"));
    }

    #[test]
    fn several_keys_come_back_in_their_order() {
        let scheme = Scheme::new(3, 2).unwrap();
        let mut parts = scheme.split(2, &[2; 32]);
        parts.truncate(2);
        parts.extend(scheme.split(1, &[1; 32]).into_iter().skip(1));
        assert_eq!(join(&parts).unwrap(), vec![[1; 32], [2; 32]]);
    }
}
