//! No barriers that a machine can find: axe-core looks at the main states of every page, in light and dark, in English
//! and Chinese. What only people can judge (order, wording, whether a name is a good name) it does not see.

use sayso::auth::Role;
use sayso_tests::browser::{Browser, Setup};
use sayso_tests::company::Page;
use sayso_tests::{Database, TestApp};
use serde_json::json;

use crate::stage::{self, Stage, click_in_widget, type_in_widget};

const AXE: &str = include_str!("../../vendor/axe-core/axe.min.js");

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
    looks: &'static str,
    found: Vec<String>,
}

/// How somebody set up their system: the browser's language and colours.
const ENGLISH_LIGHT: (&str, &str, &str) = ("en-GB", "light", "--blink-settings=preferredColorScheme=1");
const CHINESE_DARK: (&str, &str, &str) = ("zh-CN", "dark", "--blink-settings=preferredColorScheme=0");

impl Inspector {
    async fn start((language, scheme, argument): (&'static str, &'static str, &'static str)) -> Self {
        // Colours on their way from one to the other have no contrast of their own.
        let arguments = [argument, "--force-prefers-reduced-motion"];
        let browser = Browser::start(Setup { language, arguments: &arguments, ..Setup::default() }).await;
        Self { browser, looks: scheme, found: Vec::new() }
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
        self.browser.find(css).await.click().await.unwrap();
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

async fn the_widget(system: (&'static str, &'static str, &'static str)) {
    let stage =
        Stage::open(Database::Sqlite, Page { attributes: "data-draft=off".to_owned(), ..Page::default() }, |_| {})
            .await;
    stage.collector.set_site(&["required=contact"]).await;
    let mut inspector = Inspector::start(system).await;
    inspector.browser.driver.goto(&stage.company.origin).await.unwrap();
    inspector.browser.find_in_widget("[part=launcher]").await;
    inspector.look("launcher").await;
    click_in_widget(&inspector.browser, "[part=launcher]").await;
    inspector.browser.find_in_widget("#message").await;
    inspector.look("widget").await;
    click_in_widget(&inspector.browser, "#details").await;
    type_in_widget(&inspector.browser, "#email", "nobody").await;
    inspector.look("widget, everything open").await;
    click_in_widget(&inspector.browser, "#send").await;
    inspector.browser.find_in_widget("#message_error").await;
    inspector.look("widget with errors").await;
    type_in_widget(&inspector.browser, "#message", "The drawer is stuck.").await;
    type_in_widget(&inspector.browser, "#email", "@example.com").await;
    stage.collector.set_site(&["origins=https://elsewhere.example"]).await;
    click_in_widget(&inspector.browser, "#send").await;
    inspector.browser.find_in_widget(".failure").await;
    inspector.browser.find_in_widget("#keep").await;
    inspector.look("widget after a failure").await;
    click_in_widget(&inspector.browser, "#keep").await;
    inspector.browser.find_in_widget("#outbox li.waiting").await;
    inspector.look("widget, kept for later").await;
    stage.collector.set_site(&[&format!("origins={}", stage.company.origin)]).await;
    inspector.browser.run("window.dispatchEvent(new Event('online'))").await;
    inspector.browser.find_in_widget("#outbox output").await;
    inspector.look("widget, sent later").await;
    click_in_widget(&inspector.browser, "#outbox .primary").await;
    inspector.browser.find_in_widget("#strip").await;
    type_in_widget(&inspector.browser, "#message", "And the door.").await;
    type_in_widget(&inspector.browser, "#email", "li@example.com").await;
    click_in_widget(&inspector.browser, "#send").await;
    inspector.browser.find_in_widget("#code").await;
    inspector.look("widget, thanks").await;
    inspector.stop().await;
}

async fn the_customers_pages(system: (&'static str, &'static str, &'static str)) {
    let app = TestApp::spawn_working(Database::Sqlite, |_| {}).await;
    let collector = app.url.as_str();
    let code = app.client().complain("The shelf is missing.", "lin@example.com").await;
    let mut inspector = Inspector::start(system).await;
    inspector.open(&format!("{collector}/s/acme"), "entry").await;
    inspector.click(".disclosure summary").await;
    inspector.send_unchecked("form").await;
    inspector.browser.find("#wrong").await;
    inspector.look("entry with errors").await;
    inspector.open(&format!("{collector}/s/acme?frame=1"), "entry in the widget's frame").await;
    inspector.browser.driver.goto(format!("{collector}/s/acme")).await.unwrap();
    inspector.click("label:has(input[name=kind][value=praise])").await;
    inspector.browser.find("#message").await.send_keys("Thank you!").await.unwrap();
    inspector.click("form button.primary").await;
    inspector.browser.find(".thanks").await;
    inspector.look("thanks").await;
    inspector.open(&format!("{collector}/t/"), "look-up").await;
    inspector.browser.find("#code").await.send_keys("7QK4-M2XH-9TRD-7").await.unwrap();
    inspector.click("form button.primary").await;
    inspector.browser.find("#code-error").await;
    inspector.look("look-up of a wrong code").await;
    inspector.open(&format!("{collector}/t/{code}"), "status").await;
    inspector.send_unchecked("#reply").await;
    inspector.browser.find("#body-error").await;
    inspector.look("status with an error").await;
    inspector.open(&format!("{collector}/problems/invalid"), "problem").await;
    inspector.open(&format!("{collector}/no/such/page"), "not found").await;
    inspector.stop().await;
}

async fn the_console(system: (&'static str, &'static str, &'static str)) {
    let app = TestApp::spawn_working(Database::Sqlite, |_| {}).await;
    let collector = app.url.as_str();
    let code = app.client().complain("送货迟到了三天，没有人联系我。", "lin@example.com").await;
    // Sent without having been opened, so it is suspected.
    let spam =
        [("kind", "praise"), ("message", "Great site! Cheap watches at https://watches.example"), ("website", "x")];
    app.client().post_form("/s/acme", &spam).await;
    stage::add_member(&app.app, "chen@acme.example", "陈师傅", Role::Admin).await;
    let mut inspector = Inspector::start(system).await;
    inspector.open(&format!("{collector}/staff/sign-in"), "sign-in").await;
    inspector.browser.find("#email").await.send_keys("chen@acme.example").await.unwrap();
    inspector.browser.find("#password").await.send_keys("not the password").await.unwrap();
    inspector.click("form button.primary").await;
    inspector.browser.find("[role=alert]").await;
    inspector.look("sign-in with a wrong password").await;
    stage::sign_in(&inspector.browser, collector, "chen@acme.example").await;
    let language = if system.0.starts_with("zh") { "zh-Hans" } else { "en" };
    inspector.browser.driver.goto(format!("{collector}/staff/account")).await.unwrap();
    inspector.click(&format!("input[name=lang][value={language}]")).await;
    inspector.click("form[action$=language] button").await;
    inspector
        .browser
        .wait_for("the member's language", &format!("document.documentElement.lang === {language:?}"))
        .await;
    inspector.look("account").await;
    inspector.send_unchecked("form[action$=password]").await;
    inspector.browser.find(".field-error").await;
    inspector.look("account with errors").await;
    for (path, what) in [
        ("/staff/cases", "inbox"),
        ("/staff/cases?q=zebra", "inbox without a match"),
        ("/staff/start", "start"),
        ("/staff/members", "members"),
        ("/staff/mail", "mail"),
    ] {
        inspector.open(&format!("{collector}{path}"), what).await;
    }
    inspector.open(&format!("{collector}/staff/cases?status=held"), "quarantine").await;
    inspector.browser.picture(&format!("quarantine-{language}")).await;
    inspector.click(".case-row-title a").await;
    inspector.browser.find("button[value=discard]").await;
    inspector.look("case in quarantine").await;
    inspector.browser.picture(&format!("quarantine-case-{language}")).await;
    inspector.click("button[value=discard]").await;
    inspector.browser.wait_for("the decision", "!document.querySelector('button[value=discard]')").await;
    inspector.look("discarded case").await;
    inspector.browser.driver.goto(format!("{collector}/staff/cases")).await.unwrap();
    inspector.click(".case-row-title a").await;
    inspector.browser.find("#reply").await;
    inspector.look("case").await;
    inspector.browser.find("#reply").await.send_keys("我们已经退回运费。").await.unwrap();
    inspector.click("input[name=then][value=resolve]").await;
    inspector.look("case about to be resolved").await;
    inspector.browser.run("document.querySelector('#reply-form [name=outcome]').value = 'upheld'").await;
    inspector.click("#reply-form button.primary").await;
    inspector.browser.find("[data-live-region=head] [data-status=resolved]").await;
    inspector.look("resolved case").await;

    // The customer finds the answer, with the rating open.
    inspector.open(&format!("{collector}/t/{code}#rate"), "status, answered").await;
    inspector.click("label:has(input[name=score][value=\"5\"])").await;
    inspector.look("status, about to be rated").await;
    inspector.click("form[action$=satisfaction] button.primary").await;
    inspector.browser.find(".step:last-child[aria-current]").await;
    inspector.look("status, closed").await;
    inspector.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_widget_has_no_barriers() {
    the_widget(ENGLISH_LIGHT).await;
    the_widget(CHINESE_DARK).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_customers_pages_have_no_barriers() {
    the_customers_pages(ENGLISH_LIGHT).await;
    the_customers_pages(CHINESE_DARK).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_console_has_no_barriers() {
    the_console(ENGLISH_LIGHT).await;
    the_console(CHINESE_DARK).await;
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
