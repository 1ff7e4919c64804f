//! The program that libFuzzer drives: one target of [`sayso_tests::fuzz`], named by `SAYSO_FUZZ_TARGET`.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use sayso_tests::fuzz::Target;

static TARGET: LazyLock<&Target> = LazyLock::new(|| {
    let name = std::env::var("SAYSO_FUZZ_TARGET").expect("SAYSO_FUZZ_TARGET names a target");
    Target::named(&name).expect("there is such a target")
});

fuzz_target!(|bytes: &[u8]| (TARGET.run)(bytes));
