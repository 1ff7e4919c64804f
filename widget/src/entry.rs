//! The functions that the panel calls.

use std::cell::RefCell;

use sayso_shared::Kind;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use web_sys::Element;
use yew::AppHandle;

use crate::app::{App, Msg, Props};
use crate::host::Host;
use crate::js;
use crate::state::OpenOptions;

thread_local! {
    static APP: RefCell<Option<AppHandle<App>>> = const { RefCell::new(None) };
}

/// Puts the form into the panel. The panel does this once.
#[wasm_bindgen]
pub fn mount(body: Element, host: Host) {
    let handle = yew::Renderer::<App>::with_root_and_props(body, Props { host }).render();
    APP.with_borrow_mut(|app| *app = Some(handle));
}

/// The dialog has been opened, perhaps with `{kind, category, message}`.
#[wasm_bindgen]
pub fn open(options: JsValue) {
    send(Msg::Open(OpenOptions {
        kind: js::text(&options, "kind").and_then(|kind| Kind::parse(&kind)),
        category: js::text(&options, "category"),
        message: js::text(&options, "message"),
    }));
}

/// The page has said who its user is, or that there is none any more.
#[wasm_bindgen]
pub fn identify() {
    send(Msg::Identify);
}

/// Other files go along than before.
#[wasm_bindgen]
pub fn attached() {
    send(Msg::Attached);
}

/// The texts have changed their language.
#[wasm_bindgen]
pub fn speak() {
    send(Msg::Speak);
}

/// A draft is there to be taken up: a text that comes back from the outbox.
#[wasm_bindgen]
pub fn restore() {
    send(Msg::Restore);
}

/// The site's settings have come, as lines for [`crate::settings::Settings::read`]; none if they could not be had.
#[wasm_bindgen]
pub fn settled(lines: String) {
    send(Msg::Settled(lines));
}

/// It is known what has become of the attempt with this key.
#[wasm_bindgen]
pub fn answered(key: String, answer: JsValue) {
    send(Msg::Answered(key, answer));
}

/// A text is on the clipboard, or could not be put there.
#[wasm_bindgen]
pub fn copied(done: bool) {
    send(Msg::Copied(Some(done)));
}

/// A second of waiting has passed.
#[wasm_bindgen]
pub fn tick() {
    send(Msg::Tick);
}

/// The copy button takes its name again.
#[wasm_bindgen]
pub fn fade() {
    send(Msg::Copied(None));
}

/// Ends the application.
#[wasm_bindgen]
pub fn unmount() {
    if let Some(app) = APP.take() {
        app.destroy();
    }
}

fn send(message: Msg) {
    APP.with_borrow(|app| {
        if let Some(app) = app {
            app.send_message(message);
        }
    });
}
