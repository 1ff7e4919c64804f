//! Customers in the console: looked up, opened, which is recorded, and changed.

use reqwest::StatusCode;
use sayso::auth::Role;
use sayso::jobs::run_due;
use sayso_tests::{TestApp, on_both_databases};
use serde_json::json;

use super::{Desk, add_member, submit};
use crate::access::Program;
use crate::pages::Form;

/// A case of the same customer, and its address in the console.
async fn case_of(app: &TestApp, number: usize, phone: &str) -> String {
    let contact = json!({"name": "<b>李雷</b>", "phone": phone});
    let id =
        submit(app, json!({"kind": "question", "message": format!("Question {number}"), "contact": contact})).await;
    run_due(&app.app).await.unwrap();
    format!("/staff/cases/{id}")
}

/// The address of the customer that a page of a case leads to.
fn customer(page: &str) -> String {
    let (_, rest) = page.split_once("href=\"/staff/customers/").expect("the page leads to the customer");
    format!("/staff/customers/{}", rest.split('"').next().unwrap())
}

on_both_databases! {
    async fn a_customer_is_found_shown_and_changed(app: TestApp) {
        let tiers = "[[tier]]\nsite = 'acme'\nkey = 'gold'\nname = { en = 'Gold & more' }\n";
        app.apply_service(tiers).await;
        app.set_site(&["country=CN"]).await;
        app.app.clock.advance(1_000);
        let lin = Desk::of(&app, "lin", Role::Agent).await;
        let mei = add_member(&app, "mei", Role::Agent).await;
        case_of(&app, 1, "13800138000").await;
        let second = case_of(&app, 2, "+86 138 0013 8000").await;
        let page = lin.client.get(&second).await.body;
        assert!(page.contains("<dt>Earlier cases</dt><dd>1</dd>"), "{page}");
        let address = customer(&page);
        for typed in ["138+0013+8000", "0086-138-0013-8000", "%E6%9D%8E%E9%9B%B7"] {
            let found = lin.client.get(&format!("/staff/customers?q={typed}")).await.body;
            assert!(found.contains(&format!("href=\"{address}\"")) && found.contains("&#60;b&#62;李雷"), "{typed}: {found}");
        }
        assert!(lin.client.get("/staff/customers?q=13800138001").await.body.contains("No customer found"));
        let inbox = lin.inbox("q=138-0013-8000").await;
        assert!(inbox.contains("Question 1") && inbox.contains("Question 2"), "the inbox finds their cases: {inbox}");
        let inbox = lin.inbox("q=138-0013-8000&sort=updated").await;
        assert!(inbox.contains("Question 1"), "in any order");

        let page = lin.client.get(&address).await.body;
        let (newer, older) = (page.find("Question 2").unwrap(), page.find("Question 1").unwrap());
        assert!(newer < older && page.contains("+8613800138000") && page.contains("&#60;b&#62;李雷"), "{page}");
        let form = Form::of(&page, &address);
        let (version, key) = (form.get("version").to_owned(), form.get("key").to_owned());
        let fields = |name: &'static str, tier: &'static str| {
            vec![("name", name), ("tier", tier), ("representative", mei.as_str()), ("notes", "Calls <i>before</i> nine"), ("version", &version), ("key", &key)]
        };
        let wrong = lin.post(&address, &fields("Li\nLei", "platinum")).await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
        for said in ["A name is one line", "The website has no such tier", "Calls &#60;i&#62;before&#60;/i&#62; nine"] {
            assert!(wrong.body.contains(said), "{said}: {}", wrong.body);
        }
        let saved = lin.post(&address, &fields("Li Lei", "gold")).await;
        assert_eq!((saved.status, saved.location()), (StatusCode::SEE_OTHER, format!("{address}?done=saved").as_str()), "{}", saved.body);
        assert_eq!(lin.post(&address, &fields("Li Lei", "gold")).await.status, StatusCode::SEE_OTHER, "sent twice it is taken once");
        let page = lin.client.get(&format!("{address}?done=saved")).await.body;
        assert!(page.contains("Saved.") && page.contains("Gold &#38; more") && page.contains("<dd dir=\"auto\">mei</dd>"), "{page}");
        let mut late = fields("Somebody else", "");
        late.retain(|(name, _)| *name != "key");
        let moved = lin.post(&address, &late).await;
        assert_eq!((moved.status, moved.body.contains("somebody else has changed this customer")), (StatusCode::CONFLICT, true));
        let page = lin.client.get(&second).await.body;
        for said in ["Gold &#38; more", "mei", "changed the customer’s tier to “Gold &#38; more”"] {
            assert!(page.contains(said), "{said}: {page}");
        }
        assert_eq!(lin.client.get("/staff/customers/x").await.status, StatusCode::NOT_FOUND);
    }

    async fn each_opening_is_recorded_and_only_members_get_there(app: TestApp) {
        let lin = Desk::of(&app, "lin", Role::Viewer).await;
        let case = case_of(&app, 1, "+86 138 0013 8000").await;
        let address = customer(&lin.client.get(&case).await.body);
        let program = Program::new(&app).await;
        let log = async || program.get_at("/api/v1/audit?action=customer.open").await.json()["audit"].as_array().unwrap().clone();
        assert!(log().await.is_empty(), "the page of a case is not theirs");
        let page = lin.client.get(&address).await;
        assert!(page.status == StatusCode::OK && !page.body.contains("name=\"notes\""), "{}", page.body);
        lin.client.get(&address).await;
        let entries = log().await;
        assert_eq!(entries.len(), 2);
        assert_eq!((&entries[0]["actor"], &entries[0]["object"]), (&json!("member"), &json!(address.replace("/staff/customers/", "customer/"))));
        // The whole number: three digits are in the entry's hash once in seventy times.
        assert!(!entries[0].to_string().contains("13800138000") && !entries[0].to_string().contains("李雷"));
        assert_eq!(lin.post(&address, &[("version", "1"), ("name", "x")]).await.status, StatusCode::FORBIDDEN);
        let stranger = app.client();
        for path in [address.as_str(), "/staff/customers"] {
            assert_eq!(stranger.get(path).await.status, StatusCode::SEE_OTHER, "{path}");
        }
    }

    async fn each_sees_of_a_customer_what_they_may(app: TestApp) {
        let dana = Desk::of(&app, "dana", Role::Agent).await;
        let pat = Desk::of(&app, "pat", Role::Partner).await;
        let service = "[[team]]\nkey = 'delivery'\nname = 'Delivery'\nmembers = ['dana@acme.example', 'pat@acme.example']\n[[team]]\nkey = 'billing'\nname = 'Billing'\n";
        app.apply_service(service).await;
        app.app.clock.advance(1_000);
        let (foreign, own) = (case_of(&app, 1, "+86 138 0013 8000").await, case_of(&app, 2, "+86 138 0013 8000").await);
        let program = Program::new(&app).await;
        for (case, team) in [(&own, "delivery"), (&foreign, "billing")] {
            let id = case.trim_start_matches("/staff/cases/");
            assert_eq!(program.patch(id, &json!({"team": team}), None).await.status, StatusCode::OK);
        }
        run_due(&app.app).await.unwrap();
        let page = dana.client.get(&own).await.body;
        assert!(page.contains("<dt>Earlier cases</dt><dd>0</dd>"), "of other teams not even a count: {page}");
        let address = customer(&page);
        let page = dana.client.get(&address).await.body;
        assert!(page.contains("Question 2") && !page.contains("Question 1"), "{page}");
        let page = pat.client.get(&own).await.body;
        assert!(page.contains("Question 2") && !page.contains("/staff/customers"), "{page}");
        for path in [address.as_str(), "/staff/customers"] {
            assert_eq!(pat.client.get(path).await.status, StatusCode::FORBIDDEN, "{path}");
        }
        assert_eq!(pat.post(&address, &[("version", "1"), ("name", "x")]).await.status, StatusCode::FORBIDDEN);
    }

    async fn their_cases_come_page_by_page(app: TestApp) {
        let lin = Desk::of(&app, "lin", Role::Agent).await;
        let mut last = String::new();
        for number in 0..23 {
            last = case_of(&app, number, "+86 138 0013 8000").await;
        }
        let address = customer(&lin.client.get(&last).await.body);
        let first = lin.client.get(&address).await.body;
        assert_eq!(first.matches("data-case=").count(), 20);
        let (_, rest) = first.split_once("rel=\"next\" href=\"").unwrap();
        let second = lin.client.get(rest.split('"').next().unwrap()).await.body;
        assert_eq!(second.matches("data-case=").count(), 3);
        assert!(second.contains("Question 0") && !second.contains("rel=\"next\""), "{second}");
    }
}
