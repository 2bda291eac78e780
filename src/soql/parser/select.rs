//! `SELECT` and `FROM`: what a query returns and of which object.

use super::{Parser, SUB_QUERY};
use crate::error::OrgError;
use crate::soql::ast::{
    Call, Distance, Field, From, Name, Number, OrderKey, Query, Select, SelectItem, SelectValue,
    SemiJoin, Span, Typeof, TypeofBranch, Using,
};
use crate::soql::token::{Kind, KindSet};
use compact_str::CompactString;

/// What may come after a child sub-query.
const AFTER_SUB_QUERY: KindSet = KindSet::NAME.and(Kind::Comma).and(Kind::From);

/// What may come after a field, anywhere in the grammar.
const AFTER_FIELD: KindSet = KindSet::NAME.or(KindSet::of(&[
    Kind::RightParenthesis,
    Kind::Comma,
    Kind::Less,
    Kind::Equal,
    Kind::Greater,
    Kind::LessGreater,
    Kind::NotEqual,
    Kind::EndOfQuery,
    Kind::Asc,
    Kind::Bind,
    Kind::Desc,
    Kind::Excludes,
    Kind::For,
    Kind::From,
    Kind::Having,
    Kind::In,
    Kind::Includes,
    Kind::Like,
    Kind::Limit,
    Kind::Not,
    Kind::Nulls,
    Kind::Update,
]));

/// What may come after `DISTANCE(…)`, anywhere in the grammar.
const AFTER_DISTANCE: KindSet = KindSet::NAME.or(KindSet::of(&[
    Kind::RightParenthesis,
    Kind::Comma,
    Kind::Less,
    Kind::Equal,
    Kind::Greater,
    Kind::LessGreater,
    Kind::NotEqual,
    Kind::EndOfQuery,
    Kind::Asc,
    Kind::Bind,
    Kind::Desc,
    Kind::For,
    Kind::From,
    Kind::Limit,
    Kind::Nulls,
    Kind::Update,
]));

/// What may come after an item of `FROM` without an alias. `GROUP`, `ORDER` and `OFFSET` are left
/// out: they may be aliases, and the parser looks ahead.
const AFTER_USING: KindSet = KindSet::of(&[
    Kind::RightParenthesis,
    Kind::Comma,
    Kind::EndOfQuery,
    Kind::Bind,
    Kind::For,
    Kind::Group,
    Kind::Limit,
    Kind::Offset,
    Kind::Order,
    Kind::Update,
    Kind::Where,
    Kind::With,
]);

