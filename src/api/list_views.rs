//! The list views that every object of an org has from the start, and what their columns are.
//! `reference/rest.md` §2.6. They are made of the object's labels and scopes; an org has no others,
//! since `ListView` is not in the schema.

use crate::error::OrgError;
use crate::id::Id;
use crate::schema::{FieldSpec, FieldType, ObjectSpec, Schema, Slot};
use crate::soql::{self, Context};
use crate::store::{Row, State};
use crate::value::Value;
use std::fmt::Write as _;
use std::sync::Arc;

/// Key prefix of list views.
pub const LIST_VIEW: [u8; 3] = *b"00B";

/// Columns of the objects whose views show more than the name: an object and its paths a line.
static COLUMNS: &str = include_str!("../../fixtures/list-columns.txt");

/// What every list view carries without showing it.
pub const HIDDEN: [&str; 4] = ["Id", "CreatedDate", "LastModifiedDate", "SystemModstamp"];

/// The field that says when the user last viewed a record.
pub const VIEWED: &str = "LastViewedDate";

/// Which records a list view shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// What the user made or viewed last, newest first.
    Recent,
    /// All of them.
    All,
    /// The user's own.
    Mine,
}

impl Scope {
    /// Its place among an object's views, by which the view's id is made.
    fn place(self) -> u64 {
        match self {
            Scope::Recent => 1,
            Scope::All => 2,
            Scope::Mine => 3,
        }
    }
}

/// One list view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListView {
    /// Its id.
    pub id: Id,
    /// Its API name, such as `AllAccounts`.
    pub name: String,
    /// Its label, such as `All Accounts`.
    pub label: String,
    /// What it shows.
    pub scope: Scope,
}

impl ListView {
    fn new(object: &ObjectSpec, scope: Scope) -> ListView {
        let id = Id::own(LIST_VIEW, (Id::of_prefix(object.key_prefix) << 4) + scope.place());
        let label = match scope {
            Scope::Recent => "Recently Viewed",
            Scope::All => "All",
            Scope::Mine => "My",
        };
        // The only view that a custom object has from the start is called `All`.
        if object.flags.custom {
            return ListView { id, name: label.to_owned(), label: label.to_owned(), scope };
        }
        let label = format!("{label} {}", object.label_plural);
        let name = label.chars().filter(char::is_ascii_alphanumeric).collect();
        ListView { id, name, label, scope }
    }
}

/// True for an object that has list views.
pub fn has_any(object: &ObjectSpec) -> bool {
    object.flags.mru_enabled && object.flags.layoutable
}

/// The list views of an object, in the order in which real orgs list them.
pub fn of(object: &ObjectSpec) -> Vec<ListView> {
    if !has_any(object) {
        return Vec::new();
    }
    let has_scope = |name: &str| object.supported_scopes.iter().any(|(_, own)| &**own == name);
    let mut scopes = Vec::with_capacity(3);
    // The query of what was used last asks for the date of its use.
    if !object.flags.custom && object.field(VIEWED).is_some() {
        scopes.push(Scope::Recent);
    }
    scopes.push(Scope::All);
    if !object.flags.custom && has_scope("mine") && object.system.owner_id.is_some() {
        scopes.push(Scope::Mine);
    }
    scopes.into_iter().map(|scope| ListView::new(object, scope)).collect()
}

/// The list view of an id, and its object.
pub fn by_id(schema: &Schema, id: Id) -> Option<(&Arc<ObjectSpec>, ListView)> {
    let sequence = id.own_sequence().filter(|_| id.prefix() == LIST_VIEW)?;
    let object = schema.by_prefix(Id::prefix_of(sequence >> 4)?)?;
    let object = schema.object(object);
    let view = of(object).into_iter().find(|view| view.id == id)?;
    Some((object, view))
}

