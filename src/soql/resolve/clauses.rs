//! A select's clauses, in the order in which they depend on each other.

use super::Resolver;
use super::functions::{Clause, Value};
use super::group::{Grouper, makes_groups};
use super::literal::{Family, family};
use super::metadata;
use super::names::{Scope, column};
use super::select::Depth;
use super::tree::{
    Column, Expr, Function, Leaf, Level, Output, Predicate, SortKey, Test, Truth, Typed,
};
use crate::error::OrgError;
use crate::schema::{Feature, FieldType, Slot};
use crate::soql::ast::{
    Field, Nulls, Order, OrderKey, Query, Select, SelectItem, SelectValue, Using, With,
};
use std::sync::Arc;

/// Largest `OFFSET`.
const MAX_OFFSET: i64 = 2000;

/// Most keys of `ORDER BY`.
const MAX_ORDER: usize = 32;

impl<'a> Resolver<'a> {
    /// Resolves the query itself.
    pub(super) fn root(&'a self, query: &Query) -> Result<Level, OrgError> {
        let Some(from) = query.from.first() else { return Err(OrgError::empty_query()) };
        let object = self.object(&from.object)?;
        let scope = self.scope(object, &query.from, String::new())?;
        self.level(&scope, query, Depth { depth: 0, parent_is_single: false })
    }

    /// Resolves a select whose names are known.
    pub(super) fn level(
        &'a self,
        scope: &Scope<'a>,
        query: &Query,
        depth: Depth,
    ) -> Result<Level, OrgError> {
        refuse(query, self.text)?;
        let (output, mut groups) = self.output(scope, query, depth)?;
        let (mut filter, joins) = match &query.filter {
            Some(condition) => scope.filter(condition)?,
            None => (Predicate::Always, Vec::new()),
        };
        for from in &query.from {
            for using in &from.using {
                self.using(scope, query, using, &mut filter)?;
            }
        }
        let mut having = match query.group_by.as_ref().and_then(|group| group.having.as_ref()) {
            Some(condition) => match &mut groups {
                Some((grouper, _)) => scope.having(condition, grouper)?,
                None => Predicate::Always,
            },
            None => Predicate::Always,
        };
        let mut order = self.order(scope, query, groups.as_mut().map(|(grouper, _)| grouper))?;
        let (offset, limit) = bounds(scope, query, depth)?;
        let output = match groups {
            None => output,
            Some((grouper, mut columns)) => {
                grouper.place_all(&mut having);
                for column in &mut columns {
                    grouper.place(&mut column.value);
                }
                for key in &mut order {
                    grouper.place(&mut key.value);
                }
                Output::Groups(grouper.finish(columns, having))
            }
        };
        let (offset, limit) = match scope.object.derived {
            Some(derived) if derived.is_catalog() => {
                metadata::check(scope, query, depth)?;
                let ignored = self.context.disputed.catalog_ignores_limits;
                if ignored { (0, None) } else { (offset, limit) }
            }
            _ => (offset, limit),
        };
        Ok(Level {
            object: Arc::clone(&scope.object),
            filter,
            joins,
            order,
            offset,
            limit,
            output,
            tracking: query.tracking,
        })
    }

