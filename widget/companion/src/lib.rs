//! The widget's second module: the screens of `sayso_screens`, each mounted where the panel wants it. It is fetched when somebody is about to use
//! one of them, by `widget/modules/companion.js`, which calls the functions here.
//!
//! Invariant: what goes wrong here never takes the form with it. The two modules share no memory, and the panel knows a trap of this one by its name.

mod mounted;

use std::cell::Cell;

use js_sys::Array;
use sayso_screens::answers::{Answers, AnswersProps};
use sayso_screens::cases::{Cases, CasesProps, News};
use sayso_screens::files::{FileList, FileListProps, Incoming};
use sayso_screens::host::Host;
use sayso_screens::mailbox::Mailbox;
use sayso_screens::shot::{Editor, EditorProps, capture};
use sayso_screens::words::Words;
use sayso_shared::customer::PublicAnswer;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen_futures::spawn_local;
use web_sys::{Blob, Element};
use yew::Callback;

use crate::mounted::Mounted;

/// Memory is given back, since pictures come and go.
#[cfg(target_arch = "wasm32")]
#[global_allocator]
static MEMORY: lol_alloc::LockedAllocator<lol_alloc::FreeListAllocator> =
    lol_alloc::LockedAllocator::new(lol_alloc::FreeListAllocator::new());

thread_local! {
    /// Whose turn it is: what was begun for one user ends with them.
    static TURN: Cell<u32> = const { Cell::new(0) };
    static FILES: Mounted<FileList, Incoming> = const { Mounted::new() };
    static CASES: Mounted<Cases, News> = const { Mounted::new() };
    static REPLY: Mounted<FileList, Incoming> = const { Mounted::new() };
    static ANSWERS: Mounted<Answers, Vec<PublicAnswer>> = const { Mounted::new() };
    static EDITOR: Mounted<Editor, ()> = const { Mounted::new() };
}

/// Makes the module ready, once and before anything else, and brings its style sheet.
///
/// Yew numbers its roots from one in each module, and writes the numbers on elements of the page. The form has the first of its own module; the
/// screens here are inside of it, and would hear its events with a number that is the same.
#[wasm_bindgen]
pub fn begin(host: Host) -> Result<(), JsValue> {
    let aside = gloo::utils::document().create_element("div")?;
    let nothing = AnswersProps { words: Words::of(&host), host: host.clone(), found: Mailbox::default() };
    yew::Renderer::<Answers>::with_root_and_props(aside, nothing).render().destroy();
    host.style(include_str!(concat!(env!("OUT_DIR"), "/companion.css")));
    Ok(())
}

/// The list of files of a reply, by its name; any other name is that of the form's.
const OF_REPLY: &str = "reply-files";

fn with_list<T>(name: &str, run: impl FnOnce(&Mounted<FileList, Incoming>) -> T) -> T {
    if name == OF_REPLY { REPLY.with(run) } else { FILES.with(run) }
}

/// Shows a list of files in an element. `onchange` hears of what goes along: an array of objects of `name` and `blob`.
#[wasm_bindgen]
pub fn list_files(name: &str, root: Element, host: Host, onchange: js_sys::Function) {
    let onchange = Callback::from(move |files: Array| {
        let _ = onchange.call1(&JsValue::NULL, &files);
    });
    with_list(name, |files| {
        let name = if name == OF_REPLY { OF_REPLY } else { "form" };
        let incoming = files.mailbox();
        files.mount(root, FileListProps { name, words: Words::of(&host), host, incoming, onchange });
    });
}

/// Adds files to a list: an array of them.
#[wasm_bindgen]
pub fn add_files(name: &str, chosen: &Array) {
    let chosen = Incoming::of_files(chosen);
    with_list(name, Mounted::mailbox).put(chosen);
}

/// Empties a list, since what it belonged to has been sent.
#[wasm_bindgen]
pub fn clear_files(name: &str) {
    with_list(name, Mounted::mailbox).put(Incoming::Clear);
}

