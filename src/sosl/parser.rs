//! The clauses of a search, in their order: `FIND {…} IN … RETURNING … WITH … LIMIT … UPDATE …`.
//!
//! Conditions, orders and fields are those of SOQL; their faults keep SOQL's text and get SOSL's
//! code. Architecture invariant: nothing here knows a schema.

use super::ast::{FieldGroup, Returning, ReturningField, Search, Snippet, Term, Using, With};
use super::term;
use crate::error::OrgError;
use crate::soql::ast::{LiteralValue, Span, Text};
use crate::soql::parser::{MAXIMUM_LENGTH, Parser};
use crate::soql::token::{Kind, KindSet};

/// Parses a search.
pub fn parse(text: &str) -> Result<Search, OrgError> {
    if text.len() > MAXIMUM_LENGTH && text.chars().count() > MAXIMUM_LENGTH {
        return Err(OrgError::search_too_long(MAXIMUM_LENGTH));
    }
    let start = term_start(text).ok_or_else(OrgError::no_search_term)?;
    let (term, end) = term::parse(text, start)?;
    let term = term.ok_or_else(OrgError::no_search_term)?;
    let term_span = Span { start: start as u32, end: end as u32 };
    let mut parser = Parser::behind(text, end + 1);
    let search = parser.search_clauses(term, term_span).map_err(OrgError::in_a_search)?;
    parser.end().map_err(OrgError::in_a_search)?;
    Ok(search)
}

/// The offset behind `FIND {`.
fn term_start(text: &str) -> Option<usize> {
    let rest = text.trim_start();
    let (find, rest) = rest.split_at_checked("FIND".len())?;
    let rest = rest.trim_start().strip_prefix('{')?;
    find.eq_ignore_ascii_case("FIND").then_some(text.len() - rest.len())
}

