//! A tree's canonical text: keywords in upper case, one blank between words, parentheses only where
//! the grammar needs them. Parsing the text gives the tree again.

use super::ast::{
    Call, CategoryReach, Comparison, Condition, DataCategory, DateLiteral, Distance, Field, From,
    GroupBy, Grouping, LikeValue, Literal, LiteralValue, Name, Nulls, Operand, Order, OrderKey,
    Pattern, PatternPart, Query, Select, SelectItem, SelectValue, SemiJoin, Tracking, Typeof,
    Using, With,
};
use std::fmt::{Display, Formatter, Result, Write as _};

/// Writes items with commas between them.
fn list<T: Display>(f: &mut Formatter<'_>, items: &[T]) -> Result {
    for (place, item) in items.iter().enumerate() {
        if place > 0 {
            f.write_str(", ")?;
        }
        item.fmt(f)?;
    }
    Ok(())
}

/// Writes a quoted text. `is_pattern`: `%` and `_` stand for themselves and must be escaped.
fn escaped(f: &mut Formatter<'_>, text: &str, is_pattern: bool) -> Result {
    for character in text.chars() {
        match character {
            '\n' => f.write_str("\\n")?,
            '\r' => f.write_str("\\r")?,
            '\t' => f.write_str("\\t")?,
            '\u{8}' => f.write_str("\\b")?,
            '\'' | '\\' => write!(f, "\\{character}")?,
            '%' | '_' if is_pattern => write!(f, "\\{character}")?,
            character => f.write_char(character)?,
        }
    }
    Ok(())
}

fn quoted(f: &mut Formatter<'_>, text: &str) -> Result {
    f.write_char('\'')?;
    escaped(f, text, false)?;
    f.write_char('\'')
}

impl Display for Name {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str(&self.text)
    }
}

impl Display for Query {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str("SELECT ")?;
        match &self.select {
            Select::Count(_) => f.write_str("COUNT()")?,
            Select::Items(items) => list(f, items)?,
        }
        f.write_str(" FROM ")?;
        list(f, &self.from)?;
        if let Some(filter) = &self.filter {
            write!(f, " WHERE {filter}")?;
        }
        for with in &self.with {
            write!(f, " {with}")?;
        }
        if let Some(group_by) = &self.group_by {
            write!(f, " {group_by}")?;
        }
        if !self.order_by.is_empty() {
            f.write_str(" ORDER BY ")?;
            list(f, &self.order_by)?;
        }
        if let Some(limit) = self.limit {
            write!(f, " LIMIT {}", limit.rows)?;
        }
        if let Some(offset) = self.offset {
            write!(f, " OFFSET {}", offset.rows)?;
        }
        for (place, binding) in self.bind.iter().enumerate() {
            f.write_str(if place == 0 { " BIND " } else { ", " })?;
            write!(f, "{} = {}", binding.name, binding.value)?;
        }
        match self.tracking {
            Some(Tracking::View) => f.write_str(" FOR VIEW")?,
            Some(Tracking::Reference) => f.write_str(" FOR REFERENCE")?,
            None => {}
        }
        if !self.update.is_empty() {
            f.write_str(" UPDATE ")?;
            list(f, &self.update)?;
        }
        Ok(())
    }
}

impl Display for SelectItem {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match &self.value {
            SelectValue::Field(field) => field.fmt(f)?,
            SelectValue::Query(query) => write!(f, "({query})")?,
            SelectValue::Typeof(expression) => expression.fmt(f)?,
            SelectValue::Distance(distance) => distance.fmt(f)?,
        }
        match &self.alias {
            Some(alias) => write!(f, " {alias}"),
            None => Ok(()),
        }
    }
}

impl Display for Field {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Field::Path(name) => name.fmt(f),
            Field::Call(call) => call.fmt(f),
        }
    }
}

impl Display for Call {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "{}({})", self.function, self.argument)
    }
}

impl Display for Typeof {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "TYPEOF {}", self.operand)?;
        for branch in &self.branches {
            write!(f, " WHEN {} THEN ", branch.object)?;
            list(f, &branch.fields)?;
        }
        if !self.otherwise.is_empty() {
            f.write_str(" ELSE ")?;
            list(f, &self.otherwise)?;
        }
        f.write_str(" END")
    }
}

