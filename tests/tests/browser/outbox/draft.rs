//! The draft in localStorage.

use sayso_tests::browser::Setup;
use sayso_tests::company::Page;
use serde_json::json;

use super::{TEXT, Visit, WIDGET};
use crate::stage::{click_in_widget, type_in_widget};

#[tokio::test(flavor = "multi_thread")]
async fn everything_that_was_typed_outlives_the_page_but_not_the_sending() {
    let visit = Visit::usual().await;
    visit.write(TEXT).await;
    click_in_widget(&visit.browser, "label:has([value=suggestion])").await;
    click_in_widget(&visit.browser, "#contact").await;
    type_in_widget(&visit.browser, "#email", "li@example.com").await;
    visit.come().await;
    click_in_widget(&visit.browser, "[part=launcher]").await;
    visit.browser.find_in_widget("#email").await;
    let filled =
        format!("return ['#message', '#email', '[name=kind]:checked'].map(css => {WIDGET}.querySelector(css).value)");
    assert_eq!(visit.browser.run(&filled).await, json!([TEXT, "li@example.com", "suggestion"]));
    visit.send().await;
    visit.code().await;
    // By its code the browser finds the case again; of the words nothing is left.
    let kept = visit.stored().await;
    assert!(kept.contains("sayso:acme:cases") && !kept.contains(TEXT) && !kept.contains("li@example.com"), "{kept}");
    visit.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_it_is_off_nothing_is_stored() {
    let page = Page { attributes: "data-draft=off".to_owned(), ..Page::default() };
    let visit = Visit::begin(page, Setup::default()).await;
    visit.write(TEXT).await;
    assert_eq!(visit.stored().await, "\"{}\"");
    visit.come().await;
    click_in_widget(&visit.browser, "[part=launcher]").await;
    visit.browser.find_in_widget("#message").await;
    assert_eq!(visit.typed().await, json!(""));
    visit.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_version_or_nobody_has_left_there_does_no_harm() {
    let visit = Visit::usual().await;
    for (stored, typed) in [
        ("{", ""),
        ("null", ""),
        ("7", ""),
        ("[]", ""),
        (r#"{"message":5,"kind":"rumour","rating":"many","importance":-1,"category":{}}"#, ""),
        (r#"{"message":"old","rating":99,"weather":"fine","key":"k"}"#, "old"),
    ] {
        visit.browser.run(&format!("localStorage['sayso:acme'] = {}", json!(stored))).await;
        visit.come().await;
        click_in_widget(&visit.browser, "[part=launcher]").await;
        visit.browser.find_in_widget("#message").await;
        assert_eq!(visit.typed().await, json!(typed), "{stored}");
    }
    visit.send().await;
    visit.code().await;
    visit.end().await;
}
