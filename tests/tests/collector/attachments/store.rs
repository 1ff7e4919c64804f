//! Where files are kept, and that those which nobody claimed go.

use reqwest::StatusCode;
use sayso::clock::HOUR;
use sayso::{housekeeping, with_write};
use sayso_tests::{Away, ObjectStore, Options, TestApp, on_both_databases};

use super::{GIF, code, count, files, stored, upload, with_files};

async fn sweep(app: &TestApp) -> u64 {
    housekeeping::clean_up(&app.app).await.unwrap().swept
}

on_both_databases! {
    async fn what_nobody_claims_goes_after_a_day(app: TestApp) {
        let client = app.client();
        let (kept, lost) = (upload(&client, "kept.gif").await, upload(&client, "lost.gif").await);
        let code = code(&client.submit(with_files(&[&kept])).await);
        app.app.clock.advance(24 * HOUR - 1_000);
        let young = upload(&client, "young.gif").await;
        assert_eq!((sweep(&app).await, stored(&app).len()), (0, 3));
        app.app.clock.advance(1_000);
        assert_eq!((sweep(&app).await, stored(&app).len(), count(&app, "attachments").await), (1, 2, 2));
        assert_eq!(client.submit(with_files(&[&lost])).await.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(files(&client, &code).await.len(), 1);
        app.app.clock.advance(HOUR);
        assert_eq!(client.submit(with_files(&[&young])).await.status, StatusCode::CREATED);
        assert_eq!(sweep(&app).await, 0);
    }

    async fn what_a_crash_left_goes_too(app: TestApp) {
        // Noted, half written, and never offered.
        let insert = "insert into attachments (id, name, media_type, size, created_at) values ('018f3a1e-0000-7000-8000-0000000000c1', 'a.gif', 'image/gif', 1, $1)";
        let now = app.app.clock.now();
        with_write!(&app.app.db, pool => sqlx::query(insert).bind(now).execute(pool).await.map(|_| ())).unwrap();
        std::fs::write(app.data.path().join("attachments/018f3a1e-0000-7000-8000-0000000000c1#1"), "half").unwrap();
        assert_eq!(sweep(&app).await, 0);
        app.app.clock.advance(24 * HOUR);
        assert_eq!((sweep(&app).await, stored(&app).len(), count(&app, "attachments").await), (1, 0, 0));
    }
}

on_both_databases! {
    async fn files_can_be_in_a_store_that_speaks_s3(database: Database) {
        let store = ObjectStore::start().await;
        let app = TestApp::spawn_with(database, Options { settings: Box::new(store.settings()), ..Options::default() }).await;
        let client = app.client();
        let id = upload(&client, "a.gif").await;
        let names = store.names();
        assert!(names.len() == 1 && names[0].starts_with("/files/of/sayso/"), "{names:?}");
        let code = code(&client.submit(with_files(&[&id])).await);
        let url = files(&client, &code).await[0]["url"].as_str().unwrap().to_owned();
        let path = url.strip_prefix(&app.url).unwrap();
        assert_eq!(client.get(path).await.status, StatusCode::OK);
        assert!(!app.data.path().join("attachments").exists());
        // While it is away nothing is lost and nothing is promised.
        store.be_away(Away::Yes);
        assert_eq!(client.get(path).await.status, StatusCode::SERVICE_UNAVAILABLE);
        let refused = client.upload("b.gif", GIF).await;
        assert_eq!((refused.status, refused.header("retry-after")), (StatusCode::SERVICE_UNAVAILABLE, "5"));
        app.app.clock.advance(24 * HOUR);
        assert_eq!((sweep(&app).await, count(&app, "attachments").await), (0, 2), "what can't be deleted is tried again");
        store.be_away(Away::No);
        assert_eq!((sweep(&app).await, count(&app, "attachments").await, store.names().len()), (1, 1, 1));
        let unclaimed = upload(&client, "c.gif").await;
        app.app.clock.advance(24 * HOUR);
        assert_eq!((sweep(&app).await, store.names().len()), (1, 1));
        assert_eq!(client.submit(with_files(&[&unclaimed])).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
}
