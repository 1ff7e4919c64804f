//! The ways in: the API and the pipe of a mail server; what is refused, and what is kept until somebody looks.

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use reqwest::{Method, StatusCode};
use sayso::auth::token::Scope;
use sayso_tests::process::binary;
use sayso_tests::{TestApp, on_both_databases};
use serde_json::{Value, json};

use super::{CARE, mail, post, said, take, with_a_complaint};
use crate::access::Program;

/// Pipes a mail into `sayso mail receive`, as a mail server does; gives what it ended with and what it printed.
async fn pipe(app: &TestApp, raw: Vec<u8>, more: &[&str]) -> (i32, String) {
    let (code, printed, _) = pipe_measured(app, raw, more).await;
    (code, printed)
}

/// The same, and how much memory the process had at most, in MiB.
pub(super) async fn pipe_measured(app: &TestApp, raw: Vec<u8>, more: &[&str]) -> (i32, String, u64) {
    let (data, url) = (app.data.path().to_owned(), app.app.config.database_url.reveal().unwrap_or_default().to_owned());
    let more: Vec<String> = more.iter().copied().map(str::to_owned).collect();
    let piped = move || {
        let mut child = Command::new(binary())
            .args(["mail", "receive"])
            .args(more)
            .args(["--data".as_ref(), data.as_os_str()])
            .args(["--database-url", &url])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let status = format!("/proc/{}/status", child.id());
        let (end, ended) = mpsc::channel::<()>();
        // What the system notes only grows, so the last look before its end is the peak, but for a moment.
        let watch = std::thread::spawn(move || {
            let mut peak = peak_in(&status);
            while ended.recv_timeout(Duration::from_millis(2)) == Err(RecvTimeoutError::Timeout) {
                peak = peak.max(peak_in(&status));
            }
            peak
        });
        // One that refuses early reads no further, which is no failure of ours.
        let _ = child.stdin.take().unwrap().write_all(&raw);
        let output = child.wait_with_output().unwrap();
        drop(end);
        let printed = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
        (output.status.code().unwrap(), printed, watch.join().unwrap() / 1024)
    };
    tokio::task::spawn_blocking(piped).await.unwrap()
}

/// The most memory that a process had so far, in KiB; nothing once it has ended.
fn peak_in(status: &str) -> u64 {
    let status = std::fs::read_to_string(status).unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    peak.and_then(|peak| peak.trim().strip_suffix("kB")?.trim().parse().ok()).unwrap_or_default()
}

