//! Which fields of a record a request wants: a tree of fields and parents.

use super::super::list_views::Column;
use super::Ui;
use super::layout::{Kind, Mode, fields_of};
use crate::error::OrgError;
use crate::schema::{FieldSpec, FieldType, ObjectSpec, Schema, Slot};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Most relationships in one path.
const DEEPEST: usize = 5;

/// The fields that are wanted of a record, by canonical name in order of the names.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Wanted {
    /// Own fields. Names, not slots: a polymorphic parent may be of one object or another.
    pub(super) fields: BTreeSet<String>,
    /// Parents by relationship name, and what is wanted of the row behind it.
    pub(super) parents: BTreeMap<String, Wanted>,
    /// Own fields that are shown without display value: nobody asked for them.
    pub(super) silent: BTreeSet<String>,
}

/// The fields that every record of a list brings along.
const OF_LISTS: [&str; 5] =
    ["Id", "CreatedDate", "LastModifiedById", "LastModifiedDate", "SystemModstamp"];

impl Wanted {
    /// Adds a path that begins with a field or relationship of the object. False: the object, or a
    /// parent, has nothing of that name.
    pub(super) fn add(&mut self, schema: &Schema, object: &ObjectSpec, path: &str) -> bool {
        self.add_at(schema, object, path, DEEPEST)
    }

    fn add_at(&mut self, schema: &Schema, object: &ObjectSpec, path: &str, left: usize) -> bool {
        let Some((step, rest)) = path.split_once('.') else {
            let Some((slot, field)) = object.field(path) else { return false };
            self.add_field(object, slot, field);
            return true;
        };
        let Some((_, field)) = object.parent_relationship(step) else { return false };
        let Some(left) = left.checked_sub(1) else { return false };
        let name = field.relationship_name.as_deref().unwrap_or(step).to_owned();
        let targets: Vec<&Arc<ObjectSpec>> =
            field.reference_to.iter().filter_map(|name| schema.by_name(name)).collect();
        let mut inner = self.parents.get(&name).cloned().unwrap_or_default();
        // What one of several possible parents has is enough; each row shows what its parent has.
        if !targets.iter().any(|target| inner.add_at(schema, target, rest, left)) {
            return false;
        }
        for target in targets {
            inner.add_identity(target);
        }
        self.parents.insert(name, inner);
        true
    }

    /// Adds a field; of a compound, what it is made of.
    fn add_field(&mut self, object: &ObjectSpec, slot: Slot, field: &FieldSpec) {
        if matches!(field.kind, FieldType::Address | FieldType::Location) {
            let parts = object.compounds.iter().find(|(own, _)| *own == slot);
            for (_, part) in parts.map(|(_, parts)| parts.as_slice()).unwrap_or_default() {
                self.fields.insert(object.at(*part).name.to_string());
            }
            return;
        }
        self.fields.insert(field.name.to_string());
    }

    /// Adds the id and the name, by which a parent is shown.
    fn add_identity(&mut self, object: &ObjectSpec) {
        for slot in [Some(object.system.id), object.name_slot].into_iter().flatten() {
            self.fields.insert(object.at(slot).name.to_string());
        }
    }

    /// Adds a field of a layout: a reference brings the record behind it along.
    pub(super) fn add_from_layout(&mut self, schema: &Schema, object: &ObjectSpec, slot: Slot) {
        let field = object.at(slot);
        self.add_field(object, slot, field);
        let Some(name) = field.relationship_name.as_deref() else { return };
        let mut parent = Wanted::default();
        for target in field.reference_to.iter().filter_map(|name| schema.by_name(name)) {
            parent.add_identity(target);
        }
        if !parent.fields.is_empty() {
            self.parents.insert(name.to_owned(), parent);
        }
    }

    /// Adds what every record of a list brings along, at every level.
    pub(super) fn add_of_lists(&mut self, schema: &Schema, object: &ObjectSpec) {
        for (_, field) in OF_LISTS.iter().filter_map(|name| object.field(name)) {
            if self.fields.insert(field.name.to_string()) {
                self.silent.insert(field.name.to_string());
            }
        }
        for (name, inner) in &mut self.parents {
            let Some((_, reference)) = object.parent_relationship(name) else { continue };
            if let Some(target) =
                reference.reference_to.iter().find_map(|name| schema.by_name(name))
            {
                inner.add_of_lists(schema, target);
            }
            self.fields.insert(reference.name.to_string());
        }
    }

    /// The columns of a list and what its records bring along.
    pub(super) fn of_columns(schema: &Schema, object: &ObjectSpec, columns: &[Column]) -> Wanted {
        let mut wanted = Wanted::default();
        for column in columns {
            wanted.add(schema, object, &column.path);
        }
        wanted.add_of_lists(schema, object);
        wanted
    }

