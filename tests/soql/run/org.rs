//! A small org with known rows, for queries whose answers are kept as data.

use fauxforce::clock::Clock;
use fauxforce::dml::{Actor, Raw, Transaction, coerce};
use fauxforce::id::Id;
use fauxforce::schema::{Schema, import};
use fauxforce::store::{IndexCache, State};
use fauxforce::time;
use fauxforce::value::Value;
use std::sync::Arc;

/// The objects: accounts have places, a shelf holds boxes, a box holds things; a thing belongs to a box or to a shelf.
const OBJECTS: &str = r#"[
  {"name": "Shelf__c", "fields": []},
  {"name": "Box__c", "fields": [
    {"name": "Shelf__c", "type": "reference", "referenceTo": ["Shelf__c"],
     "relationshipName": "Shelf__r", "childRelationshipName": "Boxes"},
    {"name": "Sealed__c", "type": "boolean"},
    {"name": "Price__c", "type": "currency", "precision": 18, "scale": 2}
  ]},
  {"name": "Thing__c", "fields": [
    {"name": "Box__c", "type": "reference", "referenceTo": ["Box__c"],
     "relationshipName": "Box__r", "childRelationshipName": "Things"},
    {"name": "Home__c", "type": "reference", "referenceTo": ["Box__c", "Shelf__c"],
     "relationshipName": "Home__r"},
    {"name": "Code__c", "type": "string", "length": 20, "externalId": true},
    {"name": "Count__c", "type": "int"},
    {"name": "Weight__c", "type": "double", "precision": 10, "scale": 3},
    {"name": "Size__c", "type": "picklist", "picklistValues": [
      {"value": "S", "label": "Small"}, {"value": "M", "label": "Medium"},
      {"value": "L", "label": "Large"}]},
    {"name": "Tags__c", "type": "multipicklist", "picklistValues": [
      {"value": "red", "label": "Red"}, {"value": "blue", "label": "Blue"},
      {"value": "old", "label": "Old"}]},
    {"name": "Made__c", "type": "date"},
    {"name": "Opens__c", "type": "time"},
    {"name": "Story__c", "type": "textarea", "length": 32000, "extraTypeInfo": "plaintextarea",
     "filterable": false, "sortable": false, "groupable": false}
  ]}
]"#;

/// The rows: object, then `field=value`. `@name` is the row of that name.
const ROWS: &str = "
Account Name=Berlin BillingCity=Berlin BillingLatitude=52.5 BillingLongitude=13.4
Account Name=Munich BillingCity=München BillingLatitude=48.1 BillingLongitude=11.6
Account Name=Nowhere BillingLatitude=1
Shelf__c Name=North
Shelf__c Name=South
Shelf__c Name=Nowhere
Box__c Name=Blue Shelf__c=@North Sealed__c=true Price__c=12.5
Box__c Name=green Shelf__c=@North Price__c=3
Box__c Name=Red Shelf__c=@South Sealed__c=true
Box__c Name=_plain
Thing__c Name=Ant Box__c=@Blue Home__c=@Blue Code__c=A-1 Count__c=3 Weight__c=0.5 Size__c=S Tags__c=red;blue Made__c=2026-05-02 Opens__c=08:30:00Z
Thing__c Name=Bee Box__c=@Blue Home__c=@North Code__c=B-2 Count__c=7 Weight__c=1.25 Size__c=L Tags__c=blue Made__c=2026-05-01
Thing__c Name=cat Box__c=@green Home__c=@North Count__c=-1 Size__c=M Made__c=2025-12-31
Thing__c Name=Dog Code__c=D%4 Weight__c=20 Size__c=M Tags__c=red;old Made__c=2024-02-29 Opens__c=17:00:00Z
Thing__c Name=Éclair Box__c=@Red Home__c=@Red Count__c=7 Weight__c=0.1 Made__c=2026-04-26
Thing__c Name=eel Box__c=@Red Count__c=0 Weight__c=0.2 Tags__c=old
";

/// The moment at which all queries run: a Saturday.
pub(crate) const NOW: &str = "2026-05-02T12:00:00Z";

/// Builds the org.
pub(crate) fn state() -> State {
    let mut schema = Schema::default();
    let additions = import::describe(OBJECTS).expect("a describe");
    schema.extend(additions).expect("a schema");
    let schema = Arc::new(schema);
    let now = time::parse_datetime(NOW).expect("an instant");
    let mut state = State::new(Arc::clone(&schema), Clock::Virtual { now });
    let indexes = IndexCache::default();
    let actor = Actor { user: Id::own(*b"005", 1), now, system: true };
    let mut named: Vec<(String, Id)> = Vec::new();
    for line in ROWS.lines().filter(|line| !line.is_empty()) {
        let mut words = line.split(' ');
        let object = schema.by_name(words.next().expect("an object")).expect("an object");
        let mut given = Vec::new();
        let mut name = "";
        for (field, text) in words.filter_map(|word| word.split_once('=')) {
            let (slot, field) = object.field(field).expect("a field");
            name = if &*field.name == "Name" { text } else { name };
            let value = match text.strip_prefix('@') {
                Some(target) => {
                    let (_, id) = named.iter().find(|(own, _)| own == target).expect("a row");
                    Value::Id(*id)
                }
                None => coerce(field, Raw::Text(text)).expect("a value"),
            };
            given.push((slot, value));
        }
        let mut transaction = Transaction::begin(&state, actor, &indexes);
        let id = transaction.insert(&Arc::clone(object), given).expect("a row");
        named.push((name.to_owned(), id));
        state = transaction.state;
    }
    state
}
