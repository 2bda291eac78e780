//! Tasks and events: what their status and times entail.

use super::{FollowUp, Saving};
use crate::error::Faults;
use crate::store::Draft;
use crate::time;
use crate::value::Value;

/// Derives a task's closedness and an event's day and end.
pub(super) fn save(saving: &Saving<'_>, draft: &mut Draft) -> Result<Vec<FollowUp>, Faults> {
    if &*saving.object.name == "Task" {
        let closed =
            saving.text(draft, "Status").is_some_and(|s| s.eq_ignore_ascii_case("Completed"));
        saving.set(draft, "IsClosed", Value::Bool(closed));
        let high = saving.text(draft, "Priority").is_some_and(|p| p.eq_ignore_ascii_case("High"));
        saving.set(draft, "IsHighPriority", Value::Bool(high));
        return Ok(Vec::new());
    }
    let start = saving.value(draft, "ActivityDateTime").as_datetime();
    let Some(start) = start.or_else(|| saving.value(draft, "StartDateTime").as_datetime()) else {
        return Ok(Vec::new());
    };
    saving.set(draft, "ActivityDateTime", Value::DateTime(start));
    saving.set(draft, "StartDateTime", Value::DateTime(start));
    saving.set(draft, "ActivityDate", Value::Date(time::day_of(start)));
    let minutes = match *saving.value(draft, "DurationInMinutes") {
        Value::Int(minutes) => Some(minutes),
        _ => None,
    };
    match (minutes, saving.value(draft, "EndDateTime").as_datetime()) {
        (Some(minutes), _) => {
            saving.set(draft, "EndDateTime", Value::DateTime(start + minutes * 60_000));
        }
        (None, Some(end)) => {
            saving.set(draft, "DurationInMinutes", Value::Int((end - start) / 60_000));
        }
        (None, None) => {}
    }
    Ok(Vec::new())
}
