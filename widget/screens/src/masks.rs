//! Numbers that are none of anybody's business: what is hidden before it leaves the browser, shown while it is typed.

use sayso_shared::masking::{Masking, NumberKind, numbers, without_secrets_in};
use web_sys::HtmlInputElement;
use yew::prelude::*;

use crate::host::Host;
use crate::words::Words;

/// What is hidden of a text, as the keys of the sentences that say so: each once, cards first.
pub fn hidden(text: &str) -> Vec<&'static str> {
    let found = numbers(text, Masking::Everything);
    let has = |kind: NumberKind| found.iter().any(|number| number.kind == kind);
    let sentences = [
        (has(NumberKind::Card), CARD),
        (has(NumberKind::IdentityNumber), "mask_identity"),
        (has(NumberKind::Iban), "mask_iban"),
        (without_secrets_in(text.to_owned()) != text, "mask_secret"),
    ];
    sentences.into_iter().filter_map(|(is_there, key)| is_there.then_some(key)).collect()
}

/// What is hidden whatever the customer says.
const CARD: &str = "mask_card";

/// Says what is hidden, and lets the customer insist on what may leave as it is.
pub fn masks(host: &Host, words: &Words, typed: &str) -> Html {
    let hidden = hidden(typed);
    let may_insist = hidden.iter().any(|key| *key != CARD);
    if hidden.is_empty() {
        return html! {};
    }
    let oninput = {
        let host = host.clone();
        Callback::from(move |event: InputEvent| {
            if let Some(input) = event.target_dyn_into::<HtmlInputElement>() {
                host.insist(input.checked());
            }
        })
    };
    html! {
        <div class="masks" role="status">
            { for hidden.iter().map(|key| html! { <p>{ words.get(key) }</p> }) }
            if may_insist {
                <label class="consent">
                    <input type="checkbox" id="keep-unmasked" {oninput} /><span>{ words.get("mask_insist") }</span>
                </label>
            }
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_is_said_once() {
        let text = "4111 1111 1111 1111 and 5500-0000-0000-0004, DE89 3704 0044 0532 0130 00, 11010519491231002X, https://a.example/?token=abcdefgh";
        assert_eq!(hidden(text), ["mask_card", "mask_identity", "mask_iban", "mask_secret"]);
        assert_eq!(hidden("Order 4711, call 0800 123 4567."), [""; 0]);
    }
}
