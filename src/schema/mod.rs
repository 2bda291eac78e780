//! The schema table: what every object and field is and may do. Validation, describe, SOQL type
//! checks and layouts all read the same [`FieldSpec`]s.
//!
//! `fixtures/schema/*.json` → (`build.rs`: headers) [`catalog`] → (`load`, on first use of an
//! object) [`ObjectSpec`] → [`Schema`], the view that one org has of it: features switch objects
//! and fields on and off, custom objects and fields are added.

pub mod catalog;
mod dump;
mod extend;
mod field;
pub mod import;
pub mod link;
mod load;
mod object;
mod picklist;
mod usual;
mod view;

pub use dump::Dump;
pub use field::{AutoNumber, FieldSpec, FieldType, UniqueRule};
pub use import::{Additions, ImportError};
pub use object::{
    ChildRelationship, Derived, ObjectFlags, ObjectId, ObjectSpec, RecordTypeInfo, Slot,
    SystemSlots,
};
pub use picklist::{PickValue, Picklist};
pub use view::{Feature, Features, HeaderView, Lookup, Schema};
