//! What the daily self-check found, to an admin.

use sayso_shared::Lang;

use super::Email;
use crate::config::Config;
use crate::self_check::Report;
use crate::text::Texts;

/// The mail. What is wrong is said in English, as `sayso doctor` says it.
pub fn self_check(config: &Config, report: &Report, lang: Lang) -> Email {
    let t = Texts(lang);
    let line = |problem: &crate::self_check::Problem| match &problem.mend {
        Some(mend) => format!("{} → {mend}", problem.text),
        None => problem.text.clone(),
    };
    Email {
        lang,
        subject: t.count("team.check.subject", report.problems.len() as u64),
        heading: Some(t.get("team.check.heading").to_owned()),
        intro: vec![t.get("team.check.intro").to_owned()],
        details: report.problems.iter().map(|problem| (problem.topic.clone(), line(problem))).collect(),
        link: Some((t.get("team.check.link").to_owned(), config.console("/staff/audit"))),
        footer: t.get("team.check.footer").to_owned(),
        ..Email::default()
    }
}
