//! Filters: text → [`parse`] → a tree → [`Filter::check`] against the attributes that there are →
//! [`Filter::matches`] on a document. RFC 7644 §3.4.2.2, and the part of it that Salesforce takes.

use super::path::AttrPath;
use crate::error::FilterFault;
use crate::id::Id;
use crate::store::Doc;
use crate::time;
use std::cmp::Ordering;

/// Which grammar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// All of it; `and` binds before `or`.
    Rfc,
    /// No `not`, no `[…]`, values quoted, and no precedence: what stands first binds first.
    Salesforce,
}

/// Deepest nesting of brackets.
const DEEPEST: u32 = 64;

/// A comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// Equal.
    Eq,
    /// Not equal.
    Ne,
    /// Contains.
    Co,
    /// Starts with.
    Sw,
    /// Ends with.
    Ew,
    /// Greater.
    Gt,
    /// Greater or equal.
    Ge,
    /// Less.
    Lt,
    /// Less or equal.
    Le,
}

impl Op {
    /// Every operator with its name.
    pub const ALL: [(Op, &'static str); 9] = [
        (Op::Eq, "eq"),
        (Op::Ne, "ne"),
        (Op::Co, "co"),
        (Op::Sw, "sw"),
        (Op::Ew, "ew"),
        (Op::Gt, "gt"),
        (Op::Ge, "ge"),
        (Op::Lt, "lt"),
        (Op::Le, "le"),
    ];

    /// True for those that need an order.
    pub fn orders(self) -> bool {
        matches!(self, Op::Gt | Op::Ge | Op::Lt | Op::Le)
    }

    fn holds(self, order: Ordering) -> bool {
        match self {
            Op::Gt => order == Ordering::Greater,
            Op::Ge => order != Ordering::Less,
            Op::Lt => order == Ordering::Less,
            Op::Le => order != Ordering::Greater,
            _ => order == Ordering::Equal,
        }
    }
}

/// A filter.
#[derive(Clone, Debug, PartialEq)]
pub enum Filter {
    /// Both.
    And(Box<Filter>, Box<Filter>),
    /// One or both.
    Or(Box<Filter>, Box<Filter>),
    /// Not.
    Not(Box<Filter>),
    /// The attribute has a value.
    Present(AttrPath),
    /// The attribute compares so.
    Compare(AttrPath, Op, Doc),
    /// An item of the attribute matches.
    Items(AttrPath, Box<Filter>),
}

/// What a server knows about an attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// It has none of the name.
    No,
    /// It has parts and no `value`.
    Complex,
    /// It has values without an order.
    Unordered,
    /// It has values.
    Yes,
}

impl Filter {
    /// Refuses attributes that there are not, and orders that there are not.
    pub fn check(&self, known: &dyn Fn(&AttrPath) -> Known) -> Result<(), FilterFault> {
        match self {
            Filter::And(left, right) | Filter::Or(left, right) => {
                left.check(known)?;
                right.check(known)
            }
            Filter::Not(inner) => inner.check(known),
            Filter::Present(path) => match known(path) {
                Known::No => Err(FilterFault::Attribute(path.text())),
                _ => Ok(()),
            },
            Filter::Compare(path, op, _) => match known(path) {
                Known::No => Err(FilterFault::Attribute(path.text())),
                Known::Complex => Err(FilterFault::Complex(path.text())),
                Known::Unordered if op.orders() => Err(FilterFault::Ordering(path.text())),
                _ => Ok(()),
            },
            Filter::Items(path, inner) => {
                if known(path) == Known::No {
                    return Err(FilterFault::Attribute(path.text()));
                }
                // The names inside are parts of the attribute.
                inner.check(&|part: &AttrPath| {
                    let mut whole = path.clone();
                    whole.sub.clone_from(&part.name);
                    if part.urn.is_some() || part.sub.is_some() { Known::No } else { known(&whole) }
                })
            }
        }
    }

    /// True when a document matches.
    pub fn matches(&self, doc: &Doc) -> bool {
        match self {
            Filter::And(left, right) => left.matches(doc) && right.matches(doc),
            Filter::Or(left, right) => left.matches(doc) || right.matches(doc),
            Filter::Not(inner) => !inner.matches(doc),
            Filter::Present(path) => match &path.sub {
                Some(_) => path.values(doc).iter().any(|value| !value.is_nothing()),
                None => path.held(doc).is_some_and(|held| !held.is_nothing()),
            },
            Filter::Compare(path, op, value) => compare(path, *op, value, doc),
            Filter::Items(path, inner) => {
                let items = path.held(doc).map_or(&[][..], Doc::items);
                items.iter().any(|item| inner.matches(item))
            }
        }
    }

