//! The application: takes what happens, keeps the state, talks to the collector.

use std::rc::Rc;

use gloo::timers::callback::{Interval, Timeout};
use js_sys::Object;
use wasm_bindgen::JsValue;
use web_sys::Element;
use yew::functional::Reducible;
use yew::{Component, Context, Html, Properties};

use crate::components::{self, Ui};
use crate::host::Host;
use crate::settings::Settings;
use crate::state::{Action, Answer, Attempt, Phase, State, Wish};
use crate::words::Words;
use crate::{api, browser, draft, js};

/// How long "copied" is shown.
const COPIED_MS: u32 = 2_500;

/// What the panel gives.
#[derive(Clone, Debug, Properties)]
pub struct Props {
    /// The element that the form lives in.
    pub body: Element,
    pub host: Host,
}

impl PartialEq for Props {
    fn eq(&self, other: &Self) -> bool {
        self.body == other.body
    }
}

/// What happens to the application.
#[derive(Debug)]
pub enum Msg {
    Open(Wish),
    Identify,
    Speak,
    Settled(Option<Settings>),
    Act(Action),
    /// The customer pressed send.
    Submit,
    Answered(Attempt, u16, Answer),
    Copy(String),
    Copied(Option<bool>),
}

/// The one component; what it shows is made by the functions of [`components`].
#[derive(Debug)]
pub struct App {
    state: Rc<State>,
    words: Words,
    /// Whether the last copy worked; nothing when none was asked for lately.
    copied: Option<bool>,
    /// Who gets the focus once the next rendering is on the screen.
    focus: Option<String>,
    countdown: Option<Interval>,
    fading: Option<Timeout>,
}

impl App {
    fn act(&mut self, action: Action) {
        self.state = Rc::clone(&self.state).reduce(action);
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
        ctx.link().send_future(async move {
            let (status, answer) = api::send(&host, &attempt).await;
            Msg::Answered(attempt, status, answer)
        });
    }

    fn answered(&mut self, ctx: &Context<Self>, attempt: Attempt, status: u16, answer: Answer) {
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
            phase => {
                if let Phase::Failed(failure) = phase {
                    let link = ctx.link().clone();
                    let tick = move || link.send_message(Msg::Act(Action::Tick));
                    self.countdown = (failure.wait > 0).then(|| Interval::new(1_000, tick));
                } else if let Some((field, _)) = self.state.errors.first() {
                    self.focus = Some(["[name=", field.name(), "]"].concat());
                }
                js::put(&detail, "status", &JsValue::from(status));
                js::put_text(&detail, "type", error_type(phase));
                ctx.props().host.emit("error", &detail);
            }
        }
    }

    fn copy(ctx: &Context<Self>, text: String) {
        let body = ctx.props().body.clone();
        ctx.link().send_future(async move { Msg::Copied(Some(browser::copy(&body, &text).await)) });
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
        let mut app = Self {
            state: Rc::default(),
            words: Words::new(host.words(), host.lang()),
            copied: None,
            focus: None,
            countdown: None,
            fading: None,
        };
        if let Some((form, attempt)) = draft::load(&host) {
            app.act(Action::Restore(form, attempt));
        }
        app.introduce(&host);
        ctx.link().send_future(async move { Msg::Settled(api::settings(&host).await) });
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
            Msg::Speak => self.words = Words::new(host.words(), host.lang()),
            Msg::Settled(settings) => {
                if let Some(settings) = settings {
                    self.act(Action::Settle(settings));
                }
            }
            Msg::Act(action) => {
                if action == Action::Another {
                    self.focus = Some("#message".to_owned());
                }
                self.act(action);
            }
            Msg::Submit => self.submit(ctx),
            Msg::Answered(attempt, status, answer) => self.answered(ctx, attempt, status, answer),
            Msg::Copy(text) => {
                Self::copy(ctx, text);
                return false;
            }
            Msg::Copied(copied) => {
                self.copied = copied;
                let link = ctx.link().clone();
                let fade = move || link.send_message(Msg::Copied(None));
                self.fading = copied.map(|_| Timeout::new(COPIED_MS, fade));
                return true;
            }
        }
        if !matches!(&self.state.phase, Phase::Failed(failure) if failure.wait > 0) {
            self.countdown = None;
        }
        draft::save(&host, &self.state);
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
            browser::focus(&ctx.props().body, &selector);
        }
    }
}
