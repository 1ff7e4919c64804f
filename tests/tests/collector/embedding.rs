//! Putting the tag on a page: what commands print leads to the server, and the console says what becomes of the tag.

use std::process::Command;

use reqwest::{Method, StatusCode};
use sayso::auth::Role;
use sayso::changes::Change;
use sayso::clock::{DAY, parse_rfc3339};
use sayso::db::Db;
use sayso::sites::served;
use sayso_tests::process::{binary, run};
use sayso_tests::{TestApp, eventually, on_both_databases, write_key};

use crate::console::Desk;

/// Asks for `path` as a page does, and waits until that is noted.
async fn seen(app: &TestApp, path: &str, header: &str, value: &str) {
    let mut changes = app.app.changes.subscribe();
    let client = app.client();
    client.send(client.request(Method::GET, path).header(header, value)).await;
    while changes.recv().await.expect("the collector goes on") != Change::Unknown {}
}

on_both_databases! {
    async fn the_console_says_what_becomes_of_the_tag(app: TestApp) {
        let lin = Desk::of(&app, "lin", Role::Admin).await;
        let start = async || lin.client.get("/staff/start").await.body;
        assert!(start().await.contains("No page has loaded this tag yet."));
        let origin = TestApp::ORIGIN;
        seen(&app, "/sayso.js", "referer", &format!("{origin}/")).await;
        let shown = start().await;
        assert!(shown.contains(&format!("Your tag on {origin} works.")) && shown.contains(&format!("Last seen from {origin}, 1 min ago.")), "{shown}");
        assert!(shown.contains(&format!("href=\"{origin}/?sayso-test\"")), "{shown}");
        app.app.clock.advance(5 * 60_000);
        assert!(start().await.contains("5 min ago"));
        seen(&app, "/s/acme?frame=1&why=policy", "referer", &format!("{origin}/")).await;
        assert!(start().await.contains("Its policy refuses WebAssembly, so visitors get the form in a frame"));
        app.app.clock.advance(5 * 60_000);
        seen(&app, "/api/v1/sites/acme", "origin", origin).await;
        assert!(start().await.contains("works."), "the policy was mended");
    }

    async fn the_widget_tells_how_it_came_where_the_site_wants_to_know(app: TestApp) {
        let lin = Desk::of(&app, "lin", Role::Admin).await;
        let start = async || lin.client.get("/staff/start").await.body;
        let client = app.client();
        let tell = async |origin: &str, query: &str| {
            let path = format!("/api/v1/sites/acme/sightings?{query}");
            client.send(client.request(Method::POST, &path).header("origin", origin)).await.status
        };
        let only_a_link = "visitors get a link";
        let told = async |query: &str| {
            let mut changes = app.app.changes.subscribe();
            assert_eq!(tell(TestApp::ORIGIN, query).await, StatusCode::NO_CONTENT);
            while changes.recv().await.expect("the collector goes on") != Change::Unknown {}
        };
        app.set_site(&["health_reports=false"]).await;
        assert_eq!(tell(TestApp::ORIGIN, "came=link").await, StatusCode::NO_CONTENT);
        app.set_site(&["health_reports=true"]).await;
        assert!(start().await.contains("No page has loaded this tag yet."), "nothing was noted");
        told("came=link&why=policy").await;
        assert!(start().await.contains(only_a_link));
        app.app.clock.advance(5 * 60_000);
        told("came=form").await;
        assert!(!start().await.contains(only_a_link), "it was mended");
        assert_eq!(tell(TestApp::ORIGIN, "came=nothing").await, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(tell("https://evil.example", "came=link").await, StatusCode::FORBIDDEN);
    }

    async fn a_page_that_is_not_listed_is_named_with_the_command_that_lists_it(app: TestApp) {
        let lin = Desk::of(&app, "lin", Role::Admin).await;
        seen(&app, "/api/v1/sites/acme", "origin", "https://new.example").await;
        let shown = lin.client.get("/staff/start").await.body;
        assert!(shown.contains("A page on https://new.example uses this tag but isn’t accepted"), "{shown}");
        assert!(shown.contains("<code>sayso site set acme origins+=https://new.example</code>"), "{shown}");
        seen(&app, "/sayso.js", "referer", "https://other.example/").await;
        assert!(lin.client.get("/staff/start").await.body.contains("Pages on https://other.example load the tag"));
        app.set_site(&["origins+=https://new.example"]).await;
        assert!(!lin.client.get("/staff/start").await.body.contains("isn’t accepted"));
    }

    async fn visits_are_counted_where_the_site_wants_it(app: TestApp) {
        app.app.clock.advance(parse_rfc3339("2026-11-30T18:00:00Z").unwrap() - app.app.clock.now());
        let client = app.client();
        let visit = async |origin: &str, method: Method| {
            client.send(client.request(method, "/sayso.js").header("referer", format!("{origin}/page"))).await
        };
        let counted = async || {
            app.app.sightings.visits.write().await;
            let select = "select day, kind, number from exposure order by day";
            let rows: Vec<(String, String, i64)> =
                sayso::with_db!(&app.app.db, pool => sqlx::query_as(select).fetch_all(pool).await).unwrap();
            rows.into_iter().map(|(day, kind, number)| format!("{day} {kind} {number}")).collect::<Vec<_>>()
        };
        visit(TestApp::ORIGIN, Method::GET).await;
        assert_eq!(counted().await, [""; 0], "nobody asked for that");
        app.set_site(&["count_visits=true", "time_zone=Asia/Shanghai"]).await;
        for _ in 0..3 {
            visit(TestApp::ORIGIN, Method::GET).await;
        }
        visit(TestApp::ORIGIN, Method::HEAD).await;
        visit("https://other.example", Method::GET).await;
        // One that was begun in the background may be under way.
        eventually("all are counted, on the day that it is in Shanghai", async || counted().await == ["2026-12-01 visits 3"]).await;
        app.app.clock.advance(DAY);
        visit(TestApp::ORIGIN, Method::GET).await;
        eventually("the next day is another", async || counted().await == ["2026-12-01 visits 3", "2026-12-02 visits 1"]).await;
    }
}

on_both_databases! {
    async fn commands_print_the_address_that_was_served_last(database: Database) {
        let data = tempfile::tempdir().unwrap();
        write_key(data.path());
        let url = database.make().await;
        let sayso = |arguments: &[&str]| run(data.path(), url.reveal().unwrap_or_default(), arguments);
        let (added, printed) = sayso(&["site", "add", "acme", "--name", "Acme Home", "--origin", "https://shop.example"]);
        assert!(added && printed.contains("is a guess, since no server has run"), "{printed}");
        assert!(printed.contains("to the database "), "it names the database: {printed}");
        let mut config = sayso::Config::for_data(data.path()).unwrap();
        config.public_url = "https://feedback.example.com".into();
        let db = Db::connect(data.path(), url.reveal()).await.unwrap();
        served::remember(&db, &config, 5).await.unwrap();
        let (printed, tag) = sayso(&["site", "snippet", "acme"]);
        assert!(printed && tag.starts_with("<script async src=\"https://feedback.example.com/sayso.js\" data-site=\"acme\">"), "{tag}");
        assert!(!tag.contains("guess"), "{tag}");
    }
}

#[test]
fn a_command_without_the_servers_folder_makes_no_second_one() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(binary());
    command.current_dir(folder.path()).args([
        "site",
        "add",
        "acme",
        "--name",
        "Acme",
        "--origin",
        "https://shop.example",
    ]);
    let output = command.output().expect("the binary runs");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && said.contains("there is no database in") && said.contains("--data"), "{said}");
    assert!(!folder.path().join("data").exists());
}

/// Where the binary has its widget, the pinned tag names its loader and what is in it.
#[tokio::test]
async fn a_pinned_tag_names_the_very_loader() {
    let app = TestApp::spawn(sayso_tests::Database::Sqlite).await;
    let site = app.site().await;
    let Some(tag) = sayso::sites::snippet::pinned_tag(&site, &app.app.config).map(|tag| tag.html) else { return };
    let address = tag.split("src=\"").nth(1).unwrap().split('"').next().unwrap();
    let path = address.strip_prefix(&app.url).expect("it is ours");
    let client = app.client();
    let (pinned, plain) = (client.get(path).await, client.get("/sayso.js").await);
    assert_eq!((pinned.status, pinned.body), (StatusCode::OK, plain.body));
    assert!(tag.contains("integrity=\"sha384-") && tag.contains("crossorigin=\"anonymous\""), "{tag}");
}
