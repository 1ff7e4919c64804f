//! The files that go along with a message: what was chosen, how far each is, and what can be done about it.

mod list;
mod photo;

use js_sys::Array;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{Blob, File};
use yew::prelude::*;

pub use self::list::{Change, Entry, Files, Progress, Reason, scaled};
pub(crate) use self::photo::{blob_of, canvas, context_of, decode};

use crate::cell::{Cell, use_cell};
use crate::host::Host;
use crate::mailbox::{Mailbox, use_mailbox};
use crate::words::Words;

/// What comes in from the page.
#[derive(Debug)]
pub enum Incoming {
    /// Files that were chosen, dropped, pasted or made, with their names.
    Chosen(Vec<(String, Blob)>),
    /// What was in the form has been sent.
    Clear,
    /// The user has gone, and with them what is on its way.
    Drop,
}

impl Incoming {
    /// The files of an event of the page.
    pub fn of_files(files: &Array) -> Self {
        let named = files.iter().map(|file| {
            let file: File = file.unchecked_into();
            (file.name(), file.unchecked_into())
        });
        Self::Chosen(named.collect())
    }
}

/// What the list needs.
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct FileListProps {
    /// Tells this list from others on the page.
    pub name: &'static str,
    pub host: Host,
    pub words: Words,
    pub incoming: Mailbox<Incoming>,
    /// Hears of what goes along, whenever that changes: objects of `name` and `blob`, and of `preparing` where the blob is not yet what is sent.
    pub onchange: Callback<Array>,
}

/// The list of files; nothing while there are none.
#[component]
pub fn FileList(props: &FileListProps) -> Html {
    let files = use_cell(Files::<Blob>::default);
    let FileListProps { name: list_name, host, words, incoming, onchange } = props.clone();

    let begin = {
        let (host, files) = (host.clone(), files.clone());
        Callback::from(move |taken: Vec<Entry<Blob>>| {
            let (host, files) = (host.clone(), files.clone());
            spawn_local(async move {
                // One after the other, since a large photo takes hundreds of megabytes while it is read.
                for Entry { id, name, content: blob, .. } in taken {
                    let smaller = photo::smaller(&blob, &name).await;
                    let sent = smaller.as_ref().map_or(&blob, |(blob, _)| blob).clone();
                    let sent_name = smaller.as_ref().map_or(&name, |(_, name)| name).clone();
                    let size = sent.size();
                    // It may have been taken away while it was read.
                    if files.get().entry(id).is_none() {
                        continue;
                    }
                    change(&files, Change::Prepared(id, smaller.map(|(blob, name)| (blob, name, size))));
                    if size <= sayso_shared::limits::ATTACHMENT_MAX_BYTES as f64 {
                        let (host, files) = (host.clone(), files.clone());
                        spawn_local(async move { send(&host, &files, id, &sent, &sent_name).await });
                    }
                }
            });
        })
    };

    use_mailbox(&incoming, {
        let (files, host) = (files.clone(), host.clone());
        Callback::from(move |incoming| match incoming {
            Incoming::Clear => change(&files, Change::Clear),
            Incoming::Drop => {
                files.get().entries.iter().for_each(|entry| host.cancel(&entry.content));
                change(&files, Change::Clear);
            }
            Incoming::Chosen(chosen) => {
                let chosen = chosen.into_iter().map(|(name, blob)| (name, blob.clone(), blob.size()));
                let before = files.get().next_id();
                change(&files, Change::Add(chosen.collect()));
                let taken = files.get().entries.iter().filter(|entry| entry.id >= before).cloned().collect();
                begin.emit(taken);
            }
        })
    });

    let held: Vec<Held> = files.get().kept().map(Held::of).collect();
    use_effect_with(held, {
        let host = host.clone();
        move |held: &Vec<Held>| {
            let list = Array::new();
            for Held { id, name, blob, preparing } in held {
                let file = js_sys::Object::new();
                for (key, value) in [("name", name.into()), ("blob", blob.into()), ("preparing", (*preparing).into())] {
                    let _ = js_sys::Reflect::set(&file, &JsValue::from_str(key), &value);
                }
                list.push(&file);
                // Read once more only when it has become what is sent, which is small.
                if !preparing {
                    draw_preview(&host, list_name, *id, blob);
                }
            }
            onchange.emit(list);
        }
    });

    let remove = {
        let (host, files) = (host.clone(), files.clone());
        Callback::from(move |id: u32| {
            if let Some(entry) = files.get().entry(id) {
                host.cancel(&entry.content);
            }
            change(&files, Change::Remove(id));
            // The button that was pressed is gone.
            host.focus(&["#", adder(list_name), " input"].concat());
        })
    };
    let again = {
        let (host, files) = (host.clone(), files.clone());
        Callback::from(move |id: u32| {
            let Some(entry) = files.get().entry(id).cloned() else { return };
            let (host, files) = (host.clone(), files.clone());
            change(&files, Change::Progressed(id, Progress::Sending(0.0)));
            spawn_local(async move { send(&host, &files, id, &entry.content, &entry.name).await });
        })
    };
    let whole = {
        let (host, files) = (host.clone(), files.clone());
        Callback::from(move |id: u32| {
            let Some(entry) = files.get().entry(id).cloned() else { return };
            let Some((original, _)) = entry.original else { return };
            host.cancel(&entry.content);
            let (host, files) = (host.clone(), files.clone());
            change(&files, Change::KeepOriginal(id));
            spawn_local(async move { send(&host, &files, id, &original, &entry.name).await });
        })
    };

    let ways = Ways { remove, again, whole };
    let files = files.get();
    html! {
        <>
            if !files.entries.is_empty() {
                <ul class="files" aria-label={words.get("files_title")}>
                    { for files.entries.iter().map(|entry| row(list_name, &words, entry, &ways)) }
                </ul>
            }
            if !files.refused.is_empty() {
                <p class="error" role="alert">
                    { for files.refused.iter().map(|(name, reason)| html! {
                        <span class="line">{ words.fill(&["file_", reason.name()].concat(), &[("name", name)]) }</span>
                    }) }
                </p>
            }
        </>
    }
}

