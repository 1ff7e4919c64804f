//! Charts as marks on a plane, which a template writes as SVG and [`Chart::png`] as pixels: pure, and without a word of its own. What tells things apart is never a colour alone: marks have
//! shapes, lines have dashes, and every chart stands above the table of its figures.

mod bars;
mod grid;
mod plane;
mod png;
mod scale;
mod series;
mod shape;

pub use bars::{Bar, bars};
pub use grid::heat;
pub use plane::{Place, Plane, plane};
pub use series::{Moment, series};
pub use shape::{Shape, Stroke};

/// A chart: its size, and its marks from the hindmost to the foremost.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Chart {
    /// Its width, in units of its own.
    pub width: f64,
    /// Its height.
    pub height: f64,
    /// What is drawn.
    pub marks: Vec<Mark>,
}

/// Something that is drawn; `class` says how it looks.
#[derive(Clone, Debug, PartialEq)]
pub enum Mark {
    /// A rectangle.
    Rect {
        /// The left edge.
        x: f64,
        /// The upper edge.
        y: f64,
        /// How wide.
        width: f64,
        /// How high.
        height: f64,
        /// How it looks.
        class: &'static str,
    },
    /// A line of any shape.
    Path {
        /// Where it goes.
        shape: Shape,
        /// How it looks.
        class: &'static str,
    },
    /// A dot.
    Circle {
        /// The middle, from the left.
        x: f64,
        /// The middle, from above.
        y: f64,
        /// Its radius.
        r: f64,
        /// How it looks.
        class: &'static str,
    },
    /// Words or a number.
    Text {
        /// Where it is anchored, from the left.
        x: f64,
        /// The line that it stands on, from above.
        y: f64,
        /// `start`, `middle` or `end`.
        anchor: &'static str,
        /// How it looks.
        class: &'static str,
        /// What it says.
        text: String,
    },
}

/// The width of charts on pages: letters of 12 units are as large as those around them.
pub const PAGE: f64 = 720.0;
/// The width of charts in mails, which phones show at two thirds of their size.
pub const MAIL: f64 = 480.0;

impl Chart {
    fn new(width: f64, height: f64) -> Self {
        Self { width, height, marks: Vec::new() }
    }

    fn line(&mut self, from: (f64, f64), to: (f64, f64), class: &'static str) {
        self.marks.push(Mark::Path { shape: Shape::line(from, to), class });
    }

    fn text(&mut self, (x, y): (f64, f64), anchor: &'static str, class: &'static str, text: impl Into<String>) {
        self.marks.push(Mark::Text { x: round(x), y: round(y), anchor, class, text: text.into() });
    }

    fn rect(&mut self, (x, y): (f64, f64), (width, height): (f64, f64), class: &'static str) {
        self.marks.push(Mark::Rect {
            x: round(x),
            y: round(y),
            width: round(width.max(0.0)),
            height: round(height),
            class,
        });
    }

    fn dot(&mut self, (x, y): (f64, f64), r: f64, class: &'static str) {
        self.marks.push(Mark::Circle { x: round(x), y: round(y), r, class });
    }
}

fn round(number: f64) -> f64 {
    (number * 10.0).round() / 10.0
}

/// A label that fits: letters that are twice as wide as others count twice.
fn fitting(text: &str, most: usize) -> String {
    let mut width = 0;
    let mut cut = String::new();
    for letter in text.chars() {
        width += if letter.is_ascii() { 1 } else { 2 };
        if width > most {
            return format!("{}…", cut.trim_end());
        }
        cut.push(letter);
    }
    cut
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_cut_by_their_width() {
        assert_eq!(fitting("Delivery on the promised day", 12), "Delivery on…");
        assert_eq!(fitting("按约定日期送达", 12), "按约定日期送…");
        assert_eq!(fitting("short", 12), "short");
    }
}
