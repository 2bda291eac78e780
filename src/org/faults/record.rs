//! What a rule wants of a record, compared with what the record holds.

use super::rule::{Matching, Wanted};
use crate::dml::Attempt;
use crate::id::Id;
use crate::schema::{FieldSpec, ObjectSpec, Slot};
use crate::time;
use crate::value::Value;

impl Matching {
    /// True when a record about to be written fits, all but the method and path of its request.
    /// `operation` is the request's, which may be an upsert where the record is made or changed.
    pub fn fits_record(&self, attempt: &Attempt<'_>, operation: &str) -> bool {
        let object = attempt.object;
        self.operation.is_none_or(|own| own == attempt.verb.name() || own == operation)
            && self.object.as_ref().is_none_or(|own| object.name.eq_ignore_ascii_case(own))
            && self.soql_contains.is_none()
            && fits(&self.record, object, &|slot| attempt.value(slot))
    }
}

/// True when a record has all that is wanted of it. `value` gives what a slot will hold.
fn fits<'v>(
    wanted: &[(String, Wanted)],
    object: &ObjectSpec,
    value: &dyn Fn(Slot) -> &'v Value,
) -> bool {
    wanted.iter().all(|(name, wanted)| {
        object.field(name).is_some_and(|(slot, field)| is(wanted, field, value(slot)))
    })
}

fn is(wanted: &Wanted, field: &FieldSpec, value: &Value) -> bool {
    match (wanted, value) {
        (Wanted::Null, value) => value.is_null(),
        // An unchecked box may be an absent value.
        (Wanted::Bool(flag), Value::Bool(_) | Value::Null) => *flag == value.is_true(),
        (Wanted::Number(number), Value::Int(own)) => same(*number, *own as f64),
        (Wanted::Number(number), Value::Double(own)) => same(*number, *own),
        (Wanted::Number(number), Value::Text(own)) => {
            own.parse().is_ok_and(|own| same(*number, own))
        }
        (Wanted::Text(text), value) => is_text(text, field, value),
        _ => false,
    }
}

fn is_text(text: &str, field: &FieldSpec, value: &Value) -> bool {
    match value {
        Value::Text(own) => own == text,
        Value::Pick(code) => {
            field.picklist.as_ref().is_some_and(|list| &*list.value(*code).value == text)
        }
        Value::Id(own) => Id::parse(text).is_ok_and(|id| id == *own),
        Value::Date(day) => time::parse_date(text) == Some(*day),
        Value::DateTime(at) => time::parse_datetime(text) == Some(*at),
        Value::Time(at) => time::parse_time(text) == Some(*at),
        Value::Int(own) => text.parse().is_ok_and(|number: i64| number == *own),
        Value::Double(own) => text.parse().is_ok_and(|number| same(number, *own)),
        Value::Null | Value::Bool(_) | Value::Blob(_) => false,
    }
}

fn same(left: f64, right: f64) -> bool {
    (left - right).abs() <= f64::EPSILON * left.abs().max(right.abs())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{Features, Schema};
    use std::collections::HashMap;

    #[test]
    fn values_are_compared_as_they_are_written() {
        let schema = Schema::standard(Features::DEFAULT);
        let contact = schema.by_name("Contact").expect("Contact");
        let slot = |name: &str| contact.field(name).expect(name).0;
        let account = Id::own(*b"001", 1);
        let day = time::parse_date("1990-02-03").expect("a day");
        let values: HashMap<_, _> = [
            (slot("LastName"), Value::text("Okafor")),
            (slot("AccountId"), Value::Id(account)),
            (slot("Birthdate"), Value::Date(day)),
            (slot("LeadSource"), Value::text("Web")),
        ]
        .into();
        let null = Value::Null;
        let fits = |name: &str, wanted| {
            let value = |slot| values.get(&slot).unwrap_or(&null);
            super::fits(&[(name.to_owned(), wanted)], contact, &value)
        };
        let text = |text: &str| Wanted::Text(text.to_owned());
        assert!(fits("lastname", text("Okafor")) && !fits("LastName", text("okafor")));
        assert!(fits("AccountId", text(&account.to_string())));
        assert!(fits("AccountId", text(&account.to_string()[..15])));
        assert!(fits("Birthdate", text("1990-02-03")) && fits("LeadSource", text("Web")));
        assert!(fits("Email", Wanted::Null) && !fits("LastName", Wanted::Null));
        assert!(fits("IsDeleted", Wanted::Bool(false)) && !fits("IsDeleted", Wanted::Bool(true)));
        assert!(!fits("NoSuch__c", Wanted::Null));
    }
}
