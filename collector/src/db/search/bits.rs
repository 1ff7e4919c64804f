//! Sets of the cases of a segment, by their places in it.

/// A set of places below a fixed number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bits {
    words: Vec<u64>,
    size: usize,
}

/// How a set stands in the database: a list of places, or a bit for each.
const LIST: u8 = 0;
const MAP: u8 = 1;

impl Bits {
    /// An empty set of places below `size`.
    pub fn none(size: usize) -> Self {
        Self { words: vec![0; size.div_ceil(64)], size }
    }

    /// All places below `size`.
    pub fn all(size: usize) -> Self {
        let mut words = vec![u64::MAX; size.div_ceil(64)];
        if let (Some(last), rest @ 1..) = (words.last_mut(), size % 64) {
            *last = (1 << rest) - 1;
        }
        Self { words, size }
    }

    /// Adds a place.
    pub fn insert(&mut self, place: usize) {
        if place < self.size {
            self.words[place / 64] |= 1 << (place % 64);
        }
    }

    /// Whether a place is in it.
    pub fn contains(&self, place: usize) -> bool {
        place < self.size && self.words[place / 64] & (1 << (place % 64)) != 0
    }

    /// Keeps what is in both.
    pub fn keep(&mut self, other: &Bits) {
        self.words.iter_mut().zip(&other.words).for_each(|(word, other)| *word &= other);
    }

    /// Adds all of another.
    pub fn add(&mut self, other: &Bits) {
        self.words.iter_mut().zip(&other.words).for_each(|(word, other)| *word |= other);
    }

    /// Takes out all of another.
    pub fn remove(&mut self, other: &Bits) {
        self.words.iter_mut().zip(&other.words).for_each(|(word, other)| *word &= !other);
    }

    /// Takes out what is below `from`, or at `to` and above.
    pub fn clip(&mut self, from: usize, to: usize) {
        for (at, word) in self.words.iter_mut().enumerate() {
            let first = at * 64;
            let below = |place: usize| match place.saturating_sub(first) {
                0 => 0,
                bits @ 1..64 => (1 << bits) - 1,
                _ => u64::MAX,
            };
            *word &= below(to) & !below(from);
        }
    }

    /// How many places are in it.
    pub fn count(&self) -> usize {
        self.words.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// How many are in both.
    pub fn count_with(&self, other: &Bits) -> usize {
        self.words.iter().zip(&other.words).map(|(word, other)| (word & other).count_ones() as usize).sum()
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.words.iter().all(|word| *word == 0)
    }

    /// The places, from the lowest on.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = usize> {
        self.words
            .iter()
            .copied()
            .enumerate()
            .filter(|(_, word)| *word != 0)
            .flat_map(|(at, word)| (0..64).filter(move |bit| word >> bit & 1 != 0).map(move |bit| at * 64 + bit))
    }

    /// As it stands in the database: whichever form is shorter.
    pub fn encode(&self) -> Vec<u8> {
        let places: Vec<u16> = if self.count() * 2 < self.size / 8 {
            self.iter().map(|place| u16::try_from(place).expect("a segment has no more places")).collect()
        } else {
            let mut map = vec![MAP];
            map.extend(self.words.iter().flat_map(|word| word.to_le_bytes()));
            return map;
        };
        encode_list(&places)
    }

    /// Adds what stands in the database to a set; a form that is unknown adds nothing.
    pub fn add_encoded(&mut self, encoded: &[u8]) {
        match encoded.split_first() {
            Some((&LIST, list)) => {
                let (pairs, _) = list.as_chunks::<2>();
                pairs.iter().for_each(|pair| self.insert(usize::from(u16::from_le_bytes(*pair))));
            }
            Some((&MAP, map)) => {
                let (words, _) = map.as_chunks::<8>();
                self.words.iter_mut().zip(words).for_each(|(word, bytes)| *word |= u64::from_le_bytes(*bytes));
            }
            _ => {}
        }
    }
}

/// A list of places, as it stands in the database. For `size` places a long list is shorter as a map.
pub fn encode_places(places: &[u16], size: usize) -> Vec<u8> {
    if places.len() * 2 < size / 8 {
        return encode_list(places);
    }
    let mut bits = Bits::none(size);
    places.iter().for_each(|place| bits.insert(usize::from(*place)));
    bits.encode()
}

fn encode_list(places: &[u16]) -> Vec<u8> {
    let mut list = Vec::with_capacity(1 + places.len() * 2);
    list.push(LIST);
    list.extend(places.iter().flat_map(|place| place.to_le_bytes()));
    list
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_set_comes_back(size in 1usize..5_000, places in prop::collection::btree_set(0usize..5_000, 0..800)) {
            let places: BTreeSet<usize> = places.into_iter().filter(|place| *place < size).collect();
            let mut bits = Bits::none(size);
            places.iter().for_each(|place| bits.insert(*place));
            let mut back = Bits::none(size);
            back.add_encoded(&bits.encode());
            prop_assert_eq!(&back, &bits);
            let list: Vec<u16> = places.iter().map(|place| *place as u16).collect();
            let mut from_list = Bits::none(size);
            from_list.add_encoded(&encode_places(&list, size));
            prop_assert_eq!(&from_list, &bits);
            prop_assert_eq!(bits.count(), places.len());
            prop_assert!(bits.iter().eq(places.iter().copied()));
            let (from, to) = (size / 3, size - size / 5);
            let mut clipped = bits.clone();
            clipped.clip(from, to);
            prop_assert!(clipped.iter().eq(places.iter().copied().filter(|place| (from..to).contains(place))));
            let mut rest = Bits::all(size);
            rest.remove(&bits);
            prop_assert_eq!(rest.count(), size - places.len());
            prop_assert_eq!(rest.count_with(&bits), 0);
        }
    }
}
