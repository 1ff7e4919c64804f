//! The customer's cases: those whose codes this browser keeps, and all that belong to whom the site vouches for.

mod case;
mod conversation;
mod kept;
mod reply;

use sayso_shared::TrackingCode;
use sayso_shared::customer::{MyCase, MyCases};
use wasm_bindgen_futures::spawn_local;
use web_sys::{HtmlInputElement, SubmitEvent};
use yew::prelude::*;

use self::case::use_case;
use self::kept::Kept;
use crate::api::{self, Answer, Failure};
use crate::cell::use_cell;
use crate::host::Host;
use crate::mailbox::{Mailbox, use_mailbox};
use crate::words::Words;

/// What the page says to the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    /// The panel shows it again, or the user has a new token.
    Shown,
    /// The user of the page is another one, or nobody any more.
    Left,
}

/// What the screen needs.
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct CasesProps {
    pub host: Host,
    pub words: Words,
    pub news: Mailbox<News>,
}

/// The list of cases, or one of them.
#[component]
pub fn Cases(props: &CasesProps) -> Html {
    let CasesProps { host, words, news } = props.clone();
    let list = use_cell(|| None::<Answer<Vec<MyCase>>>);
    // The last of those that the identity gave, where there are older ones.
    let last = use_cell(|| None::<String>);
    let seen = use_cell(String::new);
    let open = use_cell(|| None::<String>);
    // What was asked for somebody who has gone since is not shown.
    let turn = use_mut_ref(|| 0_u32);

    let load = {
        let (host, list, last, seen, turn) = (host.clone(), list.clone(), last.clone(), seen.clone(), turn.clone());
        Callback::from(move |before: String| {
            *turn.borrow_mut() += 1;
            let mine = *turn.borrow();
            let (host, list, last, seen, turn) = (host.clone(), list.clone(), last.clone(), seen.clone(), turn.clone());
            // Older ones come to those that are shown.
            let shown = match &*list.get() {
                Some(Ok(cases)) if !before.is_empty() => cases.clone(),
                _ => Vec::new(),
            };
            spawn_local(async move {
                let answer = fetch(&host, shown, &before).await;
                if *turn.borrow() != mine {
                    return;
                }
                let answer = answer.map(|(cases, older)| {
                    last.set(older);
                    cases
                });
                if let Ok(cases) = &answer {
                    // By the collector's clock, since this one may be wrong.
                    let newest = cases.iter().filter_map(|case| case.answered_at.clone()).max();
                    let mut kept = Kept::load(&host);
                    let before = kept.look(newest, &host.who());
                    // Where nothing was kept nothing begins to be.
                    if !cases.is_empty() {
                        kept.save(&host);
                        host.seen();
                    }
                    seen.set(before);
                }
                list.set(Some(answer));
            });
        })
    };
    use_mailbox(&news, {
        let (load, list, open) = (load.clone(), list.clone(), open.clone());
        Callback::from(move |news| {
            if news == News::Left {
                list.set(None);
                open.set(None);
            }
            load.emit(String::new());
        })
    });

    let onback = {
        let (open, load) = (open.clone(), load.clone());
        Callback::from(move |()| {
            open.set(None);
            load.emit(String::new());
        })
    };
    let onopen = {
        let open = open.clone();
        Callback::from(move |code: String| open.set(Some(code)))
    };
    let code_form = use_code_form(host.clone(), words.clone(), onopen.clone());
    let is_list = open.get().is_none();
    use_effect_with(is_list, {
        let host = host.clone();
        move |is_list: &bool| {
            if *is_list {
                // So that whoever listens hears where they are.
                host.focus("#mine-title");
            }
        }
    });
    let known = |code: &str| match &*list.get() {
        Some(Ok(cases)) => cases.iter().find(|case| case.code == code).cloned(),
        _ => None,
    };
    let opened = open.get().clone();
    let one = use_case(&host, &words, opened.clone(), opened.as_deref().and_then(known), onback);
    if opened.is_some() {
        return one;
    }
    let shown = match &*list.get() {
        None => html! { <p class="hint" role="status">{ words.get("cases_loading") }</p> },
        Some(Err(failure)) => html! {
            <div class="failure" role="alert">
                <p>{ words.get(failure.key()) }</p>
                <p class="ways"><button type="button" onclick={load.reform(|_: MouseEvent| String::new())}>{ words.get("again") }</button></p>
            </div>
        },
        Some(Ok(cases)) if cases.is_empty() => html! { <p class="empty">{ words.get("cases_none") }</p> },
        Some(Ok(cases)) => html! {
            <>
            <ul class="cases">
                { for cases.iter().map(|case| row(&host, &words, case, &seen.get(), &onopen)) }
            </ul>
            if let Some(before) = last.get().clone() {
                <p class="ways"><button type="button" id="older" onclick={load.reform(move |_: MouseEvent| before.clone())}>{ words.get("cases_older") }</button></p>
            }
            </>
        },
    };
    let onhome = {
        let host = host.clone();
        Callback::from(move |_: MouseEvent| host.home())
    };
    html! {
        <section class="mine" aria-labelledby="mine-title">
            <div class="top"><h2 id="mine-title" tabindex="-1">{ words.get("cases_title") }</h2></div>
            <div class="scroll">
                { shown }
                { code_form }
                { keeping(host.clone(), &words, load.reform(|()| String::new())) }
            </div>
            <div class="bottom">
                <button type="button" class="primary" id="home" onclick={onhome}>{ words.get("cases_home") }</button>
            </div>
        </section>
    }
}

