//! The network edge over real sockets: what arrives at the handler, and what goes on the wire.
#![cfg(feature = "server")]
#![allow(clippy::unwrap_used)] // Helpers of tests are tests too.

mod common;

use bytes::Bytes;
use common::{Wire, ask, edge, edge_with};
use fauxforce::api::{Method, Request, RequestBody, Response, ResponseBody, Transport};
use fauxforce::server::{Edge, EdgeOptions, HostChoice};
use flate2::Compression;
use flate2::read::{GzDecoder, ZlibDecoder};
use flate2::write::{GzEncoder, ZlibEncoder};
use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::{Arc, Mutex, mpsc};

const GET: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

fn body_of(request: &Request) -> Bytes {
    match &request.body {
        RequestBody::Bytes(bytes) => bytes.clone(),
        RequestBody::Reader(_) => panic!("the edge reads bodies whole"),
    }
}

/// Answers with the body of the request.
#[allow(clippy::needless_pass_by_value)] // The signature of a handler.
fn echo(request: Request) -> Response {
    Response::status(200).body(body_of(&request))
}

/// An edge that keeps what its handler was given.
fn recording() -> (Edge, mpsc::Receiver<Request>) {
    let (sender, receiver) = mpsc::channel();
    let sender = Mutex::new(sender);
    let edge = edge(move |request| {
        sender.lock().unwrap().send(request).unwrap();
        Response::status(204)
    });
    (edge, receiver)
}

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

fn post(headers: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!("POST / HTTP/1.1\r\nHost: a\r\n{headers}Content-Length: {length}\r\n\r\n");
    [head.as_bytes(), body].concat()
}

// What arrives.

#[test]
fn the_request_arrives_as_it_was_sent() {
    let (edge, requests) = recording();
    let answer = ask(
        &edge,
        "PATCH /a%20b//c?q=SELECT+Id%2C&x HTTP/1.1\r\nHost: acme.my.salesforce.com:81\r\n\
         X-One: 1\r\nX-TWO:  two \r\nX-One: again\r\nContent-Length: 2\r\n\r\n{}",
    );
    assert_eq!(answer.status, 204);
    let request = requests.recv().unwrap();
    assert_eq!(request.method, Method::Patch);
    assert_eq!(request.path, "/a%20b//c");
    assert_eq!(request.query, "q=SELECT+Id%2C&x");
    assert_eq!(request.headers.get("x-two"), Some("two"));
    let ones: Vec<_> = request.headers.iter().filter(|(name, _)| *name == "x-one").collect();
    assert_eq!(ones, [("x-one", "1"), ("x-one", "again")]);
    assert_eq!(body_of(&request), "{}");
    assert_eq!(request.origin.host, "acme.my.salesforce.com:81");
    assert!(request.origin.loopback);
    assert!(!request.origin.secure);
    assert_eq!(request.origin.org, None);
}

#[test]
fn the_absolute_form_names_the_host() {
    let (edge, requests) = recording();
    ask(&edge, "GET http://login.salesforce.com/x?y HTTP/1.1\r\nHost: other\r\n\r\n");
    let request = requests.recv().unwrap();
    assert_eq!(request.origin.host, "login.salesforce.com");
    assert_eq!((request.path.as_str(), request.query.as_str()), ("/x", "y"));
}

#[test]
fn without_a_host_it_is_our_own() {
    let (edge, requests) = recording();
    ask(&edge, "GET / HTTP/1.0\r\n\r\n");
    assert_eq!(requests.recv().unwrap().origin.host, format!("localhost:{}", edge.port()));
}

#[test]
fn the_org_of_a_port_is_known() {
    let options = EdgeOptions { org: Some("fork1".to_owned()), ..EdgeOptions::default() };
    let edge = edge_with(options, |request| {
        Response::status(200).body(request.origin.org.unwrap_or_default())
    });
    assert_eq!(ask(&edge, GET).text(), "fork1");
}

#[test]
fn unknown_methods_are_refused() {
    let edge = edge(|_| panic!("not reached"));
    for method in ["BREW", "TRACE", "PROPFIND"] {
        let answer = ask(&edge, format!("{method} / HTTP/1.1\r\nHost: a\r\n\r\n"));
        assert_eq!(answer.status, 501, "{method}");
        assert!(answer.text().starts_with("[{\"errorCode\":\"NOT_EMULATED\","), "{answer:?}");
        let what = format!("HTTP method {method}");
        assert_eq!(answer.header("x-fauxforce-unsupported"), Some(what.as_str()));
    }
    assert_eq!(ask(&edge, "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n").status, 501);
}

// Connections.

