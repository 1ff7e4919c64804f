//! What is hidden of a customer's words is said on the pages without script, and who insists sends them as they are.

use reqwest::StatusCode;
use sayso::cases::Case;
use sayso_tests::on_both_databases;

use super::{Form, follow, page, send};

const ACCOUNT: &str = "Pay me back to DE89 3704 0044 0532 0130 00.";
const SAID: &str = "We hid a bank account number";
const BOX: &str = "name=\"keep_unmasked\"";

fn code_in(location: &str) -> String {
    location.trim_start_matches("/t/").split('?').next().unwrap().to_owned()
}

on_both_databases! {
    async fn the_form_says_what_it_hides_and_its_customer_may_insist(app: TestApp) {
        let client = app.client();
        let empty = page(&client, "/s/acme?kind=complaint").await.body;
        assert!(!empty.contains(BOX) && !empty.contains(SAID));
        // What comes back says so, since an address of mail is wrong.
        let form = Form::of(&empty, "/s/acme").with("message", ACCOUNT).with("email", "nobody");
        let refused = send(&client, &form).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(refused.body.contains(SAID) && refused.body.contains(BOX), "{}", refused.body);
        let again = Form::of(&refused.body, "/s/acme").with("email", "li@example.com");
        let sent = send(&client, &again.clone().with("keep_unmasked", "true")).await;
        let thanks = follow(&client, &sent).await;
        assert!(!thanks.body.contains(SAID));
        let case = Case::by_code(&app.app, &code_in(sent.location())).await.unwrap();
        assert_eq!(case.message, ACCOUNT);
    }

    async fn thanks_say_what_was_hidden(app: TestApp) {
        let client = app.client();
        let form = Form::of(&page(&client, "/s/acme?kind=complaint").await.body, "/s/acme").with("message", ACCOUNT);
        let sent = send(&client, &form).await;
        assert!(sent.location().ends_with("?new=1&masked=iban"), "{}", sent.location());
        let thanks = follow(&client, &sent).await;
        assert!(thanks.body.contains(SAID) && !thanks.body.contains(BOX));
        let case = Case::by_code(&app.app, &code_in(sent.location())).await.unwrap();
        assert!(!case.message.contains("3704"), "{}", case.message);
    }

    async fn of_a_card_there_is_no_choice(app: TestApp) {
        let client = app.client();
        let form = Form::of(&page(&client, "/s/acme?kind=complaint").await.body, "/s/acme");
        let refused = send(&client, &form.with("message", "4111 1111 1111 1111").with("email", "nobody")).await;
        assert!(refused.body.contains("We hid a card number") && !refused.body.contains(BOX));
    }

    async fn a_reply_says_so_too(app: TestApp) {
        let client = app.client();
        let code = client.complain("Torn", "li@example.com").await;
        let path = format!("/t/{code}");
        let reply = |body: &str| Form::of(body, &format!("{path}/messages"));
        let shown = page(&client, &path).await.body;
        assert!(!shown.contains(BOX));
        let sent = send(&client, &reply(&shown).with("body", ACCOUNT)).await;
        assert_eq!(sent.location(), format!("{path}?done=reply&masked=iban"));
        let told = follow(&client, &sent).await.body;
        assert!(told.contains(SAID) && told.contains(BOX));
        let insisted = send(&client, &reply(&told).with("body", ACCOUNT).with("keep_unmasked", "true")).await;
        assert_eq!(insisted.location(), format!("{path}?done=reply"));
        assert!(follow(&client, &insisted).await.body.contains("DE89 3704"));
        // Only words of ours are said.
        assert!(!page(&client, &format!("{path}?masked=<b>")).await.body.contains("id=\"masked\""));
    }
}
