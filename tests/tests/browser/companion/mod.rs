//! What is fetched when somebody needs more than the form: files, screenshots, the customer's cases, and answers before somebody asks.

mod answers;
mod bad_files;
mod cases;
mod files;
mod leaving;
mod looks;
mod screenshot;

use sayso_tests::Database;
use sayso_tests::browser::{Browser, Setup};
use sayso_tests::company::Page;
use serde_json::Value;

use crate::stage::{Stage, click_in_widget};

/// The widget's shadow root.
const WIDGET: &str = "document.querySelector('sayso-widget').shadowRoot";

/// A customer whose form is open.
struct Visit {
    stage: Stage,
    browser: Browser,
}

impl Visit {
    async fn begin(page: Page, setup: Setup<'_>) -> Self {
        let stage = Stage::open(Database::Sqlite, page, |_| {}).await;
        let visit = Self { stage, browser: Browser::start(setup).await };
        visit.come().await;
        visit
    }

    async fn usual() -> Self {
        Self::begin(Page::default(), Setup::default()).await
    }

    /// Loads the page and opens the form.
    async fn come(&self) {
        self.browser.driver.goto(&self.stage.company.origin).await.unwrap();
        click_in_widget(&self.browser, "[part=launcher]").await;
        self.browser.find_in_widget("#send").await;
    }

    /// Waits for an expression in which `root` is the widget's.
    async fn wait_for(&self, what: &str, expression: &str) -> Value {
        self.browser.wait_for(what, &expression.replace("root", WIDGET)).await
    }

    /// Runs script in which `root` is the widget's.
    async fn run(&self, script: &str) -> Value {
        self.browser.run(&script.replace("root", WIDGET)).await
    }

    /// The text of the first element that matches, as soon as it is there.
    async fn text(&self, css: &str) -> String {
        self.browser.find_in_widget(css).await.text().await.unwrap()
    }

    /// What of the second module has been fetched.
    async fn fetched(&self) -> Value {
        self.browser
            .run("return performance.getEntriesByType('resource').filter(entry => entry.name.includes('companion')).length")
            .await
    }

    /// What the browser keeps of the collector's answers for a minute or ten is over.
    async fn forget_answers(&self) {
        self.browser.devtools("Network.clearBrowserCache", serde_json::json!({})).await;
    }

    async fn end(self) {
        self.browser.stop().await;
    }
}
