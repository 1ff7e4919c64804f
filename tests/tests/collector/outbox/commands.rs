//! `sayso target`, by the real binary.

use sayso_tests::process::run;
use sayso_tests::{Mail, WebhookReceiver, on_both_databases, write_key};

on_both_databases! {
    async fn targets_are_added_tried_and_removed(database: Database) {
        let data = tempfile::tempdir().unwrap();
        write_key(data.path());
        let url = database.make().await;
        let sayso = |arguments: &[&str]| run(data.path(), url.reveal().unwrap_or_default(), arguments);
        let (added, printed) = sayso(&["site", "add", "acme", "--name", "Acme Home", "--origin", "https://shop.example", "https://*.shop.example"]);
        assert!(added, "{printed}");

        let (added, printed) = sayso(&["target", "add", "--site", "acme", "--email", "team@acme.example", "--event", "rated"]);
        assert!(!added && printed.contains("case.created, case.acknowledged"), "the error names the types: {printed}");
        let (added, printed) = sayso(&["target", "add", "--site", "acme"]);
        assert!(!added && printed.contains("--email"), "{printed}");
        let (added, printed) = sayso(&["target", "add", "--site", "acme", "--email", "team@acme.example"]);
        assert!(added, "{printed}");
        let id = id_in(&printed);
        let (tried, printed) = sayso(&["target", "test", &id]);
        assert!(tried && printed.contains("is a file in"), "{printed}");
        let file = std::fs::read_dir(data.path().join("mail")).unwrap().next().unwrap().unwrap();
        let mail = Mail::from_file(std::fs::read(file.path()).unwrap());
        assert!(mail.subject().starts_with("[Test] [Acme Home] Complaint: "), "{}", mail.subject());

        for (when, is_taken) in [
            (r#"{"kind": ["complaint"], "priority": ["high"]}"#, true),
            (r#"{ kind = ["complaint"] }"#, true),
            (r#"kind = ["complaint"]"#, true),
            (r#"{"kind": ["sofa"]}"#, false),
            (r#"{"category": ["nowhere"]}"#, false),
            ("complaint", false),
        ] {
            let key = sayso::keys::new_id();
            let (added, printed) = sayso(&["target", "add", "--site", "acme", "--channel", "email", "--address", "duty@acme.example", "--key", &key, "--when", when]);
            assert!(added == is_taken && (added || printed.contains("--when")), "{when}: {printed}");
            if is_taken {
                let (_, file) = sayso(&["service", "export"]);
                assert!(file.contains("[target.when]\nkind = [\"complaint\"]"), "{file}");
                assert!(sayso(&["target", "remove", &key]).0);
            }
        }

        let receiver = WebhookReceiver::start().await;
        let (added, printed) = sayso(&["target", "add", "--site", "acme", "--webhook", &receiver.url, "--event", "case.created", "case.rated"]);
        assert!(added && printed.contains("only this once"), "{printed}");
        assert!(printed.contains("nothing is sent there: the address 127.0.0.1 is private"), "{printed}");
        let secret = printed.split_whitespace().find(|word| word.starts_with("whsec_")).unwrap().to_owned();
        let hook = id_in(&printed);
        let (tried, printed) = sayso(&["target", "test", &hook]);
        assert!(!tried && printed.contains("the address 127.0.0.1 is private"), "{printed}");
        let open = data.path().join("open.toml");
        std::fs::write(&open, "dangerous_allow_private_targets = true\n").unwrap();
        let (tried, printed) = sayso(&["target", "test", &hook, "--config", open.to_str().unwrap()]);
        assert!(tried, "{printed}");
        let received = receiver.received().remove(0);
        received.verify(&secret).unwrap();
        assert_eq!(received.event(), "case.created");
        assert_eq!(received.json()["data"]["event"]["data"]["sample"], true);

        let (_, listed) = sayso(&["target", "list", "--site", "acme"]);
        assert!(listed.contains(&id) && listed.contains(&hook) && !listed.contains("whsec_"), "{listed}");
        let (removed, _) = sayso(&["target", "remove", &id]);
        let (again, printed) = sayso(&["target", "remove", &id]);
        assert!(removed && !again && printed.contains("there is no target"), "{printed}");
    }
}

fn id_in(printed: &str) -> String {
    let id = printed.split([' ', ':', '\n']).find(|word| uuid::Uuid::parse_str(word).is_ok());
    id.unwrap_or_else(|| panic!("no identifier in {printed}")).to_owned()
}
