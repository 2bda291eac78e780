//! Literals: texts with their escapes, numbers, dates, date literals, currencies.

use super::filter::AFTER_CONDITION;
use super::{Parser, unknown_character};
use crate::error::OrgError;
use crate::soql::ast::{
    DateLiteral, LikeValue, Literal, LiteralValue, Pattern, PatternPart, Span, Text,
};
use crate::soql::token::{Kind, KindSet};
use crate::time;
use compact_str::CompactString;

/// One step through a quoted text.
enum Piece<'q> {
    /// Characters that stand for themselves.
    Plain(&'q str),
    /// The character of an escape sequence.
    Escaped(char),
    /// `\%` or `\_`: allowed in patterns only.
    Wildcard(char),
}

/// The pieces of a quoted text. Faults are found in the order of the text; each is told at the
/// piece after it, where the real parser notices.
struct Pieces<'q> {
    text: &'q str,
    position: usize,
}

/// What stopped the pieces.
enum Stop {
    /// The closing quote.
    Quote,
    /// The query ended. A backslash may have been the last thing in it.
    EndOfQuery,
    /// A raw line feed or an unknown escape sequence.
    Invalid,
}

impl<'q> Pieces<'q> {
    fn next_piece(&mut self) -> Result<Piece<'q>, Stop> {
        let rest = &self.text[self.position..];
        let mut characters = rest.chars();
        match characters.next() {
            None => Err(Stop::EndOfQuery),
            Some('\'') => Err(Stop::Quote),
            Some('\n') => {
                self.position += 1;
                Err(Stop::Invalid)
            }
            Some('\\') => {
                let Some(letter) = characters.next() else { return Err(Stop::EndOfQuery) };
                self.position += 1;
                self.escape(letter)
            }
            Some(_) => {
                let length = rest.find(['\'', '\\', '\n']).unwrap_or(rest.len());
                self.position += length;
                Ok(Piece::Plain(&rest[..length]))
            }
        }
    }

    /// The position is at the letter.
    fn escape(&mut self, letter: char) -> Result<Piece<'q>, Stop> {
        self.position += letter.len_utf8();
        let meaning = match letter {
            'n' | 'N' => '\n',
            'r' | 'R' => '\r',
            't' | 'T' => '\t',
            'b' | 'B' => '\u{8}',
            '"' | '\'' | '\\' => letter,
            '%' | '_' => return Ok(Piece::Wildcard(letter)),
            'u' | 'U' => return self.code_point().map(Piece::Escaped).ok_or(Stop::Invalid),
            _ => return Err(Stop::Invalid),
        };
        Ok(Piece::Escaped(meaning))
    }

    /// Four hexadecimal digits, or two such escapes that make one character beyond the first plane.
    fn code_point(&mut self) -> Option<char> {
        let high = self.code_unit(self.position)?;
        self.position += 4;
        if let Some(character) = char::from_u32(high) {
            return Some(character);
        }
        let after = &self.text[self.position..];
        if (0xD800..0xDC00).contains(&high)
            && (after.starts_with("\\u") || after.starts_with("\\U"))
            && let Some(low @ 0xDC00..0xE000) = self.code_unit(self.position + 2)
        {
            self.position += 6;
            return char::from_u32(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00));
        }
        Some(char::REPLACEMENT_CHARACTER)
    }

    /// The real lexer refuses `\uFFFF`, which is no character.
    fn code_unit(&self, from: usize) -> Option<u32> {
        let digits = self.text.get(from..from + 4)?;
        let all_hexadecimal = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        let unit = all_hexadecimal.then(|| u32::from_str_radix(digits, 16).ok()).flatten()?;
        (unit != 0xFFFF).then_some(unit)
    }
}

impl<'q> Parser<'q> {
    /// A literal of a filter. `:name` is a variable of Apex and fits nowhere else.
    pub(crate) fn literal(&mut self) -> Result<Literal, OrgError> {
        if self.at(Kind::Colon) {
            return Err(self.no_alternative(self.token.span));
        }
        if self.at(Kind::Text) {
            let Text { text, span } = self.text()?;
            return Ok(Literal { value: LiteralValue::Text(text), span });
        }
        self.plain_literal()
    }

