//! Records of collections and trees: what they give, read before the lock where that is possible, and
//! what became of each.

use super::super::body::{Member, Sent};
use super::super::rest::Call;
use super::super::{json, record, render};
use crate::dml::{Given, Transaction};
use crate::error::{Faults, OrgError};
use crate::id::Id;
use crate::schema::{Lookup, ObjectSpec};
use std::sync::Arc;

/// The fields of a record.
#[derive(Debug)]
pub(super) enum Fields<'b> {
    /// Read already.
    Ready(Result<Given, OrgError>),
    /// Parents named by external id: they may be records of the same request, so they are looked for
    /// when the record's turn comes.
    Deferred(Vec<Member<'b>>),
}

impl<'b> Fields<'b> {
    /// Reads what can be read. A value that no field of its kind could hold refuses the request as a
    /// whole: the real parser stops there.
    pub(super) fn read(
        call: &Call<'_>,
        text: &'b str,
        object: &Arc<ObjectSpec>,
        members: Vec<Member<'b>>,
    ) -> Result<Fields<'b>, OrgError> {
        if members.iter().any(|member| matches!(member.sent, Sent::Object(_))) {
            return Ok(Fields::Deferred(members));
        }
        let indexes = &call.entry.org.indexes;
        let source = record::Source { body: text, state: &call.state, indexes };
        match record::given(&source, object, &members, None) {
            Err(error) if is_parse_error(&error) => Err(error),
            given => Ok(Fields::Ready(given)),
        }
    }

    /// The fields as saving takes them.
    pub(super) fn given(
        self,
        transaction: &Transaction<'_>,
        text: &str,
        object: &Arc<ObjectSpec>,
    ) -> Result<Given, OrgError> {
        match self {
            Fields::Ready(given) => given,
            Fields::Deferred(members) => {
                let (state, indexes) = (&transaction.state, transaction.indexes);
                record::given(
                    &record::Source { body: text, state, indexes },
                    object,
                    &members,
                    None,
                )
            }
        }
    }
}

/// True for faults that the real parser reports for the request as a whole.
pub(super) fn is_parse_error(error: &OrgError) -> bool {
    error.code == "JSON_PARSER_ERROR"
}

/// The object of a record's type.
pub(super) fn object_of(call: &Call<'_>, name: &str) -> Result<Arc<ObjectSpec>, OrgError> {
    match call.state.schema.lookup(name) {
        Lookup::Object(object) => Ok(Arc::clone(object)),
        Lookup::KnownElsewhere(name) => Err(OrgError::object_not_emulated(name)),
        Lookup::Unknown => Err(OrgError::record_type_unknown(name)),
    }
}

/// A scalar of a record's `attributes`; takes the whole member out of the record.
pub(super) fn take_attributes<'b>(members: &mut Vec<Member<'b>>) -> Vec<Member<'b>> {
    let place = members.iter().position(|member| member.name == "attributes");
    match place.map(|place| members.remove(place).sent) {
        Some(Sent::Object(attributes)) => attributes,
        _ => Vec::new(),
    }
}

/// The text of one attribute.
pub(super) fn attribute<'m>(attributes: &'m [Member<'_>], name: &str) -> Option<&'m str> {
    let found = attributes.iter().find(|member| member.name == name)?;
    match &found.sent {
        Sent::Scalar(scalar) => Some(scalar.shown()).filter(|text| !text.is_empty()),
        _ => None,
    }
}

/// What became of one record.
#[derive(Clone, Debug, Default)]
pub(super) struct Saved {
    /// Its id, where the answer shows it.
    pub(super) id: Option<Id>,
    /// Upserts say whether they made it.
    pub(super) created: Option<bool>,
    /// Why it was not saved.
    pub(super) faults: Faults,
}

impl Saved {
    /// Appends `{"id":…,"success":…,"errors":[…],"created":…}`.
    pub(super) fn push(&self, out: &mut String) {
        out.push('{');
        if let Some(id) = self.id {
            out.push_str("\"id\":\"");
            render::push_id(out, id);
            out.push_str("\",");
        }
        out.push_str("\"success\":");
        json::push_bool(out, self.faults.is_empty());
        out.push_str(",\"errors\":[");
        push_faults(out, &self.faults);
        out.push(']');
        if let Some(created) = self.created {
            out.push_str(",\"created\":");
            json::push_bool(out, created);
        }
        out.push('}');
    }
}

/// Appends faults as records show them: `statusCode`, and `fields` always.
pub(in crate::api) fn push_faults(out: &mut String, faults: &[OrgError]) {
    for (place, fault) in faults.iter().enumerate() {
        out.push_str(if place == 0 { "{\"statusCode\":" } else { ",{\"statusCode\":" });
        json::push_str(out, &fault.code);
        out.push_str(",\"message\":");
        json::push_str(out, &fault.message);
        out.push_str(",\"fields\":[");
        for (place, field) in fault.fields.iter().flatten().enumerate() {
            if place > 0 {
                out.push(',');
            }
            json::push_str(out, field);
        }
        out.push_str("]}");
    }
}
