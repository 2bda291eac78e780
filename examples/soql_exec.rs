//! Runs queries with known answers from a folder of reference data: `soql_exec FOLDER`.
//!
//! The folder's `exec-cases.json` holds `{fixtures: [{id, confidence, org, schema, rows, cases}]}`;
//! its legend explains them. Each fixture's schema and rows are built into a state of their own.
//! Printed are counts by confidence and every failure. The semantic-invalid rows of `corpus.json`
//! are run on the default schema, as far as their objects exist there.

use fauxforce::api::query_json;
use fauxforce::clock::Clock;
use fauxforce::dml::{Actor, Given, Raw, Transaction, coerce};
use fauxforce::error::OrgError;
use fauxforce::id::Id;
use fauxforce::schema::{ObjectSpec, Schema, import};
use fauxforce::soql::{self, Context};
use fauxforce::sosl::{self, SearchResult, WordIndexes};
use fauxforce::store::{Draft, IndexCache, State};
use fauxforce::time;
use fauxforce::value::Value as Stored;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

#[derive(Default)]
struct Tally {
    by_confidence: BTreeMap<String, (usize, usize)>,
    failures: Vec<String>,
}

impl Tally {
    fn count(&mut self, confidence: &str, failure: Option<String>) {
        let (good, all) = self.by_confidence.entry(confidence.to_owned()).or_default();
        *all += 1;
        match failure {
            None => *good += 1,
            Some(failure) => self.failures.push(format!("[{confidence}] {failure}")),
        }
    }

    fn print(&self, title: &str) {
        println!("{title}");
        for (confidence, (good, all)) in &self.by_confidence {
            println!("  {confidence}: {good} of {all}");
        }
        for failure in &self.failures {
            println!("    {failure}");
        }
    }
}

