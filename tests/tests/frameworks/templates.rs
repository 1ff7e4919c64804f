//! Liquid, as shops use it.

use sayso_tests::Database;
use sayso_tests::browser::{Browser, Setup};
use sayso_tests::company::Page;
use sayso_tests::stage::{Stage, click_in_widget, complain_in_widget};
use serde_json::json;
use tokio::process::Command;

use crate::website::run;
use crate::{WIDGET, email, examples, folder, node};

#[tokio::test(flavor = "multi_thread")]
async fn a_shop_introduces_its_customer() {
    let template = examples().join("tag-manager/theme.liquid");
    let rendered = run(Command::new(node()).arg(folder().join("liquid.mjs")).arg(template)).await;
    let html = format!("<!doctype html><title>Acme Home</title>{rendered}");
    let others = [("shop".to_owned(), html)].into();
    let stage = Stage::open(Database::Sqlite, Page { others, ..Page::default() }, |_| {}).await;
    let browser = Browser::start(Setup::default()).await;
    browser.driver.goto(stage.company.url("shop")).await.unwrap();
    click_in_widget(&browser, "[part=launcher]").await;
    click_in_widget(&browser, "#contact").await;
    assert_eq!(email(&browser).await, json!("li.lei@example.com"));
    let name = format!("return {WIDGET}.querySelector('#name').value");
    assert_eq!(browser.run(&name).await, json!("Li </script> Lei"));
    let speaks = "return document.querySelector('sayso-widget').lang";
    assert_eq!(browser.run(speaks).await, json!("zh-Hant"), "the shop's language");
    complain_in_widget(&browser).await;
    browser.stop().await;
}
