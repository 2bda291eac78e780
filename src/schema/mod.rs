//! The schema table: what every object and field is and may do. Validation, describe, SOQL type
//! checks and layouts all read the same [`FieldSpec`]s.
//!
//! `fixtures/schema/*.json` → (`build.rs`: headers) [`catalog`] → (`load`, on first use of an
//! object) [`ObjectSpec`] → [`Schema`], the view that one org has of it: features switch objects
//! and fields on and off, custom objects and fields are added.

pub mod catalog;
pub mod describe;
mod field;
pub mod import;
mod load;
mod object;
mod picklist;
mod view;

pub use field::{AutoNumber, FieldSpec, FieldType, UniqueRule};
pub use object::{ChildRelationship, ObjectFlags, ObjectId, ObjectSpec, RecordTypeInfo, Slot};
pub use picklist::{PickValue, Picklist};
pub use view::{Feature, Features, Lookup, Schema};