on_both_databases! {
    async fn a_mail_server_pipes_mails(app: TestApp) {
        let (case, headers) = with_a_complaint(&app).await;
        let raw = mail("li@example.com", &headers[0].1, "p1", "", "It is still broken.");
        let (code, printed) = pipe(&app, raw.clone(), &[]).await;
        assert_eq!(code, 0, "{printed}");
        assert!(printed.contains(&format!("message  case {}", case.id)), "{printed}");
        let (code, printed) = pipe(&app, raw, &[]).await;
        assert!(code == 0 && printed.contains("came before"), "{printed}");
        assert_eq!(said(&app, &case.id).await.len(), 1);
        let (code, printed) = pipe(&app, mail("han@example.com", "someone@else.example", "p2", "", "When will it come?"), &["--site", "acme"]).await;
        assert!(code == 0 && printed.contains("  case  case "), "{printed}");
        let (code, printed) = pipe(&app, mail("han@example.com", CARE, "p3", "", "Hello"), &["--site", "nowhere"]).await;
        assert!(code == 75 && printed.contains("nowhere"), "the server keeps it until the site is there: {code} {printed}");
    }

    async fn what_belongs_nowhere_is_held_until_somebody_looks(app: TestApp) {
        app.set_site(&["mail_address=care@shop.example"]).await;
        let raw = mail("han@example.com", "someone@else.example", "h1", "", "When will it come?");
        let (outcome, reason, _) = take(&app, raw.clone()).await;
        assert_eq!((outcome.as_str(), reason), ("held", json!("no_site")));
        let (outcome, reason, _) = take(&app, b"\x00\x01 no mail at all".to_vec()).await;
        assert!(outcome == "held" && matches!(reason.as_str(), Some("no_sender" | "unreadable")), "{reason}");
        let (_, listed) = app.command(&["mail", "list", "--json"]).await;
        let listed: Value = serde_json::from_str(&listed).unwrap();
        let held = listed.as_array().unwrap().iter().find(|mail| mail["reason"] == "no_site").unwrap();
        let (_, shown) = app.command(&["mail", "show", held["id"].as_str().unwrap()]).await;
        assert_eq!(shown.as_bytes(), raw);
        // Once the site has the address, the same mail is taken.
        app.set_site(&["mail_address=someone@else.example"]).await;
        let answer = post(&app, raw, "").await;
        assert_eq!((answer.status, &answer.json()["outcome"]), (StatusCode::CREATED, &json!("case")));
        let (_, listed) = app.command(&["mail", "list", "--json"]).await;
        assert!(!listed.contains("no_site"), "it is held no more: {listed}");
    }

    async fn what_seems_to_be_for_many_is_held_until_somebody_takes_it(app: TestApp) {
        app.set_site(&[&format!("mail_address={CARE}")]).await;
        for (n, (sender, mark)) in [
            ("han@example.com", "List-Unsubscribe: <mailto:x@y.example>\r\n"),
            ("han@example.com", "Precedence: list\r\n"),
            ("han@example.com", "X-Loop: x\r\n"),
            ("noreply@example.com", ""),
            ("bounce@example.com", ""),
        ].into_iter().enumerate() {
            let (outcome, reason, on) = take(&app, mail(sender, CARE, &format!("many{n}"), mark, "When will it come?")).await;
            assert_eq!((outcome.as_str(), reason, on), ("held", json!("bulk"), Value::Null), "{sender} {mark}");
        }
        for (n, mark) in ["X-Auto-Response-Suppress: All\r\n", "Feedback-ID: 1:2:3\r\n"].into_iter().enumerate() {
            let (outcome, reason, _) = take(&app, mail("han@example.com", CARE, &format!("one{n}"), mark, "When will it come?")).await;
            assert_eq!((outcome.as_str(), reason), ("case", Value::Null), "{mark}");
        }
        let held = || async {
            let (_, listed) = app.command(&["mail", "list", "--json"]).await;
            let listed: Vec<Value> = serde_json::from_str(&listed).unwrap();
            listed.into_iter().filter(|mail| mail["reason"] == "bulk").collect::<Vec<_>>()
        };
        let listed = held().await;
        assert_eq!(listed.len(), 5);
        let (_, shown) = app.command(&["mail", "show", listed[0]["id"].as_str().unwrap()]).await;
        assert!(shown.contains("bounce@example.com") && shown.contains("When will it come?"), "{shown}");
        let (code, printed) = pipe(&app, shown.clone().into_bytes(), &["--site", "acme"]).await;
        assert!(code == 0 && printed.contains("held (bulk)"), "{printed}");
        let (code, printed) = pipe(&app, shown.into_bytes(), &["--site", "acme", "--take-bulk"]).await;
        assert!(code == 0 && printed.contains("  case  case "), "{printed}");
        assert_eq!(held().await.len(), 4);
        app.app.clock.advance(91 * sayso::clock::DAY);
        sayso::housekeeping::clean_up(&app.app).await.unwrap();
        assert!(held().await.is_empty(), "newsletters are not kept for good");
    }

    async fn the_only_site_gets_what_is_piped_and_the_same_mail_once(app: TestApp) {
        let raw = mail("han@example.com", "someone@else.example", "only", "", "When will it come?");
        let (code, printed) = pipe(&app, raw.clone(), &[]).await;
        assert!(code == 0 && printed.contains("  case  case "), "{printed}");
        let (code, printed) = pipe(&app, raw, &["--site", "acme"]).await;
        assert!(code == 0 && printed.contains("came before"), "by another way it is the same mail: {printed}");
    }

    async fn mails_that_are_too_much_are_refused_with_their_limit(app: TestApp) {
        let parts = "--x\r\nContent-Type: text/plain\r\n\r\na\r\n".repeat(10_000);
        let many = mail("li@example.com", CARE, "parts", "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x\r\n", &format!("{parts}--x--"));
        assert_eq!(take(&app, many).await.1, json!("too_many_parts"));
        let headers = mail("li@example.com", CARE, "head", &format!("X-Long: {}\r\n", "a".repeat(300_000)), "Hello");
        assert_eq!(take(&app, headers).await.1, json!("headers_too_long"));
        for charset in ["utf-7", "unicode-1-1-utf-7"] {
            let head = format!("MIME-Version: 1.0\r\nContent-Type: text/plain; charset={charset}\r\n");
            let utf7 = mail("li@example.com", CARE, charset, &head, "+ADw-script+AD4-");
            assert_eq!(take(&app, utf7).await.1, json!("unreadable"), "{charset}");
        }
        let large = post(&app, vec![b'a'; 36 * 1024 * 1024 + 1], "").await;
        assert_eq!(large.status, StatusCode::PAYLOAD_TOO_LARGE);
    }

    async fn only_programs_that_may_enter_feedback_bring_mails(app: TestApp) {
        let client = app.client();
        let request = |token: &str| client.request(Method::POST, "/api/v1/mail").bearer_auth(token).body("From: a@b.example\r\n\r\nx");
        let reader = Program::with(&app, "reader", &[Scope::CasesRead]).await;
        let typed = |token: &str| request(token).header("content-type", "message/rfc822");
        assert_eq!(client.send(typed(reader.token())).await.status, StatusCode::FORBIDDEN);
        assert_eq!(client.send(typed("sayso_none")).await.status, StatusCode::UNAUTHORIZED);
        let writer = Program::with(&app, "mta", &[Scope::FeedbackWrite]).await;
        let other = request(writer.token()).header("content-type", "text/plain");
        assert_eq!(client.send(other).await.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
        let unknown = post(&app, b"From: a@b.example\r\n\r\nx".to_vec(), "?site=nowhere").await;
        assert_eq!((unknown.status, unknown.field_errors()[0].0.as_str()), (StatusCode::UNPROCESSABLE_ENTITY, "/site"));
    }

    async fn the_record_of_the_key_that_signs_is_printed(app: TestApp) {
        let (is_done, said) = app.command(&["mail", "dkim", "--domain", "shop.example"]).await;
        assert!(is_done && said.starts_with("sayso1 (signs)\nsayso1._domainkey.shop.example. IN TXT \"v=DKIM1; k=rsa; p=MII"), "{said}");
        assert!(said.lines().flat_map(|line| line.split('"')).all(|part| part.len() <= 255), "no string of the DNS is longer: {said}");
        assert_eq!(app.command(&["mail", "dkim", "--domain", "shop.example"]).await.1, said, "once it is made it stays");
        let (_, rotated) = app.command(&["mail", "dkim", "--domain", "shop.example", "--rotate"]).await;
        assert!(rotated.contains("sayso2 (does not sign; once it is in the DNS: sayso mail dkim --use sayso2)"), "{rotated}");
        let (_, chosen) = app.command(&["mail", "dkim", "--domain", "shop.example", "--use", "sayso2"]).await;
        assert!(chosen.contains("sayso2 (signs)") && chosen.contains("sayso1 (does not sign"), "{chosen}");
        let (is_done, said) = app.command(&["mail", "dkim", "--domain", "shop.example", "--use", "sayso7"]).await;
        assert!(!is_done && said.contains("shop.example has no key sayso7"), "{said}");
    }
}
