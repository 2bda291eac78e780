//! Errors of queries that parse but mean nothing in this org: `reference/soql.md` §4.
//!
//! A text that is about one name is shown under the line of the query, with the caret at the name;
//! `query` is the query's text and `at` the name's byte offset. The others stand alone.

use super::{OrgError, snippet};

const INVALID_FIELD: &str = "INVALID_FIELD";
const INVALID_TYPE: &str = "INVALID_TYPE";
const MALFORMED_QUERY: &str = "MALFORMED_QUERY";
const EXTERNAL_OBJECT: &str = "EXTERNAL_OBJECT_UNSUPPORTED_EXCEPTION";
const INVALID_OPERATOR: &str = "INVALID_QUERY_FILTER_OPERATOR";

fn placed(code: &'static str, query: &str, at: usize, text: &str) -> OrgError {
    let placed = snippet::semantic(query, at, text);
    let mut error = OrgError::general(400, code, placed.message);
    error.0.position = Some(placed.position);
    error
}

fn bare(code: &'static str, text: impl Into<String>) -> OrgError {
    OrgError::general(400, code, text.into())
}

/// Names.
impl OrgError {
    /// A field that the object lacks.
    pub fn no_such_column_in_query(query: &str, at: usize, name: &str, object: &str) -> OrgError {
        let text = format!(
            "No such column '{name}' on entity '{object}'. If you are attempting to use a custom \
             field, be sure to append the '__c' after the custom field name. Please reference your \
             WSDL or the describe call for the appropriate names."
        );
        placed(INVALID_FIELD, query, at, &text)
    }

    /// An object that nobody knows.
    pub fn no_such_object_in_query(query: &str, at: usize, name: &str) -> OrgError {
        let text = format!(
            "sObject type '{name}' is not supported. If you are attempting to use a custom object, \
             be sure to append the '__c' after the entity name. Please reference your WSDL or the \
             describe call for the appropriate names."
        );
        placed(INVALID_TYPE, query, at, &text)
    }

    /// An object that cannot be queried.
    pub fn not_queryable(object: &str) -> OrgError {
        bare(INVALID_TYPE, format!("sObject type '{object}' is not supported."))
    }

    /// A step of a field path that is no relationship to a parent.
    pub fn no_such_relationship(query: &str, at: usize, name: &str) -> OrgError {
        let text = format!(
            "Didn't understand relationship '{name}' in field path. If you are attempting to use a \
             custom relationship, be sure to append the '__r' after the custom relationship name. \
             Please reference your WSDL or the describe call for the appropriate names."
        );
        placed(INVALID_FIELD, query, at, &text)
    }

    /// The `FROM` of a sub-select that is no relationship to children.
    pub fn no_such_child_relationship(query: &str, at: usize, name: &str) -> OrgError {
        let text = format!(
            "Didn't understand relationship '{name}' in FROM part of query call. If you are \
             attempting to use a custom relationship, be sure to append the '__r' after the custom \
             relationship name. Please reference your WSDL or the describe call for the \
             appropriate names."
        );
        placed(INVALID_TYPE, query, at, &text)
    }

    /// A second object in `FROM` that is no relationship of the first.
    pub fn second_driving_object(object: &str) -> OrgError {
        let text = format!(
            "A driving SObject type has already been set, all other entity types in the FROM \
             clause must be relationships to the initial object.  The driving object is {object}"
        );
        bare(MALFORMED_QUERY, text)
    }

    /// A path of more than five steps. The text is unverified.
    pub fn path_too_long(query: &str, at: usize) -> OrgError {
        let text = "SOQL relationship paths can have at most 5 levels";
        placed(INVALID_FIELD, query, at, text)
    }

    /// Too many of something in one query. The texts are unverified.
    pub fn too_many_in_query(what: &str, limit: usize) -> OrgError {
        bare(MALFORMED_QUERY, format!("a query may have at most {limit} {what}"))
    }

    /// The same field selected twice.
    pub fn duplicate_field(query: &str, at: usize, name: &str) -> OrgError {
        placed(INVALID_FIELD, query, at, &format!("duplicate field selected: {name}"))
    }

    /// The same alias given twice.
    pub fn duplicate_alias(query: &str, at: usize, name: &str) -> OrgError {
        placed(MALFORMED_QUERY, query, at, &format!("duplicate alias: {name}"))
    }
}

