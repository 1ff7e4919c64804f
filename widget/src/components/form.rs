//! The form: one question, one text field, and what folds out.

use sayso_shared::Kind;
use yew::{AttrValue, Html, html};

use super::{Ui, details, events, failure, field, kinds};
use crate::form::{Field, Section};
use crate::state::Phase;

/// How close to the limit the counter appears.
const COUNT_FROM_LEFT: usize = 500;

/// The form in every phase but the last.
pub fn form(ui: &Ui) -> Html {
    let (promise, lang) = (&ui.state.settings.promise_text, &ui.state.settings.promise_lang);
    html! {
        <form novalidate=true aria-busy={ui.is_sending().then_some("true")}
            oninput={events::oninput(ui.link)} onclick={events::onclick(ui.link)} onsubmit={events::onsubmit(ui.link)}>
            <div class="top">
                <h2 tabindex="-1">{ ui.text("title") }</h2>
                if !promise.is_empty() {
                    <p dir="auto" lang={lang.clone()}>{ AttrValue::from(promise.clone()) }</p>
                }
            </div>
            <div class="scroll">
                { kinds::kinds(ui) }
                { field::error(ui, Field::Kind) }
                { message(ui) }
                { Html::VRef(ui.host.slot("attach")) }
                { details::section(ui, Section::Details) }
                { details::section(ui, Section::Contact) }
                if ui.state.form.asks(Field::Consent, &ui.state.settings) { { consent(ui) } }
            </div>
            { bottom(ui) }
        </form>
    }
}

fn message(ui: &Ui) -> Html {
    let length = ui.state.form.text(Field::Message).trim().chars().count();
    let max = Field::Message.max();
    let hint = match length {
        _ if length > max => Some(ui.words.fill("message_over", &ui.host.number((length - max) as u32))),
        _ if length + COUNT_FROM_LEFT >= max => Some(ui.count("message_left", max - length)),
        _ => None,
    };
    field::message(ui, ui.words.of("message_", ui.state.kind().map_or("any", Kind::as_str)), hint)
}

fn consent(ui: &Ui) -> Html {
    html! {
        <div class="field">
            <label class="consent">
                <input type="checkbox" name="consent" checked={ui.state.form.consent}
                    aria-invalid={ui.invalid(Field::Consent)} />
                <span dir="auto" lang={ui.state.settings.consent_lang.clone()}>{ AttrValue::from(ui.state.settings.consent_text.clone()) }</span>
            </label>
            { field::error(ui, Field::Consent) }
        </div>
    }
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

/// What stays in sight: what went wrong, the button, and the links below it.
fn bottom(ui: &Ui) -> Html {
    let state = ui.state;
    let sending = ui.is_sending();
    let send = match state.phase {
        Phase::Failed(_) => "retry",
        Phase::Sending => "sending",
        _ => "send",
    };
    let privacy = &state.settings.privacy_url;
    html! {
        <div class="bottom">
            if let Phase::Failed(failed) = &state.phase { { failure::failure(ui, failed) } }
            <button class="primary" id="send" aria-disabled={(!state.can_send()).then_some("true")}>
                if sending { <i class="turning" /> }
                // In an element of its own: a page translator puts another node in a text's place, and beside that nothing could be put.
                <span>{ ui.text(send) }</span>
            </button>
            <p class="live" role="status">{ if sending { ui.text("sending") } else { errors(ui) } }</p>
            <p class="links">
                { Html::VRef(ui.host.slot("mine")) }
                if !privacy.is_empty() {
                    <a class="privacy" href={privacy.clone()} target="_blank" rel="noopener">{ ui.text("privacy") }</a>
                }
            </p>
        </div>
    }
}
