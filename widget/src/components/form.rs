//! The form: one question, one text field, and what folds out.

use yew::{AttrValue, Event, Html, SubmitEvent, TargetCast, html};

use super::field::{self, Look};
use super::{Ui, contact, details, failure, icon, kinds};
use crate::app::Msg;
use crate::browser::Control;
use crate::form::{Field, Section};
use crate::state::{Action, Phase};

/// How close to the limit the counter appears.
const COUNT_FROM_LEFT: usize = 500;

/// The form in every phase but the last.
pub fn form(ui: &Ui) -> Html {
    let submit = ui.link.callback(|event: SubmitEvent| {
        event.prevent_default();
        Msg::Submit
    });
    let promise = AttrValue::from(ui.state.settings.promise_text.pick(&ui.words.lang).to_owned());
    let sending = ui.state.phase == Phase::Sending;
    html! {
        <form novalidate=true onsubmit={submit} aria-busy={sending.then_some("true")}>
            <header>
                <h2>{ ui.text("title") }</h2>
                if !promise.is_empty() { <p>{ promise }</p> }
            </header>
            <div class="scroll">
                { kinds::kinds(ui) }
                { message(ui) }
                { section(ui, Section::Details) }
                { section(ui, Section::Contact) }
                { consent(ui) }
            </div>
            { footer(ui) }
        </form>
    }
}

fn message(ui: &Ui) -> Html {
    let length = ui.state.form.text(Field::Message).trim().chars().count();
    let left = Field::Message.max() as isize - length as isize;
    let hint = if left <= COUNT_FROM_LEFT as isize {
        ui.words.fill("message_left", "{count}", &left.to_string())
    } else {
        AttrValue::from("")
    };
    let label = ui.words.of("message_", ui.state.kind().as_str());
    field::field(ui, Field::Message, Look { label, hint, rows: 5, kind: "", autocomplete: "" })
}

fn section(ui: &Ui, section: Section) -> Html {
    let open = ui.state.is_open(section);
    let (id, label, hint) = match section {
        Section::Details => ("details", "section_details", "section_details_hint"),
        Section::Contact => ("contact", "section_contact", "section_contact_hint"),
    };
    html! {
        <section class={if open { "open" } else { "" }}>
            <button type="button" class="fold" {id} name={id} aria-expanded={if open { "true" } else { "false" }}
                onclick={ui.on_click(Action::Fold(section))}>
                <span><b>{ ui.text(label) }</b>if !open { <small>{ ui.text(hint) }</small> }</span>
                { icon::icon(icon::FOLD) }
            </button>
            if open {
                <div class="folded">
                    if section == Section::Details { { details::details(ui) } } else { { contact::contact(ui) } }
                </div>
            }
        </section>
    }
}

fn consent(ui: &Ui) -> Html {
    let state = ui.state;
    if !state.form.asks(Field::Consent, &state.settings) {
        return Html::default();
    }
    let change =
        ui.link.callback(|event: Event| Msg::Act(Action::Consent(event.target_unchecked_into::<Control>().checked())));
    html! {
        <div class="field">
            <label class="consent">
                <input type="checkbox" name="consent" checked={state.form.consent} onchange={change}
                    aria-invalid={state.error(Field::Consent).map(|_| "true")} />
                <span>{ state.settings.consent_text.pick(&ui.words.lang) }</span>
            </label>
            { field::error(ui, Field::Consent) }
        </div>
    }
}

fn footer(ui: &Ui) -> Html {
    let state = ui.state;
    let send = match &state.phase {
        Phase::Sending => "sending",
        Phase::Failed(_) => "retry",
        _ => "send",
    };
    let disabled = (!state.can_send()).then_some("true");
    html! {
        <footer>
            if let Phase::Failed(failed) = &state.phase { { failure::failure(ui, failed) } }
            <button class="primary" id="send" aria-disabled={disabled}>
                if state.phase == Phase::Sending { <i class="turning" /> }
                { ui.text(send) }
            </button>
            <p class="live" role="status">{ if state.phase == Phase::Sending { ui.text("sending") } else { AttrValue::from("") } }</p>
            if let Some(url) = &state.settings.privacy_url {
                <a class="privacy" href={url.clone()} target="_blank" rel="noopener">{ ui.text("privacy") }</a>
            }
        </footer>
    }
}
