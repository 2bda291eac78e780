//! Conditions: `WHERE` and `HAVING`.
//!
//! `AND` and `OR` never mix without parentheses, and `NOT` may only open a condition: both are
//! rules of the grammar, so breaking them is a syntax error at the offending word.

use super::{PARENTHESES, Parser, SUB_QUERY};
use crate::error::OrgError;
use crate::soql::ast::{Call, Comparison, Condition, Field, Literal, Name, Operand, Span};
use crate::soql::token::{Kind, KindSet};

/// What may come after a condition in parentheses, anywhere in the grammar.
pub(super) const AFTER_CONDITION: KindSet = KindSet::of(&[
    Kind::RightParenthesis,
    Kind::EndOfQuery,
    Kind::And,
    Kind::Bind,
    Kind::For,
    Kind::Group,
    Kind::Limit,
    Kind::Offset,
    Kind::Or,
    Kind::Order,
    Kind::Update,
    Kind::With,
]);

const COMPARISON: KindSet =
    KindSet::of(&[Kind::Equal, Kind::NotEqual, Kind::LessGreater, Kind::Less, Kind::Greater]);

const OPERAND: KindSet = KindSet::NAME.and(Kind::LeftParenthesis);

impl Parser<'_> {
    /// `WHERE …`, if there is one.
    pub(crate) fn filter(&mut self) -> Result<Option<Condition>, OrgError> {
        if self.accept(Kind::Where) { self.conditions().map(Some) } else { Ok(None) }
    }

    /// The content of `WHERE`, `HAVING` or a pair of parentheses.
    pub(crate) fn conditions(&mut self) -> Result<Condition, OrgError> {
        if self.accept(Kind::Not) {
            return Ok(Condition::Not(Box::new(self.condition()?)));
        }
        let first = self.condition()?;
        let connective = self.token.kind;
        if connective != Kind::And && connective != Kind::Or {
            return Ok(first);
        }
        let mut parts = vec![first];
        while self.accept(connective) {
            parts.push(self.condition()?);
        }
        Ok(if connective == Kind::And { Condition::And(parts) } else { Condition::Or(parts) })
    }

    fn condition(&mut self) -> Result<Condition, OrgError> {
        if !self.at_any(OPERAND) {
            return Err(self.unexpected());
        }
        if self.accept(Kind::LeftParenthesis) {
            let inner = self.nested(PARENTHESES, Self::conditions)?;
            self.expect(Kind::RightParenthesis, AFTER_CONDITION)?;
            return Ok(inner);
        }
        let start = self.token.span;
        let left = self.operand()?;
        let field = match left {
            Operand::Field(field) if !self.at_any(COMPARISON) => field,
            left => {
                let operator = self.comparison()?;
                return Ok(Condition::Compare { left, operator, value: self.literal()? });
            }
        };
        match self.token.kind {
            Kind::Like => {
                self.advance();
                Ok(Condition::Like { field, pattern: self.like_value()? })
            }
            Kind::Includes | Kind::Excludes => {
                let negated = self.advance().kind == Kind::Excludes;
                let first = KindSet::LITERAL.and(Kind::Colon);
                self.expect(Kind::LeftParenthesis, first)?;
                let values = self.literals()?;
                Ok(Condition::Includes { field, negated, values })
            }
            Kind::In | Kind::Not => self.membership(start, field),
            _ => Err(self.no_alternative(start)),
        }
    }

    /// The left side of a condition. Up to here the real parser has not chosen the kind of the
    /// condition, so a fault tells everything from its start.
    fn operand(&mut self) -> Result<Operand, OrgError> {
        let start = self.token.span;
        let is_distance = self.at(Kind::Distance);
        let name = self.take_name();
        if self.at_any(KindSet::of(&[Kind::Plus, Kind::Minus])) {
            let minus = self.advance().kind == Kind::Minus;
            return Ok(Operand::Arithmetic { left: name, minus, right: self.name()? });
        }
        if !self.accept(Kind::LeftParenthesis) {
            return Ok(Operand::Field(Field::Path(name)));
        }
        if !self.at_any(KindSet::NAME) {
            return Err(self.no_alternative(start));
        }
        let argument = self.take_name();
        if is_distance && self.at(Kind::Comma) {
            return self.rest_of_distance(start, argument).map(Operand::Distance);
        }
        self.rest_of_filtered_call(start, name, argument).map(Operand::Field)
    }

    fn rest_of_filtered_call(
        &mut self,
        start: Span,
        function: Name,
        argument: Name,
    ) -> Result<Field, OrgError> {
        let argument = if self.accept(Kind::LeftParenthesis) {
            if !self.at_any(KindSet::NAME) {
                return Err(self.no_alternative(start));
            }
            let inner = Field::Path(self.take_name());
            if !self.accept(Kind::RightParenthesis) {
                return Err(self.no_alternative(start));
            }
            let span = self.span_from(argument.span);
            Field::Call(Box::new(Call { function: argument, argument: inner, span }))
        } else {
            Field::Path(argument)
        };
        if !self.accept(Kind::RightParenthesis) {
            return Err(self.no_alternative(start));
        }
        let span = self.span_from(start);
        Ok(Field::Call(Box::new(Call { function, argument, span })))
    }

    fn membership(&mut self, start: Span, field: Field) -> Result<Condition, OrgError> {
        let negated = self.accept(Kind::Not);
        if !self.accept(Kind::In) {
            return Err(self.no_alternative(start));
        }
        if self.at(Kind::Colon) {
            return Err(self.apex_variable(start));
        }
        if !self.accept(Kind::LeftParenthesis) {
            return Err(self.no_alternative(start));
        }
        if self.at(Kind::Select) {
            let query = Box::new(self.nested(SUB_QUERY, Self::semi_join)?);
            self.expect(Kind::RightParenthesis, AFTER_CONDITION)?;
            return Ok(Condition::InQuery { field, negated, query });
        }
        if !self.at_any(KindSet::LITERAL.and(Kind::Colon)) {
            return Err(self.no_alternative(start));
        }
        Ok(Condition::In { field, negated, values: self.literals()? })
    }

    /// Literals and the closing parenthesis.
    fn literals(&mut self) -> Result<Vec<Literal>, OrgError> {
        let values = self.list(Self::literal)?;
        self.expect(Kind::RightParenthesis, AFTER_CONDITION)?;
        Ok(values)
    }

    fn comparison(&mut self) -> Result<Comparison, OrgError> {
        let operator = match self.token.kind {
            Kind::Equal => Comparison::Equal,
            Kind::NotEqual | Kind::LessGreater => Comparison::NotEqual,
            Kind::Less => Comparison::Less,
            Kind::Greater => Comparison::Greater,
            _ => return Err(self.unexpected()),
        };
        self.advance();
        // `<` and `=` are two tokens, so `< =` is an operator too.
        Ok(match operator {
            Comparison::Less if self.accept(Kind::Equal) => Comparison::LessOrEqual,
            Comparison::Greater if self.accept(Kind::Equal) => Comparison::GreaterOrEqual,
            operator => operator,
        })
    }
}