/// One column: a path of fields and what is known about its end.
#[derive(Clone, Debug)]
pub struct Column {
    /// The path in canonical spelling, such as `Owner.Alias`.
    pub path: String,
    /// What stands above it.
    pub label: String,
    /// The object of the field at its end.
    pub object: Arc<ObjectSpec>,
    /// That field.
    pub slot: Slot,
}

impl Column {
    /// The column of a path, if the object has it. A polymorphic step goes where the rest of the
    /// path leads.
    pub fn of(schema: &Schema, object: &Arc<ObjectSpec>, path: &str) -> Option<Column> {
        let (object_at_end, slot) = end_of(schema, object, path, 5)?;
        let own = object_at_end.at(slot).label.to_string();
        let label = match path.split_once('.') {
            // Real orgs head the owner's columns with the object's name.
            Some(("Owner", _)) => format!("{} Owner {own}", object.label),
            Some((_, "Name")) => object_at_end.label.to_string() + " Name",
            _ => own,
        };
        Some(Column { path: path.to_owned(), label, object: object_at_end, slot })
    }

    /// The field at its end.
    pub fn field(&self) -> &FieldSpec {
        self.object.at(self.slot)
    }
}

/// The object and slot at the end of a path.
fn end_of(
    schema: &Schema,
    object: &Arc<ObjectSpec>,
    path: &str,
    depth: usize,
) -> Option<(Arc<ObjectSpec>, Slot)> {
    let Some((step, rest)) = path.split_once('.') else {
        return Some((Arc::clone(object), object.field(path)?.0));
    };
    let depth = depth.checked_sub(1)?;
    let (_, reference) = object.parent_relationship(step)?;
    // Users own most of what anybody looks at; queues have no alias.
    let targets = reference.reference_to.iter().filter_map(|name| schema.by_name(name));
    let mut ends: Vec<_> = targets.filter_map(|t| end_of(schema, t, rest, depth)).collect();
    let user = ends.iter().position(|(end, _)| &*end.name == "User").unwrap_or(0);
    (!ends.is_empty()).then(|| ends.swap_remove(user))
}

/// The columns that an object's views show.
pub fn columns(schema: &Schema, object: &Arc<ObjectSpec>) -> Vec<Column> {
    let line = COLUMNS.lines().find(|line| line.split(' ').next() == Some(&*object.name));
    let paths: Vec<&str> = match line {
        Some(line) => line.split(' ').skip(1).collect(),
        None => vec![&*object.at(object.name_slot.unwrap_or(object.system.id)).name],
    };
    paths.into_iter().filter_map(|path| Column::of(schema, object, path)).collect()
}

/// The value that a path leads to from a row; null where a parent is missing.
pub fn value_at<'s>(
    state: &'s State,
    object: &'s ObjectSpec,
    row: &'s Row,
    path: &str,
) -> Option<(&'s ObjectSpec, Slot, &'s Value)> {
    let (mut object, mut row, mut path) = (object, row, path);
    while let Some((step, rest)) = path.split_once('.') {
        let (slot, _) = object.parent_relationship(step)?;
        let (target, _, parent) = state.resolve(row.id(slot)?)?;
        (object, row, path) = (target, parent, rest);
    }
    let (slot, _) = object.field(path)?;
    Some((object, slot, row.get(slot)))
}

/// One key of an order: a path, and whether it descends.
pub type OrderKey = (String, bool);

/// The order of a view of which nobody asked for another: by name, then by id.
pub fn usual_order(object: &ObjectSpec) -> Vec<OrderKey> {
    let name = object.name_slot.map(|slot| object.at(slot)).filter(|field| field.sortable);
    let name = name.into_iter().map(|field| (field.name.to_string(), false));
    name.chain([("Id".to_owned(), false)]).collect()
}