/// Filters.
impl OrgError {
    /// A field that may not stand in WHERE.
    pub fn not_filterable(query: &str, at: usize, field: &str) -> OrgError {
        let text = format!("field '{field}' can not be filtered in a query call");
        placed(INVALID_FIELD, query, at, &text)
    }

    /// A compound field (`Address`, `Location`) compared with something.
    pub fn distance_only(query: &str, at: usize, kind: &str) -> OrgError {
        let text = format!("{kind} fields can only be filtered using Distance expressions");
        placed(INVALID_FIELD, query, at, &text)
    }

    /// An operator that a type does not take. `kind` is the type's name in the message.
    pub fn invalid_operator(query: &str, at: usize, kind: &str) -> OrgError {
        placed(INVALID_OPERATOR, query, at, &format!("invalid operator on {kind} field"))
    }

    /// A text compared with an id that is no id.
    pub fn invalid_id_in_query(query: &str, at: usize, value: &str) -> OrgError {
        placed(INVALID_OPERATOR, query, at, &format!("invalid ID field: {value}"))
    }

    /// A literal of another type than the field. `kind` is the type's name in the message.
    pub fn wrong_literal(
        query: &str,
        at: usize,
        field: &str,
        kind: &str,
        quoted: bool,
    ) -> OrgError {
        let not = if quoted { "" } else { "not " };
        let text = format!(
            "value of filter criterion for field '{field}' must be of type {kind} and should \
             {not}be enclosed in quotes"
        );
        placed(INVALID_FIELD, query, at, &text)
    }

    /// `LIKE ''`.
    pub fn invalid_like(query: &str, at: usize, value: &str) -> OrgError {
        placed(INVALID_OPERATOR, query, at, &format!("invalid LIKE value: {value}"))
    }

    /// `Amount + Discount > 5`: parses, and no org takes it. The text is unverified.
    pub fn arithmetic(query: &str, at: usize) -> OrgError {
        placed(MALFORMED_QUERY, query, at, "arithmetic is not supported in a query call")
    }

    /// A date outside of 1700 to 4000, or none at all. `kind` is `date` or `datetime`.
    pub fn invalid_date_in_query(query: &str, at: usize, kind: &str, value: &str) -> OrgError {
        placed(MALFORMED_QUERY, query, at, &format!("Invalid {kind}: {value}"))
    }
}

/// Semi-joins.
impl OrgError {
    /// A semi-join under OR.
    pub fn semi_join_under_or() -> OrgError {
        let text = "Semi join sub-selects are not allowed with the 'OR' operator";
        bare(MALFORMED_QUERY, text)
    }

    /// A semi-join under NOT. The text is that of OR, unverified.
    pub fn semi_join_under_not() -> OrgError {
        let text = "Semi join sub-selects are not allowed with the 'NOT' operator";
        bare(MALFORMED_QUERY, text)
    }

    /// A semi-join below the top level of WHERE.
    pub fn semi_join_nested_in_where() -> OrgError {
        let text = "Semi join sub-selects are only allowed at the top level WHERE expressions and \
                    not in nested WHERE expressions.";
        bare(MALFORMED_QUERY, text)
    }

    /// A semi-join in a semi-join.
    pub fn semi_join_in_semi_join() -> OrgError {
        bare(MALFORMED_QUERY, "Nesting of semi join sub-selects is not supported")
    }

    /// A semi-join in HAVING. The text is unverified.
    pub fn semi_join_in_having() -> OrgError {
        bare(MALFORMED_QUERY, "Semi join sub-selects are not allowed in the HAVING clause")
    }

    /// More than two semi-joins.
    pub fn too_many_semi_joins() -> OrgError {
        bare(MALFORMED_QUERY, "Maximum 2 semi join sub-selects are allowed")
    }

    /// A semi-join over the object that is queried.
    pub fn semi_join_on_itself() -> OrgError {
        bare(MALFORMED_QUERY, "The inner and outer selects should not be on the same object type")
    }

    /// The left side of a semi-join that is no id.
    pub fn semi_join_left(query: &str, at: usize, field: &str) -> OrgError {
        let text = format!(
            "The left operand field in the where expression for outer query should be an id \
             field, cannot use: '{field}'"
        );
        placed(MALFORMED_QUERY, query, at, &text)
    }

    /// The selected field of a semi-join that is no id.
    pub fn semi_join_right(query: &str, at: usize, field: &str) -> OrgError {
        let text = format!("Semi join sub-selects can only query id fields, cannot use: '{field}'");
        placed(MALFORMED_QUERY, query, at, &text)
    }

