//! Reading a table by its pages' columns gives what reading its rows gives: `Id IN (every id)` makes
//! a query go to each row, so both ways can be asked the same. The rows are such that columns have
//! something to get wrong: ids from elsewhere, deleted and purged rows and parents, references to
//! nothing, texts that differ behind the eighth character or are not ASCII, picklist values that are
//! not listed, numbers that no double can say.

use fauxforce::api::query_json;
use fauxforce::clock::Clock;
use fauxforce::id::Id;
use fauxforce::schema::{Feature, ObjectSpec, Schema, import};
use fauxforce::soql::{self, Context, Rows};
use fauxforce::store::{Draft, IndexCache, State};
use fauxforce::value::Value;
use proptest::prelude::*;
use std::sync::{Arc, LazyLock};

const THINGS: u64 = 700;
const BOXES: u64 = 300;
const TEXTS: [&str; 12] = [
    "alpha",
    "ALPHA",
    "alphabet soup",
    "Alphabet stew",
    "alphabet",
    "b_c",
    "Bravo",
    "éclair",
    "ÉCLAIR",
    "zulu",
    "x\0y",
    "x",
];

struct Org {
    state: Arc<State>,
    /// Every id, as the inside of an `IN` list.
    things: String,
    boxes: String,
}

static ORG: LazyLock<Org> = LazyLock::new(build);

struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }

    fn text(&mut self) -> Value {
        match self.below(14) {
            at if (at as usize) < TEXTS.len() => Value::text(TEXTS[at as usize]),
            _ => Value::Null,
        }
    }
}

/// The id of a row: every ninth comes from elsewhere.
fn id(object: &ObjectSpec, number: u64) -> Id {
    if number.is_multiple_of(9) {
        let prefix = String::from_utf8_lossy(&object.key_prefix).into_owned();
        return Id::parse(&format!("{prefix}D000000{number:05}")).expect("an id");
    }
    Id::own(object.key_prefix, number)
}

fn build() -> Org {
    let mut schema = Schema::default();
    let describe = r#"[
      {"name": "Box__c", "fields": [
        {"name": "Code__c", "type": "string", "length": 40},
        {"name": "Rank__c", "type": "double", "precision": 10, "scale": 2},
        {"name": "Open__c", "type": "boolean"},
        {"name": "Outer__c", "type": "reference", "referenceTo": ["Box__c"],
         "relationshipName": "Outer__r", "childRelationshipName": "Inner"}
      ]},
      {"name": "Thing__c", "fields": [
        {"name": "Box__c", "type": "reference", "referenceTo": ["Box__c"],
         "relationshipName": "Box__r", "childRelationshipName": "Things"},
        {"name": "Code__c", "type": "string", "length": 40},
        {"name": "Exact__c", "type": "string", "length": 40, "caseSensitive": true},
        {"name": "Weight__c", "type": "double", "precision": 10, "scale": 2},
        {"name": "Count__c", "type": "int", "digits": 18},
        {"name": "Size__c", "type": "picklist", "picklistValues": [
          {"value": "L", "label": "x"}, {"value": "M", "label": "y"}, {"value": "S", "label": "z"}]},
        {"name": "Day__c", "type": "date"},
        {"name": "At__c", "type": "datetime"},
        {"name": "Sealed__c", "type": "boolean"}
      ]}
    ]"#;
    schema.extend(import::describe(describe).expect("a describe")).expect("a schema");
    let schema = Arc::new(schema);
    let mut state = State::new(Arc::clone(&schema), Clock::Virtual { now: 0 });
    let mut random = Random(0x2545_F491_4F6C_DD1D);
    let boxes = Arc::clone(schema.by_name("Box__c").expect("Box__c"));
    let things = Arc::clone(schema.by_name("Thing__c").expect("Thing__c"));
    // A reference may lead to a row that is not there.
    let to_box = |random: &mut Random| match random.below(8) {
        0 => Value::Null,
        _ => Value::Id(id(&boxes, random.below(BOXES + 20) + 1)),
    };
    for number in 1..=BOXES {
        let mut draft = Draft::new(boxes.fields.len());
        draft.set(boxes.system.id, Value::Id(id(&boxes, number)));
        put(&boxes, &mut draft, "Name", random.text());
        put(&boxes, &mut draft, "Code__c", random.text());
        put(&boxes, &mut draft, "Rank__c", double(&mut random));
        put(&boxes, &mut draft, "Open__c", flag(&mut random));
        put(&boxes, &mut draft, "Outer__c", to_box(&mut random));
        keep(&mut state, &boxes, number, draft, &mut random);
    }
    for number in 1..=THINGS {
        let mut draft = Draft::new(things.fields.len());
        draft.set(things.system.id, Value::Id(id(&things, number)));
        put(&things, &mut draft, "Box__c", to_box(&mut random));
        put(&things, &mut draft, "Code__c", random.text());
        put(&things, &mut draft, "Exact__c", random.text());
        put(&things, &mut draft, "Weight__c", double(&mut random));
        let count = match random.below(6) {
            0 => Value::Null,
            1 => Value::Int((1 << 53) + random.below(3) as i64),
            _ => Value::Int(random.below(20) as i64 - 10),
        };
        put(&things, &mut draft, "Count__c", count);
        let size = match random.below(6) {
            0 => Value::Null,
            1 => Value::text("XXL"),
            _ => Value::Pick(random.below(3) as u16),
        };
        put(&things, &mut draft, "Size__c", size);
        let day = random.below(400) as i32;
        put(&things, &mut draft, "Day__c", given(&mut random, Value::Date(20_000 + day)));
        let at = random.below(400) as i64 * 7_200_000;
        put(&things, &mut draft, "At__c", given(&mut random, Value::DateTime(at)));
        put(&things, &mut draft, "Sealed__c", flag(&mut random));
        keep(&mut state, &things, number, draft, &mut random);
    }
    let all = |object: &ObjectSpec, count: u64| -> String {
        let ids = (1..=count).map(|number| format!("'{}'", id(object, number)));
        ids.collect::<Vec<_>>().join(",")
    };
    Org { state: Arc::new(state), things: all(&things, THINGS), boxes: all(&boxes, BOXES) }
}

