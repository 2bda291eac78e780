//! Words: what a text is cut into, and what a search asks of them.
//!
//! A word is a run of letters and digits, in lower case and without accents. Chinese characters and
//! kana, which are written without blanks, are words of their own, so that a run of them is found
//! as a phrase. Searches are cut by the same rules, wildcards staying where they stand.

use crate::soql::ast::PatternPart;
use crate::soql::exec::like::Like;
use compact_str::CompactString;
use std::collections::HashSet;
use std::ops::Range;

/// Words are cut here: no name is longer, and base64 in a text area should not fill the index.
const LONGEST: usize = 100;

/// A word of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// Its letters and digits, folded.
    pub text: CompactString,
    /// The bytes of the text that it stands for.
    pub range: Range<usize>,
}

/// What a character is to a word.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    /// Part of a word.
    Letter,
    /// A word of its own.
    Ideograph,
    /// An accent of the letter before it: as if it were not there.
    Accent,
    /// Anything between words.
    Gap,
}

fn class(c: char) -> Class {
    if c.is_ascii() {
        return if c.is_ascii_alphanumeric() { Class::Letter } else { Class::Gap };
    }
    match c {
        '\u{300}'..='\u{36f}' => Class::Accent,
        '\u{3040}'..='\u{30ff}'
        | '\u{3400}'..='\u{4dbf}'
        | '\u{4e00}'..='\u{9fff}'
        | '\u{f900}'..='\u{faff}'
        | '\u{20000}'..='\u{2fa1f}' => Class::Ideograph,
        c if c.is_alphanumeric() => Class::Letter,
        _ => Class::Gap,
    }
}

/// Appends a letter in lower case, without its accent.
fn push_folded(out: &mut CompactString, c: char) {
    if c.is_ascii() {
        out.push(c.to_ascii_lowercase());
        return;
    }
    for lower in c.to_lowercase() {
        // The lower case of İ is an i and a dot.
        if class(lower) != Class::Accent {
            out.push(plain(lower));
        }
    }
}

/// A Latin letter without its accent.
fn plain(c: char) -> char {
    match c {
        'à'..='å' | 'ā' | 'ă' | 'ą' => 'a',
        'ç' | 'ć' | 'ĉ' | 'ċ' | 'č' => 'c',
        'ď' | 'đ' => 'd',
        'è'..='ë' | 'ē' | 'ĕ' | 'ė' | 'ę' | 'ě' => 'e',
        'ĝ' | 'ğ' | 'ġ' | 'ģ' => 'g',
        'ĥ' | 'ħ' => 'h',
        'ì'..='ï' | 'ĩ' | 'ī' | 'ĭ' | 'į' | 'ı' => 'i',
        'ĵ' => 'j',
        'ķ' => 'k',
        'ĺ' | 'ļ' | 'ľ' | 'ŀ' | 'ł' => 'l',
        'ñ' | 'ń' | 'ņ' | 'ň' => 'n',
        'ò'..='ö' | 'ø' | 'ō' | 'ŏ' | 'ő' => 'o',
        'ŕ' | 'ŗ' | 'ř' => 'r',
        'ś' | 'ŝ' | 'ş' | 'š' | 'ș' => 's',
        'ţ' | 'ť' | 'ŧ' | 'ț' => 't',
        'ù'..='ü' | 'ũ' | 'ū' | 'ŭ' | 'ů' | 'ű' | 'ų' => 'u',
        'ŵ' => 'w',
        'ý' | 'ÿ' | 'ŷ' => 'y',
        'ź' | 'ż' | 'ž' => 'z',
        other => other,
    }
}

/// The words of a text, in order.
pub fn words(text: &str) -> Words<'_> {
    Words { text, at: 0 }
}

/// The words of a text.
pub struct Words<'t> {
    text: &'t str,
    at: usize,
}

impl Iterator for Words<'_> {
    type Item = Word;

    fn next(&mut self) -> Option<Word> {
        let rest = self.text.get(self.at..)?;
        let begins = |(_, c): &(usize, char)| matches!(class(*c), Class::Letter | Class::Ideograph);
        let Some((start, first)) = rest.char_indices().find(begins) else {
            self.at = self.text.len();
            return None;
        };
        let mut word = CompactString::default();
        push_folded(&mut word, first);
        let mut end = start + first.len_utf8();
        let mut letters = 1;
        if class(first) == Class::Letter {
            for c in rest[end..].chars() {
                match class(c) {
                    Class::Letter => {
                        letters += 1;
                        if letters <= LONGEST {
                            push_folded(&mut word, c);
                        }
                    }
                    Class::Accent => {}
                    Class::Ideograph | Class::Gap => break,
                }
                end += c.len_utf8();
            }
        }
        let range = self.at + start..self.at + end;
        self.at = range.end;
        Some(Word { text: word, range })
    }
}

