//! The select list of records: fields, parents, functions, `TYPEOF`, `FIELDS()`, child sub-selects.

use super::functions::Clause;
use super::names::{Found, Reached, Scope, column, refused};
use super::tree::{Child, Hop, Node, ParentNode, Place, Records, Targets, Typed, TypeofNode};
use crate::error::OrgError;
use crate::schema::{Lookup, ObjectSpec};
use crate::soql::ast::{
    Call, Comparison, Condition, Field, LiteralValue, Name, Operand, Query, Select, SelectItem,
    SelectValue, Typeof,
};
use crate::soql::exec::hash::Set;
use compact_str::CompactString;
use std::collections::HashSet;
use std::sync::Arc;

/// Most rows that `FIELDS(ALL)` and `FIELDS(CUSTOM)` may give.
const UNBOUNDED_LIMIT: i64 = 200;

/// First API versions with `TYPEOF` and `FIELDS()`.
const TYPEOF_SINCE: u32 = 46;
const FIELDS_SINCE: u32 = 51;

/// Most child sub-selects of a query.
const MAX_CHILDREN: usize = 20;

/// First API version with sub-selects in sub-selects, and how deep they may go.
const NESTED_SINCE: u32 = 58;
const MAX_DEPTH: usize = 4;

/// A select list while it is resolved.
struct List<'s, 'a> {
    scope: &'s Scope<'a>,
    records: Records,
    /// What was selected so far: canonical paths and aliases in lower case.
    seen: Set<CompactString>,
}

/// How deep a select stands, and what its parent says.
#[derive(Clone, Copy)]
pub(super) struct Depth {
    /// 0 for the query itself.
    pub(super) depth: usize,
    /// The parent has `LIMIT 1`.
    pub(super) parent_is_single: bool,
}

impl Scope<'_> {
    /// Resolves the select list of a query without groups.
    pub(super) fn records(&self, query: &Query, depth: Depth) -> Result<Records, OrgError> {
        let Select::Items(items) = &query.select else { return Ok(Records::default()) };
        let mut list = List { scope: self, records: Records::default(), seen: Set::default() };
        for item in items {
            list.item(item, query, depth)?;
        }
        Ok(list.records)
    }
}

impl List<'_, '_> {
    fn item(&mut self, item: &SelectItem, query: &Query, depth: Depth) -> Result<(), OrgError> {
        let scope = self.scope;
        let text = scope.text();
        match &item.value {
            SelectValue::Field(Field::Path(name)) => {
                // The alias is faulted first: `SELECT DISTINCT Name` reads as a field with an alias.
                if let Some(alias) = &item.alias {
                    return Err(OrgError::field_alias(text, alias.span.start as usize));
                }
                let at = name.span.start as usize;
                // Most names are fields of the object itself.
                if let Some((slot, field)) = scope.object.field(&name.text) {
                    if !self.first(&field.name) {
                        return Err(OrgError::duplicate_field(text, at, &field.name));
                    }
                    self.records.nodes.push(Node::Field(slot));
                    return Ok(());
                }
                let found = self.scope.find(name)?;
                self.field(found, at)
            }
            SelectValue::Field(Field::Call(call)) if call.function.is("FIELDS") => {
                self.fields(call, query)
            }
            SelectValue::Field(field @ Field::Call(call)) => {
                self.function(field, call, item.alias.as_ref())
            }
            SelectValue::Distance(distance) => {
                let value = self.scope.distance(distance)?.typed;
                let at = distance.span.start as usize;
                let name = match &item.alias {
                    Some(alias) => alias.text.to_string(),
                    None => format!("expr{}", self.unnamed()),
                };
                self.computed(&name, value, at)
            }
            SelectValue::Query(child) => self.child(child, item.alias.as_ref(), query, depth),
            SelectValue::Typeof(of) => self.typeof_parent(of),
        }
    }

