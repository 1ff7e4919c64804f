//! Tiers that customers reach by their cases or their value.

use sayso::customers::tier_rules::sweep;

use super::*;

const TIERS: &str = r#"
[[tier]]
site = "acme"
key = "platinum"
name = { en = "Platinum" }
from_value = 5000

[[tier]]
site = "acme"
key = "gold"
name = { en = "Gold" }
from_cases = 3
"#;

async fn ask(app: &TestApp, program: &Program<'_>) -> Value {
    let feedback = json!({"kind": "question", "message": "Where is it?", "contact": {"email": "li@example.com"}});
    submit(app, program, feedback).await.1
}

async fn tiers(program: &Program<'_>, case: &Value) -> (Value, Value) {
    let customer = case["customer"]["id"].as_str().unwrap();
    let read = program.get_at(&format!("/api/v1/customers/{customer}")).await.json();
    let case = program.get(&format!("/{}", case["id"].as_str().unwrap())).await.json();
    (read["tier"].clone(), case["case"]["customer"]["tier"].clone())
}

on_both_databases! {
    async fn a_tier_is_reached_by_cases_and_by_value_and_what_members_set_wins(app: TestApp) {
        set_up(&app).await;
        app.apply_service(TIERS).await;
        app.app.clock.advance(MINUTE);
        let program = Program::new(&app).await;
        let first = ask(&app, &program).await;
        ask(&app, &program).await;
        assert_eq!(tiers(&program, &first).await, (Value::Null, Value::Null), "two cases are not three");
        let third = ask(&app, &program).await;
        assert_eq!(tiers(&program, &third).await, (json!("gold"), json!("gold")));
        // Found by it once their entries are made anew.
        sayso::jobs::run_due(&app.app).await.unwrap();
        let page = program.get("?tier=gold").await.json();
        assert_eq!(page["cases"].as_array().unwrap().len(), 3, "open cases follow");
        let path = format!("/api/v1/customers/{}", first["customer"]["id"].as_str().unwrap());
        for (patch, tier) in [
            (json!({"value": 5000}), json!("platinum")),
            (json!({"tier": "gold"}), json!("gold")),
            (json!({"tier": null}), json!("platinum")),
            (json!({"value": 4999}), json!("gold")),
        ] {
            let patched = program.patch_at(&path, &patch).await;
            assert_eq!(patched.status, StatusCode::OK, "{}", patched.body);
            assert_eq!(tiers(&program, &first).await.0, tier, "{patch}");
        }
        let log = program.get_at("/api/v1/audit?action=customer.set").await.json();
        assert!(log["audit"].as_array().unwrap().iter().any(|entry| entry["actor"] == "system" && entry["after"]["reached"] == "gold"), "{log}");
    }

    async fn all_customers_are_looked_at_once_tiers_ask_for_something_else(app: TestApp) {
        set_up(&app).await;
        let program = Program::new(&app).await;
        let first = ask(&app, &program).await;
        ask(&app, &program).await;
        app.apply_service(TIERS).await;
        app.app.clock.advance(MINUTE);
        sweep(&app.app).await.unwrap();
        assert_eq!(tiers(&program, &first).await.0, Value::Null);
        app.apply_service(&TIERS.replace("from_cases = 3", "from_cases = 2")).await;
        app.app.clock.advance(MINUTE);
        for _ in 0..2 {
            sweep(&app.app).await.unwrap();
            assert_eq!(tiers(&program, &first).await.0, json!("gold"));
        }
        app.apply_service(&TIERS.replace("from_cases = 3\n", "")).await;
        app.app.clock.advance(MINUTE);
        sweep(&app.app).await.unwrap();
        assert_eq!(tiers(&program, &first).await.0, Value::Null, "nobody keeps what is no longer given");
    }
}