/// The clauses behind `FROM` of a view's query.
pub fn clauses(scope: Scope, user: Id, order: &[OrderKey]) -> String {
    let mut out = String::new();
    match scope {
        Scope::Mine => {
            let _ = write!(out, " WHERE OwnerId = '{user}'");
        }
        Scope::Recent => {
            let _ = write!(out, " WHERE {VIEWED} != NULL");
        }
        Scope::All => {}
    }
    for (place, (path, descends)) in order.iter().enumerate() {
        let direction = if *descends { "DESC NULLS LAST" } else { "ASC NULLS FIRST" };
        let lead = if place == 0 { " ORDER BY " } else { ", " };
        let _ = write!(out, "{lead}{path} {direction}");
    }
    out
}

/// The rows that a view shows, in order. `order` is the order that was asked for; what was used last
/// otherwise comes in the order of its use.
pub fn ids(
    context: &Context<'_>,
    object: &ObjectSpec,
    scope: Scope,
    order: Option<&[OrderKey]>,
) -> Result<Vec<Id>, OrgError> {
    let recent = || -> Vec<Id> {
        let recent = context.state.recent(context.user);
        let is_live = |id: &Id| context.state.live_row(object, *id).is_some();
        recent.filter(|id| id.prefix() == object.key_prefix).filter(is_live).collect()
    };
    if scope == Scope::Recent && order.is_none() {
        return Ok(recent());
    }
    let usual = usual_order(object);
    let order = order.unwrap_or(&usual);
    let all = if scope == Scope::Recent { Scope::All } else { scope };
    let text = format!("SELECT Id FROM {}{}", object.name, clauses(all, context.user, order));
    let mut found = soql::query(&text, context)?.ids();
    if scope == Scope::Recent {
        let recent = recent();
        found.retain(|id| recent.contains(id));
    }
    Ok(found)
}

/// Under what the state remembers the list views that a user used: the id that a `UserListView` of
/// the user has.
pub fn views_of(user: Id) -> Id {
    Id::parse(&["0Na", &user.as_15()[3..]].concat()).unwrap_or(user)
}

/// The list views of an object that a user used, the last first.
pub fn used(state: &State, object: &ObjectSpec, user: Id) -> Vec<ListView> {
    let ids: Vec<Id> = state.recent(views_of(user)).collect();
    let mut used: Vec<ListView> =
        of(object).into_iter().filter(|view| ids.contains(&view.id)).collect();
    used.sort_by_key(|view| ids.iter().position(|id| *id == view.id));
    used
}

/// True for a field whose values are shown by label.
pub fn is_labelled(field: &FieldSpec) -> bool {
    matches!(field.kind, FieldType::Picklist | FieldType::MultiPicklist)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn views_follow_the_objects_scopes_and_are_found_by_their_ids() {
        let schema = Schema::default();
        let names = |object: &str| -> Vec<String> {
            let object = schema.by_name(object).expect("an object");
            of(object).into_iter().map(|view| view.name).collect()
        };
        assert_eq!(names("Account"), ["RecentlyViewedAccounts", "AllAccounts", "MyAccounts"]);
        assert_eq!(names("Product2"), ["RecentlyViewedProducts", "AllProducts"]);
        assert_eq!(names("UserProvAccount"), Vec::<String>::new());
        for header in schema.headers() {
            let object = schema.object(header.id);
            for view in of(object) {
                let (found, again) = by_id(&schema, view.id).expect("a view");
                assert_eq!((&*found.name, &again), (&*object.name, &view));
            }
        }
        assert!(by_id(&schema, Id::own(LIST_VIEW, 0)).is_none());
        assert!(by_id(&schema, Id::own(LIST_VIEW, 1 << 40)).is_none());
    }

    #[test]
    fn every_line_of_columns_is_known_to_the_schema() {
        let schema = Schema::default();
        for line in COLUMNS.lines() {
            let (name, paths) = line.split_once(' ').expect("an object and paths");
            let object = schema.by_name(name).unwrap_or_else(|| panic!("{name}"));
            let found: Vec<String> =
                columns(&schema, object).into_iter().map(|column| column.path).collect();
            assert_eq!(found.join(" "), paths, "{name}");
        }
    }
}
