//! Properties of running queries, on random rows and random conditions:
//!
//! * an indexed plan gives the rows of a full scan: a condition in `NOT (NOT …)` cannot use an index;
//! * the executor gives the rows, in the order, of a model that follows the rules one by one.

use fauxforce::clock::Clock;
use fauxforce::id::Id;
use fauxforce::schema::{ObjectSpec, Schema, import};
use fauxforce::soql::{self, Context};
use fauxforce::store::{Draft, IndexCache, State};
use fauxforce::time;
use fauxforce::value::Value;
use proptest::prelude::*;
use std::cmp::Ordering;
use std::fmt::Write as _;
use std::sync::{Arc, LazyLock};

/// Enough for indexes to be used.
const ROWS: u64 = 600;
const BOXES: u64 = 40;
const SIZES: [&str; 3] = ["L", "M", "S"];
const WORDS: [&str; 8] = ["alpha", "Alpha", "bravo", "a_b", "Zulu", "éclair", "ÉCLAIR", "al"];

/// One row of the model.
#[derive(Clone, Debug)]
struct Thing {
    code: Option<&'static str>,
    weight: Option<i32>,
    size: Option<usize>,
    day: Option<i32>,
    sealed: bool,
    parent: Option<u64>,
}

struct Org {
    state: Arc<State>,
    things: Vec<Thing>,
    indexes: IndexCache,
}

static ORG: LazyLock<Org> = LazyLock::new(build);

fn build() -> Org {
    let mut schema = Schema::default();
    let describe = r#"[
      {"name": "Box__c", "fields": []},
      {"name": "Thing__c", "fields": [
        {"name": "Box__c", "type": "reference", "referenceTo": ["Box__c"],
         "relationshipName": "Box__r", "childRelationshipName": "Things"},
        {"name": "Code__c", "type": "string", "length": 20, "externalId": true},
        {"name": "Weight__c", "type": "double", "precision": 10, "scale": 3, "externalId": true},
        {"name": "Size__c", "type": "picklist", "picklistValues": [
          {"value": "L", "label": "x"}, {"value": "M", "label": "y"}, {"value": "S", "label": "z"}]},
        {"name": "Day__c", "type": "date"},
        {"name": "Sealed__c", "type": "boolean"}
      ]}
    ]"#;
    schema.extend(import::describe(describe).expect("a describe")).expect("a schema");
    let schema = Arc::new(schema);
    let mut state = State::new(Arc::clone(&schema), Clock::Virtual { now: 0 });
    let boxes = Arc::clone(schema.by_name("Box__c").expect("Box__c"));
    for number in 1..=BOXES {
        let id = Id::own(boxes.key_prefix, number);
        let mut draft = Draft::new(boxes.fields.len());
        draft.set(boxes.system.id, Value::Id(id));
        put(&boxes, &mut draft, "Name", Value::text(WORDS[number as usize % WORDS.len()]));
        state.table_mut(&boxes).insert(id, draft.build(1));
    }
    let object = Arc::clone(schema.by_name("Thing__c").expect("Thing__c"));
    let mut seed = 0x2545_F491_4F6C_DD1D_u64;
    let mut random = |below: u64| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed % below
    };
    let mut things = Vec::new();
    for number in 1..=ROWS {
        let mut given = |chance: u64, below: u64| (random(10) < chance).then(|| random(below));
        let thing = Thing {
            code: given(8, WORDS.len() as u64).map(|at| WORDS[at as usize]),
            weight: given(8, 40).map(|number| number as i32 - 20),
            size: given(7, SIZES.len() as u64).map(|at| at as usize),
            day: given(8, 60).map(|day| 20_000 + day as i32),
            sealed: given(10, 2) == Some(1),
            parent: given(8, BOXES).map(|number| number + 1),
        };
        let id = Id::own(object.key_prefix, number);
        let mut draft = Draft::new(object.fields.len());
        draft.set(object.system.id, Value::Id(id));
        put(&object, &mut draft, "Code__c", thing.code.map_or(Value::Null, Value::text));
        let weight = thing.weight.map(|number| Value::Double(f64::from(number) / 4.0));
        put(&object, &mut draft, "Weight__c", weight.unwrap_or(Value::Null));
        let size = thing.size.map(|size| Value::Pick(size as u16));
        put(&object, &mut draft, "Size__c", size.unwrap_or(Value::Null));
        put(&object, &mut draft, "Day__c", thing.day.map_or(Value::Null, Value::Date));
        let sealed = if thing.sealed { Value::Bool(true) } else { Value::Null };
        put(&object, &mut draft, "Sealed__c", sealed);
        let parent = thing.parent.map(|number| Id::own(boxes.key_prefix, number));
        put(&object, &mut draft, "Box__c", parent.into());
        let made = Value::DateTime(number as i64 * 3_600_000);
        draft.set(object.system.system_modstamp.expect("SystemModstamp"), made);
        state.table_mut(&object).insert(id, draft.build(1));
        things.push(thing);
    }
    Org { state: Arc::new(state), things, indexes: IndexCache::default() }
}

