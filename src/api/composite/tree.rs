//! `composite/tree/X`: records with their children, all or none. `reference/rest.md` §5.3.
//!
//! The trees become levels, each level groups of one type; a group's records are made together, so
//! the answer lists roots first, then children. The first group with faults ends the request: its
//! faults are the answer, and nothing is saved.

use super::super::body::{self, Member, Sent};
use super::super::reply::Reply;
use super::super::rest::{Call, Outcome};
use super::super::{json, xml};
use super::records::{self, Fields};
use super::subrequest;
use crate::dml::Transaction;
use crate::error::{Faults, OrgError};
use crate::id::Id;
use crate::schema::{ObjectId, ObjectSpec, Slot};
use crate::value::Value;
use std::collections::HashSet;
use std::sync::Arc;

/// Most records of all trees together.
const RECORDS: usize = 200;
/// Deepest tree.
const LEVELS: usize = 5;
/// Most types of records.
const TYPES: usize = 5;

/// A record of a tree.
struct Node<'b> {
    reference: String,
    object: Arc<ObjectSpec>,
    /// The record above it, and the field that points there.
    parent: Option<(usize, Slot)>,
    fields: Option<Fields<'b>>,
}

/// Creates the trees of a request.
pub(super) fn handle(call: &Call<'_>, name: &str) -> Outcome {
    let root = Arc::clone(call.object(name)?);
    let bytes = call.entry.body();
    let converted;
    let text = if subrequest::is_xml(call) && !bytes.is_empty() {
        converted = xml::tree_json(&bytes)?;
        &converted
    } else {
        subrequest::json_text(call, &bytes)?
    };
    let nodes = read(call, text, &root)?;
    let order = order(&nodes);
    let references: Vec<String> = nodes.iter().map(|node| node.reference.clone()).collect();
    let remembers = call.remembers_recent();
    let made = call.attempt(|transaction| {
        let made = create(transaction, text, nodes, &order);
        if let (Ok(ids), true) = (&made, remembers) {
            for (_, id) in ids {
                transaction.state.remember_made(call.session.user, *id);
            }
        }
        let keep = made.as_ref().is_ok_and(|ids| !ids.is_empty());
        (made, keep)
    });
    match made {
        Ok(ids) => Ok(created(&references, &ids)),
        Err(faults) => match faults
            .iter()
            .flat_map(|(_, faults)| faults)
            .find(|fault| records::is_parse_error(fault))
        {
            Some(fatal) => Err(fatal.clone().into()),
            None => Ok(refused(&references, &faults)),
        },
    }
}

/// Reads the trees, roots first, and finds the faults that refuse the request as a whole.
fn read<'b>(
    call: &Call<'_>,
    text: &'b str,
    root: &Arc<ObjectSpec>,
) -> Result<Vec<Node<'b>>, OrgError> {
    if !text.starts_with('{') {
        body::json_object(text.as_bytes())?;
    }
    let members = body::raw_members(text)?;
    let list = members.iter().find(|(name, _)| name == "records");
    let (_, list) = list.ok_or_else(|| OrgError::member_missing("records"))?;
    let mut nodes: Vec<Node<'b>> = Vec::new();
    let mut level = Vec::new();
    push_level(&mut level, list, None, root)?;
    let mut depth = 0;
    while !level.is_empty() {
        depth += 1;
        if depth > LEVELS {
            return Err(OrgError::tree_limit("levels", LEVELS));
        }
        let mut next = Vec::new();
        for (entry, parent, expected) in level {
            if nodes.len() >= RECORDS {
                return Err(OrgError::tree_limit("records", RECORDS));
            }
            let place = nodes.len();
            let mut members = body::members(text, entry)?;
            let attributes = records::take_attributes(&mut members);
            let object = typed(call, &attributes, &expected)?;
            let reference = records::attribute(&attributes, "referenceId");
            let reference = reference.ok_or_else(OrgError::tree_reference_missing)?.to_owned();
            for (list, slot, child) in take_children(call, &object, &mut members)? {
                push_level(&mut next, list, Some((place, slot)), &child)?;
            }
            let fields = Some(Fields::read(call, text, &object, members)?);
            nodes.push(Node { reference, object, parent, fields });
        }
        level = next;
    }
    let mut seen = HashSet::new();
    if !nodes.iter().all(|node| seen.insert(node.reference.as_str())) {
        return Err(OrgError::tree_reference_repeated());
    }
    let types: HashSet<ObjectId> = nodes.iter().map(|node| node.object.id).collect();
    if types.len() > TYPES {
        return Err(OrgError::tree_limit("types of records", TYPES));
    }
    Ok(nodes)
}

/// A record to be read: its text, its place in the tree, the object that it must be.
type Unread<'b> = (&'b str, Option<(usize, Slot)>, Arc<ObjectSpec>);

fn push_level<'b>(
    level: &mut Vec<Unread<'b>>,
    list: &'b str,
    parent: Option<(usize, Slot)>,
    object: &Arc<ObjectSpec>,
) -> Result<(), OrgError> {
    if !list.starts_with('[') {
        return Err(OrgError::member_misshapen("records"));
    }
    for entry in body::raw_list(list)? {
        if !entry.starts_with('{') {
            return Err(OrgError::json_deserialization("records"));
        }
        level.push((entry, parent, Arc::clone(object)));
    }
    Ok(())
}

