//! Signing in under attack: guessing ends, and nobody keeps a member out.

use reqwest::StatusCode;
use sayso::auth::Role;
use sayso_tests::{Options, TestApp, on_both_databases};

use super::*;
use crate::console::{Desk, PASSWORD, add_member};

async fn sign_in(client: &Client, address: &str, name: &str, password: &str) -> StatusCode {
    let email = format!("{name}@acme.example");
    let request = client.request(Method::POST, "/staff/sign-in").header("x-forwarded-for", address);
    let request = request.header("origin", client.url().to_owned());
    client.send(request.form(&[("email", email.as_str()), ("password", password)])).await.status
}

on_both_databases! {
    async fn a_member_is_not_locked_out_by_strangers(database: Database) {
        let app = TestApp::spawn_with(database, with_limits(|limits| limits.sign_ins_per_minute = 3)).await;
        add_member(&app, "lin", Role::Agent).await;
        let own = app.client();
        assert_eq!(sign_in(&own, "203.0.113.7", "lin", PASSWORD).await, StatusCode::SEE_OTHER);
        let stranger = app.client();
        let mut tried = 0;
        while sign_in(&stranger, "198.51.100.1", "lin", "not the password").await != StatusCode::TOO_MANY_REQUESTS {
            tried += 1;
        }
        assert!((3..9).contains(&tried), "{tried}");
        assert_eq!(sign_in(&app.client(), "203.0.113.8", "lin", PASSWORD).await, StatusCode::SEE_OTHER, "from elsewhere they get in");
        // From very many places: then only a browser that the member has used before does.
        let mut places = (2..250).map(|n| format!("198.51.100.{n}"));
        let guess = async |place: String| sign_in(&app.client(), &place, "lin", "not the password").await;
        while guess(places.next().expect("there is a limit")).await != StatusCode::TOO_MANY_REQUESTS {}
        assert_eq!(sign_in(&own, "198.51.100.1", "lin", PASSWORD).await, StatusCode::SEE_OTHER, "even from the stranger's address");
        // It is known for that member alone, and is no way to guess either.
        add_member(&app, "sam", Role::Agent).await;
        while sign_in(&stranger, "198.51.100.77", "sam", "not the password").await != StatusCode::TOO_MANY_REQUESTS {}
        assert_eq!(sign_in(&own, "198.51.100.77", "sam", PASSWORD).await, StatusCode::TOO_MANY_REQUESTS);
        let mut guesses = 0;
        while sign_in(&own, "203.0.113.7", "lin", "not the password").await != StatusCode::TOO_MANY_REQUESTS {
            guesses += 1;
            assert!(guesses < 10, "there is a limit for it too");
        }
    }

    async fn an_office_signs_in_at_once(database: Database) {
        let app = TestApp::spawn_with(database, with_limits(|limits| limits.sign_ins_per_minute = 3)).await;
        for n in 0..9 {
            let name = format!("m{n}");
            add_member(&app, &name, Role::Agent).await;
            assert_eq!(sign_in(&app.client(), "203.0.113.7", &name, PASSWORD).await, StatusCode::SEE_OTHER, "{name}");
        }
        // And yet one address can't try everybody.
        let mut names = (0..100).map(|n| format!("nobody{n}"));
        let guess = async |name: String| sign_in(&app.client(), "203.0.113.7", &name, "not the password").await;
        while guess(names.next().expect("there is a limit")).await != StatusCode::TOO_MANY_REQUESTS {}
    }

    async fn a_session_ends_a_week_after_signing_in_however_it_is_used(database: Database) {
        let app = TestApp::spawn(database).await;
        use sayso::clock::{DAY, HOUR};
        let lin = Desk::of(&app, "lin", Role::Agent).await;
        let looks = async || lin.client.get("/staff/cases").await.status;
        for _ in 0..(7 * DAY / (11 * HOUR)) {
            assert_eq!(looks().await, StatusCode::OK);
            app.app.clock.advance(11 * HOUR);
        }
        assert_eq!(looks().await, StatusCode::OK);
        app.app.clock.advance(7 * DAY % (11 * HOUR));
        assert_eq!(looks().await, StatusCode::SEE_OTHER);
    }

    async fn an_operator_sets_when_sessions_end(database: Database) {
        use sayso::clock::{HOUR, MINUTE};
        let settings = Box::new(|config: &mut sayso::Config| (config.sign_in.idle_hours, config.sign_in.session_hours) = (1, 24));
        let app = TestApp::spawn_with(database, Options { settings, ..Options::default() }).await;
        let lin = Desk::of(&app, "lin", Role::Agent).await;
        let looks = async || lin.client.get("/staff/cases").await.status;
        for _ in 0..28 {
            app.app.clock.advance(50 * MINUTE);
            assert_eq!(looks().await, StatusCode::OK);
        }
        app.app.clock.advance(50 * MINUTE);
        assert_eq!(looks().await, StatusCode::SEE_OTHER, "a day is over");
        let mei = Desk::of(&app, "mei", Role::Agent).await;
        app.app.clock.advance(HOUR);
        assert_eq!(mei.client.get("/staff/cases").await.status, StatusCode::SEE_OTHER, "nobody used it");
    }

    async fn links_that_lead_nowhere_are_looked_up_only_so_often(database: Database) {
        let app = TestApp::spawn(database).await;
        let client = app.client();
        let paths = ["/staff/link/guess", "/staff/join/guess", "/setup/guess"];
        for at in 0..app.app.config.limits.sign_ins_per_minute {
            assert_eq!(client.get(paths[at as usize % 3]).await.status, StatusCode::NOT_FOUND);
        }
        for path in paths {
            assert_eq!(client.get(path).await.status, StatusCode::TOO_MANY_REQUESTS, "{path}");
        }
    }

    async fn what_a_page_fetches_by_itself_keeps_no_session_alive(database: Database) {
        let app = TestApp::spawn(database).await;
        use sayso::clock::HOUR;
        let lin = Desk::of(&app, "lin", Role::Agent).await;
        for (name, value) in [("sec-fetch-dest", "empty"), ("sayso-asked-by", "page"), ("accept", "text/event-stream")] {
            let client = app.client();
            assert_eq!(sign_in(&client, "", "lin", PASSWORD).await, StatusCode::SEE_OTHER);
            for _ in 0..2 {
                app.app.clock.advance(5 * HOUR);
                let fetched = client.send(client.request(Method::GET, "/staff/cases").header(name, value)).await;
                assert_eq!(fetched.status, StatusCode::OK, "{name}");
            }
            app.app.clock.advance(2 * HOUR);
            assert_eq!(client.get("/staff/cases").await.status, StatusCode::SEE_OTHER, "{name}");
        }
        assert_eq!(lin.client.get("/staff/cases").await.status, StatusCode::SEE_OTHER);
    }

    async fn signing_out_clears_what_the_browser_kept(database: Database) {
        let app = TestApp::spawn(database).await;
        let lin = Desk::of(&app, "lin", Role::Agent).await;
        let out = lin.post("/staff/sign-out", &[]).await;
        assert_eq!((out.status, out.header("clear-site-data")), (StatusCode::SEE_OTHER, r#""cache", "storage""#));
        assert_eq!(lin.client.get("/staff/cases").await.status, StatusCode::SEE_OTHER);
    }
}
