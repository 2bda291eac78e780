//! A state as one file: exported, kept beside tests, imported by another process.
//!
//! The line `fauxforce snapshot`, the version of the format (4 bytes), the length of what follows
//! (8 bytes), its SHA-256, and the content: a [`Dump`](dump::Dump) as MessagePack, deflated. Numbers
//! are big-endian. Objects, fields and picklist values are there by name, so that a program with
//! another schema can read the file, or say what does not fit. The same state gives the same bytes.

mod dump;
mod label;

pub use label::Label;
pub(super) use label::{label, labelled, maybe_label};

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

/// Deeper values are refused: no document is as deep, and reading must not exhaust the stack.
const DEEPEST: usize = 300;

/// The file of a state.
pub fn write(state: &State) -> Vec<u8> {
    let packed = ZlibEncoder::new(Vec::new(), Compression::fast());
    let mut serializer: rmp_serde::Serializer<_, StructMapConfig<_>> =
        rmp_serde::Serializer::new(packed).with_struct_map();
    Dump::of(state).serialize(&mut serializer).expect("every part of a state can be written");
    let packed = serializer.into_inner().finish().expect("memory takes what is written");
    let mut file = Vec::with_capacity(HEAD + packed.len());
    file.extend_from_slice(MAGIC);
    file.extend_from_slice(&VERSION.to_be_bytes());
    file.extend_from_slice(&(packed.len() as u64).to_be_bytes());
    file.extend_from_slice(&Sha256::digest(&packed));
    file.extend_from_slice(&packed);
    file
}

/// The state of a file.
pub fn read(bytes: &[u8]) -> Result<State, FileFault> {
    let packed = content(bytes)?;
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