impl Display for Distance {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let (latitude, longitude) = (&self.latitude.text, &self.longitude.text);
        write!(f, "DISTANCE({}, GEOLOCATION({latitude}, {longitude}), ", self.field)?;
        quoted(f, &self.unit.text)?;
        f.write_char(')')
    }
}

impl Display for From {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        self.object.fmt(f)?;
        if let Some(alias) = &self.alias {
            write!(f, " {alias}")?;
        }
        if !self.using.is_empty() {
            f.write_str(" USING ")?;
            list(f, &self.using)?;
        }
        Ok(())
    }
}

impl Display for Using {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Using::Scope(name) => write!(f, "SCOPE {name}"),
            Using::Lookup(name) => write!(f, "LOOKUP {name}"),
        }
    }
}

/// Writes conditions between a connective; those that have one of their own go in parentheses.
fn connected(f: &mut Formatter<'_>, parts: &[Condition], connective: &str) -> Result {
    for (place, part) in parts.iter().enumerate() {
        if place > 0 {
            write!(f, " {connective} ")?;
        }
        operand(f, part)?;
    }
    Ok(())
}

fn operand(f: &mut Formatter<'_>, condition: &Condition) -> Result {
    match condition {
        Condition::And(_) | Condition::Or(_) | Condition::Not(_) => write!(f, "({condition})"),
        simple => simple.fmt(f),
    }
}

impl Display for Condition {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Condition::And(parts) => connected(f, parts, "AND"),
            Condition::Or(parts) => connected(f, parts, "OR"),
            Condition::Not(part) => {
                f.write_str("NOT ")?;
                operand(f, part)
            }
            Condition::Compare { left, operator, value } => write!(f, "{left} {operator} {value}"),
            Condition::Like { field, pattern } => write!(f, "{field} LIKE {pattern}"),
            Condition::In { field, negated, values } => {
                write!(f, "{field} {}(", if *negated { "NOT IN " } else { "IN " })?;
                list(f, values)?;
                f.write_char(')')
            }
            Condition::InQuery { field, negated, query } => {
                write!(f, "{field} {}({query})", if *negated { "NOT IN " } else { "IN " })
            }
            Condition::Includes { field, negated, values } => {
                write!(f, "{field} {} (", if *negated { "EXCLUDES" } else { "INCLUDES" })?;
                list(f, values)?;
                f.write_char(')')
            }
        }
    }
}

impl Display for Operand {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Operand::Field(field) => field.fmt(f),
            Operand::Distance(distance) => distance.fmt(f),
            Operand::Arithmetic { left, minus, right } => {
                write!(f, "{left} {} {right}", if *minus { '-' } else { '+' })
            }
        }
    }
}

impl Display for Comparison {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str(match self {
            Comparison::Equal => "=",
            Comparison::NotEqual => "!=",
            Comparison::Less => "<",
            Comparison::LessOrEqual => "<=",
            Comparison::Greater => ">",
            Comparison::GreaterOrEqual => ">=",
        })
    }
}

impl Display for SemiJoin {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "SELECT {} FROM ", self.field)?;
        list(f, &self.from)?;
        if let Some(filter) = &self.filter {
            write!(f, " WHERE {filter}")?;
        }
        if let Some(with) = &self.with {
            write!(f, " {with}")?;
        }
        Ok(())
    }
}

impl Display for Literal {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        self.value.fmt(f)
    }
}

impl Display for LiteralValue {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            LiteralValue::Text(text) => quoted(f, text),
            LiteralValue::Number(text)
            | LiteralValue::Date(text)
            | LiteralValue::DateTime(text)
            | LiteralValue::Time(text) => f.write_str(text),
            LiteralValue::Boolean(true) => f.write_str("TRUE"),
            LiteralValue::Boolean(false) => f.write_str("FALSE"),
            LiteralValue::Null => f.write_str("NULL"),
            LiteralValue::Relative { literal, n: None } => literal.fmt(f),
            LiteralValue::Relative { literal, n: Some(n) } => write!(f, "{literal}:{n}"),
            LiteralValue::Currency { code, amount } => write!(f, "{code}{amount}"),
        }
    }
}