    /// Every object that the tree reaches, this one's included, by name.
    pub(super) fn objects<'s>(
        &self,
        schema: &'s Schema,
        object: &'s Arc<ObjectSpec>,
        into: &mut BTreeMap<&'s str, &'s Arc<ObjectSpec>>,
    ) {
        into.insert(&object.name, object);
        for (name, inner) in &self.parents {
            let reference = object.parent_relationship(name);
            let names = reference.map(|(_, field)| &field.reference_to[..]).unwrap_or_default();
            for target in names.iter().filter_map(|name| schema.by_name(name)) {
                if super::is_supported(target) {
                    inner.objects(schema, target, into);
                }
            }
        }
    }
}

/// What a request asks of records: the parameters `fields`, `optionalFields`, `layoutTypes`, `modes`.
pub(super) struct Asked<'c> {
    fields: Vec<&'c str>,
    optional: Vec<&'c str>,
    layouts: Vec<Kind>,
    modes: Vec<Mode>,
}

impl<'c> Asked<'c> {
    /// Reads the parameters. Without any of them the request is refused.
    pub(super) fn read(ui: Ui<'c>) -> Result<Asked<'c>, OrgError> {
        let asked = Asked {
            fields: ui.list("fields"),
            optional: ui.list("optionalFields"),
            layouts: Kind::list(ui)?,
            modes: Mode::list(ui)?,
        };
        let optional_suffices = ui.version() >= 45;
        let any = !asked.fields.is_empty()
            || !asked.layouts.is_empty()
            || (optional_suffices && !asked.optional.is_empty());
        if any { Ok(asked) } else { Err(OrgError::ui_no_fields_wanted(optional_suffices)) }
    }

    /// What is wanted of records of one object. In a batch the fields of other objects are not
    /// meant for it.
    pub(super) fn of(
        &self,
        ui: Ui<'_>,
        object: &ObjectSpec,
        in_batch: bool,
    ) -> Result<Wanted, OrgError> {
        let schema = &ui.context.state.schema;
        let mut wanted = Wanted::default();
        for kind in &self.layouts {
            for mode in &self.modes {
                for slot in fields_of(object, *kind, *mode) {
                    wanted.add_from_layout(schema, object, slot);
                }
            }
        }
        for name in &self.fields {
            match own_path(object, name) {
                Some(path) if wanted.add(schema, object, path) => {}
                None if in_batch => {}
                path => {
                    let name = path.unwrap_or(name);
                    return Err(OrgError::ui_no_such_field(name, &object.name));
                }
            }
        }
        add_optional(&mut wanted, schema, object, &self.optional);
        Ok(wanted)
    }
}

/// Adds those of the names that the object has.
pub(super) fn add_optional(
    wanted: &mut Wanted,
    schema: &Schema,
    object: &ObjectSpec,
    names: &[&str],
) {
    for path in names.iter().filter_map(|name| own_path(object, name)) {
        // A name that nobody has is left out, as is one that the user may not see.
        let _ = wanted.add(schema, object, path);
    }
}

/// The path behind the object's name: `Name` of `Account.Name`.
pub(super) fn own_path<'n>(object: &ObjectSpec, name: &'n str) -> Option<&'n str> {
    let (first, path) = name.split_once('.')?;
    first.eq_ignore_ascii_case(&object.name).then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(object: &str, paths: &[&str]) -> Option<(Vec<String>, Vec<String>)> {
        let schema = Schema::default();
        let object = schema.by_name(object).expect("an object");
        let mut wanted = Wanted::default();
        for path in paths {
            if !wanted.add(&schema, object, path) {
                return None;
            }
        }
        let parents = wanted.parents.iter().map(|(name, inner)| {
            let fields: Vec<&str> = inner.fields.iter().map(String::as_str).collect();
            format!("{name}({})", fields.join(" "))
        });
        Some((wanted.fields.iter().cloned().collect(), parents.collect()))
    }

    #[test]
    fn paths_become_a_tree_in_canonical_spelling() {
        let (fields, parents) =
            tree("Contact", &["lastname", "ACCOUNT.phone", "Account.Industry"]).expect("a tree");
        assert_eq!(fields, ["LastName"]);
        assert_eq!(parents, ["Account(Id Industry Name Phone)"]);
        assert_eq!(tree("Contact", &["Nonsense"]), None);
        assert_eq!(tree("Contact", &["Account.Nonsense"]), None);
        assert_eq!(tree("Contact", &["Nonsense.Name"]), None);
        let deep = "Account.Parent.Parent.Parent.Parent.Parent.Name";
        assert_eq!(tree("Contact", &[deep]), None);
    }

    #[test]
    fn a_compound_is_what_it_is_made_of() {
        let (fields, _) = tree("Account", &["BillingAddress"]).expect("a tree");
        assert!(fields.contains(&"BillingCity".to_owned()), "{fields:?}");
        assert!(!fields.contains(&"BillingAddress".to_owned()), "{fields:?}");
    }

    #[test]
    fn a_polymorphic_parent_has_what_one_of_its_objects_has() {
        let (_, parents) = tree("Case", &["Owner.Alias"]).expect("a tree");
        assert_eq!(parents, ["Owner(Alias Id Name)"]);
    }
}
