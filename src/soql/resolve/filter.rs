//! Conditions: `WHERE` over records, `HAVING` over groups.

use super::functions::{Clause, Value};
use super::group::Grouper;
use super::literal::{Family, Left, Tested, family, operator_name};
use super::names::Scope;
use super::tree::{Expr, Function, Join, Leaf, Predicate, Targets, Test, Truth, Typed};
use crate::error::OrgError;
use crate::schema::FieldType;
use crate::soql::ast::{
    Comparison, Condition, Distance, Field, LikeValue, Name, Operand, SemiJoin,
};

/// Most semi-joins of one `WHERE`.
const MAX_JOINS: usize = 2;

/// Objects that may not stand in a semi-join.
const NOT_JOINABLE: [&str; 6] =
    ["ActivityHistory", "Attachment", "Event", "Note", "OpenActivity", "Task"];

/// What a condition stands in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Around {
    /// Nothing.
    Top,
    /// `AND` at the top.
    And,
    /// `OR` at the top.
    Or,
    /// `NOT` at the top.
    Not,
    /// Anything deeper.
    Nested,
}

/// Resolves the conditions of one clause.
pub(super) struct Conditions<'s, 'a, 'g> {
    scope: &'s Scope<'a>,
    /// The groups, in `HAVING`.
    groups: Option<&'g mut Grouper>,
    /// True in the inner select of a semi-join.
    in_join: bool,
    joins: Vec<Join>,
}

impl Scope<'_> {
    /// Resolves `WHERE`.
    pub(super) fn filter(&self, condition: &Condition) -> Result<(Predicate, Vec<Join>), OrgError> {
        let mut conditions =
            Conditions { scope: self, groups: None, in_join: false, joins: Vec::new() };
        let predicate = conditions.condition(condition, Around::Top)?;
        Ok((predicate, conditions.joins))
    }

    /// Resolves `HAVING`.
    pub(super) fn having(
        &self,
        condition: &Condition,
        groups: &mut Grouper,
    ) -> Result<Predicate, OrgError> {
        let mut conditions =
            Conditions { scope: self, groups: Some(groups), in_join: false, joins: Vec::new() };
        conditions.condition(condition, Around::Top)
    }
}

