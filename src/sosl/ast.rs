//! The syntax tree of a search: plain data, no schema.

use crate::soql::ast::{
    Binding, Condition, DataCategory, Field, Name, Order, PatternPart, RowCount, Span, Text,
};

/// A whole search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Search {
    /// What stands between the braces.
    pub term: Term,
    /// Where that stands, braces excluded. Its length matters: beyond 4,000 characters operators
    /// lose their meaning, beyond 10,000 nothing is found.
    pub term_span: Span,
    /// `IN … FIELDS`.
    pub group: FieldGroup,
    /// `RETURNING …`; empty: the ids of everything that is found.
    pub returning: Vec<Returning>,
    /// `WITH …`.
    pub with: With,
    /// `USING PHRASE SEARCH`: undocumented; the word between.
    pub using: Option<Name>,
    /// `LIMIT`.
    pub limit: Option<RowCount>,
    /// `UPDATE TRACKING, VIEWSTAT`: the names as written.
    pub update: Vec<Name>,
}

/// A search term.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Term {
    /// One word: its text and its wildcards (`*` any text, `?` any one character).
    Word(Vec<PatternPart>),
    /// `"in this order"`, escapes decoded.
    Phrase(Vec<PatternPart>),
    /// Terms side by side: all of them, for articles and documents any.
    Beside(Vec<Term>),
    /// `a AND NOT b AND c`; two or more. They group from the right: `a AND NOT (b AND c)`.
    And(Vec<Conjunct>),
    /// One holds; two or more.
    Or(Vec<Term>),
}

/// One part of an `AND`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conjunct {
    /// True when `AND NOT` stands before it: this part and those behind it must not hold. Never
    /// true of the first.
    pub negated: bool,
    /// The part.
    pub term: Term,
}

/// Which fields are searched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FieldGroup {
    /// `ALL FIELDS`, the default.
    #[default]
    All,
    /// `NAME FIELDS`
    Name,
    /// `EMAIL FIELDS`
    Email,
    /// `PHONE FIELDS`
    Phone,
    /// `SIDEBAR FIELDS`
    Sidebar,
}

/// One object of `RETURNING`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Returning {
    /// The object.
    pub object: Name,
    /// Its fields; empty: the id alone.
    pub fields: Vec<ReturningField>,
    /// `USING …`.
    pub using: Option<Using>,
    /// `WHERE`.
    pub filter: Option<Condition>,
    /// `ORDER BY`; empty when absent.
    pub order_by: Vec<Order>,
    /// `LIMIT`.
    pub limit: Option<RowCount>,
    /// `OFFSET`.
    pub offset: Option<RowCount>,
}

/// A field of `RETURNING` and its alias.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReturningField {
    /// The field or a function of one.
    pub field: Field,
    /// The name after it.
    pub alias: Option<Name>,
}

/// `USING` within `RETURNING`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Using {
    /// `USING ListView = name`
    ListView(Name),
    /// `USING LOOKUP Object.Field BIND name = literal`: undocumented.
    Lookup {
        /// The lookup field.
        field: Name,
        /// The bindings; may be empty.
        bind: Vec<Binding>,
    },
}

/// The `WITH` clauses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct With {
    /// `DIVISION = 'Global'`
    pub division: Option<Text>,
    /// `DATA CATEGORY …`; empty when absent.
    pub categories: Vec<DataCategory>,
    /// `SNIPPET`
    pub snippet: Option<Snippet>,
    /// `NETWORK = 'id'` or `NETWORK IN ('id', …)`; empty when absent.
    pub networks: Vec<Text>,
    /// `PricebookId = 'id'`, as often as it stands there.
    pub price_books: Vec<Text>,
    /// `METADATA = 'LABELS'`
    pub metadata: Option<Text>,
    /// `HIGHLIGHT`
    pub highlight: bool,
    /// `SPELL_CORRECTION = false`; true when absent.
    pub spell_correction: Option<bool>,
}

/// `WITH SNIPPET (target_length = 120)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Snippet {
    /// The length, when given; numbers beyond `u32` are held at its maximum.
    pub target_length: Option<u32>,
}
