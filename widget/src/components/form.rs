//! The form: one question, one text field, and what folds out.

use sayso_shared::Kind;
use yew::{AttrValue, Html};

use super::markup::{UiEvent, el, flag, none, on, says, tag, with};
use super::{Ui, details, failure, field, kinds};
use crate::form::{Field, Section};
use crate::state::Phase;

/// How close to the limit the counter appears.
const COUNT_FROM_LEFT: usize = 500;

/// The form in every phase but the last.
pub fn form(ui: &Ui) -> Html {
    let promise = AttrValue::from(ui.state.settings.promise_text.clone());
    let sending = ui.state.phase == Phase::Sending;
    let form = tag(
        "form",
        with!["novalidate" => "true", "aria-busy" => flag(sending.then_some(()))],
        vec![
            el(
                "div",
                with!["class" => "top"],
                vec![
                    says("h2", with!["tabindex" => "-1"], ui.text("title")),
                    if promise.is_empty() { none() } else { says("p", with!["dir" => "auto"], promise) },
                ],
            ),
            el(
                "div",
                with!["class" => "scroll"],
                vec![
                    kinds::kinds(ui),
                    field::error(ui, Field::Kind),
                    message(ui),
                    Html::VRef(ui.host.slot("attach")),
                    details::section(ui, Section::Details),
                    details::section(ui, Section::Contact),
                    consent(ui),
                ],
            ),
            footer(ui),
        ],
    );
    on(ui, form, UiEvent::Submit)
}

fn message(ui: &Ui) -> Html {
    let length = ui.state.form.text(Field::Message).trim().chars().count();
    let max = Field::Message.max();
    let hint = match length {
        _ if length > max => ui.words.fill("message_over", &ui.host.number((length - max) as u32)),
        _ if length + COUNT_FROM_LEFT >= max => ui.count("message_left", max - length),
        _ => AttrValue::Static(""),
    };
    field::message(ui, ui.words.of("message_", ui.state.kind().map_or("any", Kind::as_str)), hint)
}

fn consent(ui: &Ui) -> Html {
    let state = ui.state;
    if !state.form.asks(Field::Consent, &state.settings) {
        return none();
    }
    let invalid = flag(state.error(Field::Consent).map(drop));
    let mut input = tag("input", with!["type" => "checkbox", "name" => "consent", "aria-invalid" => invalid], vec![]);
    input.set_checked(state.form.consent);
    let text = AttrValue::from(state.settings.consent_text.clone());
    let label = vec![on(ui, input, UiEvent::Consent), says("span", with!["dir" => "auto"], text)];
    el(
        "div",
        with!["class" => "field"],
        vec![el("label", with!["class" => "consent"], label), field::error(ui, Field::Consent)],
    )
}

/// Everything that is wrong, for those who listen.
fn errors(ui: &Ui) -> AttrValue {
    let mut all = String::new();
    for error in &ui.state.errors {
        all.push_str(&field::sentence(ui, *error));
        all.push(' ');
    }
    all.into()
}

fn footer(ui: &Ui) -> Html {
    let state = ui.state;
    let sending = state.phase == Phase::Sending;
    let (failed, send) = match &state.phase {
        Phase::Failed(failed) => (failure::failure(ui, failed), "retry"),
        Phase::Sending => (none(), "sending"),
        _ => (none(), "send"),
    };
    let disabled = flag((!state.can_send()).then_some(()));
    let url = &*state.settings.privacy_url;
    let privacy = if url.is_empty() {
        none()
    } else {
        says(
            "a",
            with!["class" => "privacy", "href" => url, "target" => "_blank", "rel" => "noopener"],
            ui.text("privacy"),
        )
    };
    el(
        "div",
        with!["class" => "bottom"],
        vec![
            failed,
            el(
                "button",
                with!["class" => "primary", "id" => "send", "aria-disabled" => disabled],
                vec![
                    if sending { el("i", with!["class" => "turning"], vec![]) } else { none() },
                    // In an element of its own: a page translator puts another node in a text's place, and beside that nothing could be put.
                    says("span", with![], ui.text(send)),
                ],
            ),
            says(
                "p",
                with!["class" => "live", "role" => "status"],
                if sending { ui.text("sending") } else { errors(ui) },
            ),
            el("p", with!["class" => "links"], vec![Html::VRef(ui.host.slot("mine")), privacy]),
        ],
    )
}
