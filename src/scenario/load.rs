//! Applies a scenario to a state: `[org]`, then `[[records]]` and `[[generate]]` in the order of the
//! file. The org itself writes, so audit fields and read-only fields may be given; every rule of a
//! record's values holds all the same.
//!
//! `"@alias"` in any field is the id of another record: one above, or (where the field may stay
//! empty for a moment) one below. `"@administrator"` and `"@app"` are always there, `"@Profile:Standard User"`
//! is the record of that object with that name, and `"@@x"` is the text `@x`.

use super::base;
use super::format::{Generate, Record, Scenario};
use super::problem::{Problem, faults_text, unknown};
use super::settings::ClockChoice;
use super::tree::{Node, Tree};
use crate::clock::{Clock, Millis};
use crate::dml::{self, Actor, Given, Raw, Transaction, coerce};
use crate::error::Faults;
use crate::id::Id;
use crate::provisioning;
use crate::schema::{FieldType, Lookup, ObjectSpec, Slot};
use crate::store::{IndexCache, State};
use crate::value::Value;
use std::collections::HashMap;
use std::sync::Arc;

/// What loading a scenario gave.
#[derive(Clone, Debug, Default)]
pub(crate) struct Loaded {
    /// The scenario's name.
    pub name: String,
    /// Aliases and ids, in the order in which the records were made.
    pub records: Vec<(String, Id)>,
    /// How many records were made.
    pub made: usize,
}

/// Applies a scenario. A problem leaves a half-made state, to be dropped. `system_now` is the
/// system's time; the clock of an org that nobody has seen yet (`fresh`) may be set back.
pub(crate) fn load(
    scenario: &Scenario,
    state: &mut State,
    indexes: &IndexCache,
    system_now: Millis,
    fresh: bool,
) -> Result<Loaded, Problem> {
    let loaded = apply(scenario, state, indexes, system_now, fresh);
    match &scenario.file {
        Some(file) => loaded.map_err(|problem| problem.in_file(file)),
        None => loaded,
    }
}

fn apply(
    scenario: &Scenario,
    state: &mut State,
    indexes: &IndexCache,
    system_now: Millis,
    fresh: bool,
) -> Result<Loaded, Problem> {
    set_clock(scenario, state, system_now, fresh)?;
    let now = state.clock.now(system_now);
    scenario.org.apply(state, indexes, now).map_err(|p| p.under("org"))?;
    let actor = Actor { user: base::administrator(), now, system: true };
    let requests = state.schema.id_of(provisioning::REQUEST);
    let first = requests.map_or(0, |object| state.table(object).next());
    let hooks = if scenario.live { provisioning::WRITES } else { dml::Hooks::NONE };
    let mut work = Work {
        seed: state.settings.seed,
        scenario: &scenario.name,
        transaction: Transaction::begin(state, actor, indexes).with_hooks(hooks),
        aliases: HashMap::new(),
        below: aliases(scenario).collect(),
        loaded: Loaded { name: scenario.name.clone(), ..Loaded::default() },
        pending: Vec::new(),
    };
    let mut items: Vec<Item<'_>> = scenario.records.iter().map(Item::Record).collect();
    items.extend(scenario.generate.iter().enumerate().map(|(at, one)| Item::Generate(at, one)));
    // JSON has no lines: there the records come first.
    items.sort_by_key(Item::line);
    for item in items {
        match item {
            Item::Record(record) => work.record(record)?,
            Item::Generate(at, generate) => work.generate(at, generate)?,
        }
    }
    work.resolve_pending()?;
    provisioning::wake(&mut work.transaction, first);
    provisioning::employees::recount(&mut work.transaction);
    *state = work.transaction.state;
    Ok(work.loaded)
}

fn set_clock(
    scenario: &Scenario,
    state: &mut State,
    system_now: Millis,
    fresh: bool,
) -> Result<(), Problem> {
    let now = state.clock.now(system_now);
    let clock = match scenario.org.clock {
        Some(ClockChoice::At(at)) if at < now && !fresh => {
            let node = scenario.org_node.as_ref().and_then(|org| org.get("clock"));
            let message = "is earlier than the org's time, and clocks never run backwards";
            return Err(node.map_or_else(|| Problem::new(message), |node| node.problem(message)));
        }
        Some(ClockChoice::At(at)) => Clock::Virtual { now: at },
        Some(ClockChoice::Real) if fresh => Clock::Real { offset: 0 },
        Some(ClockChoice::Real) => Clock::Real { offset: (now - system_now).max(0) },
        None => return Ok(()),
    };
    state.clock = clock;
    Ok(())
}