fn put(object: &ObjectSpec, draft: &mut Draft, field: &str, value: Value) {
    draft.set(object.field(field).expect("a field").0, value);
}

/// Puts a row in; some are deleted then, some purged.
fn keep(
    state: &mut State,
    object: &ObjectSpec,
    number: u64,
    mut draft: Draft,
    random: &mut Random,
) {
    let fate = random.below(12);
    if fate == 0 {
        draft.set_deleted(1);
    }
    let id = id(object, number);
    let table = state.table_mut(object);
    let row = table.insert(id, draft.build(1));
    if fate == 1 {
        table.purge(row, id);
    }
}

fn given(random: &mut Random, value: Value) -> Value {
    if random.below(5) == 0 { Value::Null } else { value }
}

fn double(random: &mut Random) -> Value {
    let number = random.below(4_000) as f64 / 100.0 - 20.0;
    given(random, Value::Double(number))
}

fn flag(random: &mut Random) -> Value {
    match random.below(3) {
        0 => Value::Null,
        one => Value::Bool(one == 1),
    }
}

fn answer(query: &str, all_rows: bool) -> String {
    let indexes = IndexCache::default();
    let mut context = Context::new(&ORG.state, &indexes, Id::own(*b"005", 1), 0, 66);
    context.all_rows = all_rows;
    let result = soql::query(query, &context).unwrap_or_else(|error| panic!("{query}\n{error}"));
    let mut page = String::new();
    query_json::page(&mut page, &result, 0, usize::MAX, 66, None);
    page
}

fn comparison() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["=", "!=", "<", "<=", ">", ">="])
}

fn word() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "alpha",
        "alphabet",
        "ALPHABET SOUP",
        "Alphabet steam",
        "bravo",
        "B",
        "Éclair",
        "x",
        "zz",
        "L",
        "XXL",
    ])
}

