//! A state as one file: exported, kept beside tests, imported by another process.
//!
//! The line `fauxforce snapshot`, the version of the format (4 bytes), the length of what follows
//! (8 bytes), its SHA-256, and the content: a [`Dump`](dump::Dump) as MessagePack, deflated. Numbers
//! are big-endian. Objects, fields and picklist values are there by name, so that a program with
//! another schema can read the file, or say what does not fit. The same state gives the same bytes.

mod dump;
mod label;

pub use label::Label;
pub(super) use label::{label, maybe_label};

use super::state::State;
use crate::error::FileFault;
use dump::{Dump, Packed};
use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;
use rmp_serde::config::StructMapConfig;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::io::{BufReader, Read};

/// How a file begins.
const MAGIC: &[u8] = b"fauxforce snapshot\n";

/// The version of the format. A change that an older program would read wrongly makes it a new one.
pub const VERSION: u32 = 1;

/// Bytes before the content.
const HEAD: usize = MAGIC.len() + 4 + 8 + 32;

/// Most bytes of the content unpacked.
const MOST: u64 = 2 * 1024 * 1024 * 1024;

/// Deeper values are refused: no document is as deep (JSON's parser takes 128 levels, of which each
/// is up to three here).
const DEEPEST: usize = 600;

/// The stack on which values so deep are read, whoever asks.
const STACK: usize = 16 * 1024 * 1024;

/// The file of a state.
pub fn write(state: &State) -> Vec<u8> {
    let packed = ZlibEncoder::new(Vec::new(), Compression::fast());
    let mut serializer: rmp_serde::Serializer<_, StructMapConfig<_>> =
        rmp_serde::Serializer::new(packed).with_struct_map();
    Dump::of(state).serialize(&mut serializer).expect("every part of a state can be written");
    framed(&serializer.into_inner().finish().expect("memory takes what is written"))
}

/// The file around its deflated content.
fn framed(packed: &[u8]) -> Vec<u8> {
    let mut file = Vec::with_capacity(HEAD + packed.len());
    file.extend_from_slice(MAGIC);
    file.extend_from_slice(&VERSION.to_be_bytes());
    file.extend_from_slice(&(packed.len() as u64).to_be_bytes());
    file.extend_from_slice(&Sha256::digest(packed));
    file.extend_from_slice(packed);
    file
}

