//! Grouping: `GROUP BY`, aggregates, and the values of groups that `SELECT`, `HAVING` and
//! `ORDER BY` may use.

use super::functions::{Clause, Value};
use super::literal::{Family, family};
use super::names::Scope;
use super::tree::{
    Aggregate, AggregateFunction, Column, DatePart, Expr, GroupColumn, Groups, Predicate, Typed,
};
use crate::error::OrgError;
use crate::schema::FieldType;
use crate::soql::ast::{self, Field, GroupBy, Grouping, SelectItem, SelectValue};
use compact_str::{CompactString, format_compact};
use std::collections::HashSet;

/// Most fields of `ROLLUP` and `CUBE`.
const MAX_SUBTOTALS: usize = 3;

/// Most fields of a plain `GROUP BY`; the sets of keys are bits.
const MAX_KEYS: usize = 32;

/// The groups of one query while its clauses are resolved.
pub(super) struct Grouper {
    keys: Vec<(Typed, String)>,
    kind: Option<Grouping>,
    aggregates: Vec<(Aggregate, String)>,
}

/// Cells of aggregates begin here while the query is resolved: their number is not known before
/// the last clause. [`Grouper::finish`] leaves keys where they are and these follow them.
const AGGREGATES: usize = MAX_KEYS;

/// Cells of GROUPING flags.
const FLAGS: usize = usize::MAX / 2;

impl Grouper {
    /// Resolves `GROUP BY`; `None` groups all rows together.
    pub(super) fn new(scope: &Scope, group_by: Option<&GroupBy>) -> Result<Grouper, OrgError> {
        let mut grouper = Grouper { keys: Vec::new(), kind: None, aggregates: Vec::new() };
        let Some(group_by) = group_by else { return Ok(grouper) };
        grouper.kind = Some(group_by.kind);
        if group_by.kind != Grouping::Plain && group_by.fields.len() > MAX_SUBTOTALS {
            return Err(OrgError::too_many_in_query("fields in ROLLUP or CUBE", MAX_SUBTOTALS));
        }
        if group_by.fields.len() > MAX_KEYS {
            return Err(OrgError::too_many_in_query("fields in GROUP BY", MAX_KEYS));
        }
        for field in &group_by.fields {
            let at = field.span().start as usize;
            let value = scope.value(field, Clause::GroupBy)?;
            let column = &value.typed.column;
            let opaque = matches!(
                family(column.kind),
                Family::Multi | Family::Location | Family::Opaque | Family::DateTime | Family::Time
            );
            // A date function makes a groupable value of a dateTime that is none.
            let groupable = column.spec().is_none_or(|spec| spec.groupable) || value.is_call;
            if opaque || !groupable {
                return Err(OrgError::not_groupable(scope.text(), at, &value.leaf));
            }
            if grouper.keys.iter().any(|(_, signature)| *signature == value.signature) {
                return Err(OrgError::duplicate_grouping(scope.text(), at, &value.signature));
            }
            grouper.keys.push((value.typed, value.signature));
        }
        Ok(grouper)
    }

    fn key(&self, signature: &str) -> Option<usize> {
        self.keys.iter().position(|(_, own)| own == signature)
    }

    /// A key as a value of the group.
    fn key_value(&self, at: usize, signature: &str, leaf: CompactString, is_call: bool) -> Value {
        let column = self.keys[at].0.column.clone();
        let typed = Typed { expr: Expr::Cell(at), column };
        Value { typed, signature: signature.to_owned(), leaf, is_call }
    }

    /// A field or function as a value of the group.
    pub(super) fn value(
        &mut self,
        scope: &Scope,
        field: &Field,
        clause: Clause,
    ) -> Result<Value, OrgError> {
        match field {
            Field::Path(name) => {
                let found = scope.path(name)?;
                match self.key(&found.signature) {
                    Some(at) => Ok(self.key_value(at, &found.signature, found.leaf, false)),
                    None => Err(not_grouped(scope, field, clause, &found.signature)),
                }
            }
            Field::Call(call) => self.call(scope, field, call, clause),
        }
    }