    /// How many computed values without an alias there are.
    fn unnamed(&self) -> usize {
        let nodes = self.records.nodes.iter();
        nodes
            .filter(|node| matches!(node, Node::Computed { key, .. } if key.starts_with("\"expr")))
            .count()
    }

    /// Remembers a path or alias; false when it was there before.
    fn first(&mut self, path: &str) -> bool {
        let mut path = CompactString::new(path);
        path.make_ascii_lowercase();
        self.seen.insert(path)
    }

    fn field(&mut self, found: Found, at: usize) -> Result<(), OrgError> {
        let path = found.path();
        if !self.first(&path) {
            return Err(OrgError::duplicate_field(self.scope.text(), at, &path));
        }
        show(&mut self.records.nodes, found);
        Ok(())
    }

    /// A function of a field: under its alias, else in place of the field.
    fn function(
        &mut self,
        field: &Field,
        call: &Call,
        alias: Option<&Name>,
    ) -> Result<(), OrgError> {
        let at = call.span.start as usize;
        let value = self.scope.value(field, Clause::Select)?;
        if let Some(alias) = alias {
            return self.computed(&alias.text, value.typed, alias.span.start as usize);
        }
        let found = self.scope.find(field.path())?;
        let path = found.path();
        if !self.first(&path) {
            return Err(OrgError::duplicate_field(self.scope.text(), at, &path));
        }
        // Within a parent the value is seen from the parent, not from the record.
        let mut typed = value.typed;
        let own = Reached { hops: Vec::new(), names: Vec::new(), at: found.reached.at.clone() };
        let leaf = Found { reached: own, place: found.place, column: found.column };
        reroot(&mut typed, &leaf.typed());
        let key = key(&value.leaf);
        parents(&mut self.records.nodes, &found.reached).push(Node::Computed { key, value: typed });
        Ok(())
    }

    fn computed(&mut self, name: &str, value: Typed, at: usize) -> Result<(), OrgError> {
        if !self.first(name) {
            return Err(OrgError::duplicate_alias(self.scope.text(), at, name));
        }
        self.records.nodes.push(Node::Computed { key: key(name), value });
        Ok(())
    }

    /// `FIELDS(ALL)`, `FIELDS(STANDARD)`, `FIELDS(CUSTOM)`.
    fn fields(&mut self, call: &Call, query: &Query) -> Result<(), OrgError> {
        let text = self.scope.text();
        let at = call.span.start as usize;
        if self.scope.resolver.context.version < FIELDS_SINCE {
            return Err(OrgError::fields_before_51(text, at));
        }
        let group = call.argument.path();
        let group_at = group.span.start as usize;
        let canonical = group.text.to_ascii_uppercase();
        let takes: fn(bool) -> bool = match canonical.as_str() {
            "ALL" => |_| true,
            "STANDARD" => |custom| !custom,
            "CUSTOM" => |custom| custom,
            _ => return Err(OrgError::fields_group(text, group_at, &group.text)),
        };
        if canonical != "STANDARD" && !is_bounded(query) {
            return Err(OrgError::fields_without_limit(text, at));
        }
        if !self.first(&format!("fields({canonical})")) {
            return Err(OrgError::fields_group(text, group_at, &canonical));
        }
        let object = Arc::clone(&self.scope.object);
        let mut any = false;
        for (slot, _) in object.visible_fields().filter(|(_, field)| takes(field.custom)) {
            any = true;
            let reached = Reached::start(&object);
            let found = Found { reached, place: Place::One(slot), column: column(&object, slot) };
            self.field(found, at)?;
        }
        if any { Ok(()) } else { Err(OrgError::fields_of_none()) }
    }

