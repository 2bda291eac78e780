//! `[[when]]` and `[[then]]`: what happens to a loaded org, and what must hold afterwards. Both go
//! through requests, as a client's would; the caller says how a request is answered.

use super::base;
use super::format::{Scenario, Step, StepBody, StepCall, Then, When};
use super::load::Loaded;
use super::problem::Problem;
use super::tree::{Node, Tree};
use crate::id::Id;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value as Json;
use std::collections::HashMap;

/// A request of a scenario, as it is sent.
#[derive(Debug, Default)]
pub(crate) struct Sent<'a> {
    /// The method.
    pub method: &'a str,
    /// Path and query.
    pub path: &'a str,
    /// Headers. Without `authorization` it is the administrator's.
    pub headers: Vec<(String, String)>,
    /// The body and its content type.
    pub body: Option<(String, &'static str)>,
}

/// Answers a request: status and body. The status is [`LOST`] when no answer came.
pub(crate) type Call<'a> = dyn FnMut(&Sent<'_>) -> (u16, String) + 'a;

/// Stands for the status of an answer that was lost on its way.
pub(crate) const LOST: u16 = 0;

/// What the steps so far have named.
#[derive(Default)]
struct Named {
    /// Records.
    aliases: HashMap<String, Id>,
    /// What requests saved.
    saved: HashMap<String, String>,
}

impl Named {
    /// What a text stands for as a whole: the id of `@alias`, or itself with its `{name}`s filled.
    fn text(&self, text: &str) -> Option<String> {
        if let Some(id) = text.strip_prefix('@').and_then(|alias| self.aliases.get(alias)) {
            return Some(id.to_string());
        }
        let filled = self.filled(text);
        (filled != text).then_some(filled)
    }

    /// A text with what was saved in place of its `{name}`s. Other braces stay.
    fn filled(&self, text: &str) -> String {
        let mut filled = text.to_owned();
        for (name, value) in &self.saved {
            let place = format!("{{{name}}}");
            if filled.contains(&place) {
                filled = filled.replace(&place, value);
            }
        }
        filled
    }
}

fn get(path: &str) -> Sent<'_> {
    Sent { method: "GET", path, ..Sent::default() }
}

fn json<'a>(method: &'a str, path: &'a str, body: String) -> Sent<'a> {
    Sent { method, path, body: Some((body, "application/json")), ..Sent::default() }
}

/// The version under which expectations are queried.
const QUERY: &str = "/services/data/v67.0/query?q=";

/// Runs what happens and checks what must hold, in the org of a name or id. The first step that
/// fails ends the run; all expectations are checked.
pub(crate) fn run(
    scenario: &Scenario,
    loaded: &Loaded,
    org: &str,
    call: &mut Call<'_>,
) -> Result<(), Vec<Problem>> {
    let place = |problem: Problem| match &scenario.file {
        Some(file) => problem.in_file(file),
        None => problem,
    };
    let always = [("administrator", base::administrator()), ("app", base::connected_app())];
    let always = always.map(|(alias, id)| (alias.to_owned(), id));
    let mut named = Named {
        aliases: always.into_iter().chain(loaded.records.iter().cloned()).collect(),
        saved: HashMap::from([("org".to_owned(), org.to_owned())]),
    };
    for when in &scenario.when {
        step(when, org, &mut named, call).map_err(|problem| vec![place(problem)])?;
    }
    let unmet = scenario.then.iter().filter_map(|then| check(then, &named.aliases, call).err());
    let unmet: Vec<Problem> = unmet.map(place).collect();
    if unmet.is_empty() { Ok(()) } else { Err(unmet) }
}

