//! One condition of a search: a set of tokens, of which a case must have one.

/// Something that a case must have, or must not: one of some tokens, or one within some ranges of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Term {
    tokens: Vec<String>,
    ranges: Vec<(String, String)>,
}

impl Term {
    /// One token.
    pub fn token(token: impl Into<String>) -> Self {
        Self::any_of([token.into()])
    }

    /// One of these tokens.
    pub fn any_of(tokens: impl IntoIterator<Item = String>) -> Self {
        Self { tokens: tokens.into_iter().collect(), ranges: Vec::new() }
    }

    /// A token within one of these ranges: from the first one on, below the second one.
    pub fn within(ranges: impl IntoIterator<Item = (String, String)>) -> Self {
        Self { tokens: Vec::new(), ranges: ranges.into_iter().collect() }
    }

    /// What either of two has.
    #[must_use]
    pub fn or(mut self, other: Self) -> Self {
        self.tokens.extend(other.tokens);
        self.ranges.extend(other.ranges);
        self
    }

    /// Whether a token is one of them.
    pub fn has(&self, token: &str) -> bool {
        self.tokens.iter().any(|one| one == token)
            || self.ranges.iter().any(|(from, to)| from.as_str() <= token && token < to.as_str())
    }

    /// The tokens.
    pub fn tokens(&self) -> &[String] {
        &self.tokens
    }

    /// The ranges, each from the first token on, below the second one.
    pub fn ranges(&self) -> &[(String, String)] {
        &self.ranges
    }

    /// Whether a folded word can be one of them, in this form or in another: it begins as one of them does. Much cheaper than its forms.
    pub fn may_have_form_of(&self, word: &str) -> bool {
        let begins = |token: &str| {
            let token = token.trim_start_matches(['^', '~']);
            token.chars().zip(word.chars()).take(2).all(|(one, other)| one == other)
        };
        self.tokens.iter().any(|token| begins(token)) || self.ranges.iter().any(|(from, _)| begins(from))
    }
}
