#![no_main]

#[path = "../../tests/support/readers.rs"]
#[allow(dead_code)]
mod readers;

libfuzzer_sys::fuzz_target!(
    // The fuzzer ends the program at every panic. Those of the crate parquet are caught and become sentences: only what
    // leaves the reader counts.
    init: std::panic::set_hook(Box::new(|panic| eprintln!("{panic}"))),
    |bytes: &[u8]| readers::statistics(bytes)
);
