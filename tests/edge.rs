//! The network edge over real sockets: what arrives at the handler, connections and listening.
//! Bodies and answers are in `edge_answers.rs`.
#![cfg(feature = "server")]

mod common;

use bytes::Bytes;
use common::{GET, Wire, ask, body_of, echo, edge, edge_with, post, recording};
use fauxforce::api::{Method, Response, Transport};
use fauxforce::server::{Edge, EdgeOptions, HostChoice};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::{Arc, Mutex, mpsc};

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
