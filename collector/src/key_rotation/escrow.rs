//! The master key in parts for several people, of whom some together have it and fewer know nothing (Shamir 1979): no safe has to be trusted alone.

use std::collections::BTreeMap;

use anyhow::{Context as _, bail, ensure};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD_NO_PAD;
use blahaj::{Share, Sharks};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::words::check_words;
use crate::keys::{self, random_bytes};

/// How many parts there may be.
pub const PARTS_MAX: u8 = 20;
/// Bytes of a key.
const KEY_BYTES: usize = 32;
/// Bytes of the sum at the end of a part, which tells what was mistyped.
const SUM_BYTES: usize = 4;
/// Bytes of what all parts of one splitting have in common, and no others.
const ID_BYTES: usize = 5;
/// Bytes before the share: which splitting, which key, of how many, and how many parts are needed.
const HEAD_BYTES: usize = ID_BYTES + 3;
/// Bytes of a part: the head, which part it is, a byte for each of the key, and the sum.
const PART_BYTES: usize = HEAD_BYTES + 1 + KEY_BYTES + SUM_BYTES;

/// A part of a key: 60 letters of base64.
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

    /// The parts of keys, in the order of the key file: for each key as many as there are people.
    pub fn split(self, keys: &[[u8; KEY_BYTES]]) -> anyhow::Result<Vec<Vec<Part>>> {
        let id: [u8; ID_BYTES] = random_bytes();
        let count = u8::try_from(keys.len()).context("there are too many keys to be split")?;
        let mut all = Vec::with_capacity(keys.len());
        for (place, key) in (1..=count).zip(keys) {
            let dealt = Sharks(self.needed).dealer(key).take(self.parts.into());
            all.push(dealt.map(|share| Part::new(id, [place, count, self.needed], &Vec::from(&share))).collect());
        }
        Ok(all)
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
        let all = written.iter().map(|text| keys::key_of(text)).collect::<anyhow::Result<Vec<_>>>()?;
        for (place, (key, parts)) in all.iter().zip(self.split(&all)?).enumerate() {
            let place = place + 1;
            for (sheet, part) in sheets.iter_mut().zip(parts) {
                *sheet += &format!(
                    "Key {place} of {}\n    {}\n    Check words of the key: {}\n\n",
                    written.len(),
                    part.printed(),
                    check_words(key)
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
    fn new(id: [u8; ID_BYTES], head: [u8; 3], share: &[u8]) -> Self {
        let mut bytes = [0; PART_BYTES];
        bytes[..ID_BYTES].copy_from_slice(&id);
        bytes[ID_BYTES..HEAD_BYTES].copy_from_slice(&head);
        bytes[HEAD_BYTES..PART_BYTES - SUM_BYTES].copy_from_slice(share);
        let sum = sum(&bytes[..PART_BYTES - SUM_BYTES]);
        bytes[PART_BYTES - SUM_BYTES..].copy_from_slice(&sum);
        Self(bytes)
    }

    /// Reads a part as somebody typed it, with spaces anywhere.
    pub fn parse(typed: &str) -> anyhow::Result<Self> {
        let letters: String = typed.split_whitespace().collect();
        let bytes = BASE64_STANDARD_NO_PAD.decode(&letters).ok().and_then(|bytes| bytes.try_into().ok());
        let bytes: [u8; PART_BYTES] = bytes.context("a part has 60 letters; some are missing, or too many")?;
        let (part, found) = bytes.split_at(PART_BYTES - SUM_BYTES);
        ensure!(found == sum(part), "a letter of this part is mistyped");
        let part = Self(bytes);
        let [place, count, needed] = part.head();
        ensure!(needed >= 2 && (1..=count).contains(&place) && part.number() > 0, "this is no part of a key");
        Ok(part)
    }

    /// In groups of four letters, as it is printed.
    pub fn printed(&self) -> String {
        let text = BASE64_STANDARD_NO_PAD.encode(self.0);
        let groups: Vec<&str> = text.as_bytes().chunks(4).filter_map(|group| std::str::from_utf8(group).ok()).collect();
        groups.join(" ")
    }

    /// Which splitting it is of.
    fn id(&self) -> &[u8] {
        &self.0[..ID_BYTES]
    }

    /// Which key it is of, of how many, and how many parts are needed.
    fn head(&self) -> [u8; 3] {
        self.0[ID_BYTES..HEAD_BYTES].try_into().expect("it has three bytes")
    }

    /// Which part it is.
    fn number(&self) -> u8 {
        self.0[HEAD_BYTES]
    }

    fn share(&self) -> anyhow::Result<Share> {
        Share::try_from(&self.0[HEAD_BYTES..PART_BYTES - SUM_BYTES]).map_err(|error| anyhow::anyhow!("{error}"))
    }
}

// A part is a secret, as the key is.
impl std::fmt::Debug for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Part({} of key {})", self.number(), self.head()[0])
    }
}

/// All keys that parts make, in the order of the key file. The error says what is missing.
pub fn join(parts: &[Part]) -> anyhow::Result<Vec<[u8; KEY_BYTES]>> {
    let first = parts.first().context("there is no part")?;
    let [_, count, needed] = first.head();
    let is_of_it = |part: &Part| part.id() == first.id() && part.head()[1..] == [count, needed];
    ensure!(
        parts.iter().all(is_of_it),
        "these parts were made at different times: they are of different keys, or of different splittings"
    );
    let mut keys = Vec::with_capacity(count.into());
    for place in 1..=count {
        // The same part twice is one.
        let of_key: BTreeMap<u8, &Part> =
            parts.iter().filter(|part| part.head()[0] == place).map(|part| (part.number(), part)).collect();
        if of_key.len() < usize::from(needed) {
            bail!("of key {place} of {count} there are {} parts, and {needed} are needed", of_key.len());
        }
        let shares = of_key.values().map(|part| part.share()).collect::<anyhow::Result<Vec<Share>>>()?;
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

    /// The parts of one key.
    fn parts_of(scheme: Scheme, key: [u8; KEY_BYTES]) -> Vec<Part> {
        scheme.split(&[key]).unwrap().remove(0)
    }

    proptest! {
        #[test]
        fn as_many_as_are_needed_make_the_key_and_fewer_do_not(key: [u8; KEY_BYTES], needed in 2_u8..=6, more in 0_u8..4, seed: u64) {
            let mut parts = parts_of(Scheme::new(needed + more, needed).unwrap(), key);
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
        fn a_letter_that_was_mistyped_is_noticed(key: [u8; KEY_BYTES], at in 0_usize..60, letter in "[A-Za-z0-9+/]") {
            let part = &parts_of(Scheme::new(3, 2).unwrap(), key)[0];
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
    fn parts_of_different_splittings_make_no_key() {
        let scheme = Scheme::new(3, 2).unwrap();
        // The same key, or one from before a rotation: what they make together is neither.
        for other in [[1; 32], [2; 32]] {
            let mixed = [parts_of(scheme, [1; 32]).remove(0), parts_of(scheme, other).remove(1)];
            assert!(join(&mixed).unwrap_err().to_string().contains("different times"));
        }
    }

    #[test]
    fn several_keys_come_back_whole_or_not_at_all() {
        let split = Scheme::new(3, 2).unwrap().split(&[[1; 32], [2; 32]]).unwrap();
        let of = |key: usize, numbers: [usize; 2]| numbers.map(|number| split[key][number].clone());
        let all: Vec<Part> = of(1, [0, 2]).into_iter().chain(of(0, [1, 2])).collect();
        assert_eq!(join(&all).unwrap(), vec![[1; 32], [2; 32]]);
        let one = join(&of(1, [0, 2])).unwrap_err().to_string();
        assert_eq!(one, "of key 1 of 2 there are 0 parts, and 2 are needed");
    }
}
