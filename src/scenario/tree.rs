//! A scenario or settings text as a tree whose every value knows its place: the line of a TOML file
//! and the path that JSON callers read (`records[2].fields.Email`). TOML and JSON meet here; what
//! reads the tree knows neither.

use super::problem::Problem;
use serde_json::Value as Json;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// One value with its place.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Node {
    /// Its line, from 1; 0 when the text was JSON.
    pub line: u32,
    /// Its path from the root; empty for the root.
    pub path: String,
    /// The value.
    pub value: Tree,
}

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Tree {
    /// JSON `null`; TOML has none.
    Null,
    /// True or false.
    Bool(bool),
    /// A number as it was written.
    Number(String),
    /// Text; also TOML's dates and times.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// Keys in the order of the text (TOML) or of the alphabet (JSON).
    Table(Vec<(String, Node)>),
}

impl Node {
    /// Reads TOML.
    pub(crate) fn from_toml(text: &str) -> Result<Node, Problem> {
        let lines = Lines::of(text);
        let table = DeTable::parse(text).map_err(|error| {
            let line = error.span().map_or(1, |span| lines.line(span.start));
            Problem { file: None, line, path: String::new(), message: error.message().to_owned() }
        })?;
        Ok(lines.table(table.get_ref(), 1, String::new()))
    }

    /// Reads JSON that serde has parsed.
    pub(crate) fn from_json(json: &Json) -> Node {
        from_json(json, String::new())
    }

    /// A problem at this value.
    pub(crate) fn problem(&self, message: impl Into<String>) -> Problem {
        Problem { file: None, line: self.line, path: self.path.clone(), message: message.into() }
    }

    /// The keys of a table.
    pub(crate) fn table(&self) -> Result<&[(String, Node)], Problem> {
        match &self.value {
            Tree::Table(entries) => Ok(entries),
            _ => Err(self.problem("must be a table of keys and values")),
        }
    }

    /// The items of a list.
    pub(crate) fn list(&self) -> Result<&[Node], Problem> {
        match &self.value {
            Tree::List(items) => Ok(items),
            _ => Err(self.problem("must be a list")),
        }
    }

    /// Text.
    pub(crate) fn text(&self) -> Result<&str, Problem> {
        match &self.value {
            Tree::Text(text) => Ok(text),
            _ => Err(self.problem("must be text")),
        }
    }

    /// True or false.
    pub(crate) fn flag(&self) -> Result<bool, Problem> {
        match self.value {
            Tree::Bool(flag) => Ok(flag),
            _ => Err(self.problem("must be true or false")),
        }
    }

    /// A whole number from `least` to `most`.
    pub(crate) fn whole(&self, least: u64, most: u64) -> Result<u64, Problem> {
        let number = match &self.value {
            Tree::Number(text) => text.parse().ok(),
            _ => None,
        };
        number.filter(|number| (least..=most).contains(number)).ok_or_else(|| {
            let range = if most == u64::MAX {
                format!("of at least {least}")
            } else {
                format!("from {least} to {most}")
            };
            self.problem(format!("must be a whole number {range}"))
        })
    }

    /// A share, from 0 to 1.
    pub(crate) fn share(&self) -> Result<f64, Problem> {
        let number = match &self.value {
            Tree::Number(text) => text.parse::<f64>().ok(),
            _ => None,
        };
        let share = number.filter(|share| (0.0..=1.0).contains(share));
        share.ok_or_else(|| self.problem("must be a share from 0 to 1"))
    }

    /// The value of a key in a table.
    pub(crate) fn get(&self, key: &str) -> Option<&Node> {
        match &self.value {
            Tree::Table(entries) => {
                entries.iter().find(|(own, _)| own == key).map(|(_, node)| node)
            }
            _ => None,
        }
    }

    /// The value as compact JSON.
    pub(crate) fn to_json(&self) -> Json {
        match &self.value {
            Tree::Null => Json::Null,
            Tree::Bool(flag) => Json::Bool(*flag),
            Tree::Number(text) => {
                serde_json::from_str(text).unwrap_or_else(|_| Json::String(text.clone()))
            }
            Tree::Text(text) => Json::String(text.clone()),
            Tree::List(items) => Json::Array(items.iter().map(Node::to_json).collect()),
            Tree::Table(entries) => Json::Object(
                entries.iter().map(|(key, node)| (key.clone(), node.to_json())).collect(),
            ),
        }
    }

