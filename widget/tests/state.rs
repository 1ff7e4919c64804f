//! No sequence of actions loses the customer's words, and none thanks them before the collector has accepted.

use std::rc::Rc;

use proptest::prelude::*;
use sayso_shared::Kind;
use sayso_widget::form::{Fault, Field, Form, Section, TEXT_FIELDS};
use sayso_widget::settings::{Category, Settings};
use sayso_widget::state::{Action, Answer, Attempt, Failure, OpenOptions, Phase, Reason, Receipt, State};
use yew::functional::Reducible;

fn reduce(state: State, actions: impl IntoIterator<Item = Action>) -> State {
    let state = actions.into_iter().fold(Rc::new(state), |state, action| state.reduce(action));
    Rc::unwrap_or_clone(state)
}

fn typed(text: &str) -> State {
    reduce(State::default(), [Action::Choose(Kind::Complaint), Action::Type(Field::Message, text.to_owned())])
}

fn attempt(key: &str) -> Attempt {
    Attempt { key: key.to_owned(), body: format!("body of {key}") }
}

fn answered(key: &str, answer: Answer) -> Action {
    Action::Answered { key: key.to_owned(), answer }
}

fn receipt() -> Receipt {
    Receipt {
        code: "7QK4-M2XH-9TRD-7".to_owned(),
        status_url: "https://feedback.example/t/7QK4-M2XH-9TRD-7".to_owned(),
        first_response_due: None,
        email: String::new(),
        left: String::new(),
    }
}

fn failure(reason: Reason, wait: u32) -> Answer {
    Answer::Failed(Failure { reason, wait })
}

fn settings() -> Settings {
    let category = |key: &str, kind| Category { key: key.to_owned(), kind, label: String::new() };
    Settings {
        categories: vec![category("delivery", Some(Kind::Complaint)), category("shop", Some(Kind::Suggestion))],
        required: vec![Field::Contact],
        ..Settings::default()
    }
}

fn any_kind() -> impl Strategy<Value = Kind> {
    prop::sample::select(Kind::ALL.to_vec())
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![Just(String::new()), Just("li@example.com".to_owned()), "\\PC{0,12}", Just("投诉".to_owned())]
}

fn any_key() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["a".to_owned(), "b".to_owned()])
}

fn any_answer() -> impl Strategy<Value = Answer> {
    prop_oneof![
        Just(Answer::Accepted(receipt())),
        Just(Answer::Kept),
        Just(Answer::Invalid(vec![(Field::Email, Fault::Invalid)])),
        Just(failure(Reason::Busy, 2)),
        Just(failure(Reason::Origin, 0)),
    ]
}

fn any_action() -> impl Strategy<Value = Action> {
    prop_oneof![
        (prop::option::of(any_kind()), prop::option::of(any_text())).prop_map(|(kind, message)| {
            Action::Open(OpenOptions { kind, category: Some("shop".to_owned()), message })
        }),
        Just(Action::Settle(Settings::default())),
        Just(Action::Settle(settings())),
        any_text().prop_map(|text| {
            let mut form = Form::default();
            form.set_text(Field::Message, text);
            Action::Restore(form, Some(attempt("a")))
        }),
        any_text().prop_map(|name| Action::Introduce { name, email: "li@example.com".to_owned() }),
        Just(Action::Forget),
        any_kind().prop_map(Action::Choose),
        (prop::sample::select(TEXT_FIELDS.to_vec()), any_text()).prop_map(|(field, text)| Action::Type(field, text)),
        Just(Action::Categorise("delivery".to_owned())),
        (1..=5_u8).prop_map(|score| Action::Rate(Field::Rating, score)),
        any::<bool>().prop_map(Action::Consent),
        Just(Action::Fold(Section::Details)),
        Just(Action::Attach),
        Just(Action::Check),
        any_key().prop_map(|key| Action::Send(attempt(&key))),
        (any_key(), any_answer()).prop_map(|(key, answer)| Action::Answered { key, answer }),
        Just(Action::Keep),
        Just(Action::Tick),
        Just(Action::Another),
    ]
}

/// What happens to the widget, or to the outbox beside it.
#[derive(Clone, Debug)]
enum Step {
    Act(Box<Action>),
    /// The outbox hears that its first text has been accepted.
    Deliver,
    /// The customer takes the first text of the outbox back.
    GiveBack,
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![8 => any_action().prop_map(|action| Step::Act(Box::new(action))), 1 => Just(Step::Deliver), 1 => Just(Step::GiveBack)]
}

/// The widget with an outbox as `modules/outbox.js` is one, and everything that has been accepted.
#[derive(Default)]
struct World {
    state: State,
    outbox: Vec<String>,
    accepted: Vec<String>,
}

