//! Random syntax trees that the parser can produce.

use fauxforce::soql::ast::{
    Binding, Call, CategoryReach, Comparison, Condition, DataCategory, DateLiteral, Distance,
    Field, From, GroupBy, Grouping, LikeValue, Literal, LiteralValue, Name, Nulls, Number, Operand,
    Order, OrderKey, Pattern, PatternPart, Query, RowCount, Select, SelectItem, SelectValue,
    SemiJoin, Setting, Span, Text, Tracking, Typeof, TypeofBranch, Unit, Using, With,
};
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;

const SPAN: Span = Span { start: 0, end: 0 };

fn to_name(text: String) -> Name {
    Name { text: text.into(), span: SPAN }
}

fn name() -> BoxedStrategy<Name> {
    let keyword = prop::sample::select(vec![
        "data", "At", "view", "WHEN", "end", "distance", "typeof", "count", "fields", "case",
    ]);
    prop_oneof![
        4 => "x[A-Za-z0-9_]{0,5}(__c|\\.x[a-zé]{0,3}|\\.)?",
        1 => keyword.prop_map(str::to_owned),
    ]
    .prop_map(to_name)
    .boxed()
}

/// A name that is no keyword.
fn identifier() -> impl Strategy<Value = Name> {
    "x[A-Za-z0-9_]{0,6}".prop_map(to_name)
}

fn content() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        "[a-z%_ é😀\\\\']{1,6}",
        Just("line\nbreak\r\t\u{8}\"".to_owned()),
    ]
}

fn text() -> impl Strategy<Value = Text> {
    content().prop_map(|text| Text { text: text.into(), span: SPAN })
}

fn number_text() -> impl Strategy<Value = String> {
    "[+-]?([0-9]{1,6}|[0-9]{0,3}\\.[0-9]{1,3})"
}

fn number() -> impl Strategy<Value = Number> {
    number_text().prop_map(|text| Number { text: text.into(), span: SPAN })
}

fn call(function: Name, argument: Field) -> Field {
    Field::Call(Box::new(Call { function, argument, span: SPAN }))
}

fn field() -> impl Strategy<Value = Field> {
    prop_oneof![
        3 => name().prop_map(Field::Path),
        1 => (name(), name()).prop_map(|(f, path)| call(f, Field::Path(path))),
        1 => (name(), name(), name()).prop_map(|(f, g, path)| call(f, call(g, Field::Path(path)))),
    ]
}

fn distance() -> impl Strategy<Value = Distance> {
    (name(), number(), number(), text()).prop_map(|(field, latitude, longitude, unit)| Distance {
        field,
        latitude,
        longitude,
        unit,
        span: SPAN,
    })
}

fn date_literal() -> impl Strategy<Value = DateLiteral> {
    let unit = prop::sample::select(vec![
        Unit::Week,
        Unit::Month,
        Unit::Quarter,
        Unit::Year,
        Unit::FiscalQuarter,
        Unit::FiscalYear,
    ]);
    let plain = prop::sample::select(vec![
        DateLiteral::Yesterday,
        DateLiteral::Today,
        DateLiteral::Tomorrow,
        DateLiteral::Last90Days,
        DateLiteral::Next90Days,
        DateLiteral::LastNDays,
        DateLiteral::NextNDays,
        DateLiteral::NDaysAgo,
    ]);
    let of_unit: Vec<fn(Unit) -> DateLiteral> = vec![
        DateLiteral::Last,
        DateLiteral::This,
        DateLiteral::Next,
        DateLiteral::LastN,
        DateLiteral::NextN,
        DateLiteral::NAgo,
    ];
    let of_unit = (prop::sample::select(of_unit), unit).prop_map(|(make, unit)| make(unit));
    prop_oneof![plain, of_unit]
}

