//! What a service file may say, what is named of it at once, and what another file leaves as it is.

use sayso::audit::Stamp;
use sayso::service::plan::Prune;
use sayso::service::read::read;
use sayso::service::store;
use sayso_tests::{TestApp, on_both_databases};
use serde_json::json;

use crate::access::Program;
use crate::service::Installation;

const SITE: &str = "[[site]]\nkey = \"acme\"\nname = \"Acme\"\norigins = []\n";

on_both_databases! {
    async fn tags_are_what_the_staff_type(database: Database) {
        let one = Installation::new(database).await;
        let file = "[[rule]]\nname = \"中文\"\nwhen = { tags = [\"very late\"] }\nthen = { tags = [\"晚到\"] }\n";
        let (code, printed) = one.service(&["apply", &one.write("tags.toml", file)]);
        assert_eq!((code, printed.as_str()), (Some(0), "+ rule 中文\n"));
        let (code, printed) = one.service(&["apply", &one.write("comma.toml", &file.replace("晚到", "a,b"))]);
        assert!(code == Some(1) && printed.contains("line 4, column 18: a tag has 1 to 64 characters"), "{printed}");
    }

    async fn a_mistake_hides_no_other_one(database: Database) {
        let one = Installation::new(database).await;
        let file = one.write("wrong.toml", r#"
[[calendar]]
key = "office"
time_zone = "Asia/Shanghai"
hours = { mon = ["09:00-12:00"] }
holidays = ["2026-12-25..2026-12-20", "2026-02-30", "2026-12-24"]

[[promise]]
site = "nowhere"
kind = "rant"
calendar = "night"
first_response = "4x"

[[rule]]
name = "Wrong"
when = { kind = ["rant"], category = ["zz"], outside_hours = "nope" }
then = { priority = "hot", team = "nope", targets = ["nope"] }

[[survey]]
key = "csat"
site = "nowhere"
kind = "foo"
title = { en = "How was it?" }

[[view]]
key = "a"
name = "A"
filter = "kind=rant&nope=1&team=nope&site=nowhere&owner=nobody@x.example&due=never&sort=sideways"

[[view]]
key = "b"
name = "B"
filter = "status=open&kind=complaint&owner=me&due=overdue&sort=due&q=late"
"#);
        let (code, printed) = one.service(&["apply", &file, "--dry-run"]);
        assert_eq!(code, Some(1));
        for said in [
            "line 6, column 13: ",
            "line 6, column 39: ",
            "line 9, column 8: there is no site nowhere",
            "line 10, column 8: ",
            "line 11, column 12: there is no calendar night",
            "line 12, column 18: must be a length such as",
            "line 16, column 18: ",
            "line 16, column 38: there is no category zz",
            "line 16, column 62: there is no calendar nope",
            "line 17, column 21: ",
            "line 17, column 35: there is no team nope",
            "line 17, column 53: there is no target nope",
            "line 21, column 8: there is no site nowhere",
            "line 22, column 8: ",
            "line 28, column 10: the filter kind can't be rant; it is one of complaint, suggestion, question, praise",
            "there is no filter nope",
            "line 28, column 10: there is no team nope",
            "line 28, column 10: there is no site nowhere",
            "the filter owner can't be nobody@x.example",
            "the filter due can't be never",
            "the filter sort can't be sideways",
        ] {
            assert!(printed.contains(said), "{said} is not in\n{printed}");
        }
        for fine in ["line 5,", "line 33,", "does nothing", "at least one of first_response"] {
            assert!(!printed.contains(fine), "{fine} is in\n{printed}");
        }
    }

    async fn rules_that_no_case_meets_are_named(database: Database) {
        let one = Installation::new(database).await;
        let file = one.write("never.toml", &format!(r#"{SITE}
[[member]]
address = "vic@shop.example"
name = "Vic"
role = "viewer"

[[calendar]]
key = "always"
time_zone = "UTC"
hours = {{ mon = ["00:00-24:00"], tue = ["00:00-24:00"], wed = ["00:00-24:00"], thu = ["00:00-24:00"], fri = ["00:00-24:00"], sat = ["00:00-24:00"], sun = ["00:00-24:00"] }}

[[rule]]
name = "Closed"
when = {{ status = ["closed"] }}
then = {{ tags = ["x"] }}

[[rule]]
name = "Time"
on = ["time"]
when = {{ status = ["resolved"], waiting_longer_than = "2h" }}
then = {{ tags = ["x"] }}

[[rule]]
name = "Again"
when = {{ reopened = true }}
then = {{ tags = ["x"] }}

[[rule]]
name = "Imported"
when = {{ channel = ["import"] }}
then = {{ tags = ["x"] }}

[[rule]]
name = "Night"
when = {{ outside_hours = "always" }}
then = {{ tags = ["x"] }}

[[rule]]
name = "Viewer"
then = {{ owner = "vic@shop.example" }}

[[rule]]
name = "Fine"
on = ["created", "message"]
when = {{ status = ["closed", "new"], reopened = true, channel = ["import", "widget"] }}
then = {{ tags = ["x"] }}
"#));
        let (code, printed) = one.service(&["apply", &file]);
        assert_eq!(code, Some(1));
        for said in ["on created no case is waiting or closed", "no promise of a resolved or closed case", "on created no case has been reopened", "no rule looks at what is imported", "the calendar always is always open", "vic@shop.example only reads"] {
            assert_eq!(printed.matches(said).count(), 1, "{said}\n{printed}");
        }
    }

    async fn what_a_file_does_not_name_keeps_its_place(database: Database) {
        let one = Installation::new(database).await;
        let rules = |names: &str| names.chars().map(|name| format!("[[rule]]\nname = \"{name}\"\nthen = {{ tags = [\"x\"] }}\n")).collect::<String>();
        let (first, second) = (one.write("first.toml", &rules("ABC")), one.write("second.toml", &rules("XY")));
        one.service(&["apply", &first]);
        assert_eq!(one.service(&["apply", &second]).1, "+ rule X\n+ rule Y\n");
        for file in [&first, &second] {
            assert_eq!(one.service(&["apply", file, "--dry-run"]), (Some(0), "nothing to change\n".to_owned()));
        }
        assert_eq!(one.service(&["apply", &one.write("third.toml", &rules("CZA"))]).1, "+ rule Z\n~ order of rule: C | Z | B | A | X | Y\n");
        assert_eq!(one.service(&["apply", &one.write("fourth.toml", &rules("0B"))]).1, "+ rule 0\n");
        let exported = one.service(&["export"]).1;
        let order: String = exported.lines().filter_map(|line| line.strip_prefix("name = \"")).map(|name| &name[..1]).collect();
        assert_eq!(order, "CZ0BAXY");
    }

    async fn a_variable_that_is_missing_hides_no_other_one(database: Database) {
        let one = Installation::new(database).await;
        let target = "[[target]]\nkey = \"room\"\nsite = \"acme\"\nchannel = \"feishu\"\nurl_env = \"NOPE_A\"\nsecret_env = \"NOPE_B\"\n";
        let (code, printed) = one.service(&["apply", &one.write("target.toml", &format!("{SITE}{target}"))]);
        assert_eq!(code, Some(1));
        for name in ["NOPE_A", "NOPE_B"] {
            assert!(printed.contains(&format!("the variable {name} is not set")), "{printed}");
        }
    }

    async fn a_problem_that_cases_name_is_not_pruned(database: Database) {
        let app = TestApp::spawn(database).await;
        let apply = async |file: &str, prune: Prune| {
            let wanted = read(file, &store::load(&app.app.db).await.unwrap()).unwrap();
            let done = store::apply(&app.app.db, &wanted, prune, &Stamp::command(0)).await;
            app.app.service.forget();
            done
        };
        apply("[[problem]]\nkey = \"P-7\"\ntitle = \"The carrier is late\"\n", Prune::Keep).await.unwrap();
        let program = Program::new(&app).await;
        app.client().submit(json!({"kind": "complaint", "message": "Late"})).await;
        let found = program.get("").await.json();
        let id = found["cases"][0]["id"].as_str().unwrap();
        assert!(program.patch(id, &json!({"problem": "P-7"}), None).await.status.is_success());
        let refused = apply("", Prune::Remove).await.unwrap_err().to_string();
        assert!(refused.contains("the problem P-7 is still named by cases (1)"), "{refused}");
        assert!(program.patch(id, &json!({"problem": null}), None).await.status.is_success());
        apply("", Prune::Remove).await.unwrap();
        assert_eq!(store::load(&app.app.db).await.unwrap().problems, []);
    }

    async fn a_zone_that_is_unknown_hides_no_hours_that_overlap_and_stored_rules_count(database: Database) {
        let one = Installation::new(database).await;
        let file = "[[calendar]]\nkey = 'office'\ntime_zone = 'Mars/Olympus'\nhours = { mon = ['09:00-12:00', '11:00-18:00'] }\n";
        let (code, printed) = one.service(&["apply", &one.write("wrong.toml", file)]);
        assert!(code == Some(1) && printed.contains("line 3") && printed.contains("line 4") && printed.contains("overlap"), "{printed}");
        let rule = |name: &str, more: &str| format!("[[rule]]\nname = '{name}'\nthen = {{ priority = 'high' }}\n{more}");
        let stops = one.write("stops.toml", &rule("All", "stop = true"));
        assert_eq!(one.service(&["apply", &stops]).0, Some(0));
        let (code, printed) = one.service(&["apply", &one.write("behind.toml", &rule("Behind", ""))]);
        assert!(code == Some(1) && printed.contains("All before it takes all of its cases and stops"), "{printed}");
        // One that is put before others keeps all cases from them.
        let open = one.write("open.toml", &rule("All", ""));
        assert_eq!(one.service(&["apply", &open]).0, Some(0));
        assert_eq!(one.service(&["apply", &one.write("behind.toml", &rule("Behind", ""))]).0, Some(0));
        let (code, printed) = one.service(&["apply", &stops]);
        assert!(code == Some(1) && printed.contains("the rule Behind after it can never match"), "{printed}");
    }

    async fn who_is_given_cases_by_a_rule_that_stays_does_not_become_a_reader(database: Database) {
        let one = Installation::new(database).await;
        let member = |role: &str| format!("[[member]]\naddress = 'mei@shop.example'\nname = 'Mei'\nrole = '{role}'\n");
        let rule = "[[rule]]\nname = 'To Mei'\nthen = { owner = 'mei@shop.example' }\n";
        assert_eq!(one.service(&["apply", &one.write("one.toml", &(member("agent") + rule))]).0, Some(0));
        let (code, printed) = one.service(&["apply", &one.write("two.toml", &member("viewer"))]);
        assert!(code == Some(1) && printed.contains("the rule To Mei gives cases to mei@shop.example"), "{printed}");
    }
}