fn condition() -> impl Strategy<Value = String> {
    let texts = || {
        prop::sample::select(vec![
            "Code__c",
            "Exact__c",
            "Size__c",
            "Box__r.Name",
            "Box__r.Code__c",
            "Box__r.Outer__r.Code__c",
        ])
    };
    let numbers = prop::sample::select(vec!["Weight__c", "Count__c", "Box__r.Rank__c"]);
    let flags = prop::sample::select(vec!["Sealed__c", "Box__r.Open__c"]);
    let nullable = prop::sample::select(vec![
        "Code__c",
        "Weight__c",
        "Count__c",
        "Size__c",
        "Day__c",
        "At__c",
        "Box__c",
        "Box__r.Name",
        "Box__r.Rank__c",
        "Sealed__c",
    ]);
    let not = || prop::sample::select(vec!["", "NOT "]);
    let a_box = || {
        (1..BOXES + 20).prop_map(|number| {
            let object = ORG.state.schema.by_name("Box__c").expect("Box__c");
            format!("'{}'", id(object, number))
        })
    };
    let leaf = prop_oneof![
        (texts(), comparison(), word()).prop_map(|(f, op, w)| format!("{f} {op} '{w}'")),
        (texts(), not(), prop::collection::vec(word(), 1..4))
            .prop_map(|(f, not, words)| format!("{f} {not}IN ('{}')", words.join("','"))),
        (
            texts(),
            prop::sample::select(vec!["alph%", "alphabet s%", "%a%", "É%", "b\\\\_%", "_lpha"])
        )
            .prop_map(|(f, like)| format!("{f} LIKE '{like}'")),
        (numbers, comparison(), -12..12i32).prop_map(|(f, op, n)| format!("{f} {op} {n}")),
        comparison().prop_map(|op| format!("Count__c {op} 9007199254740993")),
        (not(), -10..10i32, -10..10i32)
            .prop_map(|(not, a, b)| format!("Count__c {not}IN ({a}, {b}, 9007199254740992)")),
        (comparison(), 1..28u32).prop_map(|(op, day)| format!("Day__c {op} 2025-02-{day:02}")),
        comparison().prop_map(|op| format!("At__c {op} 1970-01-12T04:00:00Z")),
        (flags, any::<bool>()).prop_map(|(f, flag)| format!("{f} = {flag}")),
        (nullable, prop::sample::select(vec!["=", "!="]))
            .prop_map(|(f, op)| format!("{f} {op} null")),
        (not(), prop::collection::vec(a_box(), 1..30))
            .prop_map(|(not, ids)| format!("Box__c {not}IN ({})", ids.join(","))),
    ];
    leaf.prop_recursive(3, 10, 3, |inner| {
        let some =
            || prop::collection::vec(inner.clone().prop_map(|part| format!("({part})")), 2..4);
        prop_oneof![
            2 => some().prop_map(|parts| parts.join(" AND ")),
            2 => some().prop_map(|parts| parts.join(" OR ")),
            1 => inner.clone().prop_map(|part| format!("NOT ({part})")),
        ]
    })
}

fn order() -> impl Strategy<Value = String> {
    let field = prop::sample::select(vec![
        "Code__c",
        "Exact__c",
        "Weight__c",
        "Count__c",
        "Size__c",
        "Day__c",
        "Sealed__c",
        "Box__c",
        "Box__r.Name",
        "Box__r.Outer__r.Rank__c",
        "Id",
    ]);
    let direction = prop::sample::select(vec!["", " DESC", " NULLS LAST", " DESC NULLS FIRST"]);
    prop::collection::vec((field, direction), 0..3).prop_map(|keys| {
        let keys: Vec<String> = keys.iter().map(|(f, d)| format!("{f}{d}")).collect();
        if keys.is_empty() { String::new() } else { format!(" ORDER BY {}", keys.join(", ")) }
    })
}

const AGGREGATES: [&str; 14] = [
    "COUNT(Id) a",
    "COUNT(Code__c) b",
    "COUNT_DISTINCT(Exact__c) c",
    "SUM(Weight__c) d",
    "AVG(Weight__c) e",
    "MIN(Count__c) f",
    "MAX(Count__c) g",
    "SUM(Count__c) h",
    "MIN(Code__c) i",
    "MAX(Box__r.Rank__c) j",
    "MAX(At__c) k",
    "AVG(Count__c) l",
    "COUNT(Box__c) m",
    "MIN(Box__c) n",
];

fn grouping() -> impl Strategy<Value = String> {
    let key = prop::sample::select(vec![
        "Code__c",
        "Size__c",
        "Day__c",
        "Box__c",
        "Box__r.Name",
        "Box__r.Outer__r.Open__c",
        "CALENDAR_MONTH(Day__c)",
        "DAY_ONLY(At__c)",
        "Sealed__c",
    ]);
    let kind = prop::sample::select(vec!["", "ROLLUP", "CUBE"]);
    (prop::collection::hash_set(key, 1..3), kind).prop_map(|(keys, kind)| {
        let keys = keys.into_iter().collect::<Vec<_>>().join(", ");
        if kind.is_empty() { keys } else { format!("{kind}({keys})") }
    })
}

