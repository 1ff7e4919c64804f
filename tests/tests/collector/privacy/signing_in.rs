//! Signing in with a second factor, and the sessions of a member.

use reqwest::StatusCode;
use sayso::auth::Role;
use sayso::auth::totp::Secret;
use sayso::clock::{MINUTE, SECOND};
use sayso::keys::Keys;
use sayso_tests::{Answer, Client, Options, TestApp, on_both_databases, process};

use crate::console::{Desk, PASSWORD};

const PATH: &str = "/staff/account/second-factor";

/// The code that a device with this key shows.
fn code(app: &TestApp, written: &str) -> String {
    let bits: Vec<u8> = written
        .chars()
        .filter_map(|c| "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".find(c))
        .flat_map(|value| (0..5).rev().map(move |bit| (value >> bit & 1) as u8))
        .collect();
    let bytes: Vec<u8> = bits.chunks_exact(8).map(|bits| bits.iter().fold(0, |byte, bit| byte << 1 | bit)).collect();
    let keys: &Keys = &app.app.keys;
    let secret = Secret::decrypt(keys, "test", &keys.encrypt("test", &bytes)).unwrap();
    secret.code(app.app.clock.now().div_euclid(30 * SECOND))
}

fn between(page: &str, before: &str, after: &str) -> String {
    let (_, rest) = page.split_once(before).unwrap_or_else(|| panic!("no {before} in {page}"));
    rest.split(after).next().unwrap().to_owned()
}

/// Sets a second factor up; gives its key and the recovery codes.
async fn set_up(app: &TestApp, desk: &mut Desk) -> (String, Vec<String>) {
    let shown = desk.post(&format!("{PATH}/begin"), &[("password", PASSWORD)]).await;
    assert_eq!(shown.status, StatusCode::OK, "{}", shown.body);
    let key = between(&shown.body, "<code class=\"typed\" translate=\"no\">", "</code>");
    let wrong = desk.post(PATH, &[("code", "000000")]).await;
    assert!(wrong.status == StatusCode::UNPROCESSABLE_ENTITY && wrong.body.contains(&key), "{}", wrong.body);
    let set = desk.post(PATH, &[("code", &code(app, &key))]).await;
    assert_eq!(set.status, StatusCode::OK, "{}", set.body);
    desk.renew().await;
    (key, recovery_codes(&set))
}

/// Those that a page shows.
fn recovery_codes(page: &Answer) -> Vec<String> {
    let listed = page.body.split("<li><code>").skip(1);
    let codes: Vec<String> = listed.map(|rest| rest.split('<').next().unwrap().to_owned()).collect();
    assert_eq!(codes.len(), 10, "{}", page.body);
    codes
}

/// A passkey of each member who is there, as if it had been added at another address.
async fn insert_passkeys(app: &TestApp) {
    let insert = "insert into passkeys (id, member_id, name, transports, key_state, use_state, created_at) \
        select 'AAAA', id, 'Old phone', 0, '', '', 0 from members";
    sayso::with_write!(&app.app.db, pool => sqlx::query(insert).execute(pool).await.map(|_| ())).unwrap();
}

async fn give_password(client: &Client, name: &str) -> Answer {
    let email = format!("{name}@acme.example");
    client.post_form("/staff/sign-in", &[("email", &email), ("password", PASSWORD)]).await
}

async fn give_code(client: &Client, code: &str) -> StatusCode {
    client.post_form("/staff/sign-in/code", &[("code", code), ("next", "/staff/cases")]).await.status
}

