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

/// A label that fits into a width.
fn fitting(text: &str, most: f64) -> String {
    if width_of(text) <= most {
        return text.to_owned();
    }
    let mut left = most - width_of_letter('…');
    let fits = |letter: &char| {
        left -= width_of_letter(*letter);
        left >= 0.0
    };
    format!("{}…", text.chars().take_while(fits).collect::<String>().trim_end())
}

/// How wide a text is at most, whichever of the usual fonts it is set in.
fn width_of(text: &str) -> f64 {
    text.chars().map(width_of_letter).sum()
}

/// That of a letter of 12.5 units, by the widest of the usual fonts, DejaVu Sans.
fn width_of_letter(letter: char) -> f64 {
    match letter {
        'I' | 'J' | 'f' | 'i' | 'j' | 'l' | 'r' | 't' | ' ' | '!' | '\'' | '(' | ')' | ',' | '-' | '.' | '/' | ':'
        | ';' | '[' | ']' | '|' => 5.0,
        'M' | 'W' | 'm' | '%' | '@' => 12.5,
        'A'..='Z' | 'w' => 9.9,
        // Other alphabets have broad letters too; what is beyond them stands in squares.
        '\u{80}'..'\u{1100}' => 10.0,
        '\u{1100}'.. => 13.0,
        _ => 8.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_cut_by_their_width() {
        assert_eq!(fitting("Delivery on the promised day", 100.0), "Delivery on…");
        assert_eq!(fitting("按约定日期送达", 80.0), "按约定日期…");
        assert_eq!(fitting("short", 40.0), "short");
        assert_eq!(fitting("WWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWW", 180.0), "WWWWWWWWWWWWW…");
    }
}
