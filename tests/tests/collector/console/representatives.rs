//! Who looks after which customers: the list by tier, representative and value, and customers whose representative leaves or hands them over.

use reqwest::StatusCode;
use sayso::audit::Stamp;
use sayso::auth::member::Email;
use sayso::auth::{Member, Role};
use sayso::jobs::run_due;
use sayso_tests::{TestApp, on_both_databases};
use serde_json::{Value, json};

use super::{Desk, submit};
use crate::access::Program;

const TIERS: &str = "[[tier]]\nsite = 'acme'\nkey = 'gold'\nname = { en = 'Gold' }\n[[tier]]\nsite = 'acme'\nkey = 'silver'\nname = { en = 'Silver' }\n";

/// A customer of whom the staff have set something; gives their identifier.
async fn customer(app: &TestApp, program: &Program<'_>, number: usize, set: &Value) -> String {
    let contact = json!({"name": format!("Customer {number}"), "email": format!("c{number}@example.com")});
    let case = submit(app, json!({"kind": "question", "message": "Where is it?", "contact": contact})).await;
    run_due(&app.app).await.unwrap();
    let case = program.get(&format!("/{case}")).await.json();
    let id = case["case"]["customer"]["id"].as_str().unwrap().to_owned();
    let patched = program.patch_at(&format!("/api/v1/customers/{id}"), set).await;
    assert_eq!(patched.status, StatusCode::OK, "{}", patched.body);
    id
}

/// The identifiers of a list of the API.
async fn listed(program: &Program<'_>, query: &str) -> Vec<String> {
    let answer = program.get_at(&format!("/api/v1/customers?{query}")).await;
    assert_eq!(answer.status, StatusCode::OK, "{query}: {}", answer.body);
    let ids = answer.json()["customers"].as_array().unwrap().clone();
    ids.iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect()
}

/// The actions in the audit log, the newest first, with what they were done to.
async fn log(program: &Program<'_>, action: &str) -> Vec<Value> {
    program.get_at(&format!("/api/v1/audit?action={action}")).await.json()["audit"].as_array().unwrap().clone()
}

