//! Who has gone leaves nothing for the next, and who only has a new token loses nothing.

use sayso_tests::browser::Setup;
use sayso_tests::company::Page;
use serde_json::json;

use super::Visit;
use crate::stage::{click_in_widget, complain_in_widget, type_in_widget};

const A: &str = "Sayso('identify', { name: 'Li', email: 'li@example.com' })";
const B: &str = "Sayso('identify', { name: 'Wang', email: 'wang@example.com' })";
const NOBODY: &str = "Sayso('identify', null)";

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_that_is_being_worked_on_goes_with_its_user() {
    for next in [NOBODY, B] {
        let visit = Visit::usual().await;
        visit.browser.run(A).await;
        visit.shoot().await;
        visit.browser.run(next).await;
        visit
            .wait_for("the form", "!root.querySelector('#body').hidden && !root.querySelector('.surface canvas')")
            .await;
        // The form can take another one.
        visit.shoot().await;
        click_in_widget(&visit.browser, "#shot-done").await;
        visit.wait_for("the file has left", "root.querySelector('.files small')?.textContent.includes('ready')").await;
        visit.end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_token_keeps_the_reply_and_another_user_gets_none_of_it() {
    let visit = Visit::usual().await;
    visit.browser.run(A).await;
    complain_in_widget(&visit.browser).await;
    click_in_widget(&visit.browser, "#again").await;
    click_in_widget(&visit.browser, "#mine").await;
    click_in_widget(&visit.browser, ".case").await;
    type_in_widget(&visit.browser, "#reply", "It is mine.").await;
    visit.browser.run(A).await;
    visit.browser.run("return new Promise(done => setTimeout(done, 300))").await;
    assert_eq!(visit.run("return root.querySelector('#reply').value").await, json!("It is mine."));
    visit.browser.run(B).await;
    visit
        .wait_for("nothing of the first", "root.querySelector('.empty') && !root.querySelector('#reply, .case')")
        .await;
    visit.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_frame_shows_nothing_of_who_has_gone() {
    let visit = Visit::begin_framed().await;
    let typed = "document.querySelector('#message').value";
    visit.browser.run(A).await;
    visit.frame().await;
    visit.browser.find("#message").await.send_keys("A's own words").await.unwrap();
    let kept = "Object.keys(localStorage).some(name => (localStorage[name] ?? '').includes('own words'))";
    visit.browser.wait_for("the draft", kept).await;
    // Its own user finds it again on the next page.
    visit.load().await;
    visit.frame().await;
    visit.browser.wait_for("the draft", &format!("{typed} === \"A's own words\"")).await;
    visit.browser.driver.enter_default_frame().await.unwrap();
    visit.run("window.before = root.querySelector('iframe')").await;
    visit.browser.run(NOBODY).await;
    visit
        .wait_for(
            "another frame",
            "root.querySelector('iframe:not([hidden])') && root.querySelector('iframe') != before",
        )
        .await;
    visit.frame().await;
    assert_eq!(visit.browser.run(&format!("return [{typed}, {kept}]")).await, json!(["", false]));
    // Nor where they went while no frame was there.
    visit.browser.find("#message").await.send_keys("B's own words").await.unwrap();
    visit.browser.wait_for("the draft", kept).await;
    visit.browser.driver.enter_default_frame().await.unwrap();
    visit.browser.driver.goto(&visit.stage.company.origin).await.unwrap();
    visit.browser.find_in_widget("[part=launcher]").await;
    visit.browser.run(NOBODY).await;
    visit.load().await;
    visit.frame().await;
    assert_eq!(visit.browser.run(&format!("return [{typed}, {kept}]")).await, json!(["", false]));
    visit.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_badge_counts_for_who_is_here() {
    let visit = Visit::usual().await;
    visit.browser.run(A).await;
    let code = complain_in_widget(&visit.browser).await;
    visit.answer(&code, "We have sent a new one.").await;
    let later = "const name = 'sayso:acme:cases'; localStorage[name] = JSON.stringify({ ...JSON.parse(localStorage[name]), told: [] })";
    visit.browser.run(later).await;
    visit.forget_answers().await;
    visit.browser.driver.goto(&visit.stage.company.origin).await.unwrap();
    visit.browser.find_in_widget("[part=launcher]").await;
    visit.browser.run(A).await;
    visit.wait_for("the badge", "root.querySelector('.launcher').dataset.answers == '1'").await;
    visit.browser.run(B).await;
    visit.wait_for("no badge", "!root.querySelector('.launcher').dataset.answers").await;
    visit.browser.run(A).await;
    visit.wait_for("the badge again", "root.querySelector('.launcher').dataset.answers == '1'").await;
    visit.end().await;
}

impl Visit {
    /// On a page whose policy refuses WebAssembly.
    async fn begin_framed() -> Self {
        let page = Page::without(" 'wasm-unsafe-eval'");
        let stage = crate::stage::Stage::open(sayso_tests::Database::Sqlite, page, |_| {}).await;
        let browser = sayso_tests::browser::Browser::start(Setup::default()).await;
        let visit = Self { stage, browser };
        visit.load().await;
        visit
    }

    /// Loads the page and opens the panel.
    async fn load(&self) {
        self.browser.driver.goto(&self.stage.company.origin).await.unwrap();
        click_in_widget(&self.browser, "[part=launcher]").await;
    }

    /// Goes into the frame, once it is there.
    async fn frame(&self) {
        self.browser.find_in_widget("iframe:not([hidden])").await.enter_frame().await.unwrap();
        self.browser.find("#message").await;
    }
}
