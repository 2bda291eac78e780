#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fauxforce_fuzz::sosl_parse(data));
