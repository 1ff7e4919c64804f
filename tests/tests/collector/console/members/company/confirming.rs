//! Showing once more who one is, without a password; and who leads people to a provider.

use reqwest::{Method, StatusCode};
use sayso::audit::Stamp;
use sayso::auth::totp::{self, Secret};
use sayso::auth::{Member, Role, links};
use sayso::clock::{MINUTE, SECOND};
use sayso_tests::{Answer, Client, TestApp, on_both_databases};
use serde_json::json;

use super::{GO, go, person, with_provider};
use crate::console::{add_member, token};

/// A member who has no password.
async fn add_without_password(app: &TestApp, name: &str, role: Role) -> String {
    let id = add_member(app, name, role).await;
    Member::set_password(&app.app.db, &id, None, &Stamp::command(0)).await.unwrap();
    id
}

async fn invite(client: &Client, name: &str) -> StatusCode {
    let csrf = token(&client.get("/staff/account").await);
    let email = format!("{name}@acme.example");
    let form = [("csrf", csrf.as_str()), ("email", &email), ("name", name), ("role", "agent"), ("lang", "en")];
    client.post_form("/staff/members/invite", &form).await.status
}

async fn set_password(client: &Client) -> Answer {
    let csrf = token(&client.get("/staff/account").await);
    client.post_form("/staff/account/password", &[("csrf", &csrf), ("new", "yellow zebras run")]).await
}

async fn by_link(app: &TestApp, id: &str) -> Client {
    let link = links::make_sign_in_link(&app.app.db, &app.app.keys, &app.app.clock, id).await.unwrap();
    let client = app.client();
    assert_eq!(client.post_form(&link, &[]).await.location(), "/staff/account");
    client
}

on_both_databases! {
    async fn what_was_shown_at_the_provider_counts_after_the_second_factor(database: Database) {
        let (app, provider) = with_provider(database, "").await;
        let id = add_without_password(&app, "lin", Role::Admin).await;
        let lin = Member::by_id(&app.app.db, &id).await.unwrap().unwrap();
        let secret = Secret::random();
        totp::set(&app.app.db, &app.app.keys, &lin, &secret, 0, &Stamp::command(0)).await.unwrap();
        let now = app.app.clock.now();
        let mut claims = person("u-9", "lin@acme.example");
        claims["auth_time"] = json!(now / 1_000);
        provider.says(claims);
        let client = app.client();
        assert_eq!(go(&client, &provider, GO).await.location(), "/staff/sign-in/code?next=%2Fstaff");
        let code = secret.code(now.div_euclid(30 * SECOND));
        let shown = client.post_form("/staff/sign-in/code", &[("code", &code), ("next", "/staff")]).await;
        assert_eq!(shown.status, StatusCode::SEE_OTHER, "{}", shown.body);
        assert_eq!(invite(&client, "mei").await, StatusCode::SEE_OTHER);
        app.app.clock.advance(11 * MINUTE);
        assert_eq!(invite(&client, "tom").await, StatusCode::UNPROCESSABLE_ENTITY, "that was too long ago");
    }

    async fn whoever_finds_a_session_sets_no_first_password(database: Database) {
        let (app, provider) = with_provider(database, "").await;
        let id = add_without_password(&app, "mei", Role::Agent).await;
        provider.says(person("u-1", "mei@acme.example"));
        let client = app.client();
        assert_eq!(go(&client, &provider, GO).await.location(), "/staff");
        let refused = set_password(&client).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(refused.body.contains("Confirm below that it’s you first."), "{}", refused.body);
        // Once they have shown it at the provider, they do.
        let mut claims = person("u-1", "mei@acme.example");
        claims["auth_time"] = json!(app.app.clock.now() / 1_000);
        provider.says(claims);
        assert_eq!(go(&client, &provider, &format!("{GO}?confirm=1")).await.location(), "/staff");
        assert_eq!(set_password(&client).await.status, StatusCode::SEE_OTHER);
        // Or by a link that is fresh; an hour later its session is one like any other.
        Member::set_password(&app.app.db, &id, None, &Stamp::command(0)).await.unwrap();
        let linked = by_link(&app, &id).await;
        app.app.clock.advance(60 * MINUTE);
        assert_eq!(set_password(&linked).await.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(set_password(&by_link(&app, &id).await).await.status, StatusCode::SEE_OTHER);
    }

    async fn whoever_has_a_passkey_shows_it_before_a_first_password(database: Database) {
        let (app, _provider) = with_provider(database, "").await;
        let id = add_without_password(&app, "mei", Role::Agent).await;
        let client = by_link(&app, &id).await;
        let insert = "insert into passkeys (id, member_id, name, transports, key_state, use_state, created_at) \
            select 'AAAA', id, 'Phone', 0, '', '', 0 from members";
        sayso::with_write!(&app.app.db, pool => sqlx::query(insert).execute(pool).await.map(|_| ())).unwrap();
        app.app.clock.advance(60 * MINUTE);
        assert_eq!(set_password(&client).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    }

    async fn another_website_leads_nobody_to_a_provider(database: Database) {
        let (app, provider) = with_provider(database, "").await;
        let client = app.client();
        for site in ["cross-site", "same-site"] {
            let request = client.request(Method::GET, &format!("{GO}?next=%2Fstaff%2Fcases")).header("sec-fetch-site", site);
            let answer = client.send(request).await;
            assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, "/staff/sign-in?next=%2Fstaff%2Fcases"), "{site}");
            assert_eq!(answer.header("set-cookie"), "", "nothing has begun");
        }
        for own in ["same-origin", "none"] {
            let answer = client.send(client.request(Method::GET, GO).header("sec-fetch-site", own)).await;
            assert!(answer.location().starts_with(&provider.url), "{own}: {}", answer.location());
        }
    }
}