fn main() -> Outcome<()> {
    let folder = std::env::args().nth(1).ok_or("usage: soql_exec FOLDER")?;
    let read = |name: &str| -> Outcome<Value> {
        Ok(serde_json::from_str(&std::fs::read_to_string(Path::new(&folder).join(name))?)?)
    };
    let mut tally = Tally::default();
    for fixture in list(&read("exec-cases.json")?["fixtures"]) {
        run_fixture(fixture, &mut tally)?;
    }
    tally.print("exec-cases.json");
    let mut tally = Tally::default();
    run_corpus(&read("corpus.json")?, &mut tally);
    tally.print("corpus.json, semantic rows");
    Ok(())
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

struct Fixture {
    state: Arc<State>,
    ids: BTreeMap<String, Id>,
}

/// The default schema with what the fixture adds.
fn schema_of(fixture: &Value) -> Outcome<Schema> {
    let mut schema = Schema::default();
    let mut additions = Vec::new();
    for (object, fields) in fixture["schema"].as_object().unwrap_or(&Map::new()) {
        let known = schema.by_name(object);
        let mut added = Vec::new();
        for (name, spec) in fields.as_object().unwrap_or(&Map::new()) {
            if known.is_some_and(|known| known.field(name).is_some()) {
                continue;
            }
            let mut field = spec.clone();
            field["name"] = json!(name);
            if !name.ends_with("__c") {
                field["custom"] = json!(false);
            }
            if let Some(keys) = field.as_object_mut()
                && let Some(values) = keys.remove("values")
            {
                let values = list(&values).iter();
                let values = values.map(|v| json!({"value": v, "label": v, "active": true}));
                keys.insert("picklistValues".into(), values.collect());
            }
            if field["type"] == "phone" && field.get("length").is_none() {
                field["length"] = json!(40);
            }
            added.push(field);
        }
        additions.push(json!({"name": object, "queryable": true, "fields": added}));
    }
    let text = Value::Array(additions).to_string();
    schema.extend(import::describe(&text).map_err(|error| error.to_string())?)?;
    Ok(schema)
}

fn build(fixture: &Value) -> Outcome<Fixture> {
    let schema = Arc::new(schema_of(fixture)?);
    let mut state = State::new(Arc::clone(&schema), Clock::Virtual { now: 0 });
    state.commit = 1;
    let indexes = IndexCache::default();
    let actor = Actor { user: Id::own(*b"005", 1), now: 0, system: true };
    let mut ids = BTreeMap::new();
    let tables = fixture["rows"].as_object().ok_or("rows")?;
    for (object, rows) in tables {
        let object = schema.by_name(object).ok_or("an object is missing")?;
        for (row, sequence) in list(rows).iter().zip(1..) {
            let id = match row["Id"].as_str() {
                Some(id) => Id::parse(id).map_err(|_| "a bad id")?,
                None => Id::own(object.key_prefix, sequence),
            };
            ids.insert(row["_ref"].as_str().unwrap_or_default().to_owned(), id);
        }
    }
    let mut pending: Vec<(&str, &Value)> = tables
        .iter()
        .flat_map(|(object, rows)| list(rows).iter().map(move |row| (object.as_str(), row)))
        .collect();
    // A row may refer to one that comes later: what is refused is tried again behind the others.
    while !pending.is_empty() {
        let mut refused = Vec::new();
        let before = pending.len();
        for (name, row) in pending {
            let object = Arc::clone(schema.by_name(name).ok_or("an object is missing")?);
            let mut transaction = Transaction::begin(&state, actor, &indexes);
            match transaction.insert(&object, given(&object, row, &ids)?) {
                Ok(_) => state = transaction.state,
                Err(_) => refused.push((name, row)),
            }
        }
        if refused.len() < before {
            pending = refused;
            continue;
        }
        // What rules refuse (a user with a name and nothing else) goes in without them.
        for (name, row) in std::mem::take(&mut refused) {
            let object = Arc::clone(schema.by_name(name).ok_or("an object is missing")?);
            let mut draft = Draft::new(object.fields.len());
            for (slot, value) in given(&object, row, &ids)? {
                draft.set(slot, value);
            }
            let id = ids[row["_ref"].as_str().unwrap_or_default()];
            state.table_mut(&object).insert(id, draft.build(1));
        }
        pending = refused;
    }
    Ok(Fixture { state: Arc::new(state), ids })
}

/// What a row gives.
fn given(object: &ObjectSpec, row: &Value, ids: &BTreeMap<String, Id>) -> Outcome<Given> {
    let id = ids[row["_ref"].as_str().unwrap_or_default()];
    let mut given = vec![(object.system.id, Stored::Id(id))];
    for (name, value) in row.as_object().ok_or("a row")? {
        let Some((slot, field)) = object.field(name) else { continue };
        if slot == object.system.id {
            continue;
        }
        let misfit = |_| format!("{name} does not fit");
        let stored = match value {
            Value::String(text) if text.starts_with('@') => Stored::Id(ids[&text[1..]]),
            Value::Null => Stored::Null,
            Value::Bool(flag) => Stored::Bool(*flag),
            Value::Number(number) => {
                coerce(field, Raw::Number(&number.to_string())).map_err(misfit)?
            }
            // Line feeds and the like must stay, so text is not coerced.
            Value::String(text) if field.kind.is_text() && field.picklist.is_none() => {
                Stored::text(text)
            }
            Value::String(text) => coerce(field, Raw::Text(text)).map_err(misfit)?,
            _ => return Err("a value of an unknown kind".into()),
        };
        given.push((slot, stored));
    }
    Ok(given)
}

fn run_fixture(fixture: &Value, tally: &mut Tally) -> Outcome<()> {
    let built = match build(fixture) {
        Ok(built) => built,
        Err(error) => return Err(format!("fixture {}: {error}", fixture["id"]).into()),
    };
    let org = &fixture["org"];
    let text = |key: &str| org[key].as_str().unwrap_or_default();
    let now = time::parse_datetime(text("now")).ok_or("now")?;
    let (indexes, words) = (IndexCache::default(), WordIndexes::default());
    for case in list(&fixture["cases"]) {
        let resource = case["resource"].as_str().unwrap_or("query");
        let mut context = Context::new(&built.state, &indexes, Id::own(*b"005", 1), now, 66);
        context.all_rows = resource == "queryAll";
        context.locale.zone = text("user_tz").into();
        context.locale.name = text("user_locale").into();
        context.locale.fiscal_start = org["fiscal_year_start_month"].as_u64().unwrap_or(1) as u32;
        context.locale.fiscal_named_by_start = text("fiscal_year_named_by") == "start";
        let query = case["q"].as_str().unwrap_or_default();
        let confidence = case["confidence"].as_str().or(fixture["confidence"].as_str());
        let failure = if resource == "search" {
            match sosl::search(query, &context, &words) {
                Ok(found) => compare_search(case, &found, &built.ids).err(),
                Err(error) => compare_error(case, &error).err(),
            }
        } else {
            match soql::query(query, &context) {
                Ok(result) => {
                    let mut page = String::new();
                    query_json::page(&mut page, &result, 0, usize::MAX, 66, None);
                    let page: Value = serde_json::from_str(&page)
                        .map_err(|error| format!("{query}: {error} in {page}"))?;
                    let ids = result.ids();
                    compare(case, &page, &ids, &built.ids).err()
                }
                Err(error) => compare_error(case, &error).err(),
            }
        };
        let failure = failure.map(|why| format!("{}: {query}\n        {why}", fixture["id"]));
        tally.count(confidence.unwrap_or_default(), failure);
    }
    Ok(())
}

/// The records of each object that a search finds.
fn compare_search(
    case: &Value,
    found: &SearchResult,
    known: &BTreeMap<String, Id>,
) -> Result<(), String> {
    let expect = &case["expect"];
    if expect.get("error").is_some() {
        return Err("no error".to_owned());
    }
    let ordered = case["ordered"] == true || expect["ordered"] == true;
    for one in &found.objects {
        let name = |id: &Id| known.iter().find(|(_, own)| *own == id).map(|(name, _)| name.clone());
        let mut have: Vec<String> =
            one.records.ids().iter().map(|id| name(id).unwrap_or_else(|| id.to_string())).collect();
        let want = list(&expect["search"][&*one.records.object().name]);
        let mut want: Vec<String> =
            want.iter().filter_map(Value::as_str).map(str::to_owned).collect();
        if !ordered {
            have.sort();
            want.sort();
        }
        if have != want {
            return Err(format!("{have:?} instead of {want:?}"));
        }
    }
    Ok(())
}

fn compare(
    case: &Value,
    page: &Value,
    ids: &[Id],
    known: &BTreeMap<String, Id>,
) -> Result<(), String> {
    let expect = &case["expect"];
    let ordered = case["ordered"] == true;
    let records = list(&page["records"]);
    if expect.get("error").is_some() {
        return Err(format!("no error, {} records", records.len()));
    }
    let names = |ids: &[Id]| -> Vec<String> {
        let name = |id: &Id| known.iter().find(|(_, own)| *own == id).map(|(name, _)| name.clone());
        ids.iter().map(|id| name(id).unwrap_or_else(|| id.to_string())).collect()
    };
    let texts = |value: &Value| -> Vec<String> {
        list(value).iter().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let sorted = |mut names: Vec<String>| {
        if !ordered {
            names.sort();
        }
        names
    };
    if let Some(refs) = expect.get("refs") {
        let optional = texts(&expect["refs_optional"]);
        let mut have = names(ids);
        have.retain(|name| !optional.contains(name));
        let (have, want) = (sorted(have), sorted(texts(refs)));
        if have != want {
            return Err(format!("{have:?} instead of {want:?}"));
        }
    }
    if let Some(any) = expect.get("refs_any") {
        let have = sorted(names(ids));
        if !list(any).iter().any(|refs| sorted(texts(refs)) == have) {
            return Err(format!("{have:?} instead of one of {any}"));
        }
    }
    for (key, alternatives) in
        [("rows", vec![&expect["rows"]]), ("rows_any", list(&expect["rows_any"]).iter().collect())]
    {
        if expect.get(key).is_none() {
            continue;
        }
        let tolerance = expect["float_tol"].as_f64().unwrap_or(1e-9);
        if !alternatives.iter().any(|rows| same_rows(records, list(rows), ordered, tolerance)) {
            return Err(format!("{} instead of {}", page["records"], expect[key]));
        }
    }
    if let Some(want) = expect.get("json_records")
        && !same(&page["records"], want, 1e-9)
    {
        return Err(format!("{} instead of {want}", page["records"]));
    }
    if let Some(want) = expect.get("json_full")
        && !same(page, want, 1e-9)
    {
        return Err(format!("{page} instead of {want}"));
    }
    for key in ["totalSize", "records"] {
        if let Some(want) = expect.get(key)
            && page[key] != *want
        {
            return Err(format!("{key} {} instead of {want}", page[key]));
        }
    }
    for column in list(&expect["order_by_columns"]) {
        let values: Vec<f64> =
            records.iter().filter_map(|row| row[column.as_str()?].as_f64()).collect();
        if !values.is_sorted() {
            return Err(format!("{column} is not in order: {values:?}"));
        }
    }
    Ok(())
}

/// Rows restricted to the expected keys: as a list, or as a multiset.
fn same_rows(records: &[Value], rows: &[Value], ordered: bool, tolerance: f64) -> bool {
    let fits = |record: &Value, row: &Value| {
        row.as_object().is_some_and(|row| {
            row.iter()
                .all(|(key, want)| record.get(key).is_some_and(|have| same(have, want, tolerance)))
        })
    };
    if records.len() != rows.len() {
        return false;
    }
    if ordered {
        return records.iter().zip(rows).all(|(record, row)| fits(record, row));
    }
    let mut left: Vec<&Value> = records.iter().collect();
    rows.iter().all(|row| match left.iter().position(|record| fits(record, row)) {
        Some(at) => {
            left.swap_remove(at);
            true
        }
        None => false,
    })
}

/// Equality with a tolerance for numbers; `*` stands for anything, within a text for any stretch.
fn same(have: &Value, want: &Value, tolerance: f64) -> bool {
    match (have, want) {
        (_, Value::String(any)) if any == "*" => true,
        (Value::String(have), Value::String(want)) => match want.split_once('*') {
            Some((head, tail)) => have.starts_with(head) && have.ends_with(tail),
            None => have == want,
        },
        (Value::Number(have), Value::Number(want)) => match (have.as_f64(), want.as_f64()) {
            (Some(have), Some(want)) => (have - want).abs() <= tolerance,
            _ => false,
        },
        (Value::Array(have), Value::Array(want)) => {
            have.len() == want.len()
                && have.iter().zip(want).all(|(have, want)| same(have, want, tolerance))
        }
        (Value::Object(have), Value::Object(want)) => {
            have.len() == want.len()
                && want.iter().all(|(key, want)| {
                    have.get(key).is_some_and(|have| same(have, want, tolerance))
                })
        }
        (have, want) => have == want,
    }
}

fn compare_error(case: &Value, error: &OrgError) -> Result<(), String> {
    let Some(want) = case["expect"].get("error") else { return Err(error.to_string()) };
    let code = want["code"].as_str().is_none_or(|code| error.code == code);
    let message = want["message"].as_str().is_none_or(|message| error.message == message);
    let part = want["message_contains"].as_str();
    if code && message && part.is_none_or(|part| error.message.contains(part)) {
        return Ok(());
    }
    Err(format!("{error:?} instead of {want}"))
}

fn run_corpus(corpus: &Value, tally: &mut Tally) {
    let state = Arc::new(State::new(Arc::new(Schema::default()), Clock::Virtual { now: 0 }));
    let indexes = IndexCache::default();
    for row in list(corpus) {
        if row["lang"] != "soql" || row["level"] != "semantic" {
            continue;
        }
        let query = row["q"].as_str().unwrap_or_default();
        let context = Context::new(&state, &indexes, Id::own(*b"005", 1), 0, 66);
        let (kind, failure) = match (soql::query(query, &context), row["valid"] == true) {
            (Ok(_), true) => ("valid", None),
            (Ok(_), false) => ("invalid", Some("no error".to_owned())),
            (Err(error), _) if error.unsupported.is_some() => ("not emulated", None),
            (Err(error), true) => ("valid", Some(error.to_string())),
            (Err(error), false) => {
                let code = row["expect"]["code"].as_str();
                let message = row["expect"]["message"].as_str();
                let good = code.is_none_or(|code| error.code == code)
                    && message.is_none_or(|message| error.message.ends_with(message));
                let failure = (!good).then(|| format!("{error:?} instead of {}", row["expect"]));
                ("invalid", failure)
            }
        };
        tally.count(kind, failure.map(|why| format!("{query}\n        {why}")));
    }
}
