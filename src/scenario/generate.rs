//! `[[generate]]`: many records that are valid by construction. Required fields are filled by their
//! type from the schema table; people, employees and provisioning requests get what makes them
//! plausible. Everything follows from the org's seed.

use super::format::{Defect, Generate};
use super::load::Work;
use super::people::{People, Person, company};
use super::problem::Problem;
use super::tree::Node;
use crate::dml::{Given, Raw, coerce};
use crate::id::Id;
use crate::provisioning::employees;
use crate::random::Random;
use crate::schema::{FieldSpec, FieldType, ObjectSpec, Slot, UniqueRule};
use crate::time::{self, DAY};
use crate::value::Value;
use compact_str::CompactString;
use std::sync::Arc;

/// How deep generated parents may have parents that must be generated.
const DEEPEST: usize = 4;

/// Domains of generated addresses: that of all, and that of those whose username collides.
const DOMAINS: [&str; 2] = ["example.com", "example.org"];

/// One `[[generate]]` at work.
struct Batch<'g> {
    generate: &'g Generate,
    random: Random,
    /// The company at which generated employees without Person Accounts are contacts.
    employer: Option<Id>,
}

/// One record to be made.
struct Making {
    /// Its number in its batch, from 1.
    number: usize,
    /// A number that no other record of its object has.
    unique: usize,
    defect: Option<Defect>,
    person: Person,
    /// The domain of its addresses.
    domain: &'static str,
}

