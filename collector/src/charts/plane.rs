//! Things by two figures, with a line across each, where one is given.

use super::scale::Scale;
use super::{Chart, PAGE, fitting, width_of};

/// Something that has a place.
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    /// What it is called.
    pub label: String,
    /// How far to the right.
    pub x: f64,
    /// How far up.
    pub y: f64,
}

/// The plane that things lie in.
#[derive(Clone, Debug, PartialEq)]
pub struct Plane {
    /// From where to where it goes, to the right.
    pub x: (f64, f64),
    /// From where to where it goes, up.
    pub y: (f64, f64),
    /// What goes to the right, and what goes up.
    pub names: (String, String),
    /// Where the lines cross.
    pub cross: Option<(f64, f64)>,
    /// What the corners mean: above left, above right, below left, below right.
    pub corners: [String; 4],
}

const LEFT: f64 = 48.0;
const RIGHT: f64 = PAGE - 12.0;
const TOP: f64 = 26.0;
const BOTTOM: f64 = 390.0;
/// The room for a label.
const LABEL: f64 = 160.0;

/// Things in their plane, each with its number and label beside its dot; where there is no room for the label stands the number alone.
pub fn plane(plane: &Plane, places: &[Place]) -> Chart {
    let mut chart = Chart::new(PAGE, BOTTOM + 44.0);
    let (x, y) = (Scale::new(plane.x, (LEFT, RIGHT)), Scale::new(plane.y, (BOTTOM, TOP)));
    chart.rect((LEFT, TOP), (RIGHT - LEFT, BOTTOM - TOP), "chart-frame");
    for tick in x.ticks(5) {
        chart.text((x.at(tick), BOTTOM + 18.0), "middle", "chart-tick", number(tick));
    }
    for tick in y.ticks(5) {
        chart.text((LEFT - 8.0, y.at(tick) + 4.0), "end", "chart-tick", number(tick));
    }
    if let Some((across, up)) = plane.cross {
        chart.line((x.at(across), TOP), (x.at(across), BOTTOM), "chart-mean");
        chart.line((LEFT, y.at(up)), (RIGHT, y.at(up)), "chart-mean");
    }
    let [above_left, above_right, below_left, below_right] = &plane.corners;
    let mut taken: Vec<Taken> = Vec::new();
    for (place, anchor, text) in [
        ((LEFT + 8.0, TOP + 18.0), "start", above_left),
        ((RIGHT - 8.0, TOP + 18.0), "end", above_right),
        ((LEFT + 8.0, BOTTOM - 8.0), "start", below_left),
        ((RIGHT - 8.0, BOTTOM - 8.0), "end", below_right),
    ] {
        taken.push(Taken::by(text, place, anchor));
        chart.text(place, anchor, "chart-corner", text.clone());
    }
    chart.text((RIGHT, BOTTOM + 38.0), "end", "chart-name", format!("{} →", plane.names.0));
    chart.text((LEFT, TOP - 10.0), "start", "chart-name", format!("↑ {}", plane.names.1));
    let dots: Vec<(f64, f64)> = places.iter().map(|place| (x.at(place.x), y.at(place.y))).collect();
    taken.extend(dots.iter().map(|(x, y)| Taken { from: x - 6.0, to: x + 6.0, y: *y + 4.0 }));
    for (at, (place, (at_x, at_y))) in places.iter().zip(&dots).enumerate() {
        chart.dot((*at_x, *at_y), 5.0, "chart-dot");
        let label = format!("{} {}", at + 1, fitting(&place.label, LABEL));
        let sides = [((at_x + 9.0, at_y + 4.0), "start"), ((at_x - 9.0, at_y + 4.0), "end")];
        let is_free = |(place, anchor): &((f64, f64), &'static str)| {
            let wanted = Taken::by(&label, *place, anchor);
            wanted.from > LEFT && wanted.to < RIGHT && taken.iter().all(|other| !wanted.overlaps(other))
        };
        let (place, anchor, label) = match sides.into_iter().find(is_free) {
            Some((place, anchor)) => (place, anchor, label),
            None => ((at_x - 4.0, at_y - 9.0), "start", (at + 1).to_string()),
        };
        taken.push(Taken::by(&label, place, anchor));
        chart.text(place, anchor, "chart-label", label);
    }
    chart
}

/// Room that something on the plane takes, on its line.
struct Taken {
    from: f64,
    to: f64,
    y: f64,
}

impl Taken {
    /// That of a text.
    fn by(text: &str, (x, y): (f64, f64), anchor: &str) -> Self {
        let width = width_of(text);
        let from = if anchor == "end" { x - width } else { x };
        Self { from, to: from + width, y }
    }

    fn overlaps(&self, other: &Self) -> bool {
        self.from < other.to && other.from < self.to && (self.y - other.y).abs() < 15.0
    }
}

fn number(tick: f64) -> String {
    // Zero has no sign, although it is what comes of adding steps.
    let text = format!("{tick:.1}");
    let text = text.strip_suffix(".0").unwrap_or(&text);
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::charts::Mark;

    proptest! {
        #[test]
        fn no_label_lies_over_another(places in proptest::collection::vec((1.0..5.0_f64, 1.0..5.0_f64), 0..8)) {
            let places: Vec<Place> = places.into_iter().map(|(x, y)| Place { label: "Delivery on time".to_owned(), x, y }).collect();
            let shown = Plane { x: (1.0, 5.0), y: (1.0, 5.0), names: Default::default(), cross: None, corners: Default::default() };
            let labels: Vec<Taken> = plane(&shown, &places)
                .marks
                .iter()
                .filter_map(|mark| match mark {
                    // A number alone stands above its dot, however many there are in one place.
                    Mark::Text { class: "chart-label", x, y, anchor, text } if text.len() > 2 => Some(Taken::by(text, (*x, *y), anchor)),
                    _ => None,
                })
                .collect();
            for (at, label) in labels.iter().enumerate() {
                // Places are rounded when they are written.
                prop_assert!(labels[..at].iter().all(|other| (label.y - other.y).abs() > 14.8 || label.from > other.to - 0.2 || label.to < other.from + 0.2));
            }
        }
    }
}
