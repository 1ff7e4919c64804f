//! The released collector, and a company's page on another site.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::ensure;
use sayso_tests::company::{Company, Page};
use sayso_tests::process::{self, Served};
use tempfile::TempDir;

/// Settings under which one submission makes a site busy, and none is one too many.
pub const BUSY: [(&str, &str); 3] = [
    ("SAYSO_LIMITS__PROOF_FROM_PER_MINUTE", "1"),
    ("SAYSO_LIMITS__SUBMISSIONS_PER_MINUTE", "1000000"),
    ("SAYSO_LIMITS__SITE_SUBMISSIONS_PER_MINUTE", "1000000"),
];

/// Both, while the bench lasts.
pub struct Stage {
    pub collector: Served,
    pub company: Company,
    _data: TempDir,
}

/// The front page with another script in the place of the tag.
fn bare_pages() -> BTreeMap<String, String> {
    let html = format!(
        "<!-- Content-Security-Policy: default-src 'none'; script-src 'self' -->\n{}<script async src=/bare.js></script></html>",
        sayso_tests::company::FRONT
    );
    [("bare".to_owned(), html), ("bare.js".to_owned(), include_str!("bare.js").to_owned())].into()
}

impl Stage {
    /// Starts a collector with these settings, and the company's website.
    pub async fn open(settings: &[(&str, &str)]) -> anyhow::Result<Self> {
        let data = tempfile::tempdir()?;
        sayso_tests::write_key(data.path());
        let (origin, listener) = Company::reserve().await;
        let site = ["site", "add", "acme", "--name", "Acme", "--origin", &origin];
        let (added, output) = process::run(data.path(), "", &site);
        ensure!(added, "the site cannot be added: {output}");
        let collector = Served::start(data.path(), "", settings).await;
        let page = Page { others: bare_pages(), ..Page::default() };
        let company = Company::open(listener, &collector.url, page).await;
        Ok(Self { collector, company, _data: data })
    }

    /// Submits until the collector asks for a proof, which it does for longer than a visit takes.
    pub async fn make_busy(&self) -> anyhow::Result<()> {
        // It counts by minutes of the clock, and what little this is, it forgets when the next one begins.
        let mut looks = tokio::time::interval(Duration::from_millis(200));
        while SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs() % 60 > 40 {
            looks.tick().await;
        }
        let client = sayso_tests::Client::new(&self.collector.url);
        let feedback = serde_json::json!({"kind": "praise", "message": "Thank you"});
        for _ in 0..10 {
            let answer = client.post_json("/api/v1/sites/acme/feedback", &feedback).await;
            if answer.field_errors().iter().any(|(pointer, _)| pointer == "/proof") {
                return Ok(());
            }
        }
        anyhow::bail!("the collector asks for no proof")
    }
}