    /// The two sides of a semi-join are ids of different objects.
    pub fn semi_join_types(inner: &str, outer: &str) -> OrgError {
        let text = format!(
            "The selected field '{inner}' in the subquery and the left operand field in the where \
             expression in the outer query '{outer}' should point to the same object type"
        );
        bare(MALFORMED_QUERY, text)
    }

    /// An object that may not stand in a semi-join.
    pub fn semi_join_object(object: &str) -> OrgError {
        let text = format!("Entity '{object}' is not supported for semi join inner selects");
        bare(MALFORMED_QUERY, text)
    }
}

/// Grouping, ordering, functions.
impl OrgError {
    /// A field that may not stand in GROUP BY.
    pub fn not_groupable(query: &str, at: usize, field: &str) -> OrgError {
        let text = format!("field '{field}' can not be grouped in a query call");
        placed(MALFORMED_QUERY, query, at, &text)
    }

    /// A field that may not stand in ORDER BY.
    pub fn not_sortable(query: &str, at: usize, field: &str) -> OrgError {
        let text = format!("field '{field}' can not be sorted in a query call");
        placed(MALFORMED_QUERY, query, at, &text)
    }

    /// A field of a type that an aggregate does not take.
    pub fn not_aggregatable(query: &str, at: usize, field: &str, function: &str) -> OrgError {
        let text = format!("field {field} does not support aggregate operator {function}");
        placed(MALFORMED_QUERY, query, at, &text)
    }

    /// An alias of a plain field.
    pub fn field_alias(query: &str, at: usize) -> OrgError {
        placed(MALFORMED_QUERY, query, at, "only aggregate expressions use field aliasing")
    }

    /// An aggregate in a sub-select.
    pub fn aggregate_in_sub_select(query: &str, at: usize) -> OrgError {
        placed(MALFORMED_QUERY, query, at, "only root queries support aggregate expressions")
    }

    /// A selected or filtered field that is not grouped.
    pub fn must_be_grouped(query: &str, at: usize, field: &str) -> OrgError {
        let text = format!("Field must be grouped or aggregated: {field}");
        placed(MALFORMED_QUERY, query, at, &text)
    }

    /// An aggregate of a grouped field.
    pub fn grouped_and_aggregated(query: &str, at: usize, field: &str) -> OrgError {
        let text = format!("Grouped field should not be aggregated: {field}");
        placed(MALFORMED_QUERY, query, at, &text)
    }

    /// A field ordered by that is not grouped.
    pub fn ordered_must_be_grouped(query: &str, at: usize, field: &str) -> OrgError {
        let text = format!("Ordered field must be grouped or aggregated: {field}");
        placed(MALFORMED_QUERY, query, at, &text)
    }

    /// The same field grouped by twice.
    pub fn duplicate_grouping(query: &str, at: usize, field: &str) -> OrgError {
        placed(MALFORMED_QUERY, query, at, &format!("duplicate grouping expression: {field}"))
    }

    /// LIMIT or OFFSET (`clause`) with aggregates over all rows.
    pub fn overall_aggregate_with(clause: &str) -> OrgError {
        let text = format!(
            "Non-grouped query that uses overall aggregate functions cannot also use {clause}"
        );
        bare(MALFORMED_QUERY, text)
    }

    /// Functions nested in a way that only `date_function(convertTimezone(field))` may be.
    pub fn wrong_nesting(query: &str, at: usize, function: &str) -> OrgError {
        let text = format!(
            "nested functional syntax can only be used in the following manner: \
             date_function(convertTimezone(columnName)): {function}"
        );
        placed(MALFORMED_QUERY, query, at, &text)
    }

    /// A function that SOQL does not know. The text is unverified.
    pub fn no_such_function(query: &str, at: usize, function: &str) -> OrgError {
        placed(MALFORMED_QUERY, query, at, &format!("Unknown function: {function}"))
    }

    /// A function where it may not stand (`clause`), or over a field of a type that it does not
    /// take. The text is unverified.
    pub fn misplaced_function(query: &str, at: usize, function: &str, why: &str) -> OrgError {
        placed(MALFORMED_QUERY, query, at, &format!("Invalid use of function {function}: {why}"))
    }
}

