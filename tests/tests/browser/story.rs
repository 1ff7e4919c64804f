//! The whole way: a visitor complains in Chinese on the company's page, the team hears of it, an agent answers and resolves, the
//! customer reads it, rates, and comes back.

use reqwest::StatusCode;
use sayso::auth::Role;
use sayso::config::Secret;
use sayso::sites::targets::Target;
use sayso_tests::browser::{Browser, Setup};
use sayso_tests::company::Page;

use sayso_tests::{Client, Database, MailServer, WebhookReceiver, eventually};
use thirtyfour::prelude::*;

use crate::stage::{self, Stage, click_in_widget, type_in_widget};

const COMPLAINT: &str = "送货迟到了三天，没有人联系我。";
const ANSWER: &str = "非常抱歉，是我们排错了车次，运费已经退回。";
const STILL: &str = "运费还没有收到。";

async fn the_whole_story(database: Database) {
    let mail_server = MailServer::start().await;
    let receiver = WebhookReceiver::start().await;
    let smtp = mail_server.url();
    let stage = Stage::open(database, Page::default(), move |config| {
        config.smtp.url = Secret::from(smtp);
        config.dangerous_allow_private_targets = true;
    })
    .await;
    let app = &stage.collector.app;
    let collector = stage.collector.url.as_str();
    let site = stage.collector.site().await;
    Target::add_email(
        &app.db,
        &app.keys,
        &site,
        "team@acme.example",
        &[],
        &sayso::audit::Stamp::command(app.clock.now()),
    )
    .await
    .unwrap();
    let (_, secret) = Target::add_webhook(
        &app.db,
        &app.keys,
        &site,
        &receiver.url,
        &[],
        &sayso::audit::Stamp::command(app.clock.now()),
    )
    .await
    .unwrap();
    stage::add_member(app, "chen@acme.example", "陈师傅", Role::Agent).await;

    // The agent waits at the inbox before anything has happened.
    let staff = Browser::start(Setup { language: "zh-CN", ..Setup::default() }).await;
    stage::sign_in(&staff, collector, "chen@acme.example").await;

    // A visitor of the company's page complains.
    let visitor = Browser::start(Setup { language: "zh-CN", ..Setup::default() }).await;
    visitor.driver.goto(&stage.company.origin).await.unwrap();
    click_in_widget(&visitor, "[part=launcher]").await;
    click_in_widget(&visitor, "label.complaint").await;
    type_in_widget(&visitor, "#message", COMPLAINT).await;
    click_in_widget(&visitor, "#contact").await;
    type_in_widget(&visitor, "#name", "李雷").await;
    type_in_widget(&visitor, "#email", "li.lei@example.com").await;
    visitor.picture("story-1-form").await;
    click_in_widget(&visitor, "#send").await;
    let code = visitor.find_in_widget("#code").await.text().await.unwrap();
    assert!(sayso_shared::TrackingCode::parse(&code).is_ok(), "{code}");
    visitor.picture("story-2-thanks").await;

    // It appears in the inbox without a reload.
    staff.wait_for("the new case in the inbox", &format!("document.body.innerText.includes({COMPLAINT:?})")).await;
    staff.picture("story-3-inbox").await;

    // The team has its mail, the customer the receipt, and the webhook's signature verifies.
    let team = mail_server.wait_for("team@acme.example", 1).await;
    assert!(team[0].text().contains(COMPLAINT), "{}", team[0].text());
    let receipt = mail_server.wait_for("li.lei@example.com", 1).await;
    assert!(receipt[0].text().contains(&code) && receipt[0].text().contains("/t/"), "{}", receipt[0].text());
    let hook = &receiver.wait_for(1).await[0];
    hook.verify(&secret).unwrap();
    assert_eq!(hook.event(), "case.created");
    assert_eq!(
        (&hook.json()["data"]["case"]["message"], &hook.json()["data"]["case"]["code"]),
        (&COMPLAINT.into(), &code.as_str().into())
    );

    // The agent takes the case, answers and resolves it.
    staff.driver.find(By::PartialLinkText(COMPLAINT)).await.unwrap().click().await.unwrap();
    staff.find("#reply").await.send_keys(ANSWER).await.unwrap();
    staff.click("input[name=then][value=resolve]").await;
    staff.run("document.querySelector('#reply-form [name=outcome]').value = 'upheld'").await;
    staff.picture("story-4-case").await;
    staff.click("#reply-form button.primary").await;
    staff.wait_for("the case is resolved", "document.querySelector('[data-status=resolved]')").await;
    staff.picture("story-5-resolved").await;

    // The customer reads the answer by mail and under the code, and rates it.
    let answered = mail_server.wait_for("li.lei@example.com", 2).await;
    assert!(answered[1].text().contains(ANSWER) && answered[1].text().contains("#rate"), "{}", answered[1].text());
    visitor.driver.goto(format!("{collector}/t/{code}")).await.unwrap();
    visitor.wait_for("the answer", &format!("document.body.innerText.includes({ANSWER:?})")).await;
    visitor.picture("story-6-status").await;
    visitor.click("label:has(input[name=score][value=\"5\"])").await;
    visitor.click("form[action$=satisfaction] button").await;
    visitor
        .wait_for(
            "the case is closed",
            "document.querySelector('.step:last-child')?.getAttribute('aria-current') === 'step'",
        )
        .await;

    // It was not solved after all: the case is reopened, and the agent sees it at once.
    visitor.run("document.querySelector('#not-solved').open = true").await;
    visitor.find("#still").await.send_keys(STILL).await.unwrap();
    visitor.click("form[action$=not-solved] button").await;
    visitor
        .wait_for(
            "the case is looked into",
            "document.querySelectorAll('.step')[1]?.getAttribute('aria-current') === 'step'",
        )
        .await;
    visitor.picture("story-7-reopened").await;
    staff
        .wait_for("the customer's words on the open case page", &format!("document.body.innerText.includes({STILL:?})"))
        .await;
    // Of the rating before it the team hears as well, and which mail is the second depends on how fast the machine is.
    eventually("the team hears of it", || async {
        mail_server.wait_for("team@acme.example", 1).await.iter().any(|mail| mail.text().contains(STILL))
    })
    .await;
    for hook in receiver.wait_for(5).await {
        hook.verify(&secret).unwrap();
    }

    let public = Client::new(collector).get(&format!("/api/v1/feedback/{code}")).await;
    assert_eq!((public.status, public.json()["stage"].as_str()), (StatusCode::OK, Some("being_looked_into")));
    staff.stop().await;
    visitor.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_story_on_sqlite() {
    the_whole_story(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_story_on_postgres() {
    the_whole_story(Database::Postgres).await;
}
