//! Mails that are signed, checked by another implementation of DKIM (dkimpy).

use std::path::Path;
use std::process::Command;

use sayso::audit::Stamp;
use sayso::jobs::run_due;
use sayso::outbox::{deliver_due, dkim};
use sayso_tests::{Database, MailServer, Options, TestApp};
use serde_json::json;

/// Reads a mail from standard input, and says whether it is signed by the key of the record that is given.
const VERIFY: &str = "import sys, dkim\n\
record = sys.argv[1].encode()\n\
print(dkim.verify(sys.stdin.buffer.read(), dnsfunc=lambda name, timeout=5: record if name == sys.argv[2].encode() else None))";

fn verifies(mail: &[u8], (name, record): (&str, &str)) -> bool {
    let schemathesis = std::env::var_os("SAYSO_TEST_SCHEMATHESIS").expect("`cargo xtask test faults` sets it");
    let python = Path::new(&schemathesis).with_file_name("python");
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), mail).unwrap();
    let output = Command::new(python)
        .args(["-c", VERIFY, record, &format!("{name}.")])
        .stdin(std::fs::File::open(file.path()).unwrap())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    match said.trim() {
        "True" => true,
        "False" => false,
        other => panic!("{other}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn receivers_find_our_mails_signed() {
    let server = MailServer::start().await;
    let url = server.url();
    let settings = Box::new(move |config: &mut sayso::Config| {
        config.smtp.url = url.into();
        config.smtp.from = "Acme Home <service@shop.example>".into();
    });
    let app = TestApp::spawn_with(Database::Sqlite, Options { settings, ..Options::default() }).await;
    let app = &app;
    let complain = async |email: &str| {
        let contact = json!({"name": "李雷", "email": email});
        app.client()
            .submit(json!({"kind": "complaint", "message": "送货晚了三天", "locale": "zh-CN", "contact": contact}))
            .await;
        run_due(&app.app).await.unwrap();
        deliver_due(&app.app).await.unwrap();
        server.wait_for(email, 1).await.remove(0)
    };
    let stamp = Stamp::command(app.app.clock.now());
    assert_eq!(complain("one@example.com").await.header("DKIM-Signature"), "", "there is no key yet");

    let first = dkim::add(&app.app.db, &app.app.keys, "shop.example", &stamp).await.unwrap();
    assert!(first.signs);
    app.app.clock.advance(61_000);
    let mail = complain("two@example.com").await;
    let (name, record) = first.record();
    assert_eq!(name, "sayso1._domainkey.shop.example");
    assert!(verifies(&mail.raw, (&name, &record)), "{}", String::from_utf8_lossy(&mail.raw));
    let signature = mail.header("DKIM-Signature").to_lowercase();
    for part in ["d=shop.example", "s=sayso1", "c=relaxed/relaxed", "from", "message-id"] {
        assert!(signature.contains(part), "{part}: {signature}");
    }
    let forged = String::from_utf8_lossy(&mail.raw).replace("two@example.com", "six@example.com");
    assert!(!verifies(forged.as_bytes(), (&name, &record)), "who changes it is found out");

    // Another key waits until it is chosen.
    let second = dkim::add(&app.app.db, &app.app.keys, "shop.example", &stamp).await.unwrap();
    assert!(!second.signs && second.selector == "sayso2");
    dkim::choose(&app.app.db, "shop.example", "sayso2", &stamp).await.unwrap();
    app.app.clock.advance(61_000);
    let mail = complain("three@example.com").await;
    let (name, record) = second.record();
    assert!(verifies(&mail.raw, (&name, &record)));
    assert!(dkim::choose(&app.app.db, "shop.example", "sayso9", &stamp).await.is_err());
}
