//! The same rows for both sides: accounts, contacts, opportunities, from a fixed seed.

use fauxforce::clock::Clock;
use fauxforce::id::Id;
use fauxforce::schema::{ObjectSpec, Schema};
use fauxforce::store::{Draft, State};
use fauxforce::time;
use fauxforce::value::Value;
use rusqlite::types::Value as Sql;
use rusqlite::{Connection, params_from_iter};
use std::error::Error;
use std::sync::Arc;

/// How many rows of each object there are.
#[derive(Clone, Copy)]
pub(crate) struct Sizes {
    pub(crate) accounts: u64,
    pub(crate) contacts: u64,
    pub(crate) opportunities: u64,
}

/// What the targets are stated for.
pub(crate) const USUAL: Sizes =
    Sizes { accounts: 10_000, contacts: 100_000, opportunities: 200_000 };

const INDUSTRIES: [&str; 10] = [
    "Agriculture",
    "Banking",
    "Chemicals",
    "Education",
    "Energy",
    "Finance",
    "Insurance",
    "Retail",
    "Technology",
    "Utilities",
];
const STAGES: [&str; 10] = [
    "Prospecting",
    "Qualification",
    "Needs Analysis",
    "Value Proposition",
    "Id. Decision Makers",
    "Perception Analysis",
    "Proposal/Price Quote",
    "Negotiation/Review",
    "Closed Won",
    "Closed Lost",
];
const FIRST_NAMES: [&str; 12] = [
    "Ada", "Björn", "Carla", "Dmitri", "Edith", "Farid", "Grace", "Hiro", "Ines", "Jamal", "Kate",
    "Liam",
];
const SYLLABLES: [&str; 20] = [
    "an", "bel", "cor", "dun", "el", "far", "gar", "hol", "is", "jen", "kor", "lin", "mar", "nor",
    "os", "pel", "ros", "sen", "tor", "wil",
];

/// One field of one row.
enum Cell {
    Text(String),
    Number(f64),
    Whole(i64),
    Day(i32),
    Moment(i64),
    Link(&'static str, u64),
}

struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }

    fn of(&mut self, texts: &[&str]) -> String {
        texts[self.below(texts.len() as u64) as usize].to_owned()
    }

    /// One of 8,000 names.
    fn surname(&mut self) -> String {
        let mut name = (0..3).map(|_| self.of(&SYLLABLES)).collect::<String>();
        name[..1].make_ascii_uppercase();
        name
    }
}

