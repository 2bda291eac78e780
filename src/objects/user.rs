//! Users: the shape of usernames, what the org fills in, and what it makes beside users and profiles.

use super::{FollowUp, Saving, person};
use crate::error::{Faults, OrgError};
use crate::store::Draft;
use crate::value::Value;

/// Completes a user.
pub(super) fn save(saving: &Saving<'_>, draft: &mut Draft) -> Result<Vec<FollowUp>, Faults> {
    person::name(saving, draft);
    let username = saving.text(draft, "Username").unwrap_or_default();
    if saving.changes(draft, "Username") && !shaped_like_email(&username) {
        return Err(OrgError::invalid_username(&username).into());
    }
    if saving.before.is_none() {
        // The one text that real orgs store empty instead of not at all.
        saving.fill(draft, "BadgeText", || Value::Text(compact_str::CompactString::default()));
        saving.fill(draft, "IsActive", || Value::Bool(true));
        // The real org derives a nickname too; its number is random there, the id's here.
        let id = draft.get(saving.object.system.id).as_id().and_then(crate::id::Id::own_sequence);
        let local = username.split('@').next().unwrap_or_default();
        let nickname = format!("{local}{}", id.unwrap_or_default());
        saving.fill(draft, "CommunityNickname", || Value::text(&nickname));
        if saving.value(draft, "UserType").is_null() {
            saving.pick(draft, "UserType", "Standard");
        }
        // Every user has a login, which can be frozen.
        let own = draft.get(saving.object.system.id).clone();
        let fields = vec![("UserId", own), ("IsFrozen", Value::Bool(false))];
        return Ok(vec![FollowUp::Insert { object: "UserLogin", fields, back: None }]);
    }
    Ok(Vec::new())
}

/// A profile owns a permission set, through which it is given access to things.
pub(super) fn save_profile(
    saving: &Saving<'_>,
    draft: &mut Draft,
) -> Result<Vec<FollowUp>, Faults> {
    if saving.before.is_some() {
        return Ok(Vec::new());
    }
    let own = draft.get(saving.object.system.id);
    let name = Value::text(&own.as_id().map(|id| format!("X{}", id.as_15())).unwrap_or_default());
    let set = saving.state.schema.by_name("PermissionSet");
    let kind = set.and_then(|set| set.field("Type")?.1.picklist.as_ref()?.code("Profile"));
    let fields = vec![
        ("Name", name.clone()),
        ("Label", name),
        ("ProfileId", own.clone()),
        ("LicenseId", saving.value(draft, "UserLicenseId").clone()),
        ("IsOwnedByProfile", Value::Bool(true)),
        ("Type", kind.map_or(Value::Null, Value::Pick)),
    ];
    Ok(vec![FollowUp::Insert { object: "PermissionSet", fields, back: None }])
}

fn shaped_like_email(username: &str) -> bool {
    username
        .split_once('@')
        .is_some_and(|(local, domain)| !local.is_empty() && domain.split('.').count() > 1)
}
