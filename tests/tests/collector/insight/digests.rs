//! Digests by mail: who gets one and when, what it says, and that one press stops it.

use reqwest::StatusCode;
use sayso::auth::Role;
use sayso::clock::{DAY, HOUR, MINUTE, parse_rfc3339};
use sayso::digests;
use sayso_tests::{Database, Mail, MailServer, Options, TestApp, on_both_databases};
use serde_json::json;

use crate::access::count;
use crate::console::Desk;
use crate::outbox::cases::{deliveries, submit, work};

const TEAMS: &str = r#"
[[team]]
key = "delivery"
name = "Delivery"
members = ["lee@acme.example", "mei@acme.example"]
lead = "lee@acme.example"

[[rule]]
name = "Late"
when = { kind = ["complaint"] }
then = { team = "delivery" }
"#;

async fn set_clock(app: &TestApp, at: &str) {
    let clock = &app.app.clock;
    clock.advance(parse_rfc3339(at).unwrap() - clock.now());
}

/// A collector in Shanghai with a manager, a lead, and others, on a Wednesday.
async fn set_up(database: Database, server: &MailServer) -> (TestApp, [Desk; 4]) {
    let url = server.url();
    let settings = Box::new(move |config: &mut sayso::Config| config.smtp.url = url.into());
    let app = TestApp::spawn_with(database, Options { settings, ..Options::default() }).await;
    set_clock(&app, "2026-12-30T03:00:00Z").await;
    let categories =
        r#"categories=[{"key":"delivery","label":{"en":"Delivery"}},{"key":"price","label":{"en":"Price"}}]"#;
    app.set_site(&["time_zone=Asia/Shanghai", categories]).await;
    let desks = [
        Desk::of(&app, "tom", Role::Manager).await,
        Desk::of(&app, "lee", Role::Agent).await,
        Desk::of(&app, "mei", Role::Agent).await,
        Desk::of(&app, "vera", Role::Viewer).await,
    ];
    app.apply_service(TEAMS).await;
    app.app.clock.advance(MINUTE);
    (app, desks)
}

async fn week_of_cases(app: &TestApp) {
    for (kind, category) in [("complaint", "delivery"), ("complaint", "delivery"), ("question", "price")] {
        submit(
            app,
            json!({"kind": kind, "category": category, "message": "It came late <again>", "contact": {"name": "Han Meimei"}}),
        )
        .await;
    }
    work(app).await;
}

/// The last digest to an address.
fn digest(server: &MailServer, address: &str) -> Mail {
    server.mails_to(address).into_iter().rfind(|mail| mail.text().contains("/staff/digests/")).expect("a digest")
}

/// Sees that the mail shows a picture that it brings along, as every mail program can.
fn assert_chart(mail: &Mail) {
    assert!(mail.html().contains("<img src=\"cid:chart@sayso\" alt=\""), "{}", mail.html());
    let (kind, png) = mail.inline("chart@sayso").expect("the picture");
    assert_eq!(kind, "image/png");
    assert!(png.starts_with(b"\x89PNG\r\n\x1a\n") && png.ends_with(b"IEND\xaeB`\x82"), "{} bytes", png.len());
    assert_eq!(png[16..24], [960_u32.to_be_bytes(), 488_u32.to_be_bytes()].concat(), "wide and high");
    assert!((2_000..100_000).contains(&png.len()), "{} bytes", png.len());
}

