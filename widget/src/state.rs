//! The widget's state and everything that can happen to it, without a browser.
//!
//! Invariants, held by the property tests in `tests/state.rs`:
//! * The customer's text is only ever cleared by an accepted submission of that very text, by the outbox that has taken it over
//!   (`Answer::Kept`), or by the customer leaving (`Action::Forget`); no failure, no setting, no opening touches it.
//! * Thanks are shown only after the collector has accepted the attempt that is under way.

use std::rc::Rc;

use sayso_shared::Kind;
use yew::functional::Reducible;

use crate::form::{Field, FieldError, Form, Section};
use crate::settings::Settings;

/// One submission: repeating it word for word with its key never makes a second case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// The `Idempotency-Key`.
    pub key: String,
    /// The JSON that is sent, frozen when the customer pressed send.
    pub body: String,
}

/// What the collector gave in return.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    pub code: String,
    pub status_url: String,
    /// RFC 3339; when somebody will have answered.
    pub first_response_due: Option<String>,
    /// Where the receipt goes to; empty where the customer left no address.
    pub email: String,
    /// Says which files did not go along; empty where all did.
    pub left: String,
}

/// Why a submission did not get through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// No answer: offline, blocked, or the server is gone.
    Network,
    /// 409, 429 and 503.
    Busy,
    /// 403: this website may not send to this site.
    Origin,
    /// 404.
    Site,
    /// 400, 413, 415, 422 about something that the form doesn't show.
    Refused,
    /// The host page's sign-in has expired.
    Identity,
    /// Any other answer.
    Server,
}

impl Reason {
    const ALL: [Reason; 7] = [
        Reason::Network,
        Reason::Busy,
        Reason::Origin,
        Reason::Site,
        Reason::Refused,
        Reason::Identity,
        Reason::Server,
    ];

    /// The reason with a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.name() == name)
    }

    /// Whether it may have been stored all the same, so that only the same attempt may be repeated; else it was refused for good.
    pub const fn is_open(self) -> bool {
        matches!(self, Reason::Network | Reason::Busy | Reason::Server)
    }

    /// The name in the page's `sayso:error` event, in the panel and in the outbox, and the stem of the texts.
    pub const fn name(self) -> &'static str {
        match self {
            Reason::Network => "network",
            Reason::Busy => "busy",
            Reason::Origin => "origin",
            Reason::Site => "site",
            Reason::Refused => "refused",
            Reason::Identity => "identity",
            Reason::Server => "server",
        }
    }
}

/// A failed submission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failure {
    pub reason: Reason,
    /// Seconds until it may be tried again.
    pub wait: u32,
}

/// What became of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    Accepted(Receipt),
    /// Not accepted yet: the outbox has it on the disk, and answers for it from now on.
    Kept,
    /// Refused because of what is in these fields.
    Invalid(Vec<FieldError>),
    Failed(Failure),
}

/// Where the customer is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Phase {
    #[default]
    Writing,
    Sending,
    Failed(Failure),
    Thanked(Receipt),
}

/// What the page asked for on opening.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OpenOptions {
    pub kind: Option<Kind>,
    pub category: Option<String>,
    pub message: Option<String>,
}

/// Everything that can happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    Open(OpenOptions),
    Settle(Settings),
    Restore(Form, Option<Attempt>),
    /// The page says who it is: fills what the customer left empty.
    Introduce {
        name: String,
        email: String,
    },
    /// The previous user has gone: nothing of theirs stays.
    Forget,
    Choose(Kind),
    Type(Field, String),
    Categorise(String),
    Rate(Field, u8),
    Consent(bool),
    Fold(Section),
    /// Other files go along than before.
    Attach,
    /// Shows what is wrong, if anything is.
    Check,
    Send(Attempt),
    /// Hands what has failed over to the outbox.
    Keep,
    Answered {
        key: String,
        answer: Answer,
    },
    /// A second has passed.
    Tick,
    Another,
}

/// The whole state.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    pub form: Form,
    pub settings: Settings,
    pub phase: Phase,
    pub errors: Vec<FieldError>,
    /// The submission whose outcome is not known for sure yet.
    pub attempt: Option<Attempt>,
    details: bool,
    contact: bool,
}

impl State {
    /// The kind that would be sent now, once there is one.
    pub fn kind(&self) -> Option<Kind> {
        self.form.kind(&self.settings)
    }

    /// What is wrong with a field, as far as it has been said to the customer.
    pub fn error(&self, field: Field) -> Option<FieldError> {
        self.errors.iter().copied().find(|(of, _)| *of == field)
    }

    /// Whether a section is folded out.
    pub fn is_open(&self, section: Section) -> bool {
        let chosen = match section {
            Section::Details => self.details,
            Section::Contact => self.contact,
        };
        chosen || self.settings.insists_on(section)
    }

    /// Whether pressing send would do something.
    pub fn can_send(&self) -> bool {
        match &self.phase {
            Phase::Writing => true,
            Phase::Failed(failure) => failure.wait == 0,
            Phase::Sending | Phase::Thanked(_) => false,
        }
    }

    /// While it is on its way, what is being sent stays as it is.
    fn is_frozen(&self) -> bool {
        matches!(self.phase, Phase::Sending | Phase::Thanked(_))
    }

