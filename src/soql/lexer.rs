//! Text to tokens, on demand: the longest match wins, and among equals a keyword.
//!
//! A character that starts no token is remembered as a fault and skipped; the parser asks for the
//! fault before it reports its own, so that whichever comes first in the text is told.

use super::ast::Span;
use super::token::{Kind, Token};

/// The lexer stands somewhere in a query. A copy looks ahead.
#[derive(Clone, Copy, Debug)]
pub struct Lexer<'q> {
    bytes: &'q [u8],
    text: &'q str,
    position: usize,
    /// The first stretch of text that is no token.
    pub fault: Option<Span>,
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'_' || byte >= 0x80
}

impl<'q> Lexer<'q> {
    /// A lexer of what stands behind a byte offset of a query.
    pub fn behind(text: &'q str, offset: usize) -> Lexer<'q> {
        Lexer { bytes: text.as_bytes(), text, position: offset, fault: None }
    }

    /// The source text.
    pub fn text(&self) -> &'q str {
        self.text
    }

    fn byte(&self, place: usize) -> u8 {
        self.bytes.get(place).copied().unwrap_or(0)
    }

    /// The next token; `EndOfQuery` for ever at the end.
    pub fn next_token(&mut self) -> Token {
        loop {
            while matches!(self.byte(self.position), b' ' | b'\t' | b'\r' | b'\n') {
                self.position += 1;
            }
            let start = self.position;
            if start >= self.bytes.len() {
                return self.token(Kind::EndOfQuery, start);
            }
            let first = self.bytes[start];
            let kind = match first {
                b'a'..=b'z' | b'A'..=b'Z' => return self.word(),
                b'0'..=b'9' => return self.number_or_time(),
                b'\'' => return self.quoted(),
                b'.' if self.byte(start + 1).is_ascii_digit() => {
                    let end = self.digits(start + 1);
                    return self.finish(Kind::Decimal, end);
                }
                b'.' => Kind::Dot,
                b',' => Kind::Comma,
                b'(' => Kind::LeftParenthesis,
                b')' => Kind::RightParenthesis,
                b'=' => Kind::Equal,
                b'<' if self.byte(start + 1) == b'>' => {
                    return self.finish(Kind::LessGreater, start + 2);
                }
                b'<' => Kind::Less,
                b'>' => Kind::Greater,
                b'!' if self.byte(start + 1) == b'=' => {
                    return self.finish(Kind::NotEqual, start + 2);
                }
                b':' => Kind::Colon,
                b'-' => Kind::Minus,
                b'+' => Kind::Plus,
                b'*' => Kind::Star,
                b'/' => Kind::Slash,
                b'~' => Kind::Tilde,
                b'_' => Kind::Underscore,
                _ => {
                    self.skip_fault();
                    continue;
                }
            };
            return self.finish(kind, start + 1);
        }
    }

    fn token(&self, kind: Kind, start: usize) -> Token {
        Token { kind, span: Span { start: start as u32, end: self.position as u32 } }
    }

    fn finish(&mut self, kind: Kind, end: usize) -> Token {
        let start = self.position;
        self.position = end;
        self.token(kind, start)
    }

    /// Steps over a character that starts no token. After `!` the next one is part of the fault:
    /// the lexer had to read it to see that it is not `=`.
    fn skip_fault(&mut self) {
        let mut rest = self.text[self.position..].chars();
        let mut length = rest.next().map_or(1, char::len_utf8);
        if self.byte(self.position) == b'!' {
            length += rest.next().map_or(0, char::len_utf8);
        }
        let fault = Span { start: self.position as u32, end: (self.position + length) as u32 };
        self.fault.get_or_insert(fault);
        self.position += length;
    }

    fn word(&mut self) -> Token {
        let start = self.position;
        let mut end = start + 1;
        while end < self.bytes.len() && is_name_byte(self.bytes[end]) {
            end += 1;
        }
        if end == start + 3
            && matches!(self.byte(end), b'+' | b'-')
            && self.bytes[start..end].iter().all(u8::is_ascii_alphabetic)
            && let Some(end) = self.signed_amount(end)
        {
            return self.finish(Kind::Currency, end);
        }
        self.finish(Kind::of_word(&self.bytes[start..end]), end)
    }

    /// The end of `-500`, `-500.25`, `-.5` or `-500.` after a currency's three letters.
    fn signed_amount(&self, sign: usize) -> Option<usize> {
        let whole = self.digits(sign + 1);
        if self.byte(whole) != b'.' {
            return (whole > sign + 1).then_some(whole);
        }
        let end = self.digits(whole + 1);
        (end > sign + 2).then_some(end)
    }

    fn digits(&self, from: usize) -> usize {
        let mut end = from;
        while self.byte(end).is_ascii_digit() {
            end += 1;
        }
        end
    }

    fn number_or_time(&mut self) -> Token {
        let start = self.position;
        let end = self.digits(start);
        if end == start + 4
            && let Some(day_end) = self.pattern(end, b"-dd-dd")
        {
            if matches!(self.byte(day_end), b'T' | b't')
                && let Some(end) = self.clock(day_end + 1)
            {
                return self.finish(Kind::DateTime, end);
            }
            return self.finish(Kind::Date, day_end);
        }
        if end == start + 2
            && let Some(end) = self.clock(start)
        {
            return self.finish(Kind::Time, end);
        }
        if self.byte(end) == b'.' && self.byte(end + 1).is_ascii_digit() {
            let end = self.digits(end + 1);
            return self.finish(Kind::Decimal, end);
        }
        self.finish(Kind::Integer, end)
    }

    /// The end of the pattern, where `d` stands for a digit.
    fn pattern(&self, from: usize, pattern: &[u8]) -> Option<usize> {
        for (place, expected) in pattern.iter().enumerate() {
            let byte = self.byte(from + place);
            let fits = if *expected == b'd' { byte.is_ascii_digit() } else { byte == *expected };
            if !fits {
                return None;
            }
        }
        Some(from + pattern.len())
    }

    /// The end of `hh:mm:ss[.fff](Z|±hh[:]mm)`.
    fn clock(&self, from: usize) -> Option<usize> {
        let mut end = self.pattern(from, b"dd:dd:dd")?;
        if self.byte(end) == b'.' && self.byte(end + 1).is_ascii_digit() {
            end = self.digits(end + 1);
        }
        match self.byte(end) {
            b'Z' | b'z' => Some(end + 1),
            b'+' | b'-' => {
                self.pattern(end + 1, b"dd:dd").or_else(|| self.pattern(end + 1, b"dddd"))
            }
            _ => None,
        }
    }

    /// A quoted text up to its closing quote or the end of the query. What stands between is
    /// checked by the parser, which knows whether `\%` is allowed there.
    fn quoted(&mut self) -> Token {
        let mut end = self.position + 1;
        while end < self.bytes.len() {
            match self.bytes[end] {
                b'\'' => return self.finish(Kind::Text, end + 1),
                b'\\' => end += 2,
                _ => end += 1,
            }
        }
        self.finish(Kind::Text, self.bytes.len())
    }
}
