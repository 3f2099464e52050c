#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| duolog_fuzz::recovery::run(input));
