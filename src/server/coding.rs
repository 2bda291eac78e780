//! `Content-Encoding`: undone on requests within a bound, done on answers when asked for.

use bytes::Bytes;
use flate2::Compression;
use flate2::read::{MultiGzDecoder, ZlibDecoder};
use flate2::write::{GzEncoder, ZlibEncoder};
use std::io::{self, Read, Write};

/// A content coding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coding {
    Gzip,
    /// The zlib format, as RFC 9110 has it; raw deflate streams are understood in requests.
    Deflate,
}

impl Coding {
    /// The coding of a `Content-Encoding` token.
    pub(super) fn parse(token: &str) -> Option<Coding> {
        if token.eq_ignore_ascii_case("gzip") || token.eq_ignore_ascii_case("x-gzip") {
            Some(Coding::Gzip)
        } else if token.eq_ignore_ascii_case("deflate") {
            Some(Coding::Deflate)
        } else {
            None
        }
    }

    /// Its name in headers.
    pub(super) fn name(self) -> &'static str {
        match self {
            Coding::Gzip => "gzip",
            Coding::Deflate => "deflate",
        }
    }
}

/// The coding that an `Accept-Encoding` asks for by name: the one with the higher weight, gzip when
/// they are equal. `*` asks for none.
pub(super) fn asked_for(accept_encoding: &str) -> Option<Coding> {
    let mut best = None;
    let mut best_weight = 0;
    for part in accept_encoding.split(',') {
        let (token, parameters) = part.split_once(';').unwrap_or((part, ""));
        let Some(coding) = Coding::parse(token.trim()) else { continue };
        let weight = weight(parameters);
        let wins_tie = weight > 0 && weight == best_weight && coding == Coding::Gzip;
        if weight > best_weight || wins_tie {
            best = Some(coding);
            best_weight = weight;
        }
    }
    best
}

/// The weight (`q=0.5`) among the parameters, in thousandths; 0 refuses.
fn weight(parameters: &str) -> u32 {
    let text = parameters.trim();
    match text.strip_prefix("q=").or(text.strip_prefix("Q=")) {
        Some(text) => text.trim().parse().map_or(0, |weight: f32| (weight * 1000.0) as u32),
        None => 1000,
    }
}

/// Why a body could not be decoded.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Undecodable {
    /// It is not what its coding says.
    Malformed,
    /// It grows over the limit.
    TooLarge,
}

/// Undoes a coding, to at most `limit` bytes.
pub(super) fn decode(coding: Coding, body: &[u8], limit: u64) -> Result<Bytes, Undecodable> {
    match coding {
        Coding::Gzip => read_within(MultiGzDecoder::new(body), limit),
        Coding::Deflate if is_zlib(body) => read_within(ZlibDecoder::new(body), limit),
        Coding::Deflate => read_within(flate2::read::DeflateDecoder::new(body), limit),
    }
}

/// True for the two bytes that a zlib stream begins with (RFC 1950 §2.2).
fn is_zlib(body: &[u8]) -> bool {
    match body {
        [first, second, ..] => {
            first & 0x0f == 8 && (u16::from(*first) << 8 | u16::from(*second)).is_multiple_of(31)
        }
        _ => false,
    }
}

fn read_within(decoder: impl Read, limit: u64) -> Result<Bytes, Undecodable> {
    let mut decoded = Vec::new();
    let mut bounded = decoder.take(limit.saturating_add(1));
    bounded.read_to_end(&mut decoded).map_err(|_| Undecodable::Malformed)?;
    if decoded.len() as u64 > limit { Err(Undecodable::TooLarge) } else { Ok(decoded.into()) }
}

/// A body under a coding.
pub(super) fn encode(coding: Coding, body: &[u8]) -> io::Result<Bytes> {
    let mut encoder = Encoder::new(coding);
    encoder.write(body)?;
    Ok(encoder.finish()?.into())
}

/// Either encoder, writing to memory. Speed counts more than size: clients are near.
enum Encoder {
    Gzip(GzEncoder<Vec<u8>>),
    Deflate(ZlibEncoder<Vec<u8>>),
}

