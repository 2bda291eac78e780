//! Query results as REST JSON: `reference/rest.md` §4.1.
//!
//! A page is appended to one string, straight from the rows of the pinned state.

use super::home::Home;
use super::{json, render};
use crate::id::{Id, IdText};
use crate::schema::{FieldType, ObjectSpec, Slot};
use crate::soql::exec::eval::{Env, Record, text_of};
use crate::soql::resolve::tree::{Column, Node, ParentNode, Place, Targets, Typed};
use crate::soql::{ChildSet, Explained, GroupRows, RecordRows, ResultSet, Rows};
use crate::store::Hint;
use crate::value::Value;
use std::cell::RefCell;
use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;

/// Appends `batch` rows of a result from row `from` on, with what surrounds them. `next` is the
/// `nextRecordsUrl`, when there are more rows.
pub fn page(
    out: &mut String,
    result: &ResultSet,
    from: usize,
    batch: usize,
    version: u32,
    next: Option<&str>,
) {
    let rows = from..from.saturating_add(batch);
    page_of(out, result, &Page { rows, next, most_children: None }, version);
}

/// One page of a result.
pub struct Page<'p> {
    /// The rows.
    pub rows: Range<usize>,
    /// The `nextRecordsUrl`, when there are more rows.
    pub next: Option<&'p str>,
    /// How many children of one row are shown, and what gives the `nextRecordsUrl` of the others.
    pub most_children: Option<(usize, &'p dyn Fn(ResultSet) -> String)>,
}

/// Appends a page of a result, with what surrounds its rows.
pub fn page_of(out: &mut String, result: &ResultSet, page: &Page<'_>, version: u32) {
    let writer = Writer::new(result, version, page.most_children);
    let (from, next) = (page.rows.start, page.next);
    out.push('{');
    if result.tooling() {
        out.push_str("\"size\":");
        let end = page.rows.end.min(result.row_count());
        json::push_int(out, end.saturating_sub(from) as i64);
        out.push(',');
    }
    out.push_str("\"totalSize\":");
    json::push_int(out, result.total() as i64);
    out.push_str(",\"done\":");
    json::push_bool(out, next.is_none());
    if result.tooling() {
        out.push_str(",\"queryLocator\":");
        json::push_opt_str(out, next.and_then(|url| url.rsplit('/').next()));
        out.push_str(",\"entityTypeName\":");
        match result.rows() {
            Rows::Groups(_) => out.push_str("\"AggregateResult\""),
            Rows::Count(_) | Rows::Records(_) => json::push_str(out, &result.object().name),
        }
    }
    if let Some(next) = next {
        out.push_str(",\"nextRecordsUrl\":");
        json::push_str(out, next);
    }
    out.push_str(",\"records\":[");
    match result.rows() {
        Rows::Count(_) => {}
        Rows::Records(records) => {
            let end = page.rows.end.min(records.numbers.len());
            writer.records(out, result.object(), records, from.min(end), end);
        }
        Rows::Groups(groups) => {
            for (at, row) in groups.rows.iter().enumerate().skip(from).take(page.rows.len()) {
                if at > from {
                    out.push(',');
                }
                group(out, groups, row);
            }
        }
    }
    out.push_str("]}");
}

/// Appends one record of a result up to its closing brace, which the caller writes.
pub fn open_record(out: &mut String, result: &ResultSet, at: usize, version: u32) {
    let writer = Writer::new(result, version, None);
    let Rows::Records(records) = result.rows() else { return };
    let number = records.numbers.get(at).copied();
    let Some(record) = number.and_then(|number| result.record(result.object(), number)) else {
        return;
    };
    out.push('{');
    render::push_attributes(out, result.object(), record.row, writer.home);
    let shown = Shown { record, id: None };
    writer.nodes(out, &records.nodes, shown, &mut Hints::default(), Some((records, at)));
}