on_both_databases! {
    async fn with_a_second_factor_a_password_is_not_enough(app: TestApp) {
        let mut lin = Desk::of(&app, "lin", Role::Agent).await;
        let wrong = lin.post(&format!("{PATH}/begin"), &[("password", "wrong")]).await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
        let (key, codes) = set_up(&app, &mut lin).await;
        assert!(lin.client.get(PATH).await.body.contains("Recovery codes left: 10."));

        let client = app.client();
        let half = give_password(&client, "lin").await;
        assert_eq!((half.status, half.location()), (StatusCode::SEE_OTHER, "/staff/sign-in/code?next=%2Fstaff"));
        assert_eq!(client.get("/staff/cases").await.status, StatusCode::SEE_OTHER, "nobody is signed in yet");
        assert_eq!(give_code(&client, &code(&app, &key)).await, StatusCode::UNPROCESSABLE_ENTITY, "the code that set it up is used up");
        app.app.clock.advance(MINUTE);
        let now = code(&app, &key);
        assert_eq!(give_code(&client, &now).await, StatusCode::SEE_OTHER);
        assert_eq!(client.get("/staff/cases").await.status, StatusCode::OK);
        let other = app.client();
        give_password(&other, "lin").await;
        assert_eq!(give_code(&other, &now).await, StatusCode::UNPROCESSABLE_ENTITY, "no code twice");
        let typed = codes[3].to_lowercase().replace('-', " ");
        assert_eq!(give_code(&other, &typed).await, StatusCode::SEE_OTHER);
        assert!(other.get(PATH).await.body.contains("Recovery codes left: 9."));
        let third = app.client();
        give_password(&third, "lin").await;
        assert_eq!(give_code(&third, &codes[3]).await, StatusCode::UNPROCESSABLE_ENTITY, "a recovery code counts once");
        app.app.clock.advance(11 * MINUTE);
        assert_eq!(third.get("/staff/sign-in/code").await.location(), "/staff/sign-in", "who waits too long begins again");

        // Whoever has lost everything is let in again by the command line.
        let (done, said) = app.command(&["member", "reset", "lin@acme.example"]).await;
        assert!(done, "{said}");
        let path = between(&said, "/staff/link/", "\n");
        let fourth = app.client();
        let signed_in = fourth.post_form(&format!("/staff/link/{path}"), &[]).await;
        assert_eq!((signed_in.status, signed_in.location()), (StatusCode::SEE_OTHER, "/staff/account"));
        assert!(fourth.get(PATH).await.body.contains("shows a new code every 30 seconds"));
    }

    async fn passkeys_are_offered_where_browsers_know_them_and_lost_ones_are_taken_away(app: TestApp) {
        // The address of a test is an IP address, of which there are none.
        let lin = Desk::of(&app, "lin", Role::Manager).await;
        assert!(!app.client().get("/staff/sign-in").await.body.contains("data-passkey"));
        assert!(!lin.client.get(PATH).await.body.contains("data-passkey"));
        assert_eq!(app.client().post_form("/staff/sign-in/passkey/begin", &[]).await.status, StatusCode::NOT_FOUND);
        assert_eq!(app.client().post_form("/staff/sign-in/passkey", &[("credential", "{}")]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
        let refused = lin.post("/staff/account/passkeys", &[("name", "Phone"), ("credential", "{}")]).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.body);
        assert_eq!(lin.post("/staff/account/passkeys/none/remove", &[("password", PASSWORD)]).await.status, StatusCode::NOT_FOUND);
        // One that was added at another address counts as a second factor, until somebody says that it is lost.
        insert_passkeys(&app).await;
        assert!(lin.client.get(PATH).await.body.contains("Old phone"), "it can be removed");
        let half = give_password(&app.client(), "lin").await;
        assert_eq!(half.location(), "/staff/sign-in/code?next=%2Fstaff");
        let (done, said) = app.command(&["member", "reset", "lin@acme.example"]).await;
        assert!(done, "{said}");
        assert_eq!(crate::access::count(&app, "passkeys").await, 0);
    }

    async fn recovery_codes_stay_as_long_as_there_is_a_second_factor(app: TestApp) {
        let mut lin = Desk::of(&app, "lin", Role::Manager).await;
        let stored = async || crate::access::count(&app, "recovery_codes").await;
        let (_, codes) = set_up(&app, &mut lin).await;
        insert_passkeys(&app).await;
        let renewed = lin.post(&format!("{PATH}/codes"), &[("password", PASSWORD), ("code", &codes[0])]).await;
        assert_eq!((renewed.status, stored().await), (StatusCode::OK, 10), "{}", renewed.body);
        let codes = recovery_codes(&renewed);
        let remove = [("password", PASSWORD), ("code", codes[0].as_str())];
        assert_eq!(lin.post(&format!("{PATH}/remove"), &remove).await.status, StatusCode::SEE_OTHER);
        lin.renew().await;
        assert!(lin.client.get(PATH).await.body.contains("Recovery codes left: 9."), "the passkey is still there");
        let remove = [("password", PASSWORD), ("code", codes[1].as_str())];
        assert_eq!(lin.post("/staff/account/passkeys/AAAA/remove", &remove).await.status, StatusCode::SEE_OTHER);
        lin.renew().await;
        assert_eq!(stored().await, 0, "there is nothing left for which they could stand");
        let refused = lin.post(&format!("{PATH}/codes"), &[("password", PASSWORD)]).await;
        assert_eq!((refused.location(), stored().await), (PATH, 0));
    }

    async fn what_guards_a_sign_in_is_not_changed_by_a_password_alone(app: TestApp) {
        let mut lin = Desk::of(&app, "lin", Role::Agent).await;
        let (key, codes) = set_up(&app, &mut lin).await;
        for path in ["begin", "codes", "remove"] {
            // Each try counts as an attempt to sign in.
            app.app.clock.advance(MINUTE);
            for code in ["", "000000"] {
                let refused = lin.post(&format!("{PATH}/{path}"), &[("password", PASSWORD), ("code", code)]).await;
                assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{path}");
                assert!(refused.body.contains("Your second factor is needed too"), "{path}: {}", refused.body);
            }
            let refused = lin.post(&format!("{PATH}/{path}"), &[("password", "wrong"), ("code", &codes[0])]).await;
            assert!(refused.body.contains("This is not your current password."), "{path}: {}", refused.body);
        }
        insert_passkeys(&app).await;
        for path in ["/staff/account/passkeys/begin", "/staff/account/passkeys/AAAA/remove"] {
            let refused = lin.post(path, &[("password", PASSWORD)]).await;
            assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{path}: {}", refused.body);
            assert!(refused.body.contains("Your second factor is needed too"), "{path}: {}", refused.body);
        }
        app.app.clock.advance(MINUTE);
        let removed = lin.post(&format!("{PATH}/remove"), &[("password", PASSWORD), ("code", &code(&app, &key))]).await;
        assert_eq!(removed.status, StatusCode::SEE_OTHER, "{}", removed.body);
    }

    async fn a_changed_factor_ends_the_other_sessions(app: TestApp) {
        let mut lin = Desk::of(&app, "lin", Role::Agent).await;
        let is_in = async |client: &Client| client.get("/staff/cases").await.status == StatusCode::OK;
        let other = app.client();
        give_password(&other, "lin").await;
        assert!(is_in(&other).await);
        let (key, codes) = set_up(&app, &mut lin).await;
        assert!(is_in(&lin.client).await && !is_in(&other).await, "whoever was in before has not shown it");
        app.app.clock.advance(MINUTE);
        insert_passkeys(&app).await;
        let enter = async |code: &str| {
            let client = app.client();
            give_password(&client, "lin").await;
            assert_eq!(give_code(&client, code).await, StatusCode::SEE_OTHER);
            client
        };
        let other = enter(&code(&app, &key)).await;
        assert!(is_in(&other).await);
        lin.post("/staff/account/passkeys/AAAA/remove", &[("password", PASSWORD), ("code", &codes[0])]).await;
        assert!(is_in(&lin.client).await && !is_in(&other).await);
        lin.renew().await;
        let other = enter(&codes[1]).await;
        lin.post(&format!("{PATH}/remove"), &[("password", PASSWORD), ("code", &codes[2])]).await;
        assert!(is_in(&lin.client).await && !is_in(&other).await);
    }

    async fn a_forgotten_password_is_reset_beside_the_second_factor(app: TestApp) {
        let mut lin = Desk::of(&app, "lin", Role::Agent).await;
        let (_, codes) = set_up(&app, &mut lin).await;
        insert_passkeys(&app).await;
        let (done, said) = app.command(&["member", "reset", "lin@acme.example", "--keep-second-factor"]).await;
        assert!(done, "{said}");
        assert_eq!(lin.client.get("/staff/cases").await.status, StatusCode::SEE_OTHER, "all sessions end");
        assert_eq!(give_password(&app.client(), "lin").await.status, StatusCode::UNPROCESSABLE_ENTITY);
        let path = between(&said, "/staff/link/", "\n");
        let client = app.client();
        let half = client.post_form(&format!("/staff/link/{path}"), &[]).await;
        assert_eq!(half.location(), "/staff/sign-in/code?next=%2Fstaff%2Faccount", "the link is no second factor");
        assert_eq!(give_code(&client, &codes[0]).await, StatusCode::SEE_OTHER);
        let csrf = between(&client.get("/staff/account").await.body, "name=\"csrf\" value=\"", "\"");
        // By the fresh link, though a passkey could be asked for.
        let set = client.post_form("/staff/account/password", &[("csrf", &csrf), ("new", "yellow zebras run")]).await;
        assert_eq!(set.status, StatusCode::SEE_OTHER, "{}", set.body);
        assert!(client.get(PATH).await.body.contains("A second factor is set up."));
        assert_eq!(crate::access::count(&app, "passkeys").await, 1);
    }

    async fn a_password_of_the_command_line_is_held_against_the_same_words(app: TestApp) {
        Desk::of(&app, "lin", Role::Agent).await;
        let set = async |password: &'static str| {
            let (data, url) = (app.data.path().to_owned(), app.app.config.database_url.reveal().unwrap_or_default().to_owned());
            let arguments = ["member", "reset", "lin@acme.example", "--password-stdin"];
            let run = move || process::run_with_input(&data, &url, &arguments, password);
            tokio::task::spawn_blocking(run).await.unwrap()
        };
        let (done, said) = set("acme home 123\n").await;
        assert!(!done && said.contains("must not be the name"), "{said}");
        let (done, said) = set("sayso sayso 123\n").await;
        assert!(!done && said.contains("must not be the name"), "{said}");
        let (done, said) = set("yellow zebras run\n").await;
        assert!(done, "{said}");
    }

    async fn sessions_are_listed_and_ended(app: TestApp) {
        let lin = Desk::of(&app, "lin", Role::Agent).await;
        let other = app.client();
        give_password(&other, "lin").await;
        let page = lin.client.get("/staff/account/sessions").await.body;
        assert!(page.matches("<tr>").count() == 3 && page.contains("This device"), "{page}");
        let form = between(&page, "action=\"/staff/account/sessions\"", "</form>");
        assert!(between(&form, "<button", ">").ends_with("value=\"others\""), "Enter in the field of the password ends no single one: {form}");
        let id = between(&page, "small\" name=\"id\" value=\"", "\"");
        let bo = Desk::of(&app, "bo", Role::Agent).await;
        let end = [("id", id.as_str()), ("password", PASSWORD)];
        bo.post("/staff/account/sessions", &end).await;
        assert_eq!(other.get("/staff/cases").await.status, StatusCode::OK, "nobody ends the session of somebody else");
        for wrong in [vec![("id", id.as_str())], vec![("id", "others"), ("password", "wrong")]] {
            let refused = lin.post("/staff/account/sessions", &wrong).await;
            assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
            assert!(refused.body.contains("This is not your current password."), "{}", refused.body);
        }
        assert_eq!(other.get("/staff/cases").await.status, StatusCode::OK, "an open session is not enough to end others");
        let ended = lin.post("/staff/account/sessions", &end).await;
        assert_eq!(ended.status, StatusCode::SEE_OTHER);
        assert_eq!(other.get("/staff/cases").await.status, StatusCode::SEE_OTHER);
        assert_eq!(lin.client.get("/staff/account/sessions").await.body.matches("<tr>").count(), 2);
        // And all others at once.
        let others = [app.client(), app.client()];
        for other in &others {
            give_password(other, "lin").await;
        }
        let ended = lin.post("/staff/account/sessions", &[("id", "others"), ("password", PASSWORD)]).await;
        assert!(lin.client.get(ended.location()).await.body.contains("All other sessions have ended."));
        for other in &others {
            assert_eq!(other.get("/staff/cases").await.status, StatusCode::SEE_OTHER);
        }
        assert_eq!(bo.client.get("/staff/cases").await.status, StatusCode::OK);
    }
}

on_both_databases! {
    async fn a_role_may_need_a_second_factor(database: Database) {
        let settings = Box::new(|config: &mut sayso::Config| config.sign_in.second_factor_for = vec!["manager".to_owned()]);
        let app = TestApp::spawn_with(database, Options { settings, ..Options::default() }).await;
        let mut tom = Desk::of(&app, "tom", Role::Manager).await;
        assert_eq!(tom.client.get("/staff/cases").await.location(), PATH);
        assert!(tom.client.get(PATH).await.body.contains("Your role needs a second factor"));
        set_up(&app, &mut tom).await;
        assert_eq!(tom.client.get("/staff/cases").await.status, StatusCode::OK);
        let lin = Desk::of(&app, "lin", Role::Agent).await;
        assert_eq!(lin.client.get("/staff/cases").await.status, StatusCode::OK);
    }
}