impl World {
    fn text(&self) -> String {
        self.state.form.text(Field::Message).to_owned()
    }

    fn act(&mut self, action: Action) {
        let (before, text) = (self.state.clone(), self.text());
        let current = before.attempt.as_ref().map(|attempt| attempt.key.clone());
        self.state = reduce(before.clone(), [action.clone()]);
        match action {
            // The outbox has it on the disk before it says so, and the collector has it before it answers.
            Action::Answered { key, answer } if before.phase == Phase::Sending && current.as_ref() == Some(&key) => {
                match answer {
                    Answer::Kept => self.outbox.push(text),
                    Answer::Accepted(_) => self.accepted.push(text),
                    _ => {}
                }
            }
            Action::Forget => self.outbox.clear(),
            _ => {}
        }
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Act(action) => self.act(*action),
            Step::Deliver if !self.outbox.is_empty() => self.accepted.push(self.outbox.remove(0)),
            // Only into an empty form, and removed only once the form has it.
            Step::GiveBack if !self.outbox.is_empty() && self.state.form.says_nothing() => {
                let mut form = Form::default();
                form.set_text(Field::Message, self.outbox[0].clone());
                self.act(Action::Restore(form, None));
                if self.text() == self.outbox[0] {
                    self.outbox.remove(0);
                }
            }
            Step::Deliver | Step::GiveBack => {}
        }
    }

    fn has(&self, text: &String) -> bool {
        self.text() == *text || self.outbox.contains(text) || self.accepted.contains(text)
    }
}

proptest! {
    #[test]
    fn what_was_sent_is_in_the_form_in_the_outbox_or_accepted(steps in prop::collection::vec(any_step(), 0..80)) {
        let mut world = World::default();
        let mut sent: Vec<String> = Vec::new();
        for step in steps {
            let before = world.text();
            world.step(step.clone());
            if world.state.phase == Phase::Sending {
                sent.push(world.text());
            }
            if let Step::Act(action) = step {
                match *action {
                    Action::Forget => sent.clear(),
                    // Typed over: that is not what the customer wants to say any more.
                    Action::Type(Field::Message, _) if world.text() != before => {
                        sent.retain(|text| *text != before || world.has(text));
                    }
                    _ => {}
                }
            }
            for text in &sent {
                prop_assert!(world.has(text), "{text:?} is nowhere");
            }
        }
    }

    #[test]
    fn words_are_only_lost_to_the_customer_to_success_or_to_forgetting(actions in prop::collection::vec(any_action(), 0..60)) {
        let mut state = State::default();
        for action in actions {
            let before = state.clone();
            state = reduce(state, [action.clone()]);
            let was = before.form.text(Field::Message);
            let is = state.form.text(Field::Message);
            if was != is {
                let by_hand = matches!(&action, Action::Type(Field::Message, text) if text == is);
                let into_blank = was.trim().is_empty();
                let accepted = matches!(&state.phase, Phase::Thanked(_)) && before.phase == Phase::Sending;
                let kept = before.phase == Phase::Sending && matches!(&action, Action::Answered { answer: Answer::Kept, .. });
                prop_assert!(by_hand || into_blank || accepted || kept || action == Action::Forget, "{action:?} turned {was:?} into {is:?}");
            }
        }
    }

    #[test]
    fn thanks_come_from_accepting_the_attempt_under_way(actions in prop::collection::vec(any_action(), 0..60)) {
        let mut state = State::default();
        for action in actions {
            let before = state.clone();
            state = reduce(state, [action.clone()]);
            if matches!(state.phase, Phase::Thanked(_)) && !matches!(before.phase, Phase::Thanked(_)) {
                let key = before.attempt.map(|attempt| attempt.key).unwrap_or_default();
                prop_assert_eq!(&before.phase, &Phase::Sending);
                prop_assert_eq!(action, answered(&key, Answer::Accepted(receipt())));
            }
        }
    }

    #[test]
    fn what_is_on_its_way_does_not_change(actions in prop::collection::vec(any_action(), 0..60)) {
        let mut state = State::default();
        for action in actions {
            let before = state.clone();
            let restored = matches!(action, Action::Restore(..));
            state = reduce(state, [action]);
            if before.phase == Phase::Sending && state.phase == Phase::Sending {
                prop_assert_eq!(&before.form, &state.form);
                prop_assert_eq!(&before.attempt, &state.attempt);
            }
            // An attempt belongs to the very text that it was made from.
            if before.attempt.is_some() && before.attempt == state.attempt && !restored {
                prop_assert_eq!(&before.form, &state.form);
            }
        }
    }
}

