//! What a query is run against: a state, a user, a moment.

use super::dates::{Calendar, FiscalYear, WeekStart};
use super::disputed::Disputed;
use crate::clock::Millis;
use crate::id::Id;
use crate::schema::ObjectSpec;
use crate::store::{IndexCache, Row, State};
use crate::value::Value;
use compact_str::CompactString;
use std::sync::Arc;

/// What a query is run against.
#[derive(Clone)]
pub struct Context<'a> {
    /// The org's data; the result keeps it.
    pub state: &'a Arc<State>,
    /// Indexes built on demand.
    pub indexes: &'a IndexCache,
    /// Who asks.
    pub user: Id,
    /// The org's time.
    pub now: Millis,
    /// API version, 31 to 67.
    pub version: u32,
    /// Deleted rows too (`queryAll`).
    pub all_rows: bool,
    /// The query came through the Tooling API, which has other objects.
    pub tooling: bool,
    /// How the user's dates, weeks and numbers work.
    pub locale: Locale,
    /// Points on which sources disagree.
    pub disputed: Disputed,
}

/// How a user's dates, weeks and numbers work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Locale {
    /// Time zone by its IANA name.
    pub zone: CompactString,
    /// Language, such as `en_US`.
    pub language: CompactString,
    /// Locale, such as `de_DE`: number and date formats, first day of the week.
    pub name: CompactString,
    /// The org's currency, such as `USD`.
    pub currency: CompactString,
    /// First month of the org's fiscal year, 1 to 12.
    pub fiscal_start: u32,
    /// The fiscal year is named after the calendar year in which it begins, not ends.
    pub fiscal_named_by_start: bool,
}

impl Default for Locale {
    /// UTC, English of the United States, dollars, calendar years.
    fn default() -> Locale {
        Locale {
            zone: "UTC".into(),
            language: "en_US".into(),
            name: "en_US".into(),
            currency: "USD".into(),
            fiscal_start: 1,
            fiscal_named_by_start: false,
        }
    }
}

impl<'a> Context<'a> {
    /// The context of a user at a moment. Time zone, locale and language come from the `User` row,
    /// currency and fiscal year from the `Organization` row.
    pub fn new(
        state: &'a Arc<State>,
        indexes: &'a IndexCache,
        user: Id,
        now: Millis,
        version: u32,
    ) -> Context<'a> {
        Context {
            state,
            indexes,
            user,
            now,
            version,
            all_rows: false,
            tooling: false,
            locale: Locale::of(state, user),
            disputed: Disputed::default(),
        }
    }
}

impl Locale {
    /// What date literals need of it.
    pub fn calendar(&self) -> Calendar<'_> {
        Calendar {
            zone: &self.zone,
            week_start: WeekStart::of_locale(&self.name),
            fiscal: self.fiscal(),
        }
    }

    /// The org's fiscal year.
    pub fn fiscal(&self) -> FiscalYear {
        FiscalYear { start_month: self.fiscal_start, named_by_start: self.fiscal_named_by_start }
    }

    fn of(state: &State, user: Id) -> Locale {
        let mut locale = Locale::default();
        if let Some((object, _, row)) = state.resolve(user) {
            take_text(&mut locale.zone, object, row, "timezonesidkey");
            take_text(&mut locale.language, object, row, "languagelocalekey");
            take_text(&mut locale.name, object, row, "localesidkey");
        }
        let Some(object) = state.schema.by_name("Organization") else { return locale };
        let Some((_, row)) = state.table(object.id).live_rows().next() else { return locale };
        take_text(&mut locale.currency, object, row, "defaultcurrencyisocode");
        if let Some((slot, _)) = object.field("fiscalyearstartmonth")
            && let Value::Int(month @ 1..=12) = row.get(slot)
        {
            locale.fiscal_start = *month as u32;
        }
        if let Some((slot, _)) = object.field("usesstartdateasfiscalyearname") {
            locale.fiscal_named_by_start = row.get(slot).is_true();
        }
        locale
    }
}

/// Reads a text or picklist field, named in lower case, unless it is null.
fn take_text(into: &mut CompactString, object: &ObjectSpec, row: &Row, field: &str) {
    let Some((slot, spec)) = object.field(field) else { return };
    match (row.get(slot), &spec.picklist) {
        (Value::Text(text), _) => into.clone_from(text),
        (Value::Pick(code), Some(picklist)) => *into = (&*picklist.value(*code).value).into(),
        _ => {}
    }
}
