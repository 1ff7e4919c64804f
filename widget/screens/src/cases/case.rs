//! One case: where it stands, what was said, and what its customer can do.

use sayso_shared::customer::{CustomerCase, MyCase, Stage};
use wasm_bindgen_futures::spawn_local;
use web_sys::{HtmlTextAreaElement, SubmitEvent};
use yew::prelude::*;

use super::conversation::conversation;
use crate::api::{self, Answer, Failure};
use crate::host::Host;
use crate::words::Words;

/// What the screen of a case needs.
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct CaseProps {
    pub host: Host,
    pub words: Words,
    pub code: String,
    /// What the list says of it, where it is in the list.
    pub known: Option<MyCase>,
    pub onback: Callback<()>,
}

/// A case with its conversation.
#[component]
pub fn CaseView(props: &CaseProps) -> Html {
    let CaseProps { host, words, code, known, onback } = props.clone();
    let case = use_state(|| None::<Answer<CustomerCase>>);
    let load = {
        let (case, host, code) = (case.clone(), host.clone(), code.clone());
        Callback::from(move |()| {
            let (case, host, code) = (case.clone(), host.clone(), code.clone());
            spawn_local(async move { case.set(Some(api::case(&host, &code).await)) });
        })
    };
    use_effect_with((), {
        let (load, host) = (load.clone(), host.clone());
        move |()| {
            load.emit(());
            // So that whoever listens hears where they are.
            host.focus("#case-title");
        }
    });
    let stage = match &*case {
        Some(Ok(case)) => case.stage,
        _ => Stage::Received,
    };
    let desk = Desk { host: host.clone(), words: words.clone(), code: code.clone(), ondone: load.clone() };
    let rating = use_rating(&desk);
    let reply = use_reply(&desk, stage);

    let title = match (&*case, &known) {
        (Some(Ok(case)), _) => words.of_name("kind_", case.kind.as_str()),
        (_, Some(known)) => words.of_name("kind_", known.kind.as_str()),
        _ => words.get("cases_title"),
    };
    let body = match &*case {
        None => html! { <p class="hint" role="status">{ words.get("cases_loading") }</p> },
        Some(Err(failure)) => html! {
            <div class="failure" role="alert">
                <p>{ words.get(failure.key()) }</p>
                <p class="ways"><button type="button" onclick={load.reform(|_: MouseEvent| ())}>{ words.get("again") }</button></p>
            </div>
        },
        Some(Ok(case)) => html! {
            <>
                { standing(&host, &words, case) }
                { conversation(&host, &words, case, known.as_ref().map_or("", |known| &known.excerpt)) }
                if case.can_rate { { rating } }
                { reply }
            </>
        },
    };
    html! {
        <section class="mine" aria-labelledby="case-title">
            <div class="top">
                <button type="button" class="back" id="back" onclick={onback.reform(|_: MouseEvent| ())}>{ words.get("case_back") }</button>
                <h2 id="case-title" tabindex="-1">{ title }</h2>
                <p class="code"><span>{ words.get("code_label") }</span>{ " " }<output>{ code }</output></p>
            </div>
            <div class="scroll">{ body }</div>
        </section>
    }
}

/// The stage, in the customer's words, and what follows.
fn standing(host: &Host, words: &Words, case: &CustomerCase) -> Html {
    let due = case.first_response_due.as_deref().and_then(|due| host.date(due));
    let is_early = matches!(case.stage, Stage::Received | Stage::BeingLookedInto) && case.messages.is_empty();
    let said = match due {
        Some(due) if is_early => words.fill("stage_promise", &[("when", &due)]),
        _ => words.of_name("stage_text_", case.stage.as_str()),
    };
    html! {
        <div class="standing" data-state={case.stage.as_str()} role="status">
            <b>{ words.of_name("stage_", case.stage.as_str()) }</b>
            <p>{ said }</p>
            if let Some(outcome) = case.outcome { <p>{ words.of_name("outcome_", outcome.as_str()) }</p> }
        </div>
    }
}

/// What a form of the case needs.
#[derive(Clone)]
struct Desk {
    host: Host,
    words: Words,
    code: String,
    /// Something has been sent.
    ondone: Callback<()>,
}

