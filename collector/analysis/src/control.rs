//! Control charts: whether a share or a rate has changed, or only varies as chance has it (Shewhart 1931; limits at three standard deviations).

/// Periods that a chart of shares needs before its limits mean something.
pub const PERIODS_MIN: usize = 20;
/// How much more the shares must vary than chance explains before Laney's limits are used.
const OVERDISPERSION: f64 = 1.2;
/// Mean size of a period above which they are used.
const LARGE: f64 = 1_000.0;
/// A mean moving range of two is this many standard deviations (constant d₂ of Shewhart's charts).
const D2: f64 = 1.128;
/// Points in a row on one side of the mean that are no chance.
const RUN: usize = 8;
/// Points in a row that rise, or fall, that are no chance.
const TREND: usize = 6;

/// A period: how many of how many.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// Those that count, such as complaints.
    pub count: u64,
    /// Out of how many, such as cases or orders.
    pub size: u64,
}

/// Limits of one period.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// Never below 0.
    pub lower: f64,
    /// Of shares it may be above 1, where no share can be: then nothing is too many.
    pub upper: f64,
}

/// A chart over periods.
#[derive(Clone, Debug, PartialEq)]
pub struct Chart {
    /// The mean over all of them; none if nothing was counted.
    pub mean: Option<f64>,
    /// The share or rate of each; none of a period in which nothing was counted.
    pub values: Vec<Option<f64>>,
    /// The limits of each; of shares none if there are fewer than [`PERIODS_MIN`] periods.
    pub limits: Vec<Option<Limits>>,
    /// Which rules of Nelson (1984) each period breaks: 1, a point outside of the limits; 2, eight in a row on one side of the mean; 3, six in a row that rise
    /// or fall. A period in which nothing was counted ends a row.
    pub signals: Vec<Vec<u8>>,
    /// How much more than chance the shares vary, where the limits were widened by it; see [`laney`].
    pub widened: Option<f64>,
}

/// A chart of shares, such as complaints among cases (p-chart). Where there is overdispersion in large periods its limits are Laney's (p′-chart).
pub fn p_chart(points: &[Point]) -> Chart {
    let widened = laney(points).filter(|sigma| *sigma > OVERDISPERSION && mean_size(points) > LARGE);
    let factor = widened.unwrap_or(1.0);
    let deviation = |mean: f64, size: f64| factor * (mean * (1.0 - mean) / size).sqrt();
    Chart { widened, ..chart(points, PERIODS_MIN, deviation) }
}

/// A chart of rates, such as complaints per order (u-chart). It has limits however few periods there are: orders are many, so that their mean is known
/// sooner than that of a share among some cases.
pub fn u_chart(points: &[Point]) -> Chart {
    chart(points, 1, |mean, size| (mean / size).sqrt())
}

/// How much more the shares vary from period to period than chance explains, as a factor (Laney 2002, *Improved control charts for attributes*); none
/// with fewer than two periods, or where chance leaves no room.
pub fn laney(points: &[Point]) -> Option<f64> {
    let mean = overall(points)?;
    let z: Vec<f64> = points
        .iter()
        .filter_map(|point| Some((value(point)? - mean) / (mean * (1.0 - mean) / point.size as f64).sqrt()))
        .collect();
    let ranges: Vec<f64> = z.windows(2).map(|pair| (pair[1] - pair[0]).abs()).collect();
    let sigma = ranges.iter().sum::<f64>() / ranges.len() as f64 / D2;
    sigma.is_finite().then_some(sigma)
}

/// Limits of a period of some size at three standard deviations.
pub fn limits(mean: f64, deviation: f64) -> Limits {
    Limits { lower: (mean - 3.0 * deviation).max(0.0), upper: mean + 3.0 * deviation }
}

fn chart(points: &[Point], periods_min: usize, deviation: impl Fn(f64, f64) -> f64) -> Chart {
    let mean = overall(points);
    let values: Vec<Option<f64>> = points.iter().map(value).collect();
    let is_enough = values.iter().flatten().count() >= periods_min;
    let of_point = |point: &Point| {
        let mean = mean.filter(|_| is_enough && point.size > 0)?;
        Some(limits(mean, deviation(mean, point.size as f64)))
    };
    let limits: Vec<Option<Limits>> = points.iter().map(of_point).collect();
    let signals = signals(&values, &limits, mean);
    Chart { mean, values, limits, signals, widened: None }
}

