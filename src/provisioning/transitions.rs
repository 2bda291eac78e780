//! The State of a `UserProvisioningRequest`: an API write takes only the steps that a real org takes,
//! as strictly as the settings say. The org itself takes any step.

use crate::error::provisioning::state_warning;
use crate::error::{Faults, OrgError};
use crate::objects::Saving;
use crate::store::{Draft, StateMode};
use crate::value::Value;

/// The States in which a request may begin when the org is strict.
const INITIAL: [&str; 4] = ["New", "Requested", "Collecting", "Analyzing"];

/// Checks the State of a request that an API caller writes.
pub fn check(
    saving: &Saving<'_>,
    draft: &mut Draft,
    warnings: &mut Vec<String>,
) -> Result<(), Faults> {
    let settings = &saving.state.settings;
    let mode = settings.state_mode;
    let Some((slot, field)) = saving.object.field("state") else { return Ok(()) };
    if saving.system || mode == StateMode::Off {
        return Ok(());
    }
    let name = |value: &Value| match value {
        Value::Pick(code) => field.picklist.as_ref().map(|list| &*list.value(*code).value),
        _ => None,
    };
    let Some(to) = name(draft.get(slot)) else { return Ok(()) };
    let Some(before) = saving.before else {
        let begins = mode != StateMode::Strict || INITIAL.contains(&to);
        return if begins { Ok(()) } else { Err(OrgError::initial_state(to).into()) };
    };
    let step =
        name(before.get(slot)).and_then(|from| Some((from, settings.transitions.step(from, to)?)));
    let Some((from, step)) = step else { return Ok(()) };
    if !mode.takes(step) {
        return Err(OrgError::state_transition(from, to, &step.reason).into());
    }
    if mode == StateMode::Warn && !StateMode::Enforce.takes(step) {
        let warning = state_warning(from, to, &step.reason);
        tracing::warn!("{warning}");
        warnings.push(warning);
    }
    Ok(())
}
