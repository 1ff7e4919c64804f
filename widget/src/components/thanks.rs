//! It has been received: the code, the promise, and the way to the answer.

use yew::{Html, html};

use super::{Ui, icon};
use crate::browser;
use crate::state::{Action, Receipt};

/// What the customer sees after the collector's 201, and never before.
pub fn thanks(ui: &Ui, receipt: &Receipt) -> Html {
    let due = receipt.first_response_due.as_deref().and_then(|due| browser::date(due, &ui.words.lang));
    let copied = match ui.copied {
        Some(true) => "copied",
        Some(false) => "copy_failed",
        None => "copy_code",
    };
    html! {
        <div class="thanks">
            <div class="seal">{ icon::icon(icon::DONE) }</div>
            <h2 id="thanks" tabindex="-1">{ ui.text("thanks_title") }</h2>
            <p>
                if let Some(due) = due {
                    { ui.words.fill("thanks_promise", "{when}", &due) }
                } else {
                    { ui.text("thanks_text") }
                }
            </p>
            <div class="receipt">
                <p>{ ui.text("code_label") }</p>
                <output id="code">{ receipt.code.clone() }</output>
                <button type="button" id="copy" onclick={ui.on_copy(receipt.code.clone())}>
                    <span aria-live="polite">{ ui.text(copied) }</span>
                </button>
            </div>
            <p class="hint">{ ui.text("code_hint") }</p>
            <a class="primary" id="status" href={receipt.status_url.clone()} target="_blank" rel="noopener">{ ui.text("thanks_status") }</a>
            <button type="button" class="quiet" id="again" onclick={ui.on_click(Action::Another)}>{ ui.text("thanks_again") }</button>
        </div>
    }
}
