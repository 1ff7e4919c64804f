//! Entering what came on the phone, at the counter or by letter.

use reqwest::StatusCode;
use sayso::auth::Role;
use sayso::cases::Case;
use sayso::jobs::run_due;
use sayso_tests::{TestApp, on_both_databases};
use serde_json::json;

use super::{Desk, submit};
use crate::access::Program;
use crate::pages::Form;

const NUMBER: &str = "+86 138 0013 8000";

/// The form for the case; the one before it only looks the caller up.
fn entry_form(page: &str) -> Form {
    let at = page.find("<form class=\"entry\"").expect("the page has the form");
    Form::of(&page[at..], "/staff/new")
}

/// Sends the form of a page with some fields filled in.
async fn enter(desk: &Desk, page: &str, fields: &[(&str, &str)]) -> sayso_tests::Answer {
    let mut form = entry_form(page);
    for (name, value) in fields {
        form.set(name, value);
    }
    let pairs: Vec<(&str, &str)> = form.fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    desk.client.post_form("/staff/new", &pairs).await
}

async fn openings(app: &TestApp) -> i64 {
    let select = "select count(*) from audit_log where action = 'customer.open'";
    sayso::with_db!(&app.app.db, pool => sqlx::query_scalar(select).fetch_one(pool).await).unwrap()
}

async fn cases(app: &TestApp) -> i64 {
    sayso::with_db!(&app.app.db, pool => sqlx::query_scalar("select count(*) from cases").fetch_one(pool).await)
        .unwrap()
}

