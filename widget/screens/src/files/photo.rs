//! Photos on their way through the browser: read, made smaller, shown.

use js_sys::{Object, Promise, Reflect};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, HtmlCanvasElement, ImageBitmap};

use super::list::{is_animated, scaled, with_ending};

/// Where a photo's JPEG begins to look worse than it was.
const QUALITY: f64 = 0.86;
/// Bytes from which a PNG is taken for a photo.
const LARGE_PNG: f64 = 4_000_000.0;
/// Longest side of a preview, in pixels of the screen.
const PREVIEW: u32 = 112;

#[wasm_bindgen]
extern "C" {
    // The typed overloads would be three imports for one function.
    #[wasm_bindgen(js_name = createImageBitmap)]
    fn create_image_bitmap(source: &JsValue, options: &JsValue) -> Promise;
}

/// A picture of pixels; nothing if the browser can't read it as one.
pub async fn decode(source: &JsValue, size: Option<(u32, u32)>) -> Option<ImageBitmap> {
    let options = Object::new();
    if let Some((width, height)) = size {
        for (name, value) in
            [("resizeWidth", width.into()), ("resizeHeight", height.into()), ("resizeQuality", "high".into())]
        {
            let _ = Reflect::set(&options, &JsValue::from_str(name), &value);
        }
    }
    JsFuture::from(create_image_bitmap(source, &options)).await.ok().map(JsCast::unchecked_into)
}

/// A picture as a file of a type, which the browser makes beside our script.
pub async fn encode(bitmap: &ImageBitmap, media_type: &str) -> Option<Blob> {
    let canvas = canvas(bitmap.width(), bitmap.height())?;
    // It takes the pixels over without copying them.
    let context = canvas.get_context("bitmaprenderer").ok()??;
    context.unchecked_into::<web_sys::ImageBitmapRenderingContext>().transfer_from_image_bitmap(bitmap);
    blob_of(&canvas, media_type).await
}

/// What is on a canvas as a file of a type.
pub async fn blob_of(canvas: &HtmlCanvasElement, media_type: &str) -> Option<Blob> {
    let promise = Promise::new(&mut |resolve, _| {
        let _ = canvas.to_blob_with_type_and_encoder_options(&resolve, media_type, &QUALITY.into());
    });
    JsFuture::from(promise).await.ok()?.dyn_into().ok()
}

/// A canvas of a size, on no page.
pub fn canvas(width: u32, height: u32) -> Option<HtmlCanvasElement> {
    let canvas = gloo::utils::document().create_element("canvas").ok()?;
    let canvas: HtmlCanvasElement = canvas.unchecked_into();
    canvas.set_width(width);
    canvas.set_height(height);
    Some(canvas)
}

/// A photo made smaller, with its name: where it is larger than anybody needs, or of a type that the collector does not take but the browser
/// can read. Nothing if it goes as it is. The work is the browser's and blocks nothing.
pub async fn smaller(blob: &Blob, name: &str) -> Option<(Blob, String)> {
    let media_type = blob.type_();
    // What moves would stop, and drawings are no photos.
    if !media_type.starts_with("image/") || ["image/gif", "image/svg+xml"].contains(&&*media_type) {
        return None;
    }
    if is_animated(&beginning(blob).await?) {
        return None;
    }
    let whole = decode(blob, None).await?;
    let is_known = ["image/jpeg", "image/png", "image/webp"].contains(&&*media_type);
    let target = match scaled(whole.width(), whole.height()) {
        Some(size) => size,
        None if is_known => return None,
        None => (whole.width(), whole.height()),
    };
    let small = decode(&whole, Some(target)).await?;
    whole.close();
    // A photo that somebody saved as PNG would stay as large as it is.
    let is_drawn = media_type == "image/png" && blob.size() < LARGE_PNG;
    let (as_type, ending) = if is_drawn { ("image/png", ".png") } else { ("image/jpeg", ".jpg") };
    let made = encode(&small, as_type).await?;
    (!is_known || made.size() < blob.size()).then(|| (made, with_ending(name, ending)))
}

/// The bytes that a file begins with.
async fn beginning(blob: &Blob) -> Option<Vec<u8>> {
    let part = blob.slice_with_i32_and_i32(0, 65_536).ok()?;
    Some(js_sys::Uint8Array::new(&JsFuture::from(part.array_buffer()).await.ok()?).to_vec())
}

/// Draws a preview into a canvas, which hides what stands in for it: a picture by its address would need the page's policy to allow it.
pub async fn draw_preview(blob: Blob, canvas: HtmlCanvasElement) {
    // The browser makes it small while it reads it, twice as wide as it is shown: so most pictures are at least as high.
    let options = Object::new();
    let _ = Reflect::set(&options, &"resizeWidth".into(), &(2 * PREVIEW).into());
    let Ok(whole) = JsFuture::from(create_image_bitmap(&blob, &options)).await else { return };
    let whole: ImageBitmap = whole.unchecked_into();
    let (width, height) = (f64::from(whole.width()), f64::from(whole.height()));
    let side = f64::from(PREVIEW);
    // The middle of it, so that every preview is a square.
    let scale = side / width.min(height);
    canvas.set_width(PREVIEW);
    canvas.set_height(PREVIEW);
    let (across, down) = (width * scale, height * scale);
    if let Some(context) = context_of(&canvas) {
        let (x, y) = ((side - across) / 2.0, (side - down) / 2.0);
        let drawn = context.draw_image_with_image_bitmap_and_dw_and_dh(&whole, x, y, across, down);
        if drawn.is_ok() {
            canvas.set_class_name("drawn");
        }
    }
    whole.close();
}

/// What draws on a canvas.
pub fn context_of(canvas: &HtmlCanvasElement) -> Option<web_sys::CanvasRenderingContext2d> {
    canvas.get_context("2d").ok().flatten().map(JsCast::unchecked_into)
}
