//! `composite/sobjects`: up to 200 records in one call, each with an outcome of its own.
//! `reference/rest.md` §5.4.
//!
//! body → records with their types → faults of the request as a whole → fields, as far as they can be
//! read before the lock → one transaction, in which every record is saved or left out by itself →
//! one result a record. With `allOrNone` one failure drops the transaction.

use super::super::body::{self, Member, Scalar, Sent};
use super::super::http::Method;
use super::super::render;
use super::super::reply::Reply;
use super::super::rest::{Call, Outcome, rows};
use super::records::{self, Fields, Saved};
use super::subrequest::{self, is_true};
use crate::dml::{Matched, Transaction};
use crate::error::{Faults, OrgError};
use crate::id::{Id, IdError};
use crate::schema::{ObjectSpec, Slot};
use crate::store::RowNum;
use std::collections::HashSet;
use std::sync::Arc;

/// Most records that one call writes.
const RECORDS: usize = 200;
/// Most records that one call reads.
const READ: usize = 2000;
/// Most runs of records of one type.
const CHUNKS: usize = 10;

/// `/composite/sobjects{/…}`.
pub(super) fn handle(call: &Call<'_>, path: &[&str]) -> Outcome {
    match path {
        [] => match call.method {
            Method::Post => write(call, Operation::Create),
            Method::Patch => write(call, Operation::Update),
            Method::Delete => delete(call),
            _ => call.only("POST,PATCH,DELETE"),
        },
        [name] => match call.method {
            Method::Get | Method::Head => {
                let ids = call.params.get("ids");
                let ids = ids.ok_or_else(|| OrgError::collection_parameter_missing("ids"))?;
                let fields = call.params.get("fields");
                let fields =
                    fields.ok_or_else(|| OrgError::collection_parameter_missing("fields"))?;
                let ids: Vec<&str> = split(ids).collect();
                retrieve(call, name, &ids, fields)
            }
            Method::Post => retrieve_by_body(call, name),
            _ => call.only("HEAD,GET,POST"),
        },
        [name, field] if call.version >= 46 => {
            if call.method != Method::Patch {
                return call.only("PATCH");
            }
            let object = Arc::clone(call.object(name)?);
            let found = object.field(field).filter(|(slot, field)| {
                field.external_id || field.id_lookup || *slot == object.system.id
            });
            let (slot, _) = found.ok_or_else(|| OrgError::external_id_not_accessible(field))?;
            write(call, Operation::Upsert(&object, slot))
        }
        _ => Err(OrgError::not_found().into()),
    }
}

fn split(list: &str) -> impl Iterator<Item = &str> {
    list.split(',').map(str::trim).filter(|part| !part.is_empty())
}

/// What is done with each record.
#[derive(Clone, Copy)]
enum Operation<'o> {
    Create,
    Update,
    /// By the field in a slot.
    Upsert(&'o Arc<ObjectSpec>, Slot),
}

/// A record about to be saved.
struct Record<'b> {
    object: Arc<ObjectSpec>,
    /// What it gives as `Id`; `None` for nothing and for null.
    id: Option<Scalar<'b>>,
    fields: Fields<'b>,
}

fn write(call: &Call<'_>, operation: Operation<'_>) -> Outcome {
    let bytes = call.entry.body();
    let text = subrequest::json_text(call, &bytes)?;
    let (records, all_or_none) = read(call, text, operation)?;
    let mut seen = HashSet::new();
    let saved = save(call, all_or_none, records, |transaction, record| {
        let object = &record.object;
        match operation {
            Operation::Create => create(transaction, text, record),
            Operation::Update => update(transaction, text, record),
            Operation::Upsert(_, slot) if slot == object.system.id => match record.id {
                None => create(transaction, text, record).created(true),
                Some(_) => update(transaction, text, record).created(false),
            },
            Operation::Upsert(_, slot) => upsert(transaction, text, record, slot, &mut seen),
        }
    })?;
    Ok(answer(&saved))
}

