use super::*;
use crate::id::Id;
use crate::schema::Schema;
use crate::sosl::ast::FieldGroup;
use crate::sosl::index::WordIndexes;
use crate::sosl::parser;
use crate::sosl::words::digits;
use crate::store::Draft;
use crate::value::Value;
use proptest::prelude::*;
use std::sync::Arc;

/// The definition: looks at every live row.
fn holds(needle: &Needle, object: &ObjectSpec, row: &Row, mask: Groups) -> bool {
    let all = scope::fields(object);
    let texts = |mask: Groups| {
        let fields = all.iter().filter(move |field| field.groups & mask != 0);
        fields.filter_map(|field| text_at(object, row, *field))
    };
    let part = |part: &Needle| holds(part, object, row, mask);
    match needle {
        Needle::Sequence(sequence) => {
            let cut = |text| words(text).collect::<Vec<Word>>();
            texts(mask).any(|text| sequence.places(&cut(text)).next().is_some())
                || sequence.number.as_ref().is_some_and(|number| {
                    texts(mask & PHONE).any(|text| {
                        let as_digits = !digits(text).is_empty() && number.fits(&digits(text));
                        as_digits || cut(text).iter().any(|word| number.fits(&word.text))
                    })
                })
        }
        Needle::Beside(parts) | Needle::All(parts) => parts.iter().all(part),
        Needle::Any(parts) => parts.iter().any(part),
        Needle::Without(both) => part(&both.0) && !part(&both.1),
    }
}

/// One org's side of the test: a table and its indexes.
struct Side {
    table: Arc<Table>,
    indexes: WordIndexes,
}

impl Side {
    fn check(&self, object: &Arc<ObjectSpec>, term: &str, group: FieldGroup) {
        let text = format!("FIND {{{term}}}");
        let search = parser::parse(&text).expect(&text);
        let Ok(Some(needle)) = Needle::of(&search, &text) else { return };
        let mask = scope::mask(group, &object.name);
        let (index, fields) = self.indexes.get(object, &self.table);
        let table = &self.table;
        let haystack = Haystack { object, table, index: &index, fields: &fields, mask };
        let found: Vec<RowNum> = haystack.find(&needle).rows().collect();
        let model = table.live_rows().filter(|(_, row)| holds(&needle, object, row, mask));
        let model: Vec<RowNum> = model.map(|(number, _)| number).collect();
        assert_eq!(found, model, "{term} {group:?}");
    }
}

#[derive(Clone, Debug)]
enum Step {
    Insert(Vec<String>),
    Update(u32, Vec<String>),
    Delete(u32),
    Undelete(u32),
    Purge(u32),
    Fork,
    Switch(usize),
    Find(String, FieldGroup),
}

const SLOTS: [&str; 5] = ["lastname", "description", "email", "phone", "mobilephone"];

fn contents() -> impl Strategy<Value = Vec<String>> {
    let word = "(joe|joan|smith|smithson|Éva|eva|ab1|東京|12|34|)";
    let text = proptest::string::string_regex(&format!("({word}[ .-]){{0,4}}{word}"));
    let phone = "(\\(?[12]{2}\\)?[ -]?[34]{2}){0,2}";
    let email = "(joe|joan)[.]?(smith)?@(ab1|eva)[.]com";
    let text = text.expect("a pattern").boxed();
    (text.clone(), text, email, phone, phone).prop_map(
        |(name, description, email, phone, mobile)| vec![name, description, email, phone, mobile],
    )
}

fn term() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "joe",
        "JOAN",
        "smith",
        "smith*",
        "j?a*",
        "eva",
        "Éva",
        "12",
        "1*",
        "joe.smith",
        "1234",
        "12*4",
        "%%",
        "ab1.com",
        "東",
        "\"joe smith\"",
        "\"12 34\"",
        "\"sm* jo*\"",
        "\"12\\-34\"",
        "joe smith",
        "*son",
        "\"東京 joe\"",
        "j*",
    ]);
    let leaf = word.prop_map(ToOwned::to_owned).boxed();
    leaf.prop_recursive(3, 12, 3, |inner| {
        let operator = prop::sample::select(vec![" AND ", " OR ", " AND NOT ", " "]);
        prop_oneof![
            (inner.clone(), operator, inner.clone())
                .prop_map(|(left, operator, right)| format!("{left}{operator}{right}")),
            inner.prop_map(|inner| format!("({inner})")),
        ]
    })
}