fn signals(values: &[Option<f64>], limits: &[Option<Limits>], mean: Option<f64>) -> Vec<Vec<u8>> {
    let (mut side, mut on_side, mut direction, mut steps) = (0.0_f64, 0_usize, 0.0_f64, 0_usize);
    let mut before: Option<f64> = None;
    let mut all = Vec::with_capacity(values.len());
    for (value, limits) in values.iter().zip(limits) {
        let mut broken = Vec::new();
        if let Some((value, mean)) = value.zip(mean) {
            let now = sign(value - mean);
            on_side = if now == side { on_side + 1 } else { 1 };
            side = now;
            let turn = before.map_or(0.0, |before| sign(value - before));
            steps = if turn == direction { steps + 1 } else { 1 };
            direction = turn;
            if limits.is_some_and(|limits| value < limits.lower || value > limits.upper) {
                broken.push(1);
            }
            // A run needs no limits: it says the same of a chart that has too few periods for them.
            if side != 0.0 && on_side >= RUN {
                broken.push(2);
            }
            if direction != 0.0 && steps + 1 >= TREND {
                broken.push(3);
            }
        } else {
            (side, on_side, direction, steps) = (0.0, 0, 0.0, 0);
        }
        before = *value;
        all.push(broken);
    }
    all
}

fn sign(difference: f64) -> f64 {
    if difference.abs() < 1e-12 { 0.0 } else { difference.signum() }
}

fn value(point: &Point) -> Option<f64> {
    (point.size > 0).then(|| point.count as f64 / point.size as f64)
}

fn overall(points: &[Point]) -> Option<f64> {
    let (count, size) = points.iter().fold((0, 0), |(count, size), point| (count + point.count, size + point.size));
    value(&Point { count, size })
}

