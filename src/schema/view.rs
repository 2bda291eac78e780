//! The schema as one org sees it: standard objects loaded on first use, features, custom objects.

use super::catalog::{self, Header, STANDARD};
use super::extend::Added;
use super::import::{Additions, ImportError};
use super::link::Links;
use super::load;
use super::object::{Derived, ObjectFlags, ObjectId, ObjectSpec};
use crate::id::KeyPrefix;
use serde::{Deserialize, Serialize};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// A switch that shows or hides objects and fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Feature {
    /// Accounts can be people.
    PersonAccounts,
    /// Workplace Command Center: `Employee`, `EmpUserProvisioningProcess` and kin.
    WorkplaceCommandCenter,
    /// Employee Experience: likewise.
    EmployeeExperience,
    /// Unified Employee: `Employee2`.
    UnifiedEmployee,
    /// Several currencies: `CurrencyIsoCode` everywhere.
    MultiCurrency,
    /// State and country picklists: `…StateCode`, `…CountryCode`.
    StateCountryPicklists,
    /// Approval locks: `MayEdit`, `IsLocked`.
    RecordLocking,
    /// Industry clouds and other features that no default org has.
    Industries,
}

impl Feature {
    /// Every feature with its name in settings and schema files.
    pub const ALL: [(Feature, &'static str); 8] = [
        (Feature::PersonAccounts, "personAccounts"),
        (Feature::WorkplaceCommandCenter, "workplaceCommandCenter"),
        (Feature::EmployeeExperience, "employeeExperience"),
        (Feature::UnifiedEmployee, "unifiedEmployee"),
        (Feature::MultiCurrency, "multiCurrency"),
        (Feature::StateCountryPicklists, "stateCountryPicklists"),
        (Feature::RecordLocking, "recordLocking"),
        (Feature::Industries, "industries"),
    ];

    /// The feature of a name.
    pub fn named(name: &str) -> Option<Feature> {
        Feature::ALL.iter().find(|(_, own)| *own == name).map(|(feature, _)| *feature)
    }
}

/// A set of features.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Features(u32);

impl Features {
    /// No features.
    pub const NONE: Features = Features(0);

    /// The default org's: it has the employee licences, and no Person Accounts.
    pub const DEFAULT: Features = Features::NONE
        .with(Feature::WorkplaceCommandCenter)
        .with(Feature::EmployeeExperience)
        .with(Feature::UnifiedEmployee);

    /// This set and one more.
    #[must_use]
    pub const fn with(self, feature: Feature) -> Features {
        Features(self.0 | 1 << feature as u32)
    }

    /// This set and one less.
    #[must_use]
    pub const fn without(self, feature: Feature) -> Features {
        Features(self.0 & !(1 << feature as u32))
    }

    /// The features that are in both sets.
    #[must_use]
    pub const fn only(self, others: Features) -> Features {
        Features(self.0 & others.0)
    }

