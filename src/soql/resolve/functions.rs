//! Fields and functions of fields, seen from a record.

use super::names::{Found, Scope};
use super::tree::{
    AggregateFunction, Call, Column, DatePart, DistanceExpr, Expr, Function, Targets, Typed,
};
use crate::error::OrgError;
use crate::schema::FieldType;
use crate::soql::ast::{self, Distance, Field, Name};
use compact_str::CompactString;

/// Where in the query a value stands: not every function may stand everywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Clause {
    Select,
    Where,
    GroupBy,
    Having,
    OrderBy,
}

/// A value with the names that the query knows it by.
pub(super) struct Value {
    /// The value.
    pub(super) typed: Typed,
    /// Functions in upper case and canonical paths: equal for equal values.
    pub(super) signature: String,
    /// Canonical name of the field within the functions, without its path.
    pub(super) leaf: CompactString,
    /// True for a function, false for a plain field.
    pub(super) is_call: bool,
}

impl Scope<'_> {
    /// A field or a function of one, for a query without groups.
    pub(super) fn value(&self, field: &Field, clause: Clause) -> Result<Value, OrgError> {
        match field {
            Field::Path(name) => self.path(name),
            Field::Call(call) => self.call(call, clause),
        }
    }

    /// A plain field.
    pub(super) fn path(&self, name: &Name) -> Result<Value, OrgError> {
        let found = self.find(name)?;
        let signature = found.path().into();
        let leaf = found.column.name.clone();
        Ok(Value { typed: found.typed(), signature, leaf, is_call: false })
    }

    fn call(&self, call: &ast::Call, clause: Clause) -> Result<Value, OrgError> {
        let at = call.span.start as usize;
        let name = call.function.text.to_ascii_uppercase();
        if AggregateFunction::named(&name).is_some() || name == "GROUPING" {
            return Err(match clause {
                Clause::Where => self.misplaced(call, "it cannot stand in WHERE"),
                Clause::GroupBy => self.misplaced(call, "it cannot stand in GROUP BY"),
                _ => self.wrong_nesting(call),
            });
        }
        match &call.argument {
            Field::Path(path) => self.apply(call, &name, self.path(path)?, clause),
            Field::Call(inner) if DatePart::named(&name).is_some() => {
                if !inner.function.is("convertTimezone") {
                    return Err(OrgError::wrong_nesting(self.text(), at, &name));
                }
                let Field::Path(path) = &inner.argument else {
                    return Err(OrgError::wrong_nesting(self.text(), at, &name));
                };
                let mut argument = self.path(path)?;
                if argument.typed.column.kind != FieldType::DateTime {
                    return Err(self.misplaced(inner, "it needs a dateTime field"));
                }
                argument.signature = format!("CONVERTTIMEZONE({})", argument.signature);
                self.date(call, argument, true)
            }
            Field::Call(inner) if name == "FORMAT" && inner.function.is("convertCurrency") => {
                let argument = self.call(inner, clause)?;
                self.apply(call, &name, argument, clause)
            }
            Field::Call(_) => Err(OrgError::wrong_nesting(self.text(), at, &name)),
        }
    }

    /// Applies a function to a value that is already there: of a record, or of a group.
    pub(super) fn apply(
        &self,
        call: &ast::Call,
        name: &str,
        argument: Value,
        clause: Clause,
    ) -> Result<Value, OrgError> {
        if DatePart::named(name).is_some() {
            return self.date(call, argument, false);
        }
        match name {
            "TOLABEL" => self.label(call, argument, clause),
            "FORMAT" => self.format(call, argument, clause),
            "CONVERTCURRENCY" => self.convert_currency(call, argument, clause),
            "CONVERTTIMEZONE" => Err(OrgError::wrong_nesting(
                self.text(),
                call.span.start as usize,
                &call.function.text,
            )),
            _ => {
                let at = call.function.span.start as usize;
                Err(OrgError::no_such_function(self.text(), at, &call.function.text))
            }
        }
    }

    pub(super) fn misplaced(&self, call: &ast::Call, why: &str) -> OrgError {
        let at = call.function.span.start as usize;
        OrgError::misplaced_function(self.text(), at, &call.function.text, why)
    }

    fn wrong_nesting(&self, call: &ast::Call) -> OrgError {
        OrgError::wrong_nesting(self.text(), call.span.start as usize, &call.function.text)
    }

    /// A date function.
    pub(super) fn date(
        &self,
        call: &ast::Call,
        argument: Value,
        local: bool,
    ) -> Result<Value, OrgError> {
        let Some(part) = DatePart::named(&call.function.text) else {
            return Err(self.wrong_nesting(call));
        };
        match (part, argument.typed.column.kind) {
            (_, FieldType::DateTime) => {}
            (DatePart::HourInDay | DatePart::DayOnly, _) => {
                return Err(self.misplaced(call, "it needs a dateTime field"));
            }
            (_, FieldType::Date) => {}
            _ => return Err(self.misplaced(call, "it needs a date or dateTime field")),
        }
        let kind = if part == DatePart::DayOnly { FieldType::Date } else { FieldType::Int };
        Ok(call_value(call, Function::Date { part, local }, argument, kind))
    }

    fn label(&self, call: &ast::Call, argument: Value, clause: Clause) -> Result<Value, OrgError> {
        if clause == Clause::OrderBy {
            return Err(self.misplaced(call, "it cannot stand in ORDER BY"));
        }
        if clause == Clause::GroupBy {
            return Err(self.misplaced(call, "it cannot stand in GROUP BY"));
        }
        let column = &argument.typed.column;
        let is_name = column.field.as_ref().is_some_and(|(object, slot)| {
            object.name_slot == Some(*slot) && object.name.eq_ignore_ascii_case("RecordType")
        });
        let listed = matches!(
            column.kind,
            FieldType::Picklist | FieldType::MultiPicklist | FieldType::Combobox
        );
        if !listed && !is_name {
            return Err(self.misplaced(call, "it needs a picklist field"));
        }
        Ok(call_value(call, Function::Label, argument, FieldType::String))
    }

    fn format(&self, call: &ast::Call, argument: Value, clause: Clause) -> Result<Value, OrgError> {
        use FieldType as T;
        if clause != Clause::Select {
            return Err(self.misplaced(call, "it can stand in the SELECT list only"));
        }
        let kind = argument.typed.column.kind;
        let numbers = matches!(kind, T::Int | T::Long | T::Double | T::Currency | T::Percent);
        if !numbers && !matches!(kind, T::Date | T::DateTime | T::Time) {
            return Err(self.misplaced(call, "it needs a number, currency, date or time field"));
        }
        self.check_formats(kind)?;
        Ok(call_value(call, Function::Format, argument, FieldType::String))
    }

    /// Refuses locales whose formats are not known, rather than printing wrong ones.
    fn check_formats(&self, kind: FieldType) -> Result<(), OrgError> {
        if kind == FieldType::Currency {
            self.resolver.one_currency("FORMAT() of amounts in several currencies")?;
        }
        let locale = &self.resolver.context.locale.name;
        if crate::soql::exec::format::is_known(locale) {
            return Ok(());
        }
        let what = format!("FORMAT() in the locale {locale}");
        Err(OrgError::not_emulated(&what, "Set the user's LocaleSidKey to en_US."))
    }

    fn convert_currency(
        &self,
        call: &ast::Call,
        argument: Value,
        clause: Clause,
    ) -> Result<Value, OrgError> {
        if clause != Clause::Select {
            return Err(self.misplaced(call, "it can stand in the SELECT list only"));
        }
        if argument.typed.column.kind != FieldType::Currency {
            return Err(self.misplaced(call, "it needs a currency field"));
        }
        self.resolver.one_currency("convertCurrency() with several currencies")?;
        let kind = argument.typed.column.kind;
        Ok(call_value(call, Function::ConvertCurrency, argument, kind))
    }

    /// `DISTANCE(…)`.
    pub(super) fn distance(&self, distance: &Distance) -> Result<Value, OrgError> {
        let at = distance.field.span.start as usize;
        let misplaced = |why| {
            OrgError::misplaced_function(self.text(), distance.span.start as usize, "DISTANCE", why)
        };
        let Found { reached, place, column } = self.find(&distance.field)?;
        let object = match &reached.at {
            Targets::One(object) => object,
            Targets::Any(_) => return Err(misplaced("it needs a location field")),
        };
        if !matches!(column.kind, FieldType::Location | FieldType::Address) {
            return Err(misplaced("it needs a location field"));
        }
        let compound =
            object.compounds.iter().find(|(slot, _)| place.slot(object.id) == Some(*slot));
        let part =
            |key: &str| compound?.1.iter().find(|(own, _)| *own == key).map(|(_, slot)| *slot);
        let Some(parts) = part("latitude").zip(part("longitude")) else {
            return Err(OrgError::not_filterable(self.text(), at, &column.name));
        };
        let number = |number: &ast::Number| number.text.parse::<f64>().ok();
        let Some(from) = number(&distance.latitude).zip(number(&distance.longitude)) else {
            return Err(misplaced("GEOLOCATION needs two numbers"));
        };
        if !(-90.0..=90.0).contains(&from.0) || !(-180.0..=180.0).contains(&from.1) {
            return Err(misplaced("GEOLOCATION is out of range"));
        }
        let miles = match &*distance.unit.text {
            unit if unit.eq_ignore_ascii_case("mi") => true,
            unit if unit.eq_ignore_ascii_case("km") => false,
            _ => return Err(misplaced("the unit must be 'mi' or 'km'")),
        };
        let path = Found { reached: reached.clone(), place, column: column.clone() }.path();
        let signature = format!("DISTANCE({path},{},{},{miles})", from.0, from.1);
        let expr = DistanceExpr { hops: reached.hops, parts, from, miles };
        Ok(Value {
            typed: Typed {
                expr: Expr::Distance(Box::new(expr)),
                column: Column::computed("DISTANCE", FieldType::Double),
            },
            signature,
            leaf: column.name,
            is_call: true,
        })
    }
}

/// A function of a value.
fn call_value(call: &ast::Call, function: Function, argument: Value, kind: FieldType) -> Value {
    let name = call.function.text.to_ascii_uppercase();
    let signature = format!("{name}({})", argument.signature);
    let mut column = Column::computed(&call.function.text, kind);
    column.field.clone_from(&argument.typed.column.field);
    let leaf = argument.leaf;
    let call = Call { function, argument: argument.typed };
    Value {
        typed: Typed { expr: Expr::Call(Box::new(call)), column },
        signature,
        leaf,
        is_call: true,
    }
}