fn group() -> impl Strategy<Value = FieldGroup> {
    use FieldGroup::{All, Email, Name, Phone, Sidebar};
    prop::sample::select(vec![All, Name, Email, Phone, Sidebar])
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => contents().prop_map(Step::Insert),
        2 => (any::<u32>(), contents()).prop_map(|(at, texts)| Step::Update(at, texts)),
        1 => any::<u32>().prop_map(Step::Delete),
        1 => any::<u32>().prop_map(Step::Undelete),
        1 => any::<u32>().prop_map(Step::Purge),
        1 => Just(Step::Fork),
        1 => any::<usize>().prop_map(Step::Switch),
        3 => (term(), group()).prop_map(|(term, group)| Step::Find(term, group)),
    ]
}

fn draft(object: &ObjectSpec, number: u32, texts: &[String]) -> Draft {
    let mut draft = Draft::new(object.fields.len());
    let id = Id::own(object.key_prefix, u64::from(number) + 1);
    draft.set(object.system.id, Value::Id(id));
    for (name, text) in SLOTS.iter().zip(texts) {
        let (slot, _) = object.field(name).expect(name);
        if !text.is_empty() {
            draft.set(slot, Value::text(text));
        }
    }
    draft
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn the_index_finds_what_a_scan_finds(
        steps in prop::collection::vec(step(), 1..60),
        terms in prop::collection::vec((term(), group()), 4)
    ) {
        let schema = Schema::default();
        let object = schema.by_name("Contact").expect("Contact");
        let mut sides = vec![Side { table: Arc::default(), indexes: WordIndexes::default() }];
        let mut at = 0;
        let mut commit = 1;
        for step in steps {
            commit += 1;
            let next = sides[at].table.next();
            let side = &mut sides[at];
            let set_deleted = |side: &mut Side, number: u32, deleted: u64| {
                let number = number % next.max(1);
                let Some(row) = side.table.get(number).cloned() else { return };
                let mut draft = Draft::of(&row, object.fields.len());
                draft.set_deleted(deleted);
                Arc::make_mut(&mut side.table).replace(number, draft.build(commit));
            };
            match step {
                Step::Insert(texts) => {
                    let id = Id::own(object.key_prefix, u64::from(next) + 1);
                    let row = draft(object, next, &texts).build(commit);
                    Arc::make_mut(&mut side.table).insert(id, row);
                }
                Step::Update(number, texts) if next > 0 => {
                    let number = number % next;
                    if side.table.get(number).is_some_and(|row| !row.is_deleted()) {
                        let row = draft(object, number, &texts).build(commit);
                        Arc::make_mut(&mut side.table).replace(number, row);
                    }
                }
                Step::Delete(number) => set_deleted(side, number, commit),
                Step::Undelete(number) => set_deleted(side, number, 0),
                Step::Purge(number) if next > 0 => {
                    let number = number % next;
                    let id = Id::own(object.key_prefix, u64::from(number) + 1);
                    Arc::make_mut(&mut side.table).purge(number, id);
                }
                Step::Fork => {
                    let table = Arc::clone(&sides[at].table);
                    let indexes = sides[at].indexes.fork();
                    sides.push(Side { table, indexes });
                }
                Step::Switch(to) => at = to % sides.len(),
                Step::Find(term, group) => side.check(object, &term, group),
                Step::Update(..) | Step::Purge(_) => {}
            }
        }
        for side in &sides {
            for (term, group) in &terms {
                side.check(object, term, *group);
            }
        }
    }
}

/// A word that no row has any more is forgotten, whoever had it.
#[test]
fn words_that_are_gone_are_forgotten() {
    let schema = Schema::default();
    let object = schema.by_name("Contact").expect("Contact");
    let mut table = Arc::new(Table::default());
    let indexes = WordIndexes::default();
    let words = |texts: [&str; 5]| texts.map(str::to_owned);
    let id = Id::own(object.key_prefix, 1);
    for round in 0..50 {
        let name = format!("name{round} common");
        let row = draft(object, 0, &words([&name, "", "", "", ""])).build(round + 1);
        if round == 0 {
            Arc::make_mut(&mut table).insert(id, row);
        } else {
            Arc::make_mut(&mut table).replace(0, row);
        }
        assert_eq!(indexes.get(object, &table).0.len(), 2);
    }
    Arc::make_mut(&mut table).purge(0, id);
    assert!(indexes.get(object, &table).0.is_empty());
}
