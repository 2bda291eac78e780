//! The network edge over real sockets: request bodies, what goes on the wire, faults on purpose.
#![cfg(feature = "server")]
#![allow(clippy::unwrap_used)] // Helpers of tests are tests too.

mod common;

use bytes::Bytes;
use common::{GET, Wire, ask, echo, edge, edge_with, post, recording};
use fauxforce::api::{Response, ResponseBody, Transport};
use fauxforce::server::EdgeOptions;
use flate2::Compression;
use flate2::read::{GzDecoder, ZlibDecoder};
use flate2::write::{GzEncoder, ZlibEncoder};
use std::io::{Read, Write};

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

fn zlib(body: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

// Bodies that arrive.

#[test]
fn chunked_bodies_are_joined() {
    let edge = edge(echo);
    let head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    let mut wire = Wire::open(&edge);
    wire.send(head);
    wire.send("4\r\nfaux\r\n");
    wire.send("5;name=value\r\nforce\r\n0\r\nX-Trailer: 1\r\n\r\n");
    assert_eq!(wire.answer().text(), "fauxforce");
    wire.send(format!("{head}0\r\n\r\n"));
    assert_eq!(wire.answer().text(), "");
    wire.send(format!("{head}zz\r\n"));
    let answer = wire.answer();
    assert_eq!(answer.status, 400);
    assert!(answer.text().contains("\"errorCode\":\"BAD_REQUEST\""));
    assert_eq!(wire.rest(), b"");
}

#[test]
fn a_large_body_arrives_whole() {
    let edge = edge(echo);
    let body: Vec<u8> = (0..3_000_000_u32).map(|number| (number % 251) as u8).collect();
    let mut wire = Wire::open(&edge);
    wire.send(post("", &body));
    assert!(wire.answer().body == body);
}

#[test]
fn the_go_ahead_is_given() {
    let edge = edge(echo);
    let mut wire = Wire::open(&edge);
    wire.send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    assert_eq!(wire.head().status, 100);
    wire.send("{}");
    assert_eq!(wire.answer().text(), "{}");
}

#[test]
fn compressed_bodies_are_decoded() {
    let edge = edge(|request| {
        assert!(request.headers.get("content-length").is_some());
        echo(request)
    });
    let long = "decoded on the pool, ".repeat(20_000);
    let random: Vec<u8> =
        (0..20_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    for body in [b"{}".as_slice(), long.as_bytes(), &random] {
        for (headers, encoded) in [
            ("Content-Encoding: gzip\r\n", gzip(body)),
            ("Content-Encoding: GZIP\r\n", gzip(body)),
            ("Content-Encoding: deflate\r\n", zlib(body)),
            ("Content-Encoding: identity\r\n", body.to_vec()),
            ("Content-Encoding: deflate, gzip\r\n", gzip(&zlib(body))),
        ] {
            let answer = ask(&edge, post(headers, &encoded));
            assert_eq!(answer.status, 200, "{headers}");
            assert!(answer.body == body, "{headers}");
        }
    }
}

#[test]
fn bodies_that_are_not_what_they_say_are_refused() {
    let edge = edge(|_| panic!("not reached"));
    let mut wire = Wire::open(&edge);
    let long = [0; 10_000];
    for (headers, body) in [
        ("Content-Encoding: gzip\r\n", b"{}".as_slice()),
        ("Content-Encoding: gzip\r\n", &gzip(b"cut short")[..12]),
        ("Content-Encoding: gzip\r\n", &long),
        ("Content-Encoding: br\r\n", b"{}"),
    ] {
        wire.send(post(headers, body));
        let answer = wire.answer();
        assert_eq!(answer.status, 400);
        assert!(answer.text().contains("\"errorCode\":\"BAD_REQUEST\""));
    }
}

#[test]
fn large_bodies_are_refused() {
    let options = EdgeOptions { body_limit: 1000, ..EdgeOptions::default() };
    let edge = edge_with(options, echo);
    assert_eq!(ask(&edge, post("", &[b'x'; 1000])).status, 200);

    let too_large = |wire: &mut Wire| {
        let answer = wire.answer();
        assert_eq!(answer.status, 413);
        assert_eq!(
            answer.text(),
            "[{\"message\":\"Request entity is too large\",\"errorCode\":\"REQUEST_ENTITY_TOO_LARGE\"}]"
        );
        assert_eq!(answer.header("connection"), Some("close"));
        assert_eq!(wire.rest(), b"");
    };
    // All written before anything is read.
    let mut wire = Wire::open(&edge);
    wire.send(post("", &vec![b'x'; 5_000_000]));
    too_large(&mut wire);
    // In chunks, so that nobody knows the length.
    let mut wire = Wire::open(&edge);
    wire.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    let chunk = format!("3e8\r\n{}\r\n", "x".repeat(1000));
    wire.send(chunk.repeat(3000));
    wire.send("0\r\n\r\n");
    too_large(&mut wire);
    // A client that asks first, or only sends a head, is told at once.
    for expect in ["Expect: 100-continue\r\n", ""] {
        let mut wire = Wire::open(&edge);
        wire.send(format!("PUT / HTTP/1.1\r\nHost: a\r\n{expect}Content-Length: 1001\r\n\r\n"));
        too_large(&mut wire);
    }
}

#[test]
fn bombs_are_refused() {
    let options = EdgeOptions { body_limit: 100_000, ..EdgeOptions::default() };
    let edge = edge_with(options, echo);
    let bomb = gzip(&vec![0; 50_000_000]);
    assert!(bomb.len() < 100_000);
    assert_eq!(ask(&edge, post("Content-Encoding: gzip\r\n", &bomb)).status, 413);
}

#[test]
fn long_heads_are_refused_as_salesforce_does() {
    let edge = edge(echo);
    let get = |target: usize, header: usize| {
        let target = "a".repeat(target);
        let header = "b".repeat(header);
        ask(&edge, format!("GET /{target} HTTP/1.1\r\nHost: a\r\nX-Long: {header}\r\n\r\n"))
    };
    assert_eq!(get(16_000, 10).status, 200);
    assert_eq!(get(10, 16_000).status, 200);

    let too_long = get(16_384, 0);
    assert_eq!(too_long.status, 414);
    assert_eq!(too_long.text(), "[{\"message\":\"URI Too Long\",\"errorCode\":\"URI_TOO_LONG\"}]");

    for (target, header) in [(10, 16_384), (8_192, 8_192), (0, 100_000)] {
        let too_large = get(target, header);
        assert_eq!(too_large.status, 431);
        assert_eq!(
            too_large.text(),
            "[{\"message\":\"Request Header Fields Too Large\",\
             \"errorCode\":\"REQUEST_HEADER_FIELDS_TOO_LARGE\"}]"
        );
    }
    // Beyond what the HTTP library reads, the status still holds.
    assert_eq!(get(70_000, 0).status, 414);
    assert_eq!(get(0, 400_000).status, 431);
}

// Answers.

#[test]
fn headers_are_those_of_the_handler() {
    let edge = edge(|_| {
        Response::status(201)
            .with("Date", "Wed, 14 Apr 2021 13:50:54 GMT")
            .with("Location", "/services/data/v51.0/sobjects/A/1".to_owned())
            .with("Set-Cookie", "a=1")
            .with("Set-Cookie", "b=2")
            .with("Content-Length", "99")
            .with("Sforce-Limit-Info", "api-usage=1/2")
            .with("X-Fauxforce-Hint", "line\r\nbreak: no")
            .body("{}")
    });
    let answer = ask(&edge, GET);
    assert_eq!(answer.status, 201);
    // Names are capitalised as Salesforce's are.
    let expected = [
        ("Date", "Wed, 14 Apr 2021 13:50:54 GMT"),
        ("Location", "/services/data/v51.0/sobjects/A/1"),
        ("Set-Cookie", "a=1"),
        ("Set-Cookie", "b=2"),
        ("Sforce-Limit-Info", "api-usage=1/2"),
        ("X-Fauxforce-Hint", "line  break: no"),
        ("Content-Length", "2"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(answer.headers, expected);
}

#[test]
fn a_date_is_added_when_the_org_gives_none() {
    let edge = edge(|_| Response::status(200));
    let answer = ask(&edge, GET);
    let date = answer.header("date").expect("a date");
    assert!(fauxforce::time::parse_http_date(date).is_some(), "{date}");
}

#[test]
fn head_is_answered_with_headers_only() {
    let edge = edge(|request| match request.path.as_str() {
        "/pieces" => Response {
            body: ResponseBody::Pieces(Box::new(std::iter::from_fn(|| panic!("not made")))),
            ..Response::status(200)
        },
        "/empty" => Response::status(200),
        _ => Response::status(200).with("Content-Type", "text/plain").body("four"),
    });
    let mut wire = Wire::open(&edge);
    for (target, length) in [("/", Some("4")), ("/pieces", None), ("/empty", None)] {
        wire.send(format!("HEAD {target} HTTP/1.1\r\nHost: a\r\n\r\n"));
        let answer = wire.head();
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("content-length"), length, "{target}");
    }
    wire.send(GET);
    assert_eq!(wire.answer().text(), "four");
}

#[test]
fn answers_204_and_304_have_no_body_and_no_type() {
    let edge = edge(|request| {
        let status = request.query.parse().unwrap();
        Response::status(status)
            .with("Content-Type", "application/json")
            .with("ETag", "\"1\"")
            .body("unwanted".repeat(1000))
    });
    let mut wire = Wire::open(&edge);
    for status in [204, 304] {
        wire.send(format!("GET /?{status} HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n"));
        let answer = wire.head();
        assert_eq!(answer.status, status);
        assert_eq!(answer.header("etag"), Some("\"1\""));
        for name in ["content-type", "content-length", "transfer-encoding", "content-encoding"] {
            assert_eq!(answer.header(name), None, "{status} {name}");
        }
    }
}

#[test]
fn answers_are_compressed_when_asked_for() {
    let edge = edge(|request| {
        let length: usize = request.query.parse().unwrap();
        let response = Response::status(200).with("ETag", "\"U5iW=\"").body("x".repeat(length));
        match request.path.as_str() {
            "/encoded" => response.with("Content-Encoding", "br"),
            _ => response,
        }
    });
    let mut wire = Wire::open(&edge);
    let mut get = |target: &str, accept: &str| {
        wire.send(format!("GET {target} HTTP/1.1\r\nHost: a\r\nAccept-Encoding: {accept}\r\n\r\n"));
        wire.answer()
    };
    for length in [1024, 500_000] {
        let target = format!("/?{length}");
        let plain = "x".repeat(length);
        let answer = get(&target, "deflate, gzip, br");
        assert_eq!(answer.header("content-encoding"), Some("gzip"));
        assert_eq!(answer.header("etag"), Some("\"U5iW=-gzip\""));
        assert!(answer.body.len() < length);
        let mut text = String::new();
        GzDecoder::new(answer.body.as_slice()).read_to_string(&mut text).unwrap();
        assert!(text == plain);

        let answer = get(&target, "deflate");
        assert_eq!(answer.header("content-encoding"), Some("deflate"));
        let mut text = String::new();
        ZlibDecoder::new(answer.body.as_slice()).read_to_string(&mut text).unwrap();
        assert!(text == plain);
    }
    for (target, accept) in
        [("/?1023", "gzip"), ("/?5000", "identity"), ("/?5000", "br"), ("/?5000", "gzip;q=0")]
    {
        let answer = get(target, accept);
        assert_eq!(answer.header("content-encoding"), None, "{target} {accept}");
        assert_eq!(answer.header("etag"), Some("\"U5iW=\""));
    }
    let answer = get("/encoded?5000", "gzip");
    assert_eq!(answer.header("content-encoding"), Some("br"));
    assert_eq!(answer.body.len(), 5000);
}

#[test]
fn conditions_come_back_without_the_suffix() {
    let (edge, requests) = recording();
    ask(
        &edge,
        "GET / HTTP/1.1\r\nHost: a\r\nIf-None-Match: \"U5iW=-gzip\", \"b\"\r\n\
         If-Match: W/\"c-gzip\"\r\n\r\n",
    );
    let request = requests.recv().unwrap();
    assert_eq!(request.headers.get("if-none-match"), Some("\"U5iW=\", \"b\""));
    assert_eq!(request.headers.get("if-match"), Some("W/\"c\""));
}

/// Pieces of text, or an error in their midst.
fn pieces(texts: &'static [Result<&'static str, ()>]) -> Response {
    let pieces = texts.iter().map(|text| match text {
        Ok(text) => Ok(Bytes::from_static(text.as_bytes())),
        Err(()) => Err(std::io::Error::other("lost")),
    });
    Response { body: ResponseBody::Pieces(Box::new(pieces)), ..Response::status(200) }
}

#[test]
fn pieces_are_streamed_in_chunks() {
    let edge = edge(|_| pieces(&[Ok("a,b\n"), Ok(""), Ok("1,2\n")]));
    let mut wire = Wire::open(&edge);
    wire.send(GET);
    let answer = wire.answer();
    assert_eq!(answer.header("transfer-encoding"), Some("chunked"));
    assert_eq!(answer.text(), "a,b\n1,2\n");
    wire.send("GET / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n");
    let answer = wire.answer();
    assert_eq!(answer.header("content-encoding"), Some("gzip"));
    let mut text = String::new();
    GzDecoder::new(answer.body.as_slice()).read_to_string(&mut text).unwrap();
    assert_eq!(text, "a,b\n1,2\n");
}

#[test]
fn pieces_that_fail_end_the_connection() {
    let edge = edge(|request| match request.path.as_str() {
        "/error" => pieces(&[Ok("first"), Err(())]),
        _ => Response {
            body: ResponseBody::Pieces(Box::new(std::iter::from_fn(|| panic!("on purpose")))),
            ..Response::status(200)
        },
    });
    for target in ["/error", "/panic"] {
        let mut wire = Wire::open(&edge);
        wire.send(format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n"));
        assert_eq!(wire.head().status, 200);
        let rest = wire.rest();
        assert!(!rest.ends_with(b"0\r\n\r\n"), "{target}");
    }
}

#[test]
fn a_slow_reader_gets_all_pieces() {
    let edge = edge(|_| {
        let pieces = (0..200).map(|number: u8| Ok(Bytes::from(vec![number; 100_000])));
        Response { body: ResponseBody::Pieces(Box::new(pieces)), ..Response::status(200) }
    });
    let mut slow = Wire::open(&edge);
    slow.send(GET);
    // While it reads nothing, others are served.
    for _ in 0..5 {
        let mut wire = Wire::open(&edge);
        wire.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
        assert_eq!(wire.head().status, 200);
    }
    assert_eq!(slow.answer().body.len(), 20_000_000);
}

#[test]
fn a_panic_is_answered_and_survived() {
    let edge = edge(|request| {
        assert_ne!(request.query, "panic", "on purpose");
        Response::status(200).body("alive")
    });
    let mut wire = Wire::open(&edge);
    for target in ["/?panic", "/services/async/60.0?panic"] {
        wire.send(format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n"));
        let answer = wire.answer();
        assert_eq!(answer.status, 500);
        assert!(answer.text().starts_with("[{\"message\":\"An unexpected error occurred."));
        assert!(answer.text().ends_with("\"errorCode\":\"UNKNOWN_EXCEPTION\"}]"));
        wire.send(GET);
        assert_eq!(wire.answer().text(), "alive");
    }
}

// Faults on purpose.

#[test]
fn a_dropped_answer_closes_the_connection() {
    let edge = edge(|request| {
        let drop = request.path == "/drop";
        Response { transport: Transport { drop, ..Transport::default() }, ..Response::status(200) }
    });
    let mut wire = Wire::open(&edge);
    wire.send(GET);
    assert_eq!(wire.answer().status, 200);
    wire.send("GET /drop HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(wire.rest(), b"");
    assert_eq!(ask(&edge, GET).status, 200);
}

#[test]
fn a_truncated_answer_ends_after_its_bytes() {
    let edge = edge(|request| {
        let truncate = Some(request.query.parse().unwrap());
        let response = match request.path.as_str() {
            "/pieces" => pieces(&[Ok("01234"), Ok("56789")]),
            _ => Response::status(200).body("0123456789"),
        };
        Response { transport: Transport { truncate, ..Transport::default() }, ..response }
    });
    let rest = |target: &str| {
        let mut wire = Wire::open(&edge);
        wire.send(format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n"));
        let head = wire.head();
        assert_eq!(head.status, 200);
        (head.header("content-length").map(str::to_owned), wire.rest())
    };
    assert_eq!(rest("/?4"), (Some("10".to_owned()), b"0123".to_vec()));
    assert_eq!(rest("/?0"), (Some("10".to_owned()), b"".to_vec()));
    assert_eq!(rest("/pieces?7"), (None, b"5\r\n01234\r\n2\r\n56\r\n".to_vec()));
}

#[test]
fn a_delayed_answer_holds_up_nobody() {
    let options = EdgeOptions { workers: 1, ..EdgeOptions::default() };
    let edge = edge_with(options, |request| {
        let delay = if request.path == "/slow" { 300 } else { 0 };
        Response { transport: Transport { delay, ..Transport::default() }, ..Response::status(200) }
            .body(request.path)
    });
    let mut slow = Wire::open(&edge);
    slow.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(ask(&edge, GET).text(), "/");
    assert_eq!(slow.answer().text(), "/slow");
}
