//! Users: the shape of usernames, and what the org fills in.

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
    }
    Ok(Vec::new())
}

fn shaped_like_email(username: &str) -> bool {
    username
        .split_once('@')
        .is_some_and(|(local, domain)| !local.is_empty() && domain.split('.').count() > 1)
}