    fn typeof_parent(&mut self, of: &Typeof) -> Result<(), OrgError> {
        let text = self.scope.text();
        let at = of.operand.span.start as usize;
        let refuse = |why| Err(OrgError::typeof_not_allowed(text, at, &of.operand.text, why));
        if self.scope.resolver.context.version < TYPEOF_SINCE {
            return refuse("it needs API version 46.0 or later");
        }
        let reached = self.scope.parent(&of.operand)?;
        let Targets::Any(objects) = reached.at.clone() else {
            return refuse("it needs a polymorphic relationship");
        };
        let path = reached.names.join(".");
        if !self.first(&path) {
            return Err(OrgError::duplicate_field(text, at, &path));
        }
        let mut branches: Vec<(Arc<ObjectSpec>, Vec<Node>)> = Vec::new();
        for branch in &of.branches {
            let object = self.scope.resolver.object(&branch.object)?;
            let branch_at = branch.object.span.start as usize;
            if branches.iter().any(|(own, _)| own.id == object.id) {
                return Err(OrgError::when_not_unique(text, branch_at, &object.name));
            }
            if !objects.iter().any(|own| own.id == object.id) {
                let why = "a WHEN clause names an object that it cannot lead to";
                return refuse(why);
            }
            self.scope.resolver.count_parent(format!("{path}({})", object.name))?;
            let nodes = self.branch(&Targets::One(Arc::clone(&object)), &branch.fields)?;
            branches.push((object, nodes));
        }
        let otherwise = match &*of.otherwise {
            [] => None,
            fields => Some(self.branch(&reached.at, fields)?),
        };
        let (hop, name, above) = split_last(&reached);
        let node = TypeofNode { key: key(&name), name: name.into(), hop, branches, otherwise };
        parents(&mut self.records.nodes, &above).push(Node::Typeof(Box::new(node)));
        Ok(())
    }

    /// The fields of one branch of `TYPEOF`, seen from the parent.
    fn branch(&self, at: &Targets, fields: &[Name]) -> Result<Vec<Node>, OrgError> {
        let mut nodes = Vec::new();
        let mut seen = HashSet::new();
        for name in fields {
            let start = Reached { hops: Vec::new(), names: Vec::new(), at: at.clone() };
            let found = self.scope.find_from(start, name, 0)?;
            let path = found.path();
            if !seen.insert(path.clone()) {
                let at = name.span.start as usize;
                return Err(OrgError::duplicate_field(self.scope.text(), at, &path));
            }
            show(&mut nodes, found);
        }
        Ok(nodes)
    }

    /// `(SELECT … FROM Contacts)`.
    fn child(
        &mut self,
        query: &Query,
        alias: Option<&Name>,
        parent: &Query,
        depth: Depth,
    ) -> Result<(), OrgError> {
        let resolver = self.scope.resolver;
        let text = self.scope.text();
        if let Some(alias) = alias {
            return Err(OrgError::field_alias(text, alias.span.start as usize));
        }
        let deepest = if resolver.context.version < NESTED_SINCE { 1 } else { MAX_DEPTH };
        if depth.depth >= deepest {
            return Err(OrgError::too_many_in_query("levels of child sub-selects", deepest));
        }
        resolver.children.set(resolver.children.get() + 1);
        if resolver.children.get() > MAX_CHILDREN {
            return Err(OrgError::too_many_in_query("child sub-selects", MAX_CHILDREN));
        }
        let Some(from) = query.from.first() else { return Ok(()) };
        let at = from.object.span.start as usize;
        let name = self.scope.without_own_name(&from.object);
        let object = &self.scope.object;
        let Some(relationship) = object.child_relationship(name) else {
            let unknown = || OrgError::no_such_child_relationship(text, at, name);
            return Err(refused(object, name).unwrap_or_else(unknown));
        };
        let child = match resolver.context.state.schema.lookup(&relationship.child_object) {
            Lookup::Object(child) => Arc::clone(child),
            Lookup::KnownElsewhere(_) | Lookup::Unknown => {
                return Err(OrgError::object_not_emulated(&relationship.child_object));
            }
        };
        let Some(reference) = child.reference(&relationship.field) else {
            return Err(OrgError::no_such_child_relationship(text, at, name));
        };
        let name: Box<str> = relationship.relationship_name.as_deref().unwrap_or(name).into();
        if !self.first(&format!("({name})")) {
            return Err(OrgError::duplicate_field(text, at, &name));
        }
        let prefix = format!("{}({name})", self.scope.prefix());
        let scope = resolver.scope(child, &query.from, prefix)?;
        let parent_is_single = parent.limit.as_ref().is_some_and(|limit| limit.rows == 1);
        let depth = Depth { depth: depth.depth + 1, parent_is_single };
        let level = resolver.level(&scope, query, depth)?;
        let child = self.records.children.len();
        self.records.nodes.push(Node::Children { key: key(&name), child });
        self.records.children.push(Child { name, reference, level });
        Ok(())
    }
}

