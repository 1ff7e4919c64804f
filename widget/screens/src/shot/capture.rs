//! A picture of the page, which the browser takes after it has asked.

use js_sys::{Object, Promise, Reflect};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{HtmlVideoElement, ImageBitmap, MediaStream, MediaStreamTrack};

use crate::files::decode;
use crate::host::Host;

/// How long the browser gets to draw the page without the widget, in milliseconds: a stream shows what was a few frames ago.
const SETTLE: u32 = 350;

/// Why there is no picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoPicture {
    /// The customer or the page's policy does not want it.
    Denied,
    /// The browser can't.
    Failed,
}

impl NoPicture {
    /// The key of its text.
    pub const fn key(self) -> &'static str {
        match self {
            NoPicture::Denied => "shot_denied",
            NoPicture::Failed => "shot_failed",
        }
    }
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = ["navigator", "mediaDevices"], js_name = getDisplayMedia, catch)]
    fn get_display_media(options: &JsValue) -> Result<Promise, JsValue>;
}

/// Takes a picture of what the customer chooses, by itself this page. The widget is out of sight meanwhile.
pub async fn capture(host: &Host) -> Result<ImageBitmap, NoPicture> {
    let options = Object::new();
    // By itself this page is offered, which is what it is mostly about; any other window may be chosen.
    for (name, value) in [("video", true), ("audio", false), ("preferCurrentTab", true)] {
        let _ = Reflect::set(&options, &name.into(), &value.into());
    }
    let asked = get_display_media(&options).map_err(|_| NoPicture::Failed)?;
    let stream: MediaStream = JsFuture::from(asked).await.map_err(|error| refusal(&error))?.unchecked_into();
    host.veil(true);
    let picture = frame_of(&stream).await;
    for track in stream.get_tracks() {
        track.unchecked_into::<MediaStreamTrack>().stop();
    }
    host.veil(false);
    picture.ok_or(NoPicture::Failed)
}

fn refusal(error: &JsValue) -> NoPicture {
    let name = Reflect::get(error, &"name".into()).ok().and_then(|name| name.as_string());
    match name.as_deref() {
        Some("NotAllowedError" | "AbortError") => NoPicture::Denied,
        _ => NoPicture::Failed,
    }
}

async fn frame_of(stream: &MediaStream) -> Option<ImageBitmap> {
    let video: HtmlVideoElement = gloo::utils::document().create_element("video").ok()?.unchecked_into();
    video.set_muted(true);
    video.set_src_object(Some(stream));
    JsFuture::from(video.play().ok()?).await.ok()?;
    gloo::timers::future::TimeoutFuture::new(SETTLE).await;
    decode(&video, None).await
}