impl Work<'_> {
    /// Makes the records of a `[[generate]]`.
    pub(super) fn generate(&mut self, place: usize, generate: &Generate) -> Result<(), Problem> {
        let object = self.object(&generate.object)?;
        let defects = defects(generate, &object)?;
        let table = self.transaction.state.table(object.id);
        let purpose = format!("{}/{place}/{}", self.scenario, table.next());
        let others_before = table.next() as usize;
        // People come from a sequence of their own, so that it can be run twice.
        let people = Random::of(self.seed, &format!("{purpose}/people"));
        let people = People::new(people, table.live() > 1);
        let mut batch = Batch { generate, random: Random::of(self.seed, &purpose), employer: None };
        let defects = spread(&mut batch.random, &defects, generate.count);
        let sound = sound_locals(people.clone(), &defects, others_before);
        let seats = defects.contains(&Some(Defect::NoLicense));
        let seats = seats.then(|| defects.iter().filter(|defect| defect.is_none()).count());
        let mut people = people;
        for (at, defect) in defects.into_iter().enumerate() {
            let number = at + 1;
            let unique = others_before + number;
            let person = people.next(unique);
            let mut making = Making { number, unique, defect, person, domain: DOMAINS[0] };
            if defect == Some(Defect::DuplicateUsername) {
                self.collide(&mut batch, &mut making, &sound);
            }
            if defect == Some(Defect::AmbiguousMatch) {
                self.namesakes(&object, &batch, &making)?;
            }
            let id = self.make(&object, &mut batch, &making)?;
            if let Some(prefix) = &generate.alias {
                self.name(&format!("{prefix}-{number}"), id);
            }
        }
        if let Some(seats) = seats {
            employees::leave_seats(&mut self.transaction, seats);
        }
        Ok(())
    }

    /// Makes two users with the number of an employee.
    fn namesakes(
        &mut self,
        object: &Arc<ObjectSpec>,
        batch: &Batch<'_>,
        making: &Making,
    ) -> Result<(), Problem> {
        let schema = Arc::clone(&self.transaction.state.schema);
        let node = &batch.generate.node;
        let user = schema.by_name("User").ok_or_else(|| node.problem("there is no User"))?;
        let (own, _) = self.given(object, &batch.generate.fields, Some(making.number))?;
        let number = object.field("EmployeeNumber").and_then(|(slot, _)| {
            own.iter().find(|(own, _)| *own == slot)?.1.as_text().map(ToOwned::to_owned)
        });
        let number = number.unwrap_or_else(|| employee_number(making.unique));
        for place in 1..=2 {
            let mut given = Given::new();
            let person = &making.person;
            let email = format!("{}.{place}@example.net", person.local);
            set_text(user, &mut given, "FirstName", Some(person.first));
            set_text(user, &mut given, "LastName", Some(person.last));
            set_text(user, &mut given, "Email", Some(&email));
            set_text(user, &mut given, "EmployeeNumber", Some(&number));
            set_value(user, &mut given, "IsActive", Value::Bool(true));
            self.complete_user(user, &mut given);
            self.insert(user, given, &[], node)?;
        }
        Ok(())
    }

    /// Gives an employee an address whose username is taken: by another employee's, or elsewhere.
    fn collide(&mut self, batch: &mut Batch<'_>, making: &mut Making, sound: &[String]) {
        making.domain = DOMAINS[1];
        if let Some(other) = batch.random.pick(sound) {
            making.person.local.clone_from(other);
        }
        let settings = Arc::make_mut(&mut self.transaction.state.settings);
        let suffix = settings.employees.username_suffix.trim_start_matches('@').to_owned();
        // With a suffix in the settings the other's username is the same; without one, or without
        // another, it is taken elsewhere.
        let domain = match (suffix.as_str(), sound.is_empty()) {
            ("", _) => making.domain,
            (suffix, true) => suffix,
            (_, false) => return,
        };
        let name = format!("{}@{domain}", making.person.local).to_lowercase();
        settings.taken_usernames.insert(name);
    }

    /// Makes one record.
    fn make(
        &mut self,
        object: &Arc<ObjectSpec>,
        batch: &mut Batch<'_>,
        making: &Making,
    ) -> Result<Id, Problem> {
        let generate = batch.generate;
        let (mut given, below) = self.given(object, &generate.fields, Some(making.number))?;
        self.characterize(object, batch, making, &mut given)?;
        self.complete_user(object, &mut given);
        self.fill(object, &mut batch.random, &mut given, &generate.node, DEEPEST)?;
        let id = self.insert(object, given, &generate.fields, &generate.node)?;
        self.wait_for(object, id, below);
        Ok(id)
    }

    /// What makes a record of a well-known object plausible.
    fn characterize(
        &mut self,
        object: &Arc<ObjectSpec>,
        batch: &mut Batch<'_>,
        making: &Making,
        given: &mut Given,
    ) -> Result<(), Problem> {
        let person = &making.person;
        let email = (making.defect != Some(Defect::MissingEmail))
            .then(|| format!("{}@{}", person.local, making.domain));
        let email = email.as_deref();
        let mut set = |name: &str, text: Option<&str>| set_text(object, given, name, text);
        match &*object.name {
            "User" | "Contact" | "Lead" => {
                set("FirstName", Some(person.first));
                set("LastName", Some(person.last));
                set("Email", email);
                set("Phone", Some(&person.phone));
                set("Title", Some(person.title));
                set("Department", Some(person.department));
                if &*object.name == "Lead" {
                    set("Company", Some(&company(&mut batch.random, making.unique)));
                }
            }
            "Employee" => {
                set("FirstName", Some(person.first));
                set("LastName", Some(person.last));
                set("Email", email);
                set("EmployeeNumber", Some(&employee_number(making.unique)));
                set("EmployeeStatus", Some("Active"));
                set("WorkerType", Some("Employee"));
            }
            "Employee2" => {
                set("EmployeeNumber", Some(&employee_number(making.unique)));
                set("EmployeeStatus", Some("Active"));
                set("EmployeeType", Some("Permanent"));
                set("EmploymentType", Some("Full-Time"));
                if missing(object, given, "ContactId") {
                    let contact = self.employee_contact(batch, making, email)?;
                    set_value(object, given, "ContactId", Value::Id(contact));
                }
            }
            "Account" => {
                let is_person = !missing(object, given, "LastName");
                if !is_person {
                    let mut set =
                        |name: &str, text: &str| set_text(object, given, name, Some(text));
                    set("Name", &company(&mut batch.random, making.unique));
                    set("Phone", &person.phone);
                }
            }
            "UserProvisioningRequest" => {
                set("AppName", Some("fauxforce"));
                set("State", Some("New"));
                set("Operation", Some("Create"));
                set("ApprovalStatus", Some("NotRequired"));
                set_value(object, given, "ConnectedAppId", Value::Id(super::base::connected_app()));
                let user = self.some_record("User", &mut batch.random);
                set_value(object, given, "SalesforceUserId", user.into());
            }
            _ => {}
        }
        Ok(())
    }

    /// The contact behind an employee: that of a Person Account, or a contact at the employer.
    fn employee_contact(
        &mut self,
        batch: &mut Batch<'_>,
        making: &Making,
        email: Option<&str>,
    ) -> Result<Id, Problem> {
        let schema = Arc::clone(&self.transaction.state.schema);
        let node = &batch.generate.node;
        let lacking = || node.problem("employees need the objects Account and Contact");
        let account = schema.by_name("Account").ok_or_else(lacking)?;
        let contact = schema.by_name("Contact").ok_or_else(lacking)?;
        let person = &making.person;
        let mut given = Given::new();
        if let Some((slot, _)) = account.field("PersonContactId") {
            set_text(account, &mut given, "FirstName", Some(person.first));
            set_text(account, &mut given, "LastName", Some(person.last));
            set_text(account, &mut given, "PersonEmail", email);
            set_text(account, &mut given, "PersonTitle", Some(person.title));
            set_text(account, &mut given, "PersonMobilePhone", Some(&person.phone));
            self.fill(account, &mut batch.random, &mut given, node, DEEPEST)?;
            let id = self.insert(account, given, &[], node)?;
            let row = self.transaction.state.live_row(account, id);
            return row.and_then(|(_, row)| row.id(slot)).ok_or_else(lacking);
        }
        let employer = if let Some(id) = batch.employer {
            id
        } else {
            let mut given = Given::new();
            let name = company(&mut batch.random, making.unique);
            set_text(account, &mut given, "Name", Some(&name));
            self.fill(account, &mut batch.random, &mut given, node, DEEPEST)?;
            self.insert(account, given, &[], node)?
        };
        batch.employer = Some(employer);
        set_text(contact, &mut given, "FirstName", Some(person.first));
        set_text(contact, &mut given, "LastName", Some(person.last));
        set_text(contact, &mut given, "Email", email);
        set_text(contact, &mut given, "Title", Some(person.title));
        set_text(contact, &mut given, "Phone", Some(&person.phone));
        set_value(contact, &mut given, "AccountId", Value::Id(employer));
        self.fill(contact, &mut batch.random, &mut given, node, DEEPEST)?;
        self.insert(contact, given, &[], node)
    }

    /// What every new user needs and nobody wants to write: username, alias, profile, locale. They
    /// follow from the e-mail address and the organization.
    pub(super) fn complete_user(&self, object: &ObjectSpec, given: &mut Given) {
        if &*object.name != "User" {
            return;
        }
        let text = |given: &Given, name: &str| {
            let (slot, _) = object.field(name)?;
            let (_, value) = given.iter().find(|(own, _)| *own == slot)?;
            value.as_text().map(ToOwned::to_owned)
        };
        let email = text(given, "Email").unwrap_or_default();
        if !email.is_empty() {
            set_text(object, given, "Username", Some(&email));
        }
        let last = text(given, "LastName").unwrap_or_default();
        let first = text(given, "FirstName").unwrap_or_default();
        let alias: String = first.chars().take(1).chain(last.chars()).take(8).collect();
        set_text(object, given, "Alias", Some(&alias.to_lowercase()));
        if let Some(profile) = self.named("Profile", "Standard User") {
            set_value(object, given, "ProfileId", Value::Id(profile));
        }
        set_text(object, given, "EmailEncodingKey", Some("UTF-8"));
        let state = &self.transaction.state;
        let administrator = state.live_row(object, super::base::administrator());
        for name in ["TimeZoneSidKey", "LocaleSidKey", "LanguageLocaleKey"] {
            if let (Some((_, row)), Some((slot, _))) = (administrator, object.field(name)) {
                set_value(object, given, name, row.get(slot).clone());
            }
        }
    }

    /// Fills every field that must have a value and has none.
    fn fill(
        &mut self,
        object: &Arc<ObjectSpec>,
        random: &mut Random,
        given: &mut Given,
        node: &Node,
        depth: usize,
    ) -> Result<(), Problem> {
        let unique = self.transaction.state.table(object.id).next() as usize + 1;
        for (slot, field) in object.visible_fields() {
            if !must_have_value(object, field, given) || !is_missing(given, slot) {
                continue;
            }
            let value = match field.kind {
                FieldType::Reference => self.target(object, field, random, node, depth)?.into(),
                _ => made_up(object, field, random, unique, self.transaction.actor.now),
            };
            if !value.is_null() {
                given.push((slot, value));
            }
        }
        Ok(())
    }

    /// A record for a required reference: one that is there, or a new one.
    fn target(
        &mut self,
        object: &ObjectSpec,
        field: &FieldSpec,
        random: &mut Random,
        node: &Node,
        depth: usize,
    ) -> Result<Option<Id>, Problem> {
        if let Some(id) = field.reference_to.iter().find_map(|to| self.some_record(to, random)) {
            return Ok(Some(id));
        }
        let schema = Arc::clone(&self.transaction.state.schema);
        let target = field.reference_to.iter().find_map(|to| schema.by_name(to));
        let Some(target) = target.filter(|_| depth > 0) else {
            return Err(node.problem(format!(
                "{}.{} needs a record of {}: give one in fields",
                object.name,
                field.name,
                field.reference_to.join(" or ")
            )));
        };
        let mut given = Given::new();
        self.fill(target, random, &mut given, node, depth - 1)?;
        self.insert(target, given, &[], node).map(Some)
    }

    /// Some live record of an object.
    fn some_record(&self, object: &str, random: &mut Random) -> Option<Id> {
        let state = &self.transaction.state;
        let object = state.schema.by_name(object)?;
        let table = state.table(object.id);
        let live = |number| table.get(number).filter(|row| !row.is_deleted());
        let mut tries = (0..8).map(|_| random.below(table.next() as usize) as u32);
        let row = tries.find_map(live).or_else(|| table.live_rows().next().map(|(_, row)| row))?;
        row.id(object.system.id)
    }
}

