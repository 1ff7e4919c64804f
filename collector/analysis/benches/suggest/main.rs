//! How good suggestions are, on generated texts in Chinese and English that no customer wrote: the share of right answers on the youngest fifth, which the
//! model has not seen, against the most frequent answer and against a plain model of word counts; with the time and the memory that it takes.
//!
//! `cargo xtask bench suggest`

mod counts;
mod generate;

use std::time::{Duration, Instant};

use sayso_analysis::features::Features;
use sayso_analysis::lessons::Lessons;
use sayso_analysis::model::Model;
use sayso_analysis::quality::Quality;
use sayso_analysis::runs::{Run, cut};

use crate::counts::Counts;
use crate::generate::{Fragments, Noise};

const CHINESE: Noise = Noise { mixed: 30, wrong: 4, misspelt: 2 };
const ENGLISH: Noise = Noise { mixed: 60, wrong: 28, misspelt: 3 };

/// So many cases a site learns from at most.
const MOST: usize = 50_000;

fn main() {
    let start = memory("VmRSS");
    let (chinese, english) = (Fragments::parse(include_str!("zh.txt")), Fragments::parse(include_str!("en.txt")));
    let sizes = [
        ("English", &english, ENGLISH, 9_178),
        ("Chinese", &chinese, CHINESE, 31_045),
        ("Chinese", &chinese, CHINESE, MOST),
    ];
    // The plain models come last, so that the memory is that of the others alone; it is the highest so far.
    let rounds = sizes.map(|(_, fragments, noise, count)| round(fragments, noise, count, start));
    println!("language  learnt   tried  most frequent  word counts   model  with 95 %       time    memory");
    for ((language, fragments, noise, count), round) in sizes.into_iter().zip(rounds) {
        let counted = word_counts(fragments, noise, count) * 100.0;
        let Round { quality, time, memory } = round;
        let interval = quality.interval().expect("some were tried");
        println!(
            "{language:<8} {:>7} {:>7} {:>12.1} % {counted:>10.1} % {:>5.1} %  {:.1}–{:.1} % {:>6.1} s {:>5} MiB",
            quality.learnt,
            quality.tried,
            quality.baseline() * 100.0,
            quality.accuracy() * 100.0,
            interval.low * 100.0,
            interval.high * 100.0,
            time.as_secs_f64(),
            memory / 1024,
        );
    }
}

/// What came of one round.
struct Round {
    quality: Quality,
    /// Of reading all texts and fitting a model to all of them.
    time: Duration,
    memory: usize,
}

fn round(fragments: &Fragments, noise: Noise, count: usize, start: usize) -> Round {
    let texts: Vec<(String, &str)> = fragments.texts(count, noise, 1).collect();
    let started = Instant::now();
    let mut lessons = Lessons::default();
    for (text, category) in texts {
        lessons.add(Features::of(&runs(&text)).numbers(), category);
    }
    let model = Model::fit(&lessons, &mut || ());
    let time = started.elapsed();
    assert!(model.is_some(), "there is enough to learn from");
    let quality = Quality::measure(&lessons, &mut || ()).expect("there is enough to try it with");
    Round { quality, time, memory: memory("VmHWM").saturating_sub(start) }
}

/// The share of right answers of the plain model, learnt from and tried with the same texts.
fn word_counts(fragments: &Fragments, noise: Noise, count: usize) -> f64 {
    let learnt = count - count / 5;
    let mut counts = Counts::default();
    let mut right = 0;
    for (at, (text, category)) in fragments.texts(count, noise, 1).enumerate() {
        if at < learnt {
            counts.add(&runs(&text), category);
        } else if counts.answer(&runs(&text)) == category {
            right += 1;
        }
    }
    f64::from(right) / (count - learnt) as f64
}

/// Cut as the collector does; what the fragments have is folded by putting it into small letters.
fn runs(text: &str) -> Vec<Run> {
    cut(text.to_lowercase().chars()).into_iter().map(|placed| placed.run).collect()
}

/// A figure of this process in KiB; 0 where the system tells none.
fn memory(name: &str) -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with(name));
    line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok()).unwrap_or_default()
}