impl Display for DateLiteral {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            DateLiteral::Yesterday => f.write_str("YESTERDAY"),
            DateLiteral::Today => f.write_str("TODAY"),
            DateLiteral::Tomorrow => f.write_str("TOMORROW"),
            DateLiteral::Last90Days => f.write_str("LAST_90_DAYS"),
            DateLiteral::Next90Days => f.write_str("NEXT_90_DAYS"),
            DateLiteral::LastNDays => f.write_str("LAST_N_DAYS"),
            DateLiteral::NextNDays => f.write_str("NEXT_N_DAYS"),
            DateLiteral::NDaysAgo => f.write_str("N_DAYS_AGO"),
            DateLiteral::Last(unit) => write!(f, "LAST_{}", unit.name()),
            DateLiteral::This(unit) => write!(f, "THIS_{}", unit.name()),
            DateLiteral::Next(unit) => write!(f, "NEXT_{}", unit.name()),
            DateLiteral::LastN(unit) => write!(f, "LAST_N_{}S", unit.name()),
            DateLiteral::NextN(unit) => write!(f, "NEXT_N_{}S", unit.name()),
            DateLiteral::NAgo(unit) => write!(f, "N_{}S_AGO", unit.name()),
        }
    }
}

impl Display for LikeValue {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            LikeValue::Pattern(pattern) => pattern.fmt(f),
            LikeValue::Other(literal) => literal.fmt(f),
        }
    }
}

impl Display for Pattern {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_char('\'')?;
        for part in &self.parts {
            match part {
                PatternPart::Text(text) => escaped(f, text, true)?,
                PatternPart::AnyText => f.write_char('%')?,
                PatternPart::AnyCharacter => f.write_char('_')?,
            }
        }
        f.write_char('\'')
    }
}

impl Display for With {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            With::DataCategory(categories) => {
                for (place, category) in categories.iter().enumerate() {
                    f.write_str(if place == 0 { "WITH DATA CATEGORY " } else { " AND " })?;
                    category.fmt(f)?;
                }
                Ok(())
            }
            With::KeyValue { name, value } => {
                write!(f, "WITH {name} = ")?;
                quoted(f, &value.text)
            }
            With::Mode(name) => write!(f, "WITH {name}"),
            With::Context { name, settings } => {
                write!(f, "WITH {name}(")?;
                for (place, setting) in settings.iter().enumerate() {
                    let comma = if place == 0 { "" } else { ", " };
                    write!(f, "{comma}{} = {}", setting.name, setting.value)?;
                }
                f.write_char(')')
            }
        }
    }
}

impl Display for DataCategory {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let reach = match self.reach {
            CategoryReach::At => "AT",
            CategoryReach::Above => "ABOVE",
            CategoryReach::Below => "BELOW",
            CategoryReach::AboveOrBelow => "ABOVE_OR_BELOW",
        };
        write!(f, "{} {reach} ", self.group)?;
        if let [category] = &self.categories[..] {
            return category.fmt(f);
        }
        f.write_char('(')?;
        list(f, &self.categories)?;
        f.write_char(')')
    }
}

impl Display for GroupBy {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let (open, close) = match self.kind {
            Grouping::Plain => ("", ""),
            Grouping::Rollup => ("ROLLUP (", ")"),
            Grouping::Cube => ("CUBE (", ")"),
        };
        write!(f, "GROUP BY {open}")?;
        list(f, &self.fields)?;
        f.write_str(close)?;
        match &self.having {
            Some(having) => write!(f, " HAVING {having}"),
            None => Ok(()),
        }
    }
}

impl Display for Order {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match &self.key {
            OrderKey::Field(field) => field.fmt(f)?,
            OrderKey::Distance(distance) => distance.fmt(f)?,
        }
        if self.descending {
            f.write_str(" DESC")?;
        }
        match self.nulls {
            Some(Nulls::First) => f.write_str(" NULLS FIRST"),
            Some(Nulls::Last) => f.write_str(" NULLS LAST"),
            None => Ok(()),
        }
    }
}
