//! What logins and identities read of an org's rows: its users and its Organization.

use crate::clock::Millis;
use crate::id::Id;
use crate::org::Org;
use crate::schema::ObjectSpec;
use crate::store::{Key, Row, State};
use crate::time;
use crate::value::Value;

/// A row whose fields are asked for by name; a field that the org does not have is empty.
#[derive(Clone, Copy)]
pub(crate) struct Facts<'s> {
    object: &'s ObjectSpec,
    row: &'s Row,
}

impl<'s> Facts<'s> {
    /// The live row of an id.
    pub(crate) fn of(state: &'s State, id: Id) -> Option<Facts<'s>> {
        let (object, _, row) = state.resolve(id)?;
        Some(Facts { object, row })
    }

    fn value(&self, field: &str) -> &'s Value {
        self.object.field(field).map_or(&Value::Null, |(slot, _)| self.row.get(slot))
    }

    /// Text, whether free or from a picklist.
    pub(crate) fn text(&self, field: &str) -> Option<&'s str> {
        match self.value(field) {
            Value::Text(text) => Some(text),
            Value::Pick(code) => {
                let (_, field) = self.object.field(field)?;
                field.picklist.as_ref().map(|picklist| &*picklist.value(*code).value)
            }
            _ => None,
        }
    }

    /// Text, or a usual value.
    pub(crate) fn text_or(&self, field: &str, usual: &'s str) -> &'s str {
        self.text(field).unwrap_or(usual)
    }

    /// A checkbox.
    pub(crate) fn flag(&self, field: &str) -> bool {
        self.value(field).is_true()
    }

    /// A reference.
    pub(crate) fn id(&self, field: &str) -> Option<Id> {
        self.value(field).as_id()
    }

    /// An instant.
    pub(crate) fn instant(&self, field: &str) -> Option<Millis> {
        self.value(field).as_datetime()
    }
}

/// The live user of a username, letter case aside.
pub(crate) fn user_named(state: &State, username: &str) -> Option<Id> {
    let object = state.schema.by_name("User")?;
    let (slot, _) = object.field("Username")?;
    let table = state.table(object.id);
    let numbers = table.lookup(slot, &Value::text(username)).into_iter();
    let mut live = numbers.filter_map(|number| table.get(number).filter(|row| !row.is_deleted()));
    live.next()?.id(object.system.id)
}

/// The Organization row: the org's own id, or the only one there is.
pub(crate) fn organization<'s>(org: &Org, state: &'s State) -> Option<Facts<'s>> {
    Facts::of(state, org.id).or_else(|| {
        let object = state.schema.by_name("Organization")?;
        let (_, row) = state.table(object.id).live_rows().next()?;
        Some(Facts { object, row })
    })
}

/// True when an administrator froze the user.
pub(crate) fn is_frozen(org: &Org, state: &State, user: Id) -> bool {
    let Some(object) = state.schema.by_name("UserLogin") else { return false };
    let (Some((of, _)), Some((frozen, _))) = (object.field("UserId"), object.field("IsFrozen"))
    else {
        return false;
    };
    let table = state.table(object.id);
    let logins = org.indexes.get(object.id, of, table);
    let key = Key::Id(user);
    let mut rows = logins.equal(&key).filter_map(|number| table.get(number));
    rows.any(|row| !row.is_deleted() && row.get(frozen).is_true())
}

/// A zone's offset from UTC without daylight saving, as the identity service prints it: recorded in
/// July for America/Denver as -25200000.
pub(crate) fn standard_offset(zone: &str, now: Millis) -> Millis {
    let (year, ..) = time::ymd(time::day_of(now));
    let at = |month| {
        let day = time::from_ymd(year, month, 1).unwrap_or_default();
        time::zone_offset(zone, Millis::from(day) * time::DAY)
    };
    at(1).min(at(7))
}

/// `PowerPartner` as the identity service prints it: `POWER_PARTNER`.
pub(crate) fn user_type(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 4);
    for (place, c) in name.chars().enumerate() {
        if place > 0 && c.is_ascii_uppercase() {
            out.push('_');
        }
        out.push(c.to_ascii_uppercase());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_leave_daylight_saving_out() {
        let july = time::parse_datetime("2017-07-09T17:21:58Z").expect("an instant");
        assert_eq!(standard_offset("America/Denver", july), -25_200_000);
        assert_eq!(standard_offset("Europe/Berlin", july), 3_600_000);
        assert_eq!(standard_offset("Australia/Sydney", july), 36_000_000);
        assert_eq!(standard_offset("Asia/Kolkata", july), 19_800_000);
    }

    #[test]
    fn user_types() {
        assert_eq!(user_type("Standard"), "STANDARD");
        assert_eq!(user_type("PowerCustomerSuccess"), "POWER_CUSTOMER_SUCCESS");
    }
}
