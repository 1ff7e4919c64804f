//! The service in one file, by the command line.

use std::process::{Command, Stdio};

use sayso::audit::Stamp;
use sayso::service::plan::Prune;
use sayso::service::read::read;
use sayso::service::store;
use sayso_tests::process::binary;
use sayso_tests::{Database, TestApp, on_both_databases, write_key};
use serde_json::{Value, json};
use tempfile::TempDir;

const FILE: &str = include_str!("../../fixtures/service.toml");

/// An installation with nothing in it.
pub struct Installation {
    data: TempDir,
    url: String,
}

impl Installation {
    pub async fn new(database: Database) -> Self {
        let data = tempfile::tempdir().unwrap();
        write_key(data.path());
        Self { data, url: database.make().await.reveal().unwrap_or_default().to_owned() }
    }

    /// Runs `sayso service …`; gives the exit code and what was printed to both outputs.
    pub fn service(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let output = Command::new(binary())
            .arg("service")
            .args(arguments)
            .arg("--data")
            .arg(self.data.path())
            .args(["--database-url", &self.url])
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let printed = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
        (output.status.code(), printed)
    }

    pub fn write(&self, name: &str, text: &str) -> String {
        let path = self.data.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }
}

fn json(printed: &str) -> Value {
    serde_json::from_str(printed).unwrap_or_else(|_| panic!("not JSON: {printed}"))
}

