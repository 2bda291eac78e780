//! The clauses after `WHERE`, in their fixed order.

use super::Parser;
use super::filter::AFTER_CONDITION;
use crate::error::OrgError;
use crate::soql::ast::{
    Binding, CategoryReach, DataCategory, GroupBy, Grouping, Name, Nulls, Order, RowCount, Setting,
    Tracking, With,
};
use crate::soql::token::{Kind, KindSet};

/// What may come after `NULLS FIRST`.
const AFTER_NULLS: KindSet = KindSet::of(&[
    Kind::RightParenthesis,
    Kind::Comma,
    Kind::EndOfQuery,
    Kind::Bind,
    Kind::For,
    Kind::Limit,
    Kind::Offset,
    Kind::Update,
]);

/// What may come after `ROLLUP (…)`.
const AFTER_SUBTOTALS: KindSet = KindSet::of(&[
    Kind::RightParenthesis,
    Kind::EndOfQuery,
    Kind::Bind,
    Kind::For,
    Kind::Having,
    Kind::Limit,
    Kind::Offset,
    Kind::Order,
    Kind::Update,
]);

/// What may come after the categories in parentheses.
const AFTER_CATEGORIES: KindSet = KindSet::of(&[
    Kind::RightParenthesis,
    Kind::EndOfQuery,
    Kind::And,
    Kind::Bind,
    Kind::For,
    Kind::Group,
    Kind::Limit,
    Kind::Offset,
    Kind::Order,
    Kind::Update,
    Kind::With,
]);

const AFTER_UPDATE: KindSet = KindSet::of(&[Kind::RightParenthesis, Kind::Comma, Kind::EndOfQuery]);

