//! Signing in with a company account: what gets in, what does not, and what groups make of it.

mod confirming;
mod providers;

use reqwest::StatusCode;
use sayso::audit::Stamp;
use sayso::auth::invitations::Invitation;
use sayso::auth::member::Email;
use sayso::auth::totp::{self, Secret};
use sayso::auth::{Member, Role, links};
use sayso::clock::{HOUR, MINUTE};
use sayso_tests::identity_provider::{IdentityProvider, Signing};
use sayso_tests::{Answer, Client, Database, Options, TestApp, on_both_databases};
use serde_json::{Value, json};

use crate::console::{PASSWORD, add_member, sign_in, token};

const GO: &str = "/staff/sign-in/with/acme";
const GROUPS: &str = "create_members = true\n[groups]\nheads = { role = \"manager\", teams = [\"billing\"] }\n\
    care = { role = \"agent\", teams = [\"delivery\", \"gone\"] }\nadmins = { role = \"admin\" }\n";

/// A collector with a provider, by further lines of its settings.
async fn with_provider(database: Database, further: &'static str) -> (TestApp, IdentityProvider) {
    with_settings(database, further, |_| {}).await
}

async fn with_settings(
    database: Database,
    further: &'static str,
    change: impl FnOnce(&mut sayso::Config) + Send + 'static,
) -> (TestApp, IdentityProvider) {
    let provider = IdentityProvider::start().await;
    let oidc = provider.settings(further);
    let settings = Box::new(move |config: &mut sayso::Config| {
        config.oidc.insert("acme".to_owned(), oidc);
        config.limits.sign_ins_per_minute = 1_000;
        change(config);
    });
    (TestApp::spawn_with(database, Options { settings, ..Options::default() }).await, provider)
}

fn person(subject: &str, email: &str) -> Value {
    json!({"sub": subject, "email": email, "email_verified": true})
}

fn of_groups(subject: &str, email: &str, groups: &[&str]) -> Value {
    json!({"sub": subject, "email": email, "email_verified": true, "name": "Mei Chen", "groups": groups})
}

/// Goes out to the provider and comes back, as whom it says.
async fn go(client: &Client, provider: &IdentityProvider, path: &str) -> Answer {
    let out = client.get(path).await;
    assert_eq!(out.status, StatusCode::SEE_OTHER, "{}", out.body);
    client.get(&provider.log_in(out.location())).await
}

/// The reasons of the failed sign-ins in the audit log, in their order.
async fn reasons(app: &TestApp) -> Vec<String> {
    let select = "select details from audit_log where action = 'sign_in.failed' order by number";
    let details: Vec<String> =
        sayso::with_db!(&app.app.db, pool => sqlx::query_scalar(select).fetch_all(pool).await).unwrap();
    let reason =
        |text: &String| serde_json::from_str::<Value>(text).unwrap()["after"]["reason"].as_str().unwrap().to_owned();
    details.iter().map(reason).collect()
}

/// How often somebody has failed to sign in, those among it that were folded into one entry.
async fn failures(app: &TestApp) -> u64 {
    app.app.clock.advance(11 * MINUTE);
    sayso::auth::sign_in_log::append_folded(&app.app).await.unwrap();
    let select = "select details from audit_log where action = 'sign_in.failed'";
    let details: Vec<String> =
        sayso::with_db!(&app.app.db, pool => sqlx::query_scalar(select).fetch_all(pool).await).unwrap();
    let attempts = |text: &String| serde_json::from_str::<Value>(text).unwrap()["after"]["attempts"].as_u64().unwrap();
    details.iter().map(attempts).sum()
}

async fn member(app: &TestApp, email: &str) -> Option<Member> {
    Member::by_email(&app.app.db, &Email::parse(email).unwrap()).await.unwrap()
}

async fn set_service(app: &TestApp, text: &str) {
    app.apply_service(text).await;
}

async fn teams(app: &TestApp, email: &str) -> Vec<String> {
    app.app.clock.advance(1_000);
    let service = app.app.service.current().await.unwrap();
    service.teams_of(email).map(|team| team.key.to_string()).collect()
}

