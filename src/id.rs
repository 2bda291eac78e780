//! Record ids: 15 characters, case-sensitive, printed with a three-character case checksum.
//!
//! Layout: three characters of key prefix, two of pod, a reserved `0`, nine of base-62 counter. The
//! org's own ids carry the pod [`POD`], so the counter gives the row's number in its table.
//! Source: `reference/rest.md` §1.9 (checksum checked against recorded ids).

use serde::de::{Error as _, Unexpected};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use std::fmt;

/// The pod of every id that a fake org makes itself.
pub const POD: [u8; 2] = *b"ff";

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const CHECK: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";

/// The first three characters of an id; they name the object.
pub type KeyPrefix = [u8; 3];

/// A record id. Compares and hashes by its 15 significant characters; prints as 18.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id([u8; 15]);

/// Why a text is not an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdError {
    /// Not 15 or 18 letters and digits.
    Shape,
    /// 18 characters whose last three do not match the first fifteen.
    Checksum,
}

impl Id {
    /// Reads 15 characters, or 18 with a correct checksum.
    pub fn parse(text: &str) -> Result<Id, IdError> {
        let bytes = text.as_bytes();
        if !(bytes.len() == 15 || bytes.len() == 18) || !bytes.iter().all(u8::is_ascii_alphanumeric)
        {
            return Err(IdError::Shape);
        }
        let mut significant = [0; 15];
        significant.copy_from_slice(&bytes[..15]);
        let id = Id(significant);
        if bytes.len() == 18 && bytes[15..] != id.checksum() {
            return Err(IdError::Checksum);
        }
        Ok(id)
    }

    /// The org's own id number `sequence` (from 1) under a key prefix.
    pub fn own(prefix: KeyPrefix, sequence: u64) -> Id {
        let mut bytes = *b"000ff0000000000";
        bytes[..3].copy_from_slice(&prefix);
        bytes[3..5].copy_from_slice(&POD);
        let mut rest = sequence;
        for place in (6..15).rev() {
            bytes[place] = DIGITS[(rest % 62) as usize];
            rest /= 62;
        }
        Id(bytes)
    }

    /// A number for a key prefix, below 62³, from which the prefix follows again. Ids of what an
    /// object has by itself are made of it, so they do not change when other objects come.
    pub fn of_prefix(prefix: KeyPrefix) -> u64 {
        let mut bytes = *b"000ff0000000000";
        bytes[12..].copy_from_slice(&prefix);
        Id(bytes).own_sequence().unwrap_or_default()
    }

    /// The key prefix of a number.
    pub fn prefix_of(number: u64) -> Option<KeyPrefix> {
        let id = Id::own(*b"000", number);
        (number < 62 * 62 * 62).then_some([id.0[12], id.0[13], id.0[14]])
    }

    /// The counter of one of the org's own ids; `None` for an id from elsewhere.
    pub fn own_sequence(self) -> Option<u64> {
        if self.0[3..5] != POD || self.0[5] != b'0' {
            return None;
        }
        self.0[6..].iter().try_fold(0u64, |sum, byte| {
            let digit = match byte {
                b'0'..=b'9' => byte - b'0',
                b'A'..=b'Z' => byte - b'A' + 10,
                _ => byte - b'a' + 36,
            };
            Some(sum * 62 + u64::from(digit))
        })
    }

    /// The first three characters.
    pub fn prefix(self) -> KeyPrefix {
        [self.0[0], self.0[1], self.0[2]]
    }

    /// The 15 significant characters.
    pub fn as_15(&self) -> &str {
        std::str::from_utf8(&self.0).expect("ids are ASCII")
    }

    /// All 18 characters, as bytes of ASCII.
    pub fn to_18(self) -> [u8; 18] {
        self.text().0
    }

