//! The customers' pages and the console.

use sayso::audit::Stamp;
use sayso::auth::Role;
use sayso::auth::invitations::{self, NewInvitation};
use sayso::auth::member::{Email, Name};
use sayso::console::settings::form::Kind;
use sayso::sites::targets::Target;
use sayso_tests::{Database, TestApp};

use super::{CHINESE_DARK, ENGLISH_LIGHT, Inspector, System, TAIWANESE_LIGHT, console_language};
use crate::stage;

async fn the_customers_pages(system: System) {
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
    inspector.open(&format!("{collector}/receipt"), "checking a receipt").await;
    inspector.browser.find("#receipt").await.send_keys("no receipt").await.unwrap();
    inspector.click("form button.primary").await;
    inspector.browser.find("[role=alert]").await;
    inspector.look("what is no receipt").await;
    inspector.open(&format!("{collector}/problems/invalid"), "problem").await;
    inspector.open(&format!("{collector}/no/such/page"), "not found").await;
    inspector.stop().await;
}

/// Surveys of two kinds.
async fn set_surveys(app: &TestApp) {
    const SURVEYS: &str = r#"
[[survey]]
key = "features"
kind = "kano"
site = "acme"
title = { en = "What would you like?", zh-Hans = "您想要什么？" }
items = [{ key = "tracking", text = { en = "Live tracking", zh-Hans = "实时查询" } }, { key = "wrapping", text = { en = "Gift wrapping", zh-Hans = "礼品包装" } }]
[[survey]]
key = "recommend"
kind = "nps"
site = "acme"
title = { en = "Would you recommend us?" }
"#;
    app.apply_service(SURVEYS).await;
}

/// Somebody who is invited; gives the path of their link.
async fn invite(app: &TestApp) -> String {
    let new = NewInvitation {
        email: Email::parse("mei@acme.example").unwrap(),
        name: Name::parse("Mei Chen").unwrap(),
        role: Role::Agent,
        teams: Vec::new(),
        lang: None,
    };
    let invited = invitations::invite(&app.app.db, &new, &Stamp::command(app.app.clock.now())).await.unwrap();
    invited.unwrap().path(&app.app.keys).unwrap()
}

