//! Uploading: what is taken, what is refused and how, and that half a file leaves nothing.

use std::os::unix::fs::PermissionsExt;

use reqwest::{Method, StatusCode};
use sayso_shared::limits::ATTACHMENT_MAX_BYTES;
use sayso_tests::{MULTIPART, Options, TestApp, multipart, on_both_databases};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{GIF, count, stored, with_files};

/// A photograph whose camera noted where it was.
fn photograph() -> Vec<u8> {
    let segment = |marker: u8, contents: &[u8]| {
        [&[0xff, marker][..], &(contents.len() as u16 + 2).to_be_bytes(), contents].concat()
    };
    let camera = b"Exif\0\0II*\0\x08\0\0\0\x02\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\x25\x88\x04\0\x01\0\0\0\x26\0\0\0\0\0\0\0GPS 31.2N 121.4E";
    [
        &[0xff, 0xd8][..],
        &segment(0xe1, camera),
        &segment(0xc0, b"\x08\0\x10\0\x10\x01\x01\x11\0"),
        &segment(0xda, b"\x01\x01\0\0\x3f\0"),
        b"pixels\xff\xd9",
    ]
    .concat()
}

on_both_databases! {
    async fn a_photograph_is_stored_without_its_position(app: TestApp) {
        let answer = app.client().upload("C:\\fakepath\\../照片.JPG", &photograph()).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
        let upload = answer.json();
        assert_eq!((upload["name"].as_str(), upload["media_type"].as_str()), (Some("照片.JPG"), Some("image/jpeg")));
        assert!(upload["id"].as_str().unwrap().len() >= 32, "nobody guesses it");
        assert_eq!(answer.header("access-control-allow-origin"), TestApp::ORIGIN);
        let names = stored(&app);
        let path = app.data.path().join("attachments").join(&names[0]);
        let content = std::fs::read(&path).unwrap();
        assert_eq!((names.len(), upload["size"].as_u64()), (1, Some(content.len() as u64)));
        let text = String::from_utf8_lossy(&content).into_owned();
        assert!(text.contains("pixels") && !text.contains("GPS") && !text.contains("31.2N"), "{text}");
        assert!(!names[0].contains("JPG") && !names[0].contains(upload["id"].as_str().unwrap()));
        let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
        let hash: String = sayso::with_db!(&app.app.db, pool => sqlx::query_scalar("select claim_hash from attachments").fetch_one(pool).await).unwrap();
        assert_ne!(hash, upload["id"], "the database does not know the id");
    }

    async fn a_file_can_be_sent_as_it_is(app: TestApp) {
        let client = app.client();
        let request = client.request(Method::POST, "/api/v1/sites/acme/attachments?name=%E6%B8%85%E5%8D%95.csv");
        let answer = client.send(request.header("content-type", "image/png").body("名称,数量\n沙发,1\n")).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
        assert_eq!((answer.json()["name"].as_str(), answer.json()["media_type"].as_str()), (Some("清单.csv"), Some("text/plain")));
    }

    async fn text_of_older_programs_is_text(app: TestApp) {
        let utf_16: Vec<u8> = "\u{feff}姓名\t电话\r\n李雷\t1".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let utf_32: Vec<u8> = "姓名\t电话".chars().flat_map(|letter| u32::from(letter).to_be_bytes()).collect();
        let files: [(&str, &[u8]); 6] = [
            ("jis.txt", b"\x1b$BG[C#$,CY$l$^$7$?\x1b(B\r\n"),
            ("utf32.txt", &utf_32),
            ("gbk.csv", b"\xd0\xd5\xc3\xfb,\xb5\xe7\xbb\xb0\r\n\xc0\xee\xc0\xd7,1\r\n"),
            ("latin.csv", b"Name,Betrag\r\nM\xfcller,20 \x80\r\n"),
            ("utf16.txt", &utf_16),
            ("sjis.txt", b"\x94z\x92B\x82\xaa\x92x\x82\xea\x82\xdc\x82\xb5\x82\xbd\x81B\r\n"),
        ];
        for (name, content) in files {
            let answer = app.client().upload(name, content).await;
            assert_eq!(answer.status, StatusCode::CREATED, "{name}: {}", answer.body);
            assert_eq!((answer.json()["name"].as_str(), answer.json()["media_type"].as_str()), (Some(name), Some("text/plain")));
        }
    }

    async fn what_is_not_accepted_is_refused_with_a_sentence(app: TestApp) {
        let client = app.client();
        for (name, content, words) in [
            ("page.jpg", &b"<!DOCTYPE html><script>alert(1)</script>"[..], "HTML, SVG and XML"),
            ("logo.png", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "HTML, SVG and XML"),
            ("photo.jpg", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "HEIC"),
            ("photo.jpg", b"MZ\x90\0\x03\0\0\0", "not accepted"),
            ("archive.docx", b"PK\x03\x04\0\0\0\0", "not accepted"),
            ("photo.jpg", b"\xff\xd8\xff\xe0\0\x10JFIF and nothing more", "damaged"),
        ] {
            let answer = client.upload(name, content).await;
            assert_eq!((answer.status, answer.problem().as_str()), (StatusCode::UNPROCESSABLE_ENTITY, "invalid"), "{name}");
            assert_eq!(answer.field_errors(), [("/file".to_owned(), "invalid".to_owned())]);
            assert!(answer.body.contains(words), "{}", answer.body);
        }
        let empty = client.upload("empty.txt", b"").await;
        assert_eq!(empty.field_errors(), [("/file".to_owned(), "required".to_owned())]);
        let path = "/api/v1/sites/acme/attachments";
        let other = client.post_files(path, &[("picture", Some("a.gif"), GIF)]).await;
        assert_eq!(other.field_errors(), [("/file".to_owned(), "required".to_owned())]);
        let crowd = [("other", None, &b"x"[..]); 16];
        let late = client.post_files(path, &[&crowd[..], &[("file", Some("a.gif"), GIF)]].concat()).await;
        assert_eq!(late.field_errors(), [("/file".to_owned(), "required".to_owned())]);
        let no_boundary = client.request(Method::POST, path).header("content-type", "multipart/form-data").body("x");
        assert_eq!(client.send(no_boundary).await.problem(), "unsupported_media_type");
        let broken = client.request(Method::POST, path).header("content-type", MULTIPART).body("----boundary\r\nrubbish");
        assert_eq!(client.send(broken).await.problem(), "malformed");
        assert_eq!((count(&app, "attachments").await, stored(&app).len()), (0, 0));
    }

    async fn foreign_pages_and_unknown_sites_are_refused(app: TestApp) {
        let client = app.client();
        let post = |path: &str, origin: &str| {
            let body = multipart(&[("file", Some("a.gif"), GIF)]);
            client.send(client.request(Method::POST, path).header("origin", origin).header("content-type", MULTIPART).body(body))
        };
        let foreign = post("/api/v1/sites/acme/attachments", "https://evil.example").await;
        assert_eq!((foreign.status, foreign.problem().as_str()), (StatusCode::FORBIDDEN, "forbidden"));
        assert_eq!(post("/api/v1/sites/none/attachments", &app.url).await.status, StatusCode::NOT_FOUND);
        assert_eq!(count(&app, "attachments").await, 0);
    }

    async fn ten_megabytes_pass_and_one_byte_more_does_not(app: TestApp) {
        let client = app.client();
        let mut text = vec![b'a'; ATTACHMENT_MAX_BYTES];
        let whole = client.upload("long.txt", &text).await;
        assert_eq!((whole.status, whole.json()["size"].as_u64()), (StatusCode::CREATED, Some(10 * 1024 * 1024)), "{}", whole.body);
        text.push(b'a');
        let over = client.upload("long.txt", &text).await;
        assert_eq!((over.status, over.problem().as_str()), (StatusCode::PAYLOAD_TOO_LARGE, "too_large"));
        assert_eq!(over.header("access-control-allow-origin"), TestApp::ORIGIN, "the page can read the refusal");
        assert_eq!((count(&app, "attachments").await, stored(&app).len()), (1, 1));
    }

    async fn too_much_is_refused_before_all_of_it_was_sent(app: TestApp) {
        let address = app.url.strip_prefix("http://").unwrap();
        let head = format!("POST /api/v1/sites/acme/attachments HTTP/1.1\r\nhost: {address}\r\ncontent-type: text/plain\r\n");
        let mut answer = [0; 12];
        // Who says how much it will be is answered before anything of it comes.
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(format!("{head}content-length: 40000000\r\n\r\n").as_bytes()).await.unwrap();
        stream.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"HTTP/1.1 413");
        // A sender that reads only after it has sent everything gets to do so.
        stream.write_all(&vec![b'a'; 40_000_000]).await.unwrap();
        // Who does not is answered at the first byte too many.
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(format!("{head}transfer-encoding: chunked\r\n\r\nA00001\r\n").as_bytes()).await.unwrap();
        stream.write_all(&vec![b'a'; ATTACHMENT_MAX_BYTES + 1]).await.unwrap();
        stream.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"HTTP/1.1 413");
        assert_eq!((count(&app, "attachments").await, stored(&app).len()), (0, 0));
    }

    async fn half_a_file_leaves_nothing(app: TestApp) {
        let address = app.url.strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(address).await.unwrap();
        let head = format!("POST /api/v1/sites/acme/attachments HTTP/1.1\r\nhost: {address}\r\ncontent-type: text/plain\r\ncontent-length: 1000000\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(&[b'a'; 500_000]).await.unwrap();
        let arrivals = app.data.path().join("arrivals");
        sayso_tests::eventually("it has begun to arrive", async || arrivals.is_dir()).await;
        stream.shutdown().await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 400") || answer.is_empty(), "{answer}");
        assert_eq!((count(&app, "attachments").await, stored(&app).len()), (0, 0));
        assert_eq!(std::fs::read_dir(&arrivals).unwrap().count(), 0);
    }

    async fn many_files_at_once_are_taken_in_turn(app: TestApp) {
        // As many as one client may send at a time; whoever sends more is asked to come back.
        let sent: Vec<_> = (0..8).map(|n| {
            let client = app.client();
            tokio::spawn(async move { client.upload(&format!("{n}.txt"), &vec![b'a'; 100_000]).await })
        }).collect();
        for answer in sent {
            let answer = answer.await.unwrap();
            assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
        }
        assert_eq!(stored(&app).len(), 8);
    }
}

