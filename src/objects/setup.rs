//! Setup objects: those whose records may not be written in one transaction with records of others,
//! because they change who may see what (Apex Developer Guide, "sObjects That Cannot Be Used Together
//! in DML Operations").

/// When writing a record of a setup object counts as a change of the setup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counts {
    /// Never.
    Never,
    /// Always.
    Always,
    /// When one of these fields is given and not null.
    Given(&'static [&'static str]),
    /// When one of these fields changes.
    Changed(&'static [&'static str]),
}

/// What counts of a setup object.
#[derive(Clone, Copy, Debug)]
pub struct Setup {
    /// Creating a record.
    pub insert: Counts,
    /// Changing one.
    pub update: Counts,
    /// Deleting one.
    pub delete: Counts,
}

const ALWAYS: Setup =
    Setup { insert: Counts::Always, update: Counts::Always, delete: Counts::Always };

/// Groups may be created and changed beside other records.
const GROUP: Setup = Setup { insert: Counts::Never, update: Counts::Never, ..ALWAYS };

/// Users without a role may be created, and their harmless fields changed.
const USER: Setup = Setup {
    insert: Counts::Given(&["UserRoleId"]),
    update: Counts::Changed(&[
        "UserRoleId",
        "IsActive",
        "ForecastEnabled",
        "IsPortalEnabled",
        "Username",
        "ProfileId",
    ]),
    ..ALWAYS
};

/// What counts of an object; `None` when it is no setup object.
pub fn setup(object: &str) -> Option<Setup> {
    Some(match object {
        "User" => USER,
        "Group" => GROUP,
        "GroupMember"
        | "PermissionSet"
        | "PermissionSetAssignment"
        | "PermissionSetGroup"
        | "Profile"
        | "SetupEntityAccess"
        | "UserRole" => ALWAYS,
        _ => return None,
    })
}
