//! What is drawn on a picture, in the picture's own pixels. Without a browser.

/// A point of the picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    pub x: f64,
    pub y: f64,
}

/// A part of the picture, with whole pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Area {
    pub x: f64,
    pub y: f64,
    pub width: f64,
    pub height: f64,
}

/// What is done to the picture by drawing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tool {
    BlackOut,
    Arrow,
    Crop,
}

impl Tool {
    /// All of them, in the order of the buttons.
    pub const ALL: [Tool; 3] = [Tool::BlackOut, Tool::Arrow, Tool::Crop];

    /// What the key of its text ends with.
    pub const fn name(self) -> &'static str {
        match self {
            Tool::BlackOut => "black",
            Tool::Arrow => "arrow",
            Tool::Crop => "crop",
        }
    }
}

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Mark {
    BlackOut(Area),
    /// From its end to its head.
    Arrow(Point, Point),
    Crop(Area),
}

/// Shorter strokes than this are slips of the hand.
const SHORTEST: f64 = 6.0;
/// How far a key moves what is selected: a share of the picture's longer side.
const STEP: f64 = 1.0 / 50.0;

/// A picture's size and everything that was done to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Drawing {
    pub width: f64,
    pub height: f64,
    pub marks: Vec<Mark>,
    /// What is being drawn: where it began, and where the pointer or the keys are by now.
    pub stroke: Option<(Point, Point)>,
}

impl Drawing {
    /// A picture with nothing on it.
    pub const fn of(width: f64, height: f64) -> Self {
        Self { width, height, marks: Vec::new(), stroke: None }
    }

    /// What is left of the picture.
    pub fn visible(&self) -> Area {
        let crop = |mark: &Mark| match mark {
            Mark::Crop(area) => Some(*area),
            Mark::BlackOut(_) | Mark::Arrow(..) => None,
        };
        let whole = Area { x: 0.0, y: 0.0, width: self.width, height: self.height };
        self.marks.iter().rev().find_map(crop).unwrap_or(whole)
    }

    fn inside(&self, point: Point) -> Point {
        let area = self.visible();
        Point { x: point.x.clamp(area.x, area.x + area.width), y: point.y.clamp(area.y, area.y + area.height) }
    }

    /// A stroke begins.
    pub fn begin(&mut self, at: Point) {
        let at = self.inside(at);
        self.stroke = Some((at, at));
    }

    /// It goes on; nothing happens where none has begun.
    pub fn drag(&mut self, to: Point) {
        let to = self.inside(to);
        if let Some((_, end)) = &mut self.stroke {
            *end = to;
        }
    }

    /// Something in the middle, for whoever draws by keys.
    pub fn begin_in_the_middle(&mut self) {
        let Area { x, y, width, height } = self.visible();
        let at = |share: f64| Point { x: x + width * share, y: y + height * share };
        self.stroke = Some((at(0.375), at(0.625)));
    }

    /// Moves what is being drawn by steps to the right and down, or only its end.
    pub fn nudge(&mut self, (right, down): (f64, f64), part: Part) {
        let step = self.width.max(self.height) * STEP;
        let Some((start, end)) = self.stroke else { return };
        let moved = |point: Point| Point { x: point.x + right * step, y: point.y + down * step };
        let (next_start, next_end) = match part {
            Part::End => (start, self.inside(moved(end))),
            Part::Whole => (self.inside(moved(start)), self.inside(moved(end))),
        };
        // At the edge it stops rather than shrinks.
        let stops = part == Part::Whole && (next_start != moved(start) || next_end != moved(end));
        if !stops {
            self.stroke = Some((next_start, next_end));
        }
    }

    /// Makes a mark of what was drawn, and says whether it did.
    pub fn apply(&mut self, tool: Tool) -> Applied {
        let Some((start, end)) = self.stroke.take() else { return Applied::Nothing };
        let area = area_between(start, end);
        let is_slip = distance(start, end) < SHORTEST;
        let is_thin = area.width < 2.0 || area.height < 2.0;
        match tool {
            _ if is_slip => return Applied::Nothing,
            Tool::BlackOut => self.marks.push(Mark::BlackOut(area)),
            Tool::Arrow => self.marks.push(Mark::Arrow(start, end)),
            Tool::Crop if is_thin => return Applied::Nothing,
            Tool::Crop => self.marks.push(Mark::Crop(area)),
        }
        Applied::Mark
    }

    /// Takes the last mark back.
    pub fn undo(&mut self) {
        if self.stroke.take().is_none() {
            self.marks.pop();
        }
    }
}

/// Which part of a stroke keys move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    Whole,
    End,
}

/// Whether a stroke has become a mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applied {
    Mark,
    Nothing,
}

/// The pixels that two points touch: whole ones, since half a pixel would let through what is under it.
pub fn area_between(one: Point, other: Point) -> Area {
    let (left, top) = (one.x.min(other.x).floor(), one.y.min(other.y).floor());
    let (right, bottom) = (one.x.max(other.x).ceil(), one.y.max(other.y).ceil());
    Area { x: left, y: top, width: right - left, height: bottom - top }
}

