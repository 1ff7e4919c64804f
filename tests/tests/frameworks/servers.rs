//! Pages that a server makes: by Next.js and by a server of one's own with a policy and a nonce for each, and by Nuxt.

use std::path::Path;

use sayso_tests::browser::{Browser, Setup};
use sayso_tests::process;
use sayso_tests::stage::{click_in_widget, complain_in_widget};
use serde_json::json;
use tempfile::TempDir;
use tokio::process::Command;

use crate::website::{Ground, Website, run};
use crate::{WIDGET, complain_in_page, examples, folder, node};

/// The files of an example in a folder below that with the framework, where it looks for it.
fn application(name: &str, ground: &Ground) -> TempDir {
    let application = tempfile::tempdir_in(folder()).unwrap();
    let harness = folder().join(name);
    for source in [harness, examples().join(name)].iter().filter(|folder| folder.is_dir()) {
        copy(source, application.path(), ground);
    }
    application
}

fn copy(from: &Path, to: &Path, ground: &Ground) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let (path, to) = entry.map(|entry| (entry.path(), to.join(entry.file_name()))).unwrap();
        if path.is_dir() {
            copy(&path, &to, ground);
        } else {
            std::fs::write(to, ground.fill_in(&std::fs::read_to_string(path).unwrap())).unwrap();
        }
    }
}

fn next(command: &str, application: &Path) -> Command {
    let mut next = Command::new(node());
    next.arg(folder().join("node_modules/next/dist/bin/next")).arg(command).arg(application);
    next.env("NEXT_TELEMETRY_DISABLED", "1").env("NODE_ENV", "production");
    next
}

#[tokio::test(flavor = "multi_thread")]
async fn next_js() {
    let ground = Ground::prepare().await;
    let application = application("next", &ground);
    run(&mut next("build", application.path())).await;
    let port = ground.port.to_string();
    let website = Website::start(next("start", application.path()).args(["--port", &port]), &ground).await;

    strict_pages_work(&ground).await;
    the_form_is_in_the_page(&ground, "feedback").await;
    drop(website);
}

#[tokio::test(flavor = "multi_thread")]
async fn nuxt() {
    let ground = Ground::prepare().await;
    let application = application("nuxt", &ground);
    let mut build = Command::new(node());
    build.arg(folder().join("node_modules/nuxt/bin/nuxt.mjs")).arg("build").current_dir(application.path());
    run(build.env("NUXT_TELEMETRY_DISABLED", "1")).await;
    let mut server = Command::new(node());
    server.arg(application.path().join(".output/server/index.mjs")).env("PORT", ground.port.to_string());
    let website = Website::start(server.env("HOST", "localhost"), &ground).await;

    the_form_is_in_the_page(&ground, "").await;
    drop(website);
}

/// The server sends what is there before the form, nothing breaks when the framework takes over, and the form comes and sends.
async fn the_form_is_in_the_page(ground: &Ground, path: &str) {
    let address = format!("{}/{path}", ground.origin);
    let html = reqwest::get(&address).await.unwrap().text().await.unwrap();
    assert!(html.contains("<sayso-feedback") && html.contains("class=\"feedback\""), "{html}");
    assert!(!html.contains("<script async src=\"http"), "the widget is the browser's: {html}");

    let browser = Browser::start(Setup::default()).await;
    browser.note_refusals().await;
    let listen = "window.broken = []; const complain = console.error;\
        console.error = (...said) => { broken.push(String(said[0])); complain(...said) };\
        for (const name of ['error', 'unhandledrejection']) addEventListener(name, event => broken.push(event.type))";
    browser.devtools("Page.addScriptToEvaluateOnNewDocument", json!({"source": listen})).await;
    browser.driver.goto(&address).await.unwrap();
    complain_in_page(&browser).await;
    assert_eq!(browser.run("return [broken, refused]").await, json!([[], []]));
    browser.stop().await;
}

/// A server of one's own.
#[tokio::test(flavor = "multi_thread")]
async fn without_a_framework() {
    let ground = Ground::prepare().await;
    let mut server = Command::new(node());
    server.arg(examples().join("strict-csp/server.mjs")).arg(ground.port.to_string()).arg(&ground.collector.url);
    let website = Website::start(&mut server, &ground).await;
    strict_pages_work(&ground).await;
    drop(website);
}

/// The same with hashes and integrity, from what the command prints.
#[tokio::test(flavor = "multi_thread")]
async fn with_hashes_alone() {
    let ground = Ground::prepare().await;
    let command = ["site", "snippet", "acme", "--pinned", "--public-url", &ground.collector.url];
    let (done, printed) = process::run(ground.collector.data.path(), "", &command);
    assert!(done, "{printed}");
    let folder = tempfile::tempdir().unwrap();
    let snippet = folder.path().join("snippet.txt");
    std::fs::write(&snippet, printed).unwrap();
    let mut server = Command::new(node());
    server.arg(examples().join("strict-csp/hashes.mjs")).arg(ground.port.to_string()).arg(snippet);
    let website = Website::start(&mut server, &ground).await;
    let browser = Browser::start(Setup::default()).await;
    browser.note_refusals().await;
    browser.driver.goto(&ground.origin).await.unwrap();
    click_in_widget(&browser, "[part=launcher]").await;
    complain_in_widget(&browser).await;
    assert_eq!(browser.run("return refused").await, json!([]), "the policy refuses nothing");
    browser.stop().await;
    drop(website);
}

/// Everything works on each of two pages, under a nonce of its own, and the policy refuses nothing.
async fn strict_pages_work(ground: &Ground) {
    let browser = Browser::start(Setup::default()).await;
    browser.note_refusals().await;
    let mut nonces = Vec::new();
    for _ in 0..2 {
        browser.driver.goto(&ground.origin).await.unwrap();
        browser.find_in_widget("[part=launcher]").await;
        nonces.push(browser.run("return document.querySelector('script[data-site]').nonce").await);
        browser.click("[data-sayso-open]").await;
        browser.wait_for("the kind", &format!("{WIDGET}.querySelector('input[value=complaint]')?.checked")).await;
        complain_in_widget(&browser).await;
        assert_eq!(browser.run("return refused").await, json!([]), "the policy refuses nothing");
    }
    assert!(nonces[0].as_str().is_some_and(|nonce| nonce.len() > 20) && nonces[0] != nonces[1], "{nonces:?}");
    browser.stop().await;
}