/// The defects that a `[[generate]]` asks for, or why its object cannot have one.
fn defects(generate: &Generate, object: &ObjectSpec) -> Result<Vec<(Defect, usize)>, Problem> {
    let mut defects = Vec::new();
    for (defect, share) in &generate.with {
        let suits = match defect {
            Defect::DuplicateUsername | Defect::AmbiguousMatch | Defect::NoLicense => {
                matches!(&*object.name, "Employee" | "Employee2")
            }
            Defect::MissingEmail => {
                matches!(&*object.name, "Employee" | "Employee2" | "Contact" | "Lead")
            }
        };
        if !suits {
            let name = Defect::ALL.iter().find(|(own, _)| own == defect).map_or("", |(_, n)| n);
            let place = generate.node.get("with").unwrap_or(&generate.node);
            let message = format!("a {} cannot have the defect {name}", object.name);
            return Err(place.problem(message));
        }
        defects.push((*defect, (share * generate.count as f64).round() as usize));
    }
    Ok(defects)
}

/// The number of the employee who is the so manieth.
fn employee_number(unique: usize) -> String {
    format!("E{unique:05}")
}

/// The local parts with which others can collide: those of the people without a defect.
fn sound_locals(
    mut people: People,
    defects: &[Option<Defect>],
    others_before: usize,
) -> Vec<String> {
    if !defects.contains(&Some(Defect::DuplicateUsername)) {
        return Vec::new();
    }
    let all = defects.iter().zip(others_before + 1..);
    let all = all.map(|(defect, unique)| (defect, people.next(unique).local));
    all.filter(|(defect, _)| defect.is_none()).map(|(_, local)| local).collect()
}

