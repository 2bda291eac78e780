//! The org's clock: shown, set, moved on, or run with the system's.

use super::body::{self, of_problem};
use super::{Answer, Call};
use crate::clock::{Clock, Millis};
use crate::error::ControlError;
use crate::org::Org;
use crate::time;

/// `{"now","mode"}`.
pub(super) fn show(call: &Call<'_>, org: &Org) -> String {
    let mut now = String::with_capacity(24);
    time::write_datetime_z(&mut now, org.now(call.now));
    let mode = match org.read().clock {
        Clock::Real { .. } => "real",
        Clock::Virtual { .. } => "virtual",
    };
    format!("{{\"now\":\"{now}\",\"mode\":\"{mode}\"}}")
}

/// Changes the clock as the body says.
pub(super) fn set(call: &Call<'_>, org: &Org) -> Answer {
    let node = body::tree(call.request)?;
    let known = ["now", "advance", "mode"];
    body::check_keys(&node, &known)?;
    let given: Vec<_> = known.into_iter().filter_map(|key| Some((key, node.get(key)?))).collect();
    let [(key, value)] = given[..] else {
        return Err(ControlError::invalid("give one of now, advance and mode"));
    };
    let text = value.text().map_err(|problem| of_problem(&problem))?;
    let invalid = |message: &str| ControlError::invalid(message).at(key);
    let now = org.now(call.now);
    let clock = match (key, text) {
        ("now", text) => {
            let at = time::parse_rfc3339(text);
            let at = at.ok_or_else(|| invalid("must be an RFC 3339 instant"))?;
            if at < now {
                return Err(invalid("is earlier than now, and clocks never run backwards"));
            }
            Clock::Virtual { now: at }
        }
        ("advance", text) => {
            let by = time::parse_duration(text);
            let by = by.ok_or_else(|| invalid("must be a duration such as PT2H"))?;
            let moved = advanced(org.read().clock, by);
            moved.ok_or_else(|| invalid("goes beyond the end of time"))?
        }
        (_, "real") => Clock::Real { offset: (now - call.now).max(0) },
        (_, "virtual") => Clock::Virtual { now },
        _ => return Err(invalid("must be real or virtual")),
    };
    let changed: Result<(), ControlError> = org.change(|state| {
        state.clock = clock;
        Ok(())
    });
    changed?;
    // What the move made due runs now, in order.
    org.run_due(org.now(call.now));
    Ok((200, show(call, org)))
}

/// Runs all background work to its end.
pub(super) fn drain(call: &Call<'_>, org: &Org) -> Answer {
    let drained = org.drain(call.now);
    let mut now = String::with_capacity(24);
    time::write_datetime_z(&mut now, drained.now);
    Ok((200, format!("{{\"ran\":{},\"now\":\"{now}\"}}", drained.ran)))
}

/// The last instant that is shown with four digits of year.
const END: Millis = 253_402_300_799_999;

/// The clock, moved on.
fn advanced(mut clock: Clock, by: Millis) -> Option<Clock> {
    let now = match clock {
        Clock::Real { offset } => offset,
        Clock::Virtual { now } => now,
    };
    (now.checked_add(by)? <= END && clock.advance(by)).then_some(clock)
}