/// The aliases that a scenario will define.
fn aliases(scenario: &Scenario) -> impl Iterator<Item = String> {
    let records = scenario.records.iter().filter_map(|record| record.alias.clone());
    let generated = scenario.generate.iter().flat_map(|generate| {
        let prefix = generate.alias.as_ref();
        let names = prefix.map(|prefix| (1..=generate.count).map(move |n| format!("{prefix}-{n}")));
        names.into_iter().flatten()
    });
    records.chain(generated)
}

enum Item<'s> {
    Record(&'s Record),
    Generate(usize, &'s Generate),
}

impl Item<'_> {
    fn line(&self) -> u32 {
        match self {
            Item::Record(record) => record.node.line,
            Item::Generate(_, generate) => generate.node.line,
        }
    }
}

/// A reference to a record further below.
struct Pending {
    object: Arc<ObjectSpec>,
    id: Id,
    slot: Slot,
    alias: String,
    node: Node,
}

/// Fields whose records stand further below: slot, alias and place.
pub(super) type Below = Vec<(Slot, String, Node)>;

/// A field's value, or the alias of a record that is not there yet.
pub(super) enum Wanted {
    Value(Value),
    Below(String),
}

/// A scenario being loaded.
pub(super) struct Work<'a> {
    pub(super) seed: u64,
    pub(super) scenario: &'a str,
    pub(super) transaction: Transaction<'a>,
    aliases: HashMap<String, Id>,
    below: std::collections::HashSet<String>,
    loaded: Loaded,
    pending: Vec<Pending>,
}