/// Adds a field to what is shown, within its parents.
fn show(nodes: &mut Vec<Node>, found: Found) {
    let nodes = parents(nodes, &found.reached);
    nodes.push(match found.place {
        Place::One(slot) => Node::Field(slot),
        place => Node::Placed { key: key(&found.column.name), place, column: found.column },
    });
}

/// What is shown of the record that a path reaches; the parents on the way are added where missing.
fn parents<'n>(mut nodes: &'n mut Vec<Node>, reached: &Reached) -> &'n mut Vec<Node> {
    for (hop, name) in reached.hops.iter().zip(&reached.names) {
        let there = nodes
            .iter()
            .position(|node| matches!(node, Node::Parent(parent) if *parent.name == **name));
        let at = there.unwrap_or_else(|| {
            nodes.push(Node::Parent(Box::new(ParentNode {
                key: key(name),
                name: name.as_str().into(),
                hop: hop.clone(),
                nodes: Vec::new(),
            })));
            nodes.len() - 1
        });
        match &mut nodes[at] {
            Node::Parent(parent) => nodes = &mut parent.nodes,
            _ => unreachable!("the node at this place is a parent"),
        }
    }
    nodes
}

/// The last step of a path, its name, and the path without it.
fn split_last(reached: &Reached) -> (Hop, String, Reached) {
    let mut above = reached.clone();
    let hop = above.hops.pop().expect("a relationship has a step");
    let name = above.names.pop().expect("a relationship has a name");
    (hop, name.to_string(), above)
}

/// `"Name":`.
fn key(name: &str) -> Box<str> {
    let mut key = String::with_capacity(name.len() + 3);
    key.push('"');
    key.push_str(name);
    key.push_str("\":");
    key.into()
}

/// Replaces the innermost value of nested functions.
fn reroot(value: &mut Typed, leaf: &Typed) {
    match &mut value.expr {
        super::tree::Expr::Call(call) => reroot(&mut call.argument, leaf),
        expr => *expr = leaf.expr.clone(),
    }
}

/// True when a query has `LIMIT` of at most 200, or asks for at most 200 ids.
fn is_bounded(query: &Query) -> bool {
    let limited = query.limit.as_ref().is_some_and(|limit| limit.rows <= UNBOUNDED_LIMIT);
    let ids = query.filter.as_ref().and_then(ids_asked);
    limited || ids.is_some_and(|ids| ids <= UNBOUNDED_LIMIT as usize)
}

/// How many ids a condition asks for, when it asks for nothing else.
fn ids_asked(condition: &Condition) -> Option<usize> {
    let is_id = |field: &Field| matches!(field, Field::Path(name) if name.is("Id"));
    match condition {
        Condition::In { field, negated: false, values } if is_id(field) => Some(values.len()),
        Condition::Compare { left: Operand::Field(field), operator: Comparison::Equal, value }
            if is_id(field) && matches!(value.value, LiteralValue::Text(_)) =>
        {
            Some(1)
        }
        Condition::Or(parts) => parts.iter().map(ids_asked).sum(),
        Condition::And(parts) => parts.iter().filter_map(ids_asked).min(),
        _ => None,
    }
}
