//! `columnMetadata`, the answer to `columns=true`: what each column of a query's result is.

use super::json;
use crate::schema::{FieldType, ObjectSpec};
use crate::soql::resolve::tree::{GroupColumn, Node, Targets};
use crate::soql::{RecordRows, ResultSet, Rows};

/// Appends the answer to `columns=true`: what each column of a result is.
pub fn columns(out: &mut String, result: &ResultSet) {
    let object = result.object();
    out.push_str("{\"columnMetadata\":[");
    let mut id_selected = false;
    let mut group_by = false;
    match result.rows() {
        Rows::Count(_) => {}
        Rows::Records(records) => {
            id_selected = records
                .nodes
                .iter()
                .any(|node| matches!(node, Node::Field(slot) if *slot == object.system.id));
            node_columns(out, object, records, &records.nodes);
        }
        Rows::Groups(groups) => {
            group_by = groups.grouped;
            for (at, column) in groups.columns.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                group_column(out, column);
            }
        }
    }
    out.push_str("],\"entityName\":");
    json::push_str(out, &object.name);
    out.push_str(",\"groupBy\":");
    json::push_bool(out, group_by);
    out.push_str(",\"idSelected\":");
    json::push_bool(out, id_selected);
    out.push_str(",\"keyPrefix\":");
    let prefix = std::str::from_utf8(&object.key_prefix).ok();
    json::push_opt_str(out, prefix.filter(|_| object.key_prefix_public));
    out.push('}');
}

/// One entry of `columnMetadata` up to its `joinColumns`, which the caller writes.
struct ColumnEntry<'c> {
    name: &'c str,
    kind: Option<FieldType>,
    custom: bool,
    insertable: bool,
    updatable: bool,
    aggregate: bool,
    foreign_key: Option<&'c str>,
}

fn column_entry(out: &mut String, entry: &ColumnEntry<'_>, joins: impl FnOnce(&mut String)) {
    use FieldType as T;
    out.push_str("{\"aggregate\":");
    json::push_bool(out, entry.aggregate);
    out.push_str(",\"apexType\":");
    json::push_opt_str(out, entry.kind.map(apex_type));
    out.push_str(",\"booleanType\":");
    json::push_bool(out, entry.kind == Some(T::Boolean));
    out.push_str(",\"columnName\":");
    json::push_str(out, entry.name);
    out.push_str(",\"custom\":");
    json::push_bool(out, entry.custom);
    out.push_str(",\"displayName\":");
    json::push_str(out, entry.name);
    out.push_str(",\"foreignKeyName\":");
    json::push_opt_str(out, entry.foreign_key);
    out.push_str(",\"insertable\":");
    json::push_bool(out, entry.insertable);
    out.push_str(",\"joinColumns\":[");
    joins(out);
    out.push_str("],\"numberType\":");
    let is_number =
        matches!(entry.kind, Some(T::Int | T::Long | T::Double | T::Currency | T::Percent));
    json::push_bool(out, is_number);
    out.push_str(",\"textType\":");
    json::push_bool(out, entry.kind.is_some_and(T::is_text));
    out.push_str(",\"updatable\":");
    json::push_bool(out, entry.updatable);
    out.push('}');
}

fn node_columns(out: &mut String, object: &ObjectSpec, records: &RecordRows, nodes: &[Node]) {
    for (at, node) in nodes.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        let plain = |name| ColumnEntry {
            name,
            kind: None,
            custom: false,
            insertable: false,
            updatable: false,
            aggregate: false,
            foreign_key: None,
        };
        match node {
            Node::Field(slot) => {
                let field = object.at(*slot);
                let entry = ColumnEntry {
                    kind: Some(field.kind),
                    custom: field.custom,
                    insertable: field.createable,
                    updatable: field.updateable,
                    foreign_key: field.relationship_name.as_deref(),
                    ..plain(&field.name)
                };
                column_entry(out, &entry, |_| {});
            }
            Node::Placed { column, .. } => {
                let entry = ColumnEntry { kind: Some(column.kind), ..plain(&column.name) };
                column_entry(out, &entry, |_| {});
            }
            Node::Computed { key, value } => {
                let name = key.trim_end_matches(':').trim_matches('"');
                let entry = ColumnEntry { kind: Some(value.column.kind), ..plain(name) };
                column_entry(out, &entry, |_| {});
            }
            Node::Parent(parent) => column_entry(out, &plain(&parent.name), |out| {
                let target = match &parent.hop.targets {
                    Targets::One(target) => target,
                    Targets::Any(targets) => match targets.first() {
                        Some(target) => target,
                        None => return,
                    },
                };
                node_columns(out, target, records, &parent.nodes);
            }),
            Node::Typeof(of) => column_entry(out, &plain(&of.name), |out| {
                let own = of.branches.iter().filter(|(_, nodes)| !nodes.is_empty());
                for (at, (target, nodes)) in own.enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    node_columns(out, target, records, nodes);
                }
            }),
            Node::Children { key, child } => {
                let name = key.trim_end_matches(':').trim_matches('"');
                let entry = ColumnEntry { aggregate: true, ..plain(name) };
                column_entry(out, &entry, |out| {
                    if let Some(child) = records.children.get(*child) {
                        node_columns(out, &child.object, &child.rows, &child.rows.nodes);
                    }
                });
            }
        }
    }
}

fn group_column(out: &mut String, column: &GroupColumn) {
    let field = column.value.column.spec().filter(|_| !column.aggregate);
    let entry = ColumnEntry {
        name: &column.name,
        kind: Some(column.value.column.kind),
        custom: field.is_some_and(|field| field.custom),
        insertable: field.is_some_and(|field| field.createable),
        updatable: field.is_some_and(|field| field.updateable),
        aggregate: column.aggregate,
        foreign_key: None,
    };
    column_entry(out, &entry, |_| {});
}

/// The Apex type of a field's type.
fn apex_type(kind: FieldType) -> &'static str {
    match kind {
        FieldType::Id | FieldType::Reference => "Id",
        FieldType::Boolean => "Boolean",
        FieldType::Int => "Integer",
        FieldType::Long => "Long",
        FieldType::Double | FieldType::Currency | FieldType::Percent => "Double",
        FieldType::Date => "Date",
        FieldType::DateTime => "Datetime",
        FieldType::Time => "Time",
        FieldType::Base64 => "Blob",
        FieldType::Address => "Address",
        FieldType::Location => "Location",
        _ => "String",
    }
}
