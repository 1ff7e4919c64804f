//! No barriers that a machine can find: axe-core looks at the main states of every page, in light and dark, in English
//! and in Chinese of both scripts. What only people can judge (order, wording, whether a name is a good name) it does not see.

mod desk;
mod every_language;
mod further;
mod keyboard;
mod learning;
mod long_words;
mod pages;
mod widget;

use sayso_tests::browser::{Browser, Setup};
use sayso_tests::{Database, TestApp};
use serde_json::json;

const AXE: &str = include_str!("../../../vendor/axe-core/axe.min.js");

const LOOK: &str = "const done = arguments[arguments.length - 1];\n\
    axe.run(document, { resultTypes: ['violations'], runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] })\n\
      .then(({ violations, passes }) => done([passes.length, violations.flatMap(({ id, nodes }) =>\n\
        nodes.map(({ target, failureSummary }) => [id, target.flat().join(' '), failureSummary].join(' | ')))]),\n\
      error => done([0, [String(error)]]))";

/// The barriers of a page as it is now.
pub async fn barriers(browser: &Browser) -> Vec<String> {
    browser.run(AXE).await;
    let answer = browser.driver.execute_async(LOOK, vec![]).await.unwrap();
    let (passed, violations): (u64, Vec<String>) = serde_json::from_value(answer.json().clone()).unwrap();
    assert!(passed > 5 || !violations.is_empty(), "the rules were applied");
    violations
}

/// A browser that remembers which barriers it met where.
struct Inspector {
    browser: Browser,
    language: &'static str,
    looks: &'static str,
    found: Vec<String>,
}

/// How somebody set up their system: the browser's language and colours.
type System = (&'static str, &'static str, &'static str);
const LIGHT: &str = "--blink-settings=preferredColorScheme=1";
const DARK: &str = "--blink-settings=preferredColorScheme=0";
const ENGLISH_LIGHT: System = ("en-GB", "light", LIGHT);
const CHINESE_DARK: System = ("zh-CN", "dark", DARK);
const TAIWANESE_LIGHT: System = ("zh-TW", "light", LIGHT);

/// The language of the console that somebody with such a system chooses.
fn console_language(system: System) -> &'static str {
    match system.0 {
        "zh-TW" => "zh-Hant",
        tag if tag.starts_with("zh") => "zh-Hans",
        _ => "en",
    }
}

impl Inspector {
    async fn start((language, scheme, argument): System) -> Self {
        // Colours on their way from one to the other have no contrast of their own.
        let arguments = [argument, "--force-prefers-reduced-motion"];
        let browser = Browser::start(Setup { language, arguments: &arguments, ..Setup::default() }).await;
        Self { browser, language, looks: scheme, found: Vec::new() }
    }

    async fn open(&mut self, url: &str, what: &str) {
        self.browser.driver.goto(url).await.unwrap();
        self.look(what).await;
    }

    async fn look(&mut self, what: &str) {
        let dark = self.browser.run("return matchMedia('(prefers-color-scheme: dark)').matches").await;
        assert_eq!(dark, json!(self.looks == "dark"), "the browser has the colours that were asked for");
        let violations = barriers(&self.browser).await;
        self.found.extend(violations.into_iter().map(|violation| format!("{what}, {}: {violation}", self.looks)));
    }

    async fn click(&self, css: &str) {
        self.browser.click(css).await;
    }

    /// Sends a form although the browser would hold it back, as a browser without script or with other rules does.
    async fn send_unchecked(&self, form: &str) {
        self.browser.run(&format!("document.querySelector({form:?}).noValidate = true")).await;
        self.click(&format!("{form} button.primary")).await;
    }

    async fn stop(self) {
        self.browser.stop().await;
        assert!(self.found.is_empty(), "{} barriers:\n{}", self.found.len(), self.found.join("\n"));
    }
}

/// The inspector itself: it does see a barrier.
#[tokio::test(flavor = "multi_thread")]
async fn a_barrier_is_found() {
    let app = TestApp::spawn_working(Database::Sqlite, |_| {}).await;
    let mut inspector = Inspector::start(ENGLISH_LIGHT).await;
    inspector.browser.driver.goto(format!("{}/s/acme", app.url)).await.unwrap();
    inspector.browser.run("document.querySelector('label[for=message]').remove()").await;
    inspector.look("a field without a name").await;
    let found = std::mem::take(&mut inspector.found);
    assert!(found.iter().any(|barrier| barrier.contains("label |") && barrier.contains("#message")), "{found:?}");
    inspector.stop().await;
}
