//! `sayso import`, by the real binary.

use std::fmt::Write as _;

use sayso::clock::rfc3339;
use sayso_tests::{TestApp, on_both_databases};
use serde_json::json;

use super::super::outbox::cases::deliveries;
use super::{Program, count};

/// Writes a file and imports it; gives the success and what was printed.
async fn import(app: &TestApp, name: &str, content: impl AsRef<[u8]>, more: &[&str]) -> (bool, String) {
    let file = app.write_file(name, content);
    app.command(&[&["import", &file], more].concat()).await
}

async fn stored(app: &TestApp) -> i64 {
    let mut counts = Vec::new();
    for table in ["feedback", "cases", "events", "import_rows"] {
        counts.push(count(app, table).await);
    }
    assert!(counts.iter().all(|count| *count == counts[0]), "{counts:?}");
    counts[0]
}

const GOOD: &str = "\u{feff}kind,message,rating,contact_name,contact_email,received_at,external_id,page_url\r\n\
    complaint,\"送货迟到，\r\n没有人联系我。\",1,李雷,li@example.com,2021-03-04T05:06:07+08:00,A-1,https://shop.example/a\r\n\
    praise,\"A \"\"lovely\"\" sofa\",5,,,2022-03-04T05:06:07Z,A-2,\r\n\
    praise,\"A \"\"lovely\"\" sofa\",5,,,2022-03-04T05:06:07Z,A-2,\r\n\
    question,没有编号,,,,,,\r\n\
    ,,,,,,,\r\n";

