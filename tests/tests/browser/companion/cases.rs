//! The customer's cases, in the panel.

use sayso::auth::Role;
use sayso::cases::staff::{self, Body, FollowUp, Resolution};
use sayso::cases::{Case, Outcome};
use sayso_tests::TestApp;
use sayso_tests::browser::{Connection, Setup};
use sayso_tests::company::Page;
use serde_json::{Value, json};

use super::Visit;
use crate::identity::signer;
use crate::stage::{add_member, click_in_widget, complain_in_widget, type_in_widget};

const KEPT: &str = "return localStorage['sayso:acme:cases'] ?? null";

impl Visit {
    /// Writes in the form that is open, and gives the code.
    async fn complain(&self) -> String {
        complain_in_widget(&self.browser).await
    }

    async fn show_cases(&self) {
        click_in_widget(&self.browser, "#mine").await;
        self.browser.find_in_widget("#mine-title").await;
    }

    /// Somebody of the staff writes to the customer, and resolves the case.
    pub(super) async fn answer(&self, code: &str, words: &str) {
        let app = &self.stage.collector.app;
        let case = Case::by_code(app, code).await.unwrap();
        let member = add_member(app, &format!("{}-{}@acme.example", case.id, words.len()), "Chen", Role::Admin).await;
        let resolution = Resolution { outcome: Some(Outcome::Upheld), remedy: None, cost: None };
        let body = Body::parse(words).unwrap();
        staff::reply(app, &case.id, &member, &body, FollowUp::Resolve(resolution)).await.unwrap();
    }

