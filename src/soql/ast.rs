//! The syntax tree of a query: plain data, no schema.
//!
//! Every name and literal carries the [`Span`] of its source text, because an error may have to
//! point at it. Names keep the case in which they were written; compare them without case. Two
//! trees that differ in spans only are equal: a span says where a thing stood, not what it is.

use compact_str::CompactString;

pub use super::dates::{DateLiteral, Unit};

/// A range of byte offsets in the query, `start` inclusive, `end` exclusive.
///
/// All spans compare equal, so that `==` on trees compares their content.
#[derive(Clone, Copy, Debug, Default)]
pub struct Span {
    /// Offset of the first byte.
    pub start: u32,
    /// Offset after the last byte.
    pub end: u32,
}

impl PartialEq for Span {
    fn eq(&self, _: &Span) -> bool {
        true
    }
}

impl Eq for Span {}

impl Span {
    /// The range from the start of `self` to the end of `last`.
    #[must_use]
    pub fn to(self, last: Span) -> Span {
        Span { start: self.start, end: last.end }
    }
}

/// An identifier, possibly dotted (`Account.Owner.Name`). The lexer also takes `a..b` and `a.` as
/// one identifier, so a segment may be empty: the resolver refuses it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// The text as written.
    pub text: CompactString,
    /// Where it stands.
    pub span: Span,
}

impl Name {
    /// The parts between the dots; at least one.
    pub fn segments(&self) -> std::str::Split<'_, char> {
        self.text.split('.')
    }

    /// True when the text is `other`, case aside.
    pub fn is(&self, other: &str) -> bool {
        self.text.eq_ignore_ascii_case(other)
    }
}

/// A whole query or a child sub-query: both have the full set of clauses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// From `SELECT` to the last token (parentheses around a sub-query excluded).
    pub span: Span,
    /// What is selected.
    pub select: Select,
    /// The driving object and, after it, relationships of it; never empty.
    pub from: Vec<From>,
    /// `WHERE`.
    pub filter: Option<Condition>,
    /// `WITH …`, in source order: at most one data category or key clause, then identifiers.
    pub with: Vec<With>,
    /// `GROUP BY … HAVING …`.
    pub group_by: Option<GroupBy>,
    /// `ORDER BY`; empty when absent.
    pub order_by: Vec<Order>,
    /// `LIMIT`.
    pub limit: Option<RowCount>,
    /// `OFFSET`.
    pub offset: Option<RowCount>,
    /// `BIND name = literal, …`: undocumented companion of `USING LOOKUP`.
    pub bind: Vec<Binding>,
    /// `FOR VIEW` or `FOR REFERENCE`.
    pub tracking: Option<Tracking>,
    /// `UPDATE TRACKING, VIEWSTAT`: the names as written; any identifier parses.
    pub update: Vec<Name>,
}

/// The `SELECT` list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Select {
    /// `COUNT()` alone: the number of rows. The span is that of `COUNT()`.
    Count(Span),
    /// Anything else; never empty.
    Items(Vec<SelectItem>),
}

/// One item of the `SELECT` list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SelectItem {
    /// What is selected.
    pub value: SelectValue,
    /// The name after it (SOQL has no `AS` here).
    pub alias: Option<Name>,
}

/// What one item of the `SELECT` list selects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SelectValue {
    /// A field or a function of one, `FIELDS(ALL)` included.
    Field(Field),
    /// `(SELECT … FROM Contacts)`.
    Query(Box<Query>),
    /// `TYPEOF … END`.
    Typeof(Typeof),
    /// `DISTANCE(…)`.
    Distance(Distance),
}

/// A field path, or a function of one; functions nest once (`FORMAT(MAX(Amount))`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Field {
    /// `Account.Name`.
    Path(Name),
    /// `MAX(Amount)`, `FORMAT(MAX(Amount))`, `FIELDS(ALL)`.
    Call(Box<Call>),
}

impl Field {
    /// Where the field or the call stands.
    pub fn span(&self) -> Span {
        match self {
            Field::Path(name) => name.span,
            Field::Call(call) => call.span,
        }
    }

    /// The innermost name: the path that the functions are applied to.
    pub fn path(&self) -> &Name {
        match self {
            Field::Path(name) => name,
            Field::Call(call) => call.argument.path(),
        }
    }
}

/// A function and its one argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The function's name as written; any identifier parses.
    pub function: Name,
    /// A path, or (in the outer of two calls) a call of a path.
    pub argument: Field,
    /// From the name to the closing parenthesis.
    pub span: Span,
}