/// Stars, and a word on why. "Not solved" is a message, which brings the case back to work.
#[hook]
fn use_rating(desk: &Desk) -> Html {
    let Desk { host, words, code, ondone } = desk.clone();
    let score = use_state(|| 0_u8);
    let comment = use_node_ref();
    let failure = use_state(|| None::<Failure>);
    let key = use_memo((), |()| host.uuid());
    let onsubmit = {
        let (score, comment, failure, host) = (score.clone(), comment.clone(), failure.clone(), host.clone());
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            let text = comment.cast::<HtmlTextAreaElement>().map(|field| field.value()).unwrap_or_default();
            let comment = Some(text.trim().to_owned()).filter(|text| !text.is_empty());
            let rating = api::Rating { score: *score, solved: None, comment };
            let (failure, host, code, key, ondone) = (failure.clone(), host.clone(), code.clone(), key.clone(), ondone.clone());
            if rating.score == 0 {
                return;
            }
            spawn_local(async move {
                match api::rate(&host, &code, &key, &rating).await {
                    Ok(()) => ondone.emit(()),
                    Err(why) => failure.set(Some(why)),
                }
            });
        })
    };
    html! {
        <form class="rate" {onsubmit} novalidate=true>
            <fieldset class="scale rating">
                <legend>{ words.get("rate_title") }</legend>
                <div class="steps">
                    { for (1..=5_u8).map(|step| {
                        let choose = { let score = score.clone(); Callback::from(move |_: InputEvent| score.set(step)) };
                        let number = host.number(step.into());
                        html! {
                            <label data-state={(step <= *score).then_some("on")}>
                                <input type="radio" name="score" value={step.to_string()} checked={step == *score} oninput={choose}
                                    aria-label={words.fill("rate_step", &[("step", &number)])} />
                                <svg viewBox="0 0 24 24" aria-hidden="true"><path d="m12 3.5 2.6 5.4 5.9.8-4.3 4.1 1 5.9-5.2-2.8-5.2 2.8 1-5.9-4.3-4.1 5.9-.8z" /></svg>
                            </label>
                        }
                    }) }
                </div>
            </fieldset>
            if *score > 0 {
                <div class="field">
                    <label for="rate-comment">{ words.get("rate_comment") }</label>
                    <textarea ref={comment} id="rate-comment" maxlength="1000" dir="auto" />
                </div>
                <button class="second" id="rate-send">{ words.get("rate_send") }</button>
            }
            if let Some(failure) = *failure { <p class="error" role="alert">{ words.get(failure.key()) }</p> }
        </form>
    }
}

/// A reply; to an answer, that it did not solve it.
#[hook]
fn use_reply(desk: &Desk, stage: Stage) -> Html {
    let Desk { host, words, code, ondone } = desk.clone();
    let is_answered = matches!(stage, Stage::Answered | Stage::Closed);
    // The stage at which the customer has asked to write although it is answered.
    let asked = use_state(|| None::<Stage>);
    let field = use_node_ref();
    let failure = use_state(|| None::<&'static str>);
    let is_busy = use_state(|| false);
    // What is sent and under which key, until it is known what became of it.
    let attempt = use_mut_ref(|| (String::new(), String::new()));
    let onsubmit = {
        let (field, failure, is_busy, host) = (field.clone(), failure.clone(), is_busy.clone(), host);
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            let Some(area) = field.cast::<HtmlTextAreaElement>() else { return };
            let body = area.value().trim().to_owned();
            if body.is_empty() {
                failure.set(Some("reply_empty"));
                let _ = area.focus();
                return;
            }
            if *is_busy {
                return;
            }
            if attempt.borrow().1 != body {
                *attempt.borrow_mut() = (host.uuid(), body);
            }
            let (key, body) = attempt.borrow().clone();
            is_busy.set(true);
            let (failure, is_busy, host, code, ondone) =
                (failure.clone(), is_busy.clone(), host.clone(), code.clone(), ondone.clone());
            spawn_local(async move {
                match api::reply(&host, &code, &key, &api::Reply { body, attachments: Vec::new() }).await {
                    Ok(_) => {
                        failure.set(None);
                        area.set_value("");
                        ondone.emit(());
                    }
                    Err(why) => failure.set(Some(why.key())),
                }
                is_busy.set(false);
            });
        })
    };
    if is_answered && *asked != Some(stage) {
        let show = Callback::from(move |_: MouseEvent| asked.set(Some(stage)));
        return html! { <p class="ways"><button type="button" id="not-solved" onclick={show}>{ words.get("not_solved") }</button></p> };
    }
    html! {
        <form class="write" {onsubmit} novalidate=true>
            <div class="field">
                <label for="reply">{ words.get(if is_answered { "not_solved_label" } else { "reply_label" }) }</label>
                <textarea ref={field} id="reply" dir="auto" aria-invalid={failure.map(|_| "true")} aria-describedby={failure.map(|_| "reply-error")} />
            </div>
            if let Some(key) = *failure { <p class="error" id="reply-error" role="alert">{ words.get(key) }</p> }
            <button class="second" id="reply-send" aria-disabled={is_busy.then_some("true")}>{ words.get("reply_send") }</button>
        </form>
    }
}