    async fn badges(&self) -> Value {
        self.browser
            .run(
                "return performance.getEntriesByType('resource').filter(entry => entry.name.includes('/badge')).length",
            )
            .await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_conversation_takes_place_in_the_panel() {
    let visit = Visit::usual().await;
    let code = visit.complain().await;
    visit.answer(&code, "We have sent a new one.").await;

    // The badge tells of it on a page ten minutes later, by one request, and the customer looks.
    let later = "const kept = JSON.parse(localStorage['sayso:acme:cases']); localStorage['sayso:acme:cases'] = JSON.stringify({ ...kept, told: [] })";
    visit.browser.run(later).await;
    visit.forget_answers().await;
    visit.browser.driver.goto(&visit.stage.company.origin).await.unwrap();
    visit.wait_for("the badge", "root.querySelector('.launcher').dataset.answers == '1'").await;
    assert_eq!(visit.run("return root.querySelector('.launcher').ariaLabel").await, json!("Feedback, 1 new reply"));
    visit.browser.picture("companion-badge").await;
    visit.come().await;
    assert_eq!(visit.text("#mine").await, "My cases · 1 new reply");
    assert_eq!(visit.badges().await, json!(0), "within ten minutes nobody asks again");
    visit.show_cases().await;
    assert_eq!(visit.text(".case .stage").await, "Answered");
    assert_eq!(visit.text(".case .new").await, "New reply");
    assert_eq!(visit.text(".case .excerpt").await, "The drawer is stuck.");
    visit.wait_for("it is seen", "!root.querySelector('.launcher').dataset.answers").await;

    click_in_widget(&visit.browser, ".case").await;
    visit
        .wait_for(
            "the answer",
            "root.querySelector('.conversation [data-by=staff] .body')?.textContent == 'We have sent a new one.'",
        )
        .await;
    assert_eq!(visit.run("return root.activeElement.id").await, json!("case-title"));
    visit.browser.picture("companion-case").await;

    // Not solved: the case goes back to work.
    click_in_widget(&visit.browser, "#not-solved").await;
    click_in_widget(&visit.browser, "#reply-send").await;
    assert_eq!(visit.text("#reply-error").await, "Please write a few words.");
    type_in_widget(&visit.browser, "#reply", "It is stuck as well.").await;
    click_in_widget(&visit.browser, "#reply-send").await;
    visit.wait_for("it is looked into", "root.querySelector('.standing').dataset.state == 'being_looked_into'").await;
    visit
        .wait_for(
            "what was written",
            "[...root.querySelectorAll('[data-by=you] .body')].at(-1).textContent == 'It is stuck as well.'",
        )
        .await;

    visit.answer(&code, "Now it opens.").await;
    click_in_widget(&visit.browser, "#back").await;
    visit.wait_for("the newer answer", "root.querySelector('.case .new')").await;
    click_in_widget(&visit.browser, ".case").await;
    click_in_widget(&visit.browser, ".rate label:nth-of-type(5) input").await;
    type_in_widget(&visit.browser, "#rate-comment", "Quick in the end.").await;
    click_in_widget(&visit.browser, "#rate-send").await;
    visit.wait_for("it is closed", "root.querySelector('.standing').dataset.state == 'closed'").await;
    // Who thinks better of it rates once more.
    click_in_widget(&visit.browser, ".rate label:nth-of-type(3) input").await;
    click_in_widget(&visit.browser, "#rate-send").await;
    visit.wait_for("no error", "!root.querySelector('.rate .error')").await;
    let score = "select score from satisfactions";
    sayso_tests::eventually("the second rating", || async {
        let score: i64 =
            sayso::with_db!(&visit.stage.collector.app.db, pool => sqlx::query_scalar(score).fetch_one(pool).await)
                .unwrap();
        score == 3
    })
    .await;
    let public = visit.stage.collector.client().get(&format!("/api/v1/feedback/{code}")).await.json();
    assert_eq!(public["stage"], "closed");
    click_in_widget(&visit.browser, "#back").await;
    click_in_widget(&visit.browser, "#home").await;
    visit.wait_for("the form", "!root.querySelector('#body').hidden").await;
    visit.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_of_another_device_opens_its_case() {
    let visit = Visit::usual().await;
    visit.stage.collector.set_site(&[&format!("origins+={}", TestApp::ORIGIN)]).await;
    let code = visit.stage.collector.client().complain("The sofa squeaks.", "li@example.com").await;
    visit.show_cases().await;
    assert!(visit.text(".empty").await.starts_with("There is nothing here yet."));
    for (typed, said) in
        [("7QK4", "This is not a tracking code."), ("0000-0000-0000-0", "We can’t find a case with this code.")]
    {
        visit.run("root.querySelector('#enter-code').value = ''").await;
        type_in_widget(&visit.browser, "#enter-code", typed).await;
        click_in_widget(&visit.browser, ".by-code .second").await;
        visit
            .wait_for(said, &format!("root.querySelector('#enter-code-error')?.textContent.startsWith({said:?})"))
            .await;
    }
    visit.run("root.querySelector('#enter-code').value = ''").await;
    type_in_widget(&visit.browser, "#enter-code", &code.to_lowercase().replace('-', " ")).await;
    click_in_widget(&visit.browser, ".by-code .second").await;
    visit.wait_for("the case", &format!("root.querySelector('.code output')?.textContent == '{code}'")).await;
    // From now on it is among those of this browser, until its customer does not want that.
    click_in_widget(&visit.browser, "#back").await;
    assert_eq!(visit.text(".case .excerpt").await, "The sofa squeaks.");
    click_in_widget(&visit.browser, "#keep-codes").await;
    visit.browser.find_in_widget(".empty").await;
    click_in_widget(&visit.browser, "#home").await;
    visit.complain().await;
    assert!(!visit.browser.run(KEPT).await.to_string().contains("code\\\":"), "nothing is kept any more");
    visit.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_sees_all_of_theirs_and_nobody_what_was_the_last_ones() {
    let visit = Visit::usual().await;
    let sign = signer(&visit.stage).await;
    let until = visit.stage.collector.app.clock.now() / 1_000 + 300;
    let token = |sub: &str| sign(json!({"sub": sub, "exp": until}));
    visit.browser.run(&format!("Sayso('identify', '{}')", token("u-1"))).await;
    visit.complain().await;
    sayso::jobs::run_due(&visit.stage.collector.app).await.unwrap();
    // Another device, which keeps nothing yet.
    visit.browser.run("localStorage.clear()").await;
    visit.come().await;
    visit.browser.run(&format!("Sayso('identify', '{}')", token("u-1"))).await;
    visit.show_cases().await;
    assert_eq!(visit.text(".case .excerpt").await, "The drawer is stuck.");
    visit.browser.run("Sayso('identify', null)").await;
    visit.browser.find_in_widget(".empty").await;
    assert_eq!(visit.browser.run(KEPT).await, json!(null));
    visit.browser.run(&format!("Sayso('identify', '{}')", token("u-2"))).await;
    visit.wait_for("nothing of the first", "root.querySelector('.empty') && !root.querySelector('.case')").await;
    visit.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_goes_with_its_files_and_without_numbers_of_cards() {
    let visit = Visit::usual().await;
    let code = visit.complain().await;
    click_in_widget(&visit.browser, "#again").await;
    visit.show_cases().await;
    click_in_widget(&visit.browser, ".case").await;
    // All that was written, and not its beginning alone.
    visit
        .wait_for(
            "the conversation",
            "root.querySelector('.conversation .body')?.textContent == 'The drawer is stuck.'",
        )
        .await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("order.txt");
    std::fs::write(&path, "Order 7").unwrap();
    visit.browser.find_in_widget("#reply-files input").await.send_keys(path.to_str().unwrap()).await.unwrap();
    visit
        .wait_for("the file has left", "root.querySelector('.write .files small')?.textContent.includes('ready')")
        .await;
    type_in_widget(&visit.browser, "#reply", "I paid with 4111 1111 1111 1111 from DE89 3704 0044 0532 0130 00.").await;
    visit
        .wait_for(
            "what is hidden",
            "root.querySelector('.write #masks:not([hidden])')?.textContent.includes('card number')",
        )
        .await;
    click_in_widget(&visit.browser, "#keep-unmasked").await;
    visit.browser.run("const post = fetch; window.sent = []; window.fetch = (request, ...all) => { request.clone?.().text().then(text => sent.push(text)); return post(request, ...all) }").await;
    visit.browser.picture("companion-reply").await;
    click_in_widget(&visit.browser, "#reply-send").await;
    visit.wait_for("it has arrived", "root.querySelectorAll('.conversation li').length == 2").await;
    let sent = visit.browser.run("return sent.find(text => text.includes('body'))").await.as_str().unwrap().to_owned();
    assert!(sent.contains("DE89 3704") && !sent.contains("4111 1111"), "{sent}");
    visit
        .wait_for("an empty list", "!root.querySelector('.write .files') && root.querySelector('#reply').value == ''")
        .await;
    let case = visit.stage.collector.client().get(&format!("/api/v1/feedback/{code}")).await.json().clone();
    let message = &case["messages"][0];
    assert_eq!(message["attachments"][0]["name"], "order.txt");
    assert_eq!(message["body"], "I paid with •••• •••• •••• 1111 from DE89 3704 0044 0532 0130 00.");
    visit.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nothing_may_be_kept_no_code_is() {
    let visit = Visit::begin(Page::with("data-draft=off"), Setup::default()).await;
    visit.complain().await;
    assert_eq!(visit.browser.run(KEPT).await, json!(null));
    assert_eq!(visit.badges().await, json!(0));
    visit.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_that_could_not_be_sent_is_there_on_the_next_page() {
    let visit = Visit::usual().await;
    let code = visit.complain().await;
    click_in_widget(&visit.browser, "#again").await;
    visit.show_cases().await;
    click_in_widget(&visit.browser, ".case").await;
    type_in_widget(&visit.browser, "#reply", "From the train.").await;
    visit.browser.set_connection(Connection::Offline).await;
    click_in_widget(&visit.browser, "#reply-send").await;
    visit.browser.find_in_widget("#reply-error").await;
    visit.browser.set_connection(Connection::Online).await;
    visit.come().await;
    visit.show_cases().await;
    click_in_widget(&visit.browser, ".case").await;
    visit.wait_for("what was written", "root.querySelector('#reply')?.value == 'From the train.'").await;
    click_in_widget(&visit.browser, "#reply-send").await;
    visit.wait_for("it has arrived", "root.querySelectorAll('.conversation li').length == 2").await;
    let kept = visit.browser.run("return localStorage['sayso:acme:replies'] ?? null").await;
    assert_eq!(kept, json!(null), "what was sent is kept no more");
    let case = visit.stage.collector.client().get(&format!("/api/v1/feedback/{code}")).await.json().clone();
    assert_eq!(case["messages"][0]["body"], "From the train.");
    visit.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resolved_case_leads_to_its_survey() {
    let visit = Visit::usual().await;
    let survey = "[[survey]]\nkey = 'ease'\nkind = 'ces'\nsite = 'acme'\nchannels = ['widget']\ntitle = { en = 'Was it easy?' }\n";
    visit.stage.collector.apply_service(survey).await;
    visit.stage.collector.app.clock.advance(1_000);
    let code = visit.complain().await;
    visit.answer(&code, "We have sent a new one.").await;
    click_in_widget(&visit.browser, "#again").await;
    visit.show_cases().await;
    click_in_widget(&visit.browser, ".case").await;
    assert_eq!(visit.text("#ask").await, "Was it easy?");
    click_in_widget(&visit.browser, "#ask").await;
    visit.browser.find_in_widget("#survey iframe").await.enter_frame().await.unwrap();
    visit.browser.click("label:has(input[value='6'])").await;
    visit.browser.click("form button.primary").await;
    visit.browser.find("[data-answered]").await;
    visit.browser.driver.enter_default_frame().await.unwrap();
    visit.end().await;
}
