//! Faults: processes that are killed, disks that are full, databases that restart. Whatever happens, what was answered is there, once, and
//! what follows from it happens.
//!
//! Each test is short, unless `SAYSO_TEST_ROUND=full`, which `cargo xtask test faults` sets.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod api;
mod chance;
mod disk;
mod kills;
mod load;
mod mailbox;
mod replicas;
mod restart;
mod signed_mail;
mod stage;
