//! Names: objects of `FROM`, aliases, field paths.

use super::Resolver;
use super::tree::{Column, Expr, Hop, Path, Place, Targets, Typed};
use crate::error::OrgError;
use crate::schema::{FieldSpec, FieldType, Lookup, ObjectSpec, Slot, catalog};
use crate::soql::ast::{From, Name};
use compact_str::CompactString;
use std::sync::Arc;

/// Most steps of a path to a parent.
const MAX_STEPS: usize = 5;

/// The fields of the `Name` object, through which a polymorphic parent is seen.
const NAME_FIELDS: [(&str, FieldType); 14] = [
    ("Alias", FieldType::String),
    ("Email", FieldType::Email),
    ("FirstName", FieldType::String),
    ("Id", FieldType::Id),
    ("IsActive", FieldType::Boolean),
    ("LastName", FieldType::String),
    ("Name", FieldType::String),
    ("Phone", FieldType::Phone),
    ("ProfileId", FieldType::Reference),
    ("RecordTypeId", FieldType::Reference),
    ("Title", FieldType::String),
    ("Type", FieldType::String),
    ("UserRoleId", FieldType::Reference),
    ("Username", FieldType::String),
];

/// The parents of the `Name` object.
const NAME_PARENTS: [&str; 3] = ["Profile", "RecordType", "UserRole"];

/// The record that a path has reached.
#[derive(Clone)]
pub(super) struct Reached {
    /// The steps to it.
    pub(super) hops: Vec<Hop>,
    /// Canonical names of the steps.
    pub(super) names: Vec<CompactString>,
    /// Its object, or objects.
    pub(super) at: Targets,
}

impl Reached {
    /// The record itself.
    pub(super) fn start(object: &Arc<ObjectSpec>) -> Reached {
        let at = Targets::One(Arc::clone(object));
        Reached { hops: Vec::new(), names: Vec::new(), at }
    }
}

/// A field that a name stands for.
pub(super) struct Found {
    /// The record that has it.
    pub(super) reached: Reached,
    /// Where it is in that record.
    pub(super) place: Place,
    /// What it is.
    pub(super) column: Column,
}

impl Found {
    /// Canonical path, such as `Account.Name`.
    pub(super) fn path(&self) -> CompactString {
        let mut path = CompactString::default();
        for name in &self.reached.names {
            path.push_str(name);
            path.push('.');
        }
        path.push_str(&self.column.name);
        path
    }

    /// The field as a value seen from the first record of the path.
    pub(super) fn typed(self) -> Typed {
        let expr = match (self.reached.hops.is_empty(), self.place) {
            (true, Place::One(slot)) => Expr::Own(slot),
            (_, place) => Expr::Path(Box::new(Path { hops: self.reached.hops, place })),
        };
        Typed { expr, column: self.column }
    }
}

/// One select's names: its object, and what its aliases stand for.
pub(super) struct Scope<'a> {
    pub(super) resolver: &'a Resolver<'a>,
    pub(super) object: Arc<ObjectSpec>,
    aliases: Vec<(CompactString, Reached)>,
    /// Canonical path of the sub-select, so that each level counts its own parents.
    prefix: String,
}

impl<'a> Resolver<'a> {
    /// The object of a name in `FROM`.
    pub(super) fn object(&self, name: &Name) -> Result<Arc<ObjectSpec>, OrgError> {
        let unknown = || {
            let at = name.span.start as usize;
            OrgError::no_such_object_in_query(self.text, at, &name.text)
        };
        if self.context.tooling && catalog::in_tooling(&name.text).is_none() {
            return Err(unknown());
        }
        let object = match self.context.state.schema.lookup(&name.text) {
            Lookup::Object(object) => Arc::clone(object),
            Lookup::KnownElsewhere(canonical) => {
                return Err(OrgError::object_not_emulated(canonical));
            }
            Lookup::Unknown => {
                return Err(match catalog::in_tooling(&name.text) {
                    Some(canonical) if self.context.tooling => {
                        OrgError::tooling_object_not_emulated(canonical)
                    }
                    _ => unknown(),
                });
            }
        };
        if object.flags.queryable { Ok(object) } else { Err(OrgError::not_queryable(&object.name)) }
    }

