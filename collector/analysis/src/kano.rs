//! Kano's model of quality: how customers feel if something is there, and if it is not (Kano, Seraku, Takahashi and Tsuji 1984).

use serde::{Deserialize, Serialize};

/// How somebody feels about something that is there, or is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Feeling {
    /// I like it.
    Like,
    /// It must be so.
    MustBe,
    /// I don't mind.
    Neutral,
    /// I can live with it.
    LiveWith,
    /// I dislike it.
    Dislike,
}

/// What something is to a customer. In the order in which ties of an item are decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Category {
    /// Must-be: nobody thanks for it, and all complain where it is missing.
    M,
    /// One-dimensional: the more, the better.
    O,
    /// Attractive: delights, and is not missed.
    A,
    /// Indifferent.
    I,
    /// Reverse: not wanted.
    R,
    /// Questionable: the two answers contradict each other.
    Q,
}

/// How many answers are of each category.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub struct Counts {
    /// Attractive.
    pub a: u64,
    /// One-dimensional.
    pub o: u64,
    /// Must-be.
    pub m: u64,
    /// Indifferent.
    pub i: u64,
    /// Reverse.
    pub r: u64,
    /// Questionable.
    pub q: u64,
}

/// What the answers say of an item.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Verdict {
    /// The most frequent category.
    pub category: Category,
    /// Whether the two most frequent ones differ by less than chance explains.
    pub weak: bool,
    /// Whether more than a fifth of the answers contradict themselves, so that the question was not understood.
    pub unclear: bool,
    /// By how much satisfaction rises if it is there, 0 to 1; none where nobody cares either way.
    pub better: Option<f64>,
    /// By how much it falls if it is not, −1 to 0.
    pub worse: Option<f64>,
}

/// The evaluation table: a row for each feeling about its being there, a column for each about its not being there.
const TABLE: [[Category; 5]; 5] = {
    use Category::{A, I, M, O, Q, R};
    [[Q, A, A, A, O], [R, I, I, I, M], [R, I, I, I, M], [R, I, I, I, M], [R, R, R, R, Q]]
};

/// The category of one customer's two answers.
pub const fn category(functional: Feeling, dysfunctional: Feeling) -> Category {
    TABLE[functional as usize][dysfunctional as usize]
}

impl Counts {
    /// Counts categories.
    pub fn of(categories: impl IntoIterator<Item = Category>) -> Self {
        let mut counts = Self::default();
        for category in categories {
            *counts.place(category) += 1;
        }
        counts
    }

    /// How many there are.
    pub const fn n(self) -> u64 {
        self.a + self.o + self.m + self.i + self.r + self.q
    }

    fn place(&mut self, category: Category) -> &mut u64 {
        match category {
            Category::A => &mut self.a,
            Category::O => &mut self.o,
            Category::M => &mut self.m,
            Category::I => &mut self.i,
            Category::R => &mut self.r,
            Category::Q => &mut self.q,
        }
    }

    /// The category of an item: the most frequent one, and of ties the first of M, O, A, I, R and Q. Weak by Fong (1996), *Using the self-stated
    /// importance questionnaire*; better and worse by Berger and others (1993), *Kano's methods for understanding customer-defined quality*.
    pub fn verdict(self) -> Option<Verdict> {
        let n = self.n();
        if n == 0 {
            return None;
        }
        let mut ranked = [
            (self.m, Category::M),
            (self.o, Category::O),
            (self.a, Category::A),
            (self.i, Category::I),
            (self.r, Category::R),
            (self.q, Category::Q),
        ];
        // A stable sort, so that ties stay in this order.
        ranked.sort_by(|(one, _), (other, _)| other.cmp(one));
        let (first, second, total) = (ranked[0].0 as f64, ranked[1].0 as f64, n as f64);
        let chance = 1.65 * ((first + second) * (2.0 * total - first - second) / (2.0 * total)).sqrt();
        let who_cares = self.a + self.o + self.m + self.i;
        let of_them = |count: u64| (who_cares > 0).then(|| count as f64 / who_cares as f64);
        Some(Verdict {
            category: ranked[0].1,
            weak: first - second < chance,
            unclear: self.q * 5 > n,
            better: of_them(self.a + self.o),
            worse: of_them(self.o + self.m).map(|share| -share),
        })
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn vectors() {
        assert_eq!(category(Feeling::Like, Feeling::Dislike), Category::O);
        let counts = Counts { o: 7, a: 5, m: 4, i: 2, r: 1, q: 1 };
        let verdict = counts.verdict().unwrap();
        assert_eq!((verdict.category, verdict.weak, verdict.unclear), (Category::O, true, false));
        assert!((verdict.better.unwrap() - 0.667).abs() < 5e-4 && (verdict.worse.unwrap() + 0.611).abs() < 5e-4);
        let chance = 1.65 * ((12.0_f64) * 28.0 / 40.0).sqrt();
        assert!((chance - 4.78).abs() < 5e-3, "{chance}");
    }

    #[test]
    fn the_table_is_as_published() {
        let written = TABLE.map(|row| row.map(|category| format!("{category:?}")).concat());
        assert_eq!(written, ["QAAAO", "RIIIM", "RIIIM", "RIIIM", "RRRRQ"]);
    }

    #[test]
    fn ties_and_contradictions() {
        let tie = Counts { m: 3, o: 3, a: 3, ..Counts::default() };
        assert_eq!(tie.verdict().unwrap().category, Category::M);
        let clear = Counts { a: 90, i: 10, ..Counts::default() };
        assert!(!clear.verdict().unwrap().weak);
        assert!(
            !Counts { a: 8, q: 2, ..Counts::default() }.verdict().unwrap().unclear,
            "a fifth is not more than a fifth"
        );
        assert!(Counts { a: 7, q: 2, ..Counts::default() }.verdict().unwrap().unclear);
        let nobody_cares = Counts { r: 4, ..Counts::default() }.verdict().unwrap();
        assert_eq!((nobody_cares.category, nobody_cares.better, nobody_cares.worse), (Category::R, None, None));
        assert_eq!(Counts::default().verdict(), None);
    }

    proptest! {
        #[test]
        fn what_is_said_is_within_bounds(a in 0_u64..50, o in 0_u64..50, m in 0_u64..50, i in 0_u64..50, r in 0_u64..50, q in 0_u64..50) {
            let counts = Counts { a, o, m, i, r, q };
            if let Some(verdict) = counts.verdict() {
                prop_assert!(verdict.better.is_none_or(|better| (0.0..=1.0).contains(&better)));
                prop_assert!(verdict.worse.is_none_or(|worse| (-1.0..=0.0).contains(&worse)));
                let mut most = counts;
                prop_assert_eq!(*most.place(verdict.category), *[a, o, m, i, r, q].iter().max().unwrap());
            } else {
                prop_assert_eq!(counts.n(), 0);
            }
        }
    }
}
