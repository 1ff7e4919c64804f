//! It did not get through: why, what is kept, and what can be done.

use yew::{Html, html};

use super::{Ui, icon};
use crate::state::{Failure, Reason};

/// Says why, and offers to copy the text or to use the collector's own page.
pub fn failure(ui: &Ui, failure: &Failure) -> Html {
    let Failure { reason, wait } = *failure;
    html! {
        <div class="failure" id="failure">
            { icon::icon(icon::ALERT) }
            <div>
                <p role="alert">
                    <b>{ ui.text("failure_title") }</b>
                    <span>{ ui.words.of("failure_", reason.name()) }</span>
                </p>
                if wait > 0 {
                    <p role="timer">{ ui.count("failure_wait", wait as usize) }</p>
                }
                <p class="ways">
                    // Where the page keeps no drafts, the device may be anybody's: it is for the customer to say.
                    if reason.is_open() && ui.host.offers() {
                        <button type="button" id="keep">{ ui.text("failure_keep") }</button>
                    }
                    <button type="button" id="copy_text">{ ui.copy_label("copy_text") }</button>
                    if reason != Reason::Site {
                        <a href={[&*ui.host.base(), "/s/", &ui.host.site()].concat()} target="_blank" rel="noopener">
                            { ui.text("failure_page") }
                        </a>
                    }
                </p>
            </div>
        </div>
    }
}
