//! The settings of employees who become users, `employeeUserSettings` and `licenses`: one reader and
//! one writer, as for the other settings. Names are those of the metadata type `EmployeeUserSettings`
//! where it has them.

use super::base;
use super::problem::{Problem, unknown};
use super::settings::quoted;
use super::transitions::one_of;
use super::tree::{Node, Tree};
use crate::dml::{Actor, Transaction};
use crate::id::Id;
use crate::provisioning::employees::recount;
use crate::schema::ObjectSpec;
use crate::store::{
    EmployeeUserSettings, IndexCache, MatchBy, Overflow, RowNum, State, Unassigned,
};
use crate::value::Value;
use std::fmt::Write as _;
use std::sync::Arc;

/// What a settings text asks about employees.
#[derive(Clone, Debug, Default)]
pub(super) struct Change {
    settings: Option<Node>,
    licenses: Option<Node>,
}

/// The keys of `employeeUserSettings`.
const KEYS: [&str; 10] = [
    "enableEmployeeAutoCreateUser",
    "enableEmployeeIsSourceOfTruth",
    "emailEncoding",
    "profile",
    "permset",
    "usernameSuffix",
    "employeeStatus",
    "matchOrder",
    "overflow",
    "onPermissionSetFailure",
];

/// The encodings that the metadata type takes.
const ENCODINGS: [&str; 10] = [
    "UTF-8",
    "ISO-8859-1",
    "Shift_JIS",
    "ISO-2022-JP",
    "EUC-JP",
    "x-SJIS_0213",
    "ks_c_5601-1987",
    "Big5",
    "GB2312",
    "Big5-HKSCS",
];

/// The objects of licences with the field by which settings name them.
const LICENSES: [(&str, &str); 2] =
    [("UserLicense", "Name"), ("PermissionSetLicense", "MasterLabel")];

/// Most seats of a licence: what its field holds.
const MOST_SEATS: u64 = 999_999_999;

impl Change {
    /// Reads one key of the settings.
    pub(super) fn read(&mut self, key: &str, value: &Node) -> Result<(), Problem> {
        if key == "licenses" {
            for (_, seats) in entries(value)? {
                if seats.value != Tree::Null {
                    seats.whole(0, MOST_SEATS)?;
                }
            }
            self.licenses = Some(value.clone());
        } else {
            merge(&mut EmployeeUserSettings::default(), value)?;
            self.settings = Some(value.clone());
        }
        Ok(())
    }

    /// Makes the change.
    pub(super) fn apply(&self, state: &mut State, indexes: &IndexCache) -> Result<(), Problem> {
        if let Some(node) = &self.settings {
            merge(&mut Arc::make_mut(&mut state.settings).employees, node)?;
        }
        match &self.licenses {
            Some(node) => seats(state, indexes, node),
            None => Ok(()),
        }
    }
}

/// The entries of a table; null has none.
fn entries(node: &Node) -> Result<&[(String, Node)], Problem> {
    if node.value == Tree::Null { Ok(&[]) } else { node.table() }
}

/// Takes over the keys of a table; null puts one, or all, back to the usual value.
fn merge(settings: &mut EmployeeUserSettings, node: &Node) -> Result<(), Problem> {
    let usual = EmployeeUserSettings::default();
    if node.value == Tree::Null {
        *settings = usual;
        return Ok(());
    }
    for (key, value) in node.table()? {
        let null = value.value == Tree::Null;
        let text = |usual: &Arc<str>| -> Result<Arc<str>, Problem> {
            if null { Ok(Arc::clone(usual)) } else { Ok(value.text()?.trim().into()) }
        };
        match key.as_str() {
            "enableEmployeeAutoCreateUser" => settings.auto_create = !null && value.flag()?,
            "enableEmployeeIsSourceOfTruth" => settings.source_of_truth = !null && value.flag()?,
            "emailEncoding" => {
                let encoding = text(&usual.email_encoding)?;
                if !encoding.is_empty() && !ENCODINGS.contains(&&*encoding) {
                    return Err(value.problem(unknown("encoding", &encoding, ENCODINGS)));
                }
                settings.email_encoding = encoding;
            }
            "profile" => settings.profile = text(&usual.profile)?,
            "permset" => settings.permission_set = text(&usual.permission_set)?,
            "usernameSuffix" => {
                let suffix = text(&usual.username_suffix)?;
                let domain = suffix.trim_start_matches('@');
                if !domain.is_empty() && (!domain.contains('.') || domain.contains('@')) {
                    return Err(value.problem("must be a domain such as example.com"));
                }
                settings.username_suffix = suffix;
            }
            "employeeStatus" => settings.employee_status = text(&usual.employee_status)?,
            "matchOrder" if null => settings.match_order = usual.match_order.clone(),
            "matchOrder" => {
                let list = value.list()?.iter();
                let ways: Result<Vec<MatchBy>, Problem> =
                    list.map(|way| one_of(way, "way of matching", &MatchBy::ALL)).collect();
                settings.match_order = ways?.into();
            }
            "overflow" if null => settings.overflow = usual.overflow,
            "overflow" => settings.overflow = one_of(value, "choice", &Overflow::ALL)?,
            "onPermissionSetFailure" if null => settings.unassigned = usual.unassigned,
            "onPermissionSetFailure" => {
                settings.unassigned = one_of(value, "choice", &Unassigned::ALL)?;
            }
            key => return Err(value.problem(unknown("employee user setting", key, KEYS))),
        }
    }
    Ok(())
}

