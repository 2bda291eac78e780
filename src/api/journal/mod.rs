//! The journal from the API's side: requests and answers become exchanges ([`record`]), exchanges
//! become JSON ([`show`]) and HAR ([`har`]) without their secrets ([`redact`]), and a [`Pattern`]
//! says which of them are meant and how the others differ.

mod har;
mod pattern;
mod record;
mod redact;
mod show;

pub use har::archive;
pub use pattern::{Pattern, Status, Times, json_tree, told};
pub(super) use record::record;
pub use show::push;