on_both_databases! {
    async fn a_service_is_applied_once_and_exported_whole(database: Database) {
        let one = Installation::new(database).await;
        let file = one.write("service.toml", FILE);
        let (code, plan) = one.service(&["apply", &file, "--dry-run"]);
        assert_eq!(code, Some(3), "{plan}");
        for line in ["+ site acme", "+ member mei@shop.example", "+ team delivery", "+ rule Late deliveries", "+ promise site acme, complaint, urgent, tier gold"] {
            assert!(plan.lines().any(|found| found == line), "{line} is not in\n{plan}");
        }
        let (_, nothing) = one.service(&["export"]);
        assert_eq!(nothing, "", "a dry run changes nothing");
        let (code, applied) = one.service(&["apply", &file]);
        assert_eq!((code, applied.as_str()), (Some(0), plan.as_str()), "what was planned is what was done");
        for arguments in [&["apply", &file][..], &["apply", &file, "--dry-run"], &["apply", &file, "--prune"]] {
            assert_eq!(one.service(arguments), (Some(0), "nothing to change\n".to_owned()), "{arguments:?}");
        }

        let exported = one.service(&["export"]).1;
        let other = Installation::new(database).await;
        let copy = other.write("service.toml", &exported);
        let (code, applied) = other.service(&["apply", &copy]);
        assert_eq!(code, Some(0), "{applied}");
        assert_eq!(other.service(&["export"]).1, exported, "the same service");
        assert_eq!(other.service(&["apply", &copy]).1, "nothing to change\n");
        let again = one.data.path().join("again.toml");
        assert_eq!(one.service(&["export", again.to_str().unwrap()]), (Some(0), String::new()));
        assert_eq!(std::fs::read_to_string(&again).unwrap(), exported);
    }

    async fn a_change_is_planned_field_by_field_and_audited(database: Database) {
        let one = Installation::new(database).await;
        one.service(&["apply", &one.write("service.toml", FILE)]);
        let changed = FILE.replace("first_response = \"1h\"", "first_response = \"2h\"").replace("first_response_hours = 8", "first_response_hours = 6\npage_errors = true");
        let (code, plan) = one.service(&["apply", &one.write("changed.toml", &changed)]);
        assert_eq!(code, Some(0));
        assert_eq!(plan, "~ site acme: first_response_hours 8 → 6, page_errors false → true\n~ promise site acme, complaint, urgent, tier gold: first_response 1h → 2h\n");
        let (rules, views) = (changed.find("[[rule]]").unwrap(), changed.find("[[view]]").unwrap());
        let fewer = format!("{}{}", &changed[..rules], &changed[views..]);
        let fewer = one.write("fewer.toml", &fewer);
        assert_eq!(one.service(&["apply", &fewer]).1, "nothing to change\n", "what a file does not name stays");
        assert_eq!(one.service(&["apply", &fewer, "--prune"]).1, "- rule Late deliveries\n- rule The rest\n");
        let audited = sayso_tests::process::run(one.data.path(), &one.url, &["audit", "list"]).1;
        for action in ["service.add", "service.set", "service.remove", "site.set", "member.add"] {
            assert!(audited.contains(action), "{action} is not in\n{audited}");
        }
        let (is_whole, verified) = sayso_tests::process::run(one.data.path(), &one.url, &["audit", "verify"]);
        assert!(is_whole, "{verified}");
    }

    async fn the_order_of_rules_is_part_of_the_service(database: Database) {
        let one = Installation::new(database).await;
        let rules = |first: &str, second: &str| {
            let rule = |name: &str| format!("[[rule]]\nname = \"{name}\"\nthen = {{ tags = [\"x\"] }}\n");
            format!("{}{}", rule(first), rule(second))
        };
        one.service(&["apply", &one.write("a.toml", &rules("A", "B"))]);
        assert_eq!(one.service(&["apply", &one.write("b.toml", &rules("B", "A"))]).1, "~ order of rule: B | A\n");
        let exported = one.service(&["export"]).1;
        assert!(exported.find("\"B\"") < exported.find("\"A\""), "{exported}");
    }

    async fn every_mistake_is_named_at_once_and_nothing_is_changed(database: Database) {
        let one = Installation::new(database).await;
        let file = one.write("wrong.toml", r#"
[[calendar]]
key = "office"
time_zone = "Asia/Shangai"
hours = { mon = ["09:00-12:00"] }

[[calendar]]
key = "night"
time_zone = "Asia/Shanghai"
hours = { mon = ["22:00-02:00", "23:00-24:00"] }
colour = "blue"

[[team]]
key = "delivery"
name = "Delivery"
lead = "nobody@shop.example"

[[promise]]
first_response = "soon"

[[rule]]
name = "All"
then = { team = "sales" }
stop = true

[[rule]]
name = "Never"
when = { kind = ["praise"] }
then = { tags = ["never"] }

[[template]]
key = "hello"
body = { en = "Dear {client}" }

[[tema]]
key = "x"
"#);
        let (code, printed) = one.service(&["apply", &file]);
        assert_eq!(code, Some(1));
        for said in [
            "line 4, column 13: \"Asia/Shangai\" is no time zone",
            "line 11, column 1: unknown field `colour`",
            "line 16, column 8: there is no member nobody@shop.example",
            "line 19, column 18: must be a length such as",
            "line 23, column 17: there is no team sales",
            "line 27, column 8: the rule can never match: All",
            "line 33, column 15: there is no placeholder {client}",
            "line 35, column 3: unknown table `tema`",
        ] {
            assert!(printed.contains(said), "{said} is not in\n{printed}");
        }
        assert_eq!(one.service(&["export"]).1, "");
        let overlapping = one.write("overlapping.toml", "[[calendar]]\nkey = \"night\"\ntime_zone = \"Asia/Shanghai\"\nhours = { mon = [\"22:00-02:00\", \"23:00-24:00\"] }\n");
        let printed = one.service(&["apply", &overlapping]).1;
        assert!(printed.contains("line 4, column 9: the openings 22:00-02:00 and 23:00-24:00 overlap"), "{printed}");
    }

    async fn a_promise_is_due_in_the_zone_of_its_calendar(database: Database) {
        let one = Installation::new(database).await;
        one.service(&["apply", &one.write("service.toml", FILE)]);
        one.service(&["apply", &one.write("berlin.toml", "[[calendar]]\nkey = \"berlin\"\ntime_zone = \"Europe/Berlin\"\n\
            hours = { mon = [\"09:00-17:00\"], tue = [\"09:00-17:00\"], wed = [\"09:00-17:00\"], thu = [\"09:00-17:00\"], fri = [\"09:00-17:00\"] }\n")]);
        for (calendar, promise, at, due) in [
            ("berlin", "4h", "2026-11-27T16:30:00+01:00", "2026-11-30T12:30:00+01:00"),
            ("berlin", "1h", "2026-11-27T15:30:00Z", "2026-11-30T09:30:00+01:00"),
            ("office", "18h", "2026-09-30T17:00:00+08:00", "2026-10-10T10:00:00+08:00"),
            ("berlin", "3bd", "2026-11-25T10:00:00+01:00", "2026-11-30T17:00:00+01:00"),
        ] {
            let found = one.service(&["due", "--calendar", calendar, "--promise", promise, "--at", at]);
            assert_eq!(found, (Some(0), format!("{due}\n")), "{calendar} {promise} {at}");
        }
        assert_eq!(one.service(&["due", "--calendar", "mars", "--promise", "4h"]).0, Some(1));
    }

    async fn a_case_is_tried_against_the_rules(database: Database) {
        let one = Installation::new(database).await;
        one.service(&["apply", &one.write("service.toml", FILE)]);
        let routed = one.service(&["route", "--site", "acme", "--kind", "complaint", "--message", "包裹晚到了", "--rating", "1", "--json"]).1;
        let late = json!({"team": "delivery", "owner": "least_loaded", "priority": "high", "tags": ["late"], "template": "ack-late", "escalate_to": "tom@shop.example", "problem": "P-7"});
        assert_eq!(json(&routed), json!([
            {"rule": "Late deliveries", "matched": true, "actions": late},
            {"rule": "The rest", "matched": false, "actions": {"tags": ["unsorted"]}},
        ]), "the first one stops");
        let routed = one.service(&["route", "--site", "acme", "--message", "The parcel came later"]).1;
        assert_eq!(routed, "The rest: tags = [\"unsorted\"]\n");
        assert_eq!(one.service(&["route", "--site", "nowhere", "--message", "x"]).0, Some(1));
    }

    async fn a_submission_is_promised_what_is_set_up(database: Database) {
        let app = TestApp::spawn(database).await;
        let complaint = json!({"kind": "complaint", "message": "Late"});
        let promised = |answer: &Value| answer["promise"]["first_response_due"].as_str().map(str::to_owned);
        let before = app.client().submit(complaint.clone()).await.json();
        assert!(promised(&before).is_some(), "the site's hours: {before}");
        let file = "[[promise]]\nsite = 'acme'\nkind = 'complaint'\nfirst_response = '15d'\n[[promise]]\nkind = 'praise'\nresolution = '1d'\n";
        let known = store::load(&app.app.db).await.unwrap();
        let wanted = read(file, &known).unwrap();
        store::apply(&app.app.db, &wanted, Prune::Keep, &Stamp::command(0)).await.unwrap();
        app.app.clock.advance(1_000);
        let after = app.client().submit(complaint).await.json();
        let millis = |time: &str| sayso::clock::parse_rfc3339(time).unwrap();
        let due = millis(&promised(&after).unwrap()) - millis(after["received_at"].as_str().unwrap());
        assert_eq!(due, 15 * sayso::clock::DAY, "{after}");
        let praise = app.client().submit(json!({"kind": "praise", "message": "Fine"})).await.json();
        assert_eq!(promised(&praise), None, "{praise}");
    }

    async fn every_preset_can_be_applied(database: Database) {
        let one = Installation::new(database).await;
        for name in ["iso-10002", "fca-disp", "cfpb"] {
            let (code, preset) = one.service(&["preset", name]);
            assert!(code == Some(0) && preset.contains("Source: ") && preset.contains("Not legal advice"), "{preset}");
            let file = one.write(name, &preset);
            assert_eq!(one.service(&["apply", &file, "--prune"]).0, Some(0), "{name}");
            assert_eq!(one.service(&["apply", &file, "--prune"]).1, "nothing to change\n", "{name}");
        }
        assert_eq!(one.service(&["preset", "none"]).0, Some(1));
    }
}
