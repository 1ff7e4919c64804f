//! Passkeys with a device that Chromium plays: added, used instead of the password and after it, and taken away again.

use sayso::auth::Role;
use sayso::clock::MINUTE;
use sayso_tests::browser::{Browser, Setup};
use sayso_tests::{Database, TestApp};
use serde_json::json;
use thirtyfour::prelude::*;

use crate::stage::{self, PASSWORD};

/// A device with a built-in sensor, whose owner shows their finger whenever they are asked.
async fn plug_in(browser: &Browser) -> String {
    browser.devtools("WebAuthn.enable", json!({})).await;
    let options = json!({"protocol": "ctap2", "transport": "internal", "hasResidentKey": true, "hasUserVerification": true, "isUserVerified": true, "automaticPresenceSimulation": true});
    let added = browser.devtools("WebAuthn.addVirtualAuthenticator", json!({ "options": options })).await;
    added["authenticatorId"].as_str().unwrap().to_owned()
}

/// Whether the device's owner is who they should be.
async fn verify(browser: &Browser, device: &str, is_verified: bool) {
    let set = json!({"authenticatorId": device, "isUserVerified": is_verified});
    browser.devtools("WebAuthn.setUserVerified", set).await;
}

async fn sign_out(browser: &Browser, url: &str) {
    browser.driver.delete_all_cookies().await.unwrap();
    browser.driver.goto(format!("{url}/staff/sign-in")).await.unwrap();
}

async fn counted(app: &TestApp, select: &'static str) -> i64 {
    sayso::with_db!(&app.app.db, pool => sqlx::query_scalar(select).fetch_one(pool).await).unwrap()
}