    fn edit(&mut self, field: Field, change: impl FnOnce(&mut Form)) {
        if self.is_frozen() {
            return;
        }
        let before = self.form.clone();
        change(&mut self.form);
        if self.form != before {
            // Something else than what was attempted: that would be refused under the old key.
            self.attempt = None;
            let related = |of: Field| of == field || of == Field::Contact && field.section() == Some(Section::Contact);
            self.errors.retain(|(of, _)| !related(*of));
        }
    }

    fn show(&mut self, section: Section) {
        match section {
            Section::Details => self.details = true,
            Section::Contact => self.contact = true,
        }
    }

    fn refuse(&mut self, errors: Vec<FieldError>) {
        for section in errors.iter().filter_map(|(field, _)| field.section()) {
            self.show(section);
        }
        self.errors = errors;
    }

    fn open(&mut self, options: OpenOptions) {
        if matches!(self.phase, Phase::Thanked(_)) {
            self.phase = Phase::Writing;
        }
        if let Some(kind) = options.kind {
            self.choose(kind);
        }
        if let Some(category) = options.category {
            self.edit(Field::Category, |form| form.category = category);
        }
        if let Some(message) = options.message.filter(|_| self.form.text(Field::Message).trim().is_empty()) {
            self.edit(Field::Message, |form| form.set_text(Field::Message, message));
        }
    }

    fn choose(&mut self, kind: Kind) {
        let fits = self.settings.categories_of(Some(kind)).any(|category| category.key == self.form.category);
        self.edit(Field::Kind, |form| {
            form.kind = Some(kind);
            if !fits {
                form.category.clear();
            }
        });
    }

    fn answered(&mut self, answer: Answer) {
        match answer {
            Answer::Accepted(mut receipt) => {
                receipt.email = self.form.text(Field::Email).trim().to_owned();
                self.clear();
                self.phase = Phase::Thanked(receipt);
            }
            Answer::Kept => self.clear(),
            Answer::Invalid(errors) => {
                self.attempt = None;
                // What is wrong with a field that isn't on the screen can only be said as a whole.
                let hidden = errors.iter().any(|(field, _)| !self.form.asks(*field, &self.settings));
                self.phase =
                    if hidden { Phase::Failed(Failure { reason: Reason::Refused, wait: 0 }) } else { Phase::Writing };
                self.refuse(errors);
            }
            Answer::Failed(failure) => {
                if !failure.reason.is_open() {
                    self.attempt = None;
                }
                self.phase = Phase::Failed(failure);
            }
        }
    }

    fn clear(&mut self) {
        *self = Self { settings: std::mem::take(&mut self.settings), ..Self::default() };
    }

    /// Lets something happen.
    pub fn apply(&mut self, action: Action) {
        match action {
            Action::Open(options) => self.open(options),
            Action::Settle(settings) => self.settings = settings,
            Action::Restore(form, attempt) => {
                if self.form.says_nothing() && matches!(self.phase, Phase::Writing | Phase::Thanked(_)) {
                    self.phase = Phase::Writing;
                    for field in [Field::Name, Field::Email, Field::Phone] {
                        self.contact |= !form.text(field).is_empty();
                    }
                    self.form = form;
                    self.attempt = attempt;
                }
            }
            Action::Introduce { name, email } => {
                for (field, text) in [(Field::Name, name), (Field::Email, email)] {
                    if self.form.text(field).trim().is_empty() && !text.is_empty() {
                        self.edit(field, |form| form.set_text(field, text));
                    }
                }
            }
            Action::Forget => self.clear(),
            Action::Choose(kind) => self.choose(kind),
            Action::Type(field, text) => self.edit(field, |form| form.set_text(field, text)),
            Action::Categorise(key) => self.edit(Field::Category, |form| form.category = key),
            Action::Rate(field, score) => self.edit(field, |form| match field {
                Field::Importance => form.importance = score,
                _ => form.rating = score,
            }),
            Action::Consent(given) => self.edit(Field::Consent, |form| form.consent = given),
            // Under the old key, the collector would refuse it with other files.
            Action::Attach if !self.is_frozen() => self.attempt = None,
            Action::Attach => {}
            Action::Fold(Section::Details) => self.details = !self.details,
            Action::Fold(Section::Contact) => self.contact = !self.contact,
            Action::Check => {
                if self.can_send() {
                    self.refuse(self.form.faults(&self.settings));
                }
            }
            Action::Send(attempt) => {
                if self.can_send() && self.form.faults(&self.settings).is_empty() {
                    self.errors.clear();
                    self.attempt = Some(attempt);
                    self.phase = Phase::Sending;
                }
            }
            Action::Keep => {
                if matches!(self.phase, Phase::Failed(_)) && self.attempt.is_some() {
                    self.phase = Phase::Sending;
                }
            }
            Action::Answered { key, answer } => {
                let current = self.attempt.as_ref().is_some_and(|attempt| attempt.key == key);
                if self.phase == Phase::Sending && current {
                    self.answered(answer);
                }
            }
            Action::Tick => {
                if let Phase::Failed(failure) = &mut self.phase {
                    failure.wait = failure.wait.saturating_sub(1);
                }
            }
            Action::Another => {
                if matches!(self.phase, Phase::Thanked(_)) {
                    self.phase = Phase::Writing;
                }
            }
        }
    }
}

impl Reducible for State {
    type Action = Action;

    fn reduce(self: Rc<Self>, action: Action) -> Rc<Self> {
        let mut state = Rc::unwrap_or_clone(self);
        state.apply(action);
        Rc::new(state)
    }
}