    /// True when the feature is on.
    pub const fn has(self, feature: Feature) -> bool {
        self.0 & 1 << feature as u32 != 0
    }
}

/// What a name means to an org.
#[derive(Clone, Debug)]
pub enum Lookup<'a> {
    /// An object of the schema.
    Object(&'a Arc<ObjectSpec>),
    /// A standard object of real orgs that this schema does not hold: refuse loudly.
    KnownElsewhere(&'static str),
    /// Nobody knows it.
    Unknown,
}

/// The header of an object: what describeGlobal prints.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs)] // The names are those of `ObjectSpec`.
pub struct HeaderView<'a> {
    pub id: ObjectId,
    pub name: &'a str,
    pub key_prefix: KeyPrefix,
    pub key_prefix_public: bool,
    pub label: &'a str,
    pub label_plural: &'a str,
    pub flags: ObjectFlags,
    pub links: Links,
    pub associate: Option<(&'a str, &'a str)>,
}

impl<'a> HeaderView<'a> {
    fn standard(position: usize, header: &'static Header) -> HeaderView<'static> {
        HeaderView {
            id: ObjectId(position as u16),
            name: header.name,
            key_prefix: header.key_prefix,
            key_prefix_public: header.key_prefix_public,
            label: header.label,
            label_plural: header.label_plural,
            flags: header.flags,
            links: header.links,
            associate: header.associate,
        }
    }

    /// The header of a loaded object.
    pub fn of(object: &'a ObjectSpec) -> HeaderView<'a> {
        HeaderView {
            id: object.id,
            name: &object.name,
            key_prefix: object.key_prefix,
            key_prefix_public: object.key_prefix_public,
            label: &object.label,
            label_plural: &object.label_plural,
            flags: object.flags,
            links: object.links,
            associate: object.associate.as_ref().map(|(kind, parent)| (&**kind, &**parent)),
        }
    }
}

impl Header {
    /// True when an org with these features has the object.
    pub fn is_shown(&self, features: Features) -> bool {
        self.features.is_empty() || self.features.iter().any(|need| features.has(*need))
    }
}

/// The standard objects of one feature set, each loaded when first asked for.
#[derive(Debug)]
struct Standard {
    features: Features,
    objects: Box<[OnceLock<Arc<ObjectSpec>>]>,
}

/// The schema of one org. A clone shares everything with its original.
#[derive(Clone, Debug)]
pub struct Schema {
    standard: Arc<Standard>,
    added: Arc<Added>,
}

impl Schema {
    /// The standard schema under these features. Loads no object.
    pub fn standard(features: Features) -> Arc<Schema> {
        static KNOWN: Mutex<Vec<Arc<Schema>>> = Mutex::new(Vec::new());
        let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(schema) = known.iter().find(|schema| schema.features() == features) {
            return Arc::clone(schema);
        }
        let objects = STANDARD.iter().map(|_| OnceLock::new()).collect();
        let standard = Arc::new(Standard { features, objects });
        let schema = Arc::new(Schema { standard, added: Arc::default() });
        known.push(Arc::clone(&schema));
        schema
    }

    /// This schema under other features; what was added stays.
    #[must_use]
    pub fn with_features(&self, features: Features) -> Schema {
        if features == self.features() {
            return self.clone();
        }
        let standard = Arc::clone(&Schema::standard(features).standard);
        Schema { standard, added: Arc::new(self.added.with_features(features)) }
    }

    /// What was added to the standard schema.
    pub(super) fn added(&self) -> &Added {
        &self.added
    }

    /// This schema with other additions in the place of its own.
    pub(super) fn with_added(&self, added: Added) -> Schema {
        Schema { standard: Arc::clone(&self.standard), added: Arc::new(added) }
    }

    /// The features that are on.
    pub fn features(&self) -> Features {
        self.standard.features
    }

    /// What a name means here, letter case aside. Loads the object.
    pub fn lookup(&self, name: &str) -> Lookup<'_> {
        match self.id_of(name) {
            Some(id) if self.is_shown(id) => Lookup::Object(self.object(id)),
            Some(_) => Lookup::Unknown,
            None => catalog::known(name)
                .map_or(Lookup::Unknown, |(name, _)| Lookup::KnownElsewhere(name)),
        }
    }

    /// The object of a name, letter case aside.
    pub fn by_name(&self, name: &str) -> Option<&Arc<ObjectSpec>> {
        match self.lookup(name) {
            Lookup::Object(object) => Some(object),
            _ => None,
        }
    }

    /// The object of an id that this schema gave. Loads it on first use.
    pub fn object(&self, id: ObjectId) -> &Arc<ObjectSpec> {
        let position = usize::from(id.0);
        if let Some(at) = position.checked_sub(STANDARD.len()) {
            return &self.added.objects[at];
        }
        match self.added.changes.get(&id) {
            Some(change) => change
                .object
                .get_or_init(|| Arc::new(change.apply(self.unchanged(id), self.features()))),
            None => self.unchanged(id),
        }
    }

    /// The object whose ids begin so. Loads nothing.
    pub fn by_prefix(&self, prefix: KeyPrefix) -> Option<ObjectId> {
        let standard = catalog::position_of_prefix(prefix).map(ObjectId);
        let added = || self.added.objects.iter().find(|object| object.key_prefix == prefix);
        standard.or_else(|| added().map(|object| object.id)).filter(|id| self.is_shown(*id))
    }

    /// The headers of all objects that this org has, by API name, letter case aside. Loads no
    /// standard object.
    pub fn headers(&self) -> Vec<HeaderView<'_>> {
        let features = self.features();
        let standard = STANDARD.iter().enumerate().filter(|(_, header)| header.is_shown(features));
        let standard = standard.map(|(position, header)| HeaderView::standard(position, header));
        let added = self.added.objects.iter().map(|object| HeaderView::of(object));
        let mut headers: Vec<HeaderView<'_>> = standard.chain(added).collect();
        if !self.added.objects.is_empty() {
            headers.sort_by(|left, right| catalog::compare(left.name, right.name));
        }
        headers
    }