    /// The text that every match has in a core attribute without parts, if the filter says one.
    pub fn demands(&self, name: &str) -> Option<&str> {
        match self {
            Filter::And(left, right) => left.demands(name).or_else(|| right.demands(name)),
            Filter::Compare(path, Op::Eq, Doc::Text(text)) => {
                let own = path.name.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(name));
                (own && path.urn.is_none() && path.sub.is_none()).then_some(text)
            }
            _ => None,
        }
    }
}

fn compare(path: &AttrPath, op: Op, value: &Doc, doc: &Doc) -> bool {
    let values = path.values(doc);
    let exact = is_exact(path);
    match (op, value) {
        (Op::Eq, Doc::Null) => values.iter().all(|own| own.is_nothing()),
        (Op::Ne, Doc::Null) => values.iter().any(|own| !own.is_nothing()),
        (Op::Ne, value) => !values.iter().any(|own| one(own, Op::Eq, value, exact)),
        (op, value) => values.iter().any(|own| one(own, op, value, exact)),
    }
}

/// The attributes whose letter case counts.
fn is_exact(path: &AttrPath) -> bool {
    let last = path.sub.as_deref().or(path.name.as_deref()).unwrap_or_default();
    ["id", "externalId", "$ref", "version", "location"]
        .iter()
        .any(|name| name.eq_ignore_ascii_case(last))
}

fn one(own: &Doc, op: Op, value: &Doc, exact: bool) -> bool {
    match (own, value) {
        (Doc::Text(own), Doc::Text(value)) => texts(own, op, value, exact),
        (Doc::Bool(own), Doc::Bool(value)) => op == Op::Eq && own == value,
        // Salesforce quotes everything.
        (Doc::Bool(own), Doc::Text(value)) => {
            op == Op::Eq && value.eq_ignore_ascii_case(if *own { "true" } else { "false" })
        }
        (own, value) => match (number(own), number(value)) {
            (Some(own), Some(value)) => {
                own.partial_cmp(&value).is_some_and(|order| op.holds(order))
                    && !matches!(op, Op::Co | Op::Sw | Op::Ew)
            }
            _ => false,
        },
    }
}

fn number(doc: &Doc) -> Option<f64> {
    match doc {
        Doc::Int(number) => Some(*number as f64),
        Doc::Double(number) => Some(*number),
        _ => None,
    }
}

fn texts(own: &str, op: Op, value: &str, exact: bool) -> bool {
    if op == Op::Eq || op.orders() {
        // Ids of 15 and 18 characters are the same id; instants may be written in many ways.
        if let (Ok(own), Ok(value)) = (Id::parse(own), Id::parse(value)) {
            return op.holds(own.cmp(&value));
        }
        if let (Some(own), Some(value)) = (time::parse_datetime(own), time::parse_datetime(value)) {
            return op.holds(own.cmp(&value));
        }
    }
    if exact {
        return texts_as_they_are(own, op, value);
    }
    texts_as_they_are(&own.to_lowercase(), op, &value.to_lowercase())
}

fn texts_as_they_are(own: &str, op: Op, value: &str) -> bool {
    match op {
        Op::Co => own.contains(value),
        Op::Sw => own.starts_with(value),
        Op::Ew => own.ends_with(value),
        op => op.holds(own.cmp(value)),
    }
}

/// Reads a filter.
pub fn parse(text: &str, dialect: Dialect) -> Result<Filter, FilterFault> {
    let mut parser = Parser { tokens: tokens(text)?, at: 0, dialect, depth: 0 };
    let filter = parser.any()?;
    match parser.next() {
        None => Ok(filter),
        Some(Token::Close) => Err(FilterFault::Brackets),
        Some(token) => Err(FilterFault::Token(token.text())),
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Open,
    Close,
    OpenItems,
    CloseItems,
    Word(String),
    Quoted(Doc),
}

impl Token {
    fn text(&self) -> String {
        match self {
            Token::Open => "(".to_owned(),
            Token::Close => ")".to_owned(),
            Token::OpenItems => "[".to_owned(),
            Token::CloseItems => "]".to_owned(),
            Token::Word(word) => word.clone(),
            Token::Quoted(value) => value.as_text().unwrap_or_default().to_owned(),
        }
    }
}

fn tokens(text: &str) -> Result<Vec<Token>, FilterFault> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '(' | ')' | '[' | ']' => {
                tokens.push(match first {
                    '(' => Token::Open,
                    ')' => Token::Close,
                    '[' => Token::OpenItems,
                    _ => Token::CloseItems,
                });
                1
            }
            '"' => {
                let length = quoted_length(rest).ok_or(FilterFault::End)?;
                let value = crate::api::doc_text::parse(&rest.as_bytes()[..length])
                    .map_err(|_| FilterFault::Token(rest[..length].to_owned()))?;
                tokens.push(Token::Quoted(value));
                length
            }
            _ => {
                let end = |c: char| c.is_whitespace() || "()[]\"".contains(c);
                let length = rest.find(end).unwrap_or(rest.len());
                tokens.push(Token::Word(rest[..length].to_owned()));
                length
            }
        };
        rest = rest[length..].trim_start();
    }
    Ok(tokens)
}