fn mean_size(points: &[Point]) -> f64 {
    let sizes: Vec<f64> = points.iter().filter(|point| point.size > 0).map(|point| point.size as f64).collect();
    super::scores::mean(&sizes).unwrap_or(0.0)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    const COUNTS: [u64; 20] = [12, 8, 15, 9, 11, 30, 7, 10, 9, 12, 14, 8, 11, 9, 13, 10, 12, 9, 8, 11];
    const SIZES: [u64; 20] =
        [150, 140, 160, 150, 155, 152, 149, 151, 150, 148, 160, 140, 150, 155, 150, 145, 150, 150, 149, 151];

    fn near(found: f64, wanted: f64, tolerance: f64) {
        assert!((found - wanted).abs() <= tolerance, "{found} is not {wanted}");
    }

    fn points(counts: &[u64], sizes: &[u64]) -> Vec<Point> {
        counts.iter().zip(sizes).map(|(count, size)| Point { count: *count, size: *size }).collect()
    }

    #[test]
    fn vectors_of_shares() {
        let points = points(&COUNTS, &SIZES);
        let chart = p_chart(&points);
        near(chart.mean.unwrap(), 0.075_874, 5e-7);
        near(chart.limits[5].unwrap().upper, 0.140_31, 5e-6);
        near(chart.limits[5].unwrap().lower, 0.011_440, 5e-7);
        near(laney(&points).unwrap(), 1.2938, 5e-5);
        assert_eq!(chart.widened, None, "periods of 150 are not large");
        let broken: Vec<usize> = (0..20).filter(|at| !chart.signals[*at].is_empty()).collect();
        assert_eq!((broken, chart.signals[5].as_slice()), (vec![5], [1].as_slice()));
    }

    #[test]
    fn large_periods_with_overdispersion_have_wider_limits() {
        let large: Vec<Point> = points(&COUNTS, &SIZES)
            .iter()
            .map(|point| Point { count: point.count * 10, size: point.size * 10 })
            .collect();
        let chart = p_chart(&large);
        let sigma = chart.widened.unwrap();
        assert!(sigma > 1.2);
        let mean = chart.mean.unwrap();
        near(chart.limits[5].unwrap().upper, mean + 3.0 * sigma * (mean * (1.0 - mean) / 1520.0).sqrt(), 1e-9);
    }

    #[test]
    fn vectors_of_rates() {
        let points = points(&[5, 7, 3, 9, 25, 6], &[1000, 1200, 900, 1100, 1000, 1050]);
        let chart = u_chart(&points);
        near(chart.mean.unwrap(), 0.0088, 1e-9);
        near(limits(0.0088, (0.0088_f64 / 1000.0).sqrt()).upper, 0.017_699, 5e-7);
        near(chart.limits[0].unwrap().upper, 0.017_699, 5e-7);
        let broken: Vec<usize> = (0..6).filter(|at| !chart.signals[*at].is_empty()).collect();
        assert_eq!((broken, chart.signals[4].as_slice()), (vec![4], [1].as_slice()), "25 of 1,000 are outside");
    }

    #[test]
    fn the_upper_limit_of_shares_is_the_formula_alone() {
        let chart = p_chart(&[Point { count: 9, size: 10 }; 20]);
        near(chart.limits[0].unwrap().upper, 0.9 + 3.0 * (0.9_f64 * 0.1 / 10.0).sqrt(), 1e-12);
    }

    #[test]
    fn rows_are_signals() {
        let run: Vec<u64> = (0..24).map(|at| if at < 12 { 40 + at % 2 } else { 60 + at % 2 }).collect();
        let chart = p_chart(&points(&run, &[100; 24]));
        assert!(!chart.signals[6].contains(&2) && chart.signals[7].contains(&2) && chart.signals[19].contains(&2));
        let rising: Vec<u64> = (0..24).map(|at| if at < 6 { 45 + at } else { 50 - at % 2 }).collect();
        let chart = p_chart(&points(&rising, &[100; 24]));
        let broken: Vec<usize> = (0..24).filter(|at| chart.signals[*at].contains(&3)).collect();
        assert_eq!(broken, [5], "the sixth point of a row");
        let short = p_chart(&points(&run[4..20], &[100; 16]));
        assert!(short.limits.iter().all(Option::is_none), "16 periods have no limits");
        assert!(
            !short.signals[6].contains(&2) && short.signals[7].contains(&2),
            "a run of eight is one without limits too"
        );
        let short = p_chart(&points(&rising[..8], &[100; 8]));
        assert_eq!(
            (short.limits[5], short.signals[5].as_slice()),
            (None, [3].as_slice()),
            "and a row of six that rise"
        );
        let mut gap = points(&run, &[100; 24]);
        gap[5] = Point { count: 0, size: 0 };
        assert!(!p_chart(&gap).signals[7].contains(&2), "a period with nothing ends a row");
    }

    #[test]
    fn nothing_is_no_figure() {
        for points in [vec![], vec![Point { count: 0, size: 0 }; 30]] {
            let chart = p_chart(&points);
            assert!(
                chart.mean.is_none()
                    && chart.values.iter().all(Option::is_none)
                    && chart.signals.iter().all(Vec::is_empty)
            );
        }
        let never = p_chart(&[Point { count: 0, size: 50 }; 30]);
        assert_eq!(
            (never.mean, never.limits[0], never.widened),
            (Some(0.0), Some(Limits { lower: 0.0, upper: 0.0 }), None)
        );
        assert!(never.signals.iter().all(Vec::is_empty));
    }

    proptest! {
        #[test]
        fn limits_hold_the_mean(sizes in vec(0_u64..500, 0..40), part in 0_u64..=100) {
            let points: Vec<Point> = sizes.iter().map(|size| Point { count: size * part / 100, size: *size }).collect();
            for chart in [p_chart(&points), u_chart(&points)] {
                prop_assert_eq!(chart.values.len(), points.len());
                prop_assert_eq!(chart.signals.len(), points.len());
                for limits in chart.limits.iter().flatten() {
                    let mean = chart.mean.unwrap();
                    prop_assert!(limits.lower >= 0.0 && limits.lower <= mean && mean <= limits.upper);
                }
            }
        }
    }
}
