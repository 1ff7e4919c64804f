//! Tokens for programs, and who is away: what the command line had alone before.

use reqwest::StatusCode;
use sayso::auth::member::Email;
use sayso::auth::{Member, Role};
use sayso_tests::{TestApp, on_both_databases};

use super::super::{Desk, PASSWORD};
use crate::pages::Form;

const TOKENS: &str = "/staff/tokens";
const AWAY: &str = "/staff/account/away";

async fn is_let_in(app: &TestApp, bearer: &str) -> bool {
    let client = app.client();
    let answer = client.send(client.request(reqwest::Method::GET, "/api/v1/cases").bearer_auth(bearer)).await;
    answer.status == StatusCode::OK
}

async fn away_until(app: &TestApp, email: &str) -> Option<i64> {
    Member::by_email(&app.app.db, &Email::parse(email).unwrap()).await.unwrap().unwrap().away_until
}

on_both_databases! {
    async fn an_admin_makes_a_token_that_is_shown_once_and_removes_it(app: TestApp) {
        let ada = Desk::of(&app, "ada", Role::Admin).await;
        for role in [Role::Manager, Role::Agent] {
            let other = Desk::of(&app, role.as_str(), role).await;
            assert_eq!(other.client.get(TOKENS).await.status, StatusCode::FORBIDDEN);
            assert_eq!(other.post(TOKENS, &[("name", "ERP"), ("scope:cases:read", "1"), ("password", PASSWORD)]).await.status, StatusCode::FORBIDDEN);
        }
        let typed = [("name", "ERP <1>"), ("scope:cases:read", "1"), ("scope:reports:read", "1")];
        for (fields, field) in [(&typed[1..], "name"), (&typed[..1], "scopes"), (&typed[..], "password")] {
            let refused = ada.post(TOKENS, fields).await;
            assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{field}");
            assert!(refused.body.contains(&format!("id=\"{field}-error\"")) && !refused.body.contains("sayso_"), "{field}: {}", refused.body);
        }
        let made = ada.post(TOKENS, &[&typed[..], &[("password", PASSWORD)]].concat()).await;
        assert!(made.status == StatusCode::OK && made.body.contains("ERP &#60;1&#62;"), "{}", made.body);
        let bearer = made.body.split("id=\"token\" translate=\"no\">").nth(1).unwrap().split('<').next().unwrap().to_owned();
        assert!(is_let_in(&app, &bearer).await);
        let page = ada.client.get(TOKENS).await.body;
        assert!(!page.contains(&bearer) && page.contains("cases:read, reports:read"), "{page}");
        let again = ada.post(TOKENS, &[&typed[..], &[("password", PASSWORD)]].concat()).await;
        assert!(again.body.contains("There is a token of this name"), "{}", again.body);
        let action = page.split("action=\"").find(|rest| rest.starts_with("/staff/tokens/")).unwrap().split('"').next().unwrap();
        assert_eq!(ada.post(action, &[]).await.location(), "/staff/tokens?done=removed");
        assert!(!is_let_in(&app, &bearer).await);
        let select = "select action || ' ' || actor from audit_log where action like 'token.%' order by number";
        let audited: Vec<String> = sayso::with_db!(&app.app.db, pool => sqlx::query_scalar(select).fetch_all(pool).await).unwrap();
        assert_eq!(audited, ["token.add member", "token.remove member"]);
    }

    async fn each_says_of_themselves_that_they_are_away_and_managers_of_everybody(app: TestApp) {
        let (lee, tom) = (Desk::of(&app, "lee", Role::Agent).await, Desk::of(&app, "tom", Role::Manager).await);
        assert!(lee.client.get("/staff/account").await.body.contains(AWAY));
        let own = Form::of(&lee.client.get(AWAY).await.body, AWAY).get("member").to_owned();
        let today = sayso::clock::rfc3339(app.app.clock.now())[..10].to_owned();
        for day in [today.as_str(), "2020-01-01", "2026-02-30", "soon"] {
            let refused = lee.post(AWAY, &[("member", &own), ("back_on", day)]).await;
            assert!(refused.status == StatusCode::UNPROCESSABLE_ENTITY && refused.body.contains(&format!("value=\"{day}\"")), "{day}: {}", refused.body);
        }
        assert_eq!(lee.post(AWAY, &[("member", &own), ("back_on", "2199-12-24")]).await.location(), "/staff/account/away?saved=away");
        let until = away_until(&app, "lee@acme.example").await.unwrap();
        assert!(sayso::clock::rfc3339(until).starts_with("2199-12-2"));
        assert!(lee.client.get(AWAY).await.body.contains("value=\"2199-12-24\""));
        // Nobody else's, unless they manage.
        let page = tom.client.get(AWAY).await.body;
        let of_tom = Form::of(&page, AWAY).get("member").to_owned();
        assert_eq!(lee.post(AWAY, &[("member", &of_tom), ("back_on", "2199-12-24")]).await.status, StatusCode::FORBIDDEN);
        assert!(page.contains("2199-12-24") && !lee.client.get(AWAY).await.body.contains(&of_tom), "{page}");
        assert_eq!(tom.post(AWAY, &[("member", &own), ("back_on", "")]).await.status, StatusCode::SEE_OTHER);
        assert_eq!(away_until(&app, "lee@acme.example").await, None);
    }
}