on_both_databases! {
    async fn the_week_names_whom_to_call(database: Database) {
        let server = MailServer::start().await;
        let (app, _) = set_up(database, &server).await;
        let program = crate::access::Program::new(&app).await;
        let contact = json!({"email": "li@example.com"});
        submit(&app, json!({"kind": "question", "message": "Where is it?", "contact": contact})).await;
        work(&app).await;
        let customers = program.get_at("/api/v1/customers").await.json();
        let path = format!("/api/v1/customers/{}", customers["customers"][0]["id"].as_str().unwrap());
        program.patch_at(&path, &json!({"representative": "lee@acme.example"})).await;
        set_clock(&app, "2027-01-04T00:00:00Z").await;
        digests::plan(&app.app).await.unwrap();
        work(&app).await;
        assert!(!digest(&server, "tom@acme.example").text().contains("To call"), "they were heard of last week");
        set_clock(&app, "2027-04-05T00:00:00Z").await;
        digests::plan(&app.app).await.unwrap();
        work(&app).await;
        let text = digest(&server, "tom@acme.example").text();
        assert!(text.contains("Customers to call because they are unhappy or have not been heard of for long: 1. Check calls: 0."), "{text}");
    }

    async fn managers_and_leads_are_told_of_the_week(database: Database) {
        let server = MailServer::start().await;
        let (app, _) = set_up(database, &server).await;
        week_of_cases(&app).await;
        set_clock(&app, "2027-01-03T23:59:00Z").await;
        assert_eq!(digests::plan(&app.app).await.unwrap(), 0, "in Shanghai it is one minute to eight");
        app.app.clock.advance(MINUTE);
        assert_eq!(digests::plan(&app.app).await.unwrap(), 2, "the manager, and the lead");
        assert_eq!(digests::plan(&app.app).await.unwrap(), 0, "once");
        work(&app).await;
        let mail = digest(&server, "tom@acme.example");
        assert_eq!(mail.subject(), "All teams, week from 28 Dec 2026 to 3 Jan 2027: 3 received, 3 overdue");
        let text = mail.text();
        for part in ["Received: 3 (before: 0)", "Open now: 3", "What it was about\nDelivery: 2\nPrice: 1", "/staff/reports/overview?from=2026-12-28&to=2027-01-03"] {
            assert!(text.contains(part), "{part}: {text}");
        }
        // Each figure leads to the cases that it counts, in the text and in the page.
        let email = sayso::auth::member::Email::parse("tom@acme.example").unwrap();
        let id = sayso::auth::Member::id_of(&app.app.db, &email).await.unwrap().unwrap();
        let tom = Desk::of_member(&app, "tom", id.clone()).await;
        for (figure, list, cases) in [
            ("Received: 3 (before: 0)", "status=all&counted=received", 3),
            ("Due today: 0", "status=open&due=today&sort=due", 0),
            ("Overdue now: 3", "status=open&due=overdue&sort=due", 3),
            ("Promises broken, of those of this time: ", "status=all&counted=broken", 3),
        ] {
            let address = text.lines().skip_while(|line| !line.starts_with(figure)).nth(1).unwrap_or_else(|| panic!("{figure}: {text}"));
            assert!(address.contains(list), "{figure}: {address}");
            assert!(mail.html().contains(&format!("<a href=\"{}\">", address.replace('&', "&#38;"))), "{}", mail.html());
            let page = tom.client.get(address.strip_prefix(&app.url).unwrap()).await;
            assert_eq!(page.body.matches("It came late").count().min(3), cases, "{address}: {}", page.body);
        }
        assert!(!text.contains("Promises broken, of those of this time: 0"), "{text}");
        assert!(!text.contains("Meimei") && !text.contains("came late"), "figures, and nobody's words: {text}");
        assert!(mail.html().contains("width=\"50%\""), "a bar half as long: {}", mail.html());
        assert!(text.contains("Share of complaints, by week\n66.7 % of cases are complaints"), "{text}");
        assert_chart(&mail);
        let of_team = digest(&server, "lee@acme.example");
        assert!(of_team.subject().starts_with("Delivery, week from") && of_team.subject().contains("2 received"), "{}", of_team.subject());
        assert!(of_team.text().contains("/staff/cases?team=delivery"), "{}", of_team.text());
        assert_eq!(mail.header("List-Unsubscribe-Post"), "List-Unsubscribe=One-Click");
        let link = mail.header("List-Unsubscribe");
        let path = link.trim_matches(['<', '>']).strip_prefix(&app.url).unwrap();

        let stranger = app.client();
        let asked = stranger.get(path).await;
        assert!(asked.status == StatusCode::OK && asked.body.contains("No more digests?"), "{}", asked.body);
        assert_eq!(count(&app, "digest_choices").await, 0, "scanners that follow the link stop nothing");
        assert!(stranger.post_form(path, &[("List-Unsubscribe", "One-Click")]).await.body.contains("Your digests have stopped"));
        let forged = path.replace("/stop", "x/stop");
        assert_eq!(stranger.get(&forged).await.status, StatusCode::NOT_FOUND);
        week_of_cases(&app).await;
        app.app.clock.advance(7 * DAY);
        assert_eq!(digests::plan(&app.app).await.unwrap(), 1, "the lead alone");

        // Her session has ended meanwhile.
        let tom = Desk::of_member(&app, "tom", id).await;
        let page = tom.client.get("/staff/account").await;
        assert!(page.body.contains("Digests by email") && !page.body.contains("name=\"week\" value=\"1\" checked"), "{}", page.body);
        let chosen = tom.post("/staff/account/digests", &[("day", "1"), ("hour", "17")]).await;
        assert_eq!(chosen.location(), "/staff/account?saved=digests");
        assert_eq!(tom.post("/staff/account/digests", &[("day", "1"), ("hour", "24")]).await.status, StatusCode::BAD_REQUEST);
        app.app.clock.advance(9 * HOUR);
        assert_eq!(digests::plan(&app.app).await.unwrap(), 1, "at five in the afternoon");
        work(&app).await;
        let daily = digest(&server, "tom@acme.example");
        assert!(daily.subject().starts_with("All teams, 10 Jan 2027"), "{}", daily.subject());
        assert!(daily.text().contains("Received by day, in four weeks\n"), "{}", daily.text());
        assert_chart(&daily);
    }

    async fn everybody_in_a_team_that_nobody_leads_is_told_of_it(database: Database) {
        let server = MailServer::start().await;
        let (app, [.., mei, _]) = set_up(database, &server).await;
        app.apply_service(&TEAMS.replace("lead = \"lee@acme.example\"\n", "")).await;
        assert!(mei.client.get("/staff/account").await.body.contains("Digests by email"));
        week_of_cases(&app).await;
        set_clock(&app, "2027-01-04T01:00:00Z").await;
        assert_eq!(digests::plan(&app.app).await.unwrap(), 3, "the manager, and both agents of the team");
        work(&app).await;
        for address in ["lee@acme.example", "mei@acme.example"] {
            let mail = digest(&server, address);
            assert!(mail.subject().starts_with("Delivery, week from"), "{}", mail.subject());
        }
    }

    async fn who_has_nothing_to_hear_hears_nothing(database: Database) {
        let server = MailServer::start().await;
        let (app, [.., mei, vera]) = set_up(database, &server).await;
        set_clock(&app, "2027-01-04T01:00:00Z").await;
        digests::plan(&app.app).await.unwrap();
        Desk::of(&app, "new", Role::Manager).await;
        assert_eq!(digests::plan(&app.app).await.unwrap(), 0, "who came later was not there");
        work(&app).await;
        let all = deliveries(&app).await;
        assert!(all.len() == 2 && all.iter().all(|row| row.last_error.as_deref() == Some("there is nothing to tell")), "{all:?}");
        assert!(server.mails().is_empty());
        for desk in [mei, vera] {
            assert!(!desk.client.get("/staff/account").await.body.contains("Digests by email"));
        }
        set_clock(&app, "2027-02-01T01:00:00Z").await;
        week_of_cases(&app).await;
        assert_eq!(digests::plan(&app.app).await.unwrap(), 6, "a Monday that is a first: week and month, to two managers and a lead");
    }
}
