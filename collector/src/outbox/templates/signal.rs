//! A warning to a team: a control chart signals.

use super::{Brand, Email, spaced};
use crate::config::Config;
use crate::signals::Signal;
use crate::sites::targets::{Part, Target};

/// The mail.
pub fn signal(config: &Config, signal: &Signal, target: &Target) -> Email {
    let t = signal.t;
    let title = signal.title();
    Email {
        lang: t.0,
        brand: Brand::of(&signal.site),
        subject: format!("[{}] {title}", signal.site.name()),
        heading: Some(title),
        intro: vec![spaced(t.0, &signal.sentence), t.get("team.signal.text").to_owned()],
        details: signal.facts().into_iter().map(|(label, value)| (label.to_owned(), value)).collect(),
        link: target.includes(Part::Link).then(|| (t.get("team.signal.link").to_owned(), config.console(&signal.path))),
        footer: spaced(t.0, &t.with("team.footer", &[("site", signal.site.name())])),
        ..Email::default()
    }
}