    /// The scope of a `FROM` whose first item is `object`.
    pub(super) fn scope(
        &'a self,
        object: Arc<ObjectSpec>,
        from: &[From],
        prefix: String,
    ) -> Result<Scope<'a>, OrgError> {
        let mut scope = Scope { resolver: self, object, aliases: Vec::new(), prefix };
        let mut items = from.iter();
        if let Some(alias) = items.next().and_then(|first| first.alias.as_ref()) {
            scope.aliases.push((alias.text.clone(), Reached::start(&scope.object)));
        }
        for item in items {
            let reached = scope.relationship(&item.object)?;
            let name = match &item.alias {
                Some(alias) => alias.text.clone(),
                None => reached.names.last().cloned().unwrap_or_default(),
            };
            scope.aliases.push((name, reached));
        }
        Ok(scope)
    }
}

impl Scope<'_> {
    /// The query's text.
    pub(super) fn text(&self) -> &str {
        self.resolver.text
    }

    /// Canonical path of the sub-select.
    pub(super) fn prefix(&self) -> &str {
        &self.prefix
    }

    /// A name in `FROM` of a sub-select without the object's name or alias in front.
    pub(super) fn without_own_name<'n>(&self, name: &'n Name) -> &'n str {
        let Some((first, rest)) = name.text.split_once('.') else { return &name.text };
        let is_alias = self
            .aliases
            .iter()
            .any(|(alias, reached)| reached.hops.is_empty() && alias.eq_ignore_ascii_case(first));
        if is_alias || first.eq_ignore_ascii_case(&self.object.name) { rest } else { &name.text }
    }

    /// A further item of `FROM`: `c.Account`, `Contact.Account`.
    fn relationship(&self, name: &Name) -> Result<Reached, OrgError> {
        let (mut reached, used) = self.start(name);
        let segments = name.segments().skip(usize::from(used));
        for segment in segments {
            let is_relationship = match &reached.at {
                Targets::One(object) => object.parent_relationship(segment).is_some(),
                Targets::Any(_) => false,
            };
            if !is_relationship || !used {
                return Err(OrgError::second_driving_object(&self.object.name));
            }
            reached = self.step(reached, segment, name)?;
        }
        if reached.hops.is_empty() {
            return Err(OrgError::second_driving_object(&self.object.name));
        }
        Ok(reached)
    }

    /// Where a path starts, and whether its first segment said so (an alias, the object's name).
    fn start(&self, name: &Name) -> (Reached, bool) {
        let first = name.segments().next().unwrap_or_default();
        if first.len() == name.text.len() {
            return (Reached::start(&self.object), false);
        }
        let alias = self.aliases.iter().find(|(alias, _)| alias.eq_ignore_ascii_case(first));
        if let Some((_, reached)) = alias {
            return (reached.clone(), true);
        }
        (Reached::start(&self.object), first.eq_ignore_ascii_case(&self.object.name))
    }

    /// The field that a name stands for.
    pub(super) fn find(&self, name: &Name) -> Result<Found, OrgError> {
        let (reached, used) = self.start(name);
        self.find_from(reached, name, usize::from(used))
    }

    /// The field of a name seen from a record other than the scope's own.
    pub(super) fn find_from(
        &self,
        mut reached: Reached,
        name: &Name,
        skip: usize,
    ) -> Result<Found, OrgError> {
        let mut segments = name.segments().skip(skip).peekable();
        while let Some(segment) = segments.next() {
            if segments.peek().is_none() {
                let (place, column) = self.leaf(&reached, segment, name)?;
                return Ok(Found { reached, place, column });
            }
            reached = self.step(reached, segment, name)?;
        }
        let at = name.span.start as usize;
        Err(OrgError::no_such_column_in_query(self.text(), at, &name.text, &self.object.name))
    }

    /// The relationship that all of a name stands for (the operand of TYPEOF).
    pub(super) fn parent(&self, name: &Name) -> Result<Reached, OrgError> {
        let (mut reached, used) = self.start(name);
        for segment in name.segments().skip(usize::from(used)) {
            reached = self.step(reached, segment, name)?;
        }
        Ok(reached)
    }

    /// One step up.
    fn step(&self, mut reached: Reached, segment: &str, name: &Name) -> Result<Reached, OrgError> {
        let at = name.span.start as usize;
        if reached.hops.len() == MAX_STEPS {
            return Err(OrgError::path_too_long(self.text(), at));
        }
        let unknown = || {
            let refused = match &reached.at {
                Targets::One(object) => refused(object, segment),
                Targets::Any(_) => None,
            };
            refused.unwrap_or_else(|| OrgError::no_such_relationship(self.text(), at, segment))
        };
        let (place, field) = match &reached.at {
            Targets::One(object) => {
                let (slot, field) = object.parent_relationship(segment).ok_or_else(unknown)?;
                (Place::One(slot), field)
            }
            Targets::Any(objects) => {
                if !NAME_PARENTS.iter().any(|own| own.eq_ignore_ascii_case(segment)) {
                    return Err(unknown());
                }
                let own = objects.iter().filter_map(|object| {
                    object.parent_relationship(segment).map(|(slot, field)| (object, slot, field))
                });
                let own: Vec<_> = own.collect();
                let (_, _, field) = own.first().ok_or_else(unknown)?;
                let slots = own.iter().map(|(object, slot, _)| (object.id, *slot)).collect();
                (Place::Many(slots), *field)
            }
        };
        let canonical = field.relationship_name.as_deref().unwrap_or(segment);
        reached.names.push(canonical.into());
        let targets = self.targets(field)?;
        reached.hops.push(Hop { place, targets: targets.clone() });
        reached.at = targets;
        self.resolver.count_parent(format!("{}{}", self.prefix, reached.names.join(".")))?;
        Ok(reached)
    }

    /// Where a reference may lead, among the objects of this schema.
    pub(super) fn targets(&self, field: &FieldSpec) -> Result<Targets, OrgError> {
        let schema = &self.resolver.context.state.schema;
        if let [only] = &*field.reference_to
            && !field.polymorphic_foreign_key
        {
            return match schema.lookup(only) {
                Lookup::Object(object) => Ok(Targets::One(Arc::clone(object))),
                Lookup::KnownElsewhere(_) | Lookup::Unknown => {
                    Err(OrgError::object_not_emulated(only))
                }
            };
        }
        let objects = field.reference_to.iter().filter_map(|name| schema.by_name(name));
        Ok(Targets::Any(objects.map(Arc::clone).collect()))
    }

    fn leaf(
        &self,
        reached: &Reached,
        segment: &str,
        name: &Name,
    ) -> Result<(Place, Column), OrgError> {
        let at = name.span.start as usize;
        let unknown = |segment: &str, object: &str| {
            OrgError::no_such_column_in_query(self.text(), at, segment, object)
        };
        match &reached.at {
            Targets::One(object) => {
                let missing =
                    || refused(object, segment).unwrap_or_else(|| unknown(segment, &object.name));
                let (slot, _) = object.field(segment).ok_or_else(missing)?;
                Ok((Place::One(slot), column(object, slot)))
            }
            Targets::Any(objects) => {
                name_field(objects, segment).ok_or_else(|| unknown(segment, "Name"))
            }
        }
    }
}

