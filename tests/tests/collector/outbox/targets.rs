//! `[[target]]` of the service file: who hears of what.

use std::process::{Command, Stdio};

use sayso::sites::targets::Target;
use sayso_tests::process::binary;
use sayso_tests::{TestApp, WebhookReceiver, on_both_databases, write_key};
use serde_json::{Value, json};

use super::cases::*;
use super::rooms::{apply, open};

const FILE: &str = r#"
[[site]]
key = "acme"
name = "Acme Home"
origins = ["https://shop.example"]

[[target]]
key = "ops-room"
site = "acme"
channel = "feishu"
url_env = "OPS_ROOM_URL"
secret_env = "OPS_ROOM_SECRET"
events = ["case.created", "case.breached"]
include = ["message"]
lang = "zh-Hans"
when = { kind = ["complaint"], priority = ["high", "urgent"] }

[[target]]
key = "team"
site = "acme"
channel = "email"
address = "team@shop.example"

[[target]]
key = "chat"
site = "acme"
channel = "telegram"
url_env = "OPS_ROOM_URL"
chat_id = -1001234567890

[[target]]
key = "hook"
site = "acme"
channel = "generic"
url_env = "OPS_ROOM_URL"
secret_env = "OPS_ROOM_SECRET"
events = []
body = '{"text": "{{ card.title }}"}'

[target.headers]
Authorization = "Bearer {{ secret }}"

[[rule]]
name = "Late"
when = { words = ["late"] }
then = { targets = ["hook"] }
"#;

/// Runs `sayso …` with the variables of the file; gives the exit code and what was printed.
fn sayso(data: &std::path::Path, url: &str, variables: &[(&str, &str)], arguments: &[&str]) -> (Option<i32>, String) {
    let output = Command::new(binary())
        .args(arguments)
        .arg("--data")
        .arg(data)
        .args(["--database-url", url])
        .envs(variables.iter().copied())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let printed = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    (output.status.code(), printed)
}

/// The types of event that the receiver was told, with what they are about.
fn told(receiver: &WebhookReceiver) -> Vec<Value> {
    receiver.received().iter().map(|received| received.json()["type"].clone()).collect()
}

fn webhook(more: &str) -> String {
    format!("[[target]]\nkey = \"room\"\nsite = \"acme\"\nchannel = \"webhook\"\nurl_env = \"ROOM_URL\"\n{more}\n")
}

