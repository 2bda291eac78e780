//! Literals: checked against the type of what they are compared with, and made into tests.

use super::Resolver;
use super::functions::Value;
use super::tree::{Column, Expr, Function, Intervals, Test, TextTest, Truth, ValueSet, ordinal};
use crate::error::OrgError;
use crate::id::Id;
use crate::schema::{FieldType, Picklist};
use crate::soql::ast::{Comparison, Literal, LiteralValue, Pattern};
use crate::soql::dates::{self, Window};
use crate::soql::exec::like::Like;
use crate::soql::exec::text;
use crate::store::fold;
use crate::time;
use compact_str::CompactString;

/// A test, whether it must fail, and the outcome without a value.
pub(super) type Tested = (Test, bool, Truth);

/// Earliest and latest day that a query may name: 1700-01-01 and 4000-12-31.
const DAYS: (i32, i32) = (-98_615, 741_807);

/// The families of types that take the same literals.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    Text,
    Id,
    Boolean,
    Number,
    Date,
    DateTime,
    Time,
    Multi,
    Location,
    /// Selectable only.
    Opaque,
}

/// The family of a type.
pub(super) fn family(kind: FieldType) -> Family {
    use FieldType as T;
    match kind {
        T::Id | T::Reference => Family::Id,
        T::Boolean => Family::Boolean,
        T::Int | T::Long | T::Double | T::Currency | T::Percent => Family::Number,
        T::Date => Family::Date,
        T::DateTime => Family::DateTime,
        T::Time => Family::Time,
        T::MultiPicklist => Family::Multi,
        T::Address | T::Location => Family::Location,
        T::Base64 | T::ComplexValue => Family::Opaque,
        T::String | T::TextArea | T::Picklist | T::Combobox => Family::Text,
        T::Email | T::Phone | T::Url | T::EncryptedString | T::AnyType => Family::Text,
    }
}

/// The name of a type in messages about literals.
fn literal_name(kind: FieldType) -> &'static str {
    match kind {
        FieldType::Id | FieldType::Reference => "ID",
        FieldType::Boolean => "boolean",
        FieldType::Int => "int",
        FieldType::Long => "long",
        FieldType::Double | FieldType::Currency | FieldType::Percent => "double",
        FieldType::Date => "date",
        FieldType::DateTime => "dateTime",
        FieldType::Time => "time",
        _ => "string",
    }
}

/// The name of a type in messages about operators.
pub(super) fn operator_name(kind: FieldType) -> &'static str {
    match kind {
        FieldType::Reference => "id",
        kind => kind.name(),
    }
}

/// One left side with the place that errors point at.
pub(super) struct Left<'v> {
    pub(super) value: &'v Value,
    pub(super) at: usize,
}

impl Left<'_> {
    fn column(&self) -> &Column {
        &self.value.typed.column
    }

    /// True for a date function, whose value no date literal may be compared with.
    fn is_date_function(&self) -> bool {
        matches!(&self.value.typed.expr, Expr::Call(call)
            if matches!(call.function, Function::Date { .. }))
    }
}

