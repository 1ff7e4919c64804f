//! Mails that are made to be too much: each is told by what it is, in bounded memory, and nothing is lost of what is not refused at the door.

use sayso_tests::{Database, TestApp};
use serde_json::Value;

use super::ways::pipe_measured;
use super::{CARE, mail};

/// What the process has at most, in MiB, whatever it reads: a mail of the largest size that is taken ten times, and itself.
const MEMORY_MAX: u64 = 480;
const MIB: usize = 1024 * 1024;

fn mixed(parts: &str) -> (String, String) {
    ("MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x\r\n".to_owned(), format!("{parts}--x--"))
}

/// Containers in containers, each with a boundary of its own.
fn nested(depth: usize) -> String {
    let open: String =
        (0..depth).map(|n| format!("Content-Type: multipart/mixed; boundary=\"b{n}x\"\r\n\r\n--b{n}x\r\n")).collect();
    format!("{open}Content-Type: text/plain\r\n\r\nDeep\r\n")
}

/// The database has no part in it.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_made_to_be_too_much_is_told_by_its_reason_in_bounded_memory() {
    let app = TestApp::spawn(Database::Sqlite).await;
    app.set_site(&[&format!("mail_address={CARE}")]).await;
    let (head, many) = mixed(&"--x\r\nContent-Type: text/plain\r\n\r\na\r\n".repeat(10_000));
    // What would be a file of zeros in an archive is letters of one kind here: as little to send, as much to unpack.
    let zeros = format!("{}\r\n", "A".repeat(76)).repeat(30 * MIB / 78);
    let (_, packed) = mixed(&format!(
        "--x\r\nContent-Type: text/plain\r\n\r\nSee the file.\r\n--x\r\nContent-Type: application/zip; name=a.zip\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename=a.zip\r\n\r\n{zeros}"
    ));
    let endless: String = (0..60_000).map(|n| format!("X-Line-{n}: {}\r\n", "a".repeat(500))).collect();
    let deep = nested(10_000);
    let (deep_head, deep) = deep.split_once("\r\n\r\n").unwrap();
    let page = "MIME-Version: 1.0\r\nContent-Type: text/html\r\n";
    let tags = "<div class=gmail_quote><blockquote type=cite>".repeat(6 * MIB / 45);
    for (name, raw, code, told) in [
        ("fifty megabytes", vec![b'a'; 50 * MIB], 1, "the mail is larger than 36 MiB"),
        ("ten thousand parts", mail("li@example.com", CARE, "many", &head, &many), 0, "held (too_many_parts)"),
        ("endless headers", mail("li@example.com", CARE, "endless", &endless, "Hello"), 0, "held (headers_too_long)"),
        (
            "one endless header",
            mail("li@example.com", CARE, "line", &format!("X-Long: {}\r\n", "a".repeat(30 * MIB)), "Hello"),
            0,
            "held (headers_too_long)",
        ),
        (
            "containers in containers",
            mail("li@example.com", CARE, "deep", &format!("MIME-Version: 1.0\r\n{deep_head}\r\n"), deep),
            0,
            "held (too_many_parts)",
        ),
        ("a file of zeros", mail("li@example.com", CARE, "zeros", &head, &packed), 0, "  case  case "),
        (
            "a text that never ends",
            mail("li@example.com", CARE, "text", "", &"word ".repeat(35 * MIB / 5)),
            0,
            "held (text_too_long)",
        ),
        ("a page of tags", mail("li@example.com", CARE, "tags", page, &format!("{tags}Deep")), 0, "  case  case "),
    ] {
        let size = raw.len();
        let (ended, printed, peak) = pipe_measured(&app, raw, &[]).await;
        assert!(ended == code && printed.contains(told), "{name}: {ended} {printed}");
        assert!((1..=MEMORY_MAX).contains(&peak), "{name}: {peak} MiB for a mail of {} MiB", size / MIB);
    }
    // What is held is there as it came, for somebody to look at.
    let listed: Value = serde_json::from_str(&app.command(&["mail", "list", "--json"]).await.1).unwrap();
    let reasons: Vec<&str> = listed.as_array().unwrap().iter().filter_map(|mail| mail["reason"].as_str()).collect();
    assert_eq!(reasons.iter().filter(|reason| **reason == "too_many_parts").count(), 2, "{reasons:?}");
    assert_eq!(reasons.iter().filter(|reason| **reason == "headers_too_long").count(), 2, "{reasons:?}");
}