proptest! {
    #[test]
    fn columns_filter_and_sort_like_rows(
        is in condition(),
        order in order(),
        limit in prop::option::of(0usize..60),
        all_rows in any::<bool>(),
    ) {
        let limit = limit.map_or(String::new(), |limit| format!(" LIMIT {limit}"));
        let head = "SELECT Id, Box__r.Name FROM Thing__c WHERE";
        let columns = answer(&format!("{head} ({is}){order}{limit}"), all_rows);
        let things = &ORG.things;
        let rows = answer(&format!("{head} Id IN ({things}) AND ({is}){order}{limit}"), all_rows);
        prop_assert_eq!(columns, rows, "{} {} {}", is, order, limit);
    }

    #[test]
    fn columns_group_like_rows(is in condition(), by in grouping(), all_rows in any::<bool>()) {
        // What is grouped by may not be aggregated.
        let aggregates = AGGREGATES.iter().filter(|text| {
            let field = text.split(['(', ')']).nth(1).unwrap_or_default();
            !by.contains(field)
        });
        let aggregates = aggregates.copied().collect::<Vec<_>>().join(", ");
        let head = format!("SELECT {aggregates} FROM Thing__c WHERE");
        let things = &ORG.things;
        for tail in [String::new(), format!(" GROUP BY {by}")] {
            let columns = answer(&format!("{head} ({is}){tail}"), all_rows);
            let rows = answer(&format!("{head} Id IN ({things}) AND ({is}){tail}"), all_rows);
            prop_assert_eq!(columns, rows, "{} {}", is, tail);
        }
    }

    #[test]
    fn columns_join_like_rows(op in comparison(), word in word(), negated in any::<bool>(), all_rows in any::<bool>()) {
        let not = if negated { "NOT " } else { "" };
        let (boxes, things) = (&ORG.boxes, &ORG.things);
        let head = "SELECT Id FROM Thing__c WHERE";
        let joined = |inner: &str| format!("Box__c {not}IN (SELECT Id FROM Box__c WHERE {inner}Code__c {op} '{word}')");
        let columns = answer(&format!("{head} {}", joined("")), all_rows);
        let inner = joined(&format!("Id IN ({boxes}) AND "));
        let rows = answer(&format!("{head} Id IN ({things}) AND {inner}"), all_rows);
        prop_assert_eq!(columns, rows, "{} {}", op, word);
        let outer = |inner: &str| {
            format!("SELECT Id FROM Box__c WHERE Id {not}IN (SELECT Box__c FROM Thing__c WHERE {inner}Code__c {op} '{word}')")
        };
        let columns = answer(&outer(""), all_rows);
        let rows = answer(&outer(&format!("Id IN ({things}) AND ")), all_rows);
        prop_assert_eq!(columns, rows, "{} {}", op, word);
    }
}

#[test]
fn columns_do_not_outlive_their_rows() {
    let mut state = State::clone(&ORG.state);
    let object = Arc::clone(state.schema.by_name("Thing__c").expect("Thing__c"));
    let indexes = IndexCache::default();
    let count = |state: &State| {
        let state = Arc::new(state.clone());
        let context = Context::new(&state, &indexes, Id::own(*b"005", 1), 0, 66);
        let query = "SELECT COUNT() FROM Thing__c WHERE Weight__c = 1000";
        soql::query(query, &context).expect("a result").total()
    };
    assert_eq!(count(&state), 0);
    let fork = state.clone();
    let table = state.table_mut(&object);
    let number = table.rows().find(|(_, row)| !row.is_deleted()).expect("a row").0;
    let mut draft = Draft::of(table.get(number).expect("a row"), object.fields.len());
    put(&object, &mut draft, "Weight__c", Value::Double(1000.0));
    table.replace(number, draft.build(2));
    assert_eq!((count(&state), count(&fork)), (1, 0));
    // In place: nobody else holds the page now.
    drop(fork);
    let table = state.table_mut(&object);
    let mut draft = Draft::of(table.get(number).expect("a row"), object.fields.len());
    draft.set_deleted(2);
    table.replace(number, draft.build(2));
    assert_eq!(count(&state), 0);
}

