//! The editor of a screenshot: cropping, pointing at something, and blacking out what nobody else should see.

mod capture;
mod marks;

use std::f64::consts::TAU;

use wasm_bindgen::JsCast;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::spawn_local;
use web_sys::{Blob, CanvasRenderingContext2d, HtmlCanvasElement, ImageBitmap, KeyboardEvent, PointerEvent};
use yew::prelude::*;

pub use self::capture::{NoPicture, capture};
pub use self::marks::{Applied, Area, Drawing, Mark, Part, Point, Tool};

use self::marks::{area_between, head};
use crate::cell::use_cell;
use crate::files::{blob_of, canvas, context_of, decode};
use crate::words::Words;

const ARROW_COLOUR: &str = "#d3121e";
const ARROW_EDGE: &str = "#ffffff";
/// PNG keeps letters sharp; a picture that becomes larger than this goes as JPEG.
const PNG_MAX: f64 = 3_000_000.0;

/// What the editor needs.
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct EditorProps {
    pub words: Words,
    pub picture: ImageBitmap,
    /// The finished picture, with its name.
    pub ondone: Callback<(String, Blob)>,
    pub oncancel: Callback<()>,
}

/// The editor, in place of the form.
#[component]
pub fn Editor(props: &EditorProps) -> Html {
    let EditorProps { words, picture, ondone, oncancel } = props;
    let (width, height) = (f64::from(picture.width()), f64::from(picture.height()));
    let drawing = use_cell(|| Drawing::of(width, height));
    let tool = use_cell(|| Tool::BlackOut);
    let surface = use_node_ref();
    let said = use_cell(|| AttrValue::Static(""));
    let is_busy = use_cell(|| false);

    use_effect_with((drawing.get().clone(), *tool.get()), {
        let (surface, picture) = (surface.clone(), picture.clone());
        move |(drawing, tool): &(Drawing, Tool)| {
            if let Some(canvas) = surface.cast::<HtmlCanvasElement>() {
                let area = drawing.visible();
                canvas.set_width(area.width as u32);
                canvas.set_height(area.height as u32);
                if let Some(context) = context_of(&canvas) {
                    paint(&context, &picture, drawing);
                    outline(&context, drawing, *tool);
                }
            }
        }
    });
    use_effect_with((), {
        let surface = surface.clone();
        move |()| {
            if let Some(canvas) = surface.cast::<HtmlCanvasElement>() {
                let _ = canvas.focus();
            }
        }
    });

    let change = {
        let drawing = drawing.clone();
        move |edit: &dyn Fn(&mut Drawing)| {
            let mut next = drawing.get().clone();
            edit(&mut next);
            drawing.set(next);
        }
    };
    let apply = {
        let (drawing, tool, said, words) = (drawing.clone(), tool.clone(), said.clone(), words.clone());
        move || {
            let mut next = drawing.get().clone();
            let tool = *tool.get();
            if next.apply(tool) == Applied::Mark {
                said.set(words.of_name("shot_did_", tool.name()));
            }
            drawing.set(next);
        }
    };
    let place = {
        let (surface, drawing) = (surface.clone(), drawing.clone());
        move |event: &PointerEvent| point_of(&surface.cast::<HtmlCanvasElement>()?, &drawing.get(), event)
    };

    let onpointerdown = {
        let (change, place) = (change.clone(), place.clone());
        Callback::from(move |event: PointerEvent| {
            if let Some(target) = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok()) {
                // So that a stroke may leave the picture and come back.
                let _ = target.set_pointer_capture(event.pointer_id());
            }
            if let Some(at) = place(&event) {
                change(&|drawing| drawing.begin(at));
            }
        })
    };
    let onpointermove = {
        let (change, place, drawing) = (change.clone(), place, drawing.clone());
        Callback::from(move |event: PointerEvent| {
            if event.buttons() != 0
                && drawing.get().stroke.is_some()
                && let Some(at) = place(&event)
            {
                change(&|drawing| drawing.drag(at));
            }
        })
    };
    let onpointerup = {
        let apply = apply.clone();
        Callback::from(move |_: PointerEvent| apply())
    };
    let onkeydown = {
        let (change, apply, drawing) = (change.clone(), apply, drawing.clone());
        Callback::from(move |event: KeyboardEvent| {
            let arrow = match event.key().as_str() {
                "ArrowLeft" => (-1.0, 0.0),
                "ArrowRight" => (1.0, 0.0),
                "ArrowUp" => (0.0, -1.0),
                "ArrowDown" => (0.0, 1.0),
                "Enter" | " " => {
                    event.prevent_default();
                    let has_stroke = drawing.get().stroke.is_some();
                    if has_stroke {
                        apply()
                    } else {
                        change(&Drawing::begin_in_the_middle)
                    }
                    return;
                }
                "Backspace" | "Delete" => {
                    event.prevent_default();
                    return change(&Drawing::undo);
                }
                "z" if event.ctrl_key() || event.meta_key() => {
                    event.prevent_default();
                    return change(&Drawing::undo);
                }
                _ => return,
            };
            event.prevent_default();
            let part = if event.shift_key() { Part::End } else { Part::Whole };
            change(&|drawing| match drawing.stroke {
                Some(_) => drawing.nudge(arrow, part),
                None => drawing.begin_in_the_middle(),
            });
        })
    };
    let onundo = {
        let change = change.clone();
        Callback::from(move |_: MouseEvent| change(&Drawing::undo))
    };
    let onfinish = {
        let (drawing, picture, ondone, is_busy) = (drawing.clone(), picture.clone(), ondone.clone(), is_busy.clone());
        Callback::from(move |_: MouseEvent| {
            if *is_busy.get() {
                return;
            }
            is_busy.set(true);
            let (drawing, picture, ondone, is_busy) =
                (drawing.get().clone(), picture.clone(), ondone.clone(), is_busy.clone());
            spawn_local(async move {
                match export(&picture, &drawing).await {
                    Some(file) => ondone.emit(file),
                    None => is_busy.set(false),
                }
            });
        })
    };

    html! {
        <section class="shot" aria-labelledby="shot-title">
            <div class="top">
                <h2 id="shot-title" tabindex="-1">{ words.get("shot_title") }</h2>
                <p id="shot-help">{ words.get("shot_help") }</p>
            </div>
            <div class="tools" role="toolbar" aria-label={words.get("shot_tools")}>
                { for Tool::ALL.into_iter().map(|of| {
                    let choose = { let tool = tool.clone(); Callback::from(move |_: MouseEvent| tool.set(of)) };
                    html! {
                        <button type="button" aria-pressed={(of == *tool.get()).to_string()} onclick={choose}>
                            { words.of_name("shot_", of.name()) }
                        </button>
                    }
                }) }
                <button type="button" class="undo" aria-disabled={drawing.get().marks.is_empty().then_some("true")} onclick={onundo}>
                    { words.get("shot_undo") }
                </button>
            </div>
            <div class="surface">
                <canvas ref={surface} tabindex="0" role="application" aria-label={words.get("shot_picture")} aria-describedby="shot-keys"
                    {onpointerdown} {onpointermove} {onpointerup} {onkeydown} />
            </div>
            <p class="hint" id="shot-keys">{ words.get("shot_keys") }</p>
            <p class="live" role="status">{ said.get().clone() }</p>
            <div class="bottom pair">
                <button type="button" class="primary" id="shot-done" onclick={onfinish} aria-disabled={is_busy.get().then_some("true")}>
                    { words.get("shot_done") }
                </button>
                <button type="button" class="quiet" id="shot-cancel" onclick={oncancel.reform(|_: MouseEvent| ())}>{ words.get("shot_cancel") }</button>
            </div>
        </section>
    }
}

