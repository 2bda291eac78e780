//! Values of expressions, for one record or one group.

use super::{calendar, format};
use crate::id::Id;
use crate::schema::{ObjectSpec, Picklist};
use crate::soql::context::{Context, Locale};
use crate::soql::disputed::Disputed;
use crate::soql::resolve::tree::{Call, DistanceExpr, Expr, Function, Hop, Path, Place};
use crate::store::{Row, State};
use crate::value::Value;
use compact_str::CompactString;
use std::borrow::Cow;
use std::sync::Arc;

/// What values depend on besides the state.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Deleted rows count.
    pub all_rows: bool,
    /// It was asked for through the Tooling API.
    pub tooling: bool,
    /// The user's locale.
    pub locale: Locale,
    /// A queue's type is `Queue`.
    pub queues_are_queues: bool,
    /// The type of a polymorphic parent is `Name`.
    pub polymorphic_parents_are_names: bool,
}

impl Default for Settings {
    fn default() -> Settings {
        let disputed = Disputed::default();
        Settings {
            all_rows: false,
            tooling: false,
            locale: Locale::default(),
            queues_are_queues: disputed.queues_are_queues,
            polymorphic_parents_are_names: disputed.polymorphic_parents_are_names,
        }
    }
}

impl Settings {
    /// The settings of a query.
    pub fn of(context: &Context<'_>) -> Settings {
        Settings {
            all_rows: context.all_rows,
            tooling: context.tooling,
            locale: context.locale.clone(),
            queues_are_queues: context.disputed.queues_are_queues,
            polymorphic_parents_are_names: context.disputed.polymorphic_parents_are_names,
        }
    }
}

/// Where values are read.
#[derive(Clone, Copy)]
pub struct Env<'s> {
    /// The org's data.
    pub state: &'s State,
    /// The rest.
    pub settings: &'s Settings,
}

/// A record and its object.
#[derive(Clone, Copy)]
pub struct Record<'s> {
    /// The object.
    pub object: &'s Arc<ObjectSpec>,
    /// The row.
    pub row: &'s Row,
}

static NULL: Value = Value::Null;

impl<'s> Env<'s> {
    /// The id in a reference.
    pub fn parent_id(&self, record: Record<'s>, hop: &Hop) -> Option<Id> {
        record.row.id(hop.place.slot(record.object.id)?)
    }

