//! What the org and its targets sent, or would have sent.

use super::super::{concur, doc_text};
use super::Call;
use crate::org::Org;
use crate::store::Doc;

/// All of it, oldest first.
pub(super) fn list(call: &Call<'_>, org: &Org) -> String {
    let items = concur::outbox(org, org.now(call.now));
    doc_text::text(&Doc::object().with("items", items))
}