/// A licence of an org.
struct License {
    object: Arc<ObjectSpec>,
    number: RowNum,
    id: Id,
    name: String,
    seats: i64,
}

fn licenses(state: &State) -> Vec<License> {
    let mut found = Vec::new();
    for (object, name) in LICENSES {
        let Some(object) = state.schema.by_name(object) else { continue };
        let (Some((name, _)), Some((total, _))) =
            (object.field(name), object.field("TotalLicenses"))
        else {
            continue;
        };
        for (number, row) in state.table(object.id).live_rows() {
            let Some(id) = row.id(object.system.id) else { continue };
            let name = row.get(name).as_text().unwrap_or_default().to_owned();
            let seats = if let Value::Int(seats) = row.get(total) { *seats } else { 0 };
            found.push(License { object: Arc::clone(object), number, id, name, seats });
        }
    }
    found
}

/// Gives licences other numbers of seats; null gives back what a new org has.
fn seats(state: &mut State, indexes: &IndexCache, node: &Node) -> Result<(), Problem> {
    let features = state.schema.features();
    let new = base::empty_org(Id::own(*b"00D", 1), features, state.clock);
    let new = licenses(&new);
    let usual = |own: &License| new.iter().find(|new| new.id == own.id).map(|new| new.seats);
    let all = licenses(state);
    let now = base::BEGINNING;
    let actor = Actor { user: base::administrator(), now, system: true };
    let mut transaction = Transaction::begin(state, actor, indexes);
    let mut change = |license: &License, seats: i64| {
        if let Some((slot, _)) = license.object.field("TotalLicenses") {
            let given = vec![(slot, Value::Int(seats))];
            transaction.patch_silently(&license.object, license.number, given);
        }
    };
    if node.value == Tree::Null {
        for license in &all {
            change(license, usual(license).unwrap_or(license.seats));
        }
    }
    for (name, value) in entries(node)? {
        let known = all.iter().find(|license| license.name.eq_ignore_ascii_case(name));
        let names = || all.iter().map(|license| license.name.as_str()).collect::<Vec<_>>();
        let license = known.ok_or_else(|| value.problem(unknown("license", name, names())))?;
        let seats = match value.value {
            Tree::Null => usual(license).unwrap_or(license.seats),
            _ => value.whole(0, MOST_SEATS)? as i64,
        };
        change(license, seats);
    }
    recount(&mut transaction);
    *state = transaction.state;
    Ok(())
}

/// Appends the settings about employees as JSON.
pub(super) fn push_json(out: &mut String, state: &State) {
    out.push_str(",\"licenses\":{");
    for (place, license) in licenses(state).iter().enumerate() {
        let comma = if place == 0 { "" } else { "," };
        let _ = write!(out, "{comma}{}:{}", quoted(&license.name), license.seats);
    }
    let own = &state.settings.employees;
    let ways: Vec<String> =
        own.match_order.iter().map(|way| quoted(name_of(way, &MatchBy::ALL))).collect();
    let values = [
        own.auto_create.to_string(),
        own.source_of_truth.to_string(),
        quoted(&own.email_encoding),
        quoted(&own.profile),
        quoted(&own.permission_set),
        quoted(&own.username_suffix),
        quoted(&own.employee_status),
        format!("[{}]", ways.join(",")),
        quoted(name_of(&own.overflow, &Overflow::ALL)),
        quoted(name_of(&own.unassigned, &Unassigned::ALL)),
    ];
    out.push_str("},\"employeeUserSettings\":{");
    for (place, (key, value)) in KEYS.iter().zip(values).enumerate() {
        let comma = if place == 0 { "" } else { "," };
        let _ = write!(out, "{comma}\"{key}\":{value}");
    }
    out.push('}');
}

fn name_of<T: PartialEq>(value: &T, all: &[(T, &'static str)]) -> &'static str {
    all.iter().find(|(own, _)| own == value).map_or("", |(_, name)| name)
}