impl Parser<'_> {
    /// True at a word that is no keyword of SOQL.
    fn at_word(&self, word: &str) -> bool {
        self.at(Kind::Identifier) && self.source(self.token.span).eq_ignore_ascii_case(word)
    }

    fn accept_word(&mut self, word: &str) -> bool {
        let accepted = self.at_word(word);
        if accepted {
            self.advance();
        }
        accepted
    }

    /// The fault at a word that SOSL does not know here.
    fn malformed(&self) -> OrgError {
        let offset = self.token.span.start as usize;
        self.fault(|text, shown| OrgError::malformed_search_token(text, offset, shown))
    }

    fn search_clauses(&mut self, term: Term, term_span: Span) -> Result<Search, OrgError> {
        let group = if self.accept(Kind::In) { self.field_group()? } else { FieldGroup::All };
        let returning =
            if self.accept_word("RETURNING") { self.list(Self::returning)? } else { Vec::new() };
        let mut with = With::default();
        while self.accept(Kind::With) {
            self.search_with(&mut with)?;
        }
        let using = if self.accept(Kind::Using) {
            let name = self.name()?;
            if !self.accept_word("SEARCH") {
                return Err(self.malformed());
            }
            Some(name)
        } else {
            None
        };
        let limit = self.row_count(Kind::Limit)?;
        let update = self.update()?;
        Ok(Search { term, term_span, group, returning, with, using, limit, update })
    }

    fn field_group(&mut self) -> Result<FieldGroup, OrgError> {
        const GROUPS: [(&str, FieldGroup); 5] = [
            ("ALL", FieldGroup::All),
            ("NAME", FieldGroup::Name),
            ("EMAIL", FieldGroup::Email),
            ("PHONE", FieldGroup::Phone),
            ("SIDEBAR", FieldGroup::Sidebar),
        ];
        let group = GROUPS.iter().find(|(word, _)| self.at_word(word));
        let Some((_, group)) = group else { return Err(self.malformed()) };
        self.advance();
        if self.accept(Kind::Fields) { Ok(*group) } else { Err(self.malformed()) }
    }

    fn returning(&mut self) -> Result<Returning, OrgError> {
        let object = self.name()?;
        let mut returning = Returning {
            object,
            fields: Vec::new(),
            using: None,
            filter: None,
            order_by: Vec::new(),
            limit: None,
            offset: None,
        };
        if self.accept(Kind::LeftParenthesis) {
            returning.fields = self.list(Self::returning_field)?;
            if self.accept(Kind::Using) {
                returning.using = Some(self.returning_using()?);
            }
            returning.filter = self.filter()?;
            returning.order_by = self.order_by()?;
            returning.limit = self.row_count(Kind::Limit)?;
            returning.offset = self.row_count(Kind::Offset)?;
            self.expect(Kind::RightParenthesis, KindSet::NONE)?;
        }
        Ok(returning)
    }

    fn returning_field(&mut self) -> Result<ReturningField, OrgError> {
        let field = self.field()?;
        let alias = if self.at_clause_keyword() { None } else { self.optional_name() };
        Ok(ReturningField { field, alias })
    }

    fn returning_using(&mut self) -> Result<Using, OrgError> {
        if self.accept_word("ListView") {
            self.expect(Kind::Equal, KindSet::NAME)?;
            return Ok(Using::ListView(self.name()?));
        }
        if self.accept(Kind::Lookup) {
            return Ok(Using::Lookup { field: self.name()?, bind: self.bind()? });
        }
        Err(self.malformed())
    }

    /// One `WITH` clause; the word itself is taken.
    fn search_with(&mut self, with: &mut With) -> Result<(), OrgError> {
        if self.accept(Kind::Data) {
            if !self.accept(Kind::Category) {
                return Err(self.malformed());
            }
            with.categories = self.data_categories()?;
        } else if self.accept_word("DIVISION") {
            with.division = Some(self.setting_text()?);
        } else if self.accept_word("METADATA") {
            with.metadata = Some(self.setting_text()?);
        } else if self.accept_word("PricebookId") {
            let price_book = self.setting_text()?;
            with.price_books.push(price_book);
        } else if self.accept_word("HIGHLIGHT") {
            with.highlight = true;
        } else if self.accept_word("SPELL_CORRECTION") {
            self.expect(Kind::Equal, KindSet::NONE)?;
            with.spell_correction = match self.setting_value()?.value {
                LiteralValue::Boolean(is_on) => Some(is_on),
                _ => return Err(self.malformed()),
            };
        } else if self.accept_word("SNIPPET") {
            with.snippet = Some(self.snippet()?);
        } else if self.accept_word("NETWORK") {
            with.networks = self.networks()?;
        } else {
            return Err(self.malformed());
        }
        Ok(())
    }

    /// `= 'text'`
    fn setting_text(&mut self) -> Result<Text, OrgError> {
        self.expect(Kind::Equal, KindSet::of(&[Kind::Text]))?;
        self.quoted()
    }

    fn quoted(&mut self) -> Result<Text, OrgError> {
        if self.at(Kind::Text) { self.text() } else { Err(self.unexpected()) }
    }

    fn networks(&mut self) -> Result<Vec<Text>, OrgError> {
        if !self.accept(Kind::In) {
            return Ok(vec![self.setting_text()?]);
        }
        self.expect(Kind::LeftParenthesis, KindSet::of(&[Kind::Text]))?;
        let networks = self.list(Self::quoted)?;
        self.expect(Kind::RightParenthesis, KindSet::NONE)?;
        Ok(networks)
    }

    fn snippet(&mut self) -> Result<Snippet, OrgError> {
        if !self.accept(Kind::LeftParenthesis) {
            return Ok(Snippet { target_length: None });
        }
        if !self.accept_word("target_length") {
            return Err(self.malformed());
        }
        self.expect(Kind::Equal, KindSet::of(&[Kind::Integer]))?;
        let digits = self.expect(Kind::Integer, KindSet::NONE)?.span;
        let length = self.source(digits).parse().unwrap_or(u32::MAX);
        self.expect(Kind::RightParenthesis, KindSet::NONE)?;
        Ok(Snippet { target_length: Some(length) })
    }
}

#[cfg(test)]
mod tests;