    /// All 18 characters.
    pub fn text(self) -> IdText {
        // Words of eight characters, made in registers and written whole: what is written in bits
        // and read back in one piece at once makes a processor wait.
        let word = |at: usize| u64::from_le_bytes(std::array::from_fn(|byte| self.0[at + byte]));
        let (low, high) = (word(0), word(7) >> 8);
        // Of letters and digits only capitals have bit 6 without bit 5. One bit of each byte is
        // left, and the multiplication moves the eight of them side by side.
        let capitals = |word: u64| {
            let flags = word >> 6 & !(word >> 5) & 0x0101_0101_0101_0101;
            (flags.wrapping_mul(0x0102_0408_1020_4080) >> 56) as usize
        };
        let bits = capitals(low) | capitals(high) << 8;
        let check = |group: usize| CHECK[bits >> (5 * group) & 31];
        let high = high | u64::from(check(0)) << 56;
        let mut text = [0; 18];
        text[..8].copy_from_slice(&low.to_le_bytes());
        text[8..16].copy_from_slice(&high.to_le_bytes());
        text[16..].copy_from_slice(&[check(1), check(2)]);
        IdText(text)
    }

    fn checksum(self) -> [u8; 3] {
        let [.., first, second, third] = self.to_18();
        [first, second, third]
    }
}

/// The 18 characters of an id. Aligned, so that they are known to be text two words at a time.
#[repr(align(8))]
pub struct IdText([u8; 18]);

impl IdText {
    /// The characters.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("ids are ASCII")
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text().as_str())
    }
}

impl Serialize for Id {
    /// As its 15 significant characters.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_15())
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Id, D::Error> {
        let text = <Cow<'de, str>>::deserialize(deserializer)?;
        let id = (text.len() == 15).then(|| Id::parse(&text).ok()).flatten();
        id.ok_or_else(|| D::Error::invalid_value(Unexpected::Str(&text), &"an id"))
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recorded_ids_have_the_recorded_checksum() {
        for id in ["a00B000000FSkcvIAD", "001D000000K0fXOIAZ", "01gRO0000016PIAYA2"] {
            assert_eq!(Id::parse(&id[..15]).map(|id| id.to_string()).as_deref(), Ok(id));
            assert!(Id::parse(id).is_ok());
        }
        assert_eq!(Id::parse("a00B000000FSjVUIB1"), Err(IdError::Checksum));
        assert!(Id::parse("a00B000000FSjVUIA1").is_ok());
    }

    #[test]
    fn prefixes_are_numbers() {
        for prefix in [*b"000", *b"001", *b"00B", *b"a0Z", *b"zzz"] {
            assert_eq!(Id::prefix_of(Id::of_prefix(prefix)), Some(prefix));
        }
        assert_eq!((Id::of_prefix(*b"001"), Id::of_prefix(*b"zzz")), (1, 62 * 62 * 62 - 1));
        assert_eq!(Id::prefix_of(62 * 62 * 62), None);
    }

    #[test]
    fn every_capital_counts_in_the_checksum() {
        for place in 0..15 {
            for other in ["0", "9", "a", "z"] {
                for capital in ["A", "Z", "0"] {
                    let mut text = other.repeat(15);
                    text.replace_range(place..=place, capital);
                    let id = Id::parse(&text).expect("an id");
                    let mut bits = [0; 3];
                    bits[place / 5] = usize::from(capital != "0") << (place % 5);
                    let expected = bits.map(|bits| char::from(CHECK[bits]));
                    assert_eq!(id.to_string()[15..], String::from_iter(expected), "{text}");
                }
            }
        }
    }

    #[test]
    fn shapes_that_are_not_ids() {
        for text in ["", "-1", "001", "001D000000K0fX!", "001D000000K0fXOI", "0é1D000000K0fX"] {
            assert_eq!(Id::parse(text), Err(IdError::Shape), "{text}");
        }
    }

    #[test]
    fn own_ids_give_back_their_sequence() {
        for sequence in [1, 61, 62, 3_843, 3_844, 1_000_000, 62u64.pow(9) - 1] {
            let id = Id::own(*b"0HP", sequence);
            assert_eq!(id.own_sequence(), Some(sequence));
            assert_eq!(Id::parse(&id.to_string()), Ok(id));
        }
        assert_eq!(Id::own(*b"001", 1).to_string(), "001ff0000000001AAA");
        assert_eq!(Id::parse("a00B000000FSkcv").map(Id::own_sequence), Ok(None));
    }
}