fn distance(one: Point, other: Point) -> f64 {
    let (across, down) = (other.x - one.x, other.y - one.y);
    (across * across + down * down).sqrt()
}

/// The three corners of an arrow's head, its tip first, for a line of a width.
pub fn head(from: Point, to: Point, width: f64) -> [Point; 3] {
    let length = distance(from, to).max(1.0);
    let (along_x, along_y) = ((to.x - from.x) / length, (to.y - from.y) / length);
    let (back, aside) = (width * 4.0, width * 2.2);
    let corner = |side: f64| Point {
        x: to.x - along_x * back - along_y * aside * side,
        y: to.y - along_y * back + along_x * aside * side,
    };
    [to, corner(1.0), corner(-1.0)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn point(x: f64, y: f64) -> Point {
        Point { x, y }
    }

    #[test]
    fn a_stroke_becomes_what_the_tool_says() {
        let mut drawing = Drawing::of(100.0, 80.0);
        for tool in Tool::ALL {
            drawing.begin(point(10.5, 20.2));
            drawing.drag(point(50.0, 40.0));
            assert_eq!(drawing.apply(tool), Applied::Mark);
        }
        let area = Area { x: 10.0, y: 20.0, width: 40.0, height: 20.0 };
        let arrow = Mark::Arrow(point(10.5, 20.2), point(50.0, 40.0));
        assert_eq!(drawing.marks, [Mark::BlackOut(area), arrow, Mark::Crop(area)]);
        assert_eq!(drawing.visible(), area);
        drawing.undo();
        assert_eq!(drawing.visible().width, 100.0);
    }

    #[test]
    fn a_slip_of_the_hand_is_nothing() {
        let mut drawing = Drawing::of(100.0, 80.0);
        drawing.begin(point(10.0, 10.0));
        drawing.drag(point(12.0, 12.0));
        assert_eq!(drawing.apply(Tool::BlackOut), Applied::Nothing);
        assert_eq!(drawing.apply(Tool::BlackOut), Applied::Nothing);
        assert!(drawing.marks.is_empty());
    }

    #[test]
    fn keys_move_the_whole_or_its_end_and_stop_at_the_edge() {
        let mut drawing = Drawing::of(100.0, 100.0);
        drawing.begin_in_the_middle();
        drawing.nudge((1.0, 0.0), Part::Whole);
        assert_eq!(drawing.stroke, Some((point(39.5, 37.5), point(64.5, 62.5))));
        drawing.nudge((0.0, 2.0), Part::End);
        assert_eq!(drawing.stroke, Some((point(39.5, 37.5), point(64.5, 66.5))));
        for _ in 0..50 {
            drawing.nudge((1.0, 0.0), Part::Whole);
        }
        let (start, end) = drawing.stroke.expect("it is still there");
        assert!(end.x <= 100.0 && (end.x - start.x - 25.0).abs() < 1e-9, "{start:?} {end:?}");
    }

    #[test]
    fn undo_takes_what_is_being_drawn_before_what_was() {
        let mut drawing = Drawing::of(100.0, 100.0);
        drawing.begin_in_the_middle();
        drawing.apply(Tool::BlackOut);
        drawing.begin_in_the_middle();
        drawing.undo();
        assert_eq!((drawing.marks.len(), drawing.stroke), (1, None));
        drawing.undo();
        drawing.undo();
        assert!(drawing.marks.is_empty());
    }

    proptest! {
        #[test]
        fn what_is_blacked_out_covers_every_pixel_that_was_touched(
            (x1, y1, x2, y2) in (0.0..100.0, 0.0..80.0, 0.0..100.0, 0.0..80.0),
        ) {
            let area = area_between(point(x1, y1), point(x2, y2));
            for (x, y) in [(x1, y1), (x2, y2)] {
                prop_assert!(area.x <= x && x <= area.x + area.width && area.y <= y && y <= area.y + area.height);
            }
            prop_assert_eq!((area.x.fract(), area.width.fract()), (0.0, 0.0));
        }

        #[test]
        fn nothing_is_drawn_outside_of_what_is_left(strokes in prop::collection::vec((0.0..300.0, 0.0..300.0, 0.0..300.0, 0.0..300.0), 1..8)) {
            let mut drawing = Drawing::of(200.0, 150.0);
            for (x1, y1, x2, y2) in strokes {
                let before = drawing.visible();
                drawing.begin(point(x1, y1));
                drawing.drag(point(x2, y2));
                drawing.apply(Tool::Crop);
                let area = drawing.visible();
                prop_assert!(area.x >= before.x - 1.0 && area.x + area.width <= before.x + before.width + 1.0);
                prop_assert!(area.width >= 2.0 && area.height >= 2.0);
            }
        }
    }
}
