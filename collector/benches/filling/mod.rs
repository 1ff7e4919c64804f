//! What the benches share that write cases straight into the tables.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use sayso::clock::{DAY, Millis};
use sayso_shared::TrackingCode;

/// Cases of one transaction.
pub const BATCH: usize = 8_192;

/// The tracking code of all cases, which nobody looks for.
pub fn tracking_code() -> TrackingCode {
    TrackingCode::parse("7QK4-M2XH-9TRD-7").expect("it is one")
}

/// When a case was received, of `count` that are spread evenly over the two years before `now`.
pub fn received_at(now: Millis, number: usize, count: usize) -> Millis {
    now - (count - number) as i64 * (730 * DAY / count as i64)
}

/// The progress of `count` cases.
pub fn progress(count: usize) -> anyhow::Result<ProgressBar> {
    let bar = ProgressBar::new(count as u64);
    bar.set_style(ProgressStyle::with_template("  {msg} {wide_bar} {pos}/{len} {eta}")?);
    bar.enable_steady_tick(Duration::from_secs(1));
    bar.set_message("cases");
    Ok(bar)
}