/// The cases of this browser and those of the identity, each once, the newest first; and before which there are older ones, if there are. With
/// `before`, the older ones added to those that are there.
async fn fetch(host: &Host, mut cases: Vec<MyCase>, before: &str) -> Answer<(Vec<MyCase>, Option<String>)> {
    let codes = Kept::load(host).codes_of(&host.who());
    if before.is_empty() && !codes.is_empty() {
        cases = api::cases_by_codes(host, &codes).await?.cases;
        cases.retain(|case| case.site == host.site());
    }
    let mut older = None;
    if let Some(token) = host.identity().as_string() {
        match api::cases_by_identity(host, &token, before).await {
            // An expired token shows what this browser knows, which needs none.
            Err(Failure::Refused) => {}
            answer => older = take(host, &mut cases, answer?),
        }
    }
    Ok((cases, older))
}

/// Adds the cases of an identity to others, each once, the newest first. Gives the code of their last where there are older ones.
fn take(host: &Host, cases: &mut Vec<MyCase>, theirs: MyCases) -> Option<String> {
    let last = theirs.cases.last().map(|case| case.code.clone());
    for case in theirs.cases {
        if case.site == host.site() && cases.iter().all(|known| known.code != case.code) {
            let at = cases.partition_point(|known| known.received_at > case.received_at);
            cases.insert(at, case);
        }
    }
    last.filter(|_| theirs.has_more)
}

/// A case of the list. Answers that came after `seen` are new.
fn row(host: &Host, words: &Words, case: &MyCase, seen: &str, onopen: &Callback<String>) -> Html {
    let is_new = case.answered_at.as_ref().is_some_and(|at| at.as_str() > seen);
    let code = case.code.clone();
    html! {
        <li key={case.code.clone()}>
            <button type="button" class="case" onclick={onopen.reform(move |_: MouseEvent| code.clone())}>
                <span class="about">
                    { words.of_name("kind_", case.kind.as_str()) }{ " · " }{ host.date(&case.received_at).unwrap_or_default() }
                </span>
                <span class="excerpt" dir="auto">{ &case.excerpt }</span>
                <span class="stage" data-state={case.stage.as_str()}>{ words.of_name("stage_", case.stage.as_str()) }</span>
                if is_new { <span class="new">{ words.get("case_new") }</span> }
            </button>
        </li>
    }
}

/// A code of another device, entered by hand.
#[hook]
fn use_code_form(host: Host, words: Words, onopen: Callback<String>) -> Html {
    let field = use_node_ref();
    let fault = use_cell(|| None::<&'static str>);
    let onsubmit = {
        let (field, fault, host) = (field.clone(), fault.clone(), host);
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            let Some(input) = field.cast::<HtmlInputElement>() else { return };
            let Ok(code) = TrackingCode::parse(&input.value()) else {
                fault.set(Some("code_wrong"));
                return;
            };
            let (fault, host, onopen, code) = (fault.clone(), host.clone(), onopen.clone(), code.to_string());
            spawn_local(async move {
                match api::case(&host, &code).await {
                    Ok(_) => {
                        let mut kept = Kept::load(&host);
                        kept.add(&code, &host.who());
                        kept.save(&host);
                        onopen.emit(code);
                    }
                    Err(Failure::Missing) => fault.set(Some("code_unknown")),
                    Err(failure) => fault.set(Some(failure.key())),
                }
            });
        })
    };
    let said = *fault.get();
    html! {
        <form class="by-code" {onsubmit} novalidate=true>
            <label for="enter-code">{ words.get("code_enter") }</label>
            <div class="row">
                <input ref={field} id="enter-code" name="code" autocomplete="off" autocapitalize="characters" spellcheck="false" dir="ltr"
                    placeholder="XXXX-XXXX-XXXX-X" aria-invalid={said.map(|_| "true")} aria-describedby={said.map(|_| "enter-code-error")} />
                <button class="second">{ words.get("code_show") }</button>
            </div>
            if let Some(key) = said { <p class="error" id="enter-code-error" role="alert">{ words.get(key) }</p> }
        </form>
    }
}

/// Whether this browser keeps codes.
fn keeping(host: Host, words: &Words, onchange: Callback<()>) -> Html {
    let is_on = Kept::load(&host).is_on();
    let oninput = Callback::from(move |event: InputEvent| {
        let Some(input) = event.target_dyn_into::<HtmlInputElement>() else { return };
        let mut kept = Kept::load(&host);
        if input.checked() {
            kept.opt_in()
        } else {
            kept.opt_out()
        }
        kept.save(&host);
        onchange.emit(());
    });
    html! {
        <label class="consent">
            <input type="checkbox" id="keep-codes" checked={is_on} {oninput} />
            <span>{ words.get("codes_keep") }</span>
        </label>
    }
}