/// Which records have which defect.
fn spread(random: &mut Random, defects: &[(Defect, usize)], count: usize) -> Vec<Option<Defect>> {
    let mut spread = vec![None; count];
    if defects.is_empty() {
        return spread;
    }
    let mut order = random.order(count).into_iter();
    for (defect, many) in defects {
        for at in order.by_ref().take(*many) {
            spread[at] = Some(*defect);
        }
    }
    spread
}

fn is_missing(given: &Given, slot: Slot) -> bool {
    given.iter().rev().find(|(own, _)| *own == slot).is_none_or(|(_, value)| value.is_null())
}

fn missing(object: &ObjectSpec, given: &Given, name: &str) -> bool {
    object.field(name).is_none_or(|(slot, _)| is_missing(given, slot))
}

/// Sets a field that the scenario left out; fields that the org does not have are left out.
fn set_value(object: &ObjectSpec, given: &mut Given, name: &str, value: Value) {
    if let Some((slot, _)) = object.field(name)
        && !given.iter().any(|(own, _)| *own == slot)
        && !value.is_null()
    {
        given.push((slot, value));
    }
}

fn set_text(object: &ObjectSpec, given: &mut Given, name: &str, text: Option<&str>) {
    let (Some(text), Some((_, field))) = (text, object.field(name)) else { return };
    let text = shortened(text, "", field.length);
    if let Ok(value) = coerce(field, Raw::Text(&text)) {
        set_value(object, given, name, value);
    }
}

