//! The message's field is there before the form, and what is written in it is not lost, whatever comes instead.

use sayso_tests::company::Page;
use sayso_tests::front::Trouble;
use serde_json::json;

use crate::downloads::{Visit, WIDGET};
use crate::stage::{click_in_widget, type_in_widget};

impl Visit {
    /// Opens the panel while the module does not come.
    async fn open_early(page: Page) -> Self {
        let visit = Self::begin(page).await;
        visit.scene.front.spoil("widget.wasm", Trouble::Silent);
        visit.open().await;
        click_in_widget(&visit.browser, "[part=launcher]").await;
        visit.browser.wait_for("the field", &format!("{WIDGET}.activeElement?.id === 'message'")).await;
        visit
    }

    /// What stands in the field, where its cursor is, and whether it has the focus.
    async fn field(&self) -> serde_json::Value {
        let look = format!(
            "const field = {WIDGET}.querySelector('#message'); return [field.value, field.selectionStart, field == {WIDGET}.activeElement]"
        );
        self.browser.run(&look).await
    }

    async fn wait_for_form(&self) {
        self.browser.find_in_widget("#send").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_written_before_the_form_is_there_stays_in_it() {
    let visit = Visit::open_early(Page::default()).await;
    type_in_widget(&visit.browser, "#message", "The drawer").await;
    visit.browser.picture("widget-early").await;
    // It is a draft already.
    visit.open().await;
    click_in_widget(&visit.browser, "[part=launcher]").await;
    visit.browser.wait_for("the draft", &format!("{WIDGET}.activeElement?.value === 'The drawer'")).await;
    type_in_widget(&visit.browser, "#message", " sticks").await;
    visit
        .browser
        .run(&format!(
            "const field = {WIDGET}.querySelector('#message'); field.setSelectionRange(4, 4); window.before = field"
        ))
        .await;
    visit.scene.front.relent();
    visit.wait_for_form().await;
    assert_eq!(visit.field().await, json!(["The drawer sticks", 4, true]));
    let same =
        format!("return window.before === {WIDGET}.querySelector('#message') && !{WIDGET}.querySelector('#early')");
    assert_eq!(visit.browser.run(&same).await, json!(true), "it is the same field");
    type_in_widget(&visit.browser, "#message", "!").await;
    click_in_widget(&visit.browser, "#send").await;
    visit.browser.find_in_widget("#code").await;
    let select = "select message from feedback";
    let stored: String =
        sayso::with_db!(&visit.scene.collector.app.db, pool => sqlx::query_scalar(select).fetch_one(pool).await)
            .unwrap();
    assert!(stored.contains("drawer sticks") && stored.contains('!'), "{stored}");
    // The next message begins with nothing.
    click_in_widget(&visit.browser, ".quiet").await;
    visit
        .browser
        .wait_for(
            "an empty field",
            &format!("{WIDGET}.activeElement?.matches('form h2') && !{WIDGET}.querySelector('#message').value"),
        )
        .await;
    visit.browser.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_form_waits_for_an_input_method() {
    let visit = Visit::open_early(Page::with("data-draft=off")).await;
    let compose = json!({"text": "抽屉", "selectionStart": 2, "selectionEnd": 2});
    visit.browser.devtools("Input.imeSetComposition", compose).await;
    visit.scene.front.relent();
    visit.wait_for_part("widget.wasm").await;
    visit.wait_for_part("en.json").await;
    assert_eq!(visit.field().await, json!(["抽屉", 2, true]));
    assert_eq!(visit.browser.run(&format!("return {WIDGET}.querySelector('#send')")).await, json!(null));
    visit.browser.devtools("Input.insertText", json!({"text": "抽屉卡住了"})).await;
    visit.wait_for_form().await;
    assert_eq!(visit.field().await, json!(["抽屉卡住了", 5, true]), "also where nothing is kept");
    visit.browser.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_frame_takes_over_what_was_written() {
    let visit = Visit::open_early(Page::default()).await;
    type_in_widget(&visit.browser, "#message", "柜门 & 抽屉 + 100%").await;
    visit.browser.find_in_widget("iframe:not([hidden])").await.enter_frame().await.unwrap();
    visit.browser.wait_for("the text", "document.activeElement?.value === '柜门 & 抽屉 + 100%'").await;
    visit.submit_in_frame().await;
    visit.browser.click("main a.quiet").await;
    visit.browser.wait_for("an empty form", "document.querySelector('form #message')?.value === ''").await;
    visit.browser.driver.enter_default_frame().await.unwrap();
    visit.browser.wait_for("no draft of what was sent", "!localStorage['sayso:acme']").await;
    visit.browser.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_link_takes_along_what_was_written() {
    let visit = Visit::begin(Page::default()).await;
    visit.open_link().await;
    type_in_widget(&visit.browser, "#message", "柜门 & 抽屉 + 100%").await;
    visit.scene.front.relent();
    let here = visit.browser.driver.window().await.unwrap();
    click_in_widget(&visit.browser, "#fallback a").await;
    let windows = visit.browser.driver.windows().await.unwrap();
    let new = windows.into_iter().find(|window| *window != here).expect("a new tab");
    visit.browser.driver.switch_to_window(new).await.unwrap();
    visit.browser.wait_for("the text", "document.querySelector('#message')?.value === '柜门 & 抽屉 + 100%'").await;
    assert_eq!(visit.browser.run("return location.hash").await, json!(""), "it stays in no address");
    visit.browser.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_a_previous_user_stays_in_the_field() {
    let visit = Visit::open_early(Page::default()).await;
    visit
        .browser
        .run("localStorage['sayso:acme'] = JSON.stringify({ message: 'Mine', email: 'li@example.com' })")
        .await;
    visit.open().await;
    click_in_widget(&visit.browser, "[part=launcher]").await;
    visit.browser.wait_for("the draft", &format!("{WIDGET}.activeElement?.value === 'Mine'")).await;
    visit.browser.run("Sayso('identify', null)").await;
    assert_eq!(visit.field().await[0], json!(""));
    type_in_widget(&visit.browser, "#message", "Ours").await;
    let kept = visit.browser.run("return localStorage['sayso:acme']").await.to_string();
    assert!(kept.contains("Ours") && !kept.contains("li@example.com"), "{kept}");
    visit.scene.front.relent();
    visit.wait_for_form().await;
    assert_eq!(visit.field().await[0], json!("Ours"));
    assert_eq!(visit.browser.run(&format!("return {WIDGET}.innerHTML.includes('li@example.com')")).await, json!(false));
    visit.browser.stop().await;
}

/// Nothing moves under a finger when the form comes.
#[tokio::test(flavor = "multi_thread")]
async fn the_panel_is_as_high_as_the_form_will_be() {
    let visit = Visit::open_early(Page::default()).await;
    let look = format!("return {WIDGET}.querySelector('#panel').offsetHeight");
    let before = visit.browser.run(&look).await.as_i64().unwrap();
    visit.scene.front.relent();
    visit.wait_for_form().await;
    let after = visit.browser.run(&look).await.as_i64().unwrap();
    assert!((after - before).abs() <= 4, "{before} and {after} pixels");
    visit.browser.stop().await;
}