/// The digits of a text: what phone numbers are compared by.
pub fn digits(text: &str) -> CompactString {
    text.chars().filter(char::is_ascii_digit).take(LONGEST).collect()
}

/// What a search asks of one word.
#[derive(Clone, Debug)]
pub enum WordPattern {
    /// This word.
    Exactly(CompactString),
    /// A word that fits.
    Like {
        /// How it begins; never empty.
        prefix: CompactString,
        /// All of it.
        like: Like,
    },
}

impl WordPattern {
    /// True when a word of a text is asked for.
    pub fn fits(&self, word: &str) -> bool {
        match self {
            WordPattern::Exactly(own) => own == word,
            WordPattern::Like { prefix, like } => {
                word.starts_with(prefix.as_str()) && like.matches(word)
            }
        }
    }

    fn of(parts: &[PatternPart]) -> Option<WordPattern> {
        match parts {
            [] => None,
            [PatternPart::Text(text)] => Some(WordPattern::Exactly(text.clone())),
            parts => {
                let like = Like::new(parts, true);
                Some(WordPattern::Like { prefix: like.prefix(), like })
            }
        }
    }
}

/// What a search asks of words that follow each other.
#[derive(Clone, Debug, Default)]
pub struct Sequence {
    /// The words; empty when only punctuation was asked for.
    pub patterns: Vec<WordPattern>,
    /// The patterns' positions without those that are like an earlier one.
    pub distinct: Vec<usize>,
    /// All of it as text, folded: two that are alike ask for the same.
    pub source: String,
    /// The same as digits, when nothing but digits is asked for: a phone number.
    pub number: Option<WordPattern>,
    /// How many letters and digits it has. A Chinese character says as much as two.
    pub letters: usize,
}

impl Sequence {
    /// Cuts a word or a phrase of a search into what it asks for. Wildcards with which a word begins
    /// are left out: they belong into the middle and to the end.
    pub fn of(parts: &[PatternPart]) -> Sequence {
        let mut cutter = Cutter::default();
        for part in parts {
            match part {
                PatternPart::Text(text) => text.chars().for_each(|c| cutter.take(c)),
                wildcard => cutter.wildcard(wildcard),
            }
        }
        cutter.finish()
    }

    /// True when a wildcard stands in it.
    pub fn has_wildcard(&self) -> bool {
        self.patterns.iter().any(|pattern| matches!(pattern, WordPattern::Like { .. }))
    }

    /// Where it stands in a text: ranges of words.
    pub fn places<'w>(&'w self, words: &'w [Word]) -> impl Iterator<Item = Range<usize>> + 'w {
        let length = self.patterns.len();
        let windows = words.windows(length.max(1)).enumerate();
        windows
            .filter(move |(_, window)| {
                length > 0
                    && self
                        .patterns
                        .iter()
                        .zip(*window)
                        .all(|(pattern, word)| pattern.fits(&word.text))
            })
            .map(move |(at, _)| at..at + length)
    }
}

#[derive(Default)]
struct Cutter {
    done: Sequence,
    /// The word at hand.
    word: Vec<PatternPart>,
    letters: usize,
    /// All words so far, run together.
    number: Vec<PatternPart>,
    not_a_number: bool,
    /// The words so far as text.
    seen: HashSet<String>,
}

impl Cutter {
    fn take(&mut self, c: char) {
        match class(c) {
            Class::Gap => self.end_word(),
            Class::Accent => {}
            Class::Ideograph => {
                self.end_word();
                self.letter(c);
                self.done.letters += 1;
                self.end_word();
            }
            Class::Letter => self.letter(c),
        }
    }

    fn letter(&mut self, c: char) {
        self.not_a_number |= !c.is_ascii_digit();
        self.done.letters += 1;
        self.letters += 1;
        if self.letters > LONGEST {
            return;
        }
        let mut folded = CompactString::default();
        push_folded(&mut folded, c);
        append(&mut self.word, &folded);
        append(&mut self.number, &folded);
    }

    fn wildcard(&mut self, wildcard: &PatternPart) {
        if !self.word.is_empty() {
            self.word.push(wildcard.clone());
            self.number.push(wildcard.clone());
        }
    }