/// The object of a record, which must be the one that its place asks for.
fn typed(
    call: &Call<'_>,
    attributes: &[Member<'_>],
    expected: &Arc<ObjectSpec>,
) -> Result<Arc<ObjectSpec>, OrgError> {
    let name = records::attribute(attributes, "type").ok_or_else(OrgError::record_type_missing)?;
    if expected.name.eq_ignore_ascii_case(name) {
        return Ok(Arc::clone(expected));
    }
    let object = records::object_of(call, name)?;
    Err(OrgError::record_type_unexpected(&object.name, &expected.name))
}

/// A list of children: its text, the field that points to the record above, and the children's object.
type Children<'b> = (&'b str, Slot, Arc<ObjectSpec>);

/// Takes the lists of children out of a record's members.
fn take_children<'b>(
    call: &Call<'_>,
    object: &ObjectSpec,
    members: &mut Vec<Member<'b>>,
) -> Result<Vec<Children<'b>>, OrgError> {
    let mut children = Vec::new();
    let mut place = 0;
    while place < members.len() {
        let Some((list, slot, child)) = children_of(call, object, &members[place])? else {
            place += 1;
            continue;
        };
        members.remove(place);
        children.push((list, slot, child));
    }
    Ok(children)
}

fn children_of<'b>(
    call: &Call<'_>,
    object: &ObjectSpec,
    member: &Member<'b>,
) -> Result<Option<Children<'b>>, OrgError> {
    let Sent::Object(inner) = &member.sent else { return Ok(None) };
    let Some(relationship) = object.child_relationship(&member.name) else { return Ok(None) };
    let list = inner.iter().find(|member| member.name == "records").map(|member| &member.sent);
    let Some(Sent::List(list)) = list else {
        return Err(OrgError::member_missing("records"));
    };
    let child = records::object_of(call, &relationship.child_object)?;
    let Some((slot, _)) = child.field(&relationship.field) else { return Ok(None) };
    Ok(Some((*list, slot, child)))
}

/// The nodes in the order in which they are made: level by level (as they were read), within a level
/// by type, types in order of their first record.
fn order(nodes: &[Node<'_>]) -> Vec<Vec<usize>> {
    let mut depths: Vec<usize> = Vec::with_capacity(nodes.len());
    let mut groups: Vec<(usize, ObjectId, Vec<usize>)> = Vec::new();
    for (place, node) in nodes.iter().enumerate() {
        let depth = node.parent.map_or(0, |(parent, _)| depths[parent] + 1);
        depths.push(depth);
        let key = (depth, node.object.id);
        match groups.iter_mut().find(|(depth, object, _)| (*depth, *object) == key) {
            Some((_, _, places)) => places.push(place),
            None => groups.push((depth, node.object.id, vec![place])),
        }
    }
    groups.into_iter().map(|(_, _, places)| places).collect()
}

/// Faults of nodes, by the nodes' places.
type Failed = Vec<(usize, Faults)>;

/// Makes all nodes: their places with their ids, or the faults of the first group that has any.
fn create(
    transaction: &mut Transaction<'_>,
    text: &str,
    mut nodes: Vec<Node<'_>>,
    order: &[Vec<usize>],
) -> Result<Vec<(usize, Id)>, Failed> {
    let mut made = Vec::with_capacity(nodes.len());
    let mut ids: Vec<Option<Id>> = vec![None; nodes.len()];
    for group in order {
        let mut failed = Vec::new();
        for place in group {
            let node = &mut nodes[*place];
            let Some(fields) = node.fields.take() else { continue };
            let object = Arc::clone(&node.object);
            let parent = node.parent.and_then(|(parent, slot)| Some((slot, ids[parent]?)));
            let inserted = fields.given(transaction, text, &object).map_err(Faults::from).and_then(
                |mut given| {
                    if let Some((slot, id)) = parent {
                        given.retain(|(own, _)| *own != slot);
                        given.push((slot, Value::Id(id)));
                    }
                    transaction.insert(&object, given)
                },
            );
            match inserted {
                Ok(id) => {
                    ids[*place] = Some(id);
                    made.push((*place, id));
                }
                Err(faults) => failed.push((*place, faults)),
            }
        }
        if !failed.is_empty() {
            return Err(failed);
        }
    }
    Ok(made)
}

fn created(references: &[String], ids: &[(usize, Id)]) -> Reply {
    let mut out = String::with_capacity(32 + ids.len() * 64);
    out.push_str("{\"hasErrors\":false,\"results\":[");
    for (at, (place, id)) in ids.iter().enumerate() {
        out.push_str(if at == 0 { "{\"referenceId\":" } else { ",{\"referenceId\":" });
        json::push_str(&mut out, &references[*place]);
        out.push_str(",\"id\":\"");
        super::super::render::push_id(&mut out, *id);
        out.push_str("\"}");
    }
    out.push_str("]}");
    Reply::json(out, xml::TREE_RESPONSE).status(201)
}

fn refused(references: &[String], faults: &[(usize, Faults)]) -> Reply {
    let mut out = String::from("{\"hasErrors\":true,\"results\":[");
    for (at, (place, faults)) in faults.iter().enumerate() {
        out.push_str(if at == 0 { "{\"referenceId\":" } else { ",{\"referenceId\":" });
        json::push_str(&mut out, &references[*place]);
        out.push_str(",\"errors\":[");
        records::push_faults(&mut out, faults);
        out.push_str("]}");
    }
    out.push_str("]}");
    Reply::json(out, xml::TREE_RESPONSE).status(400)
}