    fn call(
        &mut self,
        scope: &Scope,
        field: &Field,
        call: &ast::Call,
        clause: Clause,
    ) -> Result<Value, OrgError> {
        if let Some(function) = AggregateFunction::named(&call.function.text) {
            return self.aggregate(scope, call, function);
        }
        let name = call.function.text.to_ascii_uppercase();
        if name == "GROUPING" {
            return self.grouping(scope, call);
        }
        let is_date = DatePart::named(&name).is_some();
        if is_date {
            let value = scope.value(field, clause)?;
            if let Some(at) = self.key(&value.signature) {
                return Ok(self.key_value(at, &value.signature, value.leaf, true));
            }
            // A date that is grouped as it is may be taken apart afterwards.
            let Field::Path(path) = &call.argument else {
                return Err(not_grouped(scope, field, clause, &value.signature));
            };
            let inner = scope.path(path)?;
            let key = self.key(&inner.signature);
            return match key.filter(|_| inner.typed.column.kind == FieldType::Date) {
                Some(at) => {
                    let argument = self.key_value(at, &inner.signature, inner.leaf, false);
                    scope.date(call, argument, false)
                }
                None => Err(not_grouped(scope, field, clause, &inner.signature)),
            };
        }
        let argument = self.value(scope, &call.argument, clause)?;
        scope.apply(call, &name, argument, clause)
    }

    fn grouping(&mut self, scope: &Scope, call: &ast::Call) -> Result<Value, OrgError> {
        if !matches!(self.kind, Some(Grouping::Rollup | Grouping::Cube)) {
            return Err(scope.misplaced(call, "it needs GROUP BY ROLLUP or CUBE"));
        }
        let inner = scope.value(&call.argument, Clause::GroupBy)?;
        let Some(at) = self.key(&inner.signature) else {
            let at = call.argument.span().start as usize;
            return Err(OrgError::must_be_grouped(scope.text(), at, &inner.signature));
        };
        let column = Column::computed("GROUPING", FieldType::Int);
        Ok(Value {
            typed: Typed { expr: Expr::Cell(FLAGS + at), column },
            signature: format!("GROUPING({})", inner.signature),
            leaf: inner.leaf,
            is_call: true,
        })
    }

    fn aggregate(
        &mut self,
        scope: &Scope,
        call: &ast::Call,
        function: AggregateFunction,
    ) -> Result<Value, OrgError> {
        let at = call.span.start as usize;
        let Field::Path(path) = &call.argument else {
            return Err(OrgError::wrong_nesting(scope.text(), at, function.name()));
        };
        let argument = scope.path(path)?;
        let path_at = path.span.start as usize;
        let column = argument.typed.column.clone();
        if !takes(function, &column) {
            let name = &argument.leaf;
            return Err(OrgError::not_aggregatable(scope.text(), path_at, name, function.name()));
        }
        let counts =
            matches!(function, AggregateFunction::Count | AggregateFunction::CountDistinct);
        if column.kind == FieldType::Currency && !counts {
            scope.resolver.one_currency("an aggregate of amounts in several currencies")?;
        }
        let plain = matches!(self.kind, Some(Grouping::Plain));
        if plain && self.key(&argument.signature).is_some() {
            let name = &argument.signature;
            return Err(OrgError::grouped_and_aggregated(scope.text(), path_at, name));
        }
        let signature = format!("{}({})", function.name(), argument.signature);
        let result = match function {
            AggregateFunction::Count | AggregateFunction::CountDistinct => {
                Column::computed(function.name(), FieldType::Int)
            }
            AggregateFunction::Avg => Column { kind: average(column.kind), ..column },
            _ => column,
        };
        let known = self.aggregates.iter().position(|(_, own)| *own == signature);
        let place = known.unwrap_or_else(|| {
            let aggregate = Aggregate { function, argument: argument.typed };
            self.aggregates.push((aggregate, signature.clone()));
            self.aggregates.len() - 1
        });
        let typed = Typed { expr: Expr::Cell(AGGREGATES + place), column: result };
        Ok(Value { typed, signature, leaf: argument.leaf, is_call: true })
    }

    /// The select list of a grouped query.
    pub(super) fn columns(
        &mut self,
        scope: &Scope,
        items: &[SelectItem],
    ) -> Result<Vec<GroupColumn>, OrgError> {
        let mut columns: Vec<GroupColumn> = Vec::with_capacity(items.len());
        let mut names = HashSet::new();
        let mut unnamed = 0;
        for item in items {
            let (value, at) = match &item.value {
                SelectValue::Field(field) => {
                    (self.value(scope, field, Clause::Select)?, field.span().start as usize)
                }
                SelectValue::Distance(distance) => {
                    let at = distance.span.start as usize;
                    let name = &distance.field.text;
                    return Err(OrgError::must_be_grouped(scope.text(), at, name));
                }
                SelectValue::Query(query) => {
                    let at = query.span.start as usize;
                    let name = query.from.first().map_or("", |from| &from.object.text);
                    return Err(OrgError::must_be_grouped(scope.text(), at, name));
                }
                SelectValue::Typeof(of) => {
                    let at = of.span.start as usize;
                    let why = "it cannot stand in a grouped query";
                    let text = scope.text();
                    return Err(OrgError::typeof_not_allowed(text, at, &of.operand.text, why));
                }
            };
            let name = match &item.alias {
                Some(alias) => alias.text.clone(),
                None if value.is_call => {
                    unnamed += 1;
                    format_compact!("expr{}", unnamed - 1)
                }
                None => value.leaf.clone(),
            };
            if !names.insert(name.to_ascii_lowercase()) {
                return Err(OrgError::duplicate_alias(scope.text(), at, &name));
            }
            columns.push(GroupColumn { name, aggregate: value.is_call, value: value.typed });
        }
        Ok(columns)
    }

