//! Tokens: what the lexer cuts a query into.
//!
//! Keywords are kinds of their own, and most of them may still serve as names: the grammar decides
//! where ([`KindSet::NAME`]). Letter case does not matter for keywords and is kept for names.

use super::ast::Span;

/// A token and the bytes it spans.
#[derive(Clone, Copy, Debug)]
pub struct Token {
    /// What it is.
    pub kind: Kind,
    /// Where it stands. The end of the query has an empty span after the last byte.
    pub span: Span,
}

/// The kind of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
#[allow(missing_docs)] // Each is named after its text.
pub enum Kind {
    EndOfQuery,
    /// `Account.Name`: letters, digits, dots, underscores and anything beyond ASCII.
    Identifier,
    /// `'…'`, quotes and escapes included; may lack the closing quote.
    Text,
    /// `123`
    Integer,
    /// `1.5`, `.5`
    Decimal,
    /// `2026-05-02`
    Date,
    /// `2026-05-02T10:00:00Z`
    DateTime,
    /// `10:00:00Z`
    Time,
    /// `USD-500`. Without a sign the lexer takes it for an identifier.
    Currency,
    Minus,
    Plus,
    Tilde,
    Star,
    Slash,
    LeftParenthesis,
    RightParenthesis,
    Comma,
    Underscore,
    Dot,
    Colon,
    Equal,
    Less,
    Greater,
    /// `!=`
    NotEqual,
    /// `<>`
    LessGreater,

    // Keywords that may be names.
    Above,
    AboveOrBelow,
    At,
    Below,
    Case,
    Category,
    Count,
    Data,
    Distance,
    End,
    Fields,
    Flat,
    Geolocation,
    Group,
    Offset,
    Order,
    Reference,
    Scope,
    Then,
    Typeof,
    View,
    When,

    // Keywords that may not.
    And,
    As,
    Asc,
    Bind,
    By,
    Cube,
    Desc,
    Else,
    Excludes,
    False,
    First,
    For,
    From,
    Having,
    Hierarchical,
    In,
    Includes,
    Last,
    Like,
    Limit,
    Lookup,
    Not,
    Null,
    Nulls,
    Or,
    Rollup,
    Select,
    True,
    Update,
    Using,
    Where,
    With,
}

/// The longest keyword's length.
const LONGEST: usize = "above_or_below".len();

impl Kind {
    /// The kind of a word: a keyword's, case aside, or `Identifier`.
    pub fn of_word(word: &[u8]) -> Kind {
        if word.len() < 2 || word.len() > LONGEST {
            return Kind::Identifier;
        }
        let mut lower = [0; LONGEST];
        for (place, byte) in word.iter().enumerate() {
            lower[place] = byte.to_ascii_lowercase();
        }
        match &lower[..word.len()] {
            b"above" => Kind::Above,
            b"above_or_below" => Kind::AboveOrBelow,
            b"and" => Kind::And,
            b"as" => Kind::As,
            b"asc" => Kind::Asc,
            b"at" => Kind::At,
            b"below" => Kind::Below,
            b"bind" => Kind::Bind,
            b"by" => Kind::By,
            b"case" => Kind::Case,
            b"category" => Kind::Category,
            b"count" => Kind::Count,
            b"cube" => Kind::Cube,
            b"data" => Kind::Data,
            b"desc" => Kind::Desc,
            b"distance" => Kind::Distance,
            b"else" => Kind::Else,
            b"end" => Kind::End,
            b"excludes" => Kind::Excludes,
            b"false" => Kind::False,
            b"fields" => Kind::Fields,
            b"first" => Kind::First,
            b"flat" => Kind::Flat,
            b"for" => Kind::For,
            b"from" => Kind::From,
            b"geolocation" => Kind::Geolocation,
            b"group" => Kind::Group,
            b"having" => Kind::Having,
            b"hierarchical" => Kind::Hierarchical,
            b"in" => Kind::In,
            b"includes" => Kind::Includes,
            b"last" => Kind::Last,
            b"like" => Kind::Like,
            b"limit" => Kind::Limit,
            b"lookup" => Kind::Lookup,
            b"not" => Kind::Not,
            b"null" => Kind::Null,
            b"nulls" => Kind::Nulls,
            b"offset" => Kind::Offset,
            b"or" => Kind::Or,
            b"order" => Kind::Order,
            b"reference" => Kind::Reference,
            b"rollup" => Kind::Rollup,
            b"scope" => Kind::Scope,
            b"select" => Kind::Select,
            b"then" => Kind::Then,
            b"true" => Kind::True,
            b"typeof" => Kind::Typeof,
            b"update" => Kind::Update,
            b"using" => Kind::Using,
            b"view" => Kind::View,
            b"when" => Kind::When,
            b"where" => Kind::Where,
            b"with" => Kind::With,
            _ => Kind::Identifier,
        }
    }

    /// True when the kind is in the set.
    pub fn is_in(self, set: KindSet) -> bool {
        set.0 & (1 << self as u8) != 0
    }
}

/// A set of kinds.
#[derive(Clone, Copy, Debug)]
pub struct KindSet(u128);

impl KindSet {
    /// No kind.
    pub const NONE: KindSet = KindSet(0);

    /// Names: identifiers, and the keywords that may be names.
    pub const NAME: KindSet = KindSet::of(&[
        Kind::Identifier,
        Kind::Above,
        Kind::AboveOrBelow,
        Kind::At,
        Kind::Below,
        Kind::Case,
        Kind::Category,
        Kind::Count,
        Kind::Data,
        Kind::Distance,
        Kind::End,
        Kind::Fields,
        Kind::Flat,
        Kind::Geolocation,
        Kind::Group,
        Kind::Offset,
        Kind::Order,
        Kind::Reference,
        Kind::Scope,
        Kind::Then,
        Kind::Typeof,
        Kind::View,
        Kind::When,
    ]);

    /// What a number starts with.
    pub const NUMBER: KindSet =
        KindSet::of(&[Kind::Minus, Kind::Plus, Kind::Integer, Kind::Decimal]);

    /// What a literal starts with.
    pub const LITERAL: KindSet = KindSet::of(&[
        Kind::Text,
        Kind::Date,
        Kind::DateTime,
        Kind::Time,
        Kind::Null,
        Kind::True,
        Kind::False,
        Kind::Identifier,
        Kind::Currency,
    ])
    .or(KindSet::NUMBER);

    /// The set of some kinds.
    pub const fn of(kinds: &[Kind]) -> KindSet {
        let mut bits = 0;
        let mut place = 0;
        while place < kinds.len() {
            bits |= 1 << kinds[place] as u8;
            place += 1;
        }
        KindSet(bits)
    }

    /// The kinds of either set.
    #[must_use]
    pub const fn or(self, other: KindSet) -> KindSet {
        KindSet(self.0 | other.0)
    }

    /// The set and one kind more.
    #[must_use]
    pub const fn and(self, kind: Kind) -> KindSet {
        KindSet(self.0 | 1 << kind as u8)
    }
}