on_both_databases! {
    async fn whoever_is_a_member_signs_in_with_their_account(database: Database) {
        let (app, provider) = with_provider(database, "").await;
        let id = add_member(&app, "mei", Role::Agent).await;
        provider.says(person("u-1", "Mei@Acme.example"));
        let client = app.client();
        let page = client.get("/staff/sign-in?next=%2Fstaff%2Fcases").await.body;
        assert!(page.contains("href=\"/staff/sign-in/with/acme?next=%2Fstaff%2Fcases\"") && page.contains("Sign in with Acme ID"), "{page}");
        // A session that was there before, by whoever's doing, ends with it.
        let before = sign_in(&client, "mei", PASSWORD).await.header("set-cookie").split(';').next().unwrap().to_owned();
        let in_ = go(&client, &provider, &format!("{GO}?next=%2Fstaff%2Fcases")).await;
        let old = app.client();
        let old = old.send(old.request(reqwest::Method::GET, "/staff/cases").header("cookie", before)).await;
        assert_eq!(old.status, StatusCode::SEE_OTHER, "it has another identifier");
        assert_eq!((in_.status, in_.location()), (StatusCode::SEE_OTHER, "/staff/cases"), "{}", in_.body);
        let cookies: Vec<&str> = in_.headers.get_all("set-cookie").iter().filter_map(|value| value.to_str().ok()).collect();
        assert!(cookies.iter().any(|cookie| cookie.starts_with("sayso_session=") && cookie.contains("HttpOnly")), "{cookies:?}");
        assert!(cookies.iter().any(|cookie| cookie.starts_with("sayso_oidc=;") && cookie.contains("Max-Age=0")), "{cookies:?}");
        assert_eq!(client.get("/staff/cases").await.status, StatusCode::OK);
        let sessions = client.get("/staff/account/sessions").await.body;
        assert!(sessions.contains("This one") || sessions.matches("<tr>").count() == 2, "the session is on the list: {sessions}");
        let account = client.get("/staff/account").await.body;
        assert!(account.contains("You sign in with this account.") && account.contains("confirm=1"), "{account}");
        // From now on the account counts, and not the address.
        provider.says(json!({"sub": "u-1", "email": "mei.chen@acme.example", "email_verified": false}));
        let again = app.client();
        assert_eq!(go(&again, &provider, GO).await.location(), "/staff");
        assert!(again.get("/staff/account").await.body.contains("mei@acme.example"));
        let select = "select object from audit_log where action = 'member.account.bind'";
        let bound: Vec<String> = sayso::with_db!(&app.app.db, pool => sqlx::query_scalar(select).fetch_all(pool).await).unwrap();
        assert_eq!(bound, [format!("member/{id}")]);
        for foreign in ["https://evil.example/", "//evil.example/staff/"] {
            assert_eq!(go(&app.client(), &provider, &format!("{GO}?next={foreign}")).await.location(), "/staff", "{foreign}");
        }
        assert_eq!(app.client().get("/staff/sign-in/with/other").await.status, StatusCode::NOT_FOUND);
    }

    async fn what_a_provider_says_is_checked(database: Database) {
        let (app, provider) = with_provider(database, "").await;
        add_member(&app, "mei", Role::Agent).await;
        let now = app.app.clock.now() / 1_000;
        let wrong = [
            (json!({"nonce": "x".repeat(43)}), "nonce"),
            (json!({"nonce": null}), "nonce"),
            (json!({"aud": "another"}), "audience"),
            (json!({"aud": null}), "audience"),
            (json!({"aud": ["sayso", "another"]}), "audience"),
            (json!({"aud": ["sayso", "another"], "azp": "another"}), "audience"),
            (json!({"azp": "another"}), "audience"),
            (json!({"iss": "https://evil.example"}), "issuer"),
            (json!({"exp": now - 120}), "expiry"),
            (json!({"exp": null}), "expiry"),
            (json!({"exp": "tomorrow"}), "expiry"),
            (json!({"iat": now + 600}), "not_yet_valid"),
            (json!({"nbf": now + 600}), "not_yet_valid"),
            (json!({"sub": null}), "subject"),
            (json!({"sub": "x".repeat(256)}), "subject"),
            (json!({"sub": "u\u{0}1"}), "subject"),
            (json!({"email_verified": false}), "address_not_verified"),
            (json!({"email_verified": null}), "address_not_verified"),
            (json!({"email": null}), "address_not_verified"),
            (json!({"email": "eve@acme.example"}), "no_member"),
        ];
        for (change, reason) in &wrong {
            let mut claims = person("u-1", "mei@acme.example");
            claims.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
            provider.says(claims);
            refused(&app, &provider, reason).await;
        }
        provider.says(person("u-1", "mei@acme.example"));
        for (signing, reason) in [
            (Signing::Nothing, "header"),
            (Signing::PublicKeyAsSecret, "algorithm"),
            (Signing::OtherKey, "signature"),
            (Signing::UnknownKey, "unknown_key"),
        ] {
            provider.signs(signing);
            refused(&app, &provider, reason).await;
        }
        // Nothing was bound by any of that, and what is a little late by clocks that differ is right.
        provider.signs(Signing::Rsa);
        let mut claims = person("u-2", "mei@acme.example");
        claims["exp"] = json!(now - 30);
        claims["aud"] = json!(["sayso", "another"]);
        claims["azp"] = json!("sayso");
        provider.says(claims);
        assert_eq!(go(&app.client(), &provider, GO).await.location(), "/staff");
        assert_eq!(failures(&app).await, wrong.len() as u64 + 4);
    }

    async fn a_new_key_of_the_provider_is_fetched_once(database: Database) {
        let (app, provider) = with_provider(database, "").await;
        add_member(&app, "mei", Role::Agent).await;
        provider.says(person("u-1", "mei@acme.example"));
        assert_eq!(go(&app.client(), &provider, GO).await.location(), "/staff");
        assert_eq!(go(&app.client(), &provider, GO).await.location(), "/staff");
        assert_eq!(provider.key_requests(), 1, "what is known is kept");
        provider.signs(Signing::NewKey);
        assert_eq!(go(&app.client(), &provider, GO).await.location(), "/staff");
        assert_eq!(provider.key_requests(), 2);
        assert_eq!(go(&app.client(), &provider, GO).await.location(), "/staff");
        assert_eq!(provider.key_requests(), 2);
        app.app.clock.advance(HOUR);
        provider.goes_down();
        let down = app.client().get(GO).await;
        assert_eq!(down.status, StatusCode::BAD_GATEWAY, "{}", down.body);
        assert!(down.body.contains("doesn’t answer at the moment") && down.body.contains("name=\"password\""), "{}", down.body);
        assert_eq!(reasons(&app).await, ["discovery"]);
        provider.comes_back();
        // A provider that is away is left alone for a moment.
        assert_eq!(app.client().get(GO).await.status, StatusCode::BAD_GATEWAY);
        app.app.clock.advance(5_000);
        assert_eq!(app.client().get(GO).await.status, StatusCode::SEE_OTHER);
    }

    async fn a_sign_in_belongs_to_the_browser_that_began_it(database: Database) {
        let (app, provider) = with_provider(database, "").await;
        add_member(&app, "mei", Role::Agent).await;
        provider.says(person("u-1", "mei@acme.example"));
        let client = app.client();
        let back = provider.log_in(client.get(GO).await.location());
        let other = app.client();
        let stolen = other.get(&back).await;
        assert_eq!(stolen.status, StatusCode::FORBIDDEN);
        assert!(stolen.body.contains("begun in another browser"), "{}", stolen.body);
        let elsewhere = other.get(GO).await;
        assert_eq!(elsewhere.status, StatusCode::SEE_OTHER);
        assert_eq!(other.get(&back).await.status, StatusCode::FORBIDDEN, "the state is another one's");
        assert_eq!(client.get(&back).await.location(), "/staff");
        assert_eq!(client.get(&back).await.status, StatusCode::FORBIDDEN, "an answer is good for once");
        let late = provider.log_in(client.get(GO).await.location());
        app.app.clock.advance(10 * MINUTE);
        assert_eq!(client.get(&late).await.status, StatusCode::FORBIDDEN);
        let denied = app.client();
        let out = denied.get(GO).await.location().to_owned();
        let state = url::Url::parse(&out).unwrap().query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
        let refused = denied.get(&format!("{GO}/callback?error=access_denied&error_description=%3Cb%3Ehunter2&state={state}")).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN);
        assert!(refused.body.contains("wasn’t confirmed") && !refused.body.contains("hunter2"), "{}", refused.body);
        let foreign = provider.log_in(denied.get(GO).await.location()).replace("&iss=http", "&iss=https");
        assert_eq!(denied.get(&foreign).await.status, StatusCode::FORBIDDEN);
        assert_eq!(reasons(&app).await, ["not_begun", "not_begun", "denied", "issuer"], "three of ten minutes are one entry");
        assert_eq!(failures(&app).await, 6);
    }

    async fn an_address_that_becomes_somebody_elses_takes_nothing_over(database: Database) {
        let (app, provider) = with_provider(database, GROUPS).await;
        add_member(&app, "lin", Role::Admin).await;
        add_member(&app, "mei", Role::Agent).await;
        provider.says(of_groups("u-1", "mei@acme.example", &["care"]));
        assert_eq!(go(&app.client(), &provider, GO).await.location(), "/staff");
        provider.says(of_groups("u-2", "mei@acme.example", &["admins"]));
        refused(&app, &provider, "other_account").await;
        assert_eq!(member(&app, "mei@acme.example").await.unwrap().role(), Role::Agent);
        // Whoever was removed stays removed, with either account.
        let stamp = Stamp::command(app.app.clock.now());
        Member::remove(&app.app.db, &Email::parse("mei@acme.example").unwrap(), &stamp).await.unwrap();
        refused(&app, &provider, "no_member").await;
        provider.says(of_groups("u-1", "mei@acme.example", &["care"]));
        refused(&app, &provider, "no_member").await;
        // Let in again, the address is matched anew: the account of before is nobody's.
        add_member(&app, "mei", Role::Viewer).await;
        provider.says(of_groups("u-2", "mei@acme.example", &["care"]));
        assert_eq!(go(&app.client(), &provider, GO).await.location(), "/staff");
        provider.says(of_groups("u-1", "mei@acme.example", &["care"]));
        refused(&app, &provider, "other_account").await;
    }

    async fn whoever_is_reset_goes_by_the_address_again(database: Database) {
        let (app, provider) = with_provider(database, "").await;
        add_member(&app, "mei", Role::Agent).await;
        provider.says(person("u-1", "mei@acme.example"));
        assert_eq!(go(&app.client(), &provider, GO).await.location(), "/staff");
        provider.says(person("u-2", "mei@acme.example"));
        refused(&app, &provider, "other_account").await;
        let (done, said) = app.command(&["member", "reset", "mei@acme.example"]).await;
        assert!(done, "{said}");
        assert_eq!(go(&app.client(), &provider, GO).await.location(), "/staff");
        provider.says(person("u-1", "mei@acme.example"));
        refused(&app, &provider, "other_account").await;
        let select = "select action from audit_log where action like 'member.account.%' order by number";
        let actions: Vec<String> = sayso::with_db!(&app.app.db, pool => sqlx::query_scalar(select).fetch_all(pool).await).unwrap();
        assert_eq!(actions, ["member.account.bind", "member.account.unbind", "member.account.bind"]);
    }

    async fn groups_decide_at_each_sign_in(database: Database) {
        let (app, provider) = with_provider(database, GROUPS).await;
        add_member(&app, "lin", Role::Admin).await;
        set_service(&app, "[[team]]\nkey = 'delivery'\nname = 'Delivery'\n[[team]]\nkey = 'billing'\nname = 'Billing'\n[[team]]\nkey = 'night'\nname = 'Night'\n").await;
        let mei = "mei@acme.example";
        for nothing in [json!({"groups": []}), json!({"groups": ["Care", "x"]}), json!({"groups": null}), json!({"groups": {"care": true}})] {
            let mut claims = person("u-1", mei);
            claims["groups"] = nothing["groups"].clone();
            provider.says(claims);
            refused(&app, &provider, "no_group").await;
        }
        assert!(member(&app, mei).await.is_none());
        provider.says(of_groups("u-1", mei, &["care", "x"]));
        assert_eq!(go(&app.client(), &provider, GO).await.location(), "/staff");
        let created = member(&app, mei).await.expect("people of a group become members");
        assert_eq!((created.role(), created.name.as_str(), created.password_hash()), (Role::Agent, "Mei Chen", None));
        assert_eq!(teams(&app, mei).await, ["delivery"]);
        // A team of which the provider knows nothing is kept.
        set_service(&app, "[[team]]\nkey = 'night'\nname = 'Night'\nmembers = ['mei@acme.example']\n").await;
        let many: Vec<String> = (0..1_000).map(|number| format!("group-{number}-with-a-long-name-as-directories-have-them")).chain(["heads".to_owned()]).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        provider.says(of_groups("u-1", mei, &many));
        assert_eq!(go(&app.client(), &provider, GO).await.location(), "/staff");
        assert_eq!(member(&app, mei).await.unwrap().role(), Role::Manager);
        let mut now = teams(&app, mei).await;
        now.sort_unstable();
        assert_eq!(now, ["billing", "night"]);
        provider.says(of_groups("u-1", mei, &[]));
        refused(&app, &provider, "no_group").await;
        // Nobody could let an admin in again once there is none.
        provider.says(of_groups("u-9", "lin@acme.example", &["care"]));
        assert_eq!(go(&app.client(), &provider, GO).await.location(), "/staff");
        assert_eq!(member(&app, "lin@acme.example").await.unwrap().role(), Role::Admin);
        let select = "select count(*) from audit_log where action = 'member.set'";
        let set: i64 = sayso::with_db!(&app.app.db, pool => sqlx::query_scalar(select).fetch_one(pool).await).unwrap();
        assert_eq!(set, 1);
    }

    async fn what_the_id_token_leaves_out_is_asked_for(database: Database) {
        let (app, provider) = with_provider(database, GROUPS).await;
        provider.says(json!({"sub": "u-1"}));
        provider.tells(json!({"sub": "u-2", "email": "mei@acme.example", "email_verified": true, "groups": ["care"]}));
        refused(&app, &provider, "userinfo_subject").await;
        provider.tells(json!({"sub": "u-1", "email": "mei@acme.example", "email_verified": true, "groups": "care", "name": "\u{202e}Mei"}));
        assert_eq!(go(&app.client(), &provider, GO).await.location(), "/staff");
        assert_eq!(member(&app, "mei@acme.example").await.unwrap().role(), Role::Agent);
        // An address of the one and a word of the other prove nothing.
        provider.says(json!({"sub": "u-3", "email": "lin@acme.example"}));
        provider.tells(json!({"sub": "u-3", "email_verified": true, "groups": ["care"]}));
        refused(&app, &provider, "address_not_verified").await;
        provider.tells(json!({"sub": "u-3", "padding": "x".repeat(1024 * 1024)}));
        refused(&app, &provider, "no_group").await;
    }

    async fn a_second_factor_is_asked_for_as_after_a_password(database: Database) {
        let (app, provider) = with_provider(database, "").await;
        let id = add_member(&app, "mei", Role::Agent).await;
        let mei = Member::by_id(&app.app.db, &id).await.unwrap().unwrap();
        totp::set(&app.app.db, &app.app.keys, &mei, &Secret::random(), 0, &Stamp::command(0)).await.unwrap();
        provider.says(person("u-1", "mei@acme.example"));
        let client = app.client();
        assert_eq!(go(&client, &provider, GO).await.location(), "/staff/sign-in/code?next=%2Fstaff");
        assert_eq!(client.get("/staff/cases").await.status, StatusCode::SEE_OTHER, "they are not in yet");
    }

    async fn without_passwords_accounts_and_links_remain(database: Database) {
        let (app, provider) = with_settings(database, "", |config| config.sign_in.passwords = false).await;
        let id = add_member(&app, "lin", Role::Admin).await;
        let page = app.client().get("/staff/sign-in").await.body;
        assert!(!page.contains("name=\"password\"") && page.contains("Sign in with Acme ID"), "{page}");
        assert_eq!(sign_in(&app.client(), "lin", PASSWORD).await.status, StatusCode::FORBIDDEN);
        // The last admin is never locked out.
        let link = links::make_sign_in_link(&app.app.db, &app.app.keys, &app.app.clock, &id).await.unwrap();
        let client = app.client();
        assert_eq!(client.post_form(&link, &[]).await.location(), "/staff");
        let account = client.get("/staff/account").await;
        assert!(!account.body.contains("/staff/account/password"), "{}", account.body);
        let csrf = token(&account);
        let set = client.post_form("/staff/account/password", &[("csrf", &csrf), ("current", PASSWORD), ("new", "yellow zebras run")]).await;
        assert_eq!(set.status, StatusCode::FORBIDDEN);
        // To let others in they show at the provider that it is them: just now, and as themselves.
        let invite = [("csrf", csrf.as_str()), ("email", "mei@acme.example"), ("name", "Mei"), ("role", "agent"), ("lang", "en"), ("password", PASSWORD)];
        let refused = client.post_form("/staff/members/invite", &invite).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(refused.body.contains("confirm there that it’s you"), "{}", refused.body);
        provider.says(json!({"sub": "u-9", "email": "lin@acme.example", "email_verified": true}));
        let out = client.get(&format!("{GO}?confirm=1&next=%2Fstaff%2Faccount")).await;
        assert!(out.location().contains("max_age=0"), "{}", out.location());
        provider.says(json!({"sub": "u-9", "email": "lin@acme.example", "email_verified": true, "auth_time": app.app.clock.now() / 1_000 - 3_600}));
        assert_eq!(go(&client, &provider, GO).await.location(), "/staff");
        let csrf = token(&client.get("/staff/account").await);
        let invite: Vec<_> = invite.iter().map(|(name, value)| if *name == "csrf" { (*name, csrf.as_str()) } else { (*name, *value) }).filter(|(name, _)| *name != "password").collect();
        assert_eq!(client.post_form("/staff/members/invite", &invite).await.status, StatusCode::UNPROCESSABLE_ENTITY, "that was an hour ago");
        provider.says(json!({"sub": "u-9", "auth_time": app.app.clock.now() / 1_000}));
        assert_eq!(go(&client, &provider, &format!("{GO}?confirm=1&next=%2Fstaff%2Faccount")).await.location(), "/staff/account");
        let csrf = token(&client.get("/staff/account").await);
        let invite: Vec<_> = invite.iter().map(|(name, value)| if *name == "csrf" { (*name, csrf.as_str()) } else { (*name, *value) }).collect();
        let invited = client.post_form("/staff/members/invite", &invite).await;
        assert_eq!(invited.status, StatusCode::SEE_OTHER, "{}", invited.body);
        // And the invited person comes in with their account, which their link leads to.
        let invitation = Invitation::all(&app.app.db).await.unwrap().pop().unwrap();
        let link = invitation.path(&app.app.keys).unwrap();
        let shown = app.client().get(&link).await.body;
        assert!(!shown.contains("name=\"password\"") && shown.contains("Sign in with Acme ID"), "{shown}");
        assert_eq!(app.client().post_form(&link, &[("password", "yellow zebras run")]).await.status, StatusCode::FORBIDDEN);
        provider.says(person("u-2", "mei@acme.example"));
        let new = app.client();
        assert_eq!(go(&new, &provider, GO).await.location(), "/staff");
        assert_eq!(member(&app, "mei@acme.example").await.unwrap().role(), Role::Agent);
        // Whoever confirms must not turn into somebody else.
        provider.says(json!({"sub": "u-9", "auth_time": app.app.clock.now() / 1_000}));
        let other = go(&new, &provider, &format!("{GO}?confirm=1")).await;
        assert_eq!(other.status, StatusCode::FORBIDDEN);
        assert!(new.get("/staff/account").await.body.contains("mei@acme.example"));
        app.app.clock.advance(11 * MINUTE);
        let late = [("csrf", csrf.as_str()), ("email", "tom@acme.example"), ("name", "Tom"), ("role", "agent")];
        assert_eq!(client.post_form("/staff/members/invite", &late).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    }

    async fn going_out_and_coming_back_is_limited(database: Database) {
        let (app, _provider) = with_settings(database, "", |config| config.limits.sign_ins_per_minute = 1).await;
        let client = app.client();
        let mut statuses = Vec::new();
        for _ in 0..5 {
            statuses.push(client.get(&format!("{GO}/callback?state=x&code=y")).await.status);
        }
        assert!(statuses.contains(&StatusCode::TOO_MANY_REQUESTS), "{statuses:?}");
        assert_eq!(failures(&app).await, statuses.iter().filter(|status| **status == StatusCode::FORBIDDEN).count() as u64);
    }
}

/// Tries to sign in, in a browser of its own; checks that it came to nothing, and why.
async fn refused(app: &TestApp, provider: &IdentityProvider, reason: &str) {
    let client = app.client();
    let answer = go(&client, provider, GO).await;
    assert_ne!(answer.status, StatusCode::SEE_OTHER, "{reason}");
    assert!(answer.body.contains("role=\"alert\""), "{reason}: {}", answer.body);
    assert!(reasons(app).await.iter().any(|known| known == reason), "{reason}");
    assert_eq!(client.get("/staff/cases").await.status, StatusCode::SEE_OTHER, "{reason}");
}
