//! The status page: what it shows, and what a customer can do on it.

use reqwest::{Method, StatusCode};
use sayso::cases::Case;
use sayso::cases::staff::{self, Body, FollowUp, Resolution};
use sayso::clock::DAY;
use sayso_tests::{Database, Options, TestApp, on_both_databases};

use super::{Form, MEMBER, add_member, answer, count, follow, page, send, status_of, upheld};

on_both_databases! {
    async fn a_code_is_read_leniently_and_leads_to_one_address(app: TestApp) {
        let client = app.client();
        let code = app.client().complain("迟到了", "li@example.com").await;
        let typed = code.to_lowercase().replace('-', "").replace('0', "o").replace('1', "l");
        let moved = client.get(&format!("/t/{typed}?lang=zh-Hans")).await;
        assert_eq!((moved.status, moved.location()), (StatusCode::SEE_OTHER, format!("/t/{code}?lang=zh-Hans").as_str()));
        let form = Form::of(&page(&client, "/t/").await.body, "/t/").with("code", &format!(" {typed} "));
        let found = send(&client, &form).await;
        assert_eq!(found.location(), format!("/t/{code}"));
        let shown = follow(&client, &found).await;
        assert!(shown.body.contains("迟到了") && shown.body.contains(&code) && !shown.body.contains("li@example.com"));
        assert!(!shown.body.split("</title>").next().unwrap().contains(&code));
        assert!(shown.body.contains("aria-current=\"step\">Received"));
        assert_eq!(shown.header("referrer-policy"), "same-origin");
    }

    async fn wrong_codes_all_get_the_same_answer(app: TestApp) {
        let client = app.client();
        let code = app.client().complain("x", "li@example.com").await;
        let mistyped: String = { let mut c: Vec<char> = code.chars().collect(); c[0] = if c[0] == '2' { '3' } else { '2' }; c.into_iter().collect() };
        let unknown = sayso_shared::TrackingCode::from_random([9; 12]).to_string();
        let mut bodies = std::collections::BTreeSet::new();
        for typed in [mistyped.as_str(), unknown.as_str(), "hello"] {
            let posted = client.post_form("/t/", &[("code", typed)]).await;
            let got = client.get(&format!("/t/{typed}")).await;
            for answer in [posted, got] {
                assert_eq!(answer.status, StatusCode::NOT_FOUND);
                assert!(answer.body.contains("We can’t find a case with this code"));
                // The language links repeat nothing of the code, so apart from what was typed the pages are equal.
                bodies.insert(answer.body.replace(typed, "TYPED"));
            }
        }
        assert_eq!(bodies.len(), 1);
        assert_eq!(client.get("/t/%FF").await.status, StatusCode::NOT_FOUND);
        let posted = client.post_form(&format!("/t/{unknown}/messages"), &[("body", "x")]).await;
        assert_eq!(posted.status, StatusCode::NOT_FOUND);
    }

    async fn the_conversation_goes_both_ways(app: TestApp) {
        add_member(&app).await;
        let client = app.client();
        let code = client.complain("The sofa came torn", "li@example.com").await;
        let path = format!("/t/{code}");
        answer(&app, &code, "Which corner is torn?", FollowUp::Wait).await;
        let case = Case::by_code(&app.app, &code).await.unwrap();
        staff::add_note(&app.app, &case.id, MEMBER, &Body::parse("a difficult one").unwrap()).await.unwrap();
        let shown = page(&client, &path).await;
        assert!(shown.body.contains("Which corner is torn?") && shown.body.contains("Lin · Acme Home"));
        assert!(shown.body.contains("class=\"step yours\" aria-current=\"step\"") && !shown.body.contains("difficult"));
        let form = Form::of(&shown.body, &format!("{path}/messages")).with("body", "The left one");
        let sent = send(&client, &form).await;
        assert_eq!(sent.location(), format!("{path}?done=reply"));
        assert!(follow(&client, &sent).await.body.contains("role=\"status\""));
        assert_eq!(send(&client, &form).await.status, StatusCode::SEE_OTHER, "sent twice");
        assert_eq!((count(&app, "messages").await, status_of(&app, &code).await), (3, "in_progress".into()));
        let fresh = Form::of(&page(&client, &path).await.body, &format!("{path}/messages"));
        assert_ne!(fresh.get("key"), form.get("key"));
    }

    async fn mistakes_keep_what_was_typed(app: TestApp) {
        let client = app.client();
        let code = client.complain("x", "li@example.com").await;
        let action = format!("/t/{code}/messages");
        let form = Form::of(&page(&client, &format!("/t/{code}")).await.body, &action);
        for (typed, said) in [("", "请填写内容。"), (&*"长".repeat(10_001), "最多 10,000 个字")] {
            let form = Form { action: format!("{action}?lang=zh-Hans"), ..form.clone().with("body", typed) };
            let refused = send(&client, &form).await;
            assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
            assert!(refused.body.contains(said) && refused.body.contains("aria-invalid=\"true\""));
            let kept = Form::of(&refused.body, &action);
            assert_eq!((kept.get("body"), kept.get("key")), (typed, form.get("key")));
        }
        let back = client.get(&action).await;
        assert_eq!(back.location(), format!("/t/{code}"), "reloading the refused form leads back to the case");
        let foreign = client.request(Method::POST, &action).header("origin", "https://evil.example").form(&[("body", "x")]);
        assert_eq!(client.send(foreign).await.status, StatusCode::FORBIDDEN);
        assert_eq!(count(&app, "messages").await, 0);
    }

    async fn a_good_rating_closes(app: TestApp) {
        add_member(&app).await;
        let client = app.client();
        let code = client.complain("x", "li@example.com").await;
        let (path, action) = (format!("/t/{code}"), format!("/t/{code}/satisfaction"));
        assert!(!page(&client, &path).await.body.contains("id=\"rate\""), "there is nothing to rate yet");
        answer(&app, &code, "We refund it.", upheld()).await;
        let shown = page(&client, &path).await;
        for text in ["id=\"rate\"", "You were right. We uphold your complaint.", "Refund of the delivery fee", "We refund it."] {
            assert!(shown.body.contains(text), "{text}");
        }
        assert_eq!(count(&app, "satisfactions").await, 0, "looking records nothing");
        let empty = send(&client, &Form::of(&shown.body, &action).with("comment", "thanks")).await;
        assert_eq!(empty.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(empty.body.contains("Please choose a score from 1 to 5."));
        let form = Form::of(&empty.body, &action);
        assert_eq!(form.get("comment"), "thanks");
        let sent = send(&client, &form.with("score", "5")).await;
        assert_eq!((sent.location(), status_of(&app, &code).await), (format!("{path}?done=rating").as_str(), "closed".into()));
        assert!(follow(&client, &sent).await.body.contains("data-score=\"5\""));
    }

    async fn not_solved_reopens(app: TestApp) {
        add_member(&app).await;
        let client = app.client();
        let code = client.complain("x", "li@example.com").await;
        let path = format!("/t/{code}");
        answer(&app, &code, "Done.", upheld()).await;
        let shown = page(&client, &path).await;
        let form = Form::of(&shown.body, &format!("{path}/not-solved"));
        let empty = send(&client, &form).await;
        assert!(empty.status == StatusCode::UNPROCESSABLE_ENTITY && empty.body.contains("id=\"still-error\""));
        let sent = send(&client, &form.with("body", "It is still torn")).await;
        assert_eq!(sent.location(), format!("{path}?done=not-solved"));
        let case = Case::by_code(&app.app, &code).await.unwrap();
        assert_eq!((case.status.as_str(), case.reopened_count), ("in_progress", 1));
        let open = follow(&client, &sent).await;
        assert!(open.body.contains("We have reopened your case."), "{}", open.body);
        assert!(!open.body.contains("uphold your complaint"), "the outcome no longer stands");
        for text in ["Result before the case was reopened", "<dd>Upheld</dd>", "Refund of the delivery fee"] {
            assert!(open.body.contains(text), "{text}");
        }
        // The same by the rating: a score, and "not solved".
        answer(&app, &code, "Now it is.", upheld()).await;
        let mut form = Form::of(&page(&client, &path).await.body, &format!("{path}/satisfaction")).with("score", "2");
        form.set("solved", "no");
        let sent = send(&client, &form).await;
        let told = follow(&client, &sent).await.body;
        assert!(told.contains("We have reopened your case.") && told.contains("data-score=\"2\""), "{told}");
        let case = Case::by_code(&app.app, &code).await.unwrap();
        assert_eq!((case.status.as_str(), case.reopened_count), ("in_progress", 2));
    }

    async fn a_low_rating_leads_to_the_one_way_to_say_that_it_is_not_solved(app: TestApp) {
        add_member(&app).await;
        let client = app.client();
        let code = client.complain("x", "li@example.com").await;
        answer(&app, &code, "Done.", upheld()).await;
        let shown = page(&client, &format!("/t/{code}")).await.body;
        assert!(!shown.contains("name=\"solved\"") && shown.matches("id=\"not-solved\"").count() == 1, "{shown}");
        let form = Form::of(&shown, &format!("/t/{code}/satisfaction"));
        let told = follow(&client, &send(&client, &form.with("score", "2")).await).await.body;
        assert!(told.contains("tell us below and we’ll reopen your case"), "{told}");
        assert!(told.contains("id=\"not-solved\" open"), "{told}");
    }

    async fn praise_and_suggestions_have_nothing_to_be_solved(app: TestApp) {
        add_member(&app).await;
        let client = app.client();
        for kind in ["praise", "suggestion"] {
            let code = client.submit(serde_json::json!({"kind": kind, "message": "Nice"})).await.json()["code"].as_str().unwrap().to_owned();
            answer(&app, &code, "Thank you.", FollowUp::Resolve(Resolution::default())).await;
            let shown = page(&client, &format!("/t/{code}")).await.body;
            assert!(shown.contains("id=\"rate\"") && !shown.contains("id=\"not-solved\"") && !shown.contains("solved"), "{shown}");
            // The mails say that one can write.
            let form = Form::of(&shown, &format!("/t/{code}/messages")).with("body", "One more thing");
            let sent = send(&client, &form).await;
            assert_eq!(sent.location(), format!("/t/{code}?done=reply"), "{}", sent.body);
        }
    }

    async fn the_newest_answer_comes_first_and_the_original_is_folded(app: TestApp) {
        add_member(&app).await;
        let client = app.client();
        let code = client.complain("The first words", "li@example.com").await;
        for words in ["An early reply", "The latest reply"] {
            answer(&app, &code, words, FollowUp::InProgress).await;
        }
        let shown = page(&client, &format!("/t/{code}")).await.body;
        let at = |text: &str| shown.find(text).unwrap_or_else(|| panic!("{text} in {shown}"));
        assert!(at("The latest reply") < at("<form") && at("<form") < at("An early reply"));
        assert!(at("An early reply") < at("<details class=\"disclosure original\">"));
        assert!(at("<details class=\"disclosure original\">") < at("The first words"));
    }

    async fn an_address_can_be_added_later_once(app: TestApp) {
        let client = app.client();
        let code = client.submit(serde_json::json!({"kind": "question", "message": "When?", "contact": {"name": "Li", "phone": "13800000000"}}))
            .await.json()["code"].as_str().unwrap().to_owned();
        let path = format!("/t/{code}");
        let form = Form::of(&page(&client, &path).await.body, &format!("{path}/address"));
        let wrong = send(&client, &form.clone().with("email", "li")).await;
        assert!(wrong.status == StatusCode::UNPROCESSABLE_ENTITY && wrong.body.contains("id=\"address-error\""), "{}", wrong.body);
        let added = send(&client, &form.clone().with("email", "li@example.com")).await;
        assert_eq!(added.location(), format!("{path}?done=address"));
        let shown = follow(&client, &added).await.body;
        assert!(!shown.contains("li@example.com") && !shown.contains("/address\""), "whoever has the code is not told the address");
        let contact = Case::by_code(&app.app, &code).await.unwrap().contact(&app.app.keys).unwrap();
        assert_eq!((contact.name(), contact.email(), contact.phone()), (Some("Li"), Some("li@example.com"), Some("13800000000")));
        let other = Form { fields: vec![("key".into(), uuid::Uuid::new_v4().to_string()), ("email".into(), "other@example.com".into())], ..form };
        assert_eq!(send(&client, &other).await.status, StatusCode::CONFLICT, "nobody takes over where the mail goes");
    }

    async fn after_thirty_days_it_stays_closed(app: TestApp) {
        add_member(&app).await;
        let client = app.client();
        let code = client.complain("x", "li@example.com").await;
        let path = format!("/t/{code}");
        answer(&app, &code, "Done.", upheld()).await;
        let form = Form::of(&page(&client, &path).await.body, &format!("{path}/satisfaction"));
        send(&client, &form.with("score", "4")).await;
        let open = page(&client, &path).await;
        let late = Form::of(&open.body, &format!("{path}/not-solved")).with("body", "Broken again <b>");
        let rating = Form::of(&open.body, &format!("{path}/satisfaction")).with("score", "1");
        app.app.clock.advance(31 * DAY);
        let closed = page(&client, &path).await;
        assert!(closed.body.contains("id=\"too-late\"") && closed.body.contains("href=\"/s/acme\"") && !closed.body.contains("<form"));
        let refused = send(&client, &late).await;
        assert_eq!(refused.status, StatusCode::CONFLICT);
        assert!(refused.body.contains("Broken again &#60;b&#62;"), "the words are shown, since no form holds them: {}", refused.body);
        assert_eq!(send(&client, &rating).await.status, StatusCode::CONFLICT);
        assert_eq!(status_of(&app, &code).await, "closed");
    }

    async fn an_answer_to_a_case_that_was_resolved_meanwhile_is_kept(app: TestApp) {
        add_member(&app).await;
        let client = app.client();
        let code = client.complain("x", "li@example.com").await;
        let path = format!("/t/{code}");
        let rated = Form::of(&{ answer(&app, &code, "Done.", upheld()).await; page(&client, &path).await.body }, &format!("{path}/satisfaction"))
            .with("score", "3").with("comment", "It took long");
        let reopened = Form::of(&page(&client, &path).await.body, &format!("{path}/not-solved")).with("body", "No");
        send(&client, &reopened).await;
        let refused = send(&client, &rated).await;
        assert_eq!(refused.status, StatusCode::CONFLICT, "there is nothing to rate any more");
        assert!(refused.body.contains("It took long") && refused.body.contains("has changed in the meantime"));
    }

    async fn the_promise_is_shown_until_it_is_kept(app: TestApp) {
        add_member(&app).await;
        let client = app.client();
        let code = client.complain("x", "li@example.com").await;
        assert!(page(&client, &format!("/t/{code}")).await.body.contains("You’ll have a first reply by"));
        app.app.clock.advance(2 * DAY);
        assert!(page(&client, &format!("/t/{code}")).await.body.contains("and are late"));
        answer(&app, &code, "Sorry.", FollowUp::InProgress).await;
        let kept = page(&client, &format!("/t/{code}")).await;
        assert!(!kept.body.contains("and are late") && kept.body.contains("aria-current=\"step\">Being looked into"));
    }

    async fn an_open_page_hears_of_news_until_the_end(app: TestApp) {
        add_member(&app).await;
        let client = app.client();
        let code = client.complain("x", "li@example.com").await;
        let other = client.complain("y", "wang@example.com").await;
        let mut stream = client.request(Method::GET, &format!("/t/{code}/live?lang=zh-Hans")).send().await.unwrap();
        assert_eq!(stream.headers()["content-type"], "text/event-stream");
        answer(&app, &other, "not for you", FollowUp::InProgress).await;
        answer(&app, &code, "for you", FollowUp::InProgress).await;
        let first = stream.chunk().await.unwrap().unwrap();
        assert_eq!(std::str::from_utf8(&first).unwrap(), "event: refresh\ndata: Lin回复了您的投诉。\n\n");
        assert_eq!(client.get("/t/none/live").await.status, StatusCode::NOT_FOUND);
        app.app.shutdown.cancel();
        assert!(stream.chunk().await.unwrap().is_none(), "it ends, so that the collector can");
    }
}

/// Codes can't be tried out, and who is stopped loses no words.
#[tokio::test]
async fn look_ups_are_limited() {
    let settings = |config: &mut sayso::Config| config.limits.code_lookups_per_minute = 2;
    let options = Options { settings: Box::new(settings), ..Options::default() };
    let app = TestApp::spawn_with(Database::Sqlite, options).await;
    let client = app.client();
    let code = client.complain("x", "li@example.com").await;
    let form = Form::of(&page(&client, &format!("/t/{code}")).await.body, &format!("/t/{code}/messages"));
    page(&client, &format!("/t/{code}")).await;
    for answer in [
        client.get(&format!("/t/{code}?lang=zh-Hans")).await,
        client.post_form("/t/?lang=zh-Hans", &[("code", "x")]).await,
        client.get(&format!("/t/{code}/live?lang=zh-Hans")).await,
    ] {
        assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
        assert!(answer.header("retry-after").parse::<u64>().unwrap() >= 1);
        assert!(answer.body.contains("<html lang=\"zh-Hans\">") && answer.body.contains("操作过于频繁"));
    }
    let held = send(&client, &form.clone().with("body", "我的话")).await;
    assert_eq!(held.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(held.header("retry-after").parse::<u64>().unwrap() >= 1);
    let kept = Form::of(&held.body, &format!("/t/{code}/messages"));
    assert_eq!((kept.get("body"), kept.get("key")), ("我的话", form.get("key")));
    let api = client.get(&format!("/api/v1/feedback/{code}")).await;
    assert_eq!((api.status, api.problem().as_str()), (StatusCode::TOO_MANY_REQUESTS, "too_many_requests"));
    assert!(!api.header("retry-after").is_empty());
}