impl Parser<'_> {
    /// A whole query or a child sub-query, from `SELECT` on.
    pub(crate) fn query(&mut self) -> Result<Query, OrgError> {
        let start = self.token.span;
        let select = self.select()?;
        let from = self.from()?;
        let filter = self.filter()?;
        let with = self.with()?;
        let group_by = self.group_by()?;
        let order_by = self.order_by()?;
        let limit = self.row_count(Kind::Limit)?;
        let offset = self.row_count(Kind::Offset)?;
        let bind = self.bind()?;
        let tracking = self.tracking()?;
        let update = self.update()?;
        let span = self.span_from(start);
        Ok(Query {
            span,
            select,
            from,
            filter,
            with,
            group_by,
            order_by,
            limit,
            offset,
            bind,
            tracking,
            update,
        })
    }

    /// The inner select of a semi-join.
    pub(crate) fn semi_join(&mut self) -> Result<SemiJoin, OrgError> {
        let start = self.token.span;
        self.advance();
        let field = self.field()?;
        let from = self.from()?;
        let filter = self.filter()?;
        let with = if self.at(Kind::With) { Some(self.with_filter()?) } else { None };
        Ok(SemiJoin { span: self.span_from(start), field, from, filter, with })
    }

    fn select(&mut self) -> Result<Select, OrgError> {
        if !self.at(Kind::Select) {
            return Err(self.unexpected());
        }
        let start = self.advance().span;
        if self.at(Kind::Count) {
            // `COUNT()`, the function COUNT, or a field of that name: three tokens tell.
            let count = self.token.span;
            let mut ahead = self.lexer;
            if ahead.next_token().kind == Kind::LeftParenthesis {
                let third = ahead.next_token();
                self.lexer.fault = ahead.fault;
                if third.kind == Kind::RightParenthesis {
                    self.advance();
                    self.advance();
                    self.advance();
                    return Ok(Select::Count(self.span_from(count)));
                }
                if !third.kind.is_in(KindSet::NAME) {
                    self.advance();
                    self.advance();
                    return Err(self.no_alternative(start));
                }
            }
        } else if !self.at_any(KindSet::NAME.and(Kind::LeftParenthesis)) {
            return Err(self.no_alternative(start));
        }
        Ok(Select::Items(self.list(Self::select_item)?))
    }

    fn select_item(&mut self) -> Result<SelectItem, OrgError> {
        let value = if self.accept(Kind::LeftParenthesis) {
            let query = self.nested(SUB_QUERY, Self::query)?;
            self.expect(Kind::RightParenthesis, AFTER_SUB_QUERY)?;
            SelectValue::Query(Box::new(query))
        } else if self.at(Kind::Typeof) && self.is_typeof_expression() {
            SelectValue::Typeof(self.type_of()?)
        } else {
            match self.field_or_distance()? {
                OrderKey::Distance(distance) => SelectValue::Distance(distance),
                OrderKey::Field(field) => SelectValue::Field(field),
            }
        };
        Ok(SelectItem { value, alias: self.optional_name() })
    }

    /// `TYPEOF` may be a field with an alias: only `TYPEOF name WHEN` begins the expression.
    fn is_typeof_expression(&mut self) -> bool {
        let mut ahead = self.lexer;
        let is_expression =
            ahead.next_token().kind.is_in(KindSet::NAME) && ahead.next_token().kind == Kind::When;
        self.lexer.fault = ahead.fault;
        is_expression
    }

    fn type_of(&mut self) -> Result<Typeof, OrgError> {
        let start = self.advance().span;
        let operand = self.name()?;
        let mut branches = Vec::new();
        while self.accept(Kind::When) {
            let object = self.name()?;
            self.expect(Kind::Then, KindSet::NAME)?;
            branches.push(TypeofBranch { object, fields: self.list(Self::name)? });
        }
        let otherwise = match self.token.kind {
            Kind::Else => {
                self.advance();
                self.list(Self::name)?
            }
            Kind::End => Vec::new(),
            _ => return Err(self.unexpected()),
        };
        self.expect(Kind::End, AFTER_SUB_QUERY)?;
        Ok(Typeof { operand, branches, otherwise, span: self.span_from(start) })
    }

    /// A path or a function of one.
    pub(crate) fn field(&mut self) -> Result<Field, OrgError> {
        if !self.at_any(KindSet::NAME) {
            return Err(self.unexpected());
        }
        let name = self.take_name();
        if !self.at(Kind::LeftParenthesis) {
            return Ok(Field::Path(name));
        }
        let start = name.span;
        self.advance();
        if !self.at_any(KindSet::NAME) {
            return Err(self.no_alternative(start));
        }
        let argument = self.take_name();
        self.rest_of_call(start, name, argument)
    }

    /// A field, or `DISTANCE(name, …`: the comma tells.
    pub(crate) fn field_or_distance(&mut self) -> Result<OrderKey, OrgError> {
        if !self.at(Kind::Distance) {
            return self.field().map(OrderKey::Field);
        }
        let function = self.take_name();
        let start = function.span;
        if !self.accept(Kind::LeftParenthesis) {
            return Ok(OrderKey::Field(Field::Path(function)));
        }
        if !self.at_any(KindSet::NAME) {
            return Err(self.no_alternative(start));
        }
        let argument = self.take_name();
        if self.at(Kind::Comma) {
            return self.rest_of_distance(start, argument).map(OrderKey::Distance);
        }
        self.rest_of_call(start, function, argument).map(OrderKey::Field)
    }

    /// A call from behind its first argument on: `)`, or `(name))` when that was a function.
    fn rest_of_call(
        &mut self,
        start: Span,
        function: Name,
        argument: Name,
    ) -> Result<Field, OrgError> {
        let argument = match self.token.kind {
            Kind::RightParenthesis => Field::Path(argument),
            Kind::LeftParenthesis => {
                self.advance();
                let inner = self.name()?;
                self.expect(Kind::RightParenthesis, KindSet::of(&[Kind::RightParenthesis]))?;
                let span = self.span_from(argument.span);
                let argument = Call { function: argument, argument: Field::Path(inner), span };
                Field::Call(Box::new(argument))
            }
            _ => return Err(self.no_alternative(start)),
        };
        self.expect(Kind::RightParenthesis, AFTER_FIELD)?;
        let span = self.span_from(start);
        Ok(Field::Call(Box::new(Call { function, argument, span })))
    }

    /// `DISTANCE(name` is taken; the comma is next.
    pub(crate) fn rest_of_distance(
        &mut self,
        start: Span,
        field: Name,
    ) -> Result<Distance, OrgError> {
        const NONE: KindSet = KindSet::NONE;
        self.expect(Kind::Comma, NONE)?;
        if !self.at(Kind::Geolocation) {
            return Err(self.unexpected());
        }
        self.advance();
        self.expect(Kind::LeftParenthesis, KindSet::NUMBER)?;
        let latitude = self.number()?;
        self.expect(Kind::Comma, KindSet::NUMBER)?;
        let longitude = self.number()?;
        self.expect(Kind::RightParenthesis, KindSet::of(&[Kind::Comma]))?;
        self.expect(Kind::Comma, KindSet::of(&[Kind::Text]))?;
        let unit = self.unchecked_text()?;
        self.expect(Kind::RightParenthesis, AFTER_DISTANCE)?;
        Ok(Distance { field, latitude, longitude, unit, span: self.span_from(start) })
    }

    /// A whole or decimal number, with or without a sign.
    pub(crate) fn number(&mut self) -> Result<Number, OrgError> {
        if !self.at_any(KindSet::NUMBER) {
            return Err(self.unexpected());
        }
        let start = self.token.span;
        let mut text = CompactString::default();
        if self.at_any(KindSet::of(&[Kind::Minus, Kind::Plus])) {
            text.push_str(self.source(start));
            self.advance();
        }
        if !self.at_any(KindSet::of(&[Kind::Integer, Kind::Decimal])) {
            return Err(self.no_alternative(start));
        }
        let digits = self.advance().span;
        text.push_str(self.source(digits));
        Ok(Number { text, span: start.to(digits) })
    }

    fn from(&mut self) -> Result<Vec<From>, OrgError> {
        self.expect(Kind::From, KindSet::NAME)?;
        self.list(Self::driving_or_related)
    }

    fn driving_or_related(&mut self) -> Result<From, OrgError> {
        let object = self.name()?;
        self.accept(Kind::As);
        let alias = if self.at_clause_keyword() { None } else { self.optional_name() };
        let using = if self.at(Kind::Using) { self.using()? } else { Vec::new() };
        Ok(From { object, alias, using })
    }

    /// `GROUP`, `ORDER` and `OFFSET` are aliases unless what follows makes them a clause.
    pub(crate) fn at_clause_keyword(&mut self) -> bool {
        match self.token.kind {
            Kind::Group | Kind::Order => self.peek() == Kind::By,
            Kind::Offset => self.peek().is_in(KindSet::of(&[
                Kind::Integer,
                Kind::Minus,
                Kind::Plus,
                Kind::Colon,
            ])),
            _ => false,
        }
    }

    fn using(&mut self) -> Result<Vec<Using>, OrgError> {
        self.advance();
        let mut items = vec![self.first_using()?];
        while self.at(Kind::Comma) && self.is_using_after_comma() {
            self.advance();
            items.push(self.using_item()?);
        }
        Ok(items)
    }

    /// Of the first item the real parser has to choose between two generations of the clause, so
    /// its messages differ from those of later items.
    fn first_using(&mut self) -> Result<Using, OrgError> {
        let start = self.token.span;
        if self.at(Kind::Scope) && self.peek() != Kind::Identifier {
            self.advance();
            return Err(self.no_alternative(start));
        }
        if !self.at_any(KindSet::NAME.and(Kind::Lookup)) {
            return Err(self.unexpected());
        }
        if !self.at_any(KindSet::of(&[Kind::Scope, Kind::Lookup])) {
            return Err(self.no_alternative(start));
        }
        self.using_item()
    }

    /// The comma may begin another item of `FROM` instead.
    fn is_using_after_comma(&mut self) -> bool {
        let mut ahead = self.lexer;
        let is_using = match ahead.next_token().kind {
            Kind::Lookup => true,
            Kind::Scope => ahead.next_token().kind == Kind::Identifier,
            _ => false,
        };
        self.lexer.fault = ahead.fault;
        is_using
    }

    /// `SCOPE name` or `LOOKUP name`.
    fn using_item(&mut self) -> Result<Using, OrgError> {
        let keyword = self.advance().kind;
        if !self.at(Kind::Identifier) {
            return Err(self.missing(KindSet::of(&[Kind::Identifier]), AFTER_USING));
        }
        let name = self.take_name();
        Ok(if keyword == Kind::Scope { Using::Scope(name) } else { Using::Lookup(name) })
    }
}