    /// The groups, once every clause has been resolved; `place` gives every cell its final number.
    pub(super) fn finish(self, columns: Vec<GroupColumn>, having: Predicate) -> Groups {
        let keys = self.keys.len();
        let all = if keys == 0 { 0 } else { u32::MAX >> (32 - keys as u32) };
        let sets = match self.kind {
            None | Some(Grouping::Plain) => vec![all],
            Some(Grouping::Rollup) => (0..=keys).rev().map(|n| all & !(u32::MAX << n)).collect(),
            Some(Grouping::Cube) => (0..=all).rev().collect(),
        };
        Groups {
            overall: self.kind.is_none(),
            keys: self.keys.into_iter().map(|(typed, _)| typed).collect(),
            aggregates: self.aggregates.into_iter().map(|(aggregate, _)| aggregate).collect(),
            sets,
            having,
            columns,
        }
    }

    /// The final number of a cell.
    fn cell(&self, cell: usize) -> usize {
        if cell >= FLAGS {
            cell - FLAGS + self.keys.len() + self.aggregates.len()
        } else if cell >= AGGREGATES {
            cell - AGGREGATES + self.keys.len()
        } else {
            cell
        }
    }

    /// Gives the cells of a value their final numbers.
    pub(super) fn place(&self, value: &mut Typed) {
        match &mut value.expr {
            Expr::Cell(cell) => *cell = self.cell(*cell),
            Expr::Call(call) => self.place(&mut call.argument),
            Expr::Own(_) | Expr::Path(_) | Expr::Distance(_) => {}
        }
    }

    /// Gives the cells of a condition their final numbers.
    pub(super) fn place_all(&self, predicate: &mut Predicate) {
        match predicate {
            Predicate::Always => {}
            Predicate::All(parts) | Predicate::Any(parts) => {
                for part in parts {
                    self.place_all(part);
                }
            }
            Predicate::Not(part) => self.place_all(part),
            Predicate::Leaf(leaf) => self.place(&mut leaf.operand),
        }
    }
}

/// A field that is neither grouped nor aggregated.
fn not_grouped(scope: &Scope, field: &Field, clause: Clause, name: &str) -> OrgError {
    let at = field.span().start as usize;
    match clause {
        Clause::OrderBy => OrgError::ordered_must_be_grouped(scope.text(), at, name),
        _ => OrgError::must_be_grouped(scope.text(), at, name),
    }
}

/// The type of an average.
fn average(kind: FieldType) -> FieldType {
    match kind {
        FieldType::Int | FieldType::Long => FieldType::Double,
        kind => kind,
    }
}

/// True when an aggregate takes fields of this type.
fn takes(function: AggregateFunction, column: &Column) -> bool {
    use AggregateFunction as A;
    let family = family(column.kind);
    let long_text =
        column.spec().is_some_and(|field| field.kind == FieldType::TextArea && field.length > 255);
    let by_type = match family {
        Family::Number => true,
        Family::Date | Family::DateTime | Family::Text | Family::Id => {
            matches!(function, A::Count | A::CountDistinct | A::Min | A::Max)
                && !long_text
                && column.kind != FieldType::EncryptedString
                && column.kind != FieldType::AnyType
        }
        _ => false,
    };
    let counts = matches!(function, A::Count);
    by_type && (counts || column.spec().is_none_or(|field| field.aggregatable))
}

/// True when an item makes its query a grouped one: an aggregate, a date function, `GROUPING`.
pub(super) fn makes_groups(item: &SelectItem) -> bool {
    let SelectValue::Field(Field::Call(call)) = &item.value else { return false };
    let is = |call: &ast::Call| {
        AggregateFunction::named(&call.function.text).is_some()
            || DatePart::named(&call.function.text).is_some()
            || call.function.is("GROUPING")
    };
    is(call) || matches!(&call.argument, Field::Call(inner) if is(inner))
}
