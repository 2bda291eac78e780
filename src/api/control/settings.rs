//! The org's settings: shown, and merged as RFC 7396 says.

use super::body::{self, of_problem};
use super::{Answer, Call};
use crate::org::Org;
use crate::scenario::settings::{Change, Of, to_json};

/// All settings.
pub(super) fn show(org: &Org) -> String {
    to_json(&org.read())
}

/// Changes those that the body names; `null` puts one back to its usual value.
pub(super) fn merge(call: &Call<'_>, org: &Org) -> Answer {
    let node = body::tree(call.request)?;
    let change = Change::read(&node, Of::Settings).map_err(|problem| of_problem(&problem))?;
    let now = org.now(call.now);
    org.change(|state| change.apply(state, &org.indexes, now))
        .map_err(|problem| of_problem(&problem))?;
    Ok((200, show(org)))
}
