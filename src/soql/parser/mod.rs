//! Tokens to syntax tree: recursive descent over Salesforce's grammar, one function for each rule.
//!
//! The real server reports syntax errors the way its parser generator does, and users see the
//! difference, so the three ways in which a rule can fail are kept apart:
//!
//! - `Parser::unexpected`: the current token fits nowhere. Its text is told.
//! - `Parser::no_alternative`: the rule had to look several tokens ahead to choose between
//!   alternatives, and none was left. Everything from the rule's first token is told.
//! - `Parser::expect`: exactly one kind of token may stand here. When the current token could
//!   stand after it, the expected one is reported as missing.
//!
//! Architecture invariant: nothing here knows a schema.

mod clauses;
mod filter;
mod literal;
mod select;

use super::ast::{Name, Query, Span};
use super::lexer::Lexer;
use super::token::{Kind, KindSet, Token};
use crate::error::OrgError;
use compact_str::CompactString;

/// The longest query, in characters.
pub const MAXIMUM_LENGTH: usize = 100_000;

/// How deep a query may nest: far beyond use, far from the end of the stack.
pub const MAXIMUM_DEPTH: u32 = 200;

/// What a pair of parentheses adds to the depth.
const PARENTHESES: u32 = 1;

/// What a sub-query adds to the depth: its frames on the stack are larger.
const SUB_QUERY: u32 = 10;

/// Parses a query.
pub fn parse(text: &str) -> Result<Query, OrgError> {
    if text.len() > MAXIMUM_LENGTH && text.chars().count() > MAXIMUM_LENGTH {
        return Err(OrgError::query_too_long(MAXIMUM_LENGTH));
    }
    let mut parser = Parser::new(text);
    if parser.at(Kind::EndOfQuery) {
        return Err(OrgError::empty_query());
    }
    if !parser.at(Kind::Select) && parser.lexer.fault.is_none() {
        return Err(OrgError::not_a_select(parser.shown(parser.token)));
    }
    let query = parser.query()?;
    parser.end()?;
    Ok(query)
}

/// The parser holds one token; the lexer stands behind it.
pub(crate) struct Parser<'q> {
    lexer: Lexer<'q>,
    /// The current token.
    pub(crate) token: Token,
    /// End of the token before the current one.
    previous_end: u32,
    depth: u32,
    /// The first date that is none. Told only when the syntax is right, as in the real server.
    bad_date: Option<OrgError>,
}

