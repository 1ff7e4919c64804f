//! A chart in pixels, for mails: mail programs show no SVG.
//!
//! What pictures say is figures and dates, in the letters of a small font: words stand in the mail around them, where they are translated, read aloud and never
//! too small.

use std::sync::LazyLock;

use tiny_skia::{Color, FillRule, LineCap, LineJoin, Paint, Path, PathBuilder, Pixmap, StrokeDash, Transform};
use ttf_parser::{Face, OutlineBuilder};

use super::{Chart, Mark, Shape, Stroke};

/// Pixels of a unit: screens of phones have so many.
const SCALE: f32 = 2.0;
/// The size of letters: larger than on a page, since a phone shows the whole picture at two thirds of its size.
const LETTERS: f32 = 16.0;

/// Red, green and blue.
type Rgb = [u8; 3];

const PAPER: Rgb = [0xff, 0xfd, 0xf8];
const INK: Rgb = [0x1b, 0x24, 0x30];
const MUTED: Rgb = [0x54, 0x5b, 0x66];
const LINE: Rgb = [0xdd, 0xd4, 0xc3];
const DANGER: Rgb = [0xa8, 0x22, 0x2f];

static FONT: LazyLock<Face<'static>> = LazyLock::new(|| {
    Face::parse(include_bytes!("../../fonts/figures.ttf"), 0).expect("the font that is shipped can be read")
});

/// How a class looks, as style sheets say it of the same chart on a page.
struct Look {
    fill: Option<Rgb>,
    line: Option<(Rgb, f32)>,
    is_dashed: bool,
}

impl Chart {
    /// The chart on paper, with lines and bars in a colour, as PNG; none if one of its texts has letters that the font lacks, or a mark a look that only pages
    /// have.
    pub fn png(&self, accent: Rgb) -> Option<Vec<u8>> {
        let (width, height) = (self.width as f32 * SCALE, self.height as f32 * SCALE);
        let mut canvas = Canvas { pixels: Pixmap::new(width.ceil() as u32, height.ceil() as u32)?, accent };
        canvas.pixels.fill(colour(PAPER));
        for mark in &self.marks {
            canvas.draw(mark)?;
        }
        canvas.pixels.encode_png().ok()
    }
}

struct Canvas {
    pixels: Pixmap,
    accent: Rgb,
}

impl Canvas {
    fn draw(&mut self, mark: &Mark) -> Option<()> {
        match mark {
            Mark::Rect { x, y, width, height, class } => {
                // A bar of no length is none.
                let rect = tiny_skia::Rect::from_xywh(*x as f32, *y as f32, *width as f32, *height as f32);
                let look = self.look(class)?;
                rect.into_iter().for_each(|rect| self.path(&PathBuilder::from_rect(rect), &look));
            }
            Mark::Path { shape, class } => {
                let look = self.look(class)?;
                path(shape).into_iter().for_each(|path| self.path(&path, &look));
            }
            Mark::Circle { x, y, r, class } => {
                let look = self.look(class)?;
                let circle = PathBuilder::from_circle(*x as f32, *y as f32, *r as f32 * 1.3);
                circle.into_iter().for_each(|circle| self.path(&circle, &look));
            }
            Mark::Text { x, y, anchor, class, text } => {
                let words = words(text, (*x as f32, *y as f32 + 1.5), anchor)?;
                let ink = if matches!(*class, "chart-tick" | "chart-corner" | "chart-name") { MUTED } else { INK };
                let look = Look { fill: Some(ink), line: None, is_dashed: false };
                words.into_iter().for_each(|words| self.path(&words, &look));
            }
        }
        Some(())
    }

    fn look(&self, class: &str) -> Option<Look> {
        let look = |fill, line| Look { fill, line, is_dashed: false };
        Some(match class {
            "chart-bar" | "chart-dot" => look(Some(self.accent), None),
            "chart-line" => look(None, Some((self.accent, 3.0))),
            "chart-signal" => look(Some(DANGER), Some((PAPER, 1.5))),
            "chart-before" => Look { fill: None, line: Some((MUTED, 1.5)), is_dashed: true },
            "chart-limit" => Look { fill: None, line: Some((MUTED, 1.75)), is_dashed: true },
            "chart-mean" => look(None, Some((MUTED, 1.5))),
            "chart-grid" => look(None, Some((LINE, 1.0))),
            "chart-axis" | "chart-whisker" => look(None, Some((INK, 1.5))),
            _ => return None,
        })
    }

    fn path(&mut self, path: &Path, look: &Look) {
        let scale = Transform::from_scale(SCALE, SCALE);
        let paint = |rgb: Rgb| {
            let mut paint = Paint { anti_alias: true, ..Paint::default() };
            paint.set_color(colour(rgb));
            paint
        };
        if let Some(fill) = look.fill {
            self.pixels.fill_path(path, &paint(fill), FillRule::Winding, scale, None);
        }
        if let Some((line, width)) = look.line {
            let dash = look.is_dashed.then(|| StrokeDash::new(vec![6.0, 4.0], 0.0)).flatten();
            let stroke = tiny_skia::Stroke {
                width,
                dash,
                line_join: LineJoin::Round,
                line_cap: LineCap::Butt,
                ..Default::default()
            };
            self.pixels.stroke_path(path, &paint(line), &stroke, scale, None);
        }
    }
}

