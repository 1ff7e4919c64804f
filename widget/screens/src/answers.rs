//! What may help before somebody asks: public answers of the site that fit what is being typed.

use sayso_shared::customer::{PublicAnswer, PublicAnswers};
use yew::prelude::*;

use crate::cell::use_cell;
use crate::host::Host;
use crate::mailbox::{Mailbox, use_mailbox};
use crate::words::Words;

/// What the answers need.
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct AnswersProps {
    pub host: Host,
    pub words: Words,
    /// What was found for what is typed by now; nothing takes away what is there.
    pub found: Mailbox<Vec<PublicAnswer>>,
}

/// The questions, which fold out into their solutions; nothing while none fits.
#[component]
pub fn Answers(props: &AnswersProps) -> Html {
    let AnswersProps { host, words, found } = props.clone();
    let answers = use_cell(Vec::<PublicAnswer>::new);
    use_mailbox(&found, {
        let answers = answers.clone();
        Callback::from(move |found| answers.set(found))
    });
    let is_hidden = use_cell(|| false);
    // The one that helped, once somebody says so.
    let helped = use_cell(|| None::<String>);
    if *is_hidden.get() || answers.get().is_empty() {
        return html! {};
    }
    let hide = {
        let is_hidden = is_hidden.clone();
        Callback::from(move |_: MouseEvent| is_hidden.set(true))
    };
    html! {
        <aside class="answers" aria-label={words.get("answers_title")}>
            <p class="head"><b>{ words.get("answers_title") }</b>
                <button type="button" class="remove" aria-label={words.get("answers_hide")} title={words.get("answers_hide")} onclick={hide} /></p>
            { for answers.get().iter().map(|answer| {
                let thank = {
                    let (host, helped, key) = (host.clone(), helped.clone(), answer.key.clone());
                    Callback::from(move |_: MouseEvent| {
                        host.helped(&key);
                        helped.set(Some(key.clone()));
                    })
                };
                html! {
                    <details key={answer.key.clone()}>
                        <summary dir="auto">{ &answer.question }</summary>
                        <p class="solution" dir="auto">{ &answer.solution }</p>
                        if helped.get().as_ref() == Some(&answer.key) {
                            <p class="hint" role="status">{ words.get("answers_thanks") }</p>
                        } else {
                            <p class="ways"><button type="button" onclick={thank}>{ words.get("answers_helped") }</button></p>
                        }
                    </details>
                }
            }) }
        </aside>
    }
}

/// Reads the collector's answer; what can't be read has none.
pub fn read(json: &str) -> Vec<PublicAnswer> {
    serde_json::from_str::<PublicAnswers>(json).map(|found| found.answers).unwrap_or_default()
}
