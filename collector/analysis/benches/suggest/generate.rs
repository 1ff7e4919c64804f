//! Texts like those of customers, made of fragments: several things in one text, words that several categories have, misspellings, categories that somebody
//! set wrongly, and fragments that begin late, since customers speak of something new.

use std::collections::BTreeMap;

/// How hard the texts are.
#[derive(Clone, Copy, Debug)]
pub struct Noise {
    /// Of a hundred texts so many speak of something else as well.
    pub mixed: usize,
    /// Of a hundred so many have the category that somebody set wrongly.
    pub wrong: usize,
    /// Of a hundred characters so many are missing.
    pub misspelt: usize,
}

/// The fragments of a language.
#[derive(Debug, Default)]
pub struct Fragments {
    words: BTreeMap<String, Vec<String>>,
    shared: Vec<String>,
    categories: Vec<(String, usize, Vec<String>)>,
}

/// A source of numbers that are the same each time (SplitMix64).
#[derive(Debug)]
pub struct Random(pub u64);

impl Random {
    /// A number below `end`.
    pub fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) % end as u64) as usize
    }

    fn of<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len())]
    }
}

impl Fragments {
    /// Reads a file of fragments.
    pub fn parse(text: &str) -> Self {
        let mut all = Self::default();
        let mut is_shared = true;
        for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            if let Some((name, words)) = line.strip_prefix('@').and_then(|line| line.split_once(' ')) {
                all.words.insert(format!("{{{name}}}"), words.split('|').map(str::to_owned).collect());
            } else if let Some(header) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
                is_shared = header == "*";
                if let Some((name, weight)) = header.split_once(' ') {
                    all.categories.push((name.to_owned(), weight.parse().expect("a weight is a number"), Vec::new()));
                }
            } else if is_shared {
                all.shared.push(line.to_owned());
            } else {
                all.categories.last_mut().expect("a fragment stands below its category").2.push(line.to_owned());
            }
        }
        all
    }

    /// The texts of some time, oldest first, each with its category.
    pub fn texts<'a>(&'a self, count: usize, noise: Noise, seed: u64) -> impl Iterator<Item = (String, &'a str)> + 'a {
        let mut random = Random(seed);
        (0..count).map(move |at| self.text(at * 100 / count, noise, &mut random))
    }

    /// A text at some hundredth of the time.
    fn text(&self, hundredth: usize, noise: Noise, random: &mut Random) -> (String, &str) {
        let main = self.category(random);
        let mut parts = vec![self.fragment(main, hundredth, random)];
        if random.below(100) < 35 {
            parts.push(self.fragment(main, hundredth, random));
        }
        // Who speaks of something else as well mostly says more about what made them write.
        if random.below(100) < noise.mixed {
            let other = self.category(random);
            parts.push(self.fragment(other, hundredth, random));
            if random.below(100) < 60 {
                parts.push(self.fragment(main, hundredth, random));
            }
        }
        for _ in 0..1 + random.below(4) {
            parts.push(random.of::<String>(&self.shared));
        }
        for last in (1..parts.len()).rev() {
            parts.swap(last, random.below(last + 1));
        }
        let mut text = parts.join(", ");
        for (name, words) in &self.words {
            while let Some(at) = text.find(name.as_str()) {
                text.replace_range(at..at + name.len(), random.of::<String>(words));
            }
        }
        let text = text.chars().filter(|_| random.below(100) >= noise.misspelt).collect();
        let category = if random.below(100) < noise.wrong { self.category(random) } else { main };
        (text, &self.categories[category].0)
    }

    fn category(&self, random: &mut Random) -> usize {
        let mut left = random.below(self.categories.iter().map(|(_, weight, _)| weight).sum());
        let has_it = |(_, weight, _): &(String, usize, Vec<String>)| {
            let here = left < *weight;
            left = left.saturating_sub(*weight);
            here
        };
        self.categories.iter().position(has_it).unwrap_or_default()
    }

    /// One of a category; each third one is not said before half of the time is over.
    fn fragment(&self, category: usize, hundredth: usize, random: &mut Random) -> &str {
        let fragments = &self.categories[category].2;
        loop {
            let at = random.below(fragments.len());
            if at % 3 != 2 || hundredth >= 50 {
                return &fragments[at];
            }
        }
    }
}
