//! `/process/rules…`, `/process/approvals` and `/actions…`: approvals of provisioning requests, and
//! the action that submits one. `reference/rest.md` §6. Rules there are none; the other standard
//! actions are listed as real orgs list them, and refused loudly when they are run.

use super::super::body::{self, Member, Scalar, Sent};
use super::super::keys::Keys;
use super::super::render;
use super::super::reply::Reply;
use super::{Call, Outcome};
use crate::api::composite::push_faults;
use crate::api::http::Method;
use crate::error::{Faults, OrgError};
use crate::id::Id;
use crate::provisioning::approvals::{self, Decision, Processed, Submission};
use std::borrow::Cow;
use std::fmt::Write as _;

/// Most process requests of a call.
const MOST: usize = 200;

/// `/process/rules…` and `/process/approvals`.
pub fn process(call: &Call<'_>, path: &[&str]) -> Outcome {
    let reads = call.reads();
    let posts = call.method == Method::Post;
    let fixed = |text: &str, root: &'static str| Ok(Reply::json(text.to_owned(), root));
    match path {
        ["rules"] if reads => fixed("{\"rules\":{}}", "rules"),
        // No rule matches: nothing is to be done.
        ["rules", ..] if posts => fixed("{\"errors\":null,\"success\":true}", "Result"),
        ["rules", object] if reads => {
            call.object(object)?;
            fixed("{\"rules\":{}}", "rules")
        }
        ["rules"] | ["rules", _] => call.only("HEAD,GET,POST"),
        ["approvals"] if reads => Ok(list(call)),
        ["approvals"] if posts => approve(call),
        ["approvals"] => call.only("HEAD,GET,POST"),
        _ => Err(OrgError::not_found().into()),
    }
}

/// The approval processes, by object.
fn list(call: &Call<'_>) -> Reply {
    let mut out = String::from("{\"approvals\":{");
    if let Some(id) = approvals::process(&call.state) {
        out.push_str("\"UserProvisioningRequest\":[");
        let mut keys = Keys::open(&mut out);
        keys.raw("description", "null");
        keys.text("id", id.as_15());
        keys.text("name", approvals::PROCESS.0);
        keys.text("object", "UserProvisioningRequest");
        keys.number("sortOrder", 1);
        keys.close();
        out.push(']');
    }
    out.push_str("}}");
    Reply::json(out, "approvals")
}

/// Carries out process requests, each by itself: those that succeed stay when others fail.
fn approve(call: &Call<'_>) -> Outcome {
    let bytes = call.entry.body();
    let members = body::json_object(&bytes)?;
    let requests = list_of(&members, "requests")?;
    let mut out = String::from("[");
    let mut hint = None;
    for (place, request) in requests.iter().enumerate() {
        let members = body::members(request, request)?;
        let done = one(call, &members);
        if place > 0 {
            out.push(',');
        }
        push_result(&mut out, text(&members, "contextId").as_deref(), &done);
        if let Err(faults) = &done {
            spoil(call);
            hint = hint.or_else(|| faults.first().and_then(|fault| fault.hint.clone()));
        }
    }
    out.push(']');
    let reply = Reply::json(out, "ProcessResult");
    Ok(match hint {
        Some(hint) => reply.with("X-Fauxforce-Hint", super::super::reply::header_text(&hint)),
        None => reply,
    })
}

/// Says that a part of the call failed although it is answered as a success.
fn spoil(call: &Call<'_>) {
    if let Some(unit) = call.unit {
        unit.spoil();
    }
}

/// The items of a member that must be a list of objects.
fn list_of<'b>(members: &[Member<'b>], name: &str) -> Result<Vec<&'b str>, Faults> {
    let sent = members.iter().find(|member| member.name == name).map(|member| &member.sent);
    let Some(Sent::List(list)) = sent else {
        return Err(OrgError::required_missing(&[name]).into());
    };
    let items: Vec<&str> = super::parameterized::items(list);
    if items.len() > MOST {
        return Err(OrgError::too_many_approvals(MOST).into());
    }
    Ok(items)
}

