//! The journal from the API's side: requests and answers become exchanges ([`record`]), exchanges
//! become JSON ([`show`]) and HAR ([`har`]) without their secrets ([`redact`]), and a [`Pattern`]
//! says which of them are meant and how the others differ.

mod record;

pub(super) use record::record;
