//! The master key: rotated while the collector serves, printed, and checked.

use reqwest::StatusCode;
use sayso::clock::HOUR;
use sayso::housekeeping::clean_up;
use sayso::key_rotation::shares;
use sayso_tests::on_both_databases;
use sayso_tests::process::run_with_input;
use serde_json::json;

use super::submit;
use crate::access::Program;

on_both_databases! {
    async fn a_rotation_encrypts_everything_anew_while_others_serve(app: TestApp) {
        let program = Program::new(&app).await;
        let feedback = json!({"kind": "question", "message": "Where is it?", "contact": {"name": "Li", "email": "li@example.com"}});
        let (code, case) = submit(&app, &program, feedback.clone()).await;
        app.client().get(&format!("/api/v1/feedback/{code}/receipt")).await;
        let before = app.app.keys.current_id();
        let (done, said) = app.command(&["key", "rotate"]).await;
        assert!(done && said.contains("A new master key encrypts") && said.contains("values are encrypted with the key that encrypts now."), "{said}");
        let read = program.get(&format!("/{}", case["id"].as_str().unwrap())).await.json();
        assert_eq!(read["case"]["contact"]["email"], "li@example.com", "the server finds the new key by itself");
        assert_eq!(app.client().get(&format!("/t/{code}")).await.status, StatusCode::OK);
        assert_ne!(app.app.keys.current_id(), before);
        let (_, again) = submit(&app, &program, feedback).await;
        assert_eq!(again["customer"], case["customer"], "look-ups go on to work");
        let all = shares(&app.app.db, &app.app.keys).await.unwrap();
        assert!(all.iter().all(|share| share.current == share.all), "{all:?}");
        assert!(all.iter().filter(|share| share.all > 0).count() >= 5, "{all:?}");
        let (done, said) = app.command(&["key", "status"]).await;
        assert!(done && said.contains("2 keys") && said.contains("cases.code_cipher"), "{said}");
        let log = program.get_at("/api/v1/audit?action=key.rotate").await.json();
        assert!(log["audit"][0]["after"]["encrypted_anew"].as_i64().unwrap() >= 5, "{log}");
        assert_eq!(app.client().get(&format!("/api/v1/feedback/{code}/receipt")).await.status, StatusCode::OK);
    }

    async fn what_was_broken_off_goes_on_and_stragglers_are_found(app: TestApp) {
        let program = Program::new(&app).await;
        submit(&app, &program, json!({"kind": "praise", "message": "Good", "contact": {"email": "li@example.com"}})).await;
        // The file has a new key, and nothing is encrypted with it: the command was killed.
        app.app.keys.rotate(app.data.path()).unwrap();
        let left = || async { shares(&app.app.db, &app.app.keys).await.unwrap().iter().map(|share| share.all - share.current).sum::<i64>() };
        assert!(left().await >= 3);
        let (done, said) = app.command(&["key", "rotate"]).await;
        assert!(done && said.contains("Going on with the key that encrypts now."), "{said}");
        assert_eq!(left().await, 0);
        app.app.keys.rotate(app.data.path()).unwrap();
        clean_up(&app.app).await.unwrap();
        assert_eq!(left().await, 0, "a server does it as well");
        app.app.clock.advance(HOUR);
        clean_up(&app.app).await.unwrap();
    }

    async fn some_of_several_people_make_the_key_again(app: TestApp) {
        let folder = app.data.path().join("parts");
        let (done, said) = app.command(&["key", "split", "--parts", "3", "--needed", "4", folder.to_str().unwrap()]).await;
        assert!(!done && said.contains("2 to 3 of the 3 parts can be needed") && !folder.exists(), "{said}");
        let (done, said) = app.command(&["key", "split", "--parts", "3", "--needed", "2", folder.to_str().unwrap()]).await;
        assert!(done && said.contains("3 sheets are in"), "{said}");
        let (_, said) = app.command(&["doctor"]).await;
        assert!(said.contains("the key that encrypts was exported at"), "{said}");
        let sheet = |part: u8| std::fs::read_to_string(folder.join(format!("part-{part}.txt"))).unwrap();
        let line = |part: u8| sheet(part).lines().find(|line| line.starts_with("    ")).unwrap().to_owned();
        let words = sheet(1).split_once("Check words of the key: ").unwrap().1.lines().next().unwrap().to_owned();
        // Nothing but the parts: another machine, without an installation.
        let empty = tempfile::tempdir().unwrap();
        let join = |typed: String| {
            let (folder, file) = (empty.path().to_owned(), empty.path().join("joined.key"));
            tokio::task::spawn_blocking(move || run_with_input(&folder, "", &["key", "join", file.to_str().unwrap()], &typed))
        };
        let (done, said) = join(format!("{}\n{}\n", line(3), line(3))).await.unwrap();
        assert!(!done && said.contains("of key 1 of 1 there are 1 parts, and 2 are needed"), "{said}");
        let (done, said) = join(format!("{}\n{}\n", line(3), line(1).trim().replacen(&line(1).trim()[..1], if line(1).trim().starts_with('A') { "B" } else { "A" }, 1))).await.unwrap();
        assert!(!done && said.contains("line 2"), "{said}");
        let (done, said) = join(format!("{}\n{}\n\n", line(3), line(1))).await.unwrap();
        assert!(done && said.contains(&words), "{said}");
        let (joined, own) = (std::fs::read_to_string(empty.path().join("joined.key")).unwrap(), std::fs::read_to_string(app.data.path().join("master.key")).unwrap());
        assert_eq!(joined.trim(), own.trim());
        let program = Program::new(&app).await;
        let log = program.get_at("/api/v1/audit?action=key.split").await.json();
        assert_eq!((&log["audit"][0]["after"]["parts"], &log["audit"][0]["after"]["needed"]), (&json!(3), &json!(2)), "{log}");
    }

    async fn the_sheet_has_the_key_and_words_to_check_it(app: TestApp) {
        let (_, said) = app.command(&["doctor"]).await;
        assert!(said.contains("the master key was never exported"), "{said}");
        let sheet = app.data.path().join("sheet.txt");
        let (done, said) = app.command(&["key", "export", sheet.to_str().unwrap()]).await;
        assert!(done && said.contains("The sheet is in"), "{said}");
        let text = std::fs::read_to_string(&sheet).unwrap();
        let words = text.split_once("Check words: ").unwrap().1.lines().next().unwrap().to_owned();
        let typed: String = text.lines().filter(|line| line.starts_with("    ") && !line.contains("Check")).collect();
        let (_, said) = app.command(&["doctor"]).await;
        assert!(said.contains("the key that encrypts was exported at"), "{said}");
        let (data, url) = (app.data.path().to_owned(), app.app.config.database_url.reveal().unwrap_or_default().to_owned());
        let check = |typed: String| {
            let (data, url) = (data.clone(), url.clone());
            tokio::task::spawn_blocking(move || run_with_input(&data, &url, &["key", "check"], &typed))
        };
        let (done, said) = check(typed.trim().to_owned()).await.unwrap();
        assert!(done && said.contains(&words) && said.contains("It is a key of this installation."), "{said}");
        let (done, said) = check("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE=".to_owned()).await.unwrap();
        assert!(!done && said.contains("no key of this installation") && !said.contains(&words), "{said}");
        let (done, said) = check("nonsense".to_owned()).await.unwrap();
        assert!(!done && said.contains("32 bytes in base64"), "{said}");
    }
}