/// True for a field that is never empty and that nothing else fills.
fn must_have_value(object: &ObjectSpec, field: &FieldSpec, given: &Given) -> bool {
    use FieldType as T;
    const AUDIT: [&str; 6] = [
        "OwnerId",
        "CreatedById",
        "CreatedDate",
        "LastModifiedById",
        "LastModifiedDate",
        "SystemModstamp",
    ];
    let virtual_kind =
        matches!(field.kind, T::Id | T::Boolean | T::Address | T::Location | T::ComplexValue);
    let given_otherwise = field.default_value.is_some()
        || field.auto_number.is_some()
        || field.calculated
        || field.picklist.as_ref().is_some_and(|picklist| picklist.default_code().is_some());
    // A person's Name is made of its parts.
    let of_parts = &*field.name == "Name"
        && object
            .field("LastName")
            .is_some_and(|(slot, last)| !last.nillable || !is_missing(given, slot));
    let never_empty = !field.nillable && !field.defaulted_on_create && field.required.is_none();
    (field.required_on_create() || never_empty)
        && !virtual_kind
        && !given_otherwise
        && !of_parts
        && !AUDIT.contains(&&*field.name)
}

/// A value that fits a field. `unique` tells apart the records of an object.
fn made_up(
    object: &ObjectSpec,
    field: &FieldSpec,
    random: &mut Random,
    unique: usize,
    now: i64,
) -> Value {
    use FieldType as T;
    match field.kind {
        T::Picklist | T::Combobox | T::MultiPicklist => chosen(field, random),
        T::Email => Value::text(&format!("{}{unique}@example.com", field.name.to_lowercase())),
        T::Phone => Value::text(&format!("+1 415 555 01{:02}", unique % 100)),
        T::Url => Value::text(&format!("https://example.com/{unique}")),
        T::Int | T::Long => Value::Int(number(field, unique) as i64),
        T::Double | T::Currency | T::Percent => Value::Double(number(field, unique)),
        T::Date => Value::Date(time::day_of(now) - random.below(730) as i32),
        T::DateTime => Value::DateTime(now - now.rem_euclid(DAY) - random.below(730) as i64 * DAY),
        T::Time => Value::Time(random.below(24) as u32 * 3_600_000),
        T::Base64 => Value::Blob(format!("Sample {unique}").into_bytes().into()),
        T::Boolean => Value::Bool(false),
        _ => Value::Text(text(object, field, unique)),
    }
}

/// A value of a picklist that may be chosen.
fn chosen(field: &FieldSpec, random: &mut Random) -> Value {
    let Some(picklist) = &field.picklist else { return Value::text("Sample") };
    let values = picklist.values().iter().enumerate().filter(|(_, value)| value.active);
    let codes: Vec<usize> = values.map(|(code, _)| code).collect();
    match random.pick(&codes) {
        Some(code) if field.kind == FieldType::MultiPicklist => {
            Value::text(&picklist.value(*code as u16).value)
        }
        Some(code) => Value::Pick(*code as u16),
        None => Value::text("Sample"),
    }
}

/// A number within a field's digits and range.
fn number(field: &FieldSpec, unique: usize) -> f64 {
    let places = match field.kind {
        FieldType::Int | FieldType::Long => field.digits,
        _ => field.precision.saturating_sub(field.scale),
    };
    let most = if places == 0 { 100.0 } else { 10f64.powi(places.min(9) as i32) - 1.0 };
    let number = (unique as f64) % (most + 1.0);
    field.range.map_or(number, |(low, high)| number.clamp(low, high.min(most).max(low)))
}

/// A text that says what it is and, as far as its length allows, differs from record to record.
fn text(object: &ObjectSpec, field: &FieldSpec, unique: usize) -> CompactString {
    let text = match &*field.name {
        "DeveloperName" | "FullName" | "NamespacePrefix" => shortened(
            &format!("{}_", object.name.trim_end_matches("__c")),
            &unique.to_string(),
            field.length,
        ),
        "EmployeeNumber" => shortened("E", &format!("{unique:05}"), field.length),
        "Username" => shortened("user", &format!("{unique}@example.com"), field.length),
        "PathOnClient" => shortened("sample", &format!("{unique}.txt"), field.length),
        "LastName" => shortened("Sample", &unique.to_string(), field.length),
        _ if field.name_field => shortened(&object.label, &format!(" {unique}"), field.length),
        _ if field.unique_rule == Some(UniqueRule::Username) => {
            shortened("user", &format!("{unique}@example.com"), field.length)
        }
        _ => shortened(&field.label, &format!(" {unique}"), field.length),
    };
    CompactString::from(text)
}

/// A text and its ending in at most so many characters; the text gives way.
fn shortened(text: &str, ending: &str, length: u32) -> String {
    if length == 0 {
        return format!("{text}{ending}");
    }
    let room = (length as usize).saturating_sub(ending.chars().count());
    let mut out: String = text.chars().take(room).collect();
    out.extend(ending.chars().rev().take(length as usize).collect::<Vec<_>>().into_iter().rev());
    out
}
