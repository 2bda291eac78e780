//! Laws of snapshots: a difference applied to one state gives the other, and a file gives back what it
//! was made of. Whatever is done between the two.

use fauxforce::Org;
use fauxforce::api::{Method, Request};
use proptest::prelude::*;
use serde_json::{Map, Value as Json, json};
use std::collections::BTreeMap;

/// What may happen to the contacts of an org.
#[derive(Clone, Debug)]
enum Step {
    Create(u8),
    Update(u8, u8),
    Email(u8, Option<u8>),
    Delete(u8),
    /// Adds a field to contacts, or fills it.
    Field(u8),
    Later,
    Snapshot,
    Restore(u8),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => any::<u8>().prop_map(Step::Create),
        3 => (any::<u8>(), 0..4u8).prop_map(|(row, name)| Step::Update(row, name)),
        2 => (any::<u8>(), prop::option::of(0..3u8)).prop_map(|(row, at)| Step::Email(row, at)),
        3 => any::<u8>().prop_map(Step::Delete),
        1 => any::<u8>().prop_map(Step::Field),
        1 => Just(Step::Later),
        2 => Just(Step::Snapshot),
        1 => any::<u8>().prop_map(Step::Restore),
    ]
}

/// An org, the ids that its contacts ever had, and what each snapshot held.
struct World {
    org: Org,
    ids: Vec<String>,
    held: Vec<Rows>,
}

/// The live rows by id, each with all its fields.
type Rows = BTreeMap<String, Map<String, Json>>;

impl World {
    fn new() -> World {
        let org = Org::builder().clock("2026-01-15T09:00:00Z").start().expect("an org");
        let mut world = World { org, ids: Vec::new(), held: Vec::new() };
        world.snapshot();
        world
    }

    fn ask(&self, method: Method, path: &str, body: &Json) -> (u16, Json) {
        let path = match path.strip_prefix('/') {
            Some(_) => path.to_owned(),
            None => format!("/services/data/v66.0/{path}"),
        };
        let mut request = Request::new(method, &path).bearer(self.org.access_token());
        if !body.is_null() {
            request = request.json(body.to_string());
        }
        let response = self.org.call(request);
        let status = response.status;
        let body = response.into_bytes().expect("a body in memory");
        (status, serde_json::from_slice(&body).unwrap_or_default())
    }

    /// What is there, asked row by row.
    fn rows(&self) -> Rows {
        let mut rows = Rows::new();
        for id in &self.ids {
            let (status, row) =
                self.ask(Method::Get, &format!("sobjects/Contact/{id}"), &Json::Null);
            if let (200, Json::Object(mut row)) = (status, row) {
                row.remove("attributes");
                rows.insert(id.clone(), row);
            }
        }
        rows
    }

    fn snapshot(&mut self) {
        self.org.snapshot(&format!("s{}", self.held.len())).expect("a free name");
        self.held.push(self.rows());
    }

    fn id(&self, row: u8) -> Option<&String> {
        self.ids.get(usize::from(row) % self.ids.len().max(1))
    }

    fn change(&self, row: u8, fields: &Json) {
        if let Some(id) = self.id(row) {
            // It may be deleted, or have lost its field: then nothing happens.
            self.ask(Method::Patch, &format!("sobjects/Contact/{id}"), fields);
        }
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::Create(name) => {
                let body = json!({"LastName": format!("Name {}", name % 4)});
                let (status, made) = self.ask(Method::Post, "sobjects/Contact", &body);
                assert_eq!(status, 201, "{made}");
                let id = made["id"].as_str().expect("an id").to_owned();
                if !self.ids.contains(&id) {
                    self.ids.push(id);
                }
            }
            Step::Update(row, name) => {
                self.change(*row, &json!({"LastName": format!("Name {name}")}));
            }
            Step::Email(row, at) => {
                let email = at.map(|at| format!("a@{at}.test"));
                self.change(*row, &json!({"Email": email}));
            }
            Step::Delete(row) => {
                if let Some(id) = self.id(*row) {
                    self.ask(Method::Delete, &format!("sobjects/Contact/{id}"), &Json::Null);
                }
            }
            Step::Field(row) => {
                let name = if row % 2 == 0 { "Even__c" } else { "Odd__c" };
                let field = json!({"name": "Contact", "fields": [
                    {"name": name, "type": "string", "length": 20},
                ]});
                self.ask(Method::Post, "/_fauxforce/orgs/default/objects", &field);
                self.change(*row, &json!({name: format!("value {}", row % 3)}));
            }
            Step::Later => self.org.advance(std::time::Duration::from_mins(1)),
            Step::Snapshot => self.snapshot(),
            Step::Restore(which) => {
                let which = usize::from(*which) % self.held.len();
                self.org.restore(&format!("s{which}")).expect("it was taken");
            }
        }
    }
}