/// Where a pointer is, in pixels of the picture.
fn point_of(canvas: &HtmlCanvasElement, drawing: &Drawing, event: &PointerEvent) -> Option<Point> {
    let shown = canvas.get_bounding_client_rect();
    if shown.width() <= 0.0 {
        return None;
    }
    let area = drawing.visible();
    let scale = area.width / shown.width();
    Some(Point {
        x: area.x + (f64::from(event.client_x()) - shown.left()) * scale,
        y: area.y + (f64::from(event.client_y()) - shown.top()) * scale,
    })
}

fn line_width(drawing: &Drawing) -> f64 {
    (drawing.width.max(drawing.height) / 240.0).max(3.0)
}

/// The picture with everything that was done to it, its visible part at the canvas's corner.
fn paint(context: &CanvasRenderingContext2d, picture: &ImageBitmap, drawing: &Drawing) {
    let area = drawing.visible();
    // The canvas may be one that was drawn on before.
    let _ = context.set_transform(1.0, 0.0, 0.0, 1.0, -area.x, -area.y);
    let _ = context.draw_image_with_image_bitmap(picture, 0.0, 0.0);
    for mark in &drawing.marks {
        if let Mark::Arrow(from, to) = mark {
            arrow(context, *from, *to, line_width(drawing));
        }
    }
    // Last, so that nothing shines through or lies above it.
    context.set_fill_style_str("#000");
    for mark in &drawing.marks {
        if let Mark::BlackOut(Area { x, y, width, height }) = mark {
            context.fill_rect(*x, *y, *width, *height);
        }
    }
}