impl Work<'_> {
    /// The object of a name, or what is wrong with the name.
    pub(super) fn object(&self, node: &Node) -> Result<Arc<ObjectSpec>, Problem> {
        let name = node.text()?;
        let schema = &self.transaction.state.schema;
        match schema.lookup(name) {
            Lookup::Object(object) => Ok(Arc::clone(object)),
            Lookup::KnownElsewhere(name) => Err(node.problem(format!(
                "NOT_EMULATED: {name} is not in the schema; add it with --schema or \
                 POST /_fauxforce/orgs/{{org}}/objects"
            ))),
            Lookup::Unknown if schema.id_of(name).is_some() => {
                Err(node.problem(format!("{name} needs a feature that is off in [org]")))
            }
            Lookup::Unknown => {
                let headers = schema.headers();
                Err(node.problem(unknown("object", name, headers.iter().map(|h| h.name))))
            }
        }
    }

    fn record(&mut self, record: &Record) -> Result<(), Problem> {
        let object = self.object(&record.object)?;
        let (mut given, below) = self.given(&object, &record.fields, None)?;
        self.complete_user(&object, &mut given);
        let id = self.insert(&object, given, &record.fields, &record.node)?;
        self.wait_for(&object, id, below);
        if let Some(alias) = &record.alias {
            self.name(alias, id);
        }
        Ok(())
    }

    /// Reads fields. `number` replaces `{n}` in texts.
    pub(super) fn given(
        &self,
        object: &ObjectSpec,
        fields: &[(String, Node)],
        number: Option<usize>,
    ) -> Result<(Given, Below), Problem> {
        let mut given = Given::with_capacity(fields.len());
        let mut below = Vec::new();
        for (name, node) in fields {
            let (slot, _) = object.field(name).ok_or_else(|| {
                let names = object.visible_fields().map(|(_, field)| &*field.name);
                let names: Vec<&str> = names.collect();
                node.problem(unknown(&format!("field of {}", object.name), name, names))
            })?;
            match self.wanted(object, slot, node, number)? {
                Wanted::Value(value) => given.push((slot, value)),
                Wanted::Below(alias) => below.push((slot, alias, node.clone())),
            }
        }
        Ok((given, below))
    }

    fn wanted(
        &self,
        object: &ObjectSpec,
        slot: Slot,
        node: &Node,
        number: Option<usize>,
    ) -> Result<Wanted, Problem> {
        let field = object.at(slot);
        let text;
        let raw = match &node.value {
            Tree::Null => Raw::Null,
            Tree::Bool(flag) => Raw::Bool(*flag),
            Tree::Number(number) => Raw::Number(number),
            Tree::Text(own) => {
                let own =
                    number.map_or_else(|| own.clone(), |n| own.replace("{n}", &n.to_string()));
                text = match own.strip_prefix('@') {
                    Some(literal) if literal.starts_with('@') => literal.to_owned(),
                    Some(alias) if !alias.is_empty() => match self.find(alias, node)? {
                        Some(id) if field.kind == FieldType::Reference => {
                            return Ok(Wanted::Value(Value::Id(id)));
                        }
                        Some(id) => id.to_string(),
                        None if field.nillable => return Ok(Wanted::Below(alias.to_owned())),
                        None => {
                            return Err(node.problem(format!(
                                "@{alias} stands further below, and {} must have a value at once: \
                                 move that record up",
                                field.name
                            )));
                        }
                    },
                    _ => own,
                };
                Raw::Text(&text)
            }
            Tree::List(_) | Tree::Table(_) => {
                return Err(node.problem("must be a single value"));
            }
        };
        let value = coerce(field, raw).map_err(|_| {
            node.problem(format!("cannot be a value of {}, a {}", field.name, field.kind.name()))
        })?;
        Ok(Wanted::Value(value))
    }

    /// The record of an alias; `None` when it stands further below.
    fn find(&self, alias: &str, node: &Node) -> Result<Option<Id>, Problem> {
        if let Some(id) = self.aliases.get(alias) {
            return Ok(Some(*id));
        }
        if self.below.contains(alias) {
            return Ok(None);
        }
        match alias {
            "administrator" => return Ok(Some(base::administrator())),
            "app" => return Ok(Some(base::connected_app())),
            _ => {}
        }
        if let Some((object, name)) = alias.split_once(':') {
            let found = self.named(object, name);
            let message = format!("there is no {object} named {name}");
            return found.map(Some).ok_or_else(|| node.problem(message));
        }
        let known = self.below.iter().chain(self.aliases.keys()).map(String::as_str);
        let known: Vec<&str> = known.chain(["administrator", "app"]).collect();
        Err(node.problem(unknown("alias", alias, known)))
    }

    /// The live record of an object with a name.
    pub(super) fn named(&self, object: &str, name: &str) -> Option<Id> {
        let state = &self.transaction.state;
        let object = state.schema.by_name(object)?;
        let slot = object.name_slot?;
        let mut rows = state.table(object.id).live_rows();
        let (_, row) = rows.find(|(_, row)| {
            row.get(slot).as_text().is_some_and(|own| own.eq_ignore_ascii_case(name))
        })?;
        row.id(object.system.id)
    }

    /// Inserts a record; its faults point to their fields.
    pub(super) fn insert(
        &mut self,
        object: &Arc<ObjectSpec>,
        given: Given,
        fields: &[(String, Node)],
        node: &Node,
    ) -> Result<Id, Problem> {
        let inserted = self.transaction.insert(object, given);
        self.loaded.made += usize::from(inserted.is_ok());
        inserted.map_err(|faults| at_fault(&faults, fields, node))
    }

    /// Gives a record its alias.
    pub(super) fn name(&mut self, alias: &str, id: Id) {
        self.aliases.insert(alias.to_owned(), id);
        self.loaded.records.push((alias.to_owned(), id));
    }

    /// Remembers references to records further below.
    pub(super) fn wait_for(&mut self, object: &Arc<ObjectSpec>, id: Id, below: Below) {
        for (slot, alias, node) in below {
            self.pending.push(Pending { object: Arc::clone(object), id, slot, alias, node });
        }
    }

    fn resolve_pending(&mut self) -> Result<(), Problem> {
        for pending in std::mem::take(&mut self.pending) {
            let Pending { object, id, slot, alias, node } = pending;
            let Some(target) = self.aliases.get(&alias).copied() else { continue };
            let field = object.at(slot);
            let value = if field.kind == FieldType::Reference {
                Value::Id(target)
            } else {
                coerce(field, Raw::Text(&target.to_string()))
                    .map_err(|_| node.problem(format!("cannot be a value of {}", field.name)))?
            };
            let number = self.transaction.state.live_row(&object, id).map(|(number, _)| number);
            let Some(number) = number else { continue };
            self.transaction
                .update(&object, number, vec![(slot, value)])
                .map_err(|faults| node.problem(faults_text(&faults)))?;
        }
        Ok(())
    }
}

