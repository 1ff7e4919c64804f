//! What was said in a case, oldest first.

use sayso_shared::customer::{Author, CustomerAttachment, CustomerCase};
use yew::prelude::*;

use crate::host::Host;
use crate::words::Words;

/// The messages, each as one of its writer's, after the feedback itself, of which an erased one has no words.
pub fn conversation(host: &Host, words: &Words, case: &CustomerCase) -> Html {
    let CustomerCase { received_at, message: first, attachments: files, messages, .. } = case;
    let message = |is_staff: bool, name: AttrValue, at: &str, body: &str, files: &[CustomerAttachment]| {
        html! {
            <li data-by={if is_staff { "staff" } else { "you" }}>
                <p class="about"><b>{ name }</b>{ " · " }{ host.date(at).unwrap_or_default() }</p>
                <p class="body" dir="auto">{ body }</p>
                { for files.iter().map(|file| html! {
                    <p class="ways"><a href={file.url.clone()} target="_blank" rel="noopener">{ &file.name }</a>{ " " }
                        <small>{ words.size(file.size as f64) }</small></p>
                }) }
            </li>
        }
    };
    html! {
        <ol class="conversation" aria-label={words.get("conversation_title")}>
            if !first.is_empty() || !files.is_empty() {
                { message(false, words.get("you"), received_at, first, files) }
            }
            { for messages.iter().map(|said| {
                let is_staff = said.by == Author::Staff;
                let name = said.name.clone().map(AttrValue::from);
                let name = if is_staff { name.unwrap_or_else(|| words.get("staff")) } else { words.get("you") };
                message(is_staff, name, &said.at, &said.body, &said.attachments)
            }) }
        </ol>
    }
}
