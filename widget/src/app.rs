//! The application: takes what happens, keeps the state, talks to the collector.

use std::pin::Pin;

use js_sys::Object;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;
use yew::{Component, Context, Html, Properties};

use crate::components::{self, Deed, Ui};
use crate::form::Field;
use crate::host::Host;
use crate::js::Control;
use crate::settings::Settings;
use crate::state::{Action, Answer, Attempt, Phase, State, Wish};
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
    Open(Wish),
    Identify,
    Speak,
    Restore,
    Settled(Settings),
    Tick,
    /// The customer has done something with a control.
    Did(Deed, Control),
    Answered(Attempt, u16, Answer),
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

    /// Boxed, so that the machinery around futures is compiled once.
    fn later(ctx: &Context<Self>, message: impl Future<Output = Msg> + 'static) {
        let message: Pin<Box<dyn Future<Output = Msg>>> = Box::pin(message);
        ctx.link().send_future(message);
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
        Self::later(ctx, async move {
            let (status, answer) = api::send(&host, &attempt).await;
            Msg::Answered(attempt, status, answer)
        });
    }

    fn answered(&mut self, ctx: &Context<Self>, attempt: Attempt, status: u16, answer: Answer) {
        if self.state.attempt.as_ref() != Some(&attempt) {
            // Forgotten in the meantime.
            return;
        }
        let kind = self.state.kind();
        self.act(Action::Answered { key: attempt.key, answer });
        let detail = Object::new();
        match &self.state.phase {
            Phase::Thanked(receipt) => {
                self.focus = Some("#thanks".to_owned());
                js::put_text(&detail, "code", &receipt.code);
                js::put_text(&detail, "status_url", &receipt.status_url);
                js::put_text(&detail, "kind", kind.as_str());
                ctx.props().host.emit("submitted", &detail);
            }
            // The outbox has told the page, and shows itself.
            Phase::Writing if self.state.errors.is_empty() => {}
            phase => {
                if let Some((field, _)) = self.state.errors.first() {
                    self.focus = Some(["[name=", field.name(), "]"].concat());
                }
                self.wait(&ctx.props().host);
                js::put(&detail, "status", &JsValue::from(status));
                js::put_text(&detail, "type", error_type(phase));
                ctx.props().host.emit("error", &detail);
            }
        }
    }

    fn did(&mut self, ctx: &Context<Self>, deed: Deed, control: &Control) {
        let action = match deed {
            Deed::Choose(kind) => Action::Choose(kind),
            Deed::Rate(field, score) => Action::Rate(field, score),
            Deed::Type(field) => Action::Type(field, control.value()),
            // The choice of no category has a blank as its value.
            Deed::Categorise => Action::Categorise(control.value().trim().to_owned()),
            Deed::Consent => Action::Consent(control.checked()),
            Deed::Fold(section) => Action::Fold(section),
            Deed::Another => {
                self.focus = Some("#message".to_owned());
                Action::Another
            }
            Deed::Submit => return self.submit(ctx),
            Deed::Copy => return self.copy(ctx),
            Deed::Keep => return self.keep(ctx),
        };
        self.act(action);
    }

    fn keep(&mut self, ctx: &Context<Self>) {
        let (Phase::Failed(failure), Some(attempt)) = (&self.state.phase, &self.state.attempt) else { return };
        let (failure, attempt, host) = (*failure, attempt.clone(), Self::host(ctx));
        self.act(Action::Keep);
        Self::later(ctx, async move {
            let answer = api::keep(&host, &attempt, failure).await;
            Msg::Answered(attempt, 0, answer)
        });
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
        let copying = JsFuture::from(ctx.props().host.copy(text));
        Self::later(ctx, async move { Msg::Copied(Some(copying.await.is_ok_and(|copied| copied.is_truthy()))) });
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
        host.style(include_str!(concat!(env!("OUT_DIR"), "/widget.css")));
        let mut app = Self { state: State::default(), words: Words::new(host.words()), copied: None, focus: None };
        app.restore(&host);
        app.introduce(&host);
        Self::later(ctx, async move { Msg::Settled(api::settings(&host).await) });
        app
    }

    fn update(&mut self, ctx: &Context<Self>, message: Msg) -> bool {
        let host = Self::host(ctx);
        match message {
            Msg::Open(wish) => {
                self.act(Action::Open(wish));
                self.introduce(&host);
                self.focus = Some("#message".to_owned());
            }
            Msg::Identify if host.identity().is_falsy() => self.act(Action::Forget),
            Msg::Identify => self.introduce(&host),
            Msg::Speak => {
                self.words = Words::new(host.words());
                Self::later(ctx, async move { Msg::Settled(api::settings(&host).await) });
            }
            Msg::Restore => self.restore(&host),
            Msg::Settled(settings) => self.act(Action::Settle(settings)),
            Msg::Tick => {
                self.act(Action::Tick);
                self.wait(&host);
            }
            Msg::Did(deed, control) => self.did(ctx, deed, &control),
            Msg::Answered(attempt, status, answer) => self.answered(ctx, attempt, status, answer),
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