/// The refusal of a field or relationship that real orgs have in an object and this one has not.
pub(super) fn refused(object: &ObjectSpec, name: &str) -> Option<OrgError> {
    object.refuses(name).then(|| OrgError::catalog_field_not_emulated(&object.name, name))
}

/// A field of the `Name` object: its place in each of the objects behind it.
pub(super) fn name_field(objects: &[Arc<ObjectSpec>], name: &str) -> Option<(Place, Column)> {
    let (canonical, kind) = NAME_FIELDS.iter().find(|(own, _)| own.eq_ignore_ascii_case(name))?;
    let column = Column::computed(canonical, *kind);
    if *canonical == "Type" {
        return Some((Place::Type, column));
    }
    let slot = |object: &ObjectSpec| match *canonical {
        "Name" => object.name_slot,
        name => object.field(name).map(|(slot, _)| slot),
    };
    let slots = objects.iter().filter_map(|object| Some((object.id, slot(object)?)));
    Some((Place::Many(slots.collect()), column))
}

/// What is known about a field.
pub(super) fn column(object: &Arc<ObjectSpec>, slot: Slot) -> Column {
    let field = object.at(slot);
    Column {
        name: (&*field.name).into(),
        kind: field.kind,
        picklist: field.picklist.clone(),
        case_sensitive: field.case_sensitive && field.kind.is_text(),
        field: Some((Arc::clone(object), slot)),
    }
}