    /// The parent behind a reference.
    pub fn parent(&self, record: Record<'s>, hop: &'s Hop) -> Option<Record<'s>> {
        self.parent_of_id(self.parent_id(record, hop)?, hop)
    }

    /// The parent that an id in a reference names.
    fn parent_of_id(&self, id: Id, hop: &'s Hop) -> Option<Record<'s>> {
        let object = hop.targets.of(id)?;
        let (_, row) = if self.settings.all_rows {
            self.state.row(object, id)?
        } else {
            self.state.live_row(object, id)?
        };
        Some(Record { object, row })
    }

    /// The record at the end of a path.
    fn reach(&self, mut record: Record<'s>, hops: &'s [Hop]) -> Option<Record<'s>> {
        for hop in hops {
            record = self.parent(record, hop)?;
        }
        Some(record)
    }

    /// The field at the end of a path that begins with a reference to this id.
    pub(super) fn above(&self, id: Id, path: &'s Path) -> Cow<'s, Value> {
        let end = path
            .hops
            .split_first()
            .and_then(|(first, others)| self.reach(self.parent_of_id(id, first)?, others));
        end.map_or(Cow::Borrowed(&NULL), |record| self.at(record, &path.place))
    }

    /// The field at a place of a record.
    pub fn at(&self, record: Record<'s>, place: &Place) -> Cow<'s, Value> {
        match (place, place.slot(record.object.id)) {
            (_, Some(slot)) => Cow::Borrowed(record.row.get(slot)),
            (Place::Type, None) => Cow::Owned(Value::text(self.type_of(record))),
            (_, None) => Cow::Borrowed(&NULL),
        }
    }

    /// `Type` of a polymorphic parent.
    fn type_of(&self, record: Record<'s>) -> &'s str {
        let is_queue = || {
            let (slot, field) = record.object.field("type")?;
            text_of(record.row.get(slot), field.picklist.as_deref()).map(|text| text == "Queue")
        };
        let queue = self.settings.queues_are_queues
            && &*record.object.name == "Group"
            && is_queue() == Some(true);
        if queue { "Queue" } else { &record.object.name }
    }

    /// The value of an expression. `record` is `None` for groups, `cells` is empty for records.
    pub fn value<'v>(
        &self,
        expr: &'v Expr,
        record: Option<Record<'v>>,
        cells: &'v [Value],
    ) -> Cow<'v, Value>
    where
        's: 'v,
    {
        let here: &Env<'v> = self;
        match (expr, record) {
            (Expr::Own(slot), Some(record)) => Cow::Borrowed(record.row.get(*slot)),
            (Expr::Path(path), Some(record)) => match here.reach(record, &path.hops) {
                Some(record) => here.at(record, &path.place),
                None => Cow::Borrowed(&NULL),
            },
            (Expr::Cell(cell), _) => cells.get(*cell).map_or(Cow::Borrowed(&NULL), Cow::Borrowed),
            (Expr::Call(call), record) => here.call(call, record, cells),
            (Expr::Distance(distance), Some(record)) => {
                Cow::Owned(here.distance(distance, record).map_or(Value::Null, Value::Double))
            }
            (Expr::Own(_) | Expr::Path(_) | Expr::Distance(_), None) => Cow::Borrowed(&NULL),
        }
    }

    fn call<'v>(
        &self,
        call: &'v Call,
        record: Option<Record<'v>>,
        cells: &'v [Value],
    ) -> Cow<'v, Value>
    where
        's: 'v,
    {
        let argument = self.value(&call.argument.expr, record, cells);
        let locale = &self.settings.locale;
        match call.function {
            Function::Date { part, local } => {
                let zone = local.then_some(locale.zone.as_str());
                Cow::Owned(calendar::part(part, &argument, zone, locale.fiscal()))
            }
            Function::Label => match call.argument.column.picklist.as_deref() {
                Some(picklist) => Cow::Owned(label(&argument, picklist)),
                None => argument,
            },
            Function::Format => {
                Cow::Owned(format::format(&argument, &call.argument.column, locale))
            }
            Function::ConvertCurrency => argument,
        }
    }

    /// The distance between two points of a sphere, by the haversine formula.
    fn distance(&self, distance: &'s DistanceExpr, record: Record<'s>) -> Option<f64> {
        let record = self.reach(record, &distance.hops)?;
        let degrees = |slot| match record.row.get(slot) {
            Value::Double(degrees) => Some(*degrees),
            Value::Int(degrees) => Some(*degrees as f64),
            _ => None,
        };
        let (latitude, longitude) = (degrees(distance.parts.0)?, degrees(distance.parts.1)?);
        let (from_latitude, from_longitude) = distance.from;
        let half = |a: f64, b: f64| ((a - b).to_radians() / 2.0).sin().powi(2);
        let cosines = latitude.to_radians().cos() * from_latitude.to_radians().cos();
        let chord = half(latitude, from_latitude) + cosines * half(longitude, from_longitude);
        let radius = if distance.miles { 3_958.761 } else { 6_371.009 };
        Some(2.0 * radius * chord.sqrt().min(1.0).asin())
    }
}

/// The text of a text or picklist value.
pub fn text_of<'v>(value: &'v Value, picklist: Option<&'v Picklist>) -> Option<&'v str> {
    match (value, picklist) {
        (Value::Text(text), _) => Some(text),
        (Value::Pick(code), Some(picklist)) => Some(&picklist.value(*code).value),
        _ => None,
    }
}

/// The label of a picklist value, or the labels of a multi-select picklist's values.
fn label(value: &Value, picklist: &Picklist) -> Value {
    match value {
        Value::Pick(code) => Value::text(&picklist.value(*code).label),
        Value::Text(text) => {
            let mut labels = CompactString::default();
            for part in text.split(';') {
                if !labels.is_empty() {
                    labels.push(';');
                }
                let code = picklist.code(part);
                labels.push_str(code.map_or(part, |code| &picklist.value(code).label));
            }
            Value::Text(labels)
        }
        other => other.clone(),
    }
}
