//! The application: takes what happens, keeps the state, talks to the collector.

use js_sys::Object;
use sayso_shared::Kind;
use wasm_bindgen::JsValue;
use yew::{Component, Context, Html, Properties};

use crate::components::{self, Ui, UiEvent};
use crate::form::Field;
use crate::host::Host;
use crate::settings::Settings;
use crate::state::{Action, OpenOptions, Phase, State};
use crate::words::Words;
use crate::{api, draft, js};

/// How long "copied" is shown.
const COPIED_MS: u32 = 2_500;

/// What the panel gives.
#[derive(Clone, Debug, Properties)]
pub struct Props {
    pub host: Host,
}

impl PartialEq for Props {
    // There is one host, for as long as there is a widget.
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

/// What happens to the application.
#[derive(Debug)]
pub enum Msg {
    Open(OpenOptions),
    Identify,
    Attached,
    Speak,
    Restore,
    /// The site's settings have come, as lines for [`Settings::read`].
    Settled(String),
    Tick,
    /// The customer has done something with a control.
    Did(UiEvent),
    /// It is known what has become of the attempt with this key.
    Answered(String, JsValue),
    Copied(Option<bool>),
}

/// The one component; what it shows is made by the functions of `components`.
#[derive(Debug)]
pub struct App {
    state: State,
    words: Words,
    /// Whether the last copy worked; nothing when none was asked for lately.
    copied: Option<bool>,
    /// Who gets the focus once the next rendering is on the screen.
    focus: Option<String>,
}

impl App {
    fn act(&mut self, action: Action) {
        self.state.apply(action);
    }

    fn host(ctx: &Context<Self>) -> Host {
        ctx.props().host.clone()
    }

    fn introduce(&mut self, host: &Host) {
        let identity = host.identity();
        if identity.is_object() {
            let text = |name| js::text(&identity, name).unwrap_or_default();
            self.act(Action::Introduce { name: text("name"), email: text("email") });
        }
    }

    fn restore(&mut self, host: &Host) {
        if let Some((form, attempt)) = draft::load(host) {
            self.act(Action::Restore(form, attempt));
        }
    }

    fn submit(&mut self, ctx: &Context<Self>) {
        if !self.state.can_send() {
            return;
        }
        self.act(Action::Check);
        if let Some((field, _)) = self.state.errors.first() {
            self.focus = Some(["[name=", field.name(), "]"].concat());
            return;
        }
        let host = Self::host(ctx);
        let attempt = self.state.attempt.clone().unwrap_or_else(|| api::attempt(&host, &self.state));
        self.act(Action::Send(attempt.clone()));
        self.focus = Some("#send".to_owned());
        host.send(&attempt.key, &attempt.body);
    }

    fn answered(&mut self, host: &Host, key: String, answer: &JsValue) {
        if self.state.attempt.as_ref().is_none_or(|attempt| attempt.key != key) {
            // Forgotten in the meantime.
            return;
        }
        let kind = self.state.kind();
        self.act(Action::Answered { key, answer: api::read_answer(answer) });
        let detail = Object::new();
        match &self.state.phase {
            Phase::Thanked(receipt) => {
                self.focus = Some("#thanks".to_owned());
                js::put_text(&detail, "code", &receipt.code);
                js::put_text(&detail, "status_url", &receipt.status_url);
                js::put_text(&detail, "kind", kind.map_or("", Kind::as_str));
                host.emit("submitted", &detail);
            }
            // The outbox has told the page, and shows itself.
            Phase::Writing if self.state.errors.is_empty() => {}
            phase => {
                if let Some((field, _)) = self.state.errors.first() {
                    self.focus = Some(["[name=", field.name(), "]"].concat());
                }
                self.wait(host);
                js::put(&detail, "status", &js::get(answer, "status"));
                js::put_text(&detail, "type", error_type(phase));
                host.emit("error", &detail);
            }
        }
    }

    fn did(&mut self, ctx: &Context<Self>, event: UiEvent) {
        let action = match event {
            UiEvent::Choose(kind) => Action::Choose(kind),
            UiEvent::Rate(field, score) => Action::Rate(field, score),
            UiEvent::Type(field, text) => Action::Type(field, text),
            UiEvent::Categorise(key) => Action::Categorise(key),
            UiEvent::Consent(given) => Action::Consent(given),
            UiEvent::Fold(section) => Action::Fold(section),
            UiEvent::Another => {
                self.focus = Some("h2".to_owned());
                Action::Another
            }
            UiEvent::Submit => return self.submit(ctx),
            UiEvent::Copy => return self.copy(ctx),
            UiEvent::Keep => return self.keep(ctx),
        };
        self.act(action);
    }

    /// Hands what has failed over to the outbox; where that can't take it, everything stays as it was.
    fn keep(&mut self, ctx: &Context<Self>) {
        let (Phase::Failed(failure), Some(attempt)) = (&self.state.phase, &self.state.attempt) else { return };
        ctx.props().host.later(&attempt.key, &attempt.body, failure.reason.name(), failure.wait);
        self.act(Action::Keep);
    }

    /// Counts down to the next second as long as the collector wants us to wait.
    fn wait(&self, host: &Host) {
        if matches!(&self.state.phase, Phase::Failed(failure) if failure.wait > 0) {
            host.after("tick", 1_000);
        }
    }

    fn copy(&self, ctx: &Context<Self>) {
        let text = match &self.state.phase {
            Phase::Thanked(receipt) => &receipt.code,
            _ => self.state.form.text(Field::Message),
        };
        ctx.props().host.copy(text);
    }
}

fn error_type(phase: &Phase) -> &'static str {
    match phase {
        Phase::Failed(failure) => failure.reason.name(),
        _ => "invalid",
    }
}

impl Component for App {
    type Message = Msg;
    type Properties = Props;

    fn create(ctx: &Context<Self>) -> Self {
        let host = Self::host(ctx);
        let mut app = Self { state: State::default(), words: Words::new(host.words()), copied: None, focus: None };
        app.restore(&host);
        app.introduce(&host);
        host.settings();
        app
    }

    fn update(&mut self, ctx: &Context<Self>, message: Msg) -> bool {
        let host = Self::host(ctx);
        match message {
            Msg::Open(options) => {
                self.act(Action::Open(options));
                self.introduce(&host);
            }
            Msg::Identify if host.identity().is_falsy() => self.act(Action::Forget),
            Msg::Identify => self.introduce(&host),
            Msg::Attached => self.act(Action::Attach),
            Msg::Speak => {
                self.words = Words::new(host.words());
                host.settings();
            }
            Msg::Restore => self.restore(&host),
            Msg::Settled(lines) => {
                // The site's owner may say things in other words.
                self.words = Words::new(host.words());
                self.act(Action::Settle(Settings::read(&lines)));
            }
            Msg::Tick => {
                self.act(Action::Tick);
                self.wait(&host);
            }
            Msg::Did(event) => self.did(ctx, event),
            Msg::Answered(key, answer) => self.answered(&host, key, &answer),
            Msg::Copied(copied) => {
                self.copied = copied;
                if copied.is_some() {
                    host.after("fade", COPIED_MS);
                }
                return true;
            }
        }
        draft::save(&ctx.props().host, &self.state);
        true
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        components::screen(&Ui {
            state: &self.state,
            words: &self.words,
            host: &ctx.props().host,
            copied: self.copied,
            link: ctx.link(),
        })
    }

    fn rendered(&mut self, ctx: &Context<Self>, _first: bool) {
        if let Some(selector) = self.focus.take() {
            ctx.props().host.focus(&selector);
        }
    }
}
