//! What the form asks for by a site's settings, and how those are read.

use sayso_shared::Kind;
use sayso_widget::form::{Fault, Field, Form};
use sayso_widget::settings::Settings;

#[test]
fn what_is_required_is_asked_with_every_kind() {
    let settings = Settings { required: vec![Field::Importance, Field::DesiredOutcome], ..Settings::default() };
    for kind in Kind::ALL {
        let mut form = Form::default();
        form.kind = Some(kind);
        assert!(form.asks(Field::Importance, &settings) && form.asks(Field::DesiredOutcome, &settings), "{kind:?}");
        let faults = form.faults(&settings);
        assert!(faults.iter().any(|(field, _)| *field == Field::Importance), "{kind:?}: {faults:?}");
    }
}

#[test]
fn consent_is_needed_where_it_is_asked_for() {
    let settings = Settings { consent_text: "I agree.".to_owned(), ..Settings::default() };
    let mut form = Form::default();
    form.set_text(Field::Message, "The drawer is stuck.".to_owned());
    form.kind = Some(Kind::Complaint);
    assert_eq!(form.faults(&Settings::default()), []);
    assert_eq!(form.faults(&settings), [(Field::Consent, Fault::Required)]);
    form.consent = true;
    assert_eq!(form.faults(&settings), []);
}

#[test]
fn no_kind_is_chosen_for_the_customer_unless_it_is_the_only_one() {
    let mut form = Form::default();
    form.set_text(Field::Message, "The drawer is stuck.".to_owned());
    assert_eq!(form.faults(&Settings::default()), [(Field::Kind, Fault::Required)]);
    let only = Settings { kinds: vec![Kind::Praise], ..Settings::default() };
    assert_eq!((form.kind(&only), form.faults(&only)), (Some(Kind::Praise), vec![]));
}

#[test]
fn pointers_name_fields() {
    assert_eq!(Field::from_pointer("/contact/email"), Some(Field::Email));
    assert_eq!(Field::from_pointer("/desired_outcome"), Some(Field::DesiredOutcome));
    assert_eq!(Field::from_pointer("/page/url"), None);
    assert_eq!(Field::from_pointer("/context/email"), None);
    assert_eq!(Field::from_pointer(""), None);
}

#[test]
fn settings_are_read_line_by_line_and_what_is_unknown_is_left_out() {
    let read = Settings::read(
        "kind\tquestion\nkind\trumour\nkind\tpraise\ncategory\tdelivery\tquestion\t配送\ncategory\tshop\t\tShop\nrequired\tcontact\n\
         required\tshoe_size\npromise\tWe answer today.\ten-GB\nconsent\t\nprivacy\thttps://shop.example/privacy\nweather\tfine",
    );
    assert_eq!(read.kinds, [Kind::Question, Kind::Praise]);
    let keys = |kind| read.categories_of(Some(kind)).map(|category| category.key.as_str()).collect::<Vec<_>>();
    assert_eq!(keys(Kind::Question), ["delivery", "shop"]);
    assert_eq!(keys(Kind::Praise), ["shop"]);
    assert_eq!(read.required, [Field::Contact]);
    assert_eq!((read.promise_text.as_str(), read.consent_text.as_str()), ("We answer today.", ""));
    assert_eq!((read.promise_lang.as_str(), read.consent_lang.as_str()), ("en-GB", ""));
    assert_eq!(read.privacy_url, "https://shop.example/privacy");
    assert_eq!(Settings::read("privacy\tjavascript:alert(1)"), Settings::default());
    assert_eq!(Settings::read(""), Settings::default());
}