/// The contacts' part of a difference.
fn contacts(diff: &str) -> Json {
    let diff: Json = serde_json::from_str(diff).expect("JSON");
    diff["objects"]["Contact"].clone()
}

fn list<'a>(diff: &'a Json, name: &str) -> &'a [Json] {
    diff[name].as_array().map_or(&[], Vec::as_slice)
}

fn id(entry: &Json) -> String {
    entry["id"].as_str().expect("an id").to_owned()
}

/// Two rows without what is made of their other fields, or of the schema.
fn stored(row: &Map<String, Json>) -> Map<String, Json> {
    let own = |(name, value): (&String, &Json)| {
        let made = name.ends_with("Address") || value.is_null();
        (!made).then(|| (name.clone(), value.clone()))
    };
    row.iter().filter_map(own).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn a_difference_applied_to_one_state_gives_the_other(
        steps in prop::collection::vec(step(), 1..40)
    ) {
        let mut world = World::new();
        for step in &steps {
            world.step(step);
        }
        world.snapshot();
        let points = world.held.len();
        for (from, to) in (0..points).flat_map(|from| [(from, points - 1), (points - 1, from)]) {
            let (before, after) = (&world.held[from], &world.held[to]);
            let diff = world.org.diff(&format!("s{from}"), Some(&format!("s{to}")));
            let diff = contacts(&diff.expect("both were taken"));
            let mut applied = before.clone();
            for entry in list(&diff, "deleted") {
                prop_assert!(applied.remove(&id(entry)).is_some(), "{entry} lived");
                prop_assert!(!after.contains_key(&id(entry)), "{entry} does not");
            }
            for entry in list(&diff, "created") {
                let record = entry["record"].as_object().expect("a record").clone();
                prop_assert!(applied.insert(id(entry), record).is_none(), "{entry} was not there");
            }
            let undeleted: Vec<String> = list(&diff, "undeleted").iter().map(id).collect();
            for id in &undeleted {
                prop_assert!(!before.contains_key(id), "{id} was not there");
                applied.insert(id.clone(), after[id].clone());
            }
            for entry in list(&diff, "updated") {
                let id = id(entry);
                let (old, new) = (&entry["before"], &entry["after"]);
                let (old, new) = (old.as_object().expect("an object"), new.as_object().expect("one"));
                prop_assert!(old.keys().eq(new.keys()) && !old.is_empty());
                if undeleted.contains(&id) {
                    continue;
                }
                let row = applied.get_mut(&id).expect("it was there");
                for (name, value) in new {
                    prop_assert_ne!(&old[name], value, "{} of {}", name, id);
                    let was = row.insert(name.clone(), value.clone()).unwrap_or(Json::Null);
                    prop_assert_eq!(&was, &old[name], "{} of {}", name, id);
                }
            }
            let rows = |rows: &Rows| -> Rows {
                rows.iter().map(|(id, row)| (id.clone(), stored(row))).collect()
            };
            prop_assert_eq!(rows(&applied), rows(after), "from s{} to s{}", from, to);
        }
    }

    #[test]
    fn a_file_gives_back_what_it_was_made_of(steps in prop::collection::vec(step(), 1..40)) {
        let mut world = World::new();
        for step in &steps {
            world.step(step);
        }
        world.snapshot();
        let last = format!("s{}", world.held.len() - 1);
        let file = world.org.export_snapshot(&last).expect("it was taken");
        world.org.import_snapshot("back", &file).expect("a sound file");
        prop_assert_eq!(
            world.org.diff(&last, Some("back")).expect("both are there"),
            r#"{"objects":{}}"#
        );
        prop_assert_eq!(&world.org.export_snapshot("back").expect("it is there"), &file);
        // In an org that has nothing in common with it.
        let other = World::new();
        other.org.import_snapshot("back", &file).expect("a sound file");
        other.org.restore("back").expect("it is there");
        let other = World { ids: world.ids.clone(), ..other };
        prop_assert_eq!(other.rows(), world.rows());
        prop_assert_eq!(other.org.now(), world.org.now());
    }
}