fn text<'m>(members: &'m [Member<'_>], name: &str) -> Option<Cow<'m, str>> {
    match &members.iter().find(|member| member.name == name)?.sent {
        Sent::Scalar(Scalar::Null) => None,
        Sent::Scalar(scalar) => Some(Cow::Borrowed(scalar.shown())),
        _ => None,
    }
}

/// A reference that may be left out.
fn reference(members: &[Member<'_>], name: &str) -> Result<Option<Id>, Faults> {
    let Some(text) = text(members, name) else { return Ok(None) };
    let id = Id::parse(&text).map_err(|_| OrgError::malformed_id(name, &text, name))?;
    Ok(Some(id))
}

/// A reference that must be there.
fn needed(members: &[Member<'_>], name: &str) -> Result<Id, Faults> {
    reference(members, name)?.ok_or_else(|| OrgError::required_missing(&[name]).into())
}

/// The first of `nextApproverIds`, a list or one id.
fn approver(members: &[Member<'_>]) -> Result<Option<Id>, Faults> {
    let name = "nextApproverIds";
    match members.iter().find(|member| member.name == name).map(|member| &member.sent) {
        Some(Sent::List(list)) => {
            let Some(first) = super::parameterized::items(list).into_iter().next() else {
                return Ok(None);
            };
            let first = first.trim_matches('"');
            let id = Id::parse(first).map_err(|_| OrgError::malformed_id(name, first, name))?;
            Ok(Some(id))
        }
        _ => reference(members, name),
    }
}

fn one(call: &Call<'_>, members: &[Member<'_>]) -> Result<Processed, Faults> {
    let action = text(members, "actionType");
    let action = action.ok_or_else(|| OrgError::required_missing(&["actionType"]))?;
    let decision = match action.to_ascii_lowercase().as_str() {
        "submit" => None,
        "approve" => Some(Decision::Approve),
        "reject" => Some(Decision::Reject),
        _ => return Err(OrgError::no_such_approval_action(&action).into()),
    };
    let subject = needed(members, "contextId")?;
    let comments = text(members, "comments");
    match decision {
        Some(decision) => call.write(|transaction| {
            approvals::decide(transaction, subject, decision, comments.as_deref())
        }),
        None => submit(call, members, subject, "contextActorId", comments.as_deref()),
    }
}

fn submit(
    call: &Call<'_>,
    members: &[Member<'_>],
    subject: Id,
    submitter: &str,
    comments: Option<&str>,
) -> Result<Processed, Faults> {
    let process = text(members, "processDefinitionNameOrId");
    let with = Submission {
        approver: approver(members)?,
        submitter: reference(members, submitter)?,
        process: process.as_deref(),
        comments,
    };
    call.write(|transaction| approvals::submit(transaction, subject, &with))
}

fn push_ids(out: &mut String, ids: &[Id]) {
    out.push('[');
    for (place, id) in ids.iter().enumerate() {
        out.push_str(if place == 0 { "\"" } else { ",\"" });
        render::push_id(out, *id);
        out.push('"');
    }
    out.push(']');
}

/// Appends what the results of both resources say of a record that was processed.
fn push_processed(keys: &mut Keys<'_>, done: &Processed) {
    match done.actors.as_slice() {
        [] => keys.raw("actorIds", "null"),
        actors => push_ids(keys.key("actorIds"), actors),
    }
    keys.text("entityId", &done.entity.to_string());
}

/// Appends `{"actorIds","entityId","errors","instanceId","instanceStatus","newWorkitemIds","success"}`.
fn push_result(out: &mut String, context: Option<&str>, done: &Result<Processed, Faults>) {
    let mut keys = Keys::open(out);
    match done {
        Ok(done) => {
            push_processed(&mut keys, done);
            keys.raw("errors", "null");
            keys.text("instanceId", &done.instance.to_string());
            keys.text("instanceStatus", done.status);
            push_ids(keys.key("newWorkitemIds"), &done.items);
        }
        Err(faults) => {
            keys.raw("actorIds", "null");
            let entity = context.and_then(|id| Id::parse(id).ok()).map(|id| id.to_string());
            keys.optional("entityId", entity.as_deref());
            let errors = keys.key("errors");
            errors.push('[');
            push_faults(errors, faults);
            errors.push(']');
            keys.raw("instanceId", "null");
            keys.raw("instanceStatus", "null");
            keys.raw("newWorkitemIds", "null");
        }
    }
    keys.flag("success", done.is_ok());
    keys.close();
}

/// Standard actions that every org lists: name, label, type.
const STANDARD: [(&str, &str, &str); 3] = [
    ("chatterPost", "Post to Chatter", "CHATTERPOST"),
    ("emailSimple", "Send Email", "EMAILSIMPLE"),
    ("submit", "Submit for Approval", "SUBMITAPPROVAL"),
];

/// Kinds of custom actions.
const CUSTOM: [&str; 5] = ["quickAction", "apex", "emailAlert", "flow", "sendNotification"];

/// `/actions…`: lists, and `submit`. To describe or run another action is refused.
pub fn actions(call: &Call<'_>, path: &[&str]) -> Outcome {
    let base = |out: &mut String| {
        let _ = write!(out, "/services/data/v{}.0/actions/", call.version);
    };
    let mut out = String::with_capacity(512);
    match path {
        ["standard", "submit"] if call.method == Method::Post => return submit_action(call),
        ["standard", name] if STANDARD.iter().any(|(own, ..)| own == name) => {
            let what = ["actions/standard/", name].concat();
            return Err(OrgError::resource_not_emulated(&what).into());
        }
        [] | ["standard"] if !call.reads() => return call.only("HEAD,GET"),
        ["custom"] if !call.reads() => return call.only("HEAD,GET"),
        ["custom", kind] if CUSTOM.contains(kind) && !call.reads() => return call.only("HEAD,GET"),
        [] => links(&mut out, &["standard", "custom"], base),
        ["custom"] => links(&mut out, &CUSTOM, |out| {
            base(out);
            out.push_str("custom/");
        }),
        ["custom", kind] if CUSTOM.contains(kind) => out.push_str("{\"actions\":[]}"),
        ["standard"] => {
            out.push_str("{\"actions\":[");
            for (place, (name, label, kind)) in STANDARD.into_iter().enumerate() {
                if place > 0 {
                    out.push(',');
                }
                let mut keys = Keys::open(&mut out);
                keys.text("label", label);
                keys.text("name", name);
                keys.text("type", kind);
                let url = keys.key("url");
                url.push('"');
                base(url);
                url.push_str("standard/");
                url.push_str(name);
                url.push('"');
                keys.close();
            }
            out.push_str("]}");
        }
        _ => return Err(OrgError::not_found().into()),
    }
    Ok(Reply::json(out, "actions"))
}

/// `POST /actions/standard/submit`: submits records for approval, each by itself.
fn submit_action(call: &Call<'_>) -> Outcome {
    let bytes = call.entry.body();
    let members = body::json_object(&bytes)?;
    let inputs = list_of(&members, "inputs")?;
    let mut out = String::from("[");
    for (place, input) in inputs.iter().enumerate() {
        let members = body::members(input, input)?;
        let comments = text(&members, "comment");
        let done = needed(&members, "objectId").and_then(|subject| {
            submit(call, &members, subject, "submitterId", comments.as_deref())
        });
        if place > 0 {
            out.push(',');
        }
        let mut keys = Keys::open(&mut out);
        keys.text("actionName", "submit");
        match &done {
            Ok(done) => {
                keys.raw("errors", "null");
                keys.flag("isSuccess", true);
                let mut values = keys.object("outputValues");
                push_processed(&mut values, done);
                values.text("instanceId", &done.instance.to_string());
                values.text("instanceStatus", done.status);
                push_ids(values.key("newWorkitemIds"), &done.items);
                values.close();
            }
            Err(faults) => {
                spoil(call);
                let errors = keys.key("errors");
                errors.push('[');
                push_faults(errors, faults);
                errors.push(']');
                keys.flag("isSuccess", false);
                keys.raw("outputValues", "null");
            }
        }
        keys.close();
    }
    out.push(']');
    Ok(Reply::json(out, "actions"))
}

/// Appends `{"name":"url",…}`.
fn links(out: &mut String, names: &[&str], base: impl Fn(&mut String)) {
    let mut keys = Keys::open(out);
    for name in names {
        let url = keys.key(name);
        url.push('"');
        base(url);
        url.push_str(name);
        url.push('"');
    }
    keys.close();
}