fn put(object: &ObjectSpec, draft: &mut Draft, field: &str, value: Value) {
    draft.set(object.field(field).expect("a field").0, value);
}

/// A condition of the model.
#[derive(Clone, Debug)]
enum Is {
    And(Vec<Is>),
    Or(Vec<Is>),
    Not(Box<Is>),
    Code(&'static str, &'static str),
    CodeIn(bool, Vec<&'static str>, bool),
    CodeStarts(&'static str),
    BoxName(&'static str, &'static str),
    Weight(&'static str, i32),
    WeightIn(bool, Vec<i32>),
    Size(&'static str, usize),
    Day(&'static str, i32),
    Sealed(bool),
    Parent(&'static str, u64),
    ParentIn(bool, Vec<u64>),
    Null(&'static str, bool),
    RowIn(Vec<u64>),
    Modified(&'static str, u64),
}

const OPERATORS: [&str; 6] = ["=", "!=", "<", "<=", ">", ">="];

fn list(texts: impl Iterator<Item = String>) -> String {
    texts.collect::<Vec<_>>().join(", ")
}

fn not(negated: bool) -> &'static str {
    if negated { "NOT " } else { "" }
}

fn prefix(object: &str) -> [u8; 3] {
    ORG.state.schema.by_name(object).expect("an object").key_prefix
}

impl Is {
    fn text(&self) -> String {
        let join = |parts: &[Is], word: &str| {
            let parts: Vec<String> =
                parts.iter().map(|part| format!("({})", part.text())).collect();
            parts.join(word)
        };
        let parent = |number: &u64| format!("'{}'", Id::own(prefix("Box__c"), *number));
        let quoted = |text: &&str| format!("'{text}'");
        match self {
            Is::And(parts) => join(parts, " AND "),
            Is::Or(parts) => join(parts, " OR "),
            Is::Not(part) => format!("NOT ({})", part.text()),
            Is::Code(operator, text) => format!("Code__c {operator} '{text}'"),
            Is::CodeIn(negated, texts, null) => {
                let texts = texts.iter().map(quoted).chain(null.then(|| "null".to_owned()));
                format!("Code__c {}IN ({})", not(*negated), list(texts))
            }
            Is::CodeStarts(text) => format!("Code__c LIKE '{}%'", text.replace('_', "\\_")),
            Is::BoxName(operator, text) => format!("Box__r.Name {operator} '{text}'"),
            Is::Weight(operator, number) => {
                format!("Weight__c {operator} {}", f64::from(*number) / 4.0)
            }
            Is::WeightIn(negated, numbers) => {
                let numbers = numbers.iter().map(|number| (f64::from(*number) / 4.0).to_string());
                format!("Weight__c {}IN ({})", not(*negated), list(numbers))
            }
            Is::Size(operator, size) => format!("Size__c {operator} '{}'", SIZES[*size]),
            Is::Day(operator, day) => {
                let mut text = format!("Day__c {operator} ");
                time::write_date(&mut text, *day);
                text
            }
            Is::Sealed(flag) => format!("Sealed__c = {flag}"),
            Is::Parent(operator, number) => format!("Box__c {operator} {}", parent(number)),
            Is::ParentIn(negated, numbers) => {
                format!("Box__c {}IN ({})", not(*negated), list(numbers.iter().map(parent)))
            }
            Is::Null(field, yes) => format!("{field} {} null", if *yes { "=" } else { "!=" }),
            Is::RowIn(numbers) => {
                let ids = numbers.iter().map(|n| format!("'{}'", Id::own(prefix("Thing__c"), *n)));
                format!("Id IN ({})", list(ids))
            }
            Is::Modified(operator, number) => {
                let at = time::datetime_z_text(*number as i64 * 3_600_000);
                format!("SystemModstamp {operator} {at}")
            }
        }
    }

    /// The outcome for a row; `None` is unknown.
    fn holds(&self, number: u64, thing: &Thing) -> Option<bool> {
        let compare = |operator: &str, order: Option<Ordering>| match (operator, order) {
            ("!=", None) => Some(true),
            (_, None) => None,
            ("=", Some(order)) => Some(order.is_eq()),
            ("!=", Some(order)) => Some(order.is_ne()),
            ("<", Some(order)) => Some(order.is_lt()),
            ("<=", Some(order)) => Some(order.is_le()),
            (">", Some(order)) => Some(order.is_gt()),
            (_, Some(order)) => Some(order.is_ge()),
        };
        let one_of = |negated: bool, found: Option<bool>| match found {
            Some(found) => Some(found != negated),
            None => negated.then_some(true),
        };
        let same = |left: &str, right: &str| left.to_lowercase() == right.to_lowercase();
        match self {
            Is::And(parts) => {
                let parts: Vec<_> = parts.iter().map(|part| part.holds(number, thing)).collect();
                if parts.contains(&Some(false)) {
                    return Some(false);
                }
                (!parts.contains(&None)).then_some(true)
            }
            Is::Or(parts) => {
                let parts: Vec<_> = parts.iter().map(|part| part.holds(number, thing)).collect();
                if parts.contains(&Some(true)) {
                    return Some(true);
                }
                (!parts.contains(&None)).then_some(false)
            }
            Is::Not(part) => part.holds(number, thing).map(|holds| !holds),
            Is::Code(operator, text) => compare(operator, thing.code.map(|own| words(own, text))),
            Is::CodeIn(negated, texts, null) => match thing.code {
                None if *null => Some(!negated),
                own => one_of(*negated, own.map(|own| texts.iter().any(|text| same(own, text)))),
            },
            Is::CodeStarts(text) => {
                thing.code.map(|own| own.to_lowercase().starts_with(&text.to_lowercase()))
            }
            Is::BoxName(operator, text) => {
                compare(operator, box_name(thing).map(|n| words(n, text)))
            }
            Is::Weight(operator, weight) => compare(operator, thing.weight.map(|w| w.cmp(weight))),
            Is::WeightIn(negated, all) => one_of(*negated, thing.weight.map(|w| all.contains(&w))),
            Is::Size(operator, size) => {
                compare(operator, thing.size.map(|own| words(SIZES[own], SIZES[*size])))
            }
            Is::Day(operator, day) => compare(operator, thing.day.map(|own| own.cmp(day))),
            Is::Sealed(flag) => Some(thing.sealed == *flag),
            Is::Parent(operator, parent) => compare(operator, thing.parent.map(|p| p.cmp(parent))),
            Is::ParentIn(negated, all) => one_of(*negated, thing.parent.map(|p| all.contains(&p))),
            Is::Null(field, yes) => {
                let null = match *field {
                    "Code__c" => thing.code.is_none(),
                    "Weight__c" => thing.weight.is_none(),
                    "Size__c" => thing.size.is_none(),
                    "Box__r.Name" | "Box__c" => thing.parent.is_none(),
                    _ => thing.day.is_none(),
                };
                Some(null == *yes)
            }
            Is::RowIn(numbers) => Some(numbers.contains(&number)),
            Is::Modified(operator, other) => compare(operator, Some(number.cmp(other))),
        }
    }
}

/// Orders texts as upper case; equal when they are the same in lower case.
fn words(left: &str, right: &str) -> Ordering {
    left.to_uppercase().cmp(&right.to_uppercase())
}

fn box_name(thing: &Thing) -> Option<&'static str> {
    thing.parent.map(|number| WORDS[number as usize % WORDS.len()])
}

fn operator() -> impl Strategy<Value = &'static str> {
    prop::sample::select(OPERATORS.to_vec())
}

fn word() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["alpha", "BRAVO", "A_B", "zulu", "Éclair", "al", "none"])
}

fn condition() -> impl Strategy<Value = Is> {
    let equality = || prop::sample::select(vec!["=", "!="]);
    let field = prop::sample::select(vec![
        "Code__c",
        "Weight__c",
        "Size__c",
        "Box__r.Name",
        "Box__c",
        "Day__c",
    ]);
    let leaf = prop_oneof![
        (operator(), word()).prop_map(|(operator, text)| Is::Code(operator, text)),
        (any::<bool>(), prop::collection::vec(word(), 1..4), any::<bool>())
            .prop_map(|(negated, texts, null)| Is::CodeIn(negated, texts, null)),
        word().prop_map(Is::CodeStarts),
        (operator(), word()).prop_map(|(operator, text)| Is::BoxName(operator, text)),
        (operator(), -22..22).prop_map(|(operator, number)| Is::Weight(operator, number)),
        (any::<bool>(), prop::collection::vec(-22..22, 1..4))
            .prop_map(|(negated, numbers)| Is::WeightIn(negated, numbers)),
        (operator(), 0usize..3).prop_map(|(operator, size)| Is::Size(operator, size)),
        (operator(), 19_995..20_065).prop_map(|(operator, day)| Is::Day(operator, day)),
        any::<bool>().prop_map(Is::Sealed),
        (equality(), 1..BOXES).prop_map(|(operator, number)| Is::Parent(operator, number)),
        (any::<bool>(), prop::collection::vec(1..BOXES, 1..4))
            .prop_map(|(negated, numbers)| Is::ParentIn(negated, numbers)),
        (field, any::<bool>()).prop_map(|(field, yes)| Is::Null(field, yes)),
        prop::collection::vec(1..ROWS + 20, 1..5).prop_map(Is::RowIn),
        (operator(), 0..ROWS).prop_map(|(operator, number)| Is::Modified(operator, number)),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        let some = || prop::collection::vec(inner.clone(), 2..4);
        prop_oneof![
            2 => some().prop_map(Is::And),
            2 => some().prop_map(Is::Or),
            1 => inner.clone().prop_map(|part| Is::Not(Box::new(part))),
        ]
    })
}

/// One key of the order: field, descending, nulls first when given.
type Key = (&'static str, bool, Option<bool>);

fn order() -> impl Strategy<Value = Vec<Key>> {
    let field =
        prop::sample::select(vec!["Code__c", "Weight__c", "Size__c", "Box__r.Name", "Day__c"]);
    prop::collection::vec((field, any::<bool>(), any::<Option<bool>>()), 0..3)
}

fn order_text((field, descending, nulls): &Key) -> String {
    let direction = if *descending { " DESC" } else { "" };
    let nulls = match nulls {
        Some(true) => " NULLS FIRST",
        Some(false) => " NULLS LAST",
        None => "",
    };
    format!("{field}{direction}{nulls}")
}

fn in_order(left: &Thing, right: &Thing, (field, descending, nulls): &Key) -> Ordering {
    fn keys<T>(
        left: Option<T>,
        right: Option<T>,
        key: impl Fn(T, T) -> Ordering,
    ) -> Option<Ordering> {
        Some(key(left?, right?))
    }
    let (order, nulls_of) = match *field {
        "Code__c" => {
            (keys(left.code, right.code, words), (left.code.is_none(), right.code.is_none()))
        }
        "Weight__c" => (
            keys(left.weight, right.weight, |l, r| l.cmp(&r)),
            (left.weight.is_none(), right.weight.is_none()),
        ),
        "Size__c" => (
            keys(left.size, right.size, |l, r| l.cmp(&r)),
            (left.size.is_none(), right.size.is_none()),
        ),
        "Box__r.Name" => (
            keys(box_name(left), box_name(right), words),
            (left.parent.is_none(), right.parent.is_none()),
        ),
        _ => {
            (keys(left.day, right.day, |l, r| l.cmp(&r)), (left.day.is_none(), right.day.is_none()))
        }
    };
    let first = nulls.unwrap_or(!*descending);
    match (order, nulls_of) {
        (Some(order), _) => {
            if *descending {
                order.reverse()
            } else {
                order
            }
        }
        (None, (true, false)) => {
            if first {
                Ordering::Less
            } else {
                Ordering::Greater
            }
        }
        (None, (false, true)) => {
            if first {
                Ordering::Greater
            } else {
                Ordering::Less
            }
        }
        _ => Ordering::Equal,
    }
}

/// The numbers of the rows that a query gives.
fn run(query: &str) -> Vec<u64> {
    let context = Context::new(&ORG.state, &ORG.indexes, Id::own(*b"005", 1), 0, 66);
    match soql::query(query, &context) {
        Ok(result) => result.ids().iter().filter_map(|id| id.own_sequence()).collect(),
        Err(error) => panic!("{query}\n{error}"),
    }
}

proptest! {
    #[test]
    fn an_indexed_plan_gives_the_rows_of_a_full_scan(is in condition()) {
        let text = is.text();
        let indexed = run(&format!("SELECT Id FROM Thing__c WHERE {text}"));
        let scanned = run(&format!("SELECT Id FROM Thing__c WHERE NOT (NOT ({text}))"));
        prop_assert_eq!(indexed, scanned, "{}", text);
    }

    #[test]
    fn the_executor_gives_the_rows_of_the_model(
        is in condition(),
        keys in order(),
        limit in prop::option::of(0usize..40),
        offset in prop::option::of(0usize..20),
    ) {
        let mut query = format!("SELECT Id FROM Thing__c WHERE {}", is.text());
        if !keys.is_empty() {
            query += " ORDER BY ";
            query += &list(keys.iter().map(order_text));
        }
        if let Some(limit) = limit {
            let _ = write!(query, " LIMIT {limit}");
        }
        if let Some(offset) = offset {
            let _ = write!(query, " OFFSET {offset}");
        }
        let mut rows: Vec<(u64, &Thing)> = (1..)
            .zip(&ORG.things)
            .filter(|(number, thing)| is.holds(*number, thing) == Some(true))
            .collect();
        rows.sort_by(|(_, left), (_, right)| {
            let orders = keys.iter().map(|key| in_order(left, right, key));
            orders.into_iter().find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
        });
        let rows = rows.into_iter().skip(offset.unwrap_or(0)).take(limit.unwrap_or(usize::MAX));
        let expected: Vec<u64> = rows.map(|(number, _)| number).collect();
        prop_assert_eq!(run(&query), expected, "{}", query);
    }

    #[test]
    fn counting_is_grouping_is_selecting(is in condition()) {
        let text = is.text();
        let context = Context::new(&ORG.state, &ORG.indexes, Id::own(*b"005", 1), 0, 66);
        let total = |query: String| soql::query(&query, &context).expect("a result").total();
        let rows = run(&format!("SELECT Id FROM Thing__c WHERE {text}"));
        prop_assert_eq!(total(format!("SELECT COUNT() FROM Thing__c WHERE {text}")), rows.len());
        let mut sizes: Vec<Option<usize>> =
            rows.iter().map(|number| ORG.things[*number as usize - 1].size).collect();
        sizes.sort_unstable();
        sizes.dedup();
        let query = format!("SELECT Size__c FROM Thing__c WHERE {text} GROUP BY Size__c");
        prop_assert_eq!(total(query), sizes.len());
    }

    #[test]
    fn no_text_makes_a_query_panic(text in "(SELECT |FROM |Thing__c|Box__r|Name|\\.|,| |\\(|\\)|WHERE |=|'|%|LIKE |IN |1|NOT |COUNT|ORDER BY |GROUP BY |LIMIT |null|TODAY|FIELDS|ALL|Things__r){1,25}") {
        let context = Context::new(&ORG.state, &ORG.indexes, Id::own(*b"005", 1), 0, 66);
        let _ = soql::query(&text, &context);
        let _ = soql::query(&format!("SELECT Id FROM Thing__c WHERE {text}"), &context);
        let _ = soql::query(&format!("SELECT {text} FROM Thing__c"), &context);
    }
}
