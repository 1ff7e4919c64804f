//! The widget: the Yew application that a visitor of a company's website says it with.
//!
//! The loader (`loader/sayso.js`) and the panel (`loader/panel.js`) fetch this module when somebody is about to use it
//! and mount it into the panel's shadow root. They own the launcher, the dialog, focus and keys; this crate owns
//! the form. What crosses between the two is [`host::Host`] and the functions of [`entry`].
//!
//! Invariant: [`state`], [`form`] and [`settings`] call no browser API, so everything that decides whether a
//! customer's words survive is tested on the host.

pub mod form;
pub mod settings;
pub mod state;

pub mod app;
pub mod entry;
pub mod host;

mod api;
mod components;
mod draft;
mod js;
mod words;

/// A visitor's form needs little memory and lives briefly; the default allocator alone would be two kilobytes more.
#[cfg(target_arch = "wasm32")]
#[global_allocator]
static MEMORY: lol_alloc::LockedAllocator<lol_alloc::FreeListAllocator> =
    lol_alloc::LockedAllocator::new(lol_alloc::FreeListAllocator::new());
