//! What comes into a screen from outside of its tree: the page hands something in, the screen takes it when it is there.

use std::cell::RefCell;
use std::rc::Rc;

use yew::prelude::*;

/// A place for things that wait until a screen takes them.
#[derive(Debug)]
pub struct Mailbox<T> {
    inner: Rc<RefCell<Inner<T>>>,
}

#[derive(Debug)]
struct Inner<T> {
    waiting: Vec<T>,
    reader: Option<Callback<T>>,
}

impl<T> Clone for Mailbox<T> {
    fn clone(&self) -> Self {
        Self { inner: Rc::clone(&self.inner) }
    }
}

impl<T> PartialEq for Mailbox<T> {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.inner, &other.inner)
    }
}

impl<T> Default for Mailbox<T> {
    fn default() -> Self {
        Self { inner: Rc::new(RefCell::new(Inner { waiting: Vec::new(), reader: None })) }
    }
}

impl<T> Mailbox<T> {
    /// Puts something in.
    pub fn put(&self, thing: T) {
        let reader = self.inner.borrow().reader.clone();
        match reader {
            Some(reader) => reader.emit(thing),
            None => self.inner.borrow_mut().waiting.push(thing),
        }
    }

    fn read_by(&self, reader: Callback<T>) {
        let waiting = std::mem::take(&mut self.inner.borrow_mut().waiting);
        self.inner.borrow_mut().reader = Some(reader.clone());
        waiting.into_iter().for_each(|thing| reader.emit(thing));
    }
}

/// Lets a screen take what is put in, for as long as it is there.
#[hook]
pub fn use_mailbox<T: 'static>(mailbox: &Mailbox<T>, reader: Callback<T>) {
    let mailbox = mailbox.clone();
    use_effect_with((), move |()| {
        mailbox.read_by(reader);
        move || mailbox.inner.borrow_mut().reader = None
    });
}
