//! A line of any shape, which SVG and pixels draw alike.

use std::fmt;

/// Its steps, in the order in which a pen takes them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Shape(Vec<Stroke>);

/// What the pen does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Stroke {
    /// Goes somewhere without drawing.
    Move(f64, f64),
    /// Draws a straight line.
    Line(f64, f64),
    /// Draws back to where it last went without drawing.
    Close,
}

impl Shape {
    /// A straight line.
    pub(super) fn line((x, y): (f64, f64), (to_x, to_y): (f64, f64)) -> Self {
        Self(vec![Stroke::Move(x, y), Stroke::Line(to_x, to_y)])
    }

    /// A square that stands on a corner.
    pub(super) fn diamond((x, y): (f64, f64), r: f64) -> Self {
        let corners = [Stroke::Move(x - r, y), Stroke::Line(x, y - r), Stroke::Line(x + r, y), Stroke::Line(x, y + r)];
        Self(corners.into_iter().chain([Stroke::Close]).collect())
    }

    /// The steps.
    pub fn strokes(&self) -> &[Stroke] {
        &self.0
    }

    /// Whether nothing is drawn.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<Stroke> for Shape {
    fn from_iter<I: IntoIterator<Item = Stroke>>(strokes: I) -> Self {
        Self(strokes.into_iter().collect())
    }
}

/// As the attribute `d` of SVG.
impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|stroke| match stroke {
            Stroke::Move(x, y) => write!(f, "M{x:.1} {y:.1}"),
            Stroke::Line(x, y) => write!(f, "L{x:.1} {y:.1}"),
            Stroke::Close => f.write_str("Z"),
        })
    }
}
