//! What is hidden of what a customer wrote on a page of ours: said where their words come back to them and where they have arrived, with a box to
//! insist. The widget does the same while they type.

use sayso_shared::masking::hidden_in;

use super::form::Form;
use super::visit::Visit;

/// The box, and the parameter of the address that tells the next page what was hidden.
const FIELD: &str = "keep_unmasked";
const PARAMETER: &str = "masked";
/// What is hidden whatever its customer says.
const CARD: &str = "card";
const KINDS: [&str; 4] = [CARD, "identity", "iban", "secret"];

/// Whether a customer insists that their words stay as they are, but for numbers of cards.
pub fn insists(form: &Form) -> bool {
    form.text(FIELD) == "true"
}

/// What is hidden of some words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Masked {
    /// The ends of the keys of the sentences that say so, cards first.
    pub kinds: Vec<&'static str>,
    /// Whether the box is ticked.
    pub insists: bool,
}

impl Masked {
    /// Of words as they were typed by somebody who does not insist.
    pub fn of(texts: &[&str]) -> Self {
        let hidden = hidden_in(&texts.join("\n"));
        Self { kinds: hidden.into_iter().filter_map(|key| key.strip_prefix("mask_")).collect(), insists: false }
    }

    /// As the page before has told it.
    pub fn told(visit: &Visit) -> Self {
        let told = visit.query(PARAMETER).unwrap_or_default();
        Self {
            kinds: KINDS.into_iter().filter(|kind| told.split('-').any(|one| one == *kind)).collect(),
            insists: false,
        }
    }

    /// What the next page is told, once it was sent.
    pub fn parameter(&self) -> Option<(&'static str, String)> {
        let kinds: Vec<&str> = self.kinds.iter().copied().filter(|kind| !self.insists || *kind == CARD).collect();
        (!kinds.is_empty()).then(|| (PARAMETER, kinds.join("-")))
    }

    /// Whether there is nothing to say.
    pub const fn is_empty(&self) -> bool {
        self.kinds.is_empty()
    }

    /// Whether there is a choice: of cards alone there is none.
    pub fn may_insist(&self) -> bool {
        self.kinds.iter().any(|kind| *kind != CARD)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_insists_is_told_of_cards_alone() {
        let words = ["4111 1111 1111 1111", "DE89 3704 0044 0532 0130 00"];
        let masked = Masked::of(&words);
        assert_eq!(masked.parameter(), Some(("masked", "card-iban".to_owned())));
        assert!(masked.may_insist());
        assert_eq!(Masked { insists: true, ..masked }.parameter(), Some(("masked", "card".to_owned())));
        assert!(!Masked::of(&words[..1]).may_insist());
        assert_eq!(Masked::of(&["Order 7"]), Masked::default());
    }
}