/// The state of a file.
pub fn read(bytes: &[u8]) -> Result<State, FileFault> {
    let packed = content(bytes)?;
    std::thread::scope(|scope| {
        let reader = std::thread::Builder::new().stack_size(STACK);
        let reader = reader.spawn_scoped(scope, || unpack(packed));
        let reader = reader.map_err(|error| FileFault::Unreadable(error.to_string()))?;
        reader.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// The state of a file's content.
fn unpack(packed: &[u8]) -> Result<State, FileFault> {
    let unpacked = BufReader::new(ZlibDecoder::new(packed).take(MOST));
    let mut deserializer = rmp_serde::Deserializer::new(unpacked);
    deserializer.set_max_depth(DEEPEST);
    let dump = Dump::<Packed>::deserialize(&mut deserializer);
    let rest = deserializer.into_inner();
    if rest.get_ref().limit() == 0 {
        return Err(FileFault::TooBig(MOST));
    }
    dump.map_err(|error| FileFault::Unreadable(error.to_string()))?.into_state()
}

/// What follows the head, if the head is right about it.
fn content(bytes: &[u8]) -> Result<&[u8], FileFault> {
    let found = bytes.len() as u64;
    let begins = MAGIC.len().min(bytes.len());
    if bytes.is_empty() || bytes[..begins] != MAGIC[..begins] {
        return Err(FileFault::NotASnapshot);
    }
    let cut_short = |wanted: u64| FileFault::CutShort { found, wanted };
    let Some((version, rest)) = bytes.get(MAGIC.len()..).and_then(<[u8]>::split_first_chunk) else {
        return Err(cut_short(HEAD as u64));
    };
    let version = u32::from_be_bytes(*version);
    if version != VERSION {
        return Err(FileFault::Version { found: version, own: VERSION });
    }
    let head = rest.split_first_chunk().and_then(|(length, rest)| {
        let (sum, content) = rest.split_first_chunk::<32>()?;
        Some((u64::from_be_bytes(*length), sum, content))
    });
    let Some((length, sum, content)) = head else { return Err(cut_short(HEAD as u64)) };
    let wanted = length.saturating_add(HEAD as u64);
    match found {
        found if found < wanted => return Err(cut_short(wanted)),
        found if found > wanted => return Err(FileFault::TooLong { found, wanted }),
        _ => {}
    }
    if *Sha256::digest(content) != *sum {
        return Err(FileFault::Corrupted);
    }
    Ok(content)
}

#[cfg(test)]
mod tests {
    use super::super::jobs::{Job, Pace};
    use super::super::row::Draft;
    use super::super::{Ask, ConcurUser, Doc, OutboundCall, ScimAsk, ScimWhat};
    use super::*;
    use crate::clock::Clock;
    use crate::id::Id;
    use crate::schema::{Features, Schema, import};
    use crate::value::Value;
    use proptest::prelude::*;
    use std::io::Write as _;
    use std::sync::Arc;

    /// A state with something of everything.
    fn state() -> State {
        let mut schema = Schema::clone(&Schema::standard(Features::DEFAULT));
        let added = r#"[{"name":"Thing__c","fields":[{"name":"Key__c","type":"string","length":9,
            "externalId":true,"unique":true}]},{"name":"Account","fields":[{"name":"More__c",
            "type":"picklist","picklistValues":[{"value":"One","label":"One","active":true}]}]}]"#;
        schema.extend(import::describe(added).expect("a describe")).expect("it fits");
        let mut state = State::new(Arc::new(schema), Clock::Virtual { now: 7 });
        let schema = Arc::clone(&state.schema);
        for (name, field, value) in [
            ("Account", "Name", Value::text("Acme")),
            ("Account", "More__c", Value::Pick(0)),
            ("Account", "AnnualRevenue", Value::Double(0.1)),
            ("Thing__c", "Key__c", Value::text("k")),
        ] {
            let object = schema.by_name(name).expect(name);
            let number = state.table(object.id).next();
            let id = match number {
                1 => Id::parse("001D000000K0fXO").expect("an id from elsewhere"),
                _ => Id::own(object.key_prefix, u64::from(number) + 1),
            };
            let mut row = Draft::new(object.fields.len());
            row.set(object.system.id, Value::Id(id));
            row.set(object.field(field).expect(field).0, value);
            state.table_mut(object).insert(id, row.build(u64::from(number) + 3));
        }
        let account = schema.by_name("Account").expect("Account");
        state.table_mut(account).bury(Id::own(*b"001", 9), 5);
        state.jobs.push(20, Job::new("test", Id::own(*b"001", 1)));
        state.jobs.pace(5, Pace::Polls(2), Job::new("other", Id::own(*b"001", 3)));
        let what = ScimWhat::Replace(Doc::object().with("active", false));
        let ask = ScimAsk::About { id: Some("7".into()), name: "mia".into(), what };
        state.calls.ask(OutboundCall {
            number: 0,
            job: Job::new("test", Id::own(*b"001", 1)),
            url: "http://target.test".into(),
            authorization: Some("Bearer x".into()),
            timeout: 9,
            ask: Ask::Scim(Box::new(ask)),
        });
        state.tallies.insert(("tally", Id::own(*b"001", 1)), 4);
        state.passwords.insert(Id::own(*b"005", 1), "secret".into());
        state.remember_made(Id::own(*b"005", 1), Id::own(*b"001", 1));
        let doc = Doc::object().with("userName", "mia").with("n", Doc::List(vec![Doc::Int(1)]));
        let id: Arc<str> = "u".into();
        state.concur.put_user(ConcurUser { id, created: 1, modified: 2, version: 3, doc });
        state
    }

    fn unpacked(file: &[u8]) -> Vec<u8> {
        let mut content = Vec::new();
        ZlibDecoder::new(&file[HEAD..]).read_to_end(&mut content).expect("it is deflated");
        content
    }

    /// A file of any content, with the right length and checksum.
    fn with_content(content: &[u8]) -> Vec<u8> {
        let mut packed = ZlibEncoder::new(Vec::new(), Compression::fast());
        packed.write_all(content).expect("memory");
        framed(&packed.finish().expect("memory"))
    }

    #[test]
    fn a_state_goes_through_a_file() {
        let before = state();
        let file = write(&before);
        let after = read(&file).expect("a sound file");
        assert!(write(&after) == file, "the same bytes again");
        let table = |state: &State, name: &str| {
            let object = state.schema.by_name(name).expect(name).id;
            Arc::clone(state.table(object))
        };
        let accounts = table(&after, "Account");
        assert_eq!((accounts.next(), accounts.live(), accounts.held()), (3, 3, 3));
        let foreign = Id::parse("001D000000K0fXO").expect("an id");
        let account = after.schema.by_name("Account").expect("Account");
        assert_eq!(accounts.find(foreign, account.system.id), Some(1));
        assert_eq!(accounts.buried(0, 9).count(), 1);
        let (key, _) = after.schema.by_name("Thing__c").expect("it").field("Key__c").expect("it");
        assert_eq!(table(&after, "Thing__c").lookup(key, &Value::text("K")), [0]);
        assert_eq!(after.calls.open().next(), before.calls.open().next());
        assert_eq!(after.jobs.next_due(), Some(20));
        assert!(after.jobs.await_requests());
        assert_eq!(after.concur.user_named("MIA"), before.concur.user_named("mia"));
        assert_eq!(after.schema.generation(), before.schema.generation());
        assert_eq!(after.recent(Id::own(*b"005", 1)).count(), 1);
    }

    #[test]
    fn purged_rows_leave_their_numbers() {
        let mut before = state();
        let schema = Arc::clone(&before.schema);
        let object = schema.by_name("Contact").expect("Contact");
        for number in 1..=300 {
            let id = Id::own(object.key_prefix, number);
            let mut row = Draft::new(object.fields.len());
            row.set(object.system.id, Value::Id(id));
            before.table_mut(object).insert(id, row.build(1));
        }
        for number in (0..200).chain([299]) {
            let id = Id::own(object.key_prefix, u64::from(number) + 1);
            before.table_mut(object).purge(number, id);
        }
        let after = read(&write(&before)).expect("a sound file");
        let (old, new) = (before.table(object.id), after.table(object.id));
        assert_eq!((new.next(), new.live(), new.held()), (300, 99, 99));
        assert!(old.rows().map(|(at, _)| at).eq(new.rows().map(|(at, _)| at)));
        assert!(
            old.pages()
                .map(crate::store::page::Page::live)
                .eq(new.pages().map(crate::store::page::Page::live))
        );
    }

    proptest! {
        /// Whatever a file holds under a right checksum, reading it ends in a state or an error.
        #[test]
        fn strange_content_never_panics(
            changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4)
        ) {
            let mut content = unpacked(&write(&state()));
            for (at, byte) in changes {
                let at = at.index(content.len());
                content[at] = byte;
            }
            if let Ok(state) = read(&with_content(&content)) {
                prop_assert!(!write(&state).is_empty());
            }
        }
    }
}