/// `TYPEOF What WHEN Account THEN Phone ELSE Name END`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Typeof {
    /// The polymorphic relationship.
    pub operand: Name,
    /// The `WHEN` branches; never empty.
    pub branches: Vec<TypeofBranch>,
    /// The `ELSE` fields; empty when there is no `ELSE`.
    pub otherwise: Vec<Name>,
    /// From `TYPEOF` to `END`.
    pub span: Span,
}

/// `WHEN Account THEN Phone, Name`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypeofBranch {
    /// The object.
    pub object: Name,
    /// The fields; never empty.
    pub fields: Vec<Name>,
}

/// `DISTANCE(Location__c, GEOLOCATION(37.7, -122.4), 'mi')`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Distance {
    /// The location field.
    pub field: Name,
    /// Source text of the latitude, sign included, without blanks.
    pub latitude: Number,
    /// Source text of the longitude.
    pub longitude: Number,
    /// The unit; any string parses.
    pub unit: Text,
    /// From `DISTANCE` to the closing parenthesis.
    pub span: Span,
}

/// One item of `FROM`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct From {
    /// The object, or a relationship path such as `c.Account`.
    pub object: Name,
    /// The alias, with or without `AS`.
    pub alias: Option<Name>,
    /// `USING …` after it; empty when absent.
    pub using: Vec<Using>,
}

/// One item of `USING`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Using {
    /// `SCOPE mine`; any identifier parses.
    Scope(Name),
    /// `LOOKUP Object.Field`.
    Lookup(Name),
}

/// A condition of `WHERE` or `HAVING`. Parentheses are not kept: the tree says what they said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// All hold; two or more.
    And(Vec<Condition>),
    /// One holds; two or more.
    Or(Vec<Condition>),
    /// Does not hold.
    Not(Box<Condition>),
    /// `left operator value`.
    Compare {
        /// What is compared.
        left: Operand,
        /// How.
        operator: Comparison,
        /// With what.
        value: Literal,
    },
    /// `field LIKE 'a%'`. (`field NOT LIKE` does not parse; it is written `NOT field LIKE`.)
    Like {
        /// The field.
        field: Field,
        /// The pattern.
        pattern: LikeValue,
    },
    /// `field [NOT] IN ('a', 'b')`.
    In {
        /// The field.
        field: Field,
        /// True for `NOT IN`.
        negated: bool,
        /// The values; never empty.
        values: Vec<Literal>,
    },
    /// `field [NOT] IN (SELECT …)`: a semi-join or anti-join.
    InQuery {
        /// The field.
        field: Field,
        /// True for `NOT IN`.
        negated: bool,
        /// The inner select.
        query: Box<SemiJoin>,
    },
    /// `field INCLUDES ('A;B', 'C')`; `EXCLUDES` when negated.
    Includes {
        /// The multi-select picklist.
        field: Field,
        /// True for `EXCLUDES`.
        negated: bool,
        /// The sets; never empty.
        values: Vec<Literal>,
    },
}

/// The left side of a comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operand {
    /// A field or a function of one.
    Field(Field),
    /// `DISTANCE(…)`.
    Distance(Distance),
    /// `a + b`: parses, and no object accepts it.
    Arithmetic {
        /// The first field.
        left: Name,
        /// True for `-`.
        minus: bool,
        /// The second field.
        right: Name,
    },
}

/// A comparison operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `=`
    Equal,
    /// `!=` and `<>`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

/// The inner select of a semi-join: one field, no clauses after `WITH`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SemiJoin {
    /// From `SELECT` to the last token (parentheses excluded).
    pub span: Span,
    /// The one selected field.
    pub field: Field,
    /// As in [`Query::from`].
    pub from: Vec<From>,
    /// `WHERE`.
    pub filter: Option<Condition>,
    /// `WITH DATA CATEGORY …` or `WITH name = 'text'`; never another.
    pub with: Option<With>,
}

/// A literal and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Literal {
    /// Its value.
    pub value: LiteralValue,
    /// Where it stands, quotes and sign included.
    pub span: Span,
}

/// The value of a literal. Dates and numbers keep their source text; the parser has checked that a
/// date is a day of the calendar, so `time::parse_date` and its like succeed on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LiteralValue {
    /// `'text'`, escapes decoded.
    Text(CompactString),
    /// `-1.5`: sign and digits, without the blank that may stand between them.
    Number(CompactString),
    /// `2026-05-02`.
    Date(CompactString),
    /// `2026-05-02T10:00:00Z`.
    DateTime(CompactString),
    /// `10:00:00.000Z`.
    Time(CompactString),
    /// `TRUE`, `FALSE`.
    Boolean(bool),
    /// `NULL`.
    Null,
    /// `TODAY`, `LAST_N_DAYS:5`. The grammar lets any date literal go with or without a number.
    Relative {
        /// Which literal.
        literal: DateLiteral,
        /// The number after the colon; numbers beyond `u32` are held at its maximum.
        n: Option<u32>,
    },
    /// `USD5000`, `USD-500`: only with several currencies, which the resolver checks.
    Currency {
        /// The three letters as written.
        code: CompactString,
        /// The amount's source text.
        amount: CompactString,
    },
}

