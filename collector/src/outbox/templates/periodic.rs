//! A digest of a day, a week or a month, to a member.

use super::{Bar, Brand, Email, Figure, Picture, spaced};
use crate::config::Config;
use crate::digests::{Digest, Topic, Trend, stop_link};
use crate::keys::Keys;
use crate::reports::format::count;
use crate::reports::periods::Unit;
use crate::sites::colour::Colour;
use crate::text::Texts;

/// The mail.
pub fn periodic(config: &Config, keys: &Keys, digest: &Digest) -> Email {
    let t = Texts(digest.member.lang());
    let period = match digest.every.unit() {
        Unit::Day => t.date(digest.start),
        Unit::Week => t.with("team.periodic.week", &[("first", &t.date(digest.start)), ("last", &t.date(digest.last))]),
        Unit::Month => t.month(digest.start),
        unit @ (Unit::Quarter | Unit::Year) => unit.name(digest.start),
    };
    let about = digest.team.clone().unwrap_or_else(|| t.get("team.periodic.everything").to_owned());
    let number = |number: i64| count(number);
    let pair = |(now, before): (u64, Option<u64>)| {
        let now = whole(now);
        match before {
            Some(before) => t.with("team.periodic.before", &[("now", &now), ("before", &whole(before))]),
            None => now,
        }
    };
    let every = digest.every.as_str();
    let picture = digest.trend.as_ref().and_then(picture);
    // What a picture would have said, where none can be made.
    let untold = digest.trend.as_ref().filter(|_| picture.is_none()).map(|trend| trend.finding.clone());
    let received = whole(digest.received.0);
    Email {
        lang: t.0,
        subject: spaced(
            t.0,
            &t.with(
                &format!("team.periodic.{every}.subject"),
                &[
                    ("about", &about),
                    ("period", &period),
                    ("received", &received),
                    ("overdue", &number(digest.overdue)),
                ],
            ),
        ),
        heading: Some(t.with(&format!("team.periodic.{every}.heading"), &[("period", &period)])),
        intro: vec![spaced(t.0, &t.with("team.periodic.intro", &[("about", &about)]))],
        figures: [
            ("team.periodic.received", pair(digest.received), &digest.lists.received),
            ("team.periodic.resolved", pair(digest.resolved), &digest.lists.resolved),
            ("team.periodic.open", number(digest.open), &digest.lists.open),
            ("team.periodic.due", number(digest.due), &digest.lists.due),
            ("team.periodic.overdue", number(digest.overdue), &digest.lists.overdue),
            ("team.periodic.broken", pair(digest.broken), &digest.lists.broken),
        ]
        .map(|(label, text, list)| Figure { label: t.get(label), text, url: config.console(list) })
        .into(),
        picture,
        bars_title: t.get("team.periodic.topics").to_owned(),
        bars: bars(&digest.topics),
        link: Some((t.get("team.periodic.link").to_owned(), config.console(&digest.more))),
        closing: digest.findings.iter().cloned().chain(untold).collect(),
        footer: t.get("team.periodic.footer").to_owned(),
        stop: stop_link(keys, &digest.member.id).map(|path| config.console(&path)),
        ..Email::default()
    }
}

fn picture(trend: &Trend) -> Option<Picture> {
    let accent = Colour::parse(&Brand::default().light[0])?;
    let png = trend.chart.png(accent.rgb())?;
    Some(Picture { title: trend.title.to_owned(), finding: trend.finding.clone(), png })
}

/// The bars of topics: the longest one is as long as there is room.
fn bars(topics: &[Topic]) -> Vec<Bar> {
    let most = topics.iter().map(|topic| topic.cases).max().unwrap_or(1).max(1);
    let bar = |topic: &Topic| Bar {
        label: topic.label.clone(),
        text: whole(topic.cases),
        percent: u8::try_from((topic.cases * 100).div_ceil(most)).unwrap_or(100).clamp(1, 100),
    };
    topics.iter().map(bar).collect()
}

fn whole(number: u64) -> String {
    count(i64::try_from(number).unwrap_or(i64::MAX))
}
