//! Hours of the week as a grid: what is darker is more, and each field that has something says how much.

use super::{Chart, PAGE};

const LEFT: f64 = 56.0;
const TOP: f64 = 24.0;
const ROW: f64 = 28.0;
const CLASSES: [&str; 5] = ["chart-heat-1", "chart-heat-2", "chart-heat-3", "chart-heat-4", "chart-heat-5"];

/// A field: its value from 0 to 1, and what stands in it; none where nothing was.
pub type Field = Option<(f64, String)>;

/// A row for each day with its name, of a field for each hour.
pub fn heat(days: &[(String, Vec<Field>)]) -> Chart {
    let mut chart = Chart::new(PAGE, TOP + days.len() as f64 * ROW + 4.0);
    let width = (PAGE - LEFT) / 24.0;
    for hour in (0..24).step_by(3) {
        chart.text((LEFT + (f64::from(hour) + 0.5) * width, TOP - 8.0), "middle", "chart-tick", format!("{hour:02}"));
    }
    for (at, (name, fields)) in days.iter().enumerate() {
        let y = TOP + at as f64 * ROW;
        chart.text((LEFT - 8.0, y + 18.0), "end", "chart-label", name.clone());
        for (hour, field) in fields.iter().enumerate() {
            let x = LEFT + hour as f64 * width;
            match field {
                Some((part, text)) => {
                    // Truncated, and a value of 1 belongs to the last class.
                    let class = CLASSES[((part * 5.0) as usize).min(4)];
                    chart.rect((x + 1.0, y + 1.0), (width - 2.0, ROW - 2.0), class);
                    chart.text((x + width / 2.0, y + 18.0), "middle", class_of_text(class), text.clone());
                }
                None => chart.rect((x + 1.0, y + 1.0), (width - 2.0, ROW - 2.0), "chart-heat-0"),
            }
        }
    }
    chart
}

/// Words on a dark field are light.
fn class_of_text(class: &str) -> &'static str {
    match class {
        "chart-heat-4" | "chart-heat-5" => "chart-on-dark",
        _ => "chart-on-light",
    }
}