    /// What may stand after `LIKE`.
    pub(crate) fn like_value(&mut self) -> Result<LikeValue, OrgError> {
        if self.at(Kind::Colon) {
            return Err(self.no_alternative(self.token.span));
        }
        if self.at(Kind::Text) {
            return self.pattern().map(LikeValue::Pattern);
        }
        self.plain_literal().map(LikeValue::Other)
    }

    /// A literal of any kind but text.
    fn plain_literal(&mut self) -> Result<Literal, OrgError> {
        let span = self.token.span;
        let source = self.source(span);
        let value = match self.token.kind {
            Kind::Null => LiteralValue::Null,
            Kind::True => LiteralValue::Boolean(true),
            Kind::False => LiteralValue::Boolean(false),
            Kind::Date => {
                self.check_date(span, "date", time::parse_date(source).is_some());
                LiteralValue::Date(CompactString::new(source))
            }
            Kind::DateTime => {
                self.check_date(span, "datetime", time::parse_datetime(source).is_some());
                LiteralValue::DateTime(CompactString::new(source))
            }
            Kind::Time => {
                self.check_date(span, "time", time::parse_time(source).is_some());
                LiteralValue::Time(CompactString::new(source))
            }
            Kind::Integer | Kind::Decimal | Kind::Minus | Kind::Plus => {
                let number = self.number()?;
                return Ok(Literal { value: LiteralValue::Number(number.text), span: number.span });
            }
            Kind::Currency => currency(source),
            Kind::Identifier => return self.word_literal(),
            _ => return Err(self.unexpected()),
        };
        self.advance();
        Ok(Literal { value, span })
    }

    fn check_date(&mut self, span: Span, kind: &str, is_valid: bool) {
        if !is_valid && self.bad_date.is_none() {
            let (text, source) = (self.lexer.text(), self.source(span));
            let fault = OrgError::invalid_date_literal(text, span.start as usize, kind, source);
            self.bad_date = Some(fault);
        }
    }

    /// `TODAY`, `LAST_N_DAYS:5`, `USD5000`. The grammar takes a number after any date literal.
    fn word_literal(&mut self) -> Result<Literal, OrgError> {
        let start = self.token.span;
        let source = self.source(start);
        let Some(literal) = DateLiteral::from_name(source) else {
            if !is_currency(source) {
                return Err(self.no_alternative(start));
            }
            self.advance();
            return Ok(Literal { value: currency(source), span: start });
        };
        self.advance();
        let n = if self.accept(Kind::Colon) {
            let digits = self.expect(Kind::Integer, AFTER_CONDITION.and(Kind::Comma))?.span;
            Some(self.source(digits).parse().unwrap_or(u32::MAX))
        } else {
            None
        };
        let span = self.span_from(start);
        Ok(Literal { value: LiteralValue::Relative { literal, n }, span })
    }

    /// A text with checked escapes.
    pub(crate) fn text(&mut self) -> Result<Text, OrgError> {
        let (span, mut pieces) = self.pieces();
        let mut text = CompactString::default();
        loop {
            match pieces.next_piece() {
                Ok(Piece::Plain(plain)) => text.push_str(plain),
                Ok(Piece::Escaped(character)) => text.push(character),
                Ok(Piece::Wildcard(_)) => return Err(self.bad_text(&pieces, &Stop::Invalid)),
                Err(Stop::Quote) => break,
                Err(stop) => return Err(self.bad_text(&pieces, &stop)),
            }
        }
        self.advance();
        Ok(Text { text, span })
    }

    /// A `LIKE` pattern.
    fn pattern(&mut self) -> Result<Pattern, OrgError> {
        let (span, mut pieces) = self.pieces();
        let mut parts = Vec::new();
        loop {
            match pieces.next_piece() {
                Ok(Piece::Plain(plain)) => {
                    for character in plain.chars() {
                        match character {
                            '%' => parts.push(PatternPart::AnyText),
                            '_' => parts.push(PatternPart::AnyCharacter),
                            character => push_text(&mut parts, character),
                        }
                    }
                }
                Ok(Piece::Escaped(character) | Piece::Wildcard(character)) => {
                    push_text(&mut parts, character);
                }
                Err(Stop::Quote) => break,
                Err(stop) => return Err(self.bad_text(&pieces, &stop)),
            }
        }
        self.advance();
        Ok(Pattern { parts, span })
    }