    /// What comes out; for grouped output the groups and columns, which later clauses add to.
    #[allow(clippy::type_complexity)]
    fn output(
        &self,
        scope: &Scope,
        query: &Query,
        depth: Depth,
    ) -> Result<(Output, Option<(Grouper, Vec<super::tree::GroupColumn>)>), OrgError> {
        let items = match &query.select {
            Select::Count(span) => {
                let at = span.start as usize;
                if depth.depth > 0 {
                    return Err(OrgError::aggregate_in_sub_select(self.text, at));
                }
                if query.group_by.is_some() {
                    return Err(OrgError::clauses_do_not_mix("COUNT()", "GROUP BY"));
                }
                return Ok((Output::Count, None));
            }
            Select::Items(items) => items,
        };
        let grouping = items.iter().find(|item| makes_groups(item));
        if grouping.is_none() && query.group_by.is_none() {
            return Ok((Output::Records(scope.records(query, depth)?), None));
        }
        if depth.depth > 0 {
            let at = grouping.map_or(query.span.start, start_of);
            return Err(OrgError::aggregate_in_sub_select(self.text, at as usize));
        }
        let mut grouper = Grouper::new(scope, query.group_by.as_ref())?;
        let columns = grouper.columns(scope, items)?;
        if query.group_by.is_none() {
            if query.limit.is_some() {
                return Err(OrgError::overall_aggregate_with("LIMIT"));
            }
            if query.offset.is_some() {
                return Err(OrgError::overall_aggregate_with("OFFSET"));
            }
        }
        Ok((Output::Count, Some((grouper, columns))))
    }

    /// `USING SCOPE mine`.
    fn using(
        &self,
        scope: &Scope,
        query: &Query,
        using: &Using,
        filter: &mut Predicate,
    ) -> Result<(), OrgError> {
        let Using::Scope(name) = using else {
            return Err(OrgError::not_emulated("USING LOOKUP", "Leave the clause out."));
        };
        let has_children = match &query.select {
            Select::Items(items) => {
                items.iter().any(|item| matches!(item.value, SelectValue::Query(_)))
            }
            Select::Count(_) => false,
        };
        if has_children {
            return Err(OrgError::clauses_do_not_mix("USING SCOPE", "child sub-selects"));
        }
        let object = &scope.object;
        if name.is("everything") {
            return Ok(());
        }
        if name.is("mine")
            && let Some(owner) = object.system.owner_id
        {
            let own = std::mem::replace(filter, Predicate::Always);
            *filter = Predicate::All(vec![self.owned(scope, owner), own]);
            return Ok(());
        }
        let supported =
            object.supported_scopes.iter().any(|(label, own)| name.is(own) || name.is(label));
        if supported {
            let what = format!("USING SCOPE {}", name.text);
            return Err(OrgError::not_emulated(&what, "Use the scope everything or mine."));
        }
        let at = name.span.start as usize;
        Err(OrgError::scope_not_supported(self.text, at, &name.text, &object.name))
    }

    /// The condition that the user owns the record.
    fn owned(&self, scope: &Scope, owner: Slot) -> Predicate {
        let operand = Typed { expr: Expr::Own(owner), column: column(&scope.object, owner) };
        let test = Test::Ids([self.context.user].into());
        Predicate::Leaf(Box::new(Leaf { operand, test, negated: false, null: Truth::False }))
    }

    fn order(
        &self,
        scope: &Scope,
        query: &Query,
        mut groups: Option<&mut Grouper>,
    ) -> Result<Vec<SortKey>, OrgError> {
        if query.order_by.len() > MAX_ORDER {
            return Err(OrgError::too_many_in_query("fields in ORDER BY", MAX_ORDER));
        }
        let mut keys = Vec::with_capacity(query.order_by.len());
        for order in &query.order_by {
            let value = match (&order.key, &mut groups) {
                (OrderKey::Field(field), Some(groups)) => {
                    groups.value(scope, field, Clause::OrderBy)?
                }
                (OrderKey::Distance(distance), Some(_)) => {
                    let at = distance.span.start as usize;
                    let name = &distance.field.text;
                    return Err(OrgError::ordered_must_be_grouped(self.text, at, name));
                }
                (OrderKey::Field(field), None) => self.order_field(scope, query, field)?,
                (OrderKey::Distance(distance), None) => scope.distance(distance)?,
            };
            if value.typed.column.kind == FieldType::Currency {
                self.one_currency("ORDER BY on amounts in several currencies")?;
            }
            keys.push(self.sort_key(order, value));
        }
        Ok(keys)
    }