/// Empties the form's list, since the user has gone: what is on its way does not arrive.
#[wasm_bindgen]
pub fn drop_files() {
    FILES.with(Mounted::mailbox).put(Incoming::Drop);
}

/// Takes the list of a reply away.
#[wasm_bindgen]
pub fn end_reply() {
    REPLY.with(Mounted::unmount);
}

/// Takes a picture of the page, lets the customer work on it in an element, and adds it to the files. `ondone` hears of the end: the key of the
/// text that says why there is no picture, or nothing.
#[wasm_bindgen]
pub fn take_picture(root: Element, host: Host, onbegin: js_sys::Function, ondone: js_sys::Function) {
    let turn = TURN.get();
    let is_over = move || TURN.get() != turn;
    spawn_local(async move {
        let end = move |why: JsValue| {
            if !is_over() {
                EDITOR.with(Mounted::unmount);
                let _ = ondone.call1(&JsValue::NULL, &why);
            }
        };
        let picture = match capture(&host).await {
            Ok(_) if is_over() => return,
            Ok(picture) => picture,
            Err(why) => return end(Words::of(&host).get(why.key()).as_str().into()),
        };
        let _ = onbegin.call0(&JsValue::NULL);
        let oncancel = {
            let end = end.clone();
            Callback::from(move |()| end(JsValue::UNDEFINED))
        };
        let ondone = Callback::from(move |file: (String, Blob)| {
            if !is_over() {
                FILES.with(|files| files.mailbox().put(Incoming::Chosen(vec![file])));
            }
            end(JsValue::UNDEFINED);
        });
        EDITOR.with(|editor| editor.mount(root, EditorProps { words: Words::of(&host), picture, ondone, oncancel }));
    });
}

/// Shows the customer's cases in an element, or anew where they are shown already.
#[wasm_bindgen]
pub fn show_cases(root: Element, host: Host) {
    CASES.with(|cases| {
        let news = cases.mailbox();
        cases.mount(root, CasesProps { words: Words::of(&host), host, news });
        cases.mailbox().put(News::Shown);
    });
}

/// Takes the cases away.
#[wasm_bindgen]
pub fn hide_cases() {
    CASES.with(Mounted::unmount);
}

/// The user of the page is known, or has a new token.
#[wasm_bindgen]
pub fn renew() {
    CASES.with(|cases| cases.is_there().then(|| cases.mailbox().put(News::Shown)));
}

/// The user of the page is another one, or nobody any more. Says whether a picture of the last one's was there.
#[wasm_bindgen]
pub fn leave() -> bool {
    TURN.set(TURN.get().wrapping_add(1));
    CASES.with(|cases| cases.is_there().then(|| cases.mailbox().put(News::Left)));
    EDITOR.with(|editor| {
        let was_there = editor.is_there();
        editor.unmount();
        was_there
    })
}

/// Shows in an element what may help: the collector's JSON for what is typed, as a text. What can't be read shows nothing.
#[wasm_bindgen]
pub fn show_answers(root: Element, host: Host, json: &str) {
    ANSWERS.with(|answers| {
        let found = answers.mailbox();
        found.put(sayso_screens::answers::read(json));
        answers.mount(root, AnswersProps { words: Words::of(&host), host, found });
    });
}

/// Ends everything.
#[wasm_bindgen]
pub fn unmount() {
    FILES.with(Mounted::unmount);
    REPLY.with(Mounted::unmount);
    CASES.with(Mounted::unmount);
    ANSWERS.with(Mounted::unmount);
    EDITOR.with(Mounted::unmount);
}

/// The texts are in another language now.
#[wasm_bindgen]
pub fn speak(host: &Host) {
    let words = Words::of(host);
    FILES.with(|files| files.update(|props| props.words = words.clone()));
    REPLY.with(|files| files.update(|props| props.words = words.clone()));
    CASES.with(|cases| cases.update(|props| props.words = words.clone()));
    ANSWERS.with(|answers| answers.update(|props| props.words = words.clone()));
    EDITOR.with(|editor| editor.update(|props| props.words = words.clone()));
}