/// A file that goes along, as far as anybody else has to know.
#[derive(PartialEq)]
struct Held {
    id: u32,
    name: String,
    blob: Blob,
    preparing: bool,
}

impl Held {
    fn of(entry: &Entry<Blob>) -> Self {
        let preparing = entry.progress == Progress::Preparing;
        Self { id: entry.id, name: entry.name.clone(), blob: entry.content.clone(), preparing }
    }
}

fn percent(share: f64) -> u32 {
    (share * 100.0) as u32
}

/// What happens to the list, whatever it has become meanwhile.
fn change(files: &Cell<Files<Blob>>, change: Change<Blob>) {
    let changed = files.get().changed(change);
    files.set(changed);
}

async fn send(host: &Host, files: &Cell<Files<Blob>>, id: u32, blob: &Blob, name: &str) {
    let progress = {
        let files = files.clone();
        Closure::<dyn FnMut(f64)>::new(move |share| change(&files, Change::Progressed(id, Progress::Sending(share))))
    };
    let answer = JsFuture::from(host.upload(blob, name, progress.as_ref().unchecked_ref())).await.unwrap_or_default();
    let text = |key: &str| js_sys::Reflect::get(&answer, &key.into()).ok().and_then(|value| value.as_string());
    let progress = match (text("id"), text("reason")) {
        (Some(_), _) => Progress::Sent,
        // Nobody waits for what was taken away.
        (None, Some(reason)) if reason == "cancelled" => return,
        (None, reason) => Progress::Failed(reason.and_then(|name| Reason::from_name(&name)).unwrap_or(Reason::Server)),
    };
    change(files, Change::Progressed(id, progress));
}

/// What the customer can do with a file: each hears of its identifier.
struct Ways {
    remove: Callback<u32>,
    again: Callback<u32>,
    whole: Callback<u32>,
}

// A function and no component of its own, as most of what the screens are made of: each component costs its visitors a kilobyte.
fn row(list: &str, words: &Words, entry: &Entry<Blob>, Ways { remove, again, whole }: &Ways) -> Html {
    let id = entry.id;
    let press = |callback: &Callback<u32>| callback.reform(move |_: MouseEvent| id);
    let size = words.size(entry.size);
    let state = match entry.progress {
        Progress::Preparing => words.get("file_preparing"),
        Progress::Sending(share) => {
            words.fill("file_sending", &[("size", &size), ("percent", &percent(share).to_string())])
        }
        Progress::Sent => words.fill("file_sent", &[("size", &size)]),
        Progress::Failed(reason) => words.fill(&["file_", reason.name()].concat(), &[("name", &entry.name)]),
    };
    let (is_failed, may_repeat) = match entry.progress {
        Progress::Failed(reason) => (true, !reason.is_final()),
        _ => (false, false),
    };
    html! {
        <li key={id} data-state={is_failed.then_some("failed")}>
            { preview(list, entry) }
            <div>
                <b dir="auto">{ &entry.name }</b>
                // Every step would be read out; the end of it is what counts.
                <small role={if matches!(entry.progress, Progress::Sending(_)) { "none" } else { "status" }}>{ state }</small>
                if let Progress::Sending(share) = entry.progress {
                    <progress max="100" value={percent(share).to_string()} aria-label={entry.name.clone()} />
                }
                <p class="ways">
                    if let (Some((_, before)), false) = (&entry.original, is_failed) {
                        <button type="button" onclick={press(whole)}>
                            { words.fill("file_original", &[("size", &words.size(*before))]) }
                        </button>
                    }
                    if may_repeat {
                        <button type="button" onclick={press(again)}>{ words.get("file_again") }</button>
                    }
                </p>
            </div>
            <button type="button" class="remove" aria-label={words.fill("file_remove", &[("name", &entry.name)])}
                title={words.fill("file_remove", &[("name", &entry.name)])} onclick={press(remove)} />
        </li>
    }
}

/// A picture of a picture, and of anything else the ending of its name. What is on the canvas, [`draw_preview`] draws.
fn preview(list: &str, entry: &Entry<Blob>) -> Html {
    let ending = entry.name.rsplit_once('.').map_or("…", |(_, ending)| ending);
    let ending: String = ending.chars().take(4).collect::<String>().to_ascii_uppercase();
    html! {
        <span class="preview" aria-hidden="true">
            <canvas id={preview_id(list, entry.id)} />
            <span>{ ending }</span>
        </span>
    }
}

/// Where files are added to a list: the form's own is the panel's.
fn adder(list: &str) -> &str {
    if list == "form" { "add" } else { list }
}

fn preview_id(list: &str, id: u32) -> String {
    ["preview-", list, "-", &id.to_string()].concat()
}

/// Draws a picture's preview, once: it looks the same at every size.
fn draw_preview(host: &Host, list: &str, id: u32, blob: &Blob) {
    if !blob.type_().starts_with("image/") {
        return;
    }
    let Some(canvas) = host.find(&["#", &preview_id(list, id), ":not([class])"].concat()) else { return };
    canvas.set_class_name("drawing");
    spawn_local(photo::draw_preview(blob.clone(), canvas.unchecked_into()));
}