fn step(when: &When, org: &str, named: &mut Named, call: &mut Call<'_>) -> Result<(), Problem> {
    match &when.step {
        Step::Advance(by) => {
            let by = serde_json::Value::from(by.as_str());
            let path = format!("/_fauxforce/orgs/{org}/clock");
            let (status, body) = call(&json("PUT", &path, format!("{{\"advance\":{by}}}")));
            if status != 200 {
                return Err(when.node.problem(format!("the clock answered {status}: {body}")));
            }
        }
        Step::Run { path, alias } => {
            let path = format!("/_fauxforce/orgs/{org}/{path}");
            let (status, answer) = call(&Sent { method: "POST", path: &path, ..Sent::default() });
            let json: Json = serde_json::from_str(&answer).unwrap_or_default();
            let id = json["processId"].as_str().and_then(|id| Id::parse(id).ok());
            let id = id
                .filter(|_| status == 202)
                .ok_or_else(|| when.node.problem(format!("the run answered {status}: {answer}")))?;
            named.aliases.extend(alias.clone().map(|alias| (alias, id)));
        }
        Step::Fault(fault) => {
            let body = fault.map_text(&|text: &str| named.text(text)).to_json().to_string();
            let path = format!("/_fauxforce/orgs/{org}/faults");
            let (status, answer) = call(&json("POST", &path, body));
            if status != 201 {
                return Err(when.node.problem(format!("the fault answered {status}: {answer}")));
            }
        }
        Step::Clear(id) => {
            let id = id.as_ref().map_or_else(String::new, |id| format!("/{id}"));
            let path = format!("/_fauxforce/orgs/{org}/faults{id}");
            let (status, answer) = call(&Sent { method: "DELETE", path: &path, ..Sent::default() });
            if status != 204 {
                return Err(when.node.problem(format!("the fault answered {status}: {answer}")));
            }
        }
        Step::Load(load) => {
            let mut body = load.map_text(&|text: &str| named.text(text)).to_json();
            body["live"] = Json::Bool(true);
            let path = format!("/_fauxforce/orgs/{org}/scenarios");
            let (status, answer) = call(&json("POST", &path, body.to_string()));
            let json: Json = serde_json::from_str(&answer).unwrap_or_default();
            let records =
                json["records"].as_object().filter(|_| status == 200).ok_or_else(|| {
                    when.node.problem(format!("the records were answered {status}: {answer}"))
                })?;
            let records = records
                .iter()
                .filter_map(|(alias, id)| Some((alias.clone(), Id::parse(id.as_str()?).ok()?)));
            named.aliases.extend(records);
        }
        Step::Call(step) => {
            for _ in 0..step.repeat {
                request(step, &when.node, named, call)?;
            }
        }
    }
    Ok(())
}

/// Makes many of the only item of a list in a body, with its number for `{n}`. `None` when there is
/// no such list.
fn multiply(body: &mut Json, list: &str, many: u64) -> Option<()> {
    let list = body.pointer_mut(list)?.as_array_mut()?;
    let [item] = list.as_slice() else { return None };
    let item = item.clone();
    *list = (1..=many).map(|number| numbered(&item, &number.to_string())).collect();
    Some(())
}

fn numbered(item: &Json, number: &str) -> Json {
    match item {
        Json::String(text) => text.replace("{n}", number).into(),
        Json::Array(items) => items.iter().map(|item| numbered(item, number)).collect(),
        Json::Object(members) => {
            members.iter().map(|(name, item)| (name.clone(), numbered(item, number))).collect()
        }
        other => other.clone(),
    }
}

/// Sends a scenario's request, checks its answer, and keeps what is named of it.
fn request(
    step: &StepCall,
    node: &Node,
    named: &mut Named,
    call: &mut Call<'_>,
) -> Result<(), Problem> {
    let method = step.method.as_str();
    let path = named.filled(&with_ids(&step.path, '/', &named.aliases));
    let filled = |entries: &[(String, Node)]| -> Result<Vec<(String, String)>, Problem> {
        entries.iter().map(|(key, text)| Ok((key.clone(), named.filled(text.text()?)))).collect()
    };
    let body = match &step.body {
        Some(StepBody::Json(body)) => {
            let mut body = body.map_text(&|text: &str| named.text(text)).to_json();
            for (list, many) in &step.each {
                multiply(&mut body, list, *many)
                    .ok_or_else(|| node.problem(format!("{list} is no list of one item")))?;
            }
            Some((body.to_string(), "application/json"))
        }
        Some(StepBody::Form(form)) => {
            let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
            let pairs = filled(form)?;
            let pairs = pairs.iter().map(|(key, text)| format!("{key}={}", encoded(text)));
            let form = pairs.collect::<Vec<String>>().join("&");
            Some((form, "application/x-www-form-urlencoded"))
        }
        None => None,
    };
    let headers = filled(&step.headers)?;
    let (status, answer) = call(&Sent { method, path: &path, headers, body });
    let fits = match step.status {
        _ if step.lost => status == LOST,
        Some(expected) => status == expected,
        None => (200..300).contains(&status),
    };
    if !fits {
        let came = match status {
            LOST => format!("{method} {path} was not answered"),
            _ => format!("{method} {path} answered {status}: {answer}"),
        };
        return Err(node.problem(came));
    }
    let json: Json = serde_json::from_str(&answer).unwrap_or_default();
    if let Some(expected) = &step.answer {
        let expected = expected.map_text(&|text: &str| named.text(text));
        if !self::fits(&expected, &json) {
            return Err(expected.problem(format!("{method} {path} answered {answer}")));
        }
    }
    for (name, pointer) in &step.save {
        let found = json.pointer(pointer.text()?);
        let found = found.ok_or_else(|| {
            pointer.problem(format!("{method} {path} answered none of it: {answer}"))
        })?;
        let text = found.as_str().map_or_else(|| found.to_string(), ToOwned::to_owned);
        named.saved.insert(name.clone(), text);
    }
    if let Some(alias) = &step.alias {
        let id = json["id"].as_str().and_then(|id| Id::parse(id).ok());
        let message = format!("{method} {path} answered no id: {answer}");
        named.aliases.insert(alias.clone(), id.ok_or_else(|| node.problem(message))?);
    }
    Ok(())
}