#[test]
fn an_unclear_failure_repeats_the_same_attempt_until_the_text_changes() {
    let state =
        reduce(typed("The mug is cracked."), [Action::Send(attempt("a")), answered("a", failure(Reason::Network, 0))]);
    assert_eq!(state.attempt, Some(attempt("a")));
    let state = reduce(state, [Action::Type(Field::Message, "The mug is cracked!".to_owned())]);
    assert_eq!(state.attempt, None);
    assert!(state.can_send());
}

#[test]
fn other_files_make_another_attempt_but_not_of_what_is_on_its_way() {
    let sent = reduce(typed("late"), [Action::Send(attempt("a"))]);
    assert!(reduce(sent.clone(), [Action::Attach]).attempt.is_some());
    let failed = reduce(sent, [answered("a", failure(Reason::Network, 0))]);
    assert!(failed.attempt.is_some());
    assert_eq!(reduce(failed, [Action::Attach]).attempt, None);
}

#[test]
fn what_the_outbox_has_taken_is_no_longer_in_the_form_and_gets_no_thanks() {
    let state = reduce(typed("The mug is cracked."), [Action::Send(attempt("a")), answered("a", Answer::Kept)]);
    assert_eq!((state.phase.clone(), state.form.is_blank(), state.attempt.clone()), (Phase::Writing, true, None));
    // A late answer to it is for the outbox.
    let state = reduce(state, [answered("a", Answer::Accepted(receipt()))]);
    assert_eq!(state.phase, Phase::Writing);
}

#[test]
fn what_has_failed_can_be_handed_over_even_while_it_must_wait() {
    let failed =
        reduce(typed("x"), [Action::Send(attempt("a")), answered("a", failure(Reason::Busy, 60)), Action::Keep]);
    assert_eq!(failed.phase, Phase::Sending);
    let stays = reduce(failed.clone(), [answered("a", failure(Reason::Busy, 60))]);
    assert_eq!(stays.form.text(Field::Message), "x");
    assert!(reduce(failed, [answered("a", Answer::Kept)]).form.is_blank());
    // There is nothing to hand over where the collector has refused it, or nothing was sent.
    let refused = [Action::Send(attempt("a")), answered("a", failure(Reason::Origin, 0)), Action::Keep];
    assert!(matches!(reduce(typed("x"), refused).phase, Phase::Failed(_)));
    assert_eq!(reduce(typed("x"), [Action::Keep]).phase, Phase::Writing);
}

#[test]
fn a_text_comes_back_into_an_empty_form_only() {
    let mut form = Form::default();
    form.set_text(Field::Message, "from the outbox".to_owned());
    let back = Action::Restore(form, None);
    assert_eq!(reduce(typed("mine"), [back.clone()]).form.text(Field::Message), "mine");
    let thanked = reduce(typed("x"), [Action::Send(attempt("a")), answered("a", Answer::Accepted(receipt()))]);
    let state = reduce(thanked, [back]);
    assert_eq!((state.phase.clone(), state.form.text(Field::Message)), (Phase::Writing, "from the outbox"));
}

#[test]
fn a_contact_that_the_page_has_filled_in_is_no_text() {
    let mut form = Form::default();
    form.set_text(Field::Message, "from the outbox".to_owned());
    let introduce = Action::Introduce { name: "Li Wei".to_owned(), email: "li@example.com".to_owned() };
    let state = reduce(State::default(), [introduce, Action::Restore(form, None)]);
    assert_eq!(state.form.text(Field::Message), "from the outbox");
}

#[test]
fn what_is_wrong_with_a_field_that_is_not_asked_is_said_as_a_whole() {
    let invalid = |field| answered("a", Answer::Invalid(vec![(field, Fault::Required)]));
    let state = reduce(typed("x"), [Action::Send(attempt("a")), invalid(Field::Email)]);
    assert_eq!(state.phase, Phase::Writing);
    // The site asks for consent since the form was opened: there is no box to show it at.
    let state = reduce(typed("x"), [Action::Send(attempt("a")), invalid(Field::Consent)]);
    assert_eq!(state.phase, Phase::Failed(Failure { reason: Reason::Refused, wait: 0 }));
    assert_eq!(state.form.text(Field::Message), "x");
}

#[test]
fn reasons_have_names_that_find_them() {
    for name in ["network", "busy", "origin", "site", "refused", "identity", "server"] {
        assert_eq!(Reason::from_name(name).map(Reason::name), Some(name));
    }
    assert_eq!(Reason::from_name(""), None);
}

#[test]
fn a_refusal_for_good_makes_a_new_attempt() {
    let state =
        reduce(typed("The mug is cracked."), [Action::Send(attempt("a")), answered("a", failure(Reason::Origin, 0))]);
    assert_eq!(state.attempt, None);
    assert_eq!(state.form.text(Field::Message), "The mug is cracked.");
}

