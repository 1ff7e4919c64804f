//! Every language in every width, light and dark: nothing is wider than the screen, and no barrier that a machine can find.

use sayso_shared::Lang;
use sayso_tests::browser::{Browser, Setup};
use sayso_tests::company::Page;
use sayso_tests::{Database, TestApp};
use serde_json::json;

use super::barriers;
use crate::stage::{Stage, choose_a_kind, click_in_widget, complain_in_widget, type_in_widget};

/// From 400 % of zoom to a desktop.
const SIZES: [(u32, u32); 3] = [(320, 640), (375, 760), (1280, 900)];

/// What scrolls sideways, or sticks out of the panel.
const WIDE: &str = "const root = document.querySelector('sayso-widget')?.shadowRoot, page = document.scrollingElement, found = [];\
    if (page.scrollWidth > innerWidth + 1) found.push('the page: ' + page.scrollWidth + ' ' + [...document.querySelectorAll('body *')]\
      .filter((element) => element.getBoundingClientRect().right > innerWidth + 1).map((element) => element.outerHTML.slice(0, 160)).slice(-2).join(' '));\
    for (const element of root?.querySelectorAll('#panel, #panel *') ?? []) {\
      const { left, right, width } = element.getBoundingClientRect(), { overflowX, visibility } = getComputedStyle(element);\
      if (!width || visibility != 'visible' || element.closest('.offscreen')) continue;\
      const scrolls = element.scrollWidth > element.clientWidth + 1 && !['visible', 'clip', 'hidden'].includes(overflowX);\
      if (scrolls || left < -1 || right > innerWidth + 1) found.push(element.outerHTML.slice(0, 120)) }\
    return found";

/// A browser that goes from language to language.
struct Tour {
    browser: Browser,
    found: Vec<String>,
}

impl Tour {
    async fn begin() -> Self {
        // Colours on their way from one to the other have no contrast of their own.
        let arguments = ["--force-prefers-reduced-motion"];
        Self { browser: Browser::start(Setup { arguments: &arguments, ..Setup::default() }).await, found: Vec::new() }
    }

    async fn set_scheme(&self, scheme: &str) {
        let features = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
        self.browser.devtools("Emulation.setEmulatedMedia", features).await;
    }

    /// Looks at what is on the screen in every width and both colours. Barriers are the same in each width, and looked for in the narrowest.
    async fn look(&mut self, lang: Lang, what: &str) {
        for size in SIZES {
            self.browser.resize(size).await;
            for scheme in ["light", "dark"] {
                self.set_scheme(scheme).await;
                let mut found: Vec<String> = serde_json::from_value(self.browser.run(WIDE).await).unwrap();
                if size == SIZES[0] {
                    found.extend(barriers(&self.browser).await);
                    self.browser.picture(&format!("languages-{what}-{}-{scheme}", lang.as_str())).await;
                }
                let of = format!("{what} in {} at {}, {scheme}: ", lang.as_str(), size.0);
                self.found.extend(found.into_iter().map(|one| format!("{of}{one}")));
            }
        }
    }

    async fn end(self) {
        self.browser.stop().await;
        assert!(self.found.is_empty(), "{} barriers:\n{}", self.found.len(), self.found.join("\n"));
    }
}