/// A text in which `@alias` between separators is the record's id.
fn with_ids(text: &str, separator: char, aliases: &HashMap<String, Id>) -> String {
    let parts = text.split(separator).map(|part| {
        let id = part.strip_prefix('@').and_then(|alias| aliases.get(alias));
        id.map_or_else(|| part.to_owned(), Id::to_string)
    });
    parts.collect::<Vec<String>>().join(&separator.to_string())
}

fn check(then: &Then, aliases: &HashMap<String, Id>, call: &mut Call<'_>) -> Result<(), Problem> {
    let soql = with_ids(&then.soql, '\'', aliases);
    let mut path = format!("{QUERY}{}", utf8_percent_encode(&soql, NON_ALPHANUMERIC));
    let mut total = 0;
    let mut found: Vec<Json> = Vec::new();
    loop {
        let (status, body) = call(&get(&path));
        if status != 200 {
            return Err(then.node.problem(format!("the query answered {status}: {body}")));
        }
        let mut page: Json = serde_json::from_str(&body).map_err(|error| {
            then.node.problem(format!("the query's answer is not JSON: {error}"))
        })?;
        total = page["totalSize"].as_u64().unwrap_or(total);
        if let Some(records) = page["records"].as_array_mut() {
            found.append(records);
        }
        match page["nextRecordsUrl"].as_str() {
            Some(next) => next.clone_into(&mut path),
            None => break,
        }
    }
    let id = |text: &str| aliases.get(text.strip_prefix('@')?).map(Id::to_string);
    let rows = then.rows.as_ref();
    let rows = rows.map(|rows| rows.iter().map(|row| row.map_text(&id)).collect());
    holds(&Then { rows, ..then.clone() }, total, &found)
}

/// Checks what a query found: how many rows in all, and which.
pub(crate) fn holds(then: &Then, total: u64, found: &[Json]) -> Result<(), Problem> {
    if let Some(count) = then.count
        && count != total
    {
        return Err(then.node.problem(format!("{count} rows expected, {total} found")));
    }
    let Some(rows) = &then.rows else { return Ok(()) };
    compare(then, rows, found)
}

/// Compares rows: in order when the query orders them, else in any order.
fn compare(then: &Then, rows: &[Node], found: &[Json]) -> Result<(), Problem> {
    if rows.len() != found.len() {
        let message =
            format!("{} rows expected, {} found: {}", rows.len(), found.len(), shown(found));
        return Err(then.node.problem(message));
    }
    if then.soql.to_ascii_lowercase().contains("order by") {
        for (row, found) in rows.iter().zip(found) {
            if !fits(row, found) {
                return Err(row.problem(format!(
                    "another row found: {}",
                    shown(std::slice::from_ref(found))
                )));
            }
        }
        return Ok(());
    }
    let mut left: Vec<&Json> = found.iter().collect();
    for row in rows {
        let Some(at) = left.iter().position(|found| fits(row, found)) else {
            let left: Vec<Json> = left.into_iter().cloned().collect();
            return Err(row.problem(format!("no such row among those found: {}", shown(&left))));
        };
        left.remove(at);
    }
    Ok(())
}

