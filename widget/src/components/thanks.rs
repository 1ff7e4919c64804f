//! It has been received: the code, the promise, and the way to the answer.

use yew::Html;

use super::markup::{UiEvent, el, none, on, plain, says, tag, with};
use super::{Ui, icon};
use crate::state::Receipt;

/// What the customer sees after the collector's 201, and never before.
pub fn thanks(ui: &Ui, receipt: &Receipt) -> Html {
    let due = receipt.first_response_due.as_deref().and_then(|due| ui.host.date(due));
    let promise = due.map_or_else(|| ui.text("thanks_text"), |due| ui.words.fill("thanks_promise", &due));
    let copied = says("span", with!["aria-live" => "polite"], ui.copy_label("copy_code"));
    let copy = tag("button", with!["type" => "button", "id" => "copy"], vec![copied]);
    let again = with!["type" => "button", "class" => "quiet", "id" => "again"];
    let again = tag("button", again, vec![plain(ui.text("thanks_again"))]);
    let follow = with!["class" => "primary", "id" => "status", "href" => &receipt.status_url, "target" => "_blank", "rel" => "noopener"];
    el(
        "div",
        with!["class" => "thanks"],
        vec![
            el("div", with!["class" => "seal"], vec![icon::icon(icon::DONE)]),
            says("h2", with!["id" => "thanks", "tabindex" => "-1"], ui.text("thanks_title")),
            says("p", with![], promise),
            if receipt.email.is_empty() {
                none()
            } else {
                says("p", with![], ui.words.fill("thanks_mail", &receipt.email))
            },
            el(
                "div",
                with!["class" => "receipt"],
                vec![
                    says("p", with![], ui.text("code_label")),
                    says("output", with!["id" => "code"], receipt.code.clone().into()),
                    on(ui, copy, UiEvent::Copy),
                ],
            ),
            says("p", with!["class" => "hint"], ui.text("code_hint")),
            says("a", follow, ui.text("thanks_status")),
            on(ui, again, UiEvent::Another),
        ],
    )
}