#[test]
fn children_count_toward_a_page_and_long_lists_go_on_elsewhere() {
    let indexes = IndexCache::default();
    let context = Context::new(&ORG.state, &indexes, Id::own(*b"005", 1), 0, 66);
    let query = "SELECT Id, (SELECT Id FROM Things__r) FROM Box__c ORDER BY Id";
    let result = soql::query(query, &context).expect("a result");
    let Rows::Records(records) = result.rows() else { panic!("no records") };
    let size = |at: usize| {
        let (start, end) = records.children[0].span(at);
        1 + end - start
    };
    let (mut from, mut pages) = (0, 0);
    while from < result.total() {
        let end = result.page_end(from, 20);
        let held: usize = (from..end).map(size).sum();
        assert!(held <= 20 || end == from + 1);
        assert!(end == result.total() || held + size(end) > 20, "{from} {end}");
        (from, pages) = (end, pages + 1);
    }
    assert!(pages > 20);
    let long = (0..result.total()).find(|at| size(*at) == 4).expect("three children");
    let child = &records.children[0];
    let kept = std::cell::RefCell::new(Vec::new());
    let keep = |children| {
        kept.borrow_mut().push(children);
        "/more".to_owned()
    };
    let rows = long..long + 1;
    let page = query_json::Page { rows, next: None, most_children: Some((2, &keep)) };
    let mut text = String::new();
    query_json::page_of(&mut text, &result, &page, 66);
    let told =
        "\"Things__r\":{\"totalSize\":3,\"done\":false,\"nextRecordsUrl\":\"/more\",\"records\":";
    assert!(text.contains(told), "{text}");
    let children = kept.borrow_mut().pop().expect("the children");
    let (start, end) = child.span(long);
    assert_eq!(children.ids().len(), end - start);
    let last = children.ids()[2].to_string();
    assert!(!text.contains(&last));
    let mut text = String::new();
    query_json::page(&mut text, &children, 2, 2, 66, None);
    assert!(
        text.starts_with("{\"totalSize\":3,\"done\":true,\"records\":[{") && text.contains(&last)
    );
}

#[test]
fn amounts_in_several_currencies_are_neither_added_up_nor_compared() {
    let features = Schema::default().features().with(Feature::MultiCurrency);
    let state = Arc::new(State::new(Schema::standard(features), Clock::Virtual { now: 0 }));
    let indexes = IndexCache::default();
    let context = Context::new(&state, &indexes, Id::own(*b"005", 1), 0, 66);
    let status = |query: &str| soql::query(query, &context).map_err(|error| error.status).err();
    for query in [
        "SELECT SUM(Amount) FROM Opportunity",
        "SELECT AVG(Amount) FROM Opportunity GROUP BY StageName",
        "SELECT MAX(Amount) FROM Opportunity",
        "SELECT StageName FROM Opportunity GROUP BY StageName HAVING MIN(Amount) > 5",
        "SELECT StageName FROM Opportunity GROUP BY StageName ORDER BY SUM(Amount)",
        "SELECT Id FROM Opportunity ORDER BY Amount",
        "SELECT Id FROM Contact ORDER BY Account.AnnualRevenue",
    ] {
        assert_eq!(status(query), Some(501), "{query}");
    }
    for query in [
        "SELECT COUNT(Amount), COUNT_DISTINCT(Amount), SUM(Probability) FROM Opportunity",
        "SELECT Id, Amount FROM Opportunity WHERE Amount > 5 ORDER BY Probability",
    ] {
        assert_eq!(status(query), None, "{query}");
    }
}

#[test]
fn an_offset_gives_one_page() {
    let indexes = IndexCache::default();
    let context = Context::new(&ORG.state, &indexes, Id::own(*b"005", 1), 0, 66);
    let one_page = |query: &str| {
        let result = soql::query(query, &context).expect("a result");
        (result.is_one_page(), result.total() > 200)
    };
    assert_eq!(one_page("SELECT Id FROM Thing__c OFFSET 5"), (true, true));
    assert_eq!(one_page("SELECT Id FROM Thing__c OFFSET 0"), (false, true));
    assert_eq!(one_page("SELECT Id FROM Thing__c"), (false, true));
}