impl Parser<'_> {
    /// All `WITH` clauses: at most one filter, then names.
    pub(crate) fn with(&mut self) -> Result<Vec<With>, OrgError> {
        let mut clauses = Vec::new();
        if !self.at(Kind::With) {
            return Ok(clauses);
        }
        // Three tokens tell a filter (`WITH DATA CATEGORY`, `WITH name =`) from a name.
        let mut ahead = self.lexer;
        let second = ahead.next_token();
        if !second.kind.is_in(KindSet::NAME) {
            let start = self.advance().span;
            return Err(self.no_alternative(start));
        }
        let third = ahead.next_token().kind;
        self.lexer.fault = ahead.fault;
        let is_data_category = second.kind == Kind::Data && third == Kind::Category;
        if is_data_category || third == Kind::Equal {
            clauses.push(self.with_filter()?);
        }
        while self.at(Kind::With) {
            let start = self.advance().span;
            let Some(name) = self.optional_name() else { return Err(self.no_alternative(start)) };
            if self.accept(Kind::LeftParenthesis) {
                let settings = self.list(Self::setting)?;
                if !self.accept(Kind::RightParenthesis) {
                    return Err(self.unexpected());
                }
                clauses.push(With::Context { name, settings });
            } else {
                clauses.push(With::Mode(name));
            }
        }
        Ok(clauses)
    }

    /// `WITH DATA CATEGORY …` or `WITH name = 'text'`; `WITH` is next.
    pub(crate) fn with_filter(&mut self) -> Result<With, OrgError> {
        let start = self.advance().span;
        if !self.at_any(KindSet::NAME) {
            return Err(self.no_alternative(start));
        }
        let is_data = self.at(Kind::Data);
        let name = self.take_name();
        if is_data && self.accept(Kind::Category) {
            return self.data_categories().map(With::DataCategory);
        }
        if is_data && !self.at(Kind::Equal) {
            return Err(self.no_alternative(start));
        }
        self.expect(Kind::Equal, KindSet::of(&[Kind::Text, Kind::Colon]))?;
        if !self.at(Kind::Text) {
            return Err(self.unexpected());
        }
        Ok(With::KeyValue { name, value: self.text()? })
    }

    /// The conditions behind `WITH DATA CATEGORY`.
    pub(crate) fn data_categories(&mut self) -> Result<Vec<DataCategory>, OrgError> {
        let mut categories = vec![self.data_category()?];
        while self.accept(Kind::And) {
            categories.push(self.data_category()?);
        }
        Ok(categories)
    }

    fn data_category(&mut self) -> Result<DataCategory, OrgError> {
        const REACH: KindSet =
            KindSet::of(&[Kind::At, Kind::Above, Kind::Below, Kind::AboveOrBelow]);
        let group = self.name()?;
        let reach = match self.token.kind {
            Kind::At => CategoryReach::At,
            Kind::Above => CategoryReach::Above,
            Kind::Below => CategoryReach::Below,
            Kind::AboveOrBelow => CategoryReach::AboveOrBelow,
            _ => return Err(self.missing(REACH, KindSet::NAME.and(Kind::LeftParenthesis))),
        };
        self.advance();
        let categories = if self.accept(Kind::LeftParenthesis) {
            let categories = self.list(Self::name)?;
            self.expect(Kind::RightParenthesis, AFTER_CATEGORIES)?;
            categories
        } else {
            vec![self.name()?]
        };
        Ok(DataCategory { group, reach, categories })
    }

    fn setting(&mut self) -> Result<Setting, OrgError> {
        const VALUE: KindSet = KindSet::of(&[Kind::Integer, Kind::Text, Kind::True, Kind::False]);
        let name = self.name()?;
        self.expect(Kind::Equal, VALUE)?;
        Ok(Setting { name, value: self.setting_value()? })
    }

    /// `GROUP BY …` and its `HAVING`.
    pub(crate) fn group_by(&mut self) -> Result<Option<GroupBy>, OrgError> {
        if !self.at(Kind::Group) {
            return Ok(None);
        }
        let start = self.advance().span;
        self.expect(Kind::By, KindSet::NAME.and(Kind::Rollup).and(Kind::Cube))?;
        let kind = match self.token.kind {
            Kind::Rollup => Grouping::Rollup,
            Kind::Cube => Grouping::Cube,
            _ => Grouping::Plain,
        };
        let fields = if kind == Grouping::Plain {
            self.list(Self::field)?
        } else {
            self.advance();
            self.expect(Kind::LeftParenthesis, KindSet::NAME)?;
            let fields = self.list(Self::field)?;
            self.expect(Kind::RightParenthesis, AFTER_SUBTOTALS)?;
            fields
        };
        let span = self.span_from(start);
        let having = if self.accept(Kind::Having) { Some(self.conditions()?) } else { None };
        Ok(Some(GroupBy { kind, fields, having, span }))
    }

    /// `ORDER BY …`.
    pub(crate) fn order_by(&mut self) -> Result<Vec<Order>, OrgError> {
        if !self.accept(Kind::Order) {
            return Ok(Vec::new());
        }
        self.expect(Kind::By, KindSet::NAME)?;
        self.list(Self::order)
    }

    fn order(&mut self) -> Result<Order, OrgError> {
        let key = self.field_or_distance()?;
        let descending = self.at(Kind::Desc);
        if descending || self.at(Kind::Asc) {
            self.advance();
        }
        let nulls = if self.accept(Kind::Nulls) { Some(self.nulls()?) } else { None };
        Ok(Order { key, descending, nulls })
    }

    fn nulls(&mut self) -> Result<Nulls, OrgError> {
        if self.accept(Kind::First) {
            return Ok(Nulls::First);
        }
        if self.accept(Kind::Last) {
            return Ok(Nulls::Last);
        }
        Err(self.missing(KindSet::of(&[Kind::First, Kind::Last]), AFTER_NULLS))
    }

    /// `LIMIT n` or `OFFSET n`.
    pub(crate) fn row_count(&mut self, clause: Kind) -> Result<Option<RowCount>, OrgError> {
        if !self.accept(clause) {
            return Ok(None);
        }
        let start = self.token.span;
        let digits = match self.token.kind {
            Kind::Integer => self.advance(),
            Kind::Minus | Kind::Plus => {
                self.advance();
                self.expect(Kind::Integer, AFTER_CONDITION.and(Kind::Comma))?
            }
            _ => return Err(self.unexpected()),
        };
        let rows = self.source(digits.span).parse().unwrap_or(i64::MAX);
        let is_negative = self.source(start).starts_with('-');
        let span = start.to(digits.span);
        Ok(Some(RowCount { rows: if is_negative { -rows } else { rows }, span }))
    }

    /// `BIND name = literal, …`.
    pub(crate) fn bind(&mut self) -> Result<Vec<Binding>, OrgError> {
        if self.accept(Kind::Bind) { self.list(Self::binding) } else { Ok(Vec::new()) }
    }

    fn binding(&mut self) -> Result<Binding, OrgError> {
        let name = self.name()?;
        self.expect(Kind::Equal, KindSet::LITERAL)?;
        Ok(Binding { name, value: self.literal()? })
    }

    /// `FOR VIEW` or `FOR REFERENCE`.
    pub(crate) fn tracking(&mut self) -> Result<Option<Tracking>, OrgError> {
        if !self.at(Kind::For) {
            return Ok(None);
        }
        let start = self.advance().span;
        let tracking = match self.token.kind {
            Kind::View => Tracking::View,
            Kind::Reference => Tracking::Reference,
            _ => return Err(self.no_alternative(start)),
        };
        self.advance();
        Ok(Some(tracking))
    }

    /// `UPDATE TRACKING, VIEWSTAT`.
    pub(crate) fn update(&mut self) -> Result<Vec<Name>, OrgError> {
        if self.accept(Kind::Update) { self.list(Self::update_item) } else { Ok(Vec::new()) }
    }

    fn update_item(&mut self) -> Result<Name, OrgError> {
        if self.at(Kind::Identifier) {
            return Ok(self.take_name());
        }
        Err(self.missing(KindSet::of(&[Kind::Identifier]), AFTER_UPDATE))
    }
}
