//! The search box of the inbox: what was found is marked, and what can't be searched for is said.

use sayso::auth::Role;
use sayso::jobs::run_due;
use sayso_tests::on_both_databases;
use serde_json::json;

use super::{Desk, complaint};
use crate::outbox::cases::{customer_writes, submit};

on_both_databases! {
    async fn what_was_found_is_marked_as_it_was_written(app: TestApp) {
        let lin = Desk::of(&app, "lin", Role::Agent).await;
        complaint(&app, &format!("<b>Late</b> DELIVERY & no refunds. {}", "And so on. ".repeat(40))).await;
        let far = submit(&app, json!({"kind": "complaint", "message": format!("{}但是發票不對。", "很久以前买的。".repeat(60))})).await;
        customer_writes(&app, &far, "Где моя посылка?").await;
        run_due(&app.app).await.unwrap();
        for (query, expected) in [
            ("delivery+refund", "&#60;b&#62;Late&#60;/b&#62; <mark>DELIVERY</mark> &#38; no <mark>refunds</mark>. And"),
            ("%22b+late%22", "&#60;<mark>b&#62;Late</mark>&#60;/b&#62;"),
            ("%E5%8F%91%E7%A5%A8", "但是<mark>發票</mark>不对。"),
            ("%D0%BF%D0%BE%D1%81%D1%8B%D0%BB%D0%BA%D0%B0", "Где моя <mark>посылка</mark>?</a>"),
            ("kind:complaint", "&#60;b&#62;Late&#60;/b&#62; DELIVERY"),
        ] {
            let page = lin.inbox(&format!("q={query}")).await;
            let expected = expected.replace("不对", "不對");
            assert!(page.contains(&expected), "{query}: {page}");
        }
        assert!(!lin.inbox("q=delivery+-refunds").await.contains("data-case="));
        assert!(lin.inbox("q=owner:me").await.contains("No cases found"), "nobody has taken one");
        assert!(lin.inbox("q=owner:none&sort=due").await.contains("data-case="));
    }

    async fn what_can_t_be_searched_for_is_said_beside_the_box(app: TestApp) {
        let lin = Desk::of(&app, "lin", Role::Agent).await;
        complaint(&app, "Late").await;
        let page = lin.inbox("q=kind%EF%BC%9Abug+late").await;
        assert!(page.contains("After “kind:” comes complaint, suggestion, question or praise."), "{page}");
        assert!(page.contains("value=\"kind：bug late\"") && page.contains("aria-invalid=\"true\""), "what was typed is kept");
        assert!(!page.contains("data-case="), "and nothing is shown as found");
        let long = "late+".repeat(60);
        assert!(lin.inbox(&format!("q={long}")).await.contains("Use at most 200 characters."));
        assert!(lin.inbox("q=-on:2026-10-01").await.contains("“on:” doesn’t go with a minus sign."));
        assert!(lin.inbox("").await.contains("How to search"));
    }
}
