//! The schema as one org sees it: standard objects loaded on first use, features, custom objects.

use super::catalog::{self, Header};
use super::load;
use super::object::{ObjectId, ObjectSpec};
use crate::id::KeyPrefix;
use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

/// A switch that shows or hides objects and fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
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

// TO BE COMPLETED (struct Schema): see the module doc.
