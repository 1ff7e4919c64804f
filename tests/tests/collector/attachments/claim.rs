//! Claiming: uploads become files of a case in the commit that makes it, once, and only those of its site.

use reqwest::{Method, StatusCode};
use sayso::clock::HOUR;
use sayso::sites::{Site, SiteKey};
use sayso_tests::on_both_databases;

use super::{GIF, code, count, files, upload, with_files};

fn at(index: usize) -> Vec<(String, String)> {
    vec![(format!("/attachments/{index}"), "invalid".to_owned())]
}

on_both_databases! {
    async fn five_files_come_with_a_submission_and_six_do_not(app: TestApp) {
        let client = app.client();
        let mut ids = Vec::new();
        for n in 0..6 {
            ids.push(upload(&client, &format!("{n}.gif")).await);
        }
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let six = client.submit(with_files(&ids)).await;
        assert_eq!(six.field_errors(), [("/attachments".to_owned(), "too_long".to_owned())]);
        let code = code(&client.submit(with_files(&ids[..5])).await);
        let files = files(&client, &code).await;
        let names: Vec<_> = files.iter().map(|file| file["name"].as_str().unwrap()).collect();
        assert_eq!(names, ["0.gif", "1.gif", "2.gif", "3.gif", "4.gif"]);
        assert_eq!((files[0]["media_type"].as_str(), files[0]["size"].as_u64()), (Some("image/gif"), Some(GIF.len() as u64)));
        assert_eq!(client.get(files[0]["url"].as_str().unwrap().strip_prefix(&app.url).unwrap()).await.status, StatusCode::OK);
    }

    async fn files_stand_in_the_order_in_which_they_were_named(app: TestApp) {
        let client = app.client();
        let (first, second, third) = (upload(&client, "1.gif").await, upload(&client, "2.gif").await, upload(&client, "3.gif").await);
        let code = code(&client.submit(with_files(&[&third, &first, &second])).await);
        let names: Vec<_> = files(&client, &code).await.iter().map(|file| file["name"].as_str().unwrap().to_owned()).collect();
        assert_eq!(names, ["3.gif", "1.gif", "2.gif"]);
    }

    async fn an_upload_that_cannot_be_claimed_stops_nothing_else(app: TestApp) {
        let client = app.client();
        let key = "018f3a1e-0000-7000-8000-0000000000f1";
        let (mine, taken) = (upload(&client, "mine.gif").await, upload(&client, "taken.gif").await);
        code(&client.submit(with_files(&[&taken])).await);
        for (ids, index) in [([mine.as_str(), "made up"], 1), ([taken.as_str(), mine.as_str()], 0), ([mine.as_str(), ""], 1)] {
            let refused = client.submit_with_key(with_files(&ids), key).await;
            assert_eq!((refused.status, refused.field_errors()), (StatusCode::UNPROCESSABLE_ENTITY, at(index)), "{}", refused.body);
        }
        // The same twice, which only the claim itself can see.
        let twice = client.submit_with_key(with_files(&[&mine, &mine]), key).await;
        assert_eq!((twice.status, twice.field_errors()), (StatusCode::UNPROCESSABLE_ENTITY, at(1)), "{}", twice.body);
        assert_eq!((count(&app, "cases").await, count(&app, "feedback").await, count(&app, "events").await), (1, 1, 1));
        // Neither the file nor the key was used up.
        code(&client.submit_with_key(with_files(&[&mine]), key).await);
    }

    async fn a_repeat_gives_the_first_answer_although_its_files_are_claimed(app: TestApp) {
        let client = app.client();
        let key = "018f3a1e-0000-7000-8000-0000000000f2";
        let id = upload(&client, "a.gif").await;
        let first = client.submit_with_key(with_files(&[&id]), key).await;
        let again = client.submit_with_key(with_files(&[&id]), key).await;
        assert_eq!((first.status, again.status, first.json()), (StatusCode::CREATED, StatusCode::CREATED, again.json()));
        let other = client.submit_with_key(with_files(&[]), key).await;
        assert_eq!(other.problem(), "idempotency_key_reused");
    }

    async fn concurrent_repeats_with_a_file_make_one_case(app: TestApp) {
        let client = app.client();
        let id = upload(&client, "a.gif").await;
        let key = uuid::Uuid::new_v4().to_string();
        let sent: Vec<_> = (0..8).map(|_| {
            let (client, key, id) = (client.clone(), key.clone(), id.clone());
            tokio::spawn(async move { client.submit_with_key(with_files(&[&id]), &key).await })
        }).collect();
        let mut codes = std::collections::BTreeSet::new();
        for answer in sent {
            codes.insert(code(&answer.await.unwrap()));
        }
        assert_eq!((codes.len(), count(&app, "cases").await), (1, 1));
    }

    async fn of_two_submissions_with_one_file_one_gets_it(app: TestApp) {
        let client = app.client();
        let (shared, own) = (upload(&client, "shared.gif").await, upload(&client, "own.gif").await);
        let sent: Vec<_> = (0..8).map(|_| {
            let (client, shared, own) = (client.clone(), shared.clone(), own.clone());
            tokio::spawn(async move { client.submit(with_files(&[&own, &shared])).await })
        }).collect();
        let mut won = Vec::new();
        for answer in sent {
            let answer = answer.await.unwrap();
            match answer.status {
                StatusCode::CREATED => won.push(code(&answer)),
                _ => assert_eq!(answer.problem(), "invalid", "{}", answer.body),
            }
        }
        assert_eq!((won.len(), count(&app, "cases").await, count(&app, "events").await), (1, 1, 1));
        assert_eq!(files(&client, &won[0]).await.len(), 2);
    }

    async fn another_sites_upload_is_unknown(app: TestApp) {
        let key = SiteKey::parse("other").unwrap();
        Site::add(&app.app.db, &key, "Other", &[], &sayso::audit::Stamp::command(app.app.clock.now())).await.unwrap();
        app.app.clock.advance(1_000);
        let client = app.client();
        let request = client.request(Method::POST, "/api/v1/sites/other/attachments?name=a.gif").body(GIF);
        let id = client.send(request).await.json()["id"].as_str().unwrap().to_owned();
        assert_eq!(client.submit(with_files(&[&id])).await.field_errors(), at(0));
        // A site that is gone leaves nothing that could be claimed.
        Site::by_key(&app.app.db, "other").await.unwrap().remove(&app.app.db, &sayso::audit::Stamp::command(0)).await.unwrap();
        assert_eq!(count(&app, "attachments where site_id is null").await, 1);
    }

    async fn an_upload_is_claimed_within_a_day_or_never(app: TestApp) {
        let client = app.client();
        let (early, late) = (upload(&client, "early.gif").await, upload(&client, "late.gif").await);
        app.app.clock.advance(24 * HOUR - 1_000);
        code(&client.submit(with_files(&[&early])).await);
        app.app.clock.advance(1_000);
        assert_eq!(client.submit(with_files(&[&late])).await.field_errors(), at(0));
    }
}
