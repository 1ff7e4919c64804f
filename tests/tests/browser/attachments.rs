//! Attaching files as a real browser does it, with and without script.

use std::path::Path;

use sayso_shared::limits::ATTACHMENT_MAX_BYTES;
use sayso_tests::Database;
use sayso_tests::browser::{Browser, PATIENCE, Setup};
use sayso_tests::company::Page;
use thirtyfour::By;

use crate::stage::Stage;

const GIF: &[u8] = b"GIF89a\x01\0\x01\0\0\0\0\x2c\0\0\0\0\x01\0\x01\0\0\x02\0;";

fn file(folder: &Path, name: &str, content: &[u8]) -> String {
    let path = folder.join(name);
    std::fs::write(&path, content).unwrap();
    path.to_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_attached_without_script_and_kept_when_one_is_refused() {
    let stage = Stage::open(Database::Sqlite, Page::default(), |_| {}).await;
    let setup = Setup { language: "zh-CN", arguments: &["--blink-settings=scriptEnabled=false"], ..Setup::default() };
    let browser = Browser::start(setup).await;
    let folder = tempfile::tempdir().unwrap();
    let chosen = [
        file(folder.path(), "照片 \"1\".gif", GIF),
        file(folder.path(), "IMG_0001.HEIC", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"),
    ];
    // Without script nothing in the page can wait for what comes next, so the driver does.
    browser.driver.set_implicit_wait_timeout(PATIENCE).await.unwrap();
    browser.driver.goto(format!("{}/s/acme", stage.collector.url)).await.unwrap();
    let find = async |css: &'static str| browser.driver.find(By::Css(css)).await.unwrap();
    find("label:has(input[name=kind][value=complaint])").await.click().await.unwrap();
    find("#message").await.send_keys("沙发扶手破了").await.unwrap();
    find("#attachments").await.send_keys(chosen.join("\n")).await.unwrap();
    find("form button.primary").await.click().await.unwrap();
    assert!(find("#attachments-error").await.text().await.unwrap().starts_with("IMG_0001.HEIC：不支持这种图片格式"));
    assert_eq!(find("#message").await.prop("value").await.unwrap().as_deref(), Some("沙发扶手破了"));
    browser.picture("attachments-refused").await;
    find("form button.primary").await.click().await.unwrap();
    let code = find(".code-value").await.text().await.unwrap();
    browser.driver.goto(format!("{}/t/{code}", stage.collector.url)).await.unwrap();
    let link = find(".files a").await;
    assert_eq!(link.text().await.unwrap(), "照片 \"1\".gif");
    browser.picture("attachments-status").await;
    browser.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_too_large_is_said_to_be_before_it_is_sent() {
    let stage = Stage::open(Database::Sqlite, Page::default(), |_| {}).await;
    let browser = Browser::start(Setup::default()).await;
    let folder = tempfile::tempdir().unwrap();
    let large = file(folder.path(), "large.txt", &vec![b'a'; ATTACHMENT_MAX_BYTES + 1]);
    let whole = file(folder.path(), "whole.txt", b"Order 7");
    browser.driver.goto(format!("{}/s/acme", stage.collector.url)).await.unwrap();
    browser.find("#attachments").await.send_keys(large).await.unwrap();
    let message = browser.wait_for("what is wrong", "document.querySelector('#attachments').validationMessage").await;
    assert_eq!(message, "large.txt: This file is larger than 10 MB. Please choose a smaller one.");
    browser.run("document.querySelector('#attachments').value = ''").await;
    browser.find("#attachments").await.send_keys(whole).await.unwrap();
    browser.wait_for("nothing is wrong", "document.querySelector('#attachments').validity.valid").await;
    browser.stop().await;
}