on_both_databases! {
    async fn a_call_is_entered_with_what_is_known_of_the_caller(app: TestApp) {
        app.set_site(&["country=CN"]).await;
        let lin = Desk::of(&app, "lin", Role::Agent).await;
        let contact = json!({"name": "<b>李雷</b>", "phone": NUMBER, "email": "li@example.com"});
        submit(&app, json!({"kind": "question", "message": "When does the sofa come?", "contact": contact})).await;
        run_due(&app.app).await.unwrap();
        assert!(lin.inbox("").await.contains("href=\"/staff/new\""), "the console's head leads here");

        // As a telephone system writes it: with a plus that reads as a space.
        let page = lin.client.get("/staff/new?phone=+8613800138000").await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.body);
        for said in ["&#60;b&#62;李雷", "When does the sofa come?", "<dt>Open cases</dt><dd>1</dd>", "value=\"li@example.com\"", "value=\"+8613800138000\""] {
            assert!(page.body.contains(said), "{said}: {}", page.body);
        }
        assert_eq!(openings(&app).await, 1, "that it was shown is in the audit log");
        assert!(page.body.contains("name=\"message\" rows=\"5\" required maxlength=\"10000\" dir=\"auto\" autofocus"), "{}", page.body);

        let fields = [("message", "The driver shouted.\r\nCard 4111 1111 1111 1111"), ("priority", "urgent"), ("channel", "counter"), ("reference", "AH-204881")];
        let answer = enter(&lin, &page.body, &fields).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
        let id = answer.location().trim_start_matches("/staff/new/").to_owned();
        let again = enter(&lin, &page.body, &fields).await;
        assert_eq!((again.location(), cases(&app).await), (answer.location(), 2), "sent twice it is taken once");
        run_due(&app.app).await.unwrap();
        let case = Case::by_id(&app.app, &id).await.unwrap();
        assert_eq!((case.channel.as_deref(), case.priority.as_str(), case.kind.as_str()), (Some("counter"), "urgent", "complaint"));
        assert!(case.message.starts_with("The driver shouted.\nCard ") && !case.message.contains("4111 1111"), "cards are masked: {}", case.message);
        assert!(case.customer_id.is_some(), "it is the customer's");

        let done = lin.client.get(answer.location()).await.body;
        let code = case.code(&app.app.keys).unwrap();
        let groups: Vec<String> = done.split("spoken-group\">").skip(1)
            .map(|group| group.split("</li>").next().unwrap().split("<b>").skip(1).map(|part| &part[..1]).collect()).collect();
        assert_eq!(groups.join("-"), code, "the code in groups");
        for said in ["Case #2 is entered", "Tell the customer: a first reply by", "li@example.com", "href=\"/staff/new?channel=counter\"", &format!("/staff/cases/{id}\"")] {
            assert!(done.contains(said), "{said}: {done}");
        }
        let receipt = lin.client.get(&format!("/staff/new/{id}/receipt")).await.body;
        assert!(receipt.contains(&code) && receipt.contains("The driver shouted.") && receipt.contains("AH-204881"), "{receipt}");
        for internal in ["#2", ">lin<", "urgent", "Urgent", "/staff/cases", "counter"] {
            assert!(!receipt.contains(internal), "{internal}: {receipt}");
        }
        let timeline = lin.client.get(&format!("/staff/cases/{id}")).await.body;
        assert!(timeline.contains("lin entered") && timeline.contains("<dd>Counter</dd>"), "{timeline}");
        let events = Program::new(&app).await.get(&format!("/{id}")).await.json();
        assert_eq!(events["events"][0]["actor"], "member", "{events}");
    }

    async fn what_is_wrong_is_said_and_nothing_typed_is_lost(app: TestApp) {
        app.set_site(&["required=contact", "consent_text.en=We may call you"]).await;
        let lin = Desk::of(&app, "lin", Role::Agent).await;
        let page = lin.client.get("/staff/new").await.body;
        let fields = [("reference", "<i>7</i>"), ("email", "nobody@"), ("category", "no-such")];
        let refused = enter(&lin, &page, &fields).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        for said in ["id=\"message-error\"", "id=\"email-error\"", "value=\"&#60;i&#62;7", "<title>Not entered yet:"] {
            assert!(refused.body.contains(said), "{said}: {}", refused.body);
        }
        assert_eq!(entry_form(&refused.body).get("key"), entry_form(&page).get("key"), "the key stays");
        let refused = enter(&lin, &refused.body, &[("email", ""), ("message", "Too late"), ("category", "")]).await;
        for said in ["id=\"phone-error\"", "id=\"consent-error\"", "Too late", "We may call you"] {
            assert!(refused.body.contains(said), "{said}: {}", refused.body);
        }
        let taken = enter(&lin, &refused.body, &[("phone", NUMBER), ("consent", "true")]).await;
        assert_eq!(taken.status, StatusCode::SEE_OTHER, "{}", taken.body);
        let changed = enter(&lin, &refused.body, &[("phone", NUMBER), ("consent", "true"), ("message", "Another")]).await;
        assert!(changed.status == StatusCode::UNPROCESSABLE_ENTITY && changed.body.contains("has been changed since"), "{}", changed.body);
        assert_ne!(entry_form(&changed.body).get("key"), entry_form(&page).get("key"));
        let long = "x".repeat(10_001);
        for (name, value) in [("message", long.as_str()), ("channel", "widget"), ("priority", "now"), ("site", "other"), ("reference", &long[..101])] {
            let page = lin.client.get("/staff/new").await.body;
            let refused = enter(&lin, &page, &[("message", "x"), ("phone", NUMBER), ("consent", "true"), (name, value)]).await;
            assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{name}");
        }
        assert_eq!(cases(&app).await, 1);
    }

    async fn the_caller_is_looked_up_while_something_is_typed(app: TestApp) {
        let lin = Desk::of(&app, "lin", Role::Agent).await;
        for number in ["+86 138 0013 8000", "+86 138 0013 8001"] {
            submit(&app, json!({"kind": "praise", "message": "Nice", "contact": {"name": "Li Lei", "phone": number}})).await;
        }
        run_due(&app.app).await.unwrap();
        let page = lin.client.get("/staff/new?q=Somebody+else").await.body;
        assert!(page.contains("Nobody is known by this yet") && page.contains("value=\"Somebody else\""), "{page}");
        let page = lin.client.get("/staff/new?name=li+lei").await.body;
        assert!(page.contains("Which of them is it?") && !page.contains("8613800138001"), "{page}");
        assert_eq!(openings(&app).await, 0, "nobody was opened yet");
        let (_, choice) = page.split_once("name=\"customer\" value=\"").unwrap();
        let chosen = enter(&lin, &page, &[("message", "Half a sen"), ("customer", &choice[..36])]).await;
        assert_eq!(chosen.status, StatusCode::OK);
        assert!(chosen.body.contains("Half a sen") && chosen.body.contains("value=\"+86138001380"), "{}", chosen.body);
        let again = enter(&lin, &chosen.body, &[("do", "look_up"), ("phone", "+86 138 0013 8000"), ("name", "Keep me")]).await;
        assert!(again.body.contains("Half a sen") && again.body.contains("value=\"Keep me\""), "{}", again.body);
        assert_eq!((openings(&app).await, cases(&app).await), (2, 2));
    }

    async fn only_those_who_enter_cases_get_there(app: TestApp) {
        let contact = json!({"name": "Li Lei", "phone": NUMBER});
        submit(&app, json!({"kind": "praise", "message": "Nice", "contact": contact})).await;
        run_due(&app.app).await.unwrap();
        let lin = Desk::of(&app, "lin", Role::Agent).await;
        let page = lin.client.get("/staff/new").await.body;
        let entered = enter(&lin, &page, &[("message", "Too late")]).await.location().to_owned();
        for (name, role) in [("admin", Role::Admin), ("manager", Role::Manager), ("viewer", Role::Viewer), ("partner", Role::Partner)] {
            let desk = Desk::of(&app, name, role).await;
            let may = matches!(role, Role::Admin | Role::Manager);
            let asked = desk.client.get("/staff/new?phone=%2B8613800138000").await;
            assert_eq!((asked.status == StatusCode::OK, asked.body.contains("Li Lei")), (may, may), "{role:?}");
            let posted = desk.post("/staff/new", &[("site", "acme"), ("kind", "praise"), ("message", "x")]).await;
            assert_eq!(posted.status, if may { StatusCode::SEE_OTHER } else { StatusCode::FORBIDDEN }, "{role:?}");
            for path in [entered.clone(), format!("{entered}/receipt")] {
                let status = desk.client.get(&path).await.status;
                assert_eq!(status, if may { StatusCode::NOT_FOUND } else { StatusCode::FORBIDDEN }, "{role:?}: the code is for whoever entered it");
            }
            assert_eq!(desk.inbox("").await.contains("href=\"/staff/new\""), may, "{role:?}");
        }
        assert_eq!(lin.client.get(&entered).await.status, StatusCode::OK);
        app.app.clock.advance(12 * 3_600_000);
        let lin = Desk::of_member(&app, "lin", lin.member_id.clone()).await;
        assert_eq!(lin.client.get(&entered).await.status, StatusCode::NOT_FOUND, "later it is asked for on the page of the case");
    }

    async fn programs_say_how_urgent_it_is(app: TestApp) {
        let program = Program::new(&app).await;
        let body = |priority: &str| json!({"site": "acme", "kind": "complaint", "message": "Smoke", "channel": "phone", "priority": priority});
        let entered = program.post("", &body("urgent")).await;
        assert_eq!(entered.status, StatusCode::CREATED, "{}", entered.body);
        let case = Case::by_id(&app.app, entered.json()["id"].as_str().unwrap()).await.unwrap();
        assert_eq!(case.priority, "urgent");
        assert_eq!(program.post("", &body("now")).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
}