async fn the_story(database: Database) {
    // Browsers know no passkeys of an IP address.
    let app = TestApp::spawn_working(database, |config| {
        config.public_url = config.public_url.replace("127.0.0.1", "localhost");
    })
    .await;
    let url = app.app.config.public_url.clone();
    stage::add_member(&app.app, "chen@acme.example", "Chen", Role::Manager).await;
    stage::add_member(&app.app, "lin@acme.example", "Lin", Role::Manager).await;
    let browser = Browser::start(Setup::default()).await;
    browser.driver.goto(format!("{url}/healthz")).await.unwrap();
    let device = plug_in(&browser).await;
    stage::sign_in(&browser, &url, "chen@acme.example").await;

    // Added with the password, it brings recovery codes along, since it may be lost.
    browser.driver.goto(format!("{url}/staff/account/second-factor")).await.unwrap();
    let form = "form[data-passkey=create]:not([hidden])";
    browser.find(&format!("{form} [name=name]")).await.send_keys("Work phone").await.unwrap();
    browser.find(&format!("{form} [name=password]")).await.send_keys("not the password").await.unwrap();
    browser.click(&format!("{form} button")).await;
    browser
        .wait_for(
            "that the password is wrong",
            &format!("document.querySelector('{form} [role=alert]').textContent === '当前密码不正确。'"),
        )
        .await;
    assert_eq!(counted(&app, "select count(*) from passkeys").await, 0);
    browser.run(&format!("document.querySelector('{form} [name=password]').value = ''")).await;
    browser.find(&format!("{form} [name=password]")).await.send_keys(PASSWORD).await.unwrap();
    browser.click(&format!("{form} button")).await;
    browser.wait_for("ten recovery codes", "document.querySelectorAll('code').length === 10").await;
    let recovery = browser.run("return document.querySelector('code').textContent").await;
    assert_eq!(counted(&app, "select count(*) from audit_log where action = 'member.passkey.add'").await, 1);
    browser.driver.goto(format!("{url}/staff/account/second-factor")).await.unwrap();
    browser.wait_for("its name", "document.querySelector('.passkeys')?.textContent.includes('Work phone')").await;
    browser.picture("passkeys").await;

    // Instead of the password.
    sign_out(&browser, &url).await;
    verify(&browser, &device, false).await;
    browser.click("form[data-passkey=get]:not([hidden]) button").await;
    browser
        .wait_for(
            "that a stranger's finger is none",
            "document.querySelector('form[data-passkey=get] [role=alert]').textContent.length > 5",
        )
        .await;
    verify(&browser, &device, true).await;
    browser.click("form[data-passkey=get] button").await;
    browser.wait_for("the start page", "location.pathname === '/staff'").await;
    assert!(counted(&app, "select count(*) from passkeys where used_at is not null").await == 1);

    // After the password, instead of a code; and of another member it is no answer.
    sign_out(&browser, &url).await;
    let give_password = async |email: &str| {
        browser.find("input[name=email]").await.send_keys(email).await.unwrap();
        let password = browser.find("input[name=password]").await;
        password.send_keys(PASSWORD).await.unwrap();
        password.send_keys(Key::Enter).await.unwrap();
        // The page of the first step has a form for passkeys as well.
        browser.wait_for("the second step", "location.pathname === '/staff/sign-in/code'").await;
    };
    give_password("chen@acme.example").await;
    browser.click("form[data-passkey=get]:not([hidden]) button").await;
    browser.wait_for("the start page", "location.pathname === '/staff'").await;

    // Whoever has lost the device has the codes.
    sign_out(&browser, &url).await;
    give_password("chen@acme.example").await;
    browser.find("#code").await.send_keys(recovery.as_str().unwrap()).await.unwrap();
    browser.click("form[action='/staff/sign-in/code'] button").await;
    browser.wait_for("the start page", "location.pathname === '/staff'").await;

    // An answer is of one ceremony: it does not count for the next, nor does one that was changed.
    sign_out(&browser, &url).await;
    let replayed = "const done = arguments[arguments.length - 1];\
        const begin = () => fetch('/staff/sign-in/passkey/begin', {method: 'POST'}).then(answer => answer.json());\
        const send = credential => fetch('/staff/sign-in/passkey', {method: 'POST', body: new URLSearchParams({credential}), redirect: 'manual'}).then(answer => answer.type + answer.status);\
        (async () => { const options = await begin();\
        const made = JSON.stringify(await navigator.credentials.get({publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options.publicKey ?? options)}));\
        const broken = JSON.parse(made); broken.response.signature = broken.response.signature.replace(/^.{8}/, 'AAAAAAAA');\
        const first = await send(JSON.stringify(broken)); const used = await send(made); await begin(); const other = await send(made);\
        done([first, used, other, await send('x'.repeat(30000)), await send('')]) })().catch(error => done(String(error)))";
    let answers = browser.driver.execute_async(replayed, vec![]).await.unwrap().json().clone();
    assert_eq!(answers, json!(["basic422", "basic422", "basic422", "basic422", "basic422"]));

    // Taken away, it is none any more.
    give_password("chen@acme.example").await;
    browser.click("form[data-passkey=get]:not([hidden]) button").await;
    browser.wait_for("the start page", "location.pathname === '/staff'").await;
    // Some minutes later the password alone is not enough for that; the passkey itself is.
    app.app.clock.advance(11 * MINUTE);
    browser.driver.goto(format!("{url}/staff/account/second-factor")).await.unwrap();
    browser.run("document.querySelector('.passkeys details').open = true").await;
    browser.find(".passkeys [name=password]").await.send_keys(PASSWORD).await.unwrap();
    browser.click(".passkeys form button").await;
    browser.wait_for("that the second factor is missing", "document.querySelector('.passkeys ~ .field-error')").await;
    browser.click("form[data-passkey=get]:not([hidden]) button").await;
    let anew = "location.pathname === '/staff/account/second-factor' && document.readyState === 'complete'";
    browser.wait_for("the page anew", anew).await;
    browser.run("document.querySelector('.passkeys details').open = true").await;
    browser.click(".passkeys form button").await;
    browser
        .wait_for("no passkey", "!document.querySelector('.passkeys') && document.querySelector('.notice.ok')")
        .await;
    sign_out(&browser, &url).await;
    browser.click("form[data-passkey=get]:not([hidden]) button").await;
    browser.wait_for("that it is not known", "document.querySelector('.notice.danger')").await;
    browser.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn passkeys_take_the_place_of_password_and_code_on_sqlite() {
    the_story(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn passkeys_take_the_place_of_password_and_code_on_postgres() {
    the_story(Database::Postgres).await;
}