    fn end_word(&mut self) {
        self.letters = 0;
        let word = std::mem::take(&mut self.word);
        let source = source(&word);
        let Some(pattern) = WordPattern::of(&word) else { return };
        self.done.source.push_str(&source);
        self.done.source.push(' ');
        if self.seen.insert(source) {
            self.done.distinct.push(self.done.patterns.len());
        }
        self.done.patterns.push(pattern);
    }

    fn finish(mut self) -> Sequence {
        self.end_word();
        if !self.not_a_number {
            self.done.number = WordPattern::of(&self.number);
        }
        self.done
    }
}

/// A pattern as text. Words hold no `*` and no `?`.
fn source(parts: &[PatternPart]) -> String {
    let text = |part| match part {
        &PatternPart::AnyText => "*",
        &PatternPart::AnyCharacter => "?",
        PatternPart::Text(text) => text.as_str(),
    };
    parts.iter().map(text).collect()
}

fn append(parts: &mut Vec<PatternPart>, folded: &str) {
    match parts.last_mut() {
        Some(PatternPart::Text(text)) => text.push_str(folded),
        _ => parts.push(PatternPart::Text(folded.into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cut(text: &str) -> Vec<String> {
        words(text).map(|word| word.text.to_string()).collect()
    }

    #[test]
    fn texts_are_cut() {
        assert_eq!(cut("Joe O'Brien-Smith, Jr."), ["joe", "o", "brien", "smith", "jr"]);
        assert_eq!(cut("me@Example.com A1b2_c"), ["me", "example", "com", "a1b2", "c"]);
        assert_eq!(cut("Éclair ŁÓDŹ re\u{301}sume\u{301} İ"), ["eclair", "lodz", "resume", "i"]);
        assert_eq!(cut("東京 Tōkyō"), ["東", "京", "tokyo"]);
        assert_eq!(cut(" \u{301}.,- "), [""; 0]);
        let text = "  Café au lait";
        let ranges: Vec<&str> = words(text).map(|word| &text[word.range]).collect();
        assert_eq!(ranges, ["Café", "au", "lait"]);
        let long = "x".repeat(100_000);
        assert_eq!(cut(&long), ["x".repeat(LONGEST)]);
    }

    fn sequence(pattern: &str) -> Sequence {
        let parts: Vec<PatternPart> = pattern
            .chars()
            .map(|c| match c {
                '*' => PatternPart::AnyText,
                '?' => PatternPart::AnyCharacter,
                c => PatternPart::Text(c.to_string().into()),
            })
            .collect();
        Sequence::of(&parts)
    }

    #[test]
    fn patterns_fit() {
        let fits = |pattern: &str, text: &str| {
            let words: Vec<Word> = words(text).collect();
            sequence(pattern).places(&words).next().is_some()
        };
        for (pattern, text) in [
            ("rocket*", "Acme ROCKETS"),
            ("rocket*", "rocket"),
            ("r*t", "rocket"),
            ("jo?n", "John"),
            ("*smith", "smith"),
            ("?smith", "smith"),
            ("joe.sm*@ex*.com", "joe.smith@example.com"),
            ("joe smith", "Dr. Joe Smith Jr."),
            ("%joe%", "joe"),
            ("café", "CAFE"),
            ("東京", "東京都"),
        ] {
            assert!(fits(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [
            ("rocket", "rockets"),
            ("r*x", "rocket"),
            ("jo?n", "jon"),
            ("joe smith", "joe a smith"),
            ("", "a"),
            ("*", "a"),
            ("-", "-"),
        ] {
            assert!(!fits(pattern, text), "{pattern} {text}");
        }
        assert!(sequence("(415) 555").number.is_some_and(|number| number.fits("415555")));
        assert!(sequence("415*").number.is_some_and(|number| number.fits("4155551212")));
        assert!(sequence("415 x").number.is_none());
        assert_eq!(sequence("a").letters, 1);
        assert_eq!(sequence("東").letters, 2);
        assert_eq!(sequence("a*").letters, 1);
    }

    proptest! {
        #[test]
        fn a_text_finds_itself(text in "\\PC{0,40}") {
            let words: Vec<Word> = words(&text).collect();
            let whole = Sequence::of(&[PatternPart::Text(text.as_str().into())]);
            prop_assert_eq!(whole.patterns.len(), words.len());
            prop_assert!(words.is_empty() || whole.places(&words).next() == Some(0..words.len()));
            for word in &words {
                prop_assert!(cut(&text[word.range.clone()]) == [word.text.as_str()]);
            }
        }
    }
}
