//! Room and places for files: nobody takes so much of either that others get none.

use reqwest::{Method, StatusCode};
use sayso_tests::raw::RawClient;
use sayso_tests::{Options, TestApp, eventually, on_both_databases};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::proof::solved_for;
use super::*;

/// Uploads a text of so many kilobytes from an address.
async fn upload(client: &Client, address: &str, kilobytes: usize, proof: Option<&str>) -> Answer {
    let request = client.request(Method::POST, "/api/v1/sites/acme/attachments?name=a.txt");
    let request = request.header("x-forwarded-for", address).body("a".repeat(kilobytes * 1024));
    client
        .send(match proof {
            Some(proof) => request.header("sayso-proof", proof),
            None => request,
        })
        .await
}

async fn claim(client: &Client, upload: &Answer) -> StatusCode {
    let id = upload.json()["id"].clone();
    client.submit(json!({"kind": "praise", "message": "很好", "attachments": [id]})).await.status
}

on_both_databases! {
    async fn whoever_has_most_gives_way_to_whoever_has_less(database: Database) {
        let app = TestApp::spawn_with(database, with_limits(|limits| limits.unclaimed_megabytes = 1)).await;
        let client = app.client();
        let first = upload(&client, "203.0.113.1", 450, None).await;
        assert_eq!(first.status, StatusCode::CREATED, "{}", first.body);
        let more = upload(&client, "203.0.113.1", 1, None).await;
        assert_eq!((more.status, more.problem().as_str()), (StatusCode::TOO_MANY_REQUESTS, "too_many_requests"), "it has its share");
        let second = upload(&client, "203.0.113.2", 400, None).await;
        assert_eq!(second.status, StatusCode::CREATED, "{}", second.body);
        // More than half of the room is taken, so each upload takes some work.
        let refused = upload(&client, "203.0.113.3", 300, None).await;
        assert_eq!(refused.field_errors(), [("/proof".to_owned(), "required".to_owned())], "{}", refused.body);
        let proof = solved_for(&client, "acme").await;
        let third = upload(&client, "203.0.113.3", 300, Some(&proof)).await;
        assert_eq!(third.status, StatusCode::CREATED, "{}", third.body);
        let again = upload(&client, "203.0.113.4", 1, Some(&proof)).await;
        assert_eq!(again.field_errors(), [("/proof".to_owned(), "invalid".to_owned())], "each file takes a proof of its own");
        // All of it is taken now.
        let proof = solved_for(&client, "acme").await;
        let fourth = upload(&client, "203.0.113.4", 100, Some(&proof)).await;
        assert_eq!(fourth.status, StatusCode::CREATED, "{}", fourth.body);
        assert_eq!(std::fs::read_dir(app.data.path().join("attachments")).unwrap().count(), 3, "the file itself is gone");
        assert_eq!(claim(&client, &first).await, StatusCode::UNPROCESSABLE_ENTITY);
        for upload in [&second, &third, &fourth] {
            assert_eq!(claim(&client, upload).await, StatusCode::CREATED);
        }
        let kept: i64 = sayso::with_db!(&app.app.db, pool =>
            sqlx::query_scalar("select count(*) from attachments where client is not null").fetch_one(pool).await).unwrap();
        assert_eq!(kept, 0, "whose file it was is forgotten");
    }

    async fn one_line_has_only_some_of_the_places_for_files_that_arrive(database: Database) {
        let app = TestApp::spawn_with(database, with_limits(|limits| limits.uploads_per_minute = 1_000)).await;
        let client = app.client();
        let mut slow = Vec::new();
        // One after the other until there is no place left: one that comes in the moment of a question finds none, and holds none.
        for n in 0..64 {
            let mut one = RawClient::connect(&app.url).await;
            // Each from another /64 of one line.
            let head = format!("POST /api/v1/sites/acme/attachments HTTP/1.1\r\nHost: collector\r\nX-Forwarded-For: 2001:db8:1:{n:x}::1\r\nContent-Length: 100\r\n\r\n");
            assert!(one.send(&head).await);
            slow.push(one);
            if upload(&client, "2001:db8:1:ff::1", 1, None).await.status == StatusCode::SERVICE_UNAVAILABLE {
                break;
            }
        }
        assert!(slow.len() < 64, "one line has all the places that it wants");
        let other = upload(&client, "2001:db8:2::1", 1, None).await;
        assert_eq!(other.status, StatusCode::CREATED, "{}", other.body);
        slow.drain(..).for_each(RawClient::reset);
        let has_room = || async { upload(&client, "2001:db8:1:ff::1", 1, None).await.status != StatusCode::SERVICE_UNAVAILABLE };
        eventually("the places are free again", has_room).await;
    }

    async fn what_the_scanner_knows_as_harmful_is_refused(database: Database) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let settings = move |config: &mut sayso::Config| config.attachments.scanner = format!("tcp://{address}");
        let app = TestApp::spawn_with(database, Options { settings: Box::new(settings), ..Options::default() }).await;
        let scanner = tokio::spawn(scan(listener));
        let clean = app.client().upload("a.txt", b"Order 7").await;
        assert_eq!(clean.status, StatusCode::CREATED, "{}", clean.body);
        let harmful = app.client().upload("a.txt", b"EICAR, as it were").await;
        assert_eq!(harmful.field_errors(), [("/file".to_owned(), "invalid".to_owned())]);
        assert!(harmful.body.contains("virus scanner"), "{}", harmful.body);
        for (lang, words) in [("en", "Our virus scanner refuses this file"), ("zh-Hans", "未通过病毒扫描"), ("zh-Hant", "未通過病毒掃描")] {
            let parts = [("kind", None, &b"praise"[..]), ("message", None, b"x"), ("attachments", Some("a.txt"), b"EICAR")];
            let refused = app.client().post_files(&format!("/s/acme?lang={lang}"), &parts).await;
            assert!(refused.body.contains(words), "{}", refused.body);
        }
        scanner.abort();
        let _ = scanner.await;
        let unknown = app.client().upload("a.txt", b"Order 8").await;
        assert_eq!(unknown.status, StatusCode::SERVICE_UNAVAILABLE, "what nobody has looked at is not taken");
        assert_eq!(count(&app, "attachments").await, 1);
    }
}

/// Does as clamd does: takes streams of pieces with their lengths, and says what it thinks of each.
async fn scan(listener: TcpListener) {
    loop {
        let (mut socket, _) = listener.accept().await.unwrap();
        let mut command = [0; 10];
        socket.read_exact(&mut command).await.unwrap();
        assert_eq!(&command, b"zINSTREAM\0");
        let mut content = Vec::new();
        loop {
            let length = socket.read_u32().await.unwrap() as usize;
            if length == 0 {
                break;
            }
            let start = content.len();
            content.resize(start + length, 0);
            socket.read_exact(&mut content[start..]).await.unwrap();
        }
        let is_harmful = content.windows(5).any(|word| word == b"EICAR");
        let answer = if is_harmful { &b"stream: Eicar-Signature FOUND\0"[..] } else { b"stream: OK\0" };
        socket.write_all(answer).await.unwrap();
    }
}
