//! What colleagues see of each other: who has a case open, who has begun a reply, and what is unread.

use super::*;

/// Tells the collector that a member looks at the page of a case, as its script does.
async fn look(desk: &Desk, id: &str) -> String {
    let page = desk.client.get(&format!("/staff/cases/{id}")).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    let (_, rest) = page.body.split_once("data-seq=\"").expect("the page says up to where it is read");
    let seq = rest.split('"').next().unwrap();
    assert_eq!(desk.post(&format!("/staff/cases/{id}/opened"), &[("seq", seq)]).await.status, StatusCode::NO_CONTENT);
    page.body
}

/// Whether the case stands in the inbox as unread.
async fn is_unread(desk: &Desk, id: &str) -> bool {
    let inbox = desk.inbox("status=all").await;
    let (before, _) = inbox.split_once(&format!("data-case=\"{id}\"")).expect("the case is in the inbox");
    before.ends_with("unread\" ")
}

on_both_databases! {
    async fn what_others_did_since_is_unread(app: TestApp) {
        let mei = Desk::of(&app, "mei", Role::Agent).await;
        let bo = Desk::of(&app, "bo", Role::Agent).await;
        let vera = Desk::of(&app, "vera", Role::Viewer).await;
        let id = complaint(&app, "The sofa came torn").await;
        assert!(is_unread(&mei, &id).await && is_unread(&vera, &id).await, "a new case is new to all");
        look(&mei, &id).await;
        look(&vera, &id).await;
        assert!(!is_unread(&mei, &id).await && !is_unread(&vera, &id).await && is_unread(&bo, &id).await);
        mei.post(&format!("/staff/cases/{id}/note"), &[("body", "I call her")]).await;
        assert!(!is_unread(&mei, &id).await, "what she wrote herself is not new to her");
        assert!(is_unread(&vera, &id).await, "it is to others");
        look(&vera, &id).await;
        let code = Case::by_id(&app.app, &id).await.unwrap().code(&app.app.keys).unwrap();
        app.client().post_json(&format!("/api/v1/feedback/{code}/messages"), &json!({"body": "And?"})).await;
        assert!(is_unread(&mei, &id).await && is_unread(&vera, &id).await);
        // A page that was fetched before it, and looked at only now, has not shown it.
        let before = mei.post(&format!("/staff/cases/{id}/opened"), &[("seq", "1")]).await;
        assert_eq!(before.status, StatusCode::NO_CONTENT);
        assert!(is_unread(&mei, &id).await);
        look(&mei, &id).await;
        assert!(!is_unread(&mei, &id).await);
    }

    async fn colleagues_see_who_has_a_case_open_and_who_answers(app: TestApp) {
        let mei = Desk::of(&app, "mei", Role::Agent).await;
        let bo = Desk::of(&app, "bo", Role::Agent).await;
        let id = complaint(&app, "The sofa came torn").await;
        assert!(!look(&mei, &id).await.contains("open on the screen of"), "she is alone");
        let seen = look(&bo, &id).await;
        assert!(seen.contains("open on the screen of mei.") && !seen.contains("bo."), "{seen}");
        let draft = format!("/staff/cases/{id}/draft");
        let kept = mei.post(&draft, &[("body", "Dear <Li>,\r\nwe are"), ("silent", "1")]).await;
        assert_eq!(kept.status, StatusCode::NO_CONTENT);
        let seen = look(&bo, &id).await;
        assert!(seen.contains("A reply was begun by mei.") && !seen.contains("open on the screen of") && !seen.contains("we are"), "{seen}");
        app.app.clock.advance(2 * 60 * 60 * 1_000);
        assert!(!look(&bo, &id).await.contains("by mei."), "she went home");
    }

    async fn a_draft_is_there_on_any_device_until_it_is_sent(app: TestApp) {
        let mei = Desk::of(&app, "mei", Role::Agent).await;
        let vera = Desk::of(&app, "vera", Role::Viewer).await;
        let id = complaint(&app, "The sofa came torn").await;
        let (page, draft) = (format!("/staff/cases/{id}"), format!("/staff/cases/{id}/draft"));
        let kept = mei.post(&draft, &[("body", "Dear <Li>,\r\nwe are")]).await;
        assert_eq!(kept.location(), format!("{page}?done=draft#reply-form"), "without script it leads back");
        let seen = mei.client.get(kept.location()).await.body;
        assert!(seen.contains("Dear &#60;Li&#62;,\nwe are</textarea>") && seen.contains("The draft is kept"), "{seen}");
        assert_eq!(vera.post(&draft, &[("body", "x")]).await.status, StatusCode::FORBIDDEN);
        let long = "x".repeat(10_001);
        assert_eq!(mei.post(&draft, &[("body", &long), ("silent", "1")]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
        let refused = mei.post(&draft, &[("body", &long)]).await;
        assert!(refused.status == StatusCode::UNPROCESSABLE_ENTITY && refused.body.contains(&long), "nothing is lost");
        let sent = mei.post(&format!("{page}/reply"), &[("body", "Dear Li, we are sorry"), ("then", "go_on")]).await;
        assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.body);
        assert!(!mei.client.get(&page).await.body.contains("we are</textarea>"), "what is sent is no draft");
        // What a script sends after it, a moment too late, does not come back.
        mei.post(&draft, &[("body", "Dear Li, we are sorry"), ("silent", "1")]).await;
        assert!(!mei.client.get(&page).await.body.contains("we are sorry</textarea>"));
        mei.post(&draft, &[("body", "More"), ("silent", "1")]).await;
        mei.post(&draft, &[("body", " "), ("silent", "1")]).await;
        assert!(!mei.client.get(&page).await.body.contains("More</textarea>"), "an empty one is none");
        mei.post(&draft, &[("body", "More"), ("silent", "1")]).await;
        app.app.clock.advance(31 * sayso::clock::DAY);
        sayso::housekeeping::clean_up(&app.app).await.unwrap();
        assert!(!mei.client.get(&page).await.body.contains("More</textarea>"), "nobody goes on with it after a month");
    }
}
