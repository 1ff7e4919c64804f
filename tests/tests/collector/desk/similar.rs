//! Cases that are nearly the same, with the reason.

use reqwest::StatusCode;
use sayso::auth::Role;
use sayso::cases::{Case, similar};
use sayso_tests::on_both_databases;
use serde_json::json;

use crate::console::{Desk, complaint};

on_both_databases! {
    async fn cases_that_say_nearly_the_same_are_found_with_the_words_that_both_have(app: TestApp) {
        let same = complaint(&app, "My parcel with the lamp arrived late and the box was torn").await;
        let chinese = complaint(&app, "沙发的扶手坏了，请尽快换一个新的").await;
        complaint(&app, "Do you deliver on Sundays?").await;
        let case = complaint(&app, "The parcel with my lamp came late, and its box was torn!").await;
        let late = complaint(&app, "沙發的扶手壞了，請儘快更換").await;
        sayso::jobs::run_due(&app.app).await.unwrap();
        let found = similar::find(&app.app, &Case::by_id(&app.app, &case).await.unwrap(), None).await.unwrap();
        assert_eq!(found.iter().map(|one| one.id.as_str()).collect::<Vec<_>>(), [same.as_str()]);
        assert!(found[0].shared.iter().any(|word| word == "parcel") && found[0].resemblance < 1.0, "{found:?}");
        let found = similar::find(&app.app, &Case::by_id(&app.app, &late).await.unwrap(), None).await.unwrap();
        assert_eq!(found.iter().map(|one| one.id.as_str()).collect::<Vec<_>>(), [chinese.as_str()], "in either script");
        let desk = Desk::of(&app, "mei", Role::Agent).await;
        let page = desk.client.get(&format!("/staff/cases/{case}/similar")).await;
        assert!(page.status == StatusCode::OK && page.body.contains("parcel") && page.body.contains(&same), "{}", page.body);
        // What is older than 90 days is left out.
        app.app.clock.advance(91 * sayso::clock::DAY);
        let again = app.client().submit(json!({"kind": "complaint", "message": "The parcel with my lamp came late, and its box was torn!"})).await;
        let again = Case::by_code(&app.app, again.json()["code"].as_str().unwrap()).await.unwrap();
        sayso::jobs::run_due(&app.app).await.unwrap();
        assert!(similar::find(&app.app, &again, None).await.unwrap().is_empty());
    }
}