impl Encoder {
    fn new(coding: Coding) -> Encoder {
        match coding {
            Coding::Gzip => Encoder::Gzip(GzEncoder::new(Vec::new(), Compression::fast())),
            Coding::Deflate => Encoder::Deflate(ZlibEncoder::new(Vec::new(), Compression::fast())),
        }
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Encoder::Gzip(encoder) => encoder.write_all(bytes),
            Encoder::Deflate(encoder) => encoder.write_all(bytes),
        }
    }

    /// What has been made since the last call.
    fn take(&mut self) -> Vec<u8> {
        match self {
            Encoder::Gzip(encoder) => std::mem::take(encoder.get_mut()),
            Encoder::Deflate(encoder) => std::mem::take(encoder.get_mut()),
        }
    }

    fn finish(self) -> io::Result<Vec<u8>> {
        match self {
            Encoder::Gzip(encoder) => encoder.finish(),
            Encoder::Deflate(encoder) => encoder.finish(),
        }
    }
}

/// The pieces of an answer.
pub(super) type Pieces = Box<dyn Iterator<Item = io::Result<Bytes>> + Send>;

/// Pieces under a coding, made one by one.
pub(super) fn encode_pieces(coding: Coding, pieces: Pieces) -> Pieces {
    Box::new(EncodedPieces { pieces, encoder: Some(Encoder::new(coding)) })
}

struct EncodedPieces {
    pieces: Pieces,
    /// `None` after the end or an error.
    encoder: Option<Encoder>,
}

impl EncodedPieces {
    /// The next bytes that the encoder gives away; it may swallow many pieces before.
    fn advance(&mut self, mut encoder: Encoder) -> io::Result<Bytes> {
        for piece in self.pieces.by_ref() {
            encoder.write(&piece?)?;
            let made = encoder.take();
            if !made.is_empty() {
                self.encoder = Some(encoder);
                return Ok(made.into());
            }
        }
        Ok(encoder.finish()?.into())
    }
}

impl Iterator for EncodedPieces {
    type Item = io::Result<Bytes>;

    fn next(&mut self) -> Option<io::Result<Bytes>> {
        let encoder = self.encoder.take()?;
        Some(self.advance(encoder))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accept_encoding_is_weighed() {
        let cases = [
            ("gzip", Some(Coding::Gzip)),
            ("GZIP", Some(Coding::Gzip)),
            ("deflate", Some(Coding::Deflate)),
            ("deflate, gzip", Some(Coding::Gzip)),
            ("gzip;q=0.5, deflate", Some(Coding::Deflate)),
            ("gzip;q=0, deflate;q=0.1", Some(Coding::Deflate)),
            ("gzip; q=0", None),
            ("br, zstd, identity", None),
            ("*", None),
            ("", None),
        ];
        for (header, expected) in cases {
            assert_eq!(asked_for(header), expected, "{header}");
        }
    }

    #[test]
    fn what_is_encoded_decodes() {
        let body = b"0123456789".repeat(1000);
        for coding in [Coding::Gzip, Coding::Deflate] {
            let encoded = encode(coding, &body).unwrap();
            assert!(encoded.len() < body.len());
            assert_eq!(decode(coding, &encoded, 10_000).unwrap(), body);
            assert_eq!(decode(coding, &encoded, 9_999), Err(Undecodable::TooLarge));
            let cut = &encoded[..encoded.len() - 9];
            assert_eq!(decode(coding, cut, 10_000), Err(Undecodable::Malformed));
        }
        assert_eq!(decode(Coding::Gzip, b"{}", 10), Err(Undecodable::Malformed));
    }

    #[test]
    fn raw_deflate_is_understood() {
        let mut encoder =
            flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(b"raw").unwrap();
        assert_eq!(decode(Coding::Deflate, &encoder.finish().unwrap(), 10).unwrap(), "raw");
    }

    #[test]
    fn pieces_are_encoded_as_one_stream() {
        let pieces: Pieces = Box::new((0..100).map(|n: u8| Ok(vec![n; 1000].into())));
        let joined: Vec<u8> =
            encode_pieces(Coding::Gzip, pieces).flat_map(|piece| piece.unwrap()).collect();
        let expected: Vec<u8> = (0..100).flat_map(|n: u8| vec![n; 1000]).collect();
        assert_eq!(decode(Coding::Gzip, &joined, 1_000_000).unwrap(), expected);
    }

    #[test]
    fn an_error_among_the_pieces_is_passed_on() {
        let pieces: Pieces =
            Box::new([Ok(Bytes::from("a")), Err(io::Error::other("broken"))].into_iter());
        assert!(encode_pieces(Coding::Deflate, pieces).any(|piece| piece.is_err()));
    }
}