#[test]
fn a_connection_serves_many_requests() {
    let edge = edge(echo);
    let mut wire = Wire::open(&edge);
    for number in 0..20 {
        wire.send(post("", format!("body {number}").as_bytes()));
        assert_eq!(wire.answer().text(), format!("body {number}"));
    }
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let edge = edge(|request| {
        // The first and the third go to the pool.
        Response::status(200).body(request.path)
    });
    let mut wire = Wire::open(&edge);
    let targets = ["/services/async/60.0/job", "/2", "/services/data/v60.0/jobs/query", "/4"];
    let requests = targets.map(|target| format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n"));
    wire.send(requests.concat());
    for target in targets {
        assert_eq!(wire.answer().text(), target);
    }
}

#[test]
fn http_1_0_and_connection_close_end_the_connection() {
    let edge = edge(echo);
    for request in ["GET / HTTP/1.0\r\n\r\n", "GET / HTTP/1.1\r\nConnection: close\r\n\r\n"] {
        let mut wire = Wire::open(&edge);
        wire.send(request);
        assert_eq!(wire.answer().status, 200);
        assert_eq!(wire.rest(), b"");
    }
}

#[test]
fn a_client_may_end_its_half_before_the_answer() {
    let edge = edge(echo);
    let mut wire = Wire::open(&edge);
    wire.send(post("", b"last words"));
    wire.end_sending();
    assert_eq!(wire.answer().text(), "last words");
    assert_eq!(wire.rest(), b"");
}

#[test]
fn a_client_that_leaves_is_let_go() {
    let edge = edge(echo);
    let mut wire = Wire::open(&edge);
    wire.send(GET);
    wire.answer();
    wire.end_sending();
    assert_eq!(wire.rest(), b"");
    let mut silent = Wire::open(&edge);
    silent.end_sending();
    assert_eq!(silent.rest(), b"");
}

#[test]
fn a_request_may_come_byte_by_byte() {
    let edge = edge(echo);
    let mut wire = Wire::open(&edge);
    // The first letters are those of the HTTP/2 preface too.
    for byte in post("X-Slow: yes\r\n", b"slowly") {
        wire.send([byte]);
    }
    assert_eq!(wire.answer().text(), "slowly");
}

#[test]
fn many_connections_at_once() {
    let edge = edge(echo);
    std::thread::scope(|scope| {
        for client in 0..64 {
            let edge = &edge;
            scope.spawn(move || {
                let mut wire = Wire::open(edge);
                for number in 0..20 {
                    let body = format!("{client} {number}");
                    wire.send(post("", body.as_bytes()));
                    assert_eq!(wire.answer().text(), body);
                }
            });
        }
    });
}

#[test]
fn a_waiting_handler_on_the_pool_holds_up_nobody() {
    let (release, held) = mpsc::channel::<()>();
    let held = Mutex::new(held);
    let options = EdgeOptions { workers: 1, ..EdgeOptions::default() };
    let edge = edge_with(options, move |request| {
        if request.path.starts_with("/services/async") {
            held.lock().unwrap().recv().unwrap();
        }
        Response::status(200).body(request.path)
    });
    let mut waiting = Wire::open(&edge);
    waiting.send("GET /services/async/60.0 HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(ask(&edge, GET).text(), "/");
    release.send(()).unwrap();
    assert_eq!(waiting.answer().text(), "/services/async/60.0");
}

#[test]
fn malformed_requests_are_answered_400_and_closed() {
    let edge = edge(echo);
    for request in [
        "GET\r\n\r\n",
        "GET / HTTP/9.9\r\n\r\n",
        "GET /a b HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nno colon\r\n\r\n",
        "G\u{7f}T / HTTP/1.1\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: two\r\n\r\n{}",
        "POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}",
        "\u{16}\u{3}\u{1}\u{2}",
    ] {
        let mut wire = Wire::open(&edge);
        wire.send(request);
        wire.end_sending();
        assert_eq!(wire.answer().status, 400, "{request:?}");
        assert_eq!(wire.rest(), b"", "{request:?}");
    }
    assert_eq!(ask(&edge, GET).status, 200);
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
    let expected = [
        ("date", "Wed, 14 Apr 2021 13:50:54 GMT"),
        ("location", "/services/data/v51.0/sobjects/A/1"),
        ("set-cookie", "a=1"),
        ("set-cookie", "b=2"),
        ("sforce-limit-info", "api-usage=1/2"),
        ("x-fauxforce-hint", "line  break: no"),
        ("content-length", "2"),
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

// Listening.

#[test]
fn both_loopback_addresses_have_the_same_port() {
    let edge = edge(|request| Response::status(200).body(request.origin.loopback.to_string()));
    assert_ne!(edge.port(), 0);
    assert_eq!(edge.url(), format!("http://localhost:{}", edge.port()));
    for address in edge.addresses() {
        assert_eq!(address.port(), edge.port());
        let mut wire = Wire::open_at(address.ip(), &edge);
        wire.send(GET);
        assert_eq!(wire.answer().text(), "true");
    }
    let has_ipv6 = std::net::TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_ok();
    assert_eq!(edge.addresses().len(), if has_ipv6 { 2 } else { 1 });
}

#[test]
fn one_address_alone_can_be_chosen() {
    let address = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let options = EdgeOptions { host: HostChoice::Address(address), ..EdgeOptions::default() };
    let edge = edge_with(options, echo);
    assert_eq!(edge.addresses().len(), 1);
    assert_eq!(edge.url(), format!("http://127.0.0.1:{}", edge.port()));
    assert_eq!(ask(&edge, GET).status, 200);
}

#[test]
fn a_taken_port_is_named() {
    let first = edge(echo);
    let options = EdgeOptions { port: first.port(), ..EdgeOptions::default() };
    let error = Edge::bind(options, Arc::new(echo)).expect_err("the port is taken");
    assert_eq!(error.kind(), std::io::ErrorKind::AddrInUse);
    assert_eq!(
        error.to_string(),
        format!("cannot listen on 127.0.0.1:{}: the port is taken", first.port())
    );
}

#[test]
fn a_port_is_free_again_after_the_stop() {
    let first = edge(echo);
    let mut idle = Wire::open(&first);
    idle.send(GET);
    idle.answer();
    first.stop();
    assert_eq!(idle.rest(), b"", "an idle connection is closed");
    let options = EdgeOptions { port: first.port(), ..EdgeOptions::default() };
    let second = edge_with(options, echo);
    assert_eq!(ask(&second, GET).status, 200);
    first.stop();
}

#[test]
fn requests_under_way_are_answered_before_the_stop() {
    let (arrived, arrival) = mpsc::channel();
    let arrived = Mutex::new(arrived);
    let edge = edge(move |_| {
        arrived.lock().unwrap().send(()).unwrap();
        Response {
            transport: Transport { delay: 200, ..Transport::default() },
            ..Response::status(200)
        }
    });
    let mut wire = Wire::open(&edge);
    wire.send(GET);
    arrival.recv().unwrap();
    edge.stop();
    assert_eq!(wire.answer().status, 200);
    assert_eq!(wire.rest(), b"");
}

#[test]
fn the_stop_does_not_wait_for_ever() {
    let (_release, held) = mpsc::channel::<()>();
    let held = Mutex::new(held);
    let (arrived, arrival) = mpsc::channel();
    let arrived = Mutex::new(arrived);
    let edge = edge(move |_| {
        arrived.lock().unwrap().send(()).unwrap();
        // Until the test is over.
        let _ = held.lock().unwrap().recv();
        Response::status(200)
    });
    // One on a socket's thread, one on the pool.
    for target in ["/", "/services/async/60.0"] {
        let mut wire = Wire::open(&edge);
        wire.send(format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n"));
        arrival.recv().unwrap();
        std::mem::forget(wire);
    }
    edge.stop();
}

#[test]
fn it_works_inside_an_async_test() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let edge = edge(echo);
        let answer = tokio::task::spawn_blocking({
            let port = edge.port();
            move || std::net::TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok()
        });
        assert!(answer.await.unwrap());
        drop(edge);
    });
}

// HTTP/2 with prior knowledge.

#[test]
fn http_2_is_spoken_with_prior_knowledge() {
    use http_body_util::{BodyExt, Full};
    use hyper_util::rt::{TokioExecutor, TokioIo};

    let edge = edge(|request| {
        let text = format!(
            "{} {} {} {}",
            request.method.name(),
            request.path,
            request.origin.host,
            String::from_utf8_lossy(&body_of(&request))
        );
        Response::status(201).with("Connection", "close").with("X-A", "b").body(text)
    });
    let port = edge.port();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let stream = tokio::net::TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.unwrap();
        let (mut sender, connection) =
            hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
                .await
                .unwrap();
        let connection = tokio::spawn(connection);
        for number in 0..3 {
            let request = hyper::Request::post(format!("http://h2.test/{number}"))
                .body(Full::new(Bytes::from(format!("body {number}"))))
                .unwrap();
            let answer = sender.send_request(request).await.unwrap();
            assert_eq!(answer.status(), 201);
            assert_eq!(answer.headers()["x-a"], "b");
            let body = answer.into_body().collect().await.unwrap().to_bytes();
            assert_eq!(body, format!("POST /{number} h2.test body {number}"));
        }
        let long = hyper::Request::get(format!("http://h2.test/{}", "a".repeat(17_000)))
            .body(Full::default())
            .unwrap();
        assert_eq!(sender.send_request(long).await.unwrap().status(), 414);
        drop(sender);
        // How it ends is up to the other side.
        let _ = connection.await;
    });
}