#[test]
fn the_collector_says_when_to_try_again() {
    let state = reduce(typed("x"), [Action::Send(attempt("a")), answered("a", failure(Reason::Busy, 2)), Action::Tick]);
    assert!(!state.can_send());
    assert!(reduce(state, [Action::Tick]).can_send());
}

#[test]
fn a_second_press_of_send_does_nothing() {
    let state = reduce(typed("x"), [Action::Send(attempt("a")), Action::Send(attempt("b"))]);
    assert_eq!(state.attempt, Some(attempt("a")));
}

#[test]
fn nothing_is_sent_that_would_be_refused() {
    let state = reduce(State::default(), [Action::Check, Action::Send(attempt("a"))]);
    assert_eq!(
        (state.phase.clone(), state.error(Field::Message)),
        (Phase::Writing, Some((Field::Message, Fault::Required)))
    );

    let long = "意".repeat(10_001);
    let state = reduce(typed(&long), [Action::Check]);
    assert_eq!(state.error(Field::Message), Some((Field::Message, Fault::TooLong)));
    let state = reduce(typed(&long[3..]), [Action::Check]);
    assert_eq!(state.errors, []);
}

#[test]
fn an_error_unfolds_its_section_and_goes_when_the_field_changes() {
    let mail = |text: &str| Action::Type(Field::Email, text.to_owned());
    let state = reduce(typed("x"), [mail("li@"), Action::Check]);
    assert_eq!(state.errors, [(Field::Email, Fault::Invalid)]);
    assert!(state.is_open(Section::Contact));
    let state = reduce(state, [mail("li@example.com")]);
    assert_eq!(state.errors, []);
    assert_eq!(reduce(state, [Action::Check]).errors, []);
}

#[test]
fn everything_that_is_wrong_is_said_at_once() {
    let wrong = [(Field::Email, "li@"), (Field::Phone, "12")];
    let typing = wrong.map(|(field, text)| Action::Type(field, text.to_owned()));
    let state = reduce(typed("x"), typing.into_iter().chain([Action::Check]));
    assert_eq!(state.errors, [(Field::Email, Fault::Invalid), (Field::Phone, Fault::Invalid)]);
}

#[test]
fn a_site_can_insist_on_a_contact_and_a_name_alone_is_none() {
    let state =
        reduce(typed("x"), [Action::Settle(settings()), Action::Type(Field::Name, "Li".to_owned()), Action::Check]);
    assert_eq!(state.errors, [(Field::Contact, Fault::Required)]);
    let state = reduce(state, [Action::Type(Field::Phone, "110".to_owned()), Action::Check]);
    assert_eq!(state.errors, []);
}

#[test]
fn a_category_follows_its_kind() {
    let state = reduce(State::default(), [Action::Settle(settings()), Action::Categorise("delivery".to_owned())]);
    assert_eq!(state.form.category, "delivery");
    let state = reduce(state, [Action::Choose(Kind::Suggestion)]);
    assert_eq!(state.form.category, "");
    assert!(!state.form.asks(Field::DesiredOutcome, &state.settings));
    assert!(state.form.asks(Field::Importance, &state.settings));
}

#[test]
fn no_kind_counts_until_one_is_chosen_unless_it_is_the_only_one() {
    let only = |kinds: &[Kind]| Action::Settle(Settings { kinds: kinds.to_vec(), ..Settings::default() });
    let state = reduce(State::default(), [only(&[Kind::Question, Kind::Praise])]);
    assert_eq!(state.kind(), None);
    let state = reduce(state, [Action::Choose(Kind::Praise)]);
    assert_eq!(state.kind(), Some(Kind::Praise));
    assert_eq!(reduce(state, [only(&[Kind::Complaint])]).kind(), Some(Kind::Complaint));
}

#[test]
fn what_the_page_knows_never_overwrites_what_the_customer_wrote() {
    let introduce = Action::Introduce { name: "Li Wei".to_owned(), email: "li@example.com".to_owned() };
    let open = Action::Open(OpenOptions { message: Some("prefilled".to_owned()), ..OpenOptions::default() });
    let state = reduce(typed("mine"), [Action::Type(Field::Name, "Wei".to_owned()), introduce, open]);
    assert_eq!(state.form.text(Field::Message), "mine");
    assert_eq!(state.form.text(Field::Name), "Wei");
    assert_eq!(state.form.text(Field::Email), "li@example.com");
}

#[test]
fn opening_after_thanks_shows_an_empty_form() {
    let accepted = [Action::Send(attempt("a")), answered("a", Answer::Accepted(receipt()))];
    let state = reduce(typed("x"), accepted);
    assert_eq!(state.phase, Phase::Thanked(receipt()));
    let state = reduce(state, [Action::Open(OpenOptions::default())]);
    assert_eq!((state.phase.clone(), state.form.is_blank()), (Phase::Writing, true));
}