on_both_databases! {
    async fn a_file_is_imported_once_however_often_it_is_run(app: TestApp) {
        let (done, printed) = import(&app, "old.csv", GOOD, &["--site", "acme", "--dry-run"]).await;
        assert!(done && printed.contains("Would be imported: 3. There already: 1. Would be refused: 0."), "{printed}");
        assert_eq!(stored(&app).await, 0, "a dry run changes nothing");
        let (done, printed) = import(&app, "old.csv", GOOD, &["--site", "acme"]).await;
        assert!(done && printed.contains("Imported: 3. There already: 1. Refused: 0."), "{printed}");
        let (done, printed) = import(&app, "old.csv", GOOD, &["--site", "acme"]).await;
        assert!(done && printed.contains("Imported: 0. There already: 4. Refused: 0."), "{printed}");
        app.app.clock.advance(8 * sayso::clock::DAY);
        sayso::housekeeping::clean_up(&app.app).await.unwrap();
        assert_eq!(count(&app, "cases where submission_key is not null").await, 0);
        let (done, printed) = import(&app, "old.csv", GOOD, &["--site", "acme"]).await;
        assert!(done && printed.contains("Imported: 0. There already: 4."), "also when keys have expired: {printed}");
        assert_eq!(stored(&app).await, 3);

        let program = Program::new(&app).await;
        let cases = program.get("?order=oldest").await.json()["cases"].clone();
        assert_eq!(cases[0]["message"], "送货迟到，\r\n没有人联系我。");
        assert_eq!((&cases[0]["received_at"], &cases[0]["contact"]["email"]), (&json!("2021-03-03T21:06:07Z"), &json!("li@example.com")));
        assert_eq!((&cases[0]["first_response_due"], &cases[1]["message"]), (&json!(null), &json!("A \"lovely\" sofa")));
        assert_eq!(cases[2]["message"], "没有编号", "its place is by its time");
        let found = program.get("?q=%E9%80%81%E8%B4%A7").await.json();
        assert_eq!(found["cases"][0]["id"], cases[0]["id"], "it is found by search at once");
        let changed = program.get(&format!("?updated_since={}", rfc3339(app.app.clock.now() - 9 * sayso::clock::DAY))).await.json();
        assert_eq!(changed["cases"].as_array().unwrap().len(), 3, "whoever asks for what is new hears of it");
        sayso::jobs::run_due(&app.app).await.unwrap();
        assert!(deliveries(&app).await.is_empty(), "nobody gets a mail about what was long ago");
        let customers = program.get_at("/api/v1/customers?q=li@example.com").await.json();
        assert_eq!(customers["customers"][0]["cases"], 1, "and whose it was is known");
        let code = cases[0]["code"].as_str().unwrap();
        assert_eq!(app.client().get(&format!("/api/v1/feedback/{code}")).await.status, 200);
    }

    async fn bad_rows_are_named_by_line_and_good_ones_stored(app: TestApp) {
        let text = "kind,message,rating,site,received_at\n\
            praise,good,5,,\n\
            rant,\"two\nlines\",5,,\n\
            praise,late,9,nobody,\n\
            praise,too,many,fields,here,now\n\
            praise,bad,nine,acme,yesterday\n\
            praise,,1,acme,2999-01-01T00:00:00Z\n\
            praise,also good,1,acme,\n";
        let report = app.data.path().join("refused.csv");
        let (done, printed) = import(&app, "mixed.csv", text, &["--site", "acme", "--report", report.to_str().unwrap()]).await;
        assert!(!done, "refused rows make it fail: {printed}");
        assert!(printed.contains("Imported: 2. There already: 0. Refused: 5.") && printed.contains("all others are stored"), "{printed}");
        let lines = std::fs::read_to_string(&report).unwrap();
        let named: Vec<String> = lines.lines().map(|line| line.splitn(3, ',').take(2).collect::<Vec<_>>().join(" ")).collect();
        assert_eq!(named, ["line field", "3 kind", "5 site", "6 ", "7 received_at", "8 message"], "{lines}");
        for line in ["line 3: kind must be complaint", "line 5: site is the key of no site", "line 6: has 6 fields where the header has 5", "line 7: received_at must be"] {
            assert!(printed.contains(line), "{line}: {printed}");
        }
        assert_eq!(stored(&app).await, 2);
        let mended = text.replace("rant", "praise");
        let (_, printed) = import(&app, "mixed.csv", mended, &["--site", "acme"]).await;
        assert!(printed.contains("Imported: 1. There already: 2. Refused: 4."), "what was mended is added: {printed}");
        let (done, printed) = import(&app, "many.csv", format!("kind,message\n{}", "rant,x\n".repeat(60)), &["--site", "acme", "--dry-run"]).await;
        assert!(!done && printed.contains("and 10 rows more; --report FILE names all of them"), "{printed}");
    }

    async fn json_lines_are_imported_too(app: TestApp) {
        let text = [
            json!({"site": "acme", "kind": "suggestion", "message": "更多颜色", "importance": 4, "contact": {"name": "韩梅梅"}, "context": {"from": "mail"}}).to_string(),
            "{\"site\": \"acme\", \"kind\": ".to_owned(),
            String::new(),
            json!({"site": "acme", "kind": "praise", "message": "x", "colour": 1, "contact": {"email": "nobody"}}).to_string(),
            json!({"kind": "praise", "message": "x"}).to_string(),
            json!({"site": "acme", "kind": "praise", "message": "x".repeat(256 * 1024)}).to_string(),
            json!({"site": "acme", "kind": "praise", "message": "last", "external_id": 17}).to_string(),
        ].join("\r\n");
        let (done, printed) = import(&app, "old.jsonl", &text, &[]).await;
        assert!(!done && printed.contains("Imported: 2. There already: 0. Refused: 4."), "{printed}");
        for line in ["line 2: is not JSON (column 25)", "line 4: contact.email must be", "line 4: colour there is no such field", "line 5: site is missing", "line 6: is longer than 262144 bytes"] {
            assert!(printed.contains(line), "{line}: {printed}");
        }
        let (_, printed) = import(&app, "old.txt", &text, &["--format", "jsonl"]).await;
        assert!(printed.contains("Imported: 0. There already: 2. Refused: 4."), "{printed}");
        assert_eq!(stored(&app).await, 2);
    }

    async fn what_is_no_such_file_is_refused_as_a_whole(app: TestApp) {
        let refusals: [(&str, &[u8], &[&str], &str); 9] = [
            ("a.csv", b"kind,message,colour\n", &["--site", "acme"], "there is no column \"colour\"; the columns are site, external_id"),
            ("a.csv", b"kind,rating\n", &[], "the column message is missing"),
            ("a.csv", b"kind,message,kind\n", &[], "twice"),
            ("a.csv", b"", &[], "the file is empty"),
            ("a.csv", b"\xff\xfek\0", &[], "there is no column \"k\""),
            ("a.csv", b"kind,message\n", &["--encoding", "klingon"], "is no encoding"),
            ("a.csv", b"kind,message\npraise,x\n", &["--site", "nobody"], "there is no site nobody"),
            ("a.txt", b"kind,message\n", &[], "--format"),
            ("a.csv", b"kind,message\npraise,\xb1\xb8\xd7\xa2\n", &["--site", "acme", "--encoding", "utf-8"], "line 2: is not UTF-8"),
        ];
        for (name, content, more, expected) in refusals {
            let (done, printed) = import(&app, name, content, more).await;
            assert!(!done && printed.contains(expected), "{expected}: {printed}");
        }
        let columns = (0..65).map(|n| format!("c{n}")).collect::<Vec<_>>().join(",");
        let (done, printed) = import(&app, "wide.csv", columns, &[]).await;
        assert!(!done && printed.contains("at most 64"), "{printed}");
        let own = app.data.path().join("own.csv");
        let (done, printed) = import(&app, "own.csv", GOOD, &["--site", "acme", "--report", own.to_str().unwrap()]).await;
        assert!(!done && printed.contains("would overwrite") && std::fs::read_to_string(own).unwrap() == GOOD, "{printed}");
        assert_eq!(stored(&app).await, 0);
    }

    async fn a_quote_that_is_not_closed_swallows_no_rows_unseen(app: TestApp) {
        for (text, line) in [
            ("kind,message\npraise,\"two\ncomplaint,three\n", "line 2: the quote that opens on line 2 is not closed"),
            ("kind,message\npraise,one\npraise,\"5\"\" screen is fine\ncomplaint,three\n", "line 3: the quote that opens on line 3 is not closed"),
            ("kind,message\npraise,\"two\ncomplaint,\"three\"\n", "line 2: the quote that opens on line 2 is closed within a text"),
        ] {
            for more in [&["--site", "acme", "--dry-run"][..], &["--site", "acme"]] {
                let (done, printed) = import(&app, "open.csv", text, more).await;
                assert!(!done && printed.contains(line) && printed.contains("efused: 1."), "{printed}");
            }
        }
        assert_eq!(stored(&app).await, 1, "the row before it");
    }

    async fn tables_of_other_programs_are_read(app: TestApp) {
        let gbk = b"kind,message,rating,,\r\nComplaint,\xcb\xcd\xbb\xf5\xb3\xd9\xb5\xbd\xc1\xcb\xc8\xfd\xcc\xec\xa3\xac\xc3\xbb\xd3\xd0\xc8\xcb\xc1\xaa\xcf\xb5\xce\xd2,1.0,,\r\n";
        let utf_16: Vec<u8> = "\u{feff}kind;message\r\npraise;很好\r\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let files: [(&str, &[u8], &str, Option<&str>); 4] = [
            ("cr.csv", b"kind,message\rpraise,\"one\rtwo\"\rpraise,three\r", "Imported: 2.", None),
            ("excel.csv", b"sep=;\r\nkind;message\r\nQUESTION;a, b\r\n", "Imported: 1.", None),
            ("gbk.csv", gbk, "Imported: 1.", Some("is read as GBK")),
            ("utf16.csv", &utf_16, "Imported: 1.", Some("is read as UTF-16LE")),
        ];
        for (name, content, expected, says) in files {
            let (done, printed) = import(&app, name, content, &["--site", "acme"]).await;
            assert!(done && printed.contains(expected), "{name}: {printed}");
            assert_eq!(printed.contains("is read as"), says.is_some(), "{printed}");
            assert!(says.is_none_or(|says| printed.contains(says)), "{printed}");
        }
        let cases = Program::new(&app).await.get("").await.json()["cases"].clone();
        let messages: Vec<&str> = cases.as_array().unwrap().iter().map(|case| case["message"].as_str().unwrap()).collect();
        for message in ["one\rtwo", "three", "a, b", "送货迟到了三天，没有人联系我", "很好"] {
            assert!(messages.contains(&message), "{message}: {messages:?}");
        }
    }

    async fn a_damaged_letter_in_a_short_file_makes_no_garbage_of_the_others(app: TestApp) {
        let text = [&b"kind,message\npraise,"[..], "Sehr schön und schöne Grüße".as_bytes(), b"\npraise,caf\xe9\n"].concat();
        for more in [&["--site", "acme", "--dry-run"][..], &["--site", "acme"]] {
            let (done, printed) = import(&app, "damaged.csv", &text, more).await;
            assert!(!done && printed.contains("line 3, byte 11: ") && printed.contains("--encoding UTF-8"), "{printed}");
        }
        assert_eq!(stored(&app).await, 0);
        let (done, printed) = import(&app, "damaged.csv", &text, &["--site", "acme", "--encoding", "utf-8"]).await;
        assert!(!done && printed.contains("Imported: 1.") && printed.contains("Refused: 1.") && printed.contains("line 3: is not UTF-8"), "{printed}");
        let cases = Program::new(&app).await.get("").await.json()["cases"].clone();
        assert_eq!(cases[0]["message"], "Sehr schön und schöne Grüße");
    }

    async fn a_server_goes_on_while_ten_thousand_rows_come_in(app: TestApp) {
        let mut text = "site;kind;message;external_id;received_at\n".to_owned();
        for n in 0..10_000 {
            writeln!(text, "acme;question;第 {n} 个问题;{n};2020-01-01T00:{:02}:{:02}Z", n / 60 % 60, n % 60).unwrap();
        }
        let importing = import(&app, "many.csv", text, &[]);
        let submitting = async {
            for n in 0..20 {
                let answer = app.client().submit(json!({"kind": "praise", "message": format!("meanwhile {n}")})).await;
                assert_eq!(answer.status, 201, "{}", answer.body);
            }
        };
        let started = std::time::Instant::now();
        let ((done, printed), ()) = tokio::join!(importing, submitting);
        assert!(done && printed.contains("Imported: 10000. There already: 0. Refused: 0."), "{printed}");
        assert_eq!((count(&app, "import_rows").await, count(&app, "cases").await), (10_000, 10_020));
        assert!(started.elapsed().as_secs() < 120, "{:?}", started.elapsed());
        let program = Program::new(&app).await;
        let newest = program.get("?limit=1").await.json();
        assert!(newest["cases"][0]["message"].as_str().unwrap().starts_with("meanwhile"), "old feedback stays below new one");
    }
}
