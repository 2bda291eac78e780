#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fauxforce_fuzz::rest_request(data));