struct Writer<'s> {
    result: &'s ResultSet,
    env: Env<'s>,
    home: Home,
    most_children: Option<(usize, &'s dyn Fn(ResultSet) -> String)>,
    /// `"attributes":{…/` by object.
    heads: RefCell<Vec<(Arc<ObjectSpec>, Rc<String>)>>,
    /// For each parent that is shown the last one's id and place in the output: neighbours often
    /// have the same.
    parents: RefCell<Vec<(&'s ParentNode, Id, Range<usize>)>>,
}

/// A record and the text of its id.
#[derive(Clone, Copy)]
struct Shown<'s, 'i> {
    record: Record<'s>,
    id: Option<&'i str>,
}

/// Where the fields of the record before were.
#[derive(Default)]
struct Hints(Vec<Hint>);

impl Hints {
    /// For a list of some rows; of few they would cost more than they save.
    fn new(nodes: &[Node], rows: usize) -> Hints {
        Hints(if rows < 4 { Vec::new() } else { vec![Hint::default(); nodes.len()] })
    }
}

/// How many rows are fetched before they are shown.
const AT_ONCE: usize = 16;

/// The attributes of a record.
fn attributes(out: &mut String, head: &str, record: Record<'_>, id: Option<&str>) {
    out.push_str(head);
    match id {
        Some(id) => out.push_str(id),
        None => render::push_row_key(out, record.object, record.row),
    }
    out.push_str("\"}");
}

/// The text of a record's id, unless its URL has a durable one.
fn id_text(record: Record<'_>) -> Option<IdText> {
    let system = &record.object.system;
    if system.durable_id.is_some() { None } else { record.row.id(system.id).map(Id::text) }
}

impl<'s> Writer<'s> {
    fn new(
        result: &'s ResultSet,
        version: u32,
        most_children: Option<(usize, &'s dyn Fn(ResultSet) -> String)>,
    ) -> Writer<'s> {
        Writer {
            result,
            env: result.env(),
            home: Home { version, tooling: result.tooling() },
            most_children,
            heads: RefCell::default(),
            parents: RefCell::default(),
        }
    }

    fn records(
        &self,
        out: &mut String,
        object: &'s Arc<ObjectSpec>,
        records: &'s RecordRows,
        from: usize,
        end: usize,
    ) {
        // One row alone is soon shown.
        if end - from == 1
            && let Some(record) = self.result.record(object, records.numbers[from])
        {
            out.push('{');
            render::push_attributes(out, object, record.row, self.home);
            let shown = Shown { record, id: None };
            self.nodes(out, &records.nodes, shown, &mut Hints::default(), Some((records, from)));
            out.push('}');
            return;
        }
        let head = self.head(object);
        let mut hints = Hints::new(&records.nodes, end - from);
        let mut some: Vec<Option<(Record<'s>, Option<IdText>)>> = Vec::new();
        for start in (from..end).step_by(AT_ONCE) {
            // Ids first: rows lie far apart in memory, and this short loop waits for many at a time.
            some.clear();
            let numbers = &records.numbers[start..end.min(start + AT_ONCE)];
            some.extend(numbers.iter().map(|number| {
                let record = self.result.record(object, *number)?;
                Some((record, id_text(record)))
            }));
            for (at, found) in (start..).zip(&some) {
                if at > from {
                    out.push(',');
                }
                let Some((record, id)) = found else {
                    out.push_str("null");
                    continue;
                };
                out.push('{');
                let id = id.as_ref().map(IdText::as_str);
                attributes(out, &head, *record, id);
                let shown = Shown { record: *record, id };
                self.nodes(out, &records.nodes, shown, &mut hints, Some((records, at)));
                out.push('}');
            }
        }
    }

    /// What is the same for all records of an object.
    fn head(&self, object: &Arc<ObjectSpec>) -> Rc<String> {
        let mut heads = self.heads.borrow_mut();
        if let Some((_, head)) = heads.iter().find(|(own, _)| Arc::ptr_eq(own, object)) {
            return Rc::clone(head);
        }
        let mut head = String::with_capacity(128);
        render::push_attributes_head(&mut head, object, self.home);
        let head = Rc::new(head);
        heads.push((Arc::clone(object), Rc::clone(&head)));
        head
    }

    /// A parent with what is shown of it.
    fn whole(&self, out: &mut String, nodes: &'s [Node], record: Record<'s>) {
        out.push('{');
        let id = id_text(record);
        let id = id.as_ref().map(IdText::as_str);
        attributes(out, &self.head(record.object), record, id);
        let shown = Shown { record, id };
        self.nodes(out, nodes, shown, &mut Hints::default(), None);
        out.push('}');
    }

    /// The entries of a record. `at` is its place among rows that have child sets.
    fn nodes(
        &self,
        out: &mut String,
        nodes: &'s [Node],
        shown: Shown<'s, '_>,
        hints: &mut Hints,
        at: Option<(&'s RecordRows, usize)>,
    ) {
        let record = shown.record;
        for (place, node) in nodes.iter().enumerate() {
            if let Node::Field(slot) = node {
                self.field(out, *slot, shown, hints.0.get_mut(place));
                continue;
            }
            out.push(',');
            match node {
                Node::Field(_) => {}
                Node::Placed { key, place, column } => {
                    out.push_str(key);
                    self.placed(out, place, column, record);
                }
                Node::Computed { key, value } => {
                    out.push_str(key);
                    let computed = self.env.value(&value.expr, Some(record), &[]);
                    push_typed(out, value, &computed);
                }
                Node::Parent(parent) => {
                    out.push_str(&parent.key);
                    self.parent(out, parent, record);
                }
                Node::Typeof(of) => {
                    out.push_str(&of.key);
                    let parent = self.env.parent(record, &of.hop);
                    let branch = parent.and_then(|parent| {
                        let own = of.branches.iter().find(|(own, _)| own.id == parent.object.id);
                        let nodes = own.map(|(_, nodes)| nodes).or(of.otherwise.as_ref());
                        nodes.map(|nodes| (parent, nodes))
                    });
                    match branch {
                        Some((parent, nodes)) => self.whole(out, nodes, parent),
                        None => out.push_str("null"),
                    }
                }
                Node::Children { key, child } => {
                    out.push_str(key);
                    match at.and_then(|(rows, at)| Some((rows.children.get(*child)?, at))) {
                        Some((child, at)) => self.children(out, child, at),
                        None => out.push_str("null"),
                    }
                }
            }
        }
    }

    /// `,"Name":value`.
    fn field(&self, out: &mut String, slot: Slot, shown: Shown<'s, '_>, hint: Option<&mut Hint>) {
        let Shown { record, id } = shown;
        let field = record.object.at(slot);
        let value = match hint {
            Some(hint) => record.row.get_by(slot, hint),
            None => record.row.get(slot),
        };
        let key = &field.json_absent[..=field.json_key.len()];
        match (value, id) {
            (Value::Text(text), _) if field.kind != FieldType::ComplexValue => {
                out.push_str(key);
                json::push_str(out, text);
            }
            (Value::Id(_), Some(id)) if slot == record.object.system.id => {
                out.push_str(key);
                out.push('"');
                out.push_str(id);
                out.push('"');
            }
            _ if matches!(
                field.kind,
                FieldType::Address
                    | FieldType::Location
                    | FieldType::Base64
                    | FieldType::ComplexValue
            ) =>
            {
                out.push_str(key);
                render::push_value(out, record.object, slot, record.row, self.home);
            }
            (Value::Null, _) => out.push_str(&field.json_absent),
            _ => {
                out.push_str(key);
                render::push_plain(out, field.kind, field.picklist.as_deref(), value);
            }
        }
    }

    fn placed(&self, out: &mut String, place: &Place, column: &Column, record: Record<'s>) {
        if let Some(slot) = place.slot(record.object.id) {
            render::push_value(out, record.object, slot, record.row, self.home);
            return;
        }
        // Not every object behind the reference has the field: then it is null, even where it would
        // be a checkbox.
        match &*self.env.at(record, place) {
            Value::Null => out.push_str("null"),
            value => render::push_plain(out, column.kind, None, value),
        }
    }

    fn parent(&self, out: &mut String, node: &'s ParentNode, record: Record<'s>) {
        let Some(id) = self.env.parent_id(record, &node.hop) else {
            out.push_str("null");
            return;
        };
        let last = self.parents.borrow().iter().position(|(own, ..)| std::ptr::eq(*own, node));
        if let Some(last) = last
            && let (_, own, shown) = &self.parents.borrow()[last]
            && *own == id
        {
            out.extend_from_within(shown.clone());
            return;
        }
        let Some(parent) = self.env.parent(record, &node.hop) else {
            out.push_str("null");
            return;
        };
        let start = out.len();
        let by_name = matches!(node.hop.targets, Targets::Any(_))
            && self.env.settings.polymorphic_parents_are_names;
        if by_name {
            out.push_str("{\"attributes\":{\"type\":\"Name\",\"url\":\"");
            render::push_row_url(out, parent.object, parent.row, self.home);
            out.push_str("\"}");
            let shown = Shown { record: parent, id: None };
            self.nodes(out, &node.nodes, shown, &mut Hints::default(), None);
            out.push('}');
        } else {
            self.whole(out, &node.nodes, parent);
        }
        let shown = (node, id, start..out.len());
        let mut parents = self.parents.borrow_mut();
        match last {
            Some(last) => parents[last] = shown,
            None => parents.push(shown),
        }
    }

    fn children(&self, out: &mut String, child: &'s ChildSet, at: usize) {
        let (start, end) = child.span(at);
        if start == end {
            out.push_str("null");
            return;
        }
        out.push_str("{\"totalSize\":");
        json::push_int(out, (end - start) as i64);
        let cut = self.most_children.filter(|(most, _)| end - start > *most);
        out.push_str(",\"done\":");
        json::push_bool(out, cut.is_none());
        let mut shown = end;
        if let Some((most, keep)) = cut {
            shown = start + most;
            out.push_str(",\"nextRecordsUrl\":");
            json::push_str(out, &keep(self.result.of_children(child, at)));
        }
        out.push_str(",\"records\":[");
        self.records(out, &child.object, &child.rows, start, shown);
        out.push_str("]}");
    }
}

fn group(out: &mut String, groups: &GroupRows, row: &[Value]) {
    out.push_str("{\"attributes\":{\"type\":\"AggregateResult\"}");
    for (column, value) in groups.columns.iter().zip(row) {
        out.push(',');
        json::push_str(out, &column.name);
        out.push(':');
        push_typed(out, &column.value, value);
    }
    out.push('}');
}

/// Appends a computed value. What has no value is null, checkboxes too: a subtotal has none.
fn push_typed(out: &mut String, typed: &Typed, value: &Value) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Pick(_) => {
            json::push_opt_str(out, text_of(value, typed.column.picklist.as_deref()));
        }
        value => render::push_plain(out, typed.column.kind, None, value),
    }
}

/// The answer to `explain=`.
pub fn explained(explained: &Explained) -> String {
    let mut text = String::new();
    let out = &mut text;
    out.push_str("{\"plans\":[");
    for (at, plan) in explained.plans.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        out.push_str("{\"cardinality\":");
        json::push_int(out, plan.cardinality as i64);
        out.push_str(",\"fields\":");
        strings(out, &plan.fields);
        out.push_str(",\"leadingOperationType\":");
        json::push_str(out, plan.leading_operation_type);
        out.push_str(",\"notes\":[");
        for (at, note) in plan.notes.iter().enumerate() {
            if at > 0 {
                out.push(',');
            }
            out.push_str("{\"description\":");
            json::push_str(out, note.description);
            out.push_str(",\"fields\":");
            strings(out, &note.fields);
            out.push_str(",\"tableEnumOrId\":");
            json::push_str(out, &note.table);
            out.push('}');
        }
        out.push_str("],\"relativeCost\":");
        crate::value::java_double(out, plan.relative_cost);
        out.push_str(",\"sobjectCardinality\":");
        json::push_int(out, plan.sobject_cardinality as i64);
        out.push_str(",\"sobjectType\":");
        json::push_str(out, &plan.sobject_type);
        out.push('}');
    }
    out.push_str("],\"sourceQuery\":");
    json::push_str(out, &explained.source_query);
    out.push('}');
    text
}

fn strings(out: &mut String, texts: &[String]) {
    out.push('[');
    for (at, text) in texts.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        json::push_str(out, text);
    }
    out.push(']');
}
