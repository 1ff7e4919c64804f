//! Cases that were put aside come back on their day.

use sayso::auth::Role;

use super::*;
use crate::console::Desk;

/// What the timeline says of dates that have come.
fn reminders(full: &Value) -> usize {
    events(full, "case.follow_up").iter().filter(|data| data["due"].is_string()).count()
}

on_both_databases! {
    async fn a_case_comes_back_on_its_day_and_once(app: TestApp) {
        set_up(&app).await;
        let program = Program::new(&app).await;
        let (_, case_of_mei) = submit(&app, &program, json!({"kind": "complaint", "message": "The parcel came late."})).await;
        assert_eq!(case_of_mei["owner"]["email"], "mei@shop.example");
        let id = case_of_mei["id"].as_str().unwrap();
        let (_, other) = submit(&app, &program, json!({"kind": "question", "message": "Where is it?"})).await;
        let aside = |date: Value| json!({ "follow_up_at": date });
        // Put off once more, the earlier date counts no more.
        for date in [local(1, 9, 0), local(2, 9, 0)] {
            assert_eq!(program.patch(id, &aside(json!(date)), None).await.status, StatusCode::OK);
        }
        let resolved = program.post(&format!("/{id}/messages"), &json!({"kind": "reply", "body": "Mended.", "then": "resolve", "outcome": "upheld"})).await;
        assert_eq!(resolved.status, StatusCode::CREATED, "{}", resolved.body);
        let found = async |query: &str| {
            let page = program.get(&format!("?{query}")).await.json();
            page["cases"].as_array().unwrap().iter().map(|case| case["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        pass(&app, &local(1, 17, 0)).await;
        assert_eq!(reminders(&case(&program, &case_of_mei["id"]).await), 0, "not on the first of the two days");
        assert!(found("due=follow_up").await.is_empty());
        pass(&app, &local(2, 9, 15)).await;
        let full = case(&program, &case_of_mei["id"]).await;
        assert_eq!(reminders(&full), 1);
        assert_eq!(found("due=follow_up").await, [id], "also though it is resolved");
        let manager = Desk::of(&app, "ivy", Role::Manager).await;
        let page = manager.inbox("status=all&due=follow_up").await;
        assert_eq!(page.matches("data-case=").count(), 1, "{page}");
        assert!(page.contains(&format!("data-case=\"{id}\"")), "{page}");
        assert!(manager.client.get(&format!("/staff/cases/{id}")).await.body.contains("It was put aside until now"));
        let select = "select count(*) from deliveries join events on events.id = deliveries.subject_id \
            where events.type = 'case.follow_up' and deliveries.destination like 'member:%'";
        let mails: i64 = sayso::with_db!(&app.app.db, pool => sqlx::query_scalar(select).fetch_one(pool).await).unwrap();
        assert_eq!(mails, 1, "its owner hears of the day, and of no change of the date");
        pass(&app, &local(3, 17, 0)).await;
        assert_eq!(reminders(&case(&program, &case_of_mei["id"]).await), 1, "once");
        assert_eq!(found("due=follow_up").await, [id], "it stands there until somebody sees to it");
        assert_eq!(program.patch(id, &aside(Value::Null), None).await.status, StatusCode::OK);
        assert!(found("due=follow_up").await.is_empty());
        // A date that was taken back, or has been over for long, is no trouble.
        let id = other["id"].as_str().unwrap();
        for date in [json!(local(4, 9, 0)), Value::Null] {
            assert_eq!(program.patch(id, &aside(date), None).await.status, StatusCode::OK);
        }
        pass(&app, &local(5, 9, 0)).await;
        assert_eq!(reminders(&case(&program, &other["id"]).await), 0);
        assert_eq!(program.patch(id, &aside(json!(local(0, 9, 0))), None).await.status, StatusCode::OK);
        run_due(&app.app).await.unwrap();
        assert_eq!(reminders(&case(&program, &other["id"]).await), 1, "it is to be seen to at once");
        let left = "select count(*) from jobs where kind = 'follow_up'";
        let left: i64 = sayso::with_db!(&app.app.db, pool => sqlx::query_scalar(left).fetch_one(pool).await).unwrap();
        assert_eq!(left, 0);
    }

    async fn a_member_sees_at_once_what_is_theirs(app: TestApp) {
        set_up(&app).await;
        let lead = Desk::of(&app, "ivy", Role::Manager).await;
        let page = lead.inbox("status=open&owner=me").await;
        assert!(page.contains("<a class=\"view\" href=\"/staff/cases?status=open&#38;owner=me\" aria-current=\"page\" dir=\"auto\">My cases</a>"), "{page}");
        assert!(page.contains("href=\"/staff/cases?status=open&#38;owner=nobody\""), "{page}");
        assert!(!page.contains("href=\"/staff/cases?status=open&#38;team=delivery\""), "she belongs to no team");
        let start = lead.client.get("/staff").await.body;
        assert!(start.contains("/staff/cases?status=all&owner=me&due=follow_up") || start.contains("/staff/cases?status=all&#38;owner=me&#38;due=follow_up"), "{start}");
    }
}
