//! What is hidden of a text before it leaves the browser: the same code as on every way into the collector. A module of its own and without Yew, since it
//! is fetched while somebody types a number, and a tenth of the companion's size.

use sayso_shared::masking::{self, Masking};
use wasm_bindgen::prelude::wasm_bindgen;

#[cfg(target_arch = "wasm32")]
#[global_allocator]
static MEMORY: lol_alloc::LockedAllocator<lol_alloc::FreeListAllocator> =
    lol_alloc::LockedAllocator::new(lol_alloc::FreeListAllocator::new());

/// A text without what has no business in it, as the collector would store it.
#[wasm_bindgen]
pub fn mask(text: String) -> String {
    masking::mask(text, Masking::Everything)
}

/// The same where the customer insists: without card numbers alone.
#[wasm_bindgen]
pub fn mask_cards(text: String) -> String {
    masking::mask(text, Masking::Cards)
}

/// What is hidden of a text: the keys of the sentences that say so, separated by blanks, each once and cards first.
#[wasm_bindgen]
pub fn hidden(text: String) -> String {
    masking::hidden_in(&text).join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_is_said_once() {
        let text = "4111 1111 1111 1111 and 5500-0000-0000-0004, DE89 3704 0044 0532 0130 00, 11010519491231002X, https://a.example/?token=abcdefgh";
        assert_eq!(hidden(text.to_owned()), "mask_card mask_identity mask_iban mask_secret");
        assert_eq!(hidden("Order 4711, call 0800 123 4567.".to_owned()), "");
    }

    #[test]
    fn who_insists_keeps_all_but_cards() {
        let text = "4111 1111 1111 1111, 11010519491231002X".to_owned();
        assert_eq!(mask_cards(text.clone()), "•••• •••• •••• 1111, 11010519491231002X");
        assert_eq!(mask(text), "•••• •••• •••• 1111, ••••••••••••••002X");
    }
}
