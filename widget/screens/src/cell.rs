//! A value of a component, which draws it anew when it changes: as `use_state`, but what reads it later reads what it is then, and each type costs
//! visitors a third of the bytes.

use std::cell::{Ref, RefCell};
use std::rc::Rc;

use yew::functional::UseForceUpdateHandle;
use yew::prelude::*;

/// The value.
pub struct Cell<T> {
    value: Rc<RefCell<T>>,
    update: UseForceUpdateHandle,
}

impl<T> Clone for Cell<T> {
    fn clone(&self) -> Self {
        Self { value: Rc::clone(&self.value), update: self.update.clone() }
    }
}

impl<T> Cell<T> {
    /// What it is now. Let go of before anything is set.
    pub fn get(&self) -> Ref<'_, T> {
        self.value.borrow()
    }

    /// Makes it something else.
    pub fn set(&self, value: T) {
        *self.value.borrow_mut() = value;
        self.update.force_update();
    }
}

/// A value that begins as `initial` makes it.
#[hook]
pub fn use_cell<T: 'static>(initial: impl FnOnce() -> T) -> Cell<T> {
    Cell { value: use_mut_ref(initial), update: use_force_update() }
}
