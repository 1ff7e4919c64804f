//! Elements, made by function calls. `html!` writes the construction of every element out in full, which for this form
//! is ten kilobytes that each visitor would download.

use std::rc::Rc;

use sayso_shared::Kind;
use wasm_bindgen::JsCast;
use yew::html::Scope;
use yew::virtual_dom::{AttributeOrProperty, Attributes, Listener, ListenerKind, VTag, VText};
use yew::{AttrValue, Html};

use super::Ui;
use crate::app::{App, Msg};
use crate::form::{Field, Section};

/// The names of attributes, and their values at this moment.
pub type With<'a> = (&'static [&'static str], &'a [&'a str]);

/// `with!["id" => name, "type" => "text"]`: the attributes of an element.
macro_rules! with {
    ($($name:literal => $value:expr),* $(,)?) => { (&[$($name),*] as &[&'static str], &[$($value as &str),*] as &[&str]) };
}
pub(super) use with;

/// An element. An attribute with an empty value is left out. Children that are not there must keep their place
/// ([`none`]), so that the others keep their elements, and with them focus and selection.
pub fn el(name: &'static str, with: With, children: Vec<Html>) -> Html {
    tag(name, with, children).into()
}

/// The same, to be given a value or a listener.
pub fn tag(name: &'static str, (keys, values): With, children: Vec<Html>) -> VTag {
    let mut tag = VTag::new(AttrValue::Static(name));
    let value = |value: &&str| {
        (!value.is_empty()).then(|| AttributeOrProperty::Attribute(AttrValue::from((*value).to_owned())))
    };
    tag.set_attributes(Attributes::Dynamic { keys, values: values.iter().map(value).collect() });
    if !children.is_empty() {
        tag.add_children(children);
    }
    tag
}

/// An element with nothing but a text in it.
pub fn says(name: &'static str, with: With, text: AttrValue) -> Html {
    el(name, with, vec![plain(text)])
}

/// A text.
pub fn plain(text: AttrValue) -> Html {
    VText::new(text).into()
}

/// The place of something that is not there at the moment.
pub fn none() -> Html {
    Html::default()
}

/// `"true"`, or nothing.
pub const fn flag(on: Option<()>) -> &'static str {
    if on.is_some() { "true" } else { "" }
}

/// What an event asks for.
#[derive(Clone, Copy, Debug)]
pub enum UiEvent {
    Choose(Kind),
    Rate(Field, u8),
    /// Takes over what was typed.
    Type(Field),
    Categorise,
    Consent,
    Fold(Section),
    Submit,
    Another,
    /// Copies what is at stake: the code, or before there is one, the text.
    Copy,
    /// Leaves what has failed to the outbox.
    Keep,
}

/// Lets an element do something. One kind of listener serves all, because each would be compiled on its own.
pub fn on(ui: &Ui, mut tag: VTag, event: UiEvent) -> Html {
    tag.add_listener(Rc::new(On { link: ui.link.clone(), event }));
    tag.into()
}

struct On {
    link: Scope<App>,
    event: UiEvent,
}

impl Listener for On {
    fn kind(&self) -> ListenerKind {
        match self.event {
            UiEvent::Submit => ListenerKind::onsubmit,
            UiEvent::Fold(_) | UiEvent::Another | UiEvent::Copy | UiEvent::Keep => ListenerKind::onclick,
            _ => ListenerKind::oninput,
        }
    }

    fn handle(&self, event: yew::Event) {
        if matches!(self.event, UiEvent::Submit) {
            event.prevent_default();
        }
        if let Some(control) = event.target() {
            self.link.send_message(Msg::Did(self.event, control.unchecked_into()));
        }
    }

    fn passive(&self) -> bool {
        false
    }
}
