//! What the staff see of customers whom their site vouched for, and of programs that work beside them.

use jsonwebtoken::{EncodingKey, Header, encode};
use sayso::auth::Role;
use sayso::sites::secrets;
use sayso_tests::on_both_databases;
use serde_json::json;

use super::super::access::Program;
use super::{Desk, submit};

on_both_databases! {
    async fn whom_the_site_vouched_for_is_shown(app: TestApp) {
        let lin = Desk::of(&app, "lin", Role::Agent).await;
        let (_, secret) = secrets::add(&app.app.db, &app.app.keys, &app.site().await, &sayso::audit::Stamp::command(app.app.clock.now())).await.unwrap();
        let evil = "<b>gold</b>";
        let claims = json!({"sub": "u-42", "exp": app.app.clock.now() / 1_000 + 300, "name": "李雷", "email": "li@example.com", "tier": evil});
        let token = encode(&Header::default(), &claims, &EncodingKey::from_secret(secret.reveal().as_bytes())).unwrap();
        let id = submit(&app, json!({"kind": "question", "message": "Where is it?", "identity": token, "contact": {"name": "Somebody else"}})).await;
        let page = lin.client.get(&format!("/staff/cases/{id}")).await.body;
        assert!(page.contains("Verified by the website") && page.contains("u-42") && page.contains("李雷"), "{page}");
        assert!(page.contains("&#60;b&#62;gold&#60;/b&#62;") && page.contains("Somebody else"), "{page}");
        let other = submit(&app, json!({"kind": "question", "message": "Where is it?"})).await;
        assert!(!lin.client.get(&format!("/staff/cases/{other}")).await.body.contains("Verified"));
        let known = submit(&app, json!({"kind": "question", "message": "And this?", "identity": token})).await;
        assert!(lin.inbox("").await.contains("李雷"), "the inbox calls the customer by the name that the site knows");
        assert!(lin.client.get(&format!("/staff/cases/{known}")).await.body.contains("li@example.com"));
    }

    async fn what_went_wrong_on_the_page_is_shown_for_itself(app: TestApp) {
        let lin = Desk::of(&app, "lin", Role::Agent).await;
        let errors = ["10:00:05 TypeError: <b>no cart</b>", "10:00:06 GET 500 https://shop.example/cart?id=***&session=s3cretword"];
        let context = json!({"viewport": "375x720", "errors": errors, "cart": 3});
        let id = submit(&app, json!({"kind": "complaint", "message": "The cart is empty", "context": context})).await;
        let page = lin.client.get(&format!("/staff/cases/{id}")).await.body;
        for said in ["2 errors on the page", "10:00:05 TypeError: &#60;b&#62;no cart", "GET 500 https://shop.example/cart?id=***&#38;session=***", "<dd class=\"typed\">375x720</dd>", "cart&#34;: 3"] {
            assert!(page.contains(said), "{said}: {page}");
        }
        assert!(!page.contains("s3cretword"), "{page}");
        let other = submit(&app, json!({"kind": "complaint", "message": "The cart is empty", "context": {"errors": "none"}})).await;
        assert!(lin.client.get(&format!("/staff/cases/{other}")).await.body.contains("errors&#34;: &#34;none"), "what a website means by it stays as it is");
    }

    async fn programs_are_called_by_the_names_of_their_tokens(app: TestApp) {
        let lin = Desk::of(&app, "lin", Role::Agent).await;
        let program = Program::new(&app).await;
        let entered = program.post("", &json!({"site": "acme", "kind": "praise", "message": "On the phone: lovely"})).await.json();
        let id = entered["id"].as_str().unwrap();
        program.post(&format!("/{id}/messages"), &json!({"kind": "note", "body": "From the CRM's file"})).await;
        program.post(&format!("/{id}/status"), &json!({"status": "acknowledged"})).await;
        program.post(&format!("/{id}/messages"), &json!({"kind": "reply", "body": "Thank you", "then": "resolve"})).await;
        let page = lin.client.get(&format!("/staff/cases/{id}")).await.body;
        for said in ["CRM entered it for the customer", "CRM acknowledged it", "CRM resolved it", "From the CRM&#39;s file", "<span class=\"message-by\" dir=\"auto\">CRM</span>"] {
            assert!(page.contains(said), "{said}: {page}");
        }
        let public = app.client().get(&format!("/t/{}", entered["code"].as_str().unwrap())).await.body;
        assert!(public.contains("Thank you") && public.contains("Acme Home") && !public.contains("CRM"), "{public}");
    }
}
