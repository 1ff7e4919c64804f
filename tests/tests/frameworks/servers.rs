//! Pages that a server makes, with a policy and a nonce for each: by Next.js and without.

use sayso_tests::browser::{Browser, Setup};
use sayso_tests::stage::complain_in_widget;
use serde_json::json;
use tokio::process::Command;

use crate::website::{Ground, Website, run};
use crate::{WIDGET, examples, folder, node};

fn next(command: &str, application: &std::path::Path) -> Command {
    let mut next = Command::new(node());
    next.arg(folder().join("node_modules/next/dist/bin/next")).arg(command).arg(application);
    next.env("NEXT_TELEMETRY_DISABLED", "1").env("NODE_ENV", "production");
    next
}

#[tokio::test(flavor = "multi_thread")]
async fn next_js() {
    let ground = Ground::prepare().await;
    // Below the folder with the framework, where it looks for it.
    let application = tempfile::tempdir_in(folder()).unwrap();
    std::fs::create_dir(application.path().join("app")).unwrap();
    for file in ["proxy.js", "app/layout.jsx", "app/page.jsx"] {
        let text = std::fs::read_to_string(examples().join("next").join(file)).unwrap();
        std::fs::write(application.path().join(file), ground.fill_in(&text)).unwrap();
    }
    run(&mut next("build", application.path())).await;
    let port = ground.port.to_string();
    let website = Website::start(next("start", application.path()).args(["--port", &port]), &ground).await;

    strict_pages_work(&ground).await;
    drop(website);
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

/// Everything works on each of two pages, under a nonce of its own, and the policy refuses nothing.
async fn strict_pages_work(ground: &Ground) {
    let browser = Browser::start(Setup::default()).await;
    browser.note_refusals().await;
    let mut nonces = Vec::new();
    for _ in 0..2 {
        browser.driver.goto(&ground.origin).await.unwrap();
        browser.find_in_widget("[part=launcher]").await;
        nonces.push(browser.run("return document.querySelector('script[data-site]').nonce").await);
        browser.find("[data-sayso-open]").await.click().await.unwrap();
        browser.wait_for("the kind", &format!("{WIDGET}.querySelector('input[value=complaint]')?.checked")).await;
        complain_in_widget(&browser).await;
        assert_eq!(browser.run("return refused").await, json!([]), "the policy refuses nothing");
    }
    assert!(nonces[0].as_str().is_some_and(|nonce| nonce.len() > 20) && nonces[0] != nonces[1], "{nonces:?}");
    browser.stop().await;
}