impl Conditions<'_, '_, '_> {
    fn condition(&mut self, condition: &Condition, around: Around) -> Result<Predicate, OrgError> {
        // What the parts of an AND, OR or NOT stand in.
        let within = |own: Around| if around == Around::Top { own } else { Around::Nested };
        let tested = match condition {
            Condition::And(parts) => {
                let inner = within(Around::And);
                let parts: Result<Vec<Predicate>, OrgError> =
                    parts.iter().map(|part| self.condition(part, inner)).collect();
                return Ok(Predicate::All(parts?));
            }
            Condition::Or(parts) => {
                let inner = within(Around::Or);
                let parts: Result<Vec<Predicate>, OrgError> =
                    parts.iter().map(|part| self.condition(part, inner)).collect();
                return Ok(Predicate::Any(parts?));
            }
            Condition::Not(part) => {
                let part = self.condition(part, within(Around::Not))?;
                return Ok(Predicate::Not(Box::new(part)));
            }
            Condition::Compare { left, operator, value } => {
                let (left, at) = self.operand(left, *operator)?;
                let tested = {
                    let left = Left { value: &left, at };
                    self.scope.resolver.compare(&left, *operator, value)?
                };
                (left, tested)
            }
            Condition::Like { field, pattern } => {
                let (value, at) = self.field(field)?;
                let left = Left { value: &value, at };
                let tested = match pattern {
                    LikeValue::Pattern(pattern) => self.scope.resolver.like(&left, pattern)?,
                    LikeValue::Other(literal) => {
                        return Err(self.scope.resolver.like_literal(&left, literal));
                    }
                };
                (value, tested)
            }
            Condition::In { field, negated, values } => {
                let (value, at) = self.field(field)?;
                let left = Left { value: &value, at };
                let tested = self.scope.resolver.one_of(&left, *negated, values)?;
                (value, tested)
            }
            Condition::Includes { field, negated, values } => {
                let (value, at) = self.field(field)?;
                let left = Left { value: &value, at };
                let tested = self.scope.resolver.includes(&left, *negated, values)?;
                (value, tested)
            }
            Condition::InQuery { field, negated, query } => {
                return self.semi_join(field, *negated, query, around);
            }
        };
        Ok(leaf(tested.0.typed, tested.1))
    }

    fn operand(
        &mut self,
        operand: &Operand,
        operator: Comparison,
    ) -> Result<(Value, usize), OrgError> {
        match operand {
            Operand::Field(field) => self.field(field),
            Operand::Distance(distance) => self.distance(distance, operator),
            Operand::Arithmetic { left, .. } => {
                Err(OrgError::arithmetic(self.scope.text(), left.span.start as usize))
            }
        }
    }

    fn distance(
        &self,
        distance: &Distance,
        operator: Comparison,
    ) -> Result<(Value, usize), OrgError> {
        let at = distance.span.start as usize;
        if self.groups.is_some() {
            let why = "it cannot stand in HAVING";
            return Err(OrgError::misplaced_function(self.scope.text(), at, "DISTANCE", why));
        }
        if !matches!(operator, Comparison::Less | Comparison::Greater) {
            let why = "it can be compared with < and > only";
            return Err(OrgError::misplaced_function(self.scope.text(), at, "DISTANCE", why));
        }
        Ok((self.scope.distance(distance)?, at))
    }

    /// A field, or a function of one, that may be filtered.
    fn field(&mut self, field: &Field) -> Result<(Value, usize), OrgError> {
        let at = field.span().start as usize;
        let text = self.scope.text();
        if let Some(groups) = &mut self.groups {
            let value = groups.value(self.scope, field, Clause::Having)?;
            return Ok((value, at));
        }
        let value = self.scope.value(field, Clause::Where)?;
        let column = &value.typed.column;
        match family(column.kind) {
            Family::Location => {
                let kind =
                    if column.kind == FieldType::Address { "Address" } else { "Geolocation" };
                return Err(OrgError::distance_only(text, at, kind));
            }
            Family::Opaque => return Err(OrgError::not_filterable(text, at, &column.name)),
            _ => {}
        }
        if column.spec().is_some_and(|field| !field.filterable) {
            return Err(OrgError::not_filterable(text, at, &value.leaf));
        }
        if let Expr::Call(call) = &value.typed.expr
            && !matches!(call.function, Function::Date { .. } | Function::Label)
        {
            return Err(OrgError::invalid_operator(text, at, operator_name(column.kind)));
        }
        Ok((value, at))
    }

    fn semi_join(
        &mut self,
        field: &Field,
        negated: bool,
        query: &SemiJoin,
        around: Around,
    ) -> Result<Predicate, OrgError> {
        if self.in_join {
            return Err(OrgError::semi_join_in_semi_join());
        }
        if self.groups.is_some() {
            return Err(OrgError::semi_join_in_having());
        }
        match around {
            Around::Top | Around::And => {}
            Around::Or => return Err(OrgError::semi_join_under_or()),
            Around::Not => return Err(OrgError::semi_join_under_not()),
            Around::Nested => return Err(OrgError::semi_join_nested_in_where()),
        }
        if self.joins.len() == MAX_JOINS {
            return Err(OrgError::too_many_semi_joins());
        }
        let (left, at) = self.field(field)?;
        let outer = plain_path(field).and_then(|_| match left.typed.expr {
            Expr::Own(_) if family(left.typed.column.kind) == Family::Id => Some(()),
            _ => None,
        });
        if outer.is_none() {
            return Err(OrgError::semi_join_left(
                self.scope.text(),
                at,
                field.path().text.as_str(),
            ));
        }
        let join = self.inner(&left, query)?;
        self.joins.push(join);
        let keeps_null = negated && self.scope.resolver.context.disputed.anti_join_keeps_null;
        let null = if keeps_null { Truth::True } else { Truth::Unknown };
        let test = Test::Joined(self.joins.len() - 1);
        Ok(leaf(left.typed, (test, negated, null)))
    }

    /// The inner select of a semi-join whose left side is `left`.
    fn inner(&self, left: &Value, query: &SemiJoin) -> Result<Join, OrgError> {
        let resolver = self.scope.resolver;
        let [from] = &*query.from else {
            return Err(OrgError::second_driving_object(&query.from[0].object.text));
        };
        let object = resolver.object(&from.object)?;
        if !from.using.is_empty() {
            return Err(OrgError::clauses_do_not_mix("USING", "a semi-join"));
        }
        if query.with.is_some() {
            return Err(OrgError::not_emulated("WITH in a semi-join", "Leave the clause out."));
        }
        if NOT_JOINABLE.iter().any(|own| *own == &*object.name) {
            return Err(OrgError::semi_join_object(&object.name));
        }
        if object.id == self.scope.object.id {
            return Err(OrgError::semi_join_on_itself());
        }
        let prefix = format!("{}({})", object.name, query.span.start);
        let scope = resolver.scope(object, &query.from, prefix)?;
        let at = query.field.span().start as usize;
        let selected = match plain_path(&query.field) {
            Some(name) => scope.path(name)?,
            None => scope.value(&query.field, Clause::Select)?,
        };
        let kind = family(selected.typed.column.kind);
        let Expr::Own(select) = selected.typed.expr else {
            return Err(OrgError::semi_join_right(resolver.text, at, &selected.signature));
        };
        if kind != Family::Id {
            return Err(OrgError::semi_join_right(resolver.text, at, &selected.signature));
        }
        let (inner, outer) = (ids_of(&scope, &selected)?, ids_of(self.scope, left)?);
        if !inner.iter().any(|own| outer.contains(own)) {
            return Err(OrgError::semi_join_types(&selected.leaf, &left.leaf));
        }
        let mut conditions =
            Conditions { scope: &scope, groups: None, in_join: true, joins: Vec::new() };
        let filter = match &query.filter {
            Some(condition) => conditions.condition(condition, Around::Top)?,
            None => Predicate::Always,
        };
        Ok(Join { object: std::sync::Arc::clone(&scope.object), filter, select })
    }
}

/// The objects that an id or reference may name.
fn ids_of(scope: &Scope, value: &Value) -> Result<Vec<Box<str>>, OrgError> {
    let Some(field) = value.typed.column.spec() else { return Ok(Vec::new()) };
    if field.kind == FieldType::Id {
        return Ok(vec![scope.object.name.clone()]);
    }
    Ok(match scope.targets(field)? {
        Targets::One(object) => vec![object.name.clone()],
        Targets::Any(objects) => objects.iter().map(|object| object.name.clone()).collect(),
    })
}

/// The name, when the field is no function.
fn plain_path(field: &Field) -> Option<&Name> {
    match field {
        Field::Path(name) => Some(name),
        Field::Call(_) => None,
    }
}

fn leaf(operand: Typed, (test, negated, null): Tested) -> Predicate {
    Predicate::Leaf(Box::new(Leaf { operand, test, negated, null }))
}
