//! The mails that were written to files, for want of a mail server.

use reqwest::StatusCode;
use sayso::auth::Role;
use sayso_tests::on_both_databases;

use super::Desk;

on_both_databases! {
    async fn mails_in_files_are_shown_as_text(app: TestApp) {
        let lin = Desk::of(&app, "lin", Role::Admin).await;
        assert!(lin.client.get("/staff/mail").await.body.contains("No emails yet"));
        let folder = app.data.path().join("mail");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("a.eml"), "From: Acme <a@acme.example>\r\nTo: li@example.com\r\nSubject: =?utf-8?B?5L2g5aW9?=\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n<b>Hello</b>\r\n").unwrap();
        std::fs::write(folder.join("notes.txt"), "not a mail").unwrap();
        let list = lin.client.get("/staff/mail").await.body;
        assert!(list.contains("你好") && list.contains("/staff/mail/a.eml") && !list.contains("notes.txt"), "{list}");
        let one = lin.client.get("/staff/mail/a.eml").await.body;
        assert!(one.contains("&#60;b&#62;Hello") && one.contains("Acme &#60;a@acme.example&#62;"), "{one}");
        for path in ["notes.txt", "..%2Fmaster.key", "%2Fetc%2Fpasswd", "b.eml"] {
            assert_eq!(lin.client.get(&format!("/staff/mail/{path}")).await.status, StatusCode::NOT_FOUND, "{path}");
        }
    }
}