/// Any literal but text.
fn plain_literal() -> impl Strategy<Value = Literal> {
    let value = prop_oneof![
        number_text().prop_map(|text| LiteralValue::Number(text.into())),
        (1700..4000, 1..=12, 1..=28)
            .prop_map(|(y, m, d)| LiteralValue::Date(format!("{y}-{m:02}-{d:02}").into())),
        (0..24, "Z|z|[+]0530|-08:00|\\.123Z").prop_map(|(hour, zone)| {
            LiteralValue::DateTime(format!("2026-05-02T{hour:02}:30:00{zone}").into())
        }),
        (0..24).prop_map(|hour| LiteralValue::Time(format!("{hour:02}:00:00.000Z").into())),
        any::<bool>().prop_map(LiteralValue::Boolean),
        Just(LiteralValue::Null),
        (date_literal(), of(any::<u32>()))
            .prop_map(|(literal, n)| LiteralValue::Relative { literal, n }),
        ("[A-Z]{3}", "[0-9]{1,5}|-[0-9]{1,3}(\\.[0-9]{2})?").prop_map(|(code, amount)| {
            LiteralValue::Currency { code: code.into(), amount: amount.into() }
        }),
    ];
    value.prop_map(|value| Literal { value, span: SPAN })
}

fn literal() -> impl Strategy<Value = Literal> {
    prop_oneof![
        content().prop_map(|text| Literal { value: LiteralValue::Text(text.into()), span: SPAN }),
        plain_literal(),
    ]
}

fn pattern() -> impl Strategy<Value = Pattern> {
    let part = prop_oneof![
        "[a-z%_\\\\' ]{1,3}".prop_map(|text| PatternPart::Text(text.into())),
        Just(PatternPart::AnyText),
        Just(PatternPart::AnyCharacter),
    ];
    vec(part, 0..4).prop_map(|mut parts| {
        parts.dedup_by(|a, b| matches!((a, b), (PatternPart::Text(_), PatternPart::Text(_))));
        Pattern { parts, span: SPAN }
    })
}

fn operand() -> impl Strategy<Value = Operand> {
    prop_oneof![
        5 => field().prop_map(Operand::Field),
        1 => distance().prop_map(Operand::Distance),
        1 => (name(), any::<bool>(), name())
            .prop_map(|(left, minus, right)| Operand::Arithmetic { left, minus, right }),
    ]
}

/// A condition without connectives and sub-queries.
fn comparison() -> BoxedStrategy<Condition> {
    let operator = prop::sample::select(vec![
        Comparison::Equal,
        Comparison::NotEqual,
        Comparison::Less,
        Comparison::LessOrEqual,
        Comparison::Greater,
        Comparison::GreaterOrEqual,
    ]);
    let pattern = prop_oneof![
        pattern().prop_map(LikeValue::Pattern),
        plain_literal().prop_map(LikeValue::Other),
    ];
    prop_oneof![
        (operand(), operator, literal()).prop_map(|(left, operator, value)| Condition::Compare {
            left,
            operator,
            value
        }),
        (field(), pattern).prop_map(|(field, pattern)| Condition::Like { field, pattern }),
        (field(), any::<bool>(), vec(literal(), 1..4))
            .prop_map(|(field, negated, values)| Condition::In { field, negated, values }),
        (field(), any::<bool>(), vec(literal(), 1..4))
            .prop_map(|(field, negated, values)| Condition::Includes { field, negated, values }),
    ]
    .boxed()
}

fn condition() -> BoxedStrategy<Condition> {
    comparison()
        .prop_recursive(3, 12, 3, |inner| {
            let semi_join = (field(), vec(from(), 1..3), of(inner.clone()), of(with_filter()))
                .prop_map(|(field, from, filter, with)| {
                    Box::new(SemiJoin { span: SPAN, field, from, filter, with })
                });
            prop_oneof![
                vec(inner.clone(), 2..4).prop_map(Condition::And),
                vec(inner.clone(), 2..4).prop_map(Condition::Or),
                inner.prop_map(|inner| Condition::Not(Box::new(inner))),
                (field(), any::<bool>(), semi_join).prop_map(|(field, negated, query)| {
                    Condition::InQuery { field, negated, query }
                }),
            ]
        })
        .boxed()
}

fn from() -> BoxedStrategy<From> {
    let using =
        prop_oneof![identifier().prop_map(Using::Scope), identifier().prop_map(Using::Lookup),];
    (identifier(), of(name()), vec(using, 0..3))
        .prop_map(|(object, alias, using)| From { object, alias, using })
        .boxed()
}