fn without_limits(config: &mut sayso::Config) {
    let limits = &mut config.limits;
    (limits.submissions_per_minute, limits.proof_from_per_minute, limits.code_lookups_per_minute) =
        (1_000, 1_000, 1_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_widget_fits_and_is_open_to_everybody_in_every_language() {
    let stage = Stage::open(Database::Sqlite, Page::default(), without_limits).await;
    let mut tour = Tour::begin().await;
    for lang in Lang::ALL {
        tour.browser.resize(SIZES[0]).await;
        tour.browser.driver.goto(&stage.company.origin).await.unwrap();
        tour.browser.find_in_widget("[part=launcher]").await;
        tour.browser.run(&format!("Sayso('set', {{ lang: '{}' }})", lang.as_str())).await;
        click_in_widget(&tour.browser, "[part=launcher]").await;
        choose_a_kind(&tour.browser).await;
        tour.look(lang, "form").await;
        click_in_widget(&tour.browser, "#details").await;
        click_in_widget(&tour.browser, "#contact").await;
        tour.look(lang, "details").await;
        click_in_widget(&tour.browser, "#send").await;
        tour.browser.find_in_widget("#message[aria-invalid]").await;
        type_in_widget(&tour.browser, "#email", "nobody").await;
        click_in_widget(&tour.browser, "#send").await;
        tour.look(lang, "errors").await;
        let clear = "const field = document.querySelector('sayso-widget').shadowRoot.querySelector('#email'); field.value = '';\
            field.dispatchEvent(new Event('input', { bubbles: true, composed: true }))";
        tour.browser.run(clear).await;
        complain_in_widget(&tour.browser).await;
        tour.look(lang, "thanks").await;
        click_in_widget(&tour.browser, "#again").await;
        click_in_widget(&tour.browser, "#mine").await;
        tour.browser.find_in_widget("#mine-title").await;
        tour.browser.find_in_widget(".case").await;
        tour.look(lang, "cases").await;
    }
    tour.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pages_fit_and_are_open_to_everybody_in_every_language() {
    let app = TestApp::spawn_working(Database::Sqlite, without_limits).await;
    app.set_site(&[&format!("languages={}", Lang::ALL.map(Lang::as_str).join(","))]).await;
    let code = app.client().complain("The shelf is missing.", "lin@example.com").await;
    let mut tour = Tour::begin().await;
    for lang in Lang::ALL {
        for (what, path) in [("entry", "s/acme".to_owned()), ("status", format!("t/{code}"))] {
            tour.browser.driver.goto(format!("{}/{path}?lang={}", app.url, lang.as_str())).await.unwrap();
            let direction = tour.browser.run("return getComputedStyle(document.documentElement).direction").await;
            assert_eq!(direction, json!(if lang == Lang::Ar { "rtl" } else { "ltr" }), "{}", lang.as_str());
            tour.browser.run("for (const part of document.querySelectorAll('main details')) part.open = true").await;
            tour.look(lang, what).await;
        }
    }
    tour.end().await;
}

/// A desktop of 1280 pixels at 500 %, and a phone whose keyboard covers half of the screen.
#[tokio::test(flavor = "multi_thread")]
async fn send_stays_within_reach_however_little_of_the_screen_is_left() {
    let stage = Stage::open(Database::Sqlite, Page::default(), without_limits).await;
    let mut tour = Tour::begin().await;
    for (size, what) in [((256, 180), "500 %"), ((375, 300), "an open keyboard")] {
        tour.browser.resize(size).await;
        tour.browser.driver.goto(&stage.company.origin).await.unwrap();
        click_in_widget(&tour.browser, "[part=launcher]").await;
        choose_a_kind(&tour.browser).await;
        type_in_widget(&tour.browser, "#message", "The drawer is stuck.").await;
        let found: Vec<String> = serde_json::from_value(tour.browser.run(WIDE).await).unwrap();
        tour.found.extend(found.into_iter().map(|one| format!("{what}: {one}")));
        let reached = "const root = document.querySelector('sayso-widget').shadowRoot, send = root.querySelector('#send');\
            send.scrollIntoView({ block: 'nearest' });\
            const { left, top, width, height } = send.getBoundingClientRect();\
            return top >= 0 && top + height <= innerHeight + 1 && root.elementFromPoint(left + width / 2, top + height / 2)?.closest('#send') == send";
        assert_eq!(tour.browser.run(reached).await, json!(true), "{what}");
        click_in_widget(&tour.browser, "#send").await;
        tour.browser.find_in_widget("#code").await;
    }
    tour.end().await;
}
