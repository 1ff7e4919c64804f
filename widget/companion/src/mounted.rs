//! A screen that is on the page once, and what comes into it from outside.

use std::cell::{Cell, RefCell};

use sayso_screens::mailbox::Mailbox;
use web_sys::Element;
use yew::{AppHandle, BaseComponent};

/// A screen with its props and its mailbox, or nothing yet.
pub struct Mounted<Screen: BaseComponent, News> {
    there: RefCell<Option<(AppHandle<Screen>, Screen::Properties)>>,
    mailbox: Cell<Option<Mailbox<News>>>,
}

impl<Screen, News> Mounted<Screen, News>
where
    Screen: BaseComponent,
    Screen::Properties: Clone,
{
    /// A screen that is not there yet.
    pub const fn new() -> Self {
        Self { there: RefCell::new(None), mailbox: Cell::new(None) }
    }

    /// Its mailbox, which keeps what comes before the screen does.
    pub fn mailbox(&self) -> Mailbox<News> {
        let mailbox = self.mailbox.take().unwrap_or_default();
        self.mailbox.set(Some(mailbox.clone()));
        mailbox
    }

    /// Whether it is there.
    pub fn is_there(&self) -> bool {
        self.there.borrow().is_some()
    }

    /// Puts it into an element, unless it is there already.
    pub fn mount(&self, root: Element, props: Screen::Properties) {
        if !self.is_there() {
            let handle = yew::Renderer::<Screen>::with_root_and_props(root, props.clone()).render();
            *self.there.borrow_mut() = Some((handle, props));
        }
    }

    /// Changes its props.
    pub fn update(&self, change: impl FnOnce(&mut Screen::Properties)) {
        if let Some((handle, props)) = &mut *self.there.borrow_mut() {
            change(props);
            handle.update(props.clone());
        }
    }

    /// Takes it away.
    pub fn unmount(&self) {
        self.mailbox.set(None);
        if let Some((handle, _)) = self.there.take() {
            handle.destroy();
        }
    }
}