on_both_databases! {
    async fn one_address_can_upload_only_so_often(database: Database) {
        let options = Options { settings: Box::new(|config| config.limits.uploads_per_minute = 2), ..Options::default() };
        let app = TestApp::spawn_with(database, options).await;
        let client = app.client();
        for _ in 0..2 {
            assert_eq!(client.upload("a.gif", GIF).await.status, StatusCode::CREATED);
        }
        let refused = client.upload("a.gif", GIF).await;
        assert_eq!((refused.status, refused.problem().as_str()), (StatusCode::TOO_MANY_REQUESTS, "too_many_requests"));
        assert!(refused.header("retry-after").parse::<u64>().is_ok_and(|seconds| seconds > 0));
    }

    async fn files_that_wait_take_only_so_much_room(database: Database) {
        let options = Options { settings: Box::new(|config| config.limits.unclaimed_megabytes = 1), ..Options::default() };
        let app = TestApp::spawn_with(database, options).await;
        let client = app.client();
        let first = client.upload("long.txt", &vec![b'a'; 1024 * 1024]).await;
        let refused = client.upload("a.gif", GIF).await;
        assert_eq!((refused.status, refused.header("retry-after")), (StatusCode::TOO_MANY_REQUESTS, "600"));
        let id = first.json()["id"].as_str().unwrap().to_owned();
        assert_eq!(client.submit(with_files(&[&id])).await.status, StatusCode::CREATED);
        assert_eq!(client.upload("a.gif", GIF).await.status, StatusCode::CREATED, "what was claimed does not wait");
    }
}