type Fields = Vec<(&'static str, Cell)>;

/// 2024-01-01T00:00Z.
const MADE: i64 = 1_704_067_200_000;

/// What every row has.
fn system(random: &mut Random) -> Fields {
    let made = MADE + random.below(63_072_000) as i64 * 1000;
    vec![
        ("OwnerId", Cell::Link("User", 1)),
        ("CreatedById", Cell::Link("User", 1)),
        ("CreatedDate", Cell::Moment(made)),
        ("LastModifiedById", Cell::Link("User", 1)),
        ("LastModifiedDate", Cell::Moment(made)),
        ("SystemModstamp", Cell::Moment(made)),
    ]
}

fn account(number: u64, random: &mut Random) -> Fields {
    let name = format!("{} {} {number}", random.surname(), random.surname());
    let mut fields = vec![
        ("Name", Cell::Text(name)),
        ("Industry", Cell::Text(random.of(&INDUSTRIES))),
        ("BillingCity", Cell::Text(random.surname())),
        ("Phone", Cell::Text(format!("+1 555 {:07}", random.below(10_000_000)))),
        ("NumberOfEmployees", Cell::Whole(random.below(5_000) as i64)),
        ("AnnualRevenue", Cell::Number(random.below(100_000_000) as f64)),
    ];
    fields.extend(system(random));
    fields
}

fn contact(number: u64, sizes: Sizes, random: &mut Random) -> Fields {
    // 256 in 100,000 are called Smith, in three spellings.
    let last = match random.below(100_000) {
        0..256 => random.of(&["Smith", "SMITH", "smith"]),
        _ => random.surname(),
    };
    let first = random.of(&FIRST_NAMES);
    let mut fields = vec![
        ("Email", Cell::Text(format!("{}.{number}@example.com", last.to_lowercase()))),
        ("FirstName", Cell::Text(first)),
        ("LastName", Cell::Text(last)),
        ("AccountId", Cell::Link("Account", random.below(sizes.accounts) + 1)),
        ("Phone", Cell::Text(format!("+1 555 {:07}", random.below(10_000_000)))),
        ("Title", Cell::Text(random.of(&["VP Sales", "CFO", "Buyer", "Director of Operations"]))),
        ("Birthdate", Cell::Day(random.below(18_000) as i32)),
    ];
    fields.extend(system(random));
    fields
}

fn opportunity(number: u64, sizes: Sizes, random: &mut Random) -> Fields {
    let mut fields = vec![
        ("Name", Cell::Text(format!("{} deal {number}", random.surname()))),
        ("AccountId", Cell::Link("Account", random.below(sizes.accounts) + 1)),
        ("StageName", Cell::Text(random.of(&STAGES))),
        ("Amount", Cell::Number(random.below(10_000_000) as f64 / 100.0)),
        ("Probability", Cell::Number(random.below(11) as f64 * 10.0)),
        ("CloseDate", Cell::Day(19_000 + random.below(1_500) as i32)),
    ];
    fields.extend(system(random));
    fields
}

/// Calls `each` with every row: object, number from 1, fields.
fn rows(
    sizes: Sizes,
    mut each: impl FnMut(&'static str, u64, Fields) -> Result<(), Box<dyn Error>>,
) -> Result<(), Box<dyn Error>> {
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    for number in 1..=sizes.accounts {
        each("Account", number, account(number, &mut random))?;
    }
    for number in 1..=sizes.contacts {
        each("Contact", number, contact(number, sizes, &mut random))?;
    }
    for number in 1..=sizes.opportunities {
        each("Opportunity", number, opportunity(number, sizes, &mut random))?;
    }
    Ok(())
}

/// The id of a row.
pub(crate) fn id(schema: &Schema, object: &str, number: u64) -> Id {
    let prefix = schema.by_name(object).map_or(*b"000", |object| object.key_prefix);
    Id::own(prefix, number)
}

/// The rows as an org has them.
pub(crate) fn org(sizes: Sizes) -> Result<Arc<State>, Box<dyn Error>> {
    let schema = Arc::new(Schema::default());
    let mut state = State::new(Arc::clone(&schema), Clock::Virtual { now: MADE });
    state.commit = 1;
    rows(sizes, |object, number, fields| {
        let object: &Arc<ObjectSpec> = schema.by_name(object).ok_or("an object is missing")?;
        let own = Id::own(object.key_prefix, number);
        let mut draft = Draft::new(object.fields.len());
        draft.set(object.system.id, Value::Id(own));
        for (name, cell) in fields {
            let (slot, field) = object.field(name).ok_or("a field is missing")?;
            let value = match (cell, &field.picklist) {
                (Cell::Text(text), Some(picklist)) => match picklist.code(&text) {
                    Some(code) => Value::Pick(code),
                    None => Value::text(&text),
                },
                (Cell::Text(text), None) => Value::text(&text),
                (Cell::Number(number), _) => Value::Double(number),
                (Cell::Whole(number), _) => Value::Int(number),
                (Cell::Day(day), _) => Value::Date(day),
                (Cell::Moment(at), _) => Value::DateTime(at),
                (Cell::Link(to, number), _) => Value::Id(id(&schema, to, number)),
            };
            draft.set(slot, value);
        }
        state.table_mut(object).insert(own, draft.build(1));
        Ok(())
    })?;
    Ok(Arc::new(state))
}

/// The rows as `SQLite` has them: text compares letter case aside, days and moments are stored as
/// the answers show them, indexes on Id and foreign keys.
pub(crate) fn sqlite(sizes: Sizes) -> Result<Connection, Box<dyn Error>> {
    let schema = Schema::default();
    let connection = Connection::open_in_memory()?;
    let mut made: Vec<(&str, String)> = Vec::new();
    connection.execute_batch("BEGIN")?;
    rows(sizes, |object, number, fields| {
        if !made.iter().any(|(own, _)| *own == object) {
            let column = |(name, cell): &(&str, Cell)| match cell {
                Cell::Text(_) => format!("{name} TEXT COLLATE NOCASE"),
                Cell::Number(_) => format!("{name} REAL"),
                Cell::Whole(_) => format!("{name} INTEGER"),
                Cell::Day(_) | Cell::Moment(_) | Cell::Link(..) => format!("{name} TEXT"),
            };
            let columns: Vec<String> = fields.iter().map(column).collect();
            let columns = columns.join(", ");
            connection.execute_batch(&format!(
                "CREATE TABLE {object} (Id TEXT PRIMARY KEY, {columns}) WITHOUT ROWID"
            ))?;
            let marks = vec!["?"; fields.len() + 1].join(", ");
            made.push((object, format!("INSERT INTO {object} VALUES ({marks})")));
        }
        let insert = made.iter().find(|(own, _)| *own == object).map_or("", |(_, sql)| sql);
        let value = |cell: Cell| match cell {
            Cell::Text(text) => Sql::Text(text),
            Cell::Number(number) => Sql::Real(number),
            Cell::Whole(number) => Sql::Integer(number),
            Cell::Day(day) => {
                let mut text = String::new();
                time::write_date(&mut text, day);
                Sql::Text(text)
            }
            Cell::Moment(at) => {
                let mut text = String::new();
                time::write_datetime(&mut text, at);
                Sql::Text(text)
            }
            Cell::Link(to, number) => Sql::Text(id(&schema, to, number).to_string()),
        };
        let own = Sql::Text(id(&schema, object, number).to_string());
        let values = std::iter::once(own).chain(fields.into_iter().map(|(_, cell)| value(cell)));
        connection.prepare_cached(insert)?.execute(params_from_iter(values))?;
        Ok(())
    })?;
    connection.execute_batch(
        "COMMIT;
         CREATE INDEX contact_account ON Contact (AccountId);
         CREATE INDEX opportunity_account ON Opportunity (AccountId);",
    )?;
    Ok(connection)
}