/// The `WITH` clause that may come first.
fn with_filter() -> BoxedStrategy<With> {
    let reach = prop::sample::select(vec![
        CategoryReach::At,
        CategoryReach::Above,
        CategoryReach::Below,
        CategoryReach::AboveOrBelow,
    ]);
    let category = (name(), reach, vec(name(), 1..3))
        .prop_map(|(group, reach, categories)| DataCategory { group, reach, categories });
    prop_oneof![
        vec(category, 1..3).prop_map(With::DataCategory),
        (name(), text()).prop_map(|(name, value)| With::KeyValue { name, value }),
    ]
    .boxed()
}

fn with() -> impl Strategy<Value = Vec<With>> {
    let value = prop_oneof![
        content().prop_map(|text| LiteralValue::Text(text.into())),
        "[0-9]{1,5}".prop_map(|text| LiteralValue::Number(text.into())),
        any::<bool>().prop_map(LiteralValue::Boolean),
    ];
    let setting = (name(), value)
        .prop_map(|(name, value)| Setting { name, value: Literal { value, span: SPAN } });
    let named = prop_oneof![
        name().prop_map(With::Mode),
        (name(), vec(setting, 1..3)).prop_map(|(name, settings)| With::Context { name, settings }),
    ];
    (of(with_filter()), vec(named, 0..3))
        .prop_map(|(first, rest)| first.into_iter().chain(rest).collect())
}

fn group_by() -> impl Strategy<Value = GroupBy> {
    let kind = prop::sample::select(vec![Grouping::Plain, Grouping::Rollup, Grouping::Cube]);
    (kind, vec(field(), 1..4), of(condition())).prop_map(|(kind, fields, having)| GroupBy {
        kind,
        fields,
        having,
        span: SPAN,
    })
}

fn order() -> impl Strategy<Value = Order> {
    let key = prop_oneof![
        4 => field().prop_map(OrderKey::Field),
        1 => distance().prop_map(OrderKey::Distance),
    ];
    let nulls = of(prop::sample::select(vec![Nulls::First, Nulls::Last]));
    (key, any::<bool>(), nulls).prop_map(|(key, descending, nulls)| Order {
        key,
        descending,
        nulls,
    })
}

fn row_count() -> impl Strategy<Value = RowCount> {
    (-5..3000i64).prop_map(|rows| RowCount { rows, span: SPAN })
}

fn type_of() -> impl Strategy<Value = Typeof> {
    let branch =
        (name(), vec(name(), 1..3)).prop_map(|(object, fields)| TypeofBranch { object, fields });
    (name(), vec(branch, 1..3), vec(name(), 0..3)).prop_map(|(operand, branches, otherwise)| {
        Typeof { operand, branches, otherwise, span: SPAN }
    })
}

fn select(inner: BoxedStrategy<Query>) -> impl Strategy<Value = Select> {
    let value = prop_oneof![
        5 => field().prop_map(SelectValue::Field),
        1 => inner.prop_map(|query| SelectValue::Query(Box::new(query))),
        1 => type_of().prop_map(SelectValue::Typeof),
        1 => distance().prop_map(SelectValue::Distance),
    ];
    let item = (value, of(identifier())).prop_map(|(value, alias)| SelectItem { value, alias });
    prop_oneof![
        1 => Just(Select::Count(SPAN)),
        5 => vec(item, 1..4).prop_map(Select::Items),
    ]
}

fn level(select: impl Strategy<Value = Select> + 'static) -> BoxedStrategy<Query> {
    let binding = (name(), literal()).prop_map(|(name, value)| Binding { name, value });
    let tracking = prop::sample::select(vec![Tracking::View, Tracking::Reference]);
    let head = (select, vec(from(), 1..3), of(condition()), with(), of(group_by()));
    let tail = (
        vec(order(), 0..3),
        of(row_count()),
        of(row_count()),
        vec(binding, 0..2),
        of(tracking),
        vec(identifier(), 0..2),
    );
    (head, tail)
        .prop_map(|((select, from, filter, with, group_by), tail)| {
            let (order_by, limit, offset, bind, tracking, update) = tail;
            Query {
                span: SPAN,
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
            }
        })
        .boxed()
}

/// A query with children and grandchildren.
pub(super) fn query() -> BoxedStrategy<Query> {
    let leaf = level(Just(Select::Count(SPAN)));
    let child = level(select(leaf));
    level(select(child))
}