    /// Refuses what needs rates of exchange, rather than compare or add up amounts that are not in
    /// one currency.
    pub(super) fn one_currency(&self, what: &str) -> Result<(), OrgError> {
        if self.context.state.schema.features().has(Feature::MultiCurrency) {
            return Err(OrgError::not_emulated(what, "Query the amount and its CurrencyIsoCode."));
        }
        Ok(())
    }

    fn order_field(&self, scope: &Scope, query: &Query, field: &Field) -> Result<Value, OrgError> {
        let at = field.span().start as usize;
        let value = scope.value(field, Clause::OrderBy)?;
        if matches!(query.select, Select::Count(_)) {
            return Err(OrgError::ordered_must_be_grouped(self.text, at, &value.signature));
        }
        if !is_sortable(&value) {
            return Err(OrgError::not_sortable(self.text, at, &value.leaf));
        }
        Ok(value)
    }

    fn sort_key(&self, order: &Order, value: Value) -> SortKey {
        let disputed = self.context.disputed;
        let is_reference = value.typed.column.kind == FieldType::Reference;
        let usual = !order.descending || disputed.nulls_first_when_descending;
        let nulls_first = match order.nulls {
            Some(Nulls::First) => true,
            Some(Nulls::Last) if is_reference && !disputed.nulls_last_on_references => usual,
            Some(Nulls::Last) => false,
            None => usual,
        };
        SortKey { value: value.typed, descending: order.descending, nulls_first }
    }
}

/// Refuses the clauses that no part of this crate carries out.
fn refuse(query: &Query, text: &str) -> Result<(), OrgError> {
    let refuse = |what: &str| Err(OrgError::not_emulated(what, "Leave the clause out."));
    match query.with.first() {
        None => {}
        Some(With::DataCategory(_)) => return refuse("WITH DATA CATEGORY"),
        Some(With::Mode(name)) => {
            return Err(OrgError::apex_only_mode(text, name.span.start as usize));
        }
        Some(With::KeyValue { name, .. } | With::Context { name, .. }) => {
            return refuse(&format!("WITH {}", name.text));
        }
    }
    if !query.bind.is_empty() {
        return refuse("BIND");
    }
    if let Some(name) = query.update.first() {
        return refuse(&format!("UPDATE {}", name.text));
    }
    Ok(())
}

fn start_of(item: &SelectItem) -> u32 {
    match &item.value {
        SelectValue::Field(field) => field.span().start,
        SelectValue::Query(query) => query.span.start,
        SelectValue::Typeof(of) => of.span.start,
        SelectValue::Distance(distance) => distance.span.start,
    }
}

fn is_sortable(value: &Value) -> bool {
    let column: &Column = &value.typed.column;
    let opaque = matches!(family(column.kind), Family::Multi | Family::Location | Family::Opaque);
    let function = match &value.typed.expr {
        Expr::Call(call) => matches!(call.function, Function::Date { .. }),
        _ => true,
    };
    !opaque && function && column.spec().is_none_or(|field| field.sortable)
}

/// `OFFSET` and `LIMIT`.
fn bounds(scope: &Scope, query: &Query, depth: Depth) -> Result<(usize, Option<usize>), OrgError> {
    let limit = match &query.limit {
        Some(limit) if limit.rows < 0 => return Err(OrgError::negative_limit()),
        Some(limit) => Some(usize::try_from(limit.rows).unwrap_or(usize::MAX)),
        None => None,
    };
    let Some(offset) = &query.offset else { return Ok((0, limit)) };
    if offset.rows < 0 {
        return Err(OrgError::negative_offset());
    }
    if offset.rows > MAX_OFFSET {
        return Err(OrgError::offset_too_large(&scope.object.name));
    }
    if depth.depth > 0 && !depth.parent_is_single {
        return Err(OrgError::offset_in_sub_select());
    }
    Ok((offset.rows as usize, limit))
}