on_both_databases! {
    async fn targets_are_applied_once_exported_without_secrets_and_pruned(database: Database) {
        let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let secrets = [("OPS_ROOM_URL", "https://open.feishu.cn/open-apis/bot/v2/hook/uuid-of-the-room"), ("OPS_ROOM_SECRET", "hunter2-secret")];
        let file = one.path().join("service.toml");
        std::fs::write(&file, FILE).unwrap();
        let file = file.to_str().unwrap().to_owned();
        let mut exports = Vec::new();
        for data in [&one, &other] {
            write_key(data.path());
            let url = database.make().await.reveal().unwrap_or_default().to_owned();
            let run = |arguments: &[&str]| sayso(data.path(), &url, &secrets, arguments);
            let (code, plan) = run(&["service", "apply", &file, "--dry-run"]);
            assert_eq!(code, Some(3), "{plan}");
            for line in ["+ target ops-room", "+ target team", "+ target chat", "+ target hook", "+ rule Late"] {
                assert!(plan.lines().any(|found| found == line), "{line} is not in\n{plan}");
            }
            assert!(!run(&["service", "export"]).1.contains("target"), "a dry run changes nothing");
            assert_eq!(run(&["service", "apply", &file]), (Some(0), plan));
            for again in [&["service", "apply", &file][..], &["service", "apply", &file, "--prune"], &["service", "apply", &file, "--dry-run"]] {
                assert_eq!(run(again), (Some(0), "nothing to change\n".to_owned()), "{again:?}");
            }
            let exported = run(&["service", "export"]).1;
            for said in ["url_env = \"OPS_ROOM_URL\"", "secret_env = \"OPS_ROOM_SECRET\"", "address = \"team@shop.example\"", "chat_id = -1001234567890", "events = []", "lang = \"zh-Hans\""] {
                assert!(exported.contains(said), "{said} is not in\n{exported}");
            }
            assert!(!exported.contains("hunter2") && !exported.contains("uuid-of-the-room"), "{exported}");
            let copy = data.path().join("copy.toml");
            std::fs::write(&copy, &exported).unwrap();
            assert_eq!(run(&["service", "apply", copy.to_str().unwrap()]), (Some(0), "nothing to change\n".to_owned()));
            exports.push(exported);

            let moved = [("OPS_ROOM_URL", "https://open.feishu.cn/open-apis/bot/v2/hook/another"), secrets[1]];
            let (code, plan) = sayso(data.path(), &url, &moved, &["service", "apply", &file]);
            assert_eq!((code, plan.as_str()), (Some(0), "~ target ops-room: access none → new\n~ target chat: access none → new\n~ target hook: access none → new\n"));
            let (_, audited) = run(&["audit", "list"]);
            assert!(audited.contains("target.add") && audited.contains("target.set") && !audited.contains("another"), "{audited}");

            let fewer = data.path().join("fewer.toml");
            let rest = FILE.find("[[target]]\nkey = \"chat\"").unwrap();
            std::fs::write(&fewer, &FILE[..rest]).unwrap();
            assert_eq!(run(&["service", "apply", fewer.to_str().unwrap(), "--prune"]).1, "- rule Late\n~ target ops-room: access none → new\n- target chat\n- target hook\n");
            let (_, listed) = run(&["target", "list"]);
            assert!(listed.contains("ops-room") && listed.contains("$OPS_ROOM_URL") && !listed.contains("hook/"), "{listed}");
        }
        assert_eq!(exports[0], exports[1], "the same service");
    }

    async fn every_mistake_of_a_target_is_named_with_its_place(database: Database) {
        let data = tempfile::tempdir().unwrap();
        write_key(data.path());
        let url = database.make().await.reveal().unwrap_or_default().to_owned();
        let file = data.path().join("wrong.toml");
        std::fs::write(&file, r#"[[site]]
key = "acme"
name = "Acme"
origins = []

[[target]]
key = "a"
site = "acme"
channel = "pigeon"

[[target]]
key = "b"
site = "nowhere"
channel = "slack"
url_env = "NOT_SET"
chat_id = 5

[[target]]
key = "c"
site = "acme"
channel = "feishu"
url_env = "PLAIN"
events = ["case.made"]

[[target]]
key = "d"
site = "acme"
channel = "discord"

[[target]]
key = "e"
site = "acme"
channel = "generic"
url_env = "PLAIN"
body = '{"text": "{{ case.message }}"}'
headers = { Host = "x" }

[[target]]
key = "f"
site = "acme"
channel = "email"
address = "nobody"
when = { kind = [] }

[[rule]]
name = "Late"
then = { targets = ["nowhere"] }
"#).unwrap();
        let secrets = [("PLAIN", "http://rooms.example/secret-path")];
        let (code, printed) = sayso(data.path(), &url, &secrets, &["service", "apply", file.to_str().unwrap()]);
        assert_eq!(code, Some(1));
        for said in [
            "line 9, column 11: unknown variant `pigeon`",
            "line 13, column 8: there is no site nowhere",
            "line 15, column 11: the variable NOT_SET is not set",
            "line 16, column 11: chat_id is of the channel telegram, and this is slack",
            "line 23, column 11: unknown variant `case.made`",
            "line 28, column 11: a target of the channel discord needs url_env",
            "line 34, column 11: PLAIN: the address is not https://",
            "line 35, column 8: the template names something that there is not, or that may not leave (include)",
            "line 36, column 20: Host is no header that a template may set",
            "line 42, column 11: the address",
            "line 43, column 17: the target can never hear of a case: kind is an empty list",
            "line 47, column 20: there is no target nowhere",
        ] {
            assert!(printed.contains(said), "{said} is not in\n{printed}");
        }
        assert!(!printed.contains("secret-path"), "{printed}");
        assert_eq!(sayso(data.path(), &url, &[], &["service", "export"]).1, "", "nothing was changed");
    }

    async fn a_target_that_was_made_before_has_its_identifier_as_key(database: Database) {
        let data = tempfile::tempdir().unwrap();
        write_key(data.path());
        let url = database.make().await.reveal().unwrap_or_default().to_owned();
        let run = |arguments: &[&str]| sayso(data.path(), &url, &[("ROOM", "https://rooms.example/hooks/key")], arguments);
        assert_eq!(run(&["site", "add", "acme", "--name", "Acme", "--origin", "https://shop.example"]).0, Some(0));
        assert_eq!(run(&["target", "add", "--site", "acme", "--webhook", "https://hooks.example/a"]).0, Some(0));
        let (code, printed) = run(&["target", "add", "--site", "acme", "--key", "room", "--channel", "slack", "--url-env", "ROOM"]);
        assert!(code == Some(0) && !printed.contains("hooks/key"), "{printed}");
        assert!(run(&["target", "add", "--site", "acme", "--key", "room", "--channel", "slack", "--url-env", "ROOM"]).1.contains("there is a target room already"));
        assert!(run(&["target", "add", "--site", "acme", "--channel", "slack", "--url-env", "NOWHERE"]).1.contains("the variable NOWHERE is not set"));
        let exported = run(&["service", "export"]).1;
        let keys: Vec<&str> = exported.lines().filter_map(|line| line.strip_prefix("key = \"")).collect();
        assert!(keys.iter().any(|key| uuid::Uuid::parse_str(key.trim_end_matches('"')).is_ok()), "{exported}");
        let file = data.path().join("service.toml");
        std::fs::write(&file, &exported).unwrap();
        for prune in [&[][..], &["--prune"]] {
            let arguments = [&["service", "apply", file.to_str().unwrap()][..], prune].concat();
            assert_eq!(run(&arguments), (Some(0), "nothing to change\n".to_owned()), "it stays where it is");
        }
    }

    async fn conditions_and_events_say_who_hears_of_what(database: Database) {
        let app = open(database).await;
        let receiver = WebhookReceiver::start().await;
        apply(&app, &webhook("events = [\"case.created\", \"case.breached\"]\nwhen = { kind = [\"complaint\"], tags = [\"late\"] }"), &receiver.url).await;
        apply(&app, "[[rule]]\nname = \"Late\"\nwhen = { words = [\"late\"] }\nthen = { tags = [\"late\"] }\n", "").await;
        for (kind, message) in [("complaint", "It came late"), ("complaint", "It is broken"), ("question", "Why so late?")] {
            submit(&app, json!({"kind": kind, "message": message})).await;
        }
        work(&app).await;
        assert_eq!(told(&receiver), ["case.created"], "the rules have looked at it first");
        assert_eq!(receiver.received()[0].json()["data"]["case"]["message"], "It came late");
        assert_eq!(receiver.received()[0].json()["data"]["case"]["code"], Value::Null, "codes need `include`");
    }

    async fn a_rule_names_targets_that_hear_of_nothing_else(database: Database) {
        let app = open(database).await;
        let receiver = WebhookReceiver::start().await;
        apply(&app, &webhook("events = []"), &receiver.url).await;
        apply(&app, "[[rule]]\nname = \"Late\"\nwhen = { words = [\"late\"] }\nthen = { targets = [\"room\"] }\non = [\"created\", \"message\"]\n", "").await;
        submit(&app, json!({"kind": "complaint", "message": "It is broken"})).await;
        let case = submit(&app, json!({"kind": "complaint", "message": "It came late"})).await;
        work(&app).await;
        assert_eq!(told(&receiver), ["case.created"]);
        customer_writes(&app, &case, "Still late").await;
        work(&app).await;
        work(&app).await;
        assert_eq!(told(&receiver), ["case.created", "case.message"]);
    }

    async fn a_rule_of_time_tells_its_targets_by_an_event_of_its_own(database: Database) {
        let app = open(database).await;
        let receiver = WebhookReceiver::start().await;
        apply(&app, &webhook("events = []"), &receiver.url).await;
        apply(&app, "[[rule]]\nname = \"Waiting\"\nwhen = { waiting_longer_than = \"2h\" }\nthen = { targets = [\"room\"] }\non = [\"time\"]\n", "").await;
        submit(&app, json!({"kind": "complaint", "message": "Hello?"})).await;
        work(&app).await;
        app.app.clock.advance(80 * sayso::clock::HOUR);
        for _ in 0..2 {
            sayso::routing::run_timed(&app.app).await.unwrap();
            work(&app).await;
        }
        assert_eq!(told(&receiver), ["case.escalated"], "once");
        assert_eq!(receiver.received()[0].json()["data"]["event"]["data"]["rule"], "Waiting");
    }

    async fn the_mail_of_a_target_says_what_may_leave(database: Database) {
        let app = open(database).await;
        let more = |key: &str, more: &str| format!("[[target]]\nkey = \"{key}\"\nsite = \"acme\"\nchannel = \"email\"\naddress = \"{key}@acme.example\"\n{more}\n");
        apply(&app, &[more("all", ""), more("little", "include = []\nlang = \"zh-Hans\"")].concat(), "").await;
        let case = submit(&app, json!({"kind": "complaint", "message": "The chair is broken", "contact": {"name": "Han Meimei", "phone": "13800000000"}})).await;
        work(&app).await;
        let folder = app.data.path().join("mail");
        let mails: Vec<sayso_tests::Mail> = std::fs::read_dir(folder).unwrap().map(|file| sayso_tests::Mail::from_file(std::fs::read(file.unwrap().path()).unwrap())).collect();
        let to = |key: &str| mails.iter().find(|mail| String::from_utf8_lossy(&mail.raw).contains(&format!("To: {key}@acme.example"))).unwrap();
        let (all, little) = (to("all").text(), to("little").text());
        for part in ["The chair", "Han Meimei", "13800000000", case.id.as_str()] {
            assert!(all.contains(part) && !little.contains(part), "{part}:\n{all}\n{little}");
        }
        assert!(little.contains("新投诉"), "{little}");
        assert!(!to("little").subject().contains("chair"), "{}", to("little").subject());
    }

    async fn internal_hosts_and_networks_can_be_allowed(database: Database) {
        let settings = Box::new(|config: &mut sayso::Config| {
            config.dangerous_allow_http_webhooks = true;
            config.outbox.allow_networks = vec!["127.0.0.0/8".parse().unwrap()];
        });
        let app = TestApp::spawn_with(database, sayso_tests::Options { settings, ..sayso_tests::Options::default() }).await;
        let receiver = WebhookReceiver::start().await;
        apply(&app, &webhook(""), &receiver.url).await;
        ask(&app).await;
        work(&app).await;
        assert_eq!(told(&receiver), ["case.created"]);
        assert_eq!(Target::list(&app.app.db, None).await.unwrap()[0].key, "room");
    }
}