/// True when everything in an expected value is in a found one. Empty text stands for null, which
/// TOML cannot write and no org stores.
fn fits(expected: &Node, found: &Json) -> bool {
    match (&expected.value, found) {
        (Tree::Null, Json::Null) => true,
        (Tree::Text(text), Json::Null) => text.is_empty(),
        (Tree::Bool(flag), Json::Bool(own)) => flag == own,
        (Tree::Number(number), Json::Number(own)) => {
            number.parse::<f64>().ok().zip(own.as_f64()).is_some_and(|(a, b)| same_number(a, b))
        }
        (Tree::Text(text), Json::String(own)) => text == own || same_instant(text, own),
        (Tree::List(items), Json::Array(own)) => {
            items.len() == own.len() && items.iter().zip(own).all(|(a, b)| fits(a, b))
        }
        (Tree::Table(entries), Json::Object(own)) => entries.iter().all(|(key, node)| {
            let value = own.iter().find(|(name, _)| name.eq_ignore_ascii_case(key));
            value.is_some_and(|(_, value)| fits(node, value))
        }),
        _ => false,
    }
}

fn same_number(left: f64, right: f64) -> bool {
    (left - right).abs() <= f64::EPSILON * left.abs().max(right.abs())
}

/// True when both are the same instant in two spellings (`…Z` and `….000+0000`).
fn same_instant(left: &str, right: &str) -> bool {
    let instant = |text: &str| text.contains('T').then(|| crate::time::parse_datetime(text))?;
    instant(left).is_some_and(|own| instant(right) == Some(own))
}

