//! Runs of user provisioning: started, cancelled, aborted.

use super::super::json;
use super::{Answer, Call};
use crate::dml::Actor;
use crate::error::{ControlError, Faults, OrgError};
use crate::id::Id;
use crate::org::Org;
use crate::provisioning::employees::{self, Refused, Stop};

/// "Run User Provisioning": queues a run and answers `{"processId"}`.
pub(super) fn run(call: &Call<'_>, org: &Org) -> Answer {
    let process = org.write(actor(call, org), employees::start);
    let process = process.map_err(|faults| match faults.first() {
        Some(fault) => ControlError::no_provisioning(fault),
        None => ControlError::of_faults(&faults),
    })?;
    Ok((202, process_json(process, None)))
}

/// Stops a run: cancels one that waits, aborts one that works.
pub(super) fn stop(call: &Call<'_>, org: &Org, process: &str, how: Stop) -> Answer {
    let unknown = || ControlError::no_such_process(process);
    let id = Id::parse(process).map_err(|_| unknown())?;
    let (status, asked, instead) = match how {
        Stop::Cancel => ("Cancelled", "cancelled", "abort"),
        Stop::Abort => ("Aborted", "aborted", "cancel"),
    };
    let mut refused = None;
    let stopped = org.write(actor(call, org), |transaction| {
        employees::stop(transaction, id, how).map_err(|why| {
            refused = Some(why);
            Faults::from(OrgError::not_found())
        })
    });
    match (stopped, refused) {
        (Ok(()), _) => Ok((200, process_json(id, Some(status)))),
        (_, Some(Refused::Status(status))) => {
            let under_way = matches!(&*status, "Queued" | "Initializing" | "Processing");
            Err(ControlError::wrong_stage(&status, asked, under_way.then_some(instead)))
        }
        _ => Err(unknown()),
    }
}

fn actor(call: &Call<'_>, org: &Org) -> Actor {
    Actor { user: org.credentials.user_id, now: org.now(call.now), system: false }
}

fn process_json(process: Id, status: Option<&str>) -> String {
    let mut out = String::from("{\"processId\":");
    json::push_str(&mut out, &process.to_string());
    if let Some(status) = status {
        out.push_str(",\"status\":");
        json::push_str(&mut out, status);
    }
    out.push('}');
    out
}