/// Reads `{"allOrNone":…,"records":[…]}`, and finds the faults that refuse it as a whole.
fn read<'b>(
    call: &Call<'_>,
    text: &'b str,
    operation: Operation<'_>,
) -> Result<(Vec<Record<'b>>, bool), OrgError> {
    let (list, all_or_none) = records_of(text)?;
    let entries = body::raw_list(list)?;
    if entries.len() > RECORDS {
        return Err(OrgError::too_many_records(RECORDS));
    }
    let mut chunks = 0;
    let mut records: Vec<Record<'b>> = Vec::with_capacity(entries.len());
    for entry in entries {
        if !entry.starts_with('{') {
            return Err(OrgError::json_deserialization("records"));
        }
        let mut members = body::members(text, entry)?;
        let attributes = records::take_attributes(&mut members);
        let name =
            records::attribute(&attributes, "type").ok_or_else(OrgError::record_type_missing)?;
        let object = match records.last() {
            // Runs of one type are the usual case.
            Some(last) if last.object.name.eq_ignore_ascii_case(name) => Arc::clone(&last.object),
            _ => records::object_of(call, name)?,
        };
        if records.last().is_none_or(|last| last.object.id != object.id) {
            chunks += 1;
        }
        if let Operation::Upsert(expected, _) = operation
            && expected.id != object.id
        {
            return Err(OrgError::record_type_unexpected(name, &expected.name));
        }
        let id = take_id(&mut members);
        let fields = Fields::read(call, text, &object, members)?;
        records.push(Record { object, id, fields });
    }
    if chunks > CHUNKS {
        return Err(OrgError::too_many_chunks(CHUNKS));
    }
    Ok((records, all_or_none))
}

/// The text of `records`, and `allOrNone`.
fn records_of(text: &str) -> Result<(&str, bool), OrgError> {
    if !text.starts_with('{') {
        body::json_object(text.as_bytes())?;
    }
    let (mut list, mut all_or_none) = (None, false);
    for (name, value) in body::raw_members(text)? {
        match &*name {
            "records" => list = Some(value),
            "allOrNone" => all_or_none = is_true(value),
            _ => {}
        }
    }
    let list = list.ok_or_else(|| OrgError::member_missing("records"))?;
    if list.starts_with('[') { Ok((list, all_or_none)) } else { Err(misshapen("records")) }
}

fn misshapen(name: &str) -> OrgError {
    OrgError::member_misshapen(name)
}

/// Takes the id out of a record's members.
fn take_id<'b>(members: &mut Vec<Member<'b>>) -> Option<Scalar<'b>> {
    let place = members.iter().position(|member| member.name.eq_ignore_ascii_case("Id"))?;
    match members.remove(place).sent {
        Sent::Scalar(Scalar::Null) => None,
        Sent::Scalar(Scalar::Text(text)) if text.is_empty() => None,
        Sent::Scalar(scalar) => Some(scalar),
        _ => Some(Scalar::Null),
    }
}

/// What came of one record inside the transaction.
struct Tried {
    outcome: Result<Id, Faults>,
    /// Upserts say whether the record is new.
    created: Option<bool>,
    /// The id that the answer shows although the record was undone: it was there before.
    known: Option<Id>,
}

impl Tried {
    fn new(outcome: Result<Id, Faults>) -> Tried {
        Tried { outcome, created: None, known: None }
    }

    fn created(self, created: bool) -> Tried {
        Tried { created: Some(created), ..self }
    }

    /// The record was there before.
    fn known(self) -> Tried {
        Tried { known: self.outcome.as_ref().ok().copied(), ..self }
    }
}