    /// A copy in which every text went through `change`.
    #[must_use]
    pub(crate) fn map_text(&self, change: &impl Fn(&str) -> Option<String>) -> Node {
        let value = match &self.value {
            Tree::Text(text) => Tree::Text(change(text).unwrap_or_else(|| text.clone())),
            Tree::List(items) => {
                Tree::List(items.iter().map(|item| item.map_text(change)).collect())
            }
            Tree::Table(entries) => {
                let entries = entries.iter();
                Tree::Table(
                    entries.map(|(key, node)| (key.clone(), node.map_text(change))).collect(),
                )
            }
            other => other.clone(),
        };
        Node { line: self.line, path: self.path.clone(), value }
    }
}

/// The path of a key under a path.
fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

fn from_json(json: &Json, path: String) -> Node {
    let value = match json {
        Json::Null => Tree::Null,
        Json::Bool(flag) => Tree::Bool(*flag),
        Json::Number(number) => Tree::Number(number.to_string()),
        Json::String(text) => Tree::Text(text.clone()),
        Json::Array(items) => {
            let items = items.iter().enumerate();
            Tree::List(items.map(|(at, item)| from_json(item, format!("{path}[{at}]"))).collect())
        }
        Json::Object(entries) => {
            let entries = entries.iter();
            let node =
                |(key, value): (&String, &Json)| (key.clone(), from_json(value, join(&path, key)));
            Tree::Table(entries.map(node).collect())
        }
    };
    Node { line: 0, path, value }
}

/// Where the lines of a text begin.
struct Lines(Vec<usize>);

impl Lines {
    fn of(text: &str) -> Lines {
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        Lines(std::iter::once(0).chain(breaks.map(|(at, _)| at + 1)).collect())
    }

    /// The line, from 1, of a byte.
    fn line(&self, at: usize) -> u32 {
        self.0.partition_point(|start| *start <= at) as u32
    }

    fn table(&self, table: &DeTable<'_>, line: u32, path: String) -> Node {
        let mut entries: Vec<_> = table.iter().collect();
        entries.sort_by_key(|(key, _)| key.span().start);
        let entries = entries.into_iter().map(|(key, value)| {
            let line = self.line(key.span().start);
            let name = key.get_ref().to_string();
            let node = self.node(value, line, join(&path, &name));
            (name, node)
        });
        let entries = entries.collect();
        Node { line, path, value: Tree::Table(entries) }
    }

    fn node(&self, value: &Spanned<DeValue<'_>>, line: u32, path: String) -> Node {
        let value = match value.get_ref() {
            DeValue::Table(table) => return self.table(table, line, path),
            DeValue::String(text) => Tree::Text(text.to_string()),
            DeValue::Integer(number) => Tree::Number(decimal(number.as_str(), number.radix())),
            DeValue::Float(number) => Tree::Number(number.as_str().replace('_', "")),
            DeValue::Boolean(flag) => Tree::Bool(*flag),
            DeValue::Datetime(instant) => Tree::Text(instant.to_string()),
            DeValue::Array(items) => {
                let items = items.iter().enumerate().map(|(at, item)| {
                    self.node(item, self.line(item.span().start), format!("{path}[{at}]"))
                });
                Tree::List(items.collect())
            }
        };
        Node { line, path, value }
    }
}

/// A whole number in decimal; one that no 64 bits hold stays as it was written.
fn decimal(text: &str, radix: u32) -> String {
    let plain = text.replace('_', "");
    let plain = plain.strip_prefix('+').unwrap_or(&plain);
    i64::from_str_radix(plain, radix).map_or_else(|_| plain.to_owned(), |n| n.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn toml_values_know_their_lines_and_paths() {
        let text = "name = \"x\"\n[org]\nseed = 0x10\n[[records]]\nas = \"a\"\n\
                    fields = { Born = 2001-02-03, Salary = 1_000.5 }\n";
        let root = Node::from_toml(text).expect("TOML");
        let seed = root.get("org").and_then(|org| org.get("seed")).expect("a seed");
        assert_eq!((seed.line, seed.path.as_str()), (3, "org.seed"));
        assert_eq!(seed.value, Tree::Number("16".into()));
        let record = &root.get("records").expect("records").list().expect("a list")[0];
        let fields = record.get("fields").expect("fields");
        assert_eq!(fields.get("Born").map(|n| n.line), Some(6));
        assert_eq!(fields.get("Born").map(|n| &n.value), Some(&Tree::Text("2001-02-03".into())));
        assert_eq!(
            fields.get("Salary").map(|n| (n.path.as_str(), &n.value)),
            Some(("records[0].fields.Salary", &Tree::Number("1000.5".into())))
        );
    }

    #[test]
    fn broken_toml_names_its_line() {
        let problem = Node::from_toml("name = \"x\"\nwhat\n").expect_err("no value");
        assert_eq!(problem.line, 2);
    }
}
