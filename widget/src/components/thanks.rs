//! It has been received: the code, the promise, and the way to the answer.

use yew::{AttrValue, Html, html};

use super::{Ui, events, icon};
use crate::state::Receipt;

/// What the customer sees after the collector's 201, and never before.
pub fn thanks(ui: &Ui, receipt: &Receipt) -> Html {
    let due = receipt.first_response_due.as_deref().and_then(|due| ui.host.date(due));
    html! {
        <div class="thanks" onclick={events::onclick(ui.link)}>
            <div class="seal">{ icon::icon(icon::DONE) }</div>
            <h2 id="thanks" tabindex="-1">{ ui.text("thanks_title") }</h2>
            <p>{ due.map_or_else(|| ui.text("thanks_text"), |due| ui.words.fill("thanks_promise", &due)) }</p>
            if !receipt.email.is_empty() {
                <p>{ ui.words.fill("thanks_mail", &receipt.email) }</p>
            }
            if !receipt.left.is_empty() {
                <p class="hint">{ AttrValue::from(receipt.left.clone()) }</p>
            }
            <div class="receipt">
                <p>{ ui.text("code_label") }</p>
                <output id="code">{ AttrValue::from(receipt.code.clone()) }</output>
                <button type="button" id="copy"><span aria-live="polite">{ ui.copy_label("copy_code") }</span></button>
            </div>
            <p class="hint">{ ui.text("code_hint") }</p>
            <a class="primary" id="status" href={receipt.status_url.clone()} target="_blank" rel="noopener">
                { ui.text("thanks_status") }
            </a>
            <button type="button" class="quiet" id="again">{ ui.text("thanks_again") }</button>
        </div>
    }
}