/// Saves records one after another in one transaction. Each success is a commit of its own, as if the
/// records had come one by one.
fn save<R>(
    call: &Call<'_>,
    all_or_none: bool,
    records: Vec<R>,
    mut one: impl FnMut(&mut Transaction<'_>, R) -> Tried,
) -> Result<Vec<Saved>, Faults> {
    let remembers = call.remembers_recent();
    let tried = call.attempt(|transaction| {
        let mut tried = Vec::with_capacity(records.len());
        let (mut saved, mut fatal) = (0, None);
        for record in records {
            let result = one(transaction, record);
            match &result.outcome {
                Ok(id) => {
                    let is_new = result.known.is_none() && result.created != Some(false);
                    if remembers && is_new {
                        transaction.state.remember_made(call.session.user, *id);
                    }
                    saved += 1;
                    transaction.state.commit += 1;
                }
                Err(faults) if faults.iter().any(records::is_parse_error) => {
                    fatal = Some(faults.clone());
                    break;
                }
                Err(_) => {}
            }
            tried.push(result);
        }
        // The commit after the last success was not used.
        transaction.state.commit -= 1;
        let failed = saved < tried.len();
        let keep = fatal.is_none() && saved > 0 && !(failed && all_or_none);
        (fatal.map_or(Ok((tried, failed)), Err), keep)
    });
    let (tried, failed) = tried?;
    if let (true, Some(unit)) = (failed, call.unit) {
        unit.spoil();
    }
    Ok(tried.into_iter().map(|tried| result(tried, failed && all_or_none)).collect())
}

fn result(tried: Tried, undone: bool) -> Saved {
    let Tried { outcome, created, known } = tried;
    match outcome {
        Ok(_) if undone => {
            Saved { id: known, created, faults: OrgError::rolled_back_record().into() }
        }
        Ok(id) => Saved { id: Some(id), created, faults: Faults::new() },
        Err(faults) => Saved { id: None, created, faults },
    }
}

fn answer(saved: &[Saved]) -> Reply {
    let mut out = String::with_capacity(2 + saved.len() * 64);
    out.push('[');
    for (place, saved) in saved.iter().enumerate() {
        if place > 0 {
            out.push(',');
        }
        saved.push(&mut out);
    }
    out.push(']');
    Reply::json(out, "Results")
}

fn create(transaction: &mut Transaction<'_>, text: &str, record: Record<'_>) -> Tried {
    if record.id.is_some() {
        return Tried::new(Err(OrgError::id_in_insert().into()));
    }
    let given = record.fields.given(transaction, text, &record.object);
    Tried::new(
        given.map_err(Faults::from).and_then(|given| transaction.insert(&record.object, given)),
    )
}

fn update(transaction: &mut Transaction<'_>, text: &str, record: Record<'_>) -> Tried {
    let Record { object, id, fields } = record;
    let run = || {
        let id = id.as_ref().ok_or_else(OrgError::id_missing_in_update)?;
        let malformed = || OrgError::malformed_id(object.id_label(), id.shown(), "Id");
        let id = Id::parse(id.shown()).map_err(|_| malformed())?;
        if id.prefix() != object.key_prefix {
            return Err(malformed().into());
        }
        let number = live(transaction, &object, id)?;
        let given = fields.given(transaction, text, &object)?;
        transaction.update(&object, number, given)?;
        Ok(id)
    };
    let outcome = run();
    Tried::new(outcome).known()
}

/// The number of a live row, or why there is none.
fn live(transaction: &Transaction<'_>, object: &ObjectSpec, id: Id) -> Result<RowNum, OrgError> {
    match transaction.state.row(object, id) {
        Some((number, row)) if !row.is_deleted() => Ok(number),
        Some(_) => Err(OrgError::entity_is_deleted()),
        None => Err(OrgError::invalid_cross_reference()),
    }
}

fn upsert(
    transaction: &mut Transaction<'_>,
    text: &str,
    record: Record<'_>,
    slot: Slot,
    seen: &mut HashSet<String>,
) -> Tried {
    let Record { object, id, fields } = record;
    let field = object.at(slot);
    let failed = |error: OrgError| Tried::new(Err(error.into())).created(false);
    if id.is_some() {
        return failed(OrgError::field_in_body("Id"));
    }
    let mut given = match fields.given(transaction, text, &object) {
        Ok(given) => given,
        Err(error) => return failed(error),
    };
    let value = given.iter().rev().find(|(own, _)| *own == slot).map(|(_, value)| value.clone());
    let Some(value) = value.filter(|value| !value.is_null()) else {
        return failed(OrgError::external_id_missing(&field.name));
    };
    let mut shown = String::new();
    render::push_plain(&mut shown, field.kind, field.picklist.as_deref(), &value);
    let shown = shown.trim_matches('"').to_owned();
    let key = if field.case_sensitive { shown.clone() } else { shown.to_lowercase() };
    if !seen.insert(key) {
        return failed(OrgError::external_id_repeated(&field.name, &shown));
    }
    let state = &transaction.state;
    match Matched::find(state, transaction.indexes, &object, (slot, field), &value) {
        Matched::None => Tried::new(transaction.insert(&object, given)).created(true),
        Matched::One(number) => {
            given.retain(|(own, _)| *own != slot);
            let updated = transaction.update(&object, number, given).and_then(|()| {
                let row = transaction.state.table(object.id).get(number);
                let id = row.and_then(|row| row.id(object.system.id));
                Ok(id.ok_or_else(OrgError::not_found)?)
            });
            Tried::new(updated).known().created(false)
        }
        Matched::Many(numbers) => {
            let table = state.table(object.id);
            let ids = numbers.iter().filter_map(|number| table.get(*number)?.id(object.system.id));
            let ids: Vec<String> = ids.map(|id| id.to_string()).collect();
            failed(OrgError::external_id_ambiguous(&field.name, &ids))
        }
    }
}

/// `DELETE ?ids=…&allOrNone=…`: rows of any types.
fn delete(call: &Call<'_>) -> Outcome {
    let ids = call.params.get("ids");
    let ids = ids.ok_or_else(|| OrgError::collection_parameter_missing("ids"))?;
    let ids: Vec<&str> = split(ids).collect();
    if ids.len() > RECORDS {
        return Err(OrgError::too_many_records(RECORDS).into());
    }
    let prefixes: Vec<&str> = ids.iter().map(|id| id.get(..3).unwrap_or_default()).collect();
    let chunks = prefixes.chunk_by(|left, right| left == right).count();
    if chunks > CHUNKS {
        return Err(OrgError::too_many_chunks(CHUNKS).into());
    }
    let all_or_none = call.params.get("allOrNone").is_some_and(is_true);
    let saved = save(call, all_or_none, ids, |transaction, text| {
        let mut run = || {
            let malformed = |_: IdError| OrgError::malformed_delete_id(text);
            let id = Id::parse(text).map_err(malformed)?;
            let object = transaction.state.schema.by_prefix(id.prefix());
            let object = object.ok_or_else(|| OrgError::malformed_delete_id(text))?;
            let object = Arc::clone(transaction.state.schema.object(object));
            let number = live(transaction, &object, id)?;
            transaction.delete(&object, number)?;
            Ok(id)
        };
        Tried::new(run()).known()
    })?;
    Ok(answer(&saved))
}

/// `POST /composite/sobjects/X` with `{"ids":[…],"fields":[…]}`.
fn retrieve_by_body(call: &Call<'_>, name: &str) -> Outcome {
    call.object(name)?;
    let bytes = call.entry.body();
    let text = subrequest::json_text(call, &bytes)?;
    if !text.starts_with('{') {
        body::json_object(text.as_bytes())?;
    }
    let (mut ids, mut fields) = (None, None);
    for (name, value) in body::raw_members(text)? {
        match &*name {
            "ids" => ids = Some(texts("ids", value)?),
            "fields" => fields = Some(texts("fields", value)?),
            _ => {}
        }
    }
    let missing = OrgError::collection_parameter_missing;
    let ids = ids.ok_or_else(|| missing("ids"))?;
    let fields = fields.ok_or_else(|| missing("fields"))?;
    let ids: Vec<&str> = ids.iter().map(AsRef::as_ref).collect();
    retrieve(call, name, &ids, &fields.join(","))
}

/// A list of strings.
fn texts<'b>(name: &str, list: &'b str) -> Result<Vec<std::borrow::Cow<'b, str>>, OrgError> {
    if !list.starts_with('[') {
        return Err(misshapen(name));
    }
    body::raw_list(list)?.into_iter().map(|entry| subrequest::string(name, entry)).collect()
}

/// The rows of ids, in their order; null for those that are not to be had.
fn retrieve(call: &Call<'_>, name: &str, ids: &[&str], fields: &str) -> Outcome {
    let object = call.object(name)?;
    if ids.len() > READ {
        return Err(OrgError::too_many_records(READ).into());
    }
    let slots = rows::fields(object, fields)?;
    let mut out = String::with_capacity(2 + ids.len() * 256);
    out.push('[');
    for (place, id) in ids.iter().enumerate() {
        if place > 0 {
            out.push(',');
        }
        let row = Id::parse(id).ok().and_then(|id| call.state.live_row(object, id));
        match row {
            Some((_, row)) => render::push_row_fields(&mut out, object, row, &slots, call.version),
            None => out.push_str("null"),
        }
    }
    out.push(']');
    Ok(Reply::json(out, "records"))
}
