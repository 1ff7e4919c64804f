//! It did not get through: why, what is kept, and what can be done.

use yew::Html;

use super::markup::{UiEvent, el, none, on, plain, says, tag, with};
use super::{Ui, icon};
use crate::state::{Failure, Reason};

/// Says why, and offers to copy the text or to use the collector's own page.
pub fn failure(ui: &Ui, failure: &Failure) -> Html {
    let page = [&*ui.host.base(), "/s/", &ui.host.site()].concat();
    let copy = tag("button", with!["type" => "button", "id" => "copy_text"], vec![plain(ui.copy_label("copy_text"))]);
    let keep = tag("button", with!["type" => "button", "id" => "keep"], vec![plain(ui.text("failure_keep"))]);
    let wait = ui.count("failure_wait", failure.wait as usize);
    let link = with!["href" => &*page, "target" => "_blank", "rel" => "noopener"];
    el(
        "div",
        with!["class" => "failure", "id" => "failure"],
        vec![
            icon::icon(icon::ALERT),
            el(
                "div",
                with![],
                vec![
                    el(
                        "p",
                        with!["role" => "alert"],
                        vec![
                            says("b", with![], ui.text("failure_title")),
                            says("span", with![], ui.words.of("failure_", failure.reason.name())),
                        ],
                    ),
                    if failure.wait > 0 { says("p", with!["role" => "timer"], wait) } else { none() },
                    el(
                        "p",
                        with!["class" => "ways"],
                        vec![
                            // Where the page keeps no drafts, the device may be anybody's: it is for the customer to say.
                            if failure.reason.is_open() && ui.host.offers() {
                                on(ui, keep, UiEvent::Keep)
                            } else {
                                none()
                            },
                            on(ui, copy, UiEvent::Copy),
                            if failure.reason == Reason::Site {
                                none()
                            } else {
                                says("a", link, ui.text("failure_page"))
                            },
                        ],
                    ),
                ],
            ),
        ],
    )
}