/// Rows for a message, without their attributes.
fn shown(rows: &[Json]) -> String {
    const MOST: usize = 5;
    let mut rows: Vec<Json> = rows.iter().take(MOST).cloned().collect();
    for row in &mut rows {
        if let Some(row) = row.as_object_mut() {
            row.remove("attributes");
        }
    }
    Json::Array(rows).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(then: &str, answer: &str) -> Result<(), String> {
        let scenario = Scenario::parse(then, None).expect("a scenario");
        let loaded =
            Loaded { records: vec![("boss".into(), Id::own(*b"005", 2))], ..Loaded::default() };
        let mut call = |sent: &Sent<'_>| {
            assert_eq!(sent.method, "GET");
            assert!(sent.path.starts_with(QUERY), "{}", sent.path);
            (200, answer.to_owned())
        };
        let run = run(&scenario, &loaded, "default", &mut call);
        run.map_err(|problems| problems.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn rows_are_compared_in_part_and_in_any_order() {
        let answer = r#"{"totalSize":2,"done":true,"records":[
            {"attributes":{"type":"User"},"Name":"B","Age":2.0,"Boss":null,"At":"2020-01-01T00:00:00.000+0000"},
            {"attributes":{"type":"User"},"Name":"A","Age":1,"Boss":{"attributes":{},"Id":"005ff0000000002AAA"}}]}"#;
        let then = |soql: &str, rows: &str| format!("[[then]]\nsoql = \"{soql}\"\nrows = {rows}");
        let both = "[{ Name = \"A\", Boss.Id = \"@boss\" }, { Name = \"B\", Age = 2, Boss = \"\", At = 2020-01-01T00:00:00Z }]";
        assert_eq!(outcome(&then("SELECT Name FROM User", both), answer), Ok(()));
        let ordered = outcome(&then("SELECT Name FROM User ORDER BY Name", both), answer);
        assert!(ordered.expect_err("the order").contains("another row found"));
        let one = outcome(&then("SELECT Name FROM User", "[{ Name = \"A\" }]"), answer);
        assert!(one.expect_err("the count").contains("1 rows expected, 2 found"));
        let wrong =
            outcome(&then("SELECT Name FROM User", "[{ Name = \"A\" }, { Name = \"C\" }]"), answer);
        assert!(wrong.expect_err("a row").starts_with("3: then[0].rows[1]: no such row"));
        assert_eq!(
            outcome("[[then]]\nsoql = \"SELECT COUNT() FROM User\"\ncount = 2", answer),
            Ok(())
        );
    }

    #[test]
    fn one_item_of_a_body_stands_for_many() {
        let text = "[[when]]\nmethod = \"POST\"\npath = \"/x\"\n\
                    each = { \"/a\" = 2, \"/a/0/b\" = 3 }\n\
                    body = { a = [{ b = [\"{n}\"] }], c = \"{n}\" }\n";
        let scenario = Scenario::parse(text, None).expect("a scenario");
        let mut seen = String::new();
        let mut call = |sent: &Sent<'_>| {
            seen = sent.body.as_ref().map(|(body, _)| body.clone()).unwrap_or_default();
            (200, "{}".to_owned())
        };
        run(&scenario, &Loaded::default(), "default", &mut call).expect("no problem");
        let items = serde_json::json!({"b": ["1", "2", "3"]});
        let expected = serde_json::json!({"a": [items, items], "c": "{n}"});
        assert_eq!(serde_json::from_str::<Json>(&seen).expect("JSON"), expected);
        let wrong = text.replace("\"/a\" = 2", "\"/c\" = 2");
        let scenario = Scenario::parse(&wrong, None).expect("a scenario");
        let problems = run(&scenario, &Loaded::default(), "default", &mut |_| (200, String::new()));
        let problem = problems.expect_err("no list")[0].to_string();
        assert!(problem.ends_with("/c is no list of one item"), "{problem}");
    }

    #[test]
    fn steps_use_the_ids_of_records_above() {
        let text = "[[when]]\nmethod = \"POST\"\npath = \"/services/data/v67.0/sobjects/Contact\"\n\
                    body = { LastName = \"x\", OwnerId = \"@boss\" }\nas = \"new\"\n\
                    [[when]]\nmethod = \"DELETE\"\npath = \"/services/data/v67.0/sobjects/Contact/@new\"\n\
                    [[when]]\nadvance = \"PT1H\"\n";
        let scenario = Scenario::parse(text, None).expect("a scenario");
        let loaded =
            Loaded { records: vec![("boss".into(), Id::own(*b"005", 2))], ..Loaded::default() };
        let mut seen = Vec::new();
        let mut call = |sent: &Sent<'_>| {
            let body = sent.body.as_ref().map_or("", |(body, _)| body);
            seen.push(format!("{} {} {body}", sent.method, sent.path));
            (200, "{\"id\":\"003ff0000000001AAA\"}".to_owned())
        };
        run(&scenario, &loaded, "default", &mut call).expect("no problem");
        assert_eq!(
            seen,
            [
                "POST /services/data/v67.0/sobjects/Contact {\"LastName\":\"x\",\"OwnerId\":\"005ff0000000002AAA\"}",
                "DELETE /services/data/v67.0/sobjects/Contact/003ff0000000001AAA ",
                "PUT /_fauxforce/orgs/default/clock {\"advance\":\"PT1H\"}",
            ]
        );
    }

    #[test]
    fn steps_use_what_requests_saved_and_check_their_answers() {
        let run_with = |text: &str, status: u16| {
            let scenario = Scenario::parse(text, None).expect("a scenario");
            let mut seen = Vec::new();
            let mut call = |sent: &Sent<'_>| {
                let body = sent.body.as_ref().map(|(body, media)| format!("{media} {body}"));
                seen.push(format!("{} {:?} {}", sent.path, sent.headers, body.unwrap_or_default()));
                (status, "{\"list\":[{\"token\":\"a b\"}],\"done\":false}".to_owned())
            };
            let run = run(&scenario, &Loaded::default(), "mine", &mut call);
            run.map(|()| seen).map_err(|problems| problems[0].to_string())
        };
        let text = "[[when]]\nmethod = \"POST\"\npath = \"/{org}/token\"\n\
                    form = { grant = \"a&b\" }\nanswer = { list = [{ token = \"a b\" }] }\n\
                    save = { token = \"/list/0/token\", done = \"/done\" }\n\
                    [[when]]\nmethod = \"PATCH\"\npath = \"/x/{done}/{other}\"\nrepeat = 2\n\
                    headers = { Authorization = \"Bearer {token}\" }\nbody = [\"{token}\"]\n";
        let patch =
            "/x/false/{other} [(\"Authorization\", \"Bearer a b\")] application/json [\"a b\"]";
        let post = "/mine/token [] application/x-www-form-urlencoded grant=a%26b";
        assert_eq!(run_with(text, 200).expect("no problem"), [post, patch, patch]);
        let wrong = text.replace("token = \"a b\" }]", "token = \"c\" }]");
        let problem = run_with(&wrong, 200).expect_err("another answer");
        assert!(problem.starts_with("5: when[0].answer: POST /mine/token answered {"), "{problem}");
        let missing = text.replace("/list/0/token", "/list/1/token");
        let problem = run_with(&missing, 200).expect_err("nothing there");
        assert!(problem.starts_with("6: when[0].save.token: POST /mine/token answered none"));
        let lost = run_with(text, LOST).expect_err("no answer");
        assert_eq!(lost, "1: when[0]: POST /mine/token was not answered");
        let expected = "[[when]]\nmethod = \"GET\"\npath = \"/\"\nlost = true\n";
        assert_eq!(run_with(expected, LOST).expect("no problem").len(), 1);
        assert!(run_with(expected, 200).is_err());
    }
}
