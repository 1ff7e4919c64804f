//! One case: where it stands, what was said, and what its customer can do.

use sayso_shared::customer::{CustomerCase, MyCase, Stage};
use wasm_bindgen_futures::spawn_local;
use web_sys::{HtmlTextAreaElement, SubmitEvent};
use yew::prelude::*;

use super::conversation::conversation;
use crate::api::{self, Answer, Failure};
use crate::cell::use_cell;
use crate::host::Host;
use crate::words::Words;

/// A case with its conversation, once one is open; nothing else of it is asked for or shown before.
#[hook]
pub fn use_case(host: &Host, words: &Words, open: Option<String>, known: Option<MyCase>, onback: Callback<()>) -> Html {
    let (host, words) = (host.clone(), words.clone());
    let code = open.clone().unwrap_or_default();
    let case = use_cell(|| None::<Answer<CustomerCase>>);
    let turn = use_mut_ref(|| 0_u32);
    let load = {
        let turn = turn.clone();
        let (case, host, code) = (case.clone(), host.clone(), code.clone());
        Callback::from(move |()| {
            let (case, host, code) = (case.clone(), host.clone(), code.clone());
            let turn = turn.clone();
            *turn.borrow_mut() += 1;
            let mine = *turn.borrow();
            spawn_local(async move {
                let answer = api::case(&host, &code).await;
                // Another one may have been opened since, or its user may have gone.
                if *turn.borrow() == mine {
                    case.set(Some(answer));
                }
            });
        })
    };
    use_effect_with(open.clone(), {
        let (load, host, case) = (load.clone(), host.clone(), case.clone());
        move |open: &Option<String>| {
            *turn.borrow_mut() += 1;
            case.set(None);
            if open.is_none() {
                return;
            }
            load.emit(());
            // So that whoever listens hears where they are.
            host.focus("#case-title");
        }
    });
    let stage = match &*case.get() {
        Some(Ok(case)) => case.stage,
        _ => Stage::Received,
    };
    let desk = Desk { host: host.clone(), words: words.clone(), code: code.clone(), ondone: load.clone() };
    let rating = use_rating(&desk);
    let reply = use_reply(&desk, stage);

    if open.is_none() {
        return html! {};
    }
    let title = match (&*case.get(), &known) {
        (Some(Ok(case)), _) => words.of_name("kind_", case.kind.as_str()),
        (_, Some(known)) => words.of_name("kind_", known.kind.as_str()),
        _ => words.get("cases_title"),
    };
    let body = match &*case.get() {
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
                if let Some(survey) = &case.survey {
                    <p class="ways"><a href={survey.url.clone()} target="_blank" rel="noopener" dir="auto">{ &survey.title }</a></p>
                }
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
    // The stars, and of which case they are.
    let rated = use_cell(|| (String::new(), 0_u8));
    let score = match &*rated.get() {
        (of, score) if *of == code => *score,
        _ => 0,
    };
    let comment = use_node_ref();
    let failure = use_cell(|| None::<Failure>);
    let key = use_memo(code.clone(), |_| host.uuid());
    let onsubmit = {
        let (comment, failure, host, code) = (comment.clone(), failure.clone(), host.clone(), code.clone());
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            let text = comment.cast::<HtmlTextAreaElement>().map(|field| field.value()).unwrap_or_default();
            let comment = Some(text.trim().to_owned()).filter(|text| !text.is_empty());
            let rating = api::Rating { score, solved: None, comment };
            let (failure, host, code, key, ondone) =
                (failure.clone(), host.clone(), code.clone(), key.clone(), ondone.clone());
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
                        let choose = {
                            let (rated, code) = (rated.clone(), code.clone());
                            Callback::from(move |_: InputEvent| rated.set((code.clone(), step)))
                        };
                        let number = host.number(step.into());
                        html! {
                            <label data-state={(step <= score).then_some("on")}>
                                <input type="radio" name="score" value={step.to_string()} checked={step == score} oninput={choose}
                                    aria-label={words.fill("rate_step", &[("step", &number)])} />
                                <svg viewBox="0 0 24 24" aria-hidden="true"><path d="m12 3.5 2.6 5.4 5.9.8-4.3 4.1 1 5.9-5.2-2.8-5.2 2.8 1-5.9-4.3-4.1 5.9-.8z" /></svg>
                            </label>
                        }
                    }) }
                </div>
            </fieldset>
            if score > 0 {
                <div class="field">
                    <label for="rate-comment">{ words.get("rate_comment") }</label>
                    <textarea ref={comment} id="rate-comment" maxlength="1000" dir="auto" />
                </div>
                <button class="second" id="rate-send">{ words.get("rate_send") }</button>
            }
            if let Some(failure) = *failure.get() { <p class="error" role="alert">{ words.get(failure.key()) }</p> }
        </form>
    }
}

/// A reply; to an answer, that it did not solve it.
#[hook]
fn use_reply(desk: &Desk, stage: Stage) -> Html {
    let Desk { host, words, code, ondone } = desk.clone();
    let is_answered = matches!(stage, Stage::Answered | Stage::Closed);
    // The case, and the stage at which its customer has asked to write although it is answered.
    let asked = use_cell(|| None::<(String, Stage)>);
    let field = use_node_ref();
    let failure = use_cell(|| None::<&'static str>);
    let is_busy = use_cell(|| false);
    // What is sent and under which key, until it is known what became of it.
    let attempt = use_mut_ref(<(String, String, String)>::default);
    let onsubmit = {
        let (field, failure, is_busy, host, code) =
            (field.clone(), failure.clone(), is_busy.clone(), host, code.clone());
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
            let is_repeat = {
                let (_, of, said) = &*attempt.borrow();
                *of == code && *said == body
            };
            if !is_repeat {
                *attempt.borrow_mut() = (host.uuid(), code.clone(), body);
            }
            let (key, code, body) = attempt.borrow().clone();
            is_busy.set(true);
            let (failure, is_busy, host, ondone, attempt) =
                (failure.clone(), is_busy.clone(), host.clone(), ondone.clone(), attempt.clone());
            spawn_local(async move {
                match api::reply(&host, &code, &key, &api::Reply { body, attachments: Vec::new() }).await {
                    Ok(_) => {
                        failure.set(None);
                        area.set_value("");
                        *attempt.borrow_mut() = Default::default();
                        ondone.emit(());
                    }
                    Err(why) => failure.set(Some(why.key())),
                }
                is_busy.set(false);
            });
        })
    };
    let has_asked = *asked.get() == Some((code.clone(), stage));
    if is_answered && !has_asked {
        let show = Callback::from(move |_: MouseEvent| asked.set(Some((code.clone(), stage))));
        return html! { <p class="ways"><button type="button" id="not-solved" onclick={show}>{ words.get("not_solved") }</button></p> };
    }
    let said = *failure.get();
    html! {
        <form class="write" {onsubmit} novalidate=true>
            <div class="field">
                <label for="reply">{ words.get(if is_answered { "not_solved_label" } else { "reply_label" }) }</label>
                <textarea ref={field} id="reply" dir="auto" aria-invalid={said.map(|_| "true")} aria-describedby={said.map(|_| "reply-error")} />
            </div>
            if let Some(key) = said { <p class="error" id="reply-error" role="alert">{ words.get(key) }</p> }
            <button class="second" id="reply-send" aria-disabled={is_busy.get().then_some("true")}>{ words.get("reply_send") }</button>
        </form>
    }
}
