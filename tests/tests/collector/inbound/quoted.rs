//! What customers quote in their mails: our own, with the tracking code and their address, is told to nobody who may not hear of those.

use sayso_tests::{WebhookReceiver, on_both_databases};

use super::{mail, take, with_a_complaint};
use crate::outbox::cases::work;
use crate::outbox::rooms::{apply, open};

const KNOWN: &str = "It is still broken.\r\n\r\nOn Tue, Acme <care@acme.example> wrote:\r\n> To li@example.com:\r\n> https://acme.example/t/{code}\r\n\r\nPlease hurry.";
const UNKNOWN: &str = "Nobody came.\r\n\r\n=== what you said ===\r\nhttps://acme.example/t/{code}";

on_both_databases! {
    async fn rooms_hear_what_is_new(database: Database) {
        let app = open(database).await;
        let receiver = WebhookReceiver::start().await;
        receiver.answer_all_with(200, "{\"code\":0}");
        let (case, headers) = with_a_complaint(&app).await;
        let (to, code) = (headers[0].1.as_str(), case.code(&app.app.keys).unwrap());
        let target = |include: &str| format!("[[target]]\nkey = \"room\"\nsite = \"acme\"\nchannel = \"feishu\"\nurl_env = \"ROOM_URL\"\ninclude = [{include}]\n");
        for (n, include, text, is_told) in [(1, "\"message\"", KNOWN, false), (2, "\"message\"", UNKNOWN, false), (3, "\"message\", \"code\"", UNKNOWN, true)] {
            apply(&app, &target(include), &receiver.url).await;
            take(&app, mail("li@example.com", to, &format!("q{n}"), "", &text.replace("{code}", &code))).await;
            work(&app).await;
            let told = receiver.wait_for(n).await.remove(n - 1).json();
            let words = told["card"]["elements"][1]["text"]["content"].as_str().unwrap();
            assert_eq!(words.contains(&code), is_told, "{words}");
            match text {
                KNOWN => assert_eq!(words, "It is still broken.\n\n…\n\nPlease hurry."),
                _ => assert!(words.starts_with("Nobody came.") && words.contains("what you said"), "{words}"),
            }
        }
    }
}