/// None if there is nothing to be drawn.
fn path(shape: &Shape) -> Option<Path> {
    let mut path = PathBuilder::new();
    for stroke in shape.strokes() {
        match *stroke {
            Stroke::Move(x, y) => path.move_to(x as f32, y as f32),
            Stroke::Line(x, y) => path.line_to(x as f32, y as f32),
            Stroke::Close => path.close(),
        }
    }
    path.finish()
}

/// The outlines of a text, or that there are none, such as of a space; none at all where the font lacks a letter.
fn words(text: &str, (x, y): (f32, f32), anchor: &str) -> Option<Option<Path>> {
    let size = LETTERS / f32::from(FONT.units_per_em());
    let glyphs = text.chars().map(|letter| FONT.glyph_index(letter)).collect::<Option<Vec<_>>>()?;
    let advance = |glyph| f32::from(FONT.glyph_hor_advance(glyph).unwrap_or_default()) * size;
    let width: f32 = glyphs.iter().map(|glyph| advance(*glyph)).sum();
    let start = match anchor {
        "middle" => x - width / 2.0,
        "end" => x - width,
        _ => x,
    };
    let mut outline = Outline { path: PathBuilder::new(), x: start, y, size };
    for glyph in glyphs {
        FONT.outline_glyph(glyph, &mut outline);
        outline.x += advance(glyph);
    }
    Some(outline.path.finish())
}

/// Takes the outline of a glyph to its place: fonts count upwards.
struct Outline {
    path: PathBuilder,
    x: f32,
    y: f32,
    size: f32,
}

impl Outline {
    fn at(&self, (x, y): (f32, f32)) -> (f32, f32) {
        (self.x + x * self.size, self.y - y * self.size)
    }
}

impl OutlineBuilder for Outline {
    fn move_to(&mut self, x: f32, y: f32) {
        let (x, y) = self.at((x, y));
        self.path.move_to(x, y);
    }

    fn line_to(&mut self, x: f32, y: f32) {
        let (x, y) = self.at((x, y));
        self.path.line_to(x, y);
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        let ((x1, y1), (x, y)) = (self.at((x1, y1)), self.at((x, y)));
        self.path.quad_to(x1, y1, x, y);
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        let ((x1, y1), (x2, y2), (x, y)) = (self.at((x1, y1)), self.at((x2, y2)), self.at((x, y)));
        self.path.cubic_to(x1, y1, x2, y2, x, y);
    }

    fn close(&mut self) {
        self.path.close();
    }
}

fn colour([red, green, blue]: Rgb) -> Color {
    Color::from_rgba8(red, green, blue, 255)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{Bar, MAIL, Moment, bars, series};
    use super::*;

    const ACCENT: Rgb = [0x0d, 0x57, 0x57];

    fn weeks(values: &[Option<f64>]) -> Chart {
        let moment = |(at, value): (usize, &Option<f64>)| Moment {
            label: format!("W{:02}", at + 1),
            value: *value,
            limits: Some((0.1, 0.6)),
            is_signal: value.is_some_and(|value| value > 0.6),
            before: None,
        };
        let moments: Vec<Moment> = values.iter().enumerate().map(moment).collect();
        series(&moments, Some(0.3), MAIL, |number| format!("{:.0}%", number * 100.0))
    }

    fn pixels(chart: &Chart) -> Pixmap {
        Pixmap::decode_png(&chart.png(ACCENT).expect("a picture")).expect("PNG")
    }

    fn has(pixels: &Pixmap, rgb: Rgb) -> bool {
        pixels.pixels().iter().any(|pixel| *pixel == colour(rgb).premultiply().to_color_u8())
    }

    #[test]
    fn a_control_chart_is_drawn_with_its_line_limits_and_signals() {
        let quiet = pixels(&weeks(&[Some(0.2), None, Some(0.3)]));
        assert_eq!((quiet.width(), quiet.height()), (960, 488));
        assert!(has(&quiet, ACCENT) && has(&quiet, MUTED) && has(&quiet, PAPER) && !has(&quiet, DANGER));
        assert!(has(&pixels(&weeks(&[Some(0.2), Some(0.9)])), DANGER), "what breaks a rule is seen");
    }

    #[test]
    fn bars_are_drawn_if_their_labels_can_be() {
        let bar = |label: &str| Bar {
            label: label.to_owned(),
            value: Some(3.0),
            interval: Some((2.0, 4.0)),
            text: "3".to_owned(),
            before: None,
        };
        assert!(bars(&[bar("2026-11")], None).png(ACCENT).is_some());
        assert_eq!(bars(&[bar("客服")], None).png(ACCENT), None, "the font has no such letters");
    }

    proptest! {
        // Each is a picture of half a million pixels.
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn any_figures_are_drawn(values in proptest::collection::vec(proptest::option::of(-1e9..1e12_f64), 0..120)) {
            prop_assert!(weeks(&values).png(ACCENT).is_some());
        }
    }
}
