//! A reply to a case, with its files.

use js_sys::Array;
use sayso_shared::customer::Stage;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{Element, HtmlTextAreaElement, SubmitEvent};
use yew::prelude::*;

use super::case::Desk;
use crate::api::{self, Answer, Failure};
use crate::cell::use_cell;
use crate::host::Host;

/// A reply; to an answer, that it did not solve it.
#[hook]
pub(super) fn use_reply(desk: &Desk, stage: Stage) -> Html {
    let Desk { host, words, code, ondone } = desk.clone();
    let is_answered = matches!(stage, Stage::Answered | Stage::Closed);
    // The case, and the stage at which its customer has asked to write although it is answered.
    let asked = use_cell(|| None::<(String, Stage)>);
    let field = use_node_ref();
    let failure = use_cell(|| None::<&'static str>);
    let is_busy = use_cell(|| false);
    // What is sent, and under which key, until it is known what became of it.
    let attempt = use_mut_ref(|| (String::new(), String::new()));
    let place = use_node_ref();
    let onsubmit = {
        let (field, failure, is_busy, host, code) =
            (field.clone(), failure.clone(), is_busy.clone(), host.clone(), code.clone());
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            let Some(area) = field.cast::<HtmlTextAreaElement>() else { return };
            let body = area.value().trim().to_owned();
            if body.is_empty() {
                failure.set(Some("reply_empty"));
                let _ = area.focus();
                return;
            }
            if *is_busy.get() {
                return;
            }
            is_busy.set(true);
            let (failure, is_busy, host, ondone, attempt) =
                (failure.clone(), is_busy.clone(), host.clone(), ondone.clone(), attempt.clone());
            let code = code.clone();
            spawn_local(async move {
                let sent = async {
                    let attachments = carry(&host).await?;
                    let body = host.without_secrets(&body).await;
                    let keep_unmasked = host.insists();
                    let ids = attachments.concat();
                    let said = [code.as_str(), &body, if keep_unmasked { "!" } else { "" }, &ids].concat();
                    if attempt.borrow().1 != said {
                        *attempt.borrow_mut() = (host.uuid(), said);
                    }
                    let key = attempt.borrow().0.clone();
                    let attachments = Some(attachments).filter(|ids| !ids.is_empty());
                    let keep_unmasked = keep_unmasked.then_some(true);
                    api::reply(&host, &code, &key, &api::ReplyRequest { body, attachments, keep_unmasked }).await
                };
                match sent.await {
                    Ok(()) => {
                        failure.set(None);
                        area.set_value("");
                        attempt.borrow_mut().1.clear();
                        host.clear_reply();
                        host.doubt(&area);
                        ondone.emit(());
                    }
                    Err(why) => failure.set(Some(why.key())),
                }
                is_busy.set(false);
            });
        })
    };
    let has_asked = *asked.get() == Some((code.clone(), stage));
    let is_open = !is_answered || has_asked;
    // It is there once the case is, and as long as there is a reply to write.
    use_effect({
        let (place, host) = (place.clone(), host.clone());
        move || match place.cast::<Element>() {
            Some(place) => host.list_reply(&place),
            None => host.end_reply(),
        }
    });
    if !is_open {
        let show = {
            let code = code.clone();
            Callback::from(move |_: MouseEvent| asked.set(Some((code.clone(), stage))))
        };
        return html! { <p class="ways"><button type="button" id="not-solved" onclick={show}>{ words.get("not_solved") }</button></p> };
    }
    let said = *failure.get();
    html! {
        <form class="write" {onsubmit} novalidate=true>
            <div class="field">
                <label for="reply">{ words.get(if is_answered { "not_solved_label" } else { "reply_label" }) }</label>
                <textarea ref={field} id="reply" dir="auto" aria-invalid={said.map(|_| "true")} aria-describedby={said.map(|_| "reply-error")} />
            </div>
            <div class="add">
                <label id="reply-files"><input type="file" multiple=true accept={host.accepts()} /><span>{ words.get("attach") }</span></label>
                <div ref={place} />
            </div>
            if let Some(key) = said { <p class="error" id="reply-error" role="alert">{ words.get(key) }</p> }
            <button class="second" id="reply-send" aria-disabled={is_busy.get().then_some("true")}>{ words.get("reply_send") }</button>
        </form>
    }
}

/// Sends what has not been sent of the files, and gives their identifiers.
async fn carry(host: &Host) -> Answer<Vec<String>> {
    match JsFuture::from(host.carry()).await {
        Ok(ids) => Ok(ids.unchecked_into::<Array>().iter().filter_map(|id| id.as_string()).collect()),
        Err(status) => Err(Failure::of_status(status.as_f64().unwrap_or_default() as u16)),
    }
}