/// `FIELDS()`, `LIMIT`, `OFFSET`, `TYPEOF`, scopes.
impl OrgError {
    /// `FIELDS(ALL)` or `FIELDS(CUSTOM)` without a bound.
    pub fn fields_without_limit(query: &str, at: usize) -> OrgError {
        let text = "The SOQL FIELDS function must have a LIMIT of at most 200";
        placed(MALFORMED_QUERY, query, at, text)
    }

    /// `FIELDS()` before version 51.
    pub fn fields_before_51(query: &str, at: usize) -> OrgError {
        let text = "The SOQL FIELDS function is not supported in this version of the API";
        placed("UNSUPPORTED_API_VERSION", query, at, text)
    }

    /// `FIELDS(CUSTOM)` of an object without custom fields.
    pub fn fields_of_none() -> OrgError {
        let text =
            "'FIELDS(...)' expansion function must result in at least one field being selected.";
        bare(MALFORMED_QUERY, text)
    }

    /// `FIELDS(X)` of an unknown group, or of the same group twice.
    pub fn fields_group(query: &str, at: usize, group: &str) -> OrgError {
        placed(INVALID_FIELD, query, at, &format!("Invalid field: '{group}'"))
    }

    /// A negative LIMIT.
    pub fn negative_limit() -> OrgError {
        bare(MALFORMED_QUERY, "Limit must be a non-negative value")
    }

    /// A negative OFFSET.
    pub fn negative_offset() -> OrgError {
        bare(MALFORMED_QUERY, "SOQL offset must be a non-negative value")
    }

    /// An OFFSET over 2,000.
    pub fn offset_too_large(object: &str) -> OrgError {
        let text = format!("Maximum SOQL offset allowed for apiName {object} is 2000");
        bare("NUMBER_OUTSIDE_VALID_RANGE", text)
    }

    /// OFFSET in a sub-select of a query without LIMIT 1. The text is unverified.
    pub fn offset_in_sub_select() -> OrgError {
        let text = "OFFSET in a sub-select needs LIMIT 1 in the parent query";
        bare(MALFORMED_QUERY, text)
    }

    /// `TYPEOF` of a relationship that leads to one object only, or where it may not stand. The text
    /// is unverified.
    pub fn typeof_not_allowed(query: &str, at: usize, operand: &str, why: &str) -> OrgError {
        placed(MALFORMED_QUERY, query, at, &format!("Invalid use of TYPEOF {operand}: {why}"))
    }

    /// The same object in two WHEN clauses.
    pub fn when_not_unique(query: &str, at: usize, object: &str) -> OrgError {
        placed(MALFORMED_QUERY, query, at, &format!("WHEN clause operand [{object}] is not unique"))
    }

    /// A scope that does not exist, or that the object does not have. The text is unverified.
    pub fn scope_not_supported(query: &str, at: usize, scope: &str, object: &str) -> OrgError {
        let text = format!("Scope '{scope}' is not supported for entity '{object}'");
        placed(MALFORMED_QUERY, query, at, &text)
    }

    /// A clause that cannot stand with another one. The texts are unverified.
    pub fn clauses_do_not_mix(one: &str, other: &str) -> OrgError {
        bare(MALFORMED_QUERY, format!("{one} cannot be used together with {other}"))
    }
}

/// The metadata catalog: `EntityDefinition`, `FieldDefinition` and kin. The texts are the Tooling API
/// guide's; their code is unverified but for that of the missing filter, which is recorded.
impl OrgError {
    /// A query that does not say which rows it is about.
    pub fn catalog_filter_missing(object: &str, fields: &[&str]) -> OrgError {
        let fields = fields.join(",");
        let text = format!("{object}: a filter on a reified column is required [{fields}]");
        bare(MALFORMED_QUERY, text)
    }

    /// `COUNT()`, other aggregates, groups.
    pub fn catalog_operation() -> OrgError {
        let text = "The requested operation is not yet supported by this SObject storage type, \
                    contact salesforce.com support for more information.";
        bare(EXTERNAL_OBJECT, text)
    }

    /// `OR`.
    pub fn catalog_disjunction() -> OrgError {
        bare(EXTERNAL_OBJECT, "Disjunctions not supported")
    }

    /// `!=`, `<`, `NOT`.
    pub fn catalog_equals_only() -> OrgError {
        bare(EXTERNAL_OBJECT, "Only equals comparisons permitted")
    }

    /// `INCLUDES`.
    pub fn catalog_filter_type() -> OrgError {
        bare(EXTERNAL_OBJECT, "Unsupported filter type")
    }
}
