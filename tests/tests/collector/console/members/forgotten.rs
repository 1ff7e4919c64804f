//! A forgotten password: a link by mail, which sets another one once.

use sayso::auth::password_links::{self, PasswordLink};
use sayso::clock::{HOUR, MINUTE};
use sayso_tests::{Options, TestApp};

use super::*;
use crate::access::count;
use crate::outbox::cases::{deliveries, work};

const NEW: &str = "orange windows hum softly";

/// The paths of the links in the mails that were sent, each once.
fn links_sent(app: &TestApp) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(app.data.path().join("mail")) else { return Vec::new() };
    let mails = entries.map(|entry| sayso_tests::Mail::from_file(std::fs::read(entry.unwrap().path()).unwrap()).text());
    let links =
        mails.filter_map(|text| Some(format!("/staff/password/{}", text.split_once("/staff/password/")?.1.get(..43)?)));
    links.collect()
}

async fn request(app: &TestApp, name: &str) {
    password_links::request(&app.app, &Email::parse(&format!("{name}@acme.example")).unwrap()).await.unwrap();
    work(app).await;
}

on_both_databases! {
    async fn a_forgotten_password_is_set_anew_once_and_ends_all_sessions(app: TestApp) {
        let lin = Desk::of(&app, "lin", Role::Agent).await;
        assert!(app.client().get("/staff/sign-in").await.body.contains("href=\"/staff/password\""));
        request(&app, "lin").await;
        let path = links_sent(&app).pop().expect("a mail");
        let client = app.client();
        for _ in 0..2 {
            let shown = client.get(&path).await;
            assert!(shown.status == StatusCode::OK && shown.body.contains("lin@acme.example"), "a mail scanner uses nothing up: {}", shown.body);
        }
        let weak = client.post_form(&path, &[("password", "short")]).await;
        assert!(weak.status == StatusCode::UNPROCESSABLE_ENTITY && weak.body.contains("password-error"), "{}", weak.body);
        let set = client.post_form(&path, &[("password", NEW)]).await;
        assert_eq!((set.status, set.location()), (StatusCode::SEE_OTHER, "/staff/sign-in?done=password"));
        assert!(client.get(set.location()).await.body.contains("Your password has been changed"));
        assert_eq!(client.get("/staff/cases").await.status, StatusCode::SEE_OTHER, "it signs nobody in");
        assert_eq!(lin.client.get("/staff/cases").await.status, StatusCode::SEE_OTHER, "all sessions have ended");
        assert_eq!(client.post_form(&path, &[("password", "yellow windows hum softly")]).await.status, StatusCode::NOT_FOUND);
        assert_eq!(sign_in(&client, "lin", PASSWORD).await.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(sign_in(&app.client(), "lin", NEW).await.status, StatusCode::SEE_OTHER);
        for action in ["member.password.link", "member.password.set"] {
            let log = format!("audit_log where action = '{action}' and object = 'member/{}'", lin.member_id);
            assert_eq!(count(&app, &log).await, 1, "{action}");
        }
        let token = path.rsplit('/').next().unwrap();
        assert!(!crate::privacy::everything_stored(&app).await.contains(token), "whoever reads the database has no link");
    }

    async fn a_link_ends_with_the_hour_with_another_password_and_with_the_member(app: TestApp) {
        let mut lin = Desk::of(&app, "lin", Role::Agent).await;
        request(&app, "lin").await;
        let path = links_sent(&app).pop().unwrap();
        request(&app, "lin").await;
        assert_eq!(links_sent(&app).len(), 1, "one mail in five minutes, whoever asks");
        let changed = lin.post("/staff/account/password", &[("current", PASSWORD), ("new", NEW)]).await;
        assert_eq!(changed.status, StatusCode::SEE_OTHER, "{}", changed.body);
        lin.renew().await;
        assert_eq!(app.client().get(&path).await.status, StatusCode::NOT_FOUND, "the password was changed");
        app.app.clock.advance(6 * MINUTE);
        request(&app, "lin").await;
        let later = links_sent(&app).into_iter().find(|link| *link != path).unwrap();
        assert_eq!(app.client().get(&later).await.status, StatusCode::OK);
        app.app.clock.advance(HOUR);
        assert_eq!(app.client().post_form(&later, &[("password", NEW)]).await.status, StatusCode::NOT_FOUND);
        request(&app, "lin").await;
        let stamp = sayso::audit::Stamp::command(app.app.clock.now());
        Member::remove(&app.app.db, &Email::parse("lin@acme.example").unwrap(), &stamp).await.unwrap();
        assert_eq!(count(&app, "password_links where expires_at > 0").await, 0);
        request(&app, "lin").await;
        assert_eq!(count(&app, "password_links").await, 0, "who has left gets none");
        assert!(PasswordLink::by_token(&app.app.db, &app.app.keys, "x", 0).await.unwrap().is_none());
    }
}

on_both_databases! {
    async fn asking_for_a_link_tells_nobody_who_is_known_and_is_limited(database: Database) {
        let settings = Box::new(|config: &mut sayso::Config| config.limits.sign_ins_per_minute = 3);
        let app = TestApp::spawn_with(database, Options { settings, ..Options::default() }).await;
        add_member(&app, "lin", Role::Agent).await;
        let client = app.client();
        let known = client.post_form("/staff/password", &[("email", "lin@acme.example")]).await;
        for email in ["nobody@acme.example", "no address", ""] {
            let unknown = client.post_form("/staff/password", &[("email", email)]).await;
            assert_eq!((unknown.status, unknown.location()), (known.status, known.location()), "{email}");
        }
        assert!(client.get(known.location()).await.body.contains("If this address belongs to a member"));
        while deliveries(&app).await.is_empty() {
            tokio::task::yield_now().await;
        }
        assert_eq!(count(&app, "password_links").await, 1);
        let mut tries = 0;
        while client.post_form("/staff/password", &[("email", "lin@acme.example")]).await.status != StatusCode::TOO_MANY_REQUESTS {
            tries += 1;
            assert!(tries < 10, "there is a limit");
        }
    }
}