/// The problem of a record that breaks rules, at the field of the first fault that names one of
/// those given.
fn at_fault(faults: &Faults, fields: &[(String, Node)], node: &Node) -> Problem {
    let names = faults.iter().flat_map(|fault| fault.fields.iter().flatten());
    let mut given = names.filter_map(|name| {
        fields.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, node)| node)
    });
    given.next().unwrap_or(node).problem(faults_text(faults))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{Feature, Features};

    /// Loads a scenario into an empty org.
    fn loaded(text: &str) -> Result<(State, Loaded), String> {
        let scenario = Scenario::parse(text, Some("x.toml")).map_err(|p| p.to_string())?;
        let clock = Clock::Virtual { now: base::BEGINNING };
        let state = base::empty_org(Id::own(*b"00D", 1), Features::DEFAULT, clock);
        let mut state = State::clone(&state);
        let loaded = load(&scenario, &mut state, &IndexCache::default(), 0, true);
        Ok((state, loaded.map_err(|p| p.to_string())?))
    }

    fn field(state: &State, id: Id, name: &str) -> Value {
        let (object, _, row) = state.resolve(id).expect("a record");
        row.get(object.field(name).expect("a field").0).clone()
    }

    fn count(state: &State, object: &str) -> u32 {
        state.table(state.schema.id_of(object).expect("an object")).live()
    }

    #[test]
    fn records_refer_up_and_down_the_file() {
        let (state, loaded) = loaded(
            r#"
            [[records]]
            as = "worker"
            object = "User"
            fields = { LastName = "Ito", Email = "ito@example.com", ManagerId = "@boss", Department = "@@x" }
            [[records]]
            as = "boss"
            object = "User"
            fields = { LastName = "Okafor", Email = "okafor@example.com", DelegatedApproverId = "@administrator", ProfileId = "@Profile:System Administrator" }
            [[records]]
            as = "request"
            object = "UserProvisioningRequest"
            fields = { State = "Failed", Operation = "Create", ApprovalStatus = "NotRequired", SalesforceUserId = "@worker", ConnectedAppId = "@app", CreatedDate = 2019-05-06T07:08:09Z }
            "#,
        )
        .expect("a good scenario");
        let names: Vec<&str> = loaded.records.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["worker", "boss", "request"]);
        let [worker, boss, request] = [0, 1, 2].map(|at: usize| loaded.records[at].1);
        assert_eq!(field(&state, worker, "ManagerId"), Value::Id(boss));
        assert_eq!(field(&state, worker, "Department"), Value::text("@x"));
        assert_eq!(field(&state, worker, "Username"), Value::text("ito@example.com"));
        assert_eq!(field(&state, request, "SalesforceUserId"), Value::Id(worker));
        let made = time_of("2019-05-06T07:08:09Z");
        assert_eq!(field(&state, request, "CreatedDate"), Value::DateTime(made));
    }

    fn time_of(text: &str) -> i64 {
        crate::time::parse_rfc3339(text).expect("an instant")
    }

    #[test]
    fn a_broken_record_names_its_line_and_the_rule() {
        let cases = [
            (
                "[[records]]\nobject = \"Usr\"",
                "x.toml:2: records[0].object: no such object: Usr; did you mean User?",
            ),
            (
                "[[records]]\nobject = \"User\"\nfields = { LastNam = \"x\" }",
                "x.toml:3: records[0].fields.LastNam: no such field of User: LastNam; did you mean LastName?",
            ),
            (
                "[[records]]\nobject = \"Contact\"\n[records.fields]\nLastName = \"x\"\nEmail = \"x\"",
                "x.toml:5: records[0].fields.Email: INVALID_EMAIL_ADDRESS: Email: invalid email address: x",
            ),
            (
                "[[records]]\nobject = \"Contact\"",
                "x.toml:1: records[0]: REQUIRED_FIELD_MISSING: Required fields are missing: [LastName]",
            ),
            (
                "[[records]]\nobject = \"Contact\"\nfields = { LastName = \"x\", AccountId = \"@acme\" }",
                "x.toml:3: records[0].fields.AccountId: no such alias: acme; there are administrator, app",
            ),
            (
                "[[records]]\nobject = \"Employee2\"\nfields = { ContactId = \"@c\" }\n[[records]]\nas = \"c\"\nobject = \"Contact\"",
                "x.toml:3: records[0].fields.ContactId: @c stands further below, and ContactId must have a value at once: move that record up",
            ),
            (
                "[[records]]\nobject = \"Contact\"\nfields = { LastName = \"x\", Birthdate = \"soon\" }",
                "x.toml:3: records[0].fields.Birthdate: cannot be a value of Birthdate, a date",
            ),
            (
                "[[generate]]\nobject = \"Contact\"\nwith = { duplicate_username = 1 }",
                "x.toml:3: generate[0].with: a Contact cannot have the defect duplicate_username",
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(loaded(text).map(|_| ()).expect_err("a problem"), expected);
        }
    }

    #[test]
    fn two_thousand_and_one_employees_in_three_lines() {
        let (state, loaded) =
            loaded("[[generate]]\nobject = \"Employee2\"\ncount = 2_001\n").expect("employees");
        assert_eq!(count(&state, "Employee2"), 2001);
        assert_eq!(count(&state, "Contact"), 2001);
        assert_eq!(loaded.made, 2001 * 2 + 1);
    }

    /// The local parts of the employees' addresses, and how many have no address.
    fn locals(state: &State) -> (Vec<String>, usize) {
        let object = state.schema.by_name("Contact").expect("Contact");
        let email = object.field("Email").expect("Email").0;
        let rows = state.table(object.id).live_rows();
        let emails: Vec<Value> = rows.map(|(_, row)| row.get(email).clone()).collect();
        let local = |value: &Value| Some(value.as_text()?.split('@').next()?.to_owned());
        let locals: Vec<String> = emails.iter().filter_map(local).collect();
        let missing = emails.len() - locals.len();
        (locals, missing)
    }

    #[test]
    fn defects_have_their_shares() {
        let text = "[org]\nfeatures = { personAccounts = true }\n[[generate]]\nas = \"e\"\nobject = \"Employee2\"\n\
                    count = 100\nwith = { duplicate_username = 0.5, missing_email = 0.1 }\n";
        let (state, loaded) = loaded(text).expect("employees");
        let (mut locals, missing) = locals(&state);
        assert_eq!(missing, 10);
        locals.sort_unstable();
        locals.dedup();
        assert_eq!(locals.len(), 40, "fifty collide with one of forty sound ones");
        assert_eq!(count(&state, "Account"), 100);
        let employee = loaded.records[0].1;
        let contact = field(&state, employee, "ContactId").as_id().expect("a contact");
        let account = field(&state, contact, "AccountId").as_id().expect("an account");
        assert_eq!(field(&state, account, "PersonContactId"), Value::Id(contact));
        assert_eq!(field(&state, account, "IsPersonAccount"), Value::Bool(true));
        assert_eq!(field(&state, account, "Name"), field(&state, contact, "Name"));
        assert_eq!(loaded.records[99].0, "e-100");
    }

    #[test]
    fn all_may_collide_with_names_taken_elsewhere() {
        let text =
            "[[generate]]\nobject = \"Employee\"\ncount = 3\nwith = { duplicate_username = 1.0 }";
        let (state, _) = loaded(text).expect("employees");
        assert_eq!(state.settings.taken_usernames.len(), 3);
    }

    #[test]
    fn the_same_seed_makes_the_same_records_and_a_second_load_others() {
        let text = "[org]\nseed = 7\n[[generate]]\nobject = \"Employee2\"\ncount = 20";
        let (first, _) = loaded(text).expect("employees");
        let (second, _) = loaded(text).expect("employees");
        assert_eq!(locals(&first), locals(&second));
        let (other, _) = loaded(&text.replace('7', "8")).expect("employees");
        assert_ne!(locals(&first), locals(&other));
        let mut twice = State::clone(&first);
        let scenario = Scenario::parse(text, None).expect("a scenario");
        load(&scenario, &mut twice, &IndexCache::default(), 0, false).expect("more employees");
        let (mut all, _) = locals(&twice);
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 40);
    }

    #[test]
    fn generated_records_are_valid_for_every_object() {
        let all = Feature::ALL.iter().fold(Features::NONE, |set, (one, _)| set.with(*one));
        for features in [Features::DEFAULT, all] {
            let clock = Clock::Virtual { now: base::BEGINNING };
            let empty = base::empty_org(Id::own(*b"00D", 1), features, clock);
            let headers = empty.schema.headers().into_iter();
            // Nobody writes the rows that follow from the schema.
            for header in headers.filter(|own| empty.schema.derived(own.id).is_none()) {
                for seed in 0..8 {
                    let text = format!(
                        "[org]\nseed = {seed}\n[[generate]]\nobject = \"{}\"\ncount = 3",
                        header.name
                    );
                    let scenario = Scenario::parse(&text, None).expect("a scenario");
                    let mut state = State::clone(&empty);
                    let before = state.table(header.id).live();
                    load(&scenario, &mut state, &IndexCache::default(), 0, true)
                        .unwrap_or_else(|problem| panic!("{}: {problem}", header.name));
                    assert_eq!(state.table(header.id).live(), before + 3, "{}", header.name);
                }
            }
        }
    }
}