    /// A text whose escapes nobody checks: the unit of `DISTANCE`.
    pub(crate) fn unchecked_text(&mut self) -> Result<Text, OrgError> {
        if !self.at(Kind::Text) {
            return Err(self.unexpected());
        }
        let (span, mut pieces) = self.pieces();
        let mut text = CompactString::default();
        loop {
            match pieces.next_piece() {
                Ok(Piece::Plain(plain)) => text.push_str(plain),
                Ok(Piece::Escaped(character) | Piece::Wildcard(character)) => text.push(character),
                Err(Stop::Invalid) => {}
                Err(Stop::Quote) => break,
                Err(stop) => return Err(self.bad_text(&pieces, &stop)),
            }
        }
        self.advance();
        Ok(Text { text, span })
    }

    fn pieces(&self) -> (Span, Pieces<'q>) {
        let span = self.token.span;
        let text = &self.lexer.text()[..span.end as usize];
        (span, Pieces { text, position: span.start as usize + 1 })
    }

    /// The fault of a text, told at the piece after the stop.
    fn bad_text(&self, pieces: &Pieces<'_>, stop: &Stop) -> OrgError {
        let text = self.lexer.text();
        if let Some(span) = self.lexer.fault {
            return unknown_character(text, span);
        }
        let rest = &text[pieces.position..];
        let shown = match stop {
            Stop::EndOfQuery if rest.is_empty() => "<EOF>",
            Stop::EndOfQuery => return OrgError::unexpected_token(text, text.len(), rest),
            _ if rest.is_empty() => "<EOF>",
            _ => {
                let length = match rest.find(['\'', '\\', '\n']) {
                    Some(0) => 1,
                    Some(length) => length,
                    None => rest.len(),
                };
                &rest[..length]
            }
        };
        OrgError::unexpected_token(text, pieces.position, shown)
    }

    /// `:name` after `IN`: the real parser has read it as Apex before it refuses, and tells the
    /// condition's first token.
    pub(crate) fn apex_variable(&mut self, start: Span) -> OrgError {
        self.read_to_end();
        let shown = self.source(start);
        self.fault(|text, _| OrgError::unexpected_token(text, start.start as usize, shown))
    }

    /// The value of a setting: text, unsigned whole number or boolean.
    pub(crate) fn setting_value(&mut self) -> Result<Literal, OrgError> {
        const PLAIN: KindSet = KindSet::of(&[Kind::Integer, Kind::True, Kind::False]);
        if self.at(Kind::Text) {
            let Text { text, span } = self.text()?;
            return Ok(Literal { value: LiteralValue::Text(text), span });
        }
        if self.at_any(PLAIN) { self.plain_literal() } else { Err(self.unexpected()) }
    }
}

fn push_text(parts: &mut Vec<PatternPart>, character: char) {
    if let Some(PatternPart::Text(text)) = parts.last_mut() {
        text.push(character);
    } else {
        let mut text = CompactString::default();
        text.push(character);
        parts.push(PatternPart::Text(text));
    }
}

/// Three letters, digits, dots, digits: the real parser's rule, dots and all.
fn is_currency(source: &str) -> bool {
    let Some((letters, amount)) = source.as_bytes().split_at_checked(3) else { return false };
    let digits = amount.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let dots = amount[digits..].iter().take_while(|byte| **byte == b'.').count();
    digits > 0
        && letters.iter().all(u8::is_ascii_alphabetic)
        && amount[digits + dots..].iter().all(u8::is_ascii_digit)
}

fn currency(source: &str) -> LiteralValue {
    let (code, amount) = source.split_at(3);
    LiteralValue::Currency { code: CompactString::new(code), amount: CompactString::new(amount) }
}