async fn the_console(system: System) {
    let provider = "issuer = \"https://login.example.com\"\nclient_id = \"sayso\"\nlabel = \"Acme ID\"";
    let provider = toml::from_str(provider).unwrap();
    let app =
        TestApp::spawn_working(Database::Sqlite, |config| drop(config.oidc.insert("acme".to_owned(), provider))).await;
    let collector = app.url.as_str();
    let link = invite(&app).await;
    let code = app.client().complain("送货迟到了三天，没有人联系我。", "lin@example.com").await;
    // Sent without having been opened, so it is suspected.
    let spam =
        [("kind", "praise"), ("message", "Great site! Cheap watches at https://watches.example"), ("website", "x")];
    app.client().post_form("/s/acme", &spam).await;
    stage::add_member(&app.app, "chen@acme.example", "陈师傅", Role::Admin).await;
    app.set_site(&["public_record=true"]).await;
    set_surveys(&app).await;
    let stamp = Stamp::command(app.app.clock.now());
    let site = app.site().await;
    let added =
        Target::add_webhook(&app.app.db, &app.app.keys, &site, "https://crm.acme.example/hook", &[], &stamp).await;
    let (target, _) = added.unwrap();
    let mut inspector = Inspector::start(system).await;
    inspector.open(&format!("{collector}{link}"), "invitation").await;
    inspector.send_unchecked("form").await;
    inspector.browser.find("#password-error").await;
    inspector.look("invitation with an error").await;
    inspector.browser.picture(&format!("invitation-{}", system.1)).await;
    inspector.open(&format!("{collector}/staff/join/none"), "invitation that works no more").await;
    inspector.open(&format!("{collector}/staff/sign-in/with/acme/callback"), "account that did not get in").await;
    inspector.browser.picture(&format!("company-account-{}", system.1)).await;
    inspector.open(&format!("{collector}/staff/sign-in"), "sign-in").await;
    inspector.browser.find("#email").await.send_keys("chen@acme.example").await.unwrap();
    inspector.browser.find("#password").await.send_keys("not the password").await.unwrap();
    inspector.click("form button.primary").await;
    inspector.browser.find("[role=alert]").await;
    inspector.look("sign-in with a wrong password").await;
    stage::sign_in(&inspector.browser, collector, "chen@acme.example").await;
    let language = console_language(system);
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
        ("/staff", "today"),
        ("/staff/new", "entering a case"),
        ("/staff/new?phone=13800138000", "entering a case of an unknown caller"),
        ("/staff/alarms", "alarms"),
        ("/staff/customers", "customers"),
        ("/staff/start", "start"),
        ("/staff/settings", "settings"),
        ("/staff/settings/edit", "changing settings"),
        ("/staff/targets", "targets"),
        ("/staff/settings/object?kind=survey&from=servqual", "a survey from a questionnaire"),
        ("/staff/members", "members"),
        ("/staff/mail", "mail"),
        ("/staff/audit", "audit log"),
        ("/staff/tokens", "tokens"),
        ("/staff/account/away", "away"),
        ("/staff/account/sessions", "sessions"),
        ("/staff/account/second-factor", "second factor"),
        ("/staff/reports", "reports"),
        ("/staff/reports/overview", "overview"),
        ("/staff/reports/management", "management report"),
        ("/staff/reports/overview?by=week", "overview by week"),
        ("/staff/reports/promises?by=weekday_hour", "promises by hour"),
        ("/staff/reports/quality", "quality"),
        ("/staff/reports/causes?by=category", "causes"),
        ("/staff/surveys", "surveys"),
        ("/staff/surveys/features/answers", "typing in answers"),
        ("/staff/surveys/features/paper", "a survey on paper"),
        ("/s/acme/survey/features", "survey"),
        ("/s/acme/survey/recommend?lang=zh-Hant", "survey of one question"),
        ("/s/acme/survey/recommend?done=1", "thanks for answers"),
        ("/s/acme/record", "service record"),
    ] {
        inspector.open(&format!("{collector}{path}"), what).await;
        if ["audit log", "members", "sessions", "second factor"].contains(&what) {
            inspector.browser.picture(&format!("{}-{language}", what.replace(' ', "-"))).await;
        }
    }
    inspector.open(&format!("{collector}/staff/targets/{target}"), "a target").await;
    inspector.browser.picture(&format!("target-{language}")).await;
    for kind in Kind::ALL {
        let page = format!("{collector}/staff/settings/object?kind={}", kind.as_str());
        inspector.open(&page, &format!("a new {}", kind.as_str())).await;
    }
    inspector.browser.driver.goto(format!("{collector}/staff/members")).await.unwrap();
    inspector.send_unchecked("form[action$=invite]").await;
    inspector.browser.find("#email-error").await;
    inspector.look("members with errors").await;
    inspector.browser.driver.goto(format!("{collector}/staff/account/second-factor")).await.unwrap();
    inspector.browser.find("#password").await.send_keys(stage::PASSWORD).await.unwrap();
    inspector.click("form[action$=begin] button").await;
    inspector.browser.find("svg.qr").await;
    inspector.look("second factor that is set up").await;
    inspector.browser.picture(&format!("second-factor-set-up-{language}")).await;
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
    inspector.click("button[formaction*='/preview']").await;
    inspector.browser.find("#preview").await;
    inspector.look("preview of a reply").await;
    inspector
        .browser
        .run("document.querySelector('input[name=then][value=resolve]').scrollIntoView({ block: 'center' })")
        .await;
    inspector.click("input[name=then][value=resolve]").await;
    inspector.look("case about to be resolved").await;
    inspector.browser.run("document.querySelector('#reply-form [name=outcome]').value = 'upheld'").await;
    inspector.click("#reply-form button.primary").await;
    inspector.browser.find("[data-live-region=head] [data-status=resolved]").await;
    inspector.look("resolved case").await;
    inspector.click("a[href^=\"/staff/customers/\"]").await;
    inspector.browser.find("#representative").await;
    inspector.look("customer").await;
    inspector.click("details:has(#erase-sure) summary").await;
    inspector.look("customer about to be erased").await;
    inspector.browser.picture(&format!("customer-{language}")).await;

    // The customer, whose browser knows no member, finds the answer, with the rating open.
    inspector.browser.driver.delete_all_cookies().await.unwrap();
    inspector.open(&format!("{collector}/t/{code}#rate"), "status, answered").await;
    inspector.click("label:has(input[name=score][value=\"5\"])").await;
    inspector.look("status, about to be rated").await;
    inspector.click("form[action$=satisfaction] button.primary").await;
    inspector.browser.find(".step:last-child[aria-current]").await;
    inspector.look("status, closed").await;
    inspector.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_customers_pages_have_no_barriers() {
    the_customers_pages(ENGLISH_LIGHT).await;
    the_customers_pages(CHINESE_DARK).await;
    the_customers_pages(TAIWANESE_LIGHT).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_console_has_no_barriers() {
    the_console(ENGLISH_LIGHT).await;
    the_console(CHINESE_DARK).await;
    the_console(TAIWANESE_LIGHT).await;
}
