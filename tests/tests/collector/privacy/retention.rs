//! Retention: what a site keeps for so many months, and no longer.

use sayso::clock::DAY;
use sayso::housekeeping::clean_up;
use sayso::jobs::run_due;
use sayso_tests::on_both_databases;
use serde_json::json;

use super::{everything_stored, submit};
use crate::access::Program;

on_both_databases! {
    async fn contacts_go_first_and_then_texts(app: TestApp) {
        let program = Program::new(&app).await;
        app.set_site(&["retention.contacts=2", "retention.texts=5"]).await;
        let (_, case) = submit(&app, &program, json!({"kind": "question", "message": "zebrafinch", "contact": {"name": "Li", "email": "li@example.com"}})).await;
        let (_, open) = submit(&app, &program, json!({"kind": "question", "message": "wolverine", "contact": {"email": "bo@example.com"}})).await;
        let id = case["id"].as_str().unwrap();
        program.post(&format!("/{id}/status"), &json!({"status": "resolved"})).await;
        app.app.clock.advance(15 * DAY);
        clean_up(&app.app).await.unwrap();
        let read = async |id: &str| program.get(&format!("/{id}")).await.json();
        assert_eq!(read(id).await["case"]["status"], "closed");
        let (_, said) = app.command(&["doctor"]).await;
        assert!(said.contains("acme erases contacts 2 months after closing; the next"), "{said}");

        app.app.clock.advance(63 * DAY);
        assert_eq!(clean_up(&app.app).await.unwrap().erased, 1);
        run_due(&app.app).await.unwrap();
        let seen = read(id).await;
        assert_eq!((&seen["case"]["contact"], &seen["case"]["message"]), (&json!(null), &json!("zebrafinch")));
        let customer = program.get_at(&format!("/api/v1/customers/{}", case["customer"]["id"].as_str().unwrap())).await.json();
        assert!(customer["erased_at"].is_string() && customer["emails"] == json!([]), "{customer}");

        app.app.clock.advance(100 * DAY);
        assert_eq!(clean_up(&app.app).await.unwrap().erased, 1);
        run_due(&app.app).await.unwrap();
        let stored = everything_stored(&app).await;
        assert!(!stored.contains("zebrafinch") && stored.contains("wolverine"));
        assert_eq!(read(open["id"].as_str().unwrap()).await["case"]["contact"]["email"], "bo@example.com", "what is open stays");
        let events = read(id).await["events"].clone();
        let erased: Vec<_> = events.as_array().unwrap().iter().filter(|event| event["type"] == "case.erased").map(|event| event["data"]["what"].clone()).collect();
        assert_eq!(erased, [json!("contacts"), json!("texts")]);
        assert_eq!(clean_up(&app.app).await.unwrap().erased, 0, "each once");
    }

    async fn it_is_a_setting_of_the_site(app: TestApp) {
        let (done, said) = app.command(&["site", "set", "acme", "retention.contacts=24"]).await;
        assert!(done, "{said}");
        let (_, exported) = app.command(&["service", "export"]).await;
        assert!(exported.contains("contacts = 24"), "{exported}");
        for wrong in ["retention.contacts=0", "retention.texts=1201", "retention.texts=soon"] {
            let (done, said) = app.command(&["site", "set", "acme", wrong]).await;
            assert!(!done && said.contains("1 to 1200 months"), "{said}");
        }
    }
}