impl Resolver<'_> {
    fn wrong_literal(&self, left: &Left) -> OrgError {
        let kind = left.column().kind;
        let quoted = matches!(family(kind), Family::Text | Family::Id | Family::Multi);
        let name = &left.column().name;
        OrgError::wrong_literal(self.text, left.at, name, literal_name(kind), quoted)
    }

    fn invalid_operator(&self, left: &Left) -> OrgError {
        OrgError::invalid_operator(self.text, left.at, operator_name(left.column().kind))
    }

    /// `left operator literal`.
    pub(super) fn compare(
        &self,
        left: &Left,
        operator: Comparison,
        literal: &Literal,
    ) -> Result<Tested, OrgError> {
        let negated = operator == Comparison::NotEqual;
        let equality = matches!(operator, Comparison::Equal | Comparison::NotEqual);
        let kind = left.column().kind;
        if !equality && matches!(family(kind), Family::Id | Family::Boolean | Family::Multi) {
            return Err(self.invalid_operator(left));
        }
        if is_null(kind, literal) {
            if !equality {
                let at = literal.span.start as usize;
                let token = &self.text[at..literal.span.end as usize];
                return Err(OrgError::unexpected_token(self.text, at, token));
            }
            if family(kind) == Family::Boolean {
                return Ok((Test::Flag(negated), false, Truth::Unknown));
            }
            // `= null`: no value passes, and its absence does. `!= null`: the other way round.
            return Ok((Test::Anything, !negated, Truth::of(!negated)));
        }
        let test = match family(kind) {
            Family::Text => {
                let text = self.text_of(left, literal)?;
                text_operator(left.column(), operator, text)
            }
            Family::Id => Test::Ids([self.id_of(left, literal)?].into()),
            Family::Boolean => Test::Flag(self.flag_of(left, literal)?),
            Family::Multi => Test::Exactly([value_set(self.text_of(left, literal)?)].into()),
            _ => {
                let window = self.window_of(left, literal)?;
                Test::Within(Intervals::new(vec![self.interval(operator, window, literal)]))
            }
        };
        let null = if negated { Truth::True } else { Truth::Unknown };
        Ok((test, negated, null))
    }

    /// `left [NOT] IN (literals)`.
    pub(super) fn one_of(
        &self,
        left: &Left,
        negated: bool,
        literals: &[Literal],
    ) -> Result<Tested, OrgError> {
        let kind = left.column().kind;
        if family(kind) == Family::Multi {
            return Err(self.invalid_operator(left));
        }
        let given = || literals.iter().filter(|literal| !is_null(kind, literal));
        let has_null = literals.iter().any(|literal| is_null(kind, literal));
        let test = match family(kind) {
            Family::Text => {
                let texts: Result<Vec<&CompactString>, OrgError> =
                    given().map(|literal| self.text_of(left, literal)).collect();
                text_one_of(left.column(), &texts?)
            }
            Family::Id => {
                let ids: Result<Vec<Id>, OrgError> =
                    given().map(|literal| self.id_of(left, literal)).collect();
                let mut ids = ids?;
                ids.sort_unstable();
                ids.dedup();
                Test::Ids(ids.into())
            }
            Family::Boolean => return self.one_of_flags(left, negated, literals),
            _ => {
                let windows: Result<Vec<(i64, i64)>, OrgError> =
                    given().map(|literal| self.window_of(left, literal)).collect();
                Test::Within(Intervals::new(windows?))
            }
        };
        let null = match (negated, has_null) {
            (false, true) => Truth::True,
            (false, false) => Truth::Unknown,
            (true, true) => Truth::False,
            (true, false) if self.context.disputed.not_in_keeps_null => Truth::True,
            (true, false) => Truth::Unknown,
        };
        Ok((test, negated, null))
    }

    fn one_of_flags(
        &self,
        left: &Left,
        negated: bool,
        literals: &[Literal],
    ) -> Result<Tested, OrgError> {
        let mut has = [false, false];
        for literal in literals {
            let flag = literal.value != LiteralValue::Null && self.flag_of(left, literal)?;
            has[usize::from(flag)] = true;
        }
        let test = if has == [true, true] { Test::Anything } else { Test::Flag(has[1]) };
        Ok((test, negated, Truth::of(!negated)))
    }

    /// `left INCLUDES (literals)`, `EXCLUDES` when negated.
    pub(super) fn includes(
        &self,
        left: &Left,
        negated: bool,
        literals: &[Literal],
    ) -> Result<Tested, OrgError> {
        if family(left.column().kind) != Family::Multi {
            return Err(self.invalid_operator(left));
        }
        let mut sets = Vec::new();
        let mut has_null = false;
        for literal in literals {
            if is_null(left.column().kind, literal) {
                has_null = true;
            } else {
                sets.push(value_set(self.text_of(left, literal)?));
            }
        }
        Ok((Test::Includes(sets.into()), negated, Truth::of(negated != has_null)))
    }

    /// `left LIKE pattern`.
    pub(super) fn like(&self, left: &Left, pattern: &Pattern) -> Result<Tested, OrgError> {
        if family(left.column().kind) != Family::Text {
            return Err(self.invalid_operator(left));
        }
        if pattern.parts.is_empty() {
            return Err(OrgError::invalid_like(self.text, left.at, ""));
        }
        let column = left.column();
        let like = TextTest::Like(Like::new(&pattern.parts, column.case_sensitive));
        let test = match &column.picklist {
            Some(picklist) => {
                let codes = picklist.values().iter();
                let codes = codes.map(|value| text::passes(&like, &value.label)).collect();
                Test::Pick { codes, other: like }
            }
            None => Test::Text(like),
        };
        Ok((test, false, Truth::Unknown))
    }

    /// A literal where LIKE needs a pattern.
    pub(super) fn like_literal(&self, left: &Left, literal: &Literal) -> OrgError {
        if literal.value == LiteralValue::Null {
            let at = literal.span.start as usize;
            let token = &self.text[at..literal.span.end as usize];
            return OrgError::unexpected_token(self.text, at, token);
        }
        if family(left.column().kind) != Family::Text {
            return self.invalid_operator(left);
        }
        self.wrong_literal(left)
    }

    fn text_of<'l>(
        &self,
        left: &Left,
        literal: &'l Literal,
    ) -> Result<&'l CompactString, OrgError> {
        match &literal.value {
            LiteralValue::Text(text) => Ok(text),
            _ => Err(self.wrong_literal(left)),
        }
    }

    fn id_of(&self, left: &Left, literal: &Literal) -> Result<Id, OrgError> {
        let text = self.text_of(left, literal)?;
        Id::parse(text).map_err(|_| OrgError::invalid_id_in_query(self.text, left.at, text))
    }

    fn flag_of(&self, left: &Left, literal: &Literal) -> Result<bool, OrgError> {
        match literal.value {
            LiteralValue::Boolean(flag) => Ok(flag),
            _ => Err(self.wrong_literal(left)),
        }
    }

    /// The numbers that a literal covers, both ends included: one point, or a stretch of time.
    fn window_of(&self, left: &Left, literal: &Literal) -> Result<(i64, i64), OrgError> {
        let point = |number: i64| Ok((number, number));
        match (family(left.column().kind), &literal.value) {
            (Family::Number, LiteralValue::Number(digits)) => {
                let number: f64 = digits.parse().map_err(|_| self.wrong_literal(left))?;
                point(ordinal(number))
            }
            (Family::Number, LiteralValue::Currency { amount, .. })
                if left.column().kind == FieldType::Currency =>
            {
                self.check_currency(literal)?;
                let number: f64 = amount.parse().map_err(|_| self.wrong_literal(left))?;
                point(ordinal(number))
            }
            (Family::Date, LiteralValue::Date(digits)) => {
                let day = self.day_of(literal, digits)?;
                point(i64::from(day))
            }
            (Family::DateTime, LiteralValue::DateTime(digits)) => {
                let instant = time::parse_datetime(digits);
                let in_range = instant.filter(|ms| {
                    (i64::from(DAYS.0)..=i64::from(DAYS.1)).contains(&ms.div_euclid(time::DAY))
                });
                point(in_range.ok_or_else(|| self.invalid_date(literal, "datetime", digits))?)
            }
            (Family::Time, LiteralValue::Time(digits)) => {
                let millis = time::parse_time(digits);
                point(i64::from(millis.ok_or_else(|| self.invalid_date(literal, "time", digits))?))
            }
            (Family::Date, LiteralValue::Relative { .. }) if !left.is_date_function() => {
                let window = self.relative(literal)?;
                Ok((i64::from(window.first_day), i64::from(window.end_day) - 1))
            }
            (Family::DateTime, LiteralValue::Relative { .. }) => {
                let window = self.relative(literal)?;
                let now = self.context.disputed.last_days_end_now && is_last_days(&literal.value);
                let end = if now { self.context.now + 1 } else { window.end };
                Ok((window.start, end - 1))
            }
            _ => Err(self.wrong_literal(left)),
        }
    }

    /// The window of a date literal. One with a number too many or too few is no token of SOQL.
    fn relative(&self, literal: &Literal) -> Result<Window, OrgError> {
        let context = self.context;
        let window = match literal.value {
            LiteralValue::Relative { literal, n } => {
                dates::window(literal, n, context.now, &context.locale.calendar())
            }
            _ => None,
        };
        window.ok_or_else(|| {
            let at = literal.span.start as usize;
            let token = &self.text[at..literal.span.end as usize];
            OrgError::unexpected_token(self.text, at, token)
        })
    }

    fn check_currency(&self, literal: &Literal) -> Result<(), OrgError> {
        let features = self.context.state.schema.features();
        if features.has(crate::schema::Feature::MultiCurrency) {
            let what = "comparing amounts of several currencies";
            return Err(OrgError::not_emulated(what, "Compare with a plain number."));
        }
        let at = literal.span.start as usize;
        let token = &self.text[at..literal.span.end as usize];
        Err(OrgError::unexpected_token(self.text, at, token))
    }

    fn day_of(&self, literal: &Literal, digits: &str) -> Result<i32, OrgError> {
        time::parse_date(digits)
            .filter(|day| (DAYS.0..=DAYS.1).contains(day))
            .ok_or_else(|| self.invalid_date(literal, "date", digits))
    }

    fn invalid_date(&self, literal: &Literal, kind: &str, digits: &str) -> OrgError {
        let at = literal.span.start as usize;
        OrgError::invalid_date_in_query(self.text, at, kind, digits)
    }

    /// The numbers that pass a comparison with a window.
    fn interval(
        &self,
        operator: Comparison,
        (first, last): (i64, i64),
        literal: &Literal,
    ) -> (i64, i64) {
        let relative = matches!(literal.value, LiteralValue::Relative { .. });
        match operator {
            Comparison::Equal | Comparison::NotEqual => (first, last),
            Comparison::Less => (i64::MIN, first.saturating_sub(1)),
            Comparison::LessOrEqual => (i64::MIN, last),
            Comparison::Greater
                if relative
                    && self.context.disputed.greater_than_window_start
                    && is_last_days(&literal.value) =>
            {
                (first, i64::MAX)
            }
            Comparison::Greater => (last.saturating_add(1), i64::MAX),
            Comparison::GreaterOrEqual => (first, i64::MAX),
        }
    }
}

