//! Things by two figures, with a line across each, where one is given.

use super::scale::Scale;
use super::{Chart, WIDTH, fitting};

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
const RIGHT: f64 = WIDTH - 12.0;
const TOP: f64 = 26.0;
const BOTTOM: f64 = 390.0;

/// Things in their plane, each with a number beside its dot; whose label would lie over that of another has its number alone.
pub fn plane(plane: &Plane, places: &[Place]) -> Chart {
    let mut chart = Chart::new(BOTTOM + 44.0);
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
    chart.text((LEFT + 8.0, TOP + 18.0), "start", "chart-corner", above_left.clone());
    chart.text((RIGHT - 8.0, TOP + 18.0), "end", "chart-corner", above_right.clone());
    chart.text((LEFT + 8.0, BOTTOM - 8.0), "start", "chart-corner", below_left.clone());
    chart.text((RIGHT - 8.0, BOTTOM - 8.0), "end", "chart-corner", below_right.clone());
    chart.text((RIGHT, BOTTOM + 38.0), "end", "chart-name", format!("{} →", plane.names.0));
    chart.text((LEFT, TOP - 10.0), "start", "chart-name", format!("↑ {}", plane.names.1));
    let mut taken: Vec<(f64, f64)> = Vec::new();
    for (at, place) in places.iter().enumerate() {
        let (at_x, at_y) = (x.at(place.x), y.at(place.y));
        chart.dot((at_x, at_y), 5.0, "chart-dot");
        let is_free =
            taken.iter().all(|(other_x, other_y)| (other_x - at_x).abs() > 150.0 || (other_y - at_y).abs() > 16.0);
        let label = match is_free {
            true => format!("{} {}", at + 1, fitting(&place.label, 22)),
            false => (at + 1).to_string(),
        };
        taken.push((at_x, at_y));
        let (anchor, gap) = if at_x > WIDTH - 200.0 { ("end", -9.0) } else { ("start", 9.0) };
        chart.text((at_x + gap, at_y + 4.0), anchor, "chart-label", label);
    }
    chart
}

fn number(tick: f64) -> String {
    // Zero has no sign, although it is what comes of adding steps.
    let text = format!("{tick:.1}");
    let text = text.strip_suffix(".0").unwrap_or(&text);
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}