impl<'q> Parser<'q> {
    fn new(text: &'q str) -> Parser<'q> {
        Parser::behind(text, 0)
    }

    /// A parser of what stands behind a byte offset.
    pub(crate) fn behind(text: &'q str, offset: usize) -> Parser<'q> {
        let mut lexer = Lexer::behind(text, offset);
        let token = lexer.next_token();
        Parser { lexer, token, previous_end: 0, depth: 0, bad_date: None }
    }

    pub(crate) fn at(&self, kind: Kind) -> bool {
        self.token.kind == kind
    }

    pub(crate) fn at_any(&self, kinds: KindSet) -> bool {
        self.token.kind.is_in(kinds)
    }

    /// Takes the current token.
    pub(crate) fn advance(&mut self) -> Token {
        let token = self.token;
        self.previous_end = token.span.end;
        self.token = self.lexer.next_token();
        token
    }

    /// Takes the current token if it is of the kind.
    pub(crate) fn accept(&mut self, kind: Kind) -> bool {
        let accepted = self.at(kind);
        if accepted {
            self.advance();
        }
        accepted
    }

    /// The kind of the token after the current one. Nothing expects the inside of a text, so a
    /// text is followed by nothing that anyone asks for.
    pub(crate) fn peek(&mut self) -> Kind {
        if self.at(Kind::Text) {
            return Kind::Text;
        }
        let mut ahead = self.lexer;
        let kind = ahead.next_token().kind;
        self.lexer.fault = ahead.fault;
        kind
    }

    /// Takes a token of the kind. `followers`: what may come after it anywhere in the grammar.
    pub(crate) fn expect(&mut self, kind: Kind, followers: KindSet) -> Result<Token, OrgError> {
        if self.at(kind) {
            return Ok(self.advance());
        }
        Err(self.missing(KindSet::of(&[kind]), followers))
    }

    /// The fault when one of `expected` does not come.
    fn missing(&mut self, expected: KindSet, followers: KindSet) -> OrgError {
        let is_superfluous = self.peek().is_in(expected);
        if is_superfluous || !self.at_any(followers) {
            return self.unexpected();
        }
        let token = self.token;
        self.fault(|text, shown| OrgError::missing_value(text, token.span.start as usize, shown))
    }

    /// The fault when the current token fits nowhere.
    pub(crate) fn unexpected(&mut self) -> OrgError {
        // The real parser looks at the next token before it speaks; that may uncover a fault of
        // the lexer, which is then told instead.
        self.peek();
        let token = self.token;
        self.fault(|text, shown| OrgError::unexpected_token(text, token.span.start as usize, shown))
    }

    /// The fault when no alternative of a rule that began at `start` is left.
    fn no_alternative(&mut self, start: Span) -> OrgError {
        let token = self.token;
        if token.kind != Kind::EndOfQuery || token.span.start != start.start {
            self.read_to_end();
        }
        if token.span.start == start.start {
            return self.fault(|text, shown| {
                OrgError::unexpected_token(text, start.start as usize, shown)
            });
        }
        self.fault(|text, shown| {
            let end = match token.kind {
                Kind::EndOfQuery => text.len(),
                _ => token.span.start as usize + shown.len(),
            };
            let stretch = &text[start.start as usize..end];
            OrgError::unexpected_token(text, token.span.start as usize, stretch)
        })
    }

    /// To tell a stretch of text the real parser first reads the whole query, which may uncover a
    /// fault of the lexer.
    pub(crate) fn read_to_end(&mut self) {
        while self.lexer.next_token().kind != Kind::EndOfQuery {}
    }

    /// A fault at the current token, unless the lexer has found one before it. `tell` gets the
    /// query and the token as it is shown.
    pub(crate) fn fault(&self, tell: impl FnOnce(&str, &str) -> OrgError) -> OrgError {
        let text = self.lexer.text();
        match self.lexer.fault {
            Some(span) => unknown_character(text, span),
            None => tell(text, self.shown(self.token)),
        }
    }

    /// A token as messages show it. To the real lexer a text's opening quote is a token.
    pub(crate) fn shown(&self, token: Token) -> &'q str {
        match token.kind {
            Kind::EndOfQuery => "<EOF>",
            Kind::Text => "'",
            _ => self.source(token.span),
        }
    }

    pub(crate) fn source(&self, span: Span) -> &'q str {
        &self.lexer.text()[span.start as usize..span.end as usize]
    }

    /// From `start` to the end of the last token taken.
    fn span_from(&self, start: Span) -> Span {
        Span { start: start.start, end: self.previous_end }
    }

    /// An identifier or a keyword that may be a name.
    pub(crate) fn name(&mut self) -> Result<Name, OrgError> {
        if !self.at_any(KindSet::NAME) {
            return Err(self.unexpected());
        }
        Ok(self.take_name())
    }

    /// The current token as a name.
    fn take_name(&mut self) -> Name {
        let span = self.advance().span;
        Name { text: CompactString::new(self.source(span)), span }
    }

    /// The current token, if it may be a name.
    pub(crate) fn optional_name(&mut self) -> Option<Name> {
        self.at_any(KindSet::NAME).then(|| self.take_name())
    }

    /// One item, and more after commas.
    pub(crate) fn list<T>(
        &mut self,
        mut item: impl FnMut(&mut Self) -> Result<T, OrgError>,
    ) -> Result<Vec<T>, OrgError> {
        let mut items = vec![item(self)?];
        while self.accept(Kind::Comma) {
            items.push(item(self)?);
        }
        Ok(items)
    }

    /// Runs a rule that may contain itself and adds `levels` to the depth.
    fn nested<T>(
        &mut self,
        levels: u32,
        rule: impl FnOnce(&mut Self) -> Result<T, OrgError>,
    ) -> Result<T, OrgError> {
        if self.depth + levels > MAXIMUM_DEPTH {
            return Err(OrgError::query_too_complicated());
        }
        self.depth += levels;
        let result = rule(self)?;
        self.depth -= levels;
        Ok(result)
    }

    /// The end of the query, and the faults that are told only there.
    pub(crate) fn end(mut self) -> Result<(), OrgError> {
        if !self.at(Kind::EndOfQuery) {
            return Err(self.unexpected());
        }
        if let Some(span) = self.lexer.fault {
            return Err(unknown_character(self.lexer.text(), span));
        }
        self.bad_date.map_or(Ok(()), Err)
    }
}

fn unknown_character(text: &str, span: Span) -> OrgError {
    let (start, end) = (span.start as usize, span.end as usize);
    OrgError::unknown_character(text, start, &text[start..end])
}
