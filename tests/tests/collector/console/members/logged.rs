//! What the audit log says of signing in, and that it says nothing personal; and hashes that are made stronger.

use argon2::password_hash::PasswordHasher;
use argon2::{Algorithm, Argon2, Params, Version};
use sayso::auth::sign_in_log;
use sayso::clock::MINUTE;
use sayso::{with_db, with_write};
use sayso_tests::TestApp;
use serde_json::{Value, json};

use super::*;
use crate::access::count;

/// What the log says of an action: to what it was done, and the details after.
async fn logged(app: &TestApp, action: &str) -> Vec<(String, Value)> {
    let select = "select object, details from audit_log where action = $1 order by number";
    let rows: Vec<(String, String)> =
        with_db!(&app.app.db, pool => sqlx::query_as(select).bind(action).fetch_all(pool).await).unwrap();
    let after = |details: String| serde_json::from_str::<Value>(&details).unwrap()["after"].clone();
    rows.into_iter().map(|(object, details)| (object, after(details))).collect()
}

on_both_databases! {
    async fn signing_in_and_out_is_in_the_audit_log(app: TestApp) {
        let id = add_member(&app, "lin", Role::Agent).await;
        let object = format!("member/{id}");
        let client = app.client();
        for (name, password) in [("lin", "not the password"), ("nobody", PASSWORD), ("lin", "nor this one"), ("nobody", "nor this one")] {
            assert_eq!(sign_in(&client, name, password).await.status, StatusCode::UNPROCESSABLE_ENTITY);
        }
        let first = json!({"reason": "password", "attempts": 1});
        assert_eq!(logged(&app, "sign_in.failed").await, [(object.clone(), first.clone()), ("sign-in".to_owned(), first.clone())], "guessing fills nothing");
        assert_eq!(sign_in(&client, "lin", PASSWORD).await.status, StatusCode::SEE_OTHER);
        assert_eq!(logged(&app, "sign_in.done").await, [(object.clone(), json!({"by": "password"}))]);
        let csrf = token(&client.get("/staff/account").await);
        assert_eq!(client.post_form("/staff/sign-out", &[("csrf", csrf.as_str())]).await.status, StatusCode::SEE_OTHER);
        assert_eq!(logged(&app, "sign_out").await, [(object.clone(), Value::Null)]);
        app.app.clock.advance(11 * MINUTE);
        sign_in_log::append_folded(&app.app).await.unwrap();
        let mut folded = logged(&app, "sign_in.failed").await.split_off(2);
        folded.sort_by(|one, other| one.0.cmp(&other.0));
        assert_eq!(folded, [(object, first.clone()), ("sign-in".to_owned(), first)], "and none is lost");
        let (done, said) = app.command(&["audit", "verify"]).await;
        assert!(done, "{said}");
    }

    async fn no_entry_names_a_person(app: TestApp) {
        let boss = Desk::of(&app, "boss", Role::Admin).await;
        let stamp = sayso::audit::Stamp::command(app.app.clock.now());
        let new = sayso::auth::member::NewMember {
            email: Email::parse("meichen@acme.example").unwrap(),
            name: sayso::auth::member::Name::parse("Mei Chen").unwrap(),
            role: Role::Agent,
            lang: None,
            password_hash: None,
        };
        let id = Member::add(&app.app.db, &new, &stamp).await.unwrap();
        let team = "[[team]]\nkey = 'delivery'\nname = 'Delivery'\nmembers = ['meichen@acme.example']\nlead = 'meichen@acme.example'\nemail = 'lager@acme.example'\n";
        app.apply_service(team).await;
        let invited = [("email", "sam@acme.example"), ("name", "Sam Field"), ("role", "agent"), ("password", PASSWORD)];
        assert_eq!(boss.post("/staff/members/invite", &invited).await.status, StatusCode::SEE_OTHER);
        let page = boss.client.get("/staff/audit").await.body;
        assert!(page.contains("Mei Chen"), "names are looked up for the page: {page}");
        Member::remove(&app.app.db, &new.email, &stamp).await.unwrap();
        let log: Vec<String> = with_db!(&app.app.db, pool => sqlx::query_scalar("select object || details from audit_log").fetch_all(pool).await).unwrap();
        let log = log.join("\n");
        for word in ["meichen", "Mei Chen", "sam@", "Sam Field", "lager@"] {
            assert!(!log.contains(word), "{word}: {log}");
        }
        assert!(log.contains(&format!("\"members\":[\"member/{id}\"]")) && log.contains("…@acme.example"), "{log}");
    }

    async fn a_weak_hash_becomes_a_strong_one_when_its_member_signs_in(app: TestApp) {
        let id = add_member(&app, "lin", Role::Agent).await;
        let weak = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(8_192, 1, 1, None).unwrap());
        let weak = weak.hash_password(PASSWORD.as_bytes()).unwrap().to_string();
        with_write!(&app.app.db, pool => sqlx::query("update members set password_hash = $1 where id = $2").bind(&weak).bind(&id).execute(pool).await.map(|_| ())).unwrap();
        let other = app.client();
        assert_eq!(sign_in(&other, "lin", "not the password").await.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(count(&app, "members where password_hash like '%m=8192,t=1,p=1%'").await, 1);
        for _ in 0..2 {
            assert_eq!(sign_in(&app.client(), "lin", PASSWORD).await.status, StatusCode::SEE_OTHER);
            assert_eq!(count(&app, "members where password_hash like '%m=19456,t=2,p=1%'").await, 1);
        }
    }
}