/// The bytes of a quoted text at the start, its quotes included.
fn quoted_length(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            b'"' => return Some(at + 1),
            _ => at += 1,
        }
    }
    None
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    dialect: Dialect,
    depth: u32,
}

impl Parser {
    fn next(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.at).cloned();
        self.at += 1;
        token
    }

    /// Takes the next token if it is this word.
    fn takes(&mut self, word: &str) -> bool {
        let own = self.tokens.get(self.at);
        let is = matches!(own, Some(Token::Word(own)) if own.eq_ignore_ascii_case(word));
        if is {
            self.at += 1;
        }
        is
    }

    fn deeper(&mut self) -> Result<(), FilterFault> {
        self.depth += 1;
        if self.depth > DEEPEST { Err(FilterFault::Brackets) } else { Ok(()) }
    }

    fn any(&mut self) -> Result<Filter, FilterFault> {
        let mut left = if self.dialect == Dialect::Rfc { self.all()? } else { self.term()? };
        loop {
            if self.takes("or") {
                let right = if self.dialect == Dialect::Rfc { self.all()? } else { self.term()? };
                left = Filter::Or(Box::new(left), Box::new(right));
            } else if self.dialect == Dialect::Salesforce && self.takes("and") {
                left = Filter::And(Box::new(left), Box::new(self.term()?));
            } else {
                return Ok(left);
            }
        }
    }

    fn all(&mut self) -> Result<Filter, FilterFault> {
        let mut left = self.term()?;
        while self.takes("and") {
            left = Filter::And(Box::new(left), Box::new(self.term()?));
        }
        Ok(left)
    }

    fn term(&mut self) -> Result<Filter, FilterFault> {
        match self.next() {
            Some(Token::Open) => self.closed(&Token::Close),
            Some(Token::Word(word)) => {
                let not = word.eq_ignore_ascii_case("not") && self.dialect == Dialect::Rfc;
                if not && self.tokens.get(self.at) == Some(&Token::Open) {
                    self.at += 1;
                    return Ok(Filter::Not(Box::new(self.closed(&Token::Close)?)));
                }
                self.comparison(&word)
            }
            Some(Token::Close | Token::CloseItems) => Err(FilterFault::Brackets),
            Some(token) => Err(FilterFault::Attribute(token.text())),
            None => Err(FilterFault::End),
        }
    }

    /// A filter up to the bracket that closes it.
    fn closed(&mut self, end: &Token) -> Result<Filter, FilterFault> {
        self.deeper()?;
        let inner = self.any()?;
        match self.next() {
            Some(token) if token == *end => {
                self.depth -= 1;
                Ok(inner)
            }
            Some(Token::Word(word)) => Err(FilterFault::Token(word)),
            Some(Token::Quoted(value)) => Err(FilterFault::Token(Token::Quoted(value).text())),
            _ => Err(FilterFault::Brackets),
        }
    }

    fn comparison(&mut self, word: &str) -> Result<Filter, FilterFault> {
        let path = AttrPath::parse(word).ok_or_else(|| FilterFault::Attribute(word.to_owned()))?;
        let operator = match self.next() {
            Some(Token::OpenItems) if self.dialect == Dialect::Rfc => {
                let inner = self.closed(&Token::CloseItems)?;
                return Ok(Filter::Items(path, Box::new(inner)));
            }
            Some(token) => token.text(),
            None => return Err(FilterFault::End),
        };
        if operator.eq_ignore_ascii_case("pr") {
            return Ok(Filter::Present(path));
        }
        let op = Op::ALL.iter().find(|(_, name)| operator.eq_ignore_ascii_case(name));
        let (op, _) = op.ok_or(FilterFault::Operator(operator))?;
        let value = match self.next() {
            Some(Token::Quoted(value)) => value,
            Some(Token::Word(word)) if self.dialect == Dialect::Rfc => {
                let value = crate::api::doc_text::parse(word.as_bytes());
                value.map_err(|_| FilterFault::Unquoted(word))?
            }
            Some(token) => return Err(FilterFault::Unquoted(token.text())),
            None => return Err(FilterFault::End),
        };
        Ok(Filter::Compare(path, *op, value))
    }
}

#[cfg(test)]
#[path = "filter_tests.rs"]
mod tests;
