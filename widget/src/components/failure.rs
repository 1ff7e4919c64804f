//! It did not get through: why, what is kept, and what can be done.

use yew::{Html, html};

use super::{Ui, icon};
use crate::form::Field;
use crate::state::{Failure, Reason};

/// Says why, and offers to copy the text or to use the collector's own page.
pub fn failure(ui: &Ui, failure: &Failure) -> Html {
    let page = [&*ui.host.base(), "/s/", &ui.host.site()].concat();
    let copied = match ui.copied {
        Some(true) => "copied",
        Some(false) => "copy_failed",
        None => "copy_text",
    };
    html! {
        <div class="failure" id="failure">
            { icon::icon(icon::ALERT) }
            <div>
                <p role="alert"><b>{ ui.text("failure_title") }</b>{ " " }{ ui.words.of("failure_", failure.reason.name()) }</p>
                if failure.wait > 0 {
                    <p aria-hidden="true">{ ui.words.fill("failure_wait", "{seconds}", &failure.wait.to_string()) }</p>
                }
                <p class="ways">
                    <button type="button" id="copy_text" onclick={ui.on_copy(ui.state.form.text(Field::Message).to_owned())}>{ ui.text(copied) }</button>
                    if failure.reason != Reason::Site {
                        <a href={page} target="_blank" rel="noopener">{ ui.text("failure_page") }</a>
                    }
                </p>
            </div>
        </div>
    }
}