fn arrow(context: &CanvasRenderingContext2d, from: Point, to: Point, width: f64) {
    let [tip, left, right] = head(from, to, width);
    let neck = Point { x: (left.x + right.x) / 2.0, y: (left.y + right.y) / 2.0 };
    // A light edge, so that it is seen on red as well.
    for (colour, width) in [(ARROW_EDGE, width * 1.8), (ARROW_COLOUR, width)] {
        context.set_stroke_style_str(colour);
        context.set_fill_style_str(colour);
        context.set_line_width(width);
        context.set_line_join("round");
        context.begin_path();
        context.move_to(from.x, from.y);
        context.line_to(neck.x, neck.y);
        context.stroke();
        context.begin_path();
        context.move_to(tip.x, tip.y);
        context.line_to(left.x, left.y);
        context.line_to(right.x, right.y);
        context.close_path();
        if colour == ARROW_EDGE {
            context.stroke();
        }
        context.fill();
    }
}

/// What is being drawn, before it is a mark.
fn outline(context: &CanvasRenderingContext2d, drawing: &Drawing, tool: Tool) {
    let Some((from, to)) = drawing.stroke else { return };
    let width = line_width(drawing);
    if tool == Tool::Arrow {
        arrow(context, from, to, width);
        context.set_fill_style_str(ARROW_COLOUR);
        context.begin_path();
        let _ = context.arc(from.x, from.y, width, 0.0, TAU);
        context.fill();
        return;
    }
    let Area { x, y, width: across, height: down } = area_between(from, to);
    if tool == Tool::BlackOut {
        context.set_fill_style_str("#000b");
        context.fill_rect(x, y, across, down);
    }
    for (colour, width) in [("#fff", width), ("#1a5fb4", width / 2.0)] {
        context.set_stroke_style_str(colour);
        context.set_line_width(width);
        context.stroke_rect(x, y, across, down);
    }
}

/// The finished picture as a file: what is blacked out or cut off is not in it any more.
async fn export(picture: &ImageBitmap, drawing: &Drawing) -> Option<(String, Blob)> {
    let area = drawing.visible();
    let (width, height) = (area.width as u32, area.height as u32);
    let whole = canvas(width, height)?;
    paint(&context_of(&whole)?, picture, drawing);
    let target = crate::files::scaled(width, height).unwrap_or((width, height));
    let small = match target == (width, height) {
        true => whole,
        false => {
            let small = canvas(target.0, target.1)?;
            let scaled = decode(&JsValue::from(whole), Some(target)).await?;
            context_of(&small)?.draw_image_with_image_bitmap(&scaled, 0.0, 0.0).ok()?;
            small
        }
    };
    let sharp = blob_of(&small, "image/png").await?;
    if sharp.size() <= PNG_MAX {
        return Some(("screenshot.png".to_owned(), sharp));
    }
    Some(("screenshot.jpg".to_owned(), blob_of(&small, "image/jpeg").await?))
}