    /// The number of objects, shown or not. Ids are `0..count`: a standard object's is its position
    /// in the catalog, in every schema; added ones follow.
    pub fn object_count(&self) -> usize {
        STANDARD.len() + self.added.objects.len()
    }

    /// Changes whenever something was added or a feature was switched; equal for equal schemas.
    pub fn generation(&self) -> u64 {
        // The multiplier spreads the feature bits, so that they do not cancel the digest's.
        self.added.digest ^ u64::from(self.features().0).wrapping_mul(0x9E37_79B9_7F4A_7C15)
    }

    /// True when an object or field was added under a namespace: `ns__Thing__c`.
    pub fn has_namespace(&self, namespace: &str) -> bool {
        let within = |name: &str| {
            let head = name.get(..namespace.len()).unwrap_or_default();
            head.eq_ignore_ascii_case(namespace) && name[head.len()..].starts_with("__")
        };
        let changed = self.added.changes.keys().map(|id| self.object(*id));
        let mut objects = self.added.objects.iter().chain(changed);
        objects.any(|object| {
            within(&object.name) || object.fields.iter().any(|field| within(&field.name))
        })
    }

    /// Adds custom objects, and fields to objects that are there. Slots append; none ever moves.
    /// An error adds nothing.
    pub fn extend(&mut self, additions: Additions) -> Result<(), ImportError> {
        let added = self.added.extended(additions, self)?;
        self.added = Arc::new(added);
        Ok(())
    }

    /// Where the rows of an object come from, when nobody writes them. Loads nothing.
    pub fn derived(&self, id: ObjectId) -> Option<Derived> {
        STANDARD.get(usize::from(id.0)).and_then(|header| header.derived)
    }

    /// True for a standard object of ours that this org lacks because its features are off.
    pub fn hides(&self, name: &str) -> bool {
        catalog::position(name).is_some_and(|position| !self.is_shown(ObjectId(position)))
    }

    /// The id of a name, letter case aside, whether or not the org's features show the object.
    pub fn id_of(&self, name: &str) -> Option<ObjectId> {
        let added = || self.added.objects.iter().find(|own| own.name.eq_ignore_ascii_case(name));
        catalog::position(name).map(ObjectId).or_else(|| added().map(|object| object.id))
    }

    /// True unless the object needs features that are off.
    pub(super) fn is_shown(&self, id: ObjectId) -> bool {
        STANDARD.get(usize::from(id.0)).is_none_or(|header| header.is_shown(self.features()))
    }

    fn unchanged(&self, id: ObjectId) -> &Arc<ObjectSpec> {
        self.standard.objects[usize::from(id.0)]
            .get_or_init(|| load::standard(id.0, self.standard.features))
    }
}

impl Default for Schema {
    /// The standard schema of the default org.
    fn default() -> Schema {
        Schema::clone(&Schema::standard(Features::DEFAULT))
    }
}