fn is_last_days(value: &LiteralValue) -> bool {
    use crate::soql::ast::DateLiteral as D;
    matches!(value, LiteralValue::Relative { literal: D::LastNDays | D::Last90Days, .. })
}

/// True for NULL, and for the empty text: the org stores empty text as null.
fn is_null(kind: FieldType, literal: &Literal) -> bool {
    match &literal.value {
        LiteralValue::Null => true,
        LiteralValue::Text(text) => {
            text.is_empty() && matches!(family(kind), Family::Text | Family::Id | Family::Multi)
        }
        _ => false,
    }
}

/// The test of one text under an operator.
fn text_operator(column: &Column, operator: Comparison, literal: &CompactString) -> Test {
    let sorted = || text::sort_fold(literal);
    let test = match operator {
        Comparison::Equal | Comparison::NotEqual => return text_one_of(column, &[literal]),
        Comparison::Less => TextTest::Less(sorted()),
        Comparison::LessOrEqual => TextTest::LessOrEqual(sorted()),
        Comparison::Greater => TextTest::Greater(sorted()),
        Comparison::GreaterOrEqual => TextTest::GreaterOrEqual(sorted()),
    };
    picked(column.picklist.as_deref(), test)
}

fn text_one_of(column: &Column, literals: &[&CompactString]) -> Test {
    let sorted = |mut all: Vec<CompactString>| {
        all.sort_unstable();
        all.dedup();
        all.into()
    };
    let test = if column.case_sensitive {
        TextTest::Exactly(sorted(literals.iter().map(|text| (*text).clone()).collect()))
    } else {
        TextTest::OneOf(sorted(literals.iter().map(|text| fold(text)).collect()))
    };
    picked(column.picklist.as_deref(), test)
}

/// A text test of a picklist's API values, decided once for each code.
fn picked(picklist: Option<&Picklist>, test: TextTest) -> Test {
    match picklist {
        Some(picklist) => {
            let codes = picklist.values().iter();
            let codes = codes.map(|value| text::passes(&test, &value.value)).collect();
            Test::Pick { codes, other: test }
        }
        None => Test::Text(test),
    }
}

/// The values between the semicolons of a literal.
fn value_set(text: &CompactString) -> ValueSet {
    let mut values: Vec<CompactString> =
        text.split(';').map(str::trim).filter(|value| !value.is_empty()).map(fold).collect();
    values.sort_unstable();
    values.dedup();
    values.into()
}