/// What follows `LIKE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LikeValue {
    /// A quoted pattern.
    Pattern(Pattern),
    /// Any other literal but text: parses, and the resolver refuses it.
    Other(Literal),
}

/// A `LIKE` pattern, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    /// The parts; empty for `''`. Two `Text` parts never stand side by side.
    pub parts: Vec<PatternPart>,
    /// Where it stands, quotes included.
    pub span: Span,
}

/// One part of a `LIKE` pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PatternPart {
    /// Text that must stand there (case aside), never empty; escapes decoded, so it may hold `%`.
    Text(CompactString),
    /// `%`: any number of characters.
    AnyText,
    /// `_`: exactly one character.
    AnyCharacter,
}

/// A number's source text, without blanks, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Number {
    /// Sign and digits.
    pub text: CompactString,
    /// Where it stands.
    pub span: Span,
}

/// A quoted text, escapes decoded, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// The text.
    pub text: CompactString,
    /// Where it stands, quotes included.
    pub span: Span,
}

/// One `WITH` clause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum With {
    /// `WITH DATA CATEGORY Geography__c ABOVE usa__c AND …`; never empty.
    DataCategory(Vec<DataCategory>),
    /// `WITH name = 'text'`.
    KeyValue {
        /// The name.
        name: Name,
        /// The text.
        value: Text,
    },
    /// `WITH USER_MODE`: parses, but belongs to Apex; over an API the resolver refuses it.
    Mode(Name),
    /// `WITH RecordVisibilityContext(maxDescriptorPerRecord = 100, …)`.
    Context {
        /// The name.
        name: Name,
        /// The settings; never empty.
        settings: Vec<Setting>,
    },
}

/// One condition of `WITH DATA CATEGORY`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataCategory {
    /// The category group.
    pub group: Name,
    /// Where to look.
    pub reach: CategoryReach,
    /// The categories; never empty. One category needs no parentheses.
    pub categories: Vec<Name>,
}

/// The operator of a data category condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CategoryReach {
    /// `AT`
    At,
    /// `ABOVE`
    Above,
    /// `BELOW`
    Below,
    /// `ABOVE_OR_BELOW`
    AboveOrBelow,
}

/// `name = value` within `WITH Context(…)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// The name.
    pub name: Name,
    /// A text, an unsigned whole number or a boolean.
    pub value: Literal,
}

/// `GROUP BY`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupBy {
    /// Plain, or with subtotals.
    pub kind: Grouping,
    /// The grouped fields; never empty.
    pub fields: Vec<Field>,
    /// `HAVING`.
    pub having: Option<Condition>,
    /// From `GROUP` to the last token before `HAVING`.
    pub span: Span,
}

/// The kind of a `GROUP BY`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grouping {
    /// One row for each group.
    Plain,
    /// `ROLLUP (…)`: subtotals for each prefix of the fields.
    Rollup,
    /// `CUBE (…)`: subtotals for each subset of the fields.
    Cube,
}

/// One key of `ORDER BY`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// What to order by.
    pub key: OrderKey,
    /// True for `DESC`; `ASC` is the default.
    pub descending: bool,
    /// `NULLS FIRST` or `NULLS LAST`, when given.
    pub nulls: Option<Nulls>,
}

/// What one key of `ORDER BY` orders by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OrderKey {
    /// A field or a function of one.
    Field(Field),
    /// `DISTANCE(…)`.
    Distance(Distance),
}

/// Where nulls go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nulls {
    /// `NULLS FIRST`
    First,
    /// `NULLS LAST`
    Last,
}

/// The number of `LIMIT` or `OFFSET`. A negative one parses; the resolver refuses it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowCount {
    /// The number; digits beyond `i64` are held at its limits.
    pub rows: i64,
    /// Where it stands, sign included.
    pub span: Span,
}

/// `name = literal` of `BIND`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// The name.
    pub name: Name,
    /// The value.
    pub value: Literal,
}

/// `FOR VIEW` and `FOR REFERENCE`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tracking {
    /// `FOR VIEW`: sets `LastViewedDate`.
    View,
    /// `FOR REFERENCE`: sets `LastReferencedDate`.
    Reference,
}
