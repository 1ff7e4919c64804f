//! Tables of answers and of orders, read as those of `sayso import` are, and noted in the audit log.

use std::io::Write as _;

use sayso_tests::{TestApp, on_both_databases};

use super::{import, stored_answers, surveys};
use crate::access::count;
use crate::outbox::cases::ask;

const SURVEYS: [(&str, &str); 2] = [("recommend", "nps"), ("opinion", "free")];

async fn import_bytes(app: &TestApp, command: &[&str], bytes: &[u8]) -> (bool, String) {
    let file = app.write_file("table.csv", bytes);
    app.command(&[command, &[&file]].concat()).await
}

on_both_databases! {
    async fn tables_come_from_every_spreadsheet(app: TestApp) {
        app.apply_service(&surveys(&SURVEYS)).await;
        let answers = ["survey", "import", "recommend"];
        for table in [
            "respondent,item,field,value\na,,score,9\n".to_owned(),
            "\u{feff}Respondent;Item;Field;Value;;\r\na;;score;9;;\r\n;;;;;\r\n".to_owned(),
            "sep=;\r\nrespondent;item;field;value\r\na;;score;9.0\r\n".to_owned(),
            "respondent\titem\tfield\tvalue\ra\t\tscore\t9\r".to_owned(),
        ] {
            let (went_well, said) = import_bytes(&app, &answers, table.as_bytes()).await;
            assert!(went_well && said.contains("Refused: 0."), "{table}: {said}");
        }
        assert_eq!(stored_answers(&app).await, ["9"]);
        // As spreadsheets in China write it: GBK.
        let gbk = b"respondent,item,field,value\nb,,text,\xcb\xcd\xbb\xf5\xcc\xab\xc2\xfd\xa3\xac\xb5\xc8\xc1\xcb\xba\xdc\xbe\xc3\xba\xdc\xbe\xc3\xa3\xac\xcf\xa3\xcd\xfb\xb8\xc4\xbd\xf8\n";
        let (went_well, said) = import_bytes(&app, &["survey", "import", "opinion"], gbk).await;
        assert!(went_well && said.contains("is read as"), "{said}");
        assert_eq!(stored_answers(&app).await, ["9", "送货太慢，等了很久很久，希望改进"]);
        let wrong = "respondent,item,field,value\nc,,score\nd,,score,8\ne,,score,\"7\nf,,score,6\n";
        let (went_well, said) = import_bytes(&app, &answers, wrong.as_bytes()).await;
        assert!(!went_well && said.contains("Imported: 1.") && said.contains("Refused: 2."), "{said}");
        assert!(said.contains("line 2: has 3 fields where the header has 4") && said.contains("line 4: the quote that opens on line 4 is not closed"), "{said}");
        let orders = ["exposure", "import"];
        for table in ["sep=;\ndate;count;;\n2026-11-23;1000;;\n", "\u{feff}date\tcount\n2026-11-23\t1000\n"] {
            let (went_well, said) = import_bytes(&app, &orders, table.as_bytes()).await;
            assert!(went_well, "{table}: {said}");
        }
        let (went_well, said) = import_bytes(&app, &orders, b"date,count\n2026-11-24,\"7\n2026-11-25,8\n").await;
        assert!(!went_well && said.contains("line 2: the quote that opens on line 2"), "{said}");
    }

    async fn what_can_t_have_been_answered_is_refused(app: TestApp) {
        app.apply_service(&surveys(&SURVEYS)).await;
        let rows = "respondent,item,field,value,answered_at\na,,score,9,2199-01-01T00:00:00Z\nb,,score,9,1960-01-01T00:00:00Z\nc,,score,9,2026-01-01T00:00:00Z\n";
        let (went_well, said) = import(&app, "recommend", rows, &[]).await;
        assert!(!went_well && said.contains("Imported: 1.") && said.contains("Refused: 2."), "{said}");
        assert!(said.contains("line 2: answered_at: must be after 1970 and not in the future"), "{said}");
        let texts = "respondent,item,field,value\na,,text,a\0b\nb,,text,My card is 4111 1111 1111 1111.\nc\0,,text,c\n";
        let (went_well, said) = import(&app, "opinion", texts, &[]).await;
        assert!(!went_well && said.contains("line 2: value: must not contain the NUL character") && said.contains("line 4: respondent:"), "{said}");
        assert_eq!(stored_answers(&app).await, ["9", "My card is •••• •••• •••• 1111."]);
    }

    async fn an_import_is_in_the_audit_log(app: TestApp) {
        app.apply_service(&surveys(&SURVEYS)).await;
        let noted = async || -> Vec<(String, String, String)> {
            let select = "select action, object, details from audit_log where action like '%.import' order by number";
            sayso::with_db!(&app.app.db, pool => sqlx::query_as(select).fetch_all(pool).await).unwrap()
        };
        let rows = "respondent,item,field,value\na,,score,9\nb,,score,7\n";
        import(&app, "recommend", rows, &["--dry-run"]).await;
        assert!(noted().await.is_empty(), "a dry run changes nothing");
        for _ in 0..2 {
            import(&app, "recommend", rows, &[]).await;
            import_bytes(&app, &["exposure", "import"], b"date,count\n2026-11-23,1000\n").await;
        }
        let noted = noted().await;
        let entries: Vec<(&str, &str)> = noted.iter().map(|(action, object, _)| (action.as_str(), object.as_str())).collect();
        assert_eq!(entries, [("survey_answers.import", "survey/recommend"), ("exposure.import", "site/acme")], "what was there already is no change");
        assert!(noted[0].2.contains("\"new\":2"), "{noted:?}");
    }

    async fn nobody_waits_for_an_import_that_waits_for_its_file(app: TestApp) {
        app.apply_service(&surveys(&SURVEYS)).await;
        let pipe = app.data.path().join("answers.pipe");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
        assert!(made.success());
        let rows = |from: usize, to: usize| (from..to).map(|number| format!("r{number},,score,{}\n", number % 11)).collect::<String>();
        let slow = async {
            let path = pipe.clone();
            let mut file = tokio::task::spawn_blocking(move || std::fs::OpenOptions::new().write(true).open(path)).await.unwrap().unwrap();
            file.write_all(format!("respondent,item,field,value\n{}", rows(0, 700)).as_bytes()).unwrap();
            while count(&app, "survey_answers").await == 0 {
                tokio::task::yield_now().await;
            }
            // It has stored what it has, and waits for more.
            ask(&app).await;
            file.write_all(rows(700, 710).as_bytes()).unwrap();
        };
        let import = ["survey", "import", "recommend", pipe.to_str().unwrap()];
        let ((went_well, said), ()) = tokio::join!(app.command(&import), slow);
        assert!(went_well && said.contains("Imported: 710."), "{said}");
    }

    async fn a_survey_that_was_answered_stays_what_it_is(app: TestApp) {
        app.apply_service(&surveys(&SURVEYS)).await;
        let apply = async |text: String, more: &[&str]| {
            let file = app.write_file("service.toml", text);
            app.command(&[&["service", "apply", &file], more].concat()).await
        };
        let other = surveys(&SURVEYS).replace("\"nps\"", "\"csat\"");
        let (_, said) = apply(other.clone(), &["--dry-run"]).await;
        assert!(said.contains("kind nps → csat"), "nobody has answered yet: {said}");
        import(&app, "recommend", "respondent,item,field,value\na,,score,9\n", &[]).await;
        for more in [&["--dry-run"] as &[&str], &[], &["--prune"]] {
            let (went_well, said) = apply(other.clone(), more).await;
            assert!(!went_well && said.contains("line 3, column 8: the survey recommend has answers, so it stays of the kind nps"), "{said}");
        }
        let moved = format!("[[site]]\nkey = \"shop\"\nname = \"Shop\"\norigins = [\"https://two.example\"]\n{}", surveys(&SURVEYS).replacen("\"acme\"", "\"shop\"", 1));
        let (went_well, said) = apply(moved, &[]).await;
        assert!(!went_well && said.contains("so it stays one of the site acme"), "{said}");
        let renamed = surveys(&SURVEYS).replace("About recommend", "About recommending us");
        assert!(apply(renamed, &[]).await.0, "its words may change");
    }
}
