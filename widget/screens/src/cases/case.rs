//! One case: where it stands, what was said, and what its customer can do.

use sayso_shared::customer::{CustomerCase, MyCase, Stage};
use wasm_bindgen_futures::spawn_local;
use web_sys::{HtmlTextAreaElement, SubmitEvent};
use yew::prelude::*;

use super::conversation::conversation;
use super::reply::use_reply;
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
                { conversation(&host, &words, case) }
                if case.can_rate { { rating } }
                if let Some(survey) = &case.survey {
                    <p class="ways"><button type="button" id="ask" dir="auto" onclick={ask(&host, &survey.url)}>{ &survey.title }</button></p>
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

/// Shows a survey, in its own dialog.
fn ask(host: &Host, url: &str) -> Callback<MouseEvent> {
    let (host, url) = (host.clone(), url.to_owned());
    Callback::from(move |_| host.survey(&url))
}

/// The stage, in the customer's words, and what follows.
fn standing(host: &Host, words: &Words, case: &CustomerCase) -> Html {
    let due = case.first_response_due.as_deref().and_then(|due| host.date(due));
    let is_early = matches!(case.stage, Stage::Received | Stage::BeingLookedInto) && case.messages.is_empty();
    let said = match due {
        Some(due) if case.is_late => words.fill("stage_late", &[("when", &due)]),
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
pub(super) struct Desk {
    pub(super) host: Host,
    pub(super) words: Words,
    pub(super) code: String,
    /// Something has been sent.
    pub(super) ondone: Callback<()>,
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
    // Under which key what is sent, until it is known what became of it.
    let attempt = use_mut_ref(|| (String::new(), None::<(String, api::SatisfactionRequest)>));
    let onsubmit = {
        let (comment, failure, host, code) = (comment.clone(), failure.clone(), host.clone(), code.clone());
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            let text = comment.cast::<HtmlTextAreaElement>().map(|field| field.value()).unwrap_or_default();
            let (failure, host, code, ondone, attempt) =
                (failure.clone(), host.clone(), code.clone(), ondone.clone(), attempt.clone());
            if score == 0 {
                return;
            }
            spawn_local(async move {
                let text = host.without_secrets(text.trim()).await;
                let comment = Some(text).filter(|text| !text.is_empty());
                let rating = api::SatisfactionRequest { score, solved: None, comment };
                let of = (code.clone(), rating);
                if attempt.borrow().1.as_ref() != Some(&of) {
                    *attempt.borrow_mut() = (host.uuid(), Some(of.clone()));
                }
                let key = attempt.borrow().0.clone();
                match api::rate(&host, &code, &key, &of.1).await {
                    Ok(()) => {
                        failure.set(None);
                        attempt.borrow_mut().1 = None;
                        ondone.emit(());
                    }
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