on_both_databases! {
    async fn customers_are_listed_by_tier_representative_and_value(app: TestApp) {
        app.apply_service(TIERS).await;
        let program = Program::new(&app).await;
        let mei = Desk::of(&app, "mei", Role::Agent).await;
        let one = customer(&app, &program, 1, &json!({"tier": "gold", "value": 12.5, "representative": "mei@acme.example"})).await;
        let two = customer(&app, &program, 2, &json!({"tier": "gold", "value": 300})).await;
        let three = customer(&app, &program, 3, &json!({"tier": "silver"})).await;
        let four = customer(&app, &program, 4, &json!({"value": 12.5})).await;
        for (query, wanted) in [
            ("tier=gold", vec![&two, &one]),
            ("tier=any", vec![&three, &two, &one]),
            ("representative=mei@acme.example", vec![&one]),
            ("representative=none", vec![&four, &three, &two]),
            ("tier=any&representative=none", vec![&three, &two]),
            ("sort=value", vec![&two, &four, &one, &three]),
            ("sort=newest", vec![&four, &three, &two, &one]),
            ("sort=value&tier=gold&representative=none&q=c2@example.com", vec![&two]),
        ] {
            assert_eq!(listed(&program, query).await.iter().collect::<Vec<_>>(), wanted, "{query}");
        }
        // A page ends where the next one begins, also between two of the same value, and before those of none.
        let (mut next, mut seen) = (String::new(), Vec::new());
        loop {
            let page = program.get_at(&format!("/api/v1/customers?sort=value&limit=1{next}")).await.json();
            seen.push(page["customers"][0]["id"].as_str().unwrap().to_owned());
            match page["next"].as_str() {
                Some(cursor) => next = format!("&cursor={cursor}"),
                None => break,
            }
        }
        assert_eq!(seen.iter().collect::<Vec<_>>(), [&two, &four, &one, &three]);
        let cursor = format!("sort=value&cursor={one}");
        for wrong in ["sort=name", "representative=nobody@acme.example", &cursor] {
            assert_eq!(program.get_at(&format!("/api/v1/customers?{wrong}")).await.status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
        }

        let shows = async |query: &str| {
            let page = mei.client.get(&format!("/staff/customers?{query}")).await;
            assert_eq!(page.status, StatusCode::OK, "{}", page.body);
            let all = [&one, &two, &three, &four].map(|id| page.body.contains(&format!("/staff/customers/{id}")));
            (all, page.body)
        };
        assert_eq!(shows("representative=me").await.0, [true, false, false, false]);
        assert_eq!(shows("tier=any&representative=none&sort=newest").await.0, [false, true, true, false]);
        let (all, page) = shows("tier=gold&sort=value").await;
        assert_eq!(all, [true, true, false, false]);
        assert!(page.contains("<option value=\"gold\" selected>Gold") && page.contains(">300<"), "{page}");
        assert!(page.contains("/staff/exports/customers?tier=gold&#38;sort=value&#38;format=csv"), "{page}");
        let file = mei.client.get("/staff/exports/customers?tier=any&representative=none&format=csv").await;
        assert!(file.body.contains(&two) && !file.body.contains(&one), "{}", file.body);
        let entries = log(&program, "customers.export").await;
        assert_eq!((entries.len(), &entries[0]["after"]), (1, &json!({"format": "csv"})));
    }

    async fn who_leaves_represents_nobody_and_it_is_said_how_many_are_left(app: TestApp) {
        app.apply_service(TIERS).await;
        let program = Program::new(&app).await;
        let ada = Desk::of(&app, "ada", Role::Admin).await;
        Desk::of(&app, "mei", Role::Agent).await;
        Desk::of(&app, "bo", Role::Agent).await;
        for number in 1..=2 {
            customer(&app, &program, number, &json!({"tier": "gold", "representative": "mei@acme.example"})).await;
        }
        let of_bo = customer(&app, &program, 3, &json!({"representative": "bo@acme.example"})).await;
        let page = ada.client.get("/staff/members").await.body;
        assert!(page.contains("Representative of customers: 2") && !page.contains("no representative"), "{page}");
        let (_, said) = app.command(&["doctor"]).await;
        assert!(!said.contains("have no representative"), "{said}");

        let email = Email::parse("mei@acme.example").unwrap();
        let left = Member::remove(&app.app.db, &email, &Stamp::command(app.app.clock.now())).await.unwrap();
        assert_eq!(left, 2);
        assert_eq!(listed(&program, "representative=none").await.len(), 2);
        assert_eq!(listed(&program, "representative=bo@acme.example").await, [of_bo]);
        let entries = log(&program, "customer.handover").await;
        assert_eq!((entries.len(), &entries[0]["before"]["customers"], &entries[0]["after"]["representative"]), (1, &json!(2), &Value::Null));
        let page = ada.client.get("/staff/members").await.body;
        assert!(page.contains("Customers with a tier but no representative: 2"), "{page}");
        let (_, said) = app.command(&["doctor"]).await;
        assert!(said.contains("2 customers in a tier have no representative"), "{said}");
        assert!(app.command(&["audit", "verify"]).await.0);
    }

    async fn a_manager_gives_all_customers_of_one_to_another(app: TestApp) {
        let program = Program::new(&app).await;
        let (tom, mei) = (Desk::of(&app, "tom", Role::Manager).await, Desk::of(&app, "mei", Role::Agent).await);
        Desk::of(&app, "bo", Role::Agent).await;
        for number in 1..=3 {
            customer(&app, &program, number, &json!({"representative": "mei@acme.example"})).await;
        }
        let ids = async |name: &str| Member::by_email(&app.app.db, &Email::parse(&format!("{name}@acme.example")).unwrap()).await.unwrap().unwrap().id;
        let (from, to) = (ids("mei").await, ids("bo").await);
        let page = tom.client.get(&format!("/staff/customers?representative={from}")).await.body;
        assert!(page.contains("Give all customers of mei to somebody else"), "{page}");
        assert!(!mei.client.get("/staff/customers?representative=me").await.body.contains("/staff/customers/handover"));
        let fields = [("from", from.as_str()), ("to", to.as_str())];
        assert_eq!(mei.post("/staff/customers/handover", &fields).await.status, StatusCode::FORBIDDEN);
        let given = tom.post("/staff/customers/handover", &fields).await;
        assert_eq!(given.location(), format!("/staff/customers?representative={to}&moved=3"), "{}", given.body);
        assert!(tom.client.get(given.location()).await.body.contains("Customers given to a new representative: 3."));
        assert_eq!((listed(&program, "representative=mei@acme.example").await.len(), listed(&program, "representative=bo@acme.example").await.len()), (0, 3));
        assert_eq!(tom.post("/staff/customers/handover", &[("from", &from), ("to", "nobody")]).await.status, StatusCode::NOT_FOUND);

        let path = "/api/v1/customers/handover";
        let back = program.post_at(path, &json!({"from": "bo@acme.example", "to": "mei@acme.example"})).await;
        assert_eq!((back.status, back.json()), (StatusCode::OK, json!({"customers": 3})));
        let again = program.post_at(path, &json!({"from": "bo@acme.example", "to": "mei@acme.example"})).await;
        assert_eq!(again.json(), json!({"customers": 0}), "a repeat finds nobody");
        for wrong in [json!({"from": "bo@acme.example"}), json!({"from": "bo@acme.example", "to": "bo@acme.example"}), json!({"from": "nobody@acme.example", "to": "bo@acme.example"})] {
            assert_eq!(program.post_at(path, &wrong).await.status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
        }
        assert_eq!(log(&program, "customer.handover").await.len(), 2, "what moves nobody is nothing");
    }
}
