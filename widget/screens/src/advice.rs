//! What stands above the files while somebody writes: what is hidden of what they type, and what may help already.

use sayso_shared::customer::PublicAnswer;
use yew::prelude::*;

use crate::answers::use_answers;
use crate::host::Host;
use crate::mailbox::{Mailbox, use_mailbox};
use crate::masks::masks;
use crate::words::Words;

/// What comes in while somebody types.
#[derive(Debug)]
pub enum News {
    /// What was found for it.
    Answers(Vec<PublicAnswer>),
    /// The text itself, where it may hold something that has to be hidden.
    Typed(String),
}

/// What it needs.
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct AdviceProps {
    pub host: Host,
    pub words: Words,
    pub news: Mailbox<News>,
}

/// Both, one below the other; nothing where there is nothing to say.
#[component]
pub fn Advice(props: &AdviceProps) -> Html {
    let AdviceProps { host, words, news } = props.clone();
    let answers = use_state(Vec::<PublicAnswer>::new);
    let typed = use_state(String::new);
    use_mailbox(&news, {
        let (answers, typed) = (answers.clone(), typed.clone());
        Callback::from(move |news| match news {
            News::Answers(found) => answers.set(found),
            News::Typed(text) => typed.set(text),
        })
    });
    let helpful = use_answers(&host, &words, &answers);
    html! { <>{ masks(&host, &words, &typed) }{ helpful }</> }
}
