//! Axes: from numbers to places, with ticks at round numbers.

/// A scale from numbers to places on an axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Scale {
    least: f64,
    most: f64,
    from: f64,
    to: f64,
}

impl Scale {
    /// From `least` to `most`, drawn from `from` to `to`.
    pub(super) fn new((least, most): (f64, f64), (from, to): (f64, f64)) -> Self {
        let most = if most > least { most } else { least + 1.0 };
        Self { least, most, from, to }
    }

    /// Where a number is.
    pub(super) fn at(&self, number: f64) -> f64 {
        let part = ((number - self.least) / (self.most - self.least)).clamp(0.0, 1.0);
        self.from + part * (self.to - self.from)
    }

    /// About so many round numbers, from the first to the last.
    pub(super) fn ticks(&self, about: usize) -> Vec<f64> {
        let step = round_step((self.most - self.least) / about.max(1) as f64);
        let first = (self.least / step).ceil() as i64;
        let last = (self.most / step + 1e-9).floor() as i64;
        (first..=last).map(|times| times as f64 * step).collect()
    }
}

/// The next larger one of 1, 2 and 5 times a power of ten.
pub(super) fn round_step(step: f64) -> f64 {
    let power = 10_f64.powf(step.max(1e-12).log10().floor());
    [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .map(|factor| factor * power)
        .find(|round| *round >= step - power * 1e-9)
        .unwrap_or(power)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ticks_are_round() {
        assert_eq!(Scale::new((0.0, 1.0), (0.0, 100.0)).ticks(4), [0.0, 0.5, 1.0]);
        assert_eq!(Scale::new((0.0, 37.0), (0.0, 100.0)).ticks(4), [0.0, 10.0, 20.0, 30.0]);
        assert_eq!(Scale::new((1.0, 5.0), (0.0, 100.0)).ticks(4), [1.0, 2.0, 3.0, 4.0, 5.0]);
    }

    proptest! {
        #[test]
        fn places_lie_within(least in -1e6..1e6_f64, width in 0.0..1e6_f64, number in -2e6..2e6_f64) {
            let scale = Scale::new((least, least + width), (10.0, 90.0));
            prop_assert!((10.0..=90.0).contains(&scale.at(number)));
            prop_assert!(scale.ticks(5).len() <= 12);
        }
    }
}
