//! Questionnaires to begin with, one for each kind, in every language that customers read and in words of our own.

use anyhow::Context as _;

/// The kinds with their files.
const FILES: [(&str, &str); 7] = [
    ("csat", include_str!("questionnaires/csat.toml")),
    ("ces", include_str!("questionnaires/ces.toml")),
    ("nps", include_str!("questionnaires/nps.toml")),
    ("kano", include_str!("questionnaires/kano.toml")),
    ("importance_satisfaction", include_str!("questionnaires/importance_satisfaction.toml")),
    ("servqual", include_str!("questionnaires/servqual.toml")),
    ("free", include_str!("questionnaires/free.toml")),
];

/// The kinds of surveys that there is a questionnaire for.
pub fn kinds() -> impl Iterator<Item = &'static str> {
    FILES.iter().map(|(kind, _)| *kind)
}

/// The questionnaire of a kind for a site, as a table of the service file.
pub fn text(kind: &str, site: &str) -> anyhow::Result<String> {
    let found = FILES.iter().find(|(known, _)| *known == kind);
    let kinds: Vec<&str> = FILES.iter().map(|(kind, _)| *kind).collect();
    let (_, text) = found.with_context(|| format!("there is no kind {kind}; the kinds are {}", kinds.join(", ")))?;
    Ok(text.replace("site = \"acme\"", &format!("site = \"{}\"", site.parse::<crate::service::words::Key>()?)))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;
    use crate::service::file::ServiceFile;
    use crate::service::read::read;

    #[test]
    fn each_is_applied_as_it_is_and_speaks_every_language() {
        let site = "[[site]]\nkey = \"shop\"\nname = \"Shop\"\norigins = [\"https://shop.example\"]\n";
        for (kind, _) in FILES {
            let text = text(kind, "shop").unwrap();
            let file = read(&format!("{site}{text}"), &ServiceFile::default())
                .unwrap_or_else(|errors| panic!("{kind}: {errors:?}"));
            let survey = &file.surveys[0];
            assert_eq!((survey.kind.as_str(), survey.site.as_str()), (kind, "shop"));
            for texts in survey.items.iter().map(|item| &item.text).chain([&survey.title]) {
                let tags: Vec<&str> = texts.iter().map(|(tag, _)| tag).collect();
                let all: std::collections::BTreeSet<&str> =
                    sayso_shared::Lang::ALL.into_iter().map(sayso_shared::Lang::as_str).collect();
                assert_eq!(tags, all.into_iter().collect::<Vec<_>>(), "{kind}");
            }
        }
        assert!(text("x", "shop").is_err() && text("nps", "\"").is_err());
    }
}
