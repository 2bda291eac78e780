//! A schema as plain data, for snapshot files: the features and what was added. The standard objects
//! are the program's own.

use super::catalog;
use super::extend::{Added, Change};
use super::field::FieldSpec;
use super::object::{ObjectId, ObjectSpec};
use super::view::{Feature, Features, Schema};
use crate::error::FileFault;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Most fields of an object that a file adds.
const MOST_FIELDS: usize = 2_000;

/// What makes an org's schema another than the standard one.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dump {
    features: Vec<Feature>,
    /// Added objects, in order.
    objects: Vec<Arc<ObjectSpec>>,
    /// What was added to standard objects, by their names.
    changes: Vec<(Box<str>, Change)>,
    digest: u64,
}

impl Schema {
    /// This schema as plain data.
    pub fn dump(&self) -> Dump {
        let features = Feature::ALL.into_iter().map(|(feature, _)| feature);
        let added = self.added();
        let mut changes: Vec<(ObjectId, &Change)> =
            added.changes.iter().map(|(id, change)| (*id, change)).collect();
        changes.sort_unstable_by_key(|(id, _)| *id);
        Dump {
            features: features.filter(|feature| self.features().has(*feature)).collect(),
            objects: added.objects.clone(),
            changes: changes
                .into_iter()
                .map(|(id, change)| (self.object(id).name.clone(), change.clone()))
                .collect(),
            digest: added.digest,
        }
    }

    /// The schema of a dump. Added objects are numbered behind the standard ones that there are now.
    pub fn of_dump(dump: Dump) -> Result<Schema, FileFault> {
        let features = dump.features.into_iter().fold(Features::NONE, Features::with);
        let standard = Schema::standard(features);
        let mut added = Added { digest: dump.digest, ..Added::default() };
        for object in dump.objects {
            let mut object = ObjectSpec::clone(&object);
            let name = object.name.clone();
            let taken = added.objects.iter().any(|own| {
                own.name.eq_ignore_ascii_case(&name) || own.key_prefix == object.key_prefix
            });
            if catalog::position(&name).is_some() {
                return Err(FileFault::object_taken(&name));
            }
            let sound =
                are_sound(&object.fields) && object.fields.iter().any(|own| *own.name == *"Id");
            let place = catalog::STANDARD.len() + added.objects.len();
            let Some(place) = u16::try_from(place).ok().filter(|_| sound && !taken) else {
                return Err(FileFault::bad_object(&name));
            };
            if catalog::position_of_prefix(object.key_prefix).is_some() {
                return Err(FileFault::bad_object(&name));
            }
            object.id = ObjectId(place);
            object.index(features);
            added.objects.push(Arc::new(object));
        }
        for (name, change) in dump.changes {
            let id = catalog::position(&name).map(ObjectId);
            let id = id.ok_or_else(|| FileFault::no_object(&name))?;
            let own = &standard.object(id).fields;
            let taken = change.fields.iter().find(|field| is_among(own, &field.name));
            if let Some(field) = taken {
                return Err(FileFault::field_taken(&name, &field.name));
            }
            if !are_sound(&change.fields) || added.changes.insert(id, change).is_some() {
                return Err(FileFault::bad_object(&name));
            }
        }
        Ok(standard.with_added(added))
    }
}

/// True when there are not too many fields and no two live ones have the same name.
fn are_sound(fields: &[FieldSpec]) -> bool {
    let live: Vec<&FieldSpec> = fields.iter().filter(|field| !field.removed).collect();
    let unique = |(at, field): (usize, &&FieldSpec)| {
        !live[..at].iter().any(|other| other.name.eq_ignore_ascii_case(&field.name))
    };
    fields.len() <= MOST_FIELDS && live.iter().enumerate().all(unique)
}

fn is_among(fields: &[FieldSpec], name: &str) -> bool {
    fields.iter().any(|own| !own.removed && own.name.eq_ignore_ascii_case(name))
}
