//! What Salesforce's metadata catalog (`EntityDefinition`, `FieldDefinition`, …) takes of SOQL: the
//! Tooling API guide, "SOQL Operation Limitations", and recorded errors.

use super::group::makes_groups;
use super::names::Scope;
use super::select::Depth;
use crate::error::OrgError;
use crate::schema::Derived;
use crate::soql::ast::{
    Comparison, Condition, Field, LiteralValue, Operand, Query, Select, SelectItem,
};

/// Checks a select from an object of the catalog.
pub(super) fn check(scope: &Scope<'_>, query: &Query, depth: Depth) -> Result<(), OrgError> {
    let groups = match &query.select {
        Select::Count(_) => true,
        Select::Items(items) => items.iter().any(|item: &SelectItem| makes_groups(item)),
    };
    if groups || query.group_by.is_some() {
        return Err(OrgError::catalog_operation());
    }
    if let Some(condition) = &query.filter {
        plain(condition)?;
    }
    let wanted: &[&str] = match scope.object.derived {
        Some(Derived::Fields) => &["EntityDefinitionId", "DurableId"],
        Some(Derived::Particles) => &["EntityDefinitionId", "FieldDefinitionId", "DurableId"],
        Some(Derived::PicklistValues) => &["EntityParticleId", "DurableId"],
        _ => return Ok(()),
    };
    // The rows of a sub-select are those of one parent.
    if depth.depth > 0 || query.filter.as_ref().is_some_and(|filter| names_one(filter, wanted)) {
        return Ok(());
    }
    Err(OrgError::catalog_filter_missing(&scope.object.name, wanted))
}

/// The catalog takes conditions joined by AND, and in them no negation.
fn plain(condition: &Condition) -> Result<(), OrgError> {
    match condition {
        Condition::And(parts) => parts.iter().try_for_each(plain),
        Condition::Or(_) => Err(OrgError::catalog_disjunction()),
        Condition::Not(_)
        | Condition::In { negated: true, .. }
        | Condition::InQuery { negated: true, .. } => Err(OrgError::catalog_equals_only()),
        Condition::Compare { operator, .. } if *operator != Comparison::Equal => {
            Err(OrgError::catalog_equals_only())
        }
        Condition::Includes { .. } => Err(OrgError::catalog_filter_type()),
        Condition::InQuery { .. } => Err(OrgError::catalog_operation()),
        Condition::Compare { .. } | Condition::Like { .. } | Condition::In { .. } => Ok(()),
    }
}

/// True when one of the conditions is about a field that says which rows there are: the field itself,
/// or something of the parent that it names.
fn names_one(condition: &Condition, wanted: &[&str]) -> bool {
    let field = match condition {
        Condition::And(parts) => return parts.iter().any(|part| names_one(part, wanted)),
        Condition::Compare { left: Operand::Field(field), value, .. }
            if value.value != LiteralValue::Null =>
        {
            field
        }
        Condition::In { field, .. } => field,
        _ => return false,
    };
    let Field::Path(name) = field else { return false };
    let mut segments = name.segments().peekable();
    std::iter::from_fn(|| segments.next()).any(|segment| {
        wanted.iter().any(|own| {
            let parent = own.strip_suffix("Id").unwrap_or(own);
            segment.eq_ignore_ascii_case(own) || segment.eq_ignore_ascii_case(parent)
        })
    })
}
