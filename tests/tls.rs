//! TLS on the server's port, over real sockets, and the folder of its certificate authority.
#![cfg(feature = "tls")]
#![allow(clippy::unwrap_used)] // Helpers of tests are tests too.

mod common;

use common::{Folder, GET, Wire, ask, echo, edge_with, post, trusting, trusting_with};
use fauxforce::api::{Request, Response, ResponseBody, Transport};
use fauxforce::server::{Authority, Edge, EdgeOptions};
use rustls::version::{TLS12, TLS13};
use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::Path;
use std::sync::Arc;

/// An edge that speaks TLS, and its authority's certificate.
struct Served {
    edge: Edge,
    certificate: String,
    _folder: Folder,
}

impl Served {
    fn new(handler: impl Fn(Request) -> Response + Send + Sync + 'static) -> Served {
        let folder = Folder::new();
        let authority = Authority::in_folder(&folder.0, None).unwrap();
        let certificate = authority.certificate_pem().to_owned();
        let options =
            EdgeOptions { authority: Some(Arc::new(authority)), ..EdgeOptions::default() };
        Served { edge: edge_with(options, handler), certificate, _folder: folder }
    }

    /// A connection of a client that calls the server by this name.
    fn connect(&self, name: &str) -> Wire {
        Wire::open(&self.edge).secured(name, &trusting(&self.certificate)).unwrap().wire
    }

    fn is_alive(&self) -> bool {
        ask(&self.edge, GET).status == 200
    }
}

/// How the request came.
#[allow(clippy::needless_pass_by_value)] // The signature of a handler.
fn origin(request: Request) -> Response {
    let scheme = if request.origin.secure { "https" } else { "http" };
    Response::status(200).body(format!("{scheme}://{}{}", request.origin.host, request.path))
}

// Names.

#[test]
fn every_name_gets_a_certificate_that_is_trusted() {
    let served = Served::new(origin);
    for name in [
        "localhost",
        "login.salesforce.com",
        "acme--dev.sandbox.my.salesforce.com",
        "us.api.concursolutions.com",
        "some_service.internal",
        "127.0.0.1",
    ] {
        let mut wire = served.connect(name);
        wire.send(format!("GET /x HTTP/1.1\r\nHost: {name}\r\n\r\n"));
        assert_eq!(wire.answer().text(), format!("https://{name}/x"));
    }
    // Another authority's are not trusted.
    let other = Folder::new();
    let other = Authority::in_folder(&other.0, None).unwrap();
    let config = trusting(other.certificate_pem());
    assert!(Wire::open(&served.edge).secured("localhost", &config).is_err());
}

#[test]
fn addresses_are_names_too() {
    let served = Served::new(echo);
    let config = trusting(&served.certificate);
    for address in served.edge.addresses() {
        let name = address.ip().to_string();
        assert!(Wire::open_at(address.ip(), &served.edge).secured(&name, &config).is_ok());
    }
    // What was not called is not certified.
    let called_other = Wire::open(&served.edge).secured("127.0.0.2", &config);
    assert!(called_other.is_err());
}

// What is agreed on.

#[test]
fn both_versions_are_spoken_and_http_1_1_alone() {
    let served = Served::new(echo);
    for version in [&TLS12, &TLS13] {
        for protocols in [&[][..], &["http/1.1"], &["h2", "http/1.1"]] {
            let config = trusting_with(&served.certificate, &[version], protocols);
            let mut secured = Wire::open(&served.edge).secured("localhost", &config).unwrap();
            assert_eq!(secured.version, version.version);
            let agreed = (!protocols.is_empty()).then(|| b"http/1.1".to_vec());
            assert_eq!(secured.alpn, agreed);
            secured.wire.send(GET);
            assert_eq!(secured.wire.answer().status, 200);
        }
        let config = trusting_with(&served.certificate, &[version], &["h2"]);
        assert!(Wire::open(&served.edge).secured("localhost", &config).is_err());
    }
    assert!(served.is_alive());
}

#[test]
fn sessions_are_resumed() {
    let served = Served::new(echo);
    let config = trusting(&served.certificate);
    let resumed = [(); 3].map(|()| {
        let mut secured = Wire::open(&served.edge).secured("localhost", &config).unwrap();
        // The ticket comes with the first answer.
        secured.wire.send(GET);
        secured.wire.answer();
        secured.resumed
    });
    assert_eq!(resumed, [false, true, true]);
}

#[test]
fn http_and_tls_share_the_port() {
    let served = Served::new(origin);
    let mut secure = served.connect("localhost");
    for _ in 0..3 {
        assert_eq!(ask(&served.edge, GET).text(), "http://a/");
        secure.send(GET);
        assert_eq!(secure.answer().text(), "https://a/");
    }
}

// What passes.

#[test]
fn large_bodies_pass_both_ways() {
    let served = Served::new(|request| {
        let body = common::body_of(&request);
        let pieces = (0..4).map(move |_| Ok(body.clone()));
        let body = ResponseBody::Pieces(Box::new(pieces));
        Response { body, ..Response::status(200) }
    });
    let mut wire = served.connect("localhost");
    let body: Vec<u8> = (0..3_000_000_u32).map(|n| (n % 251) as u8).collect();
    wire.send(post("", &body));
    assert!(wire.answer().body == body.repeat(4));
}

#[test]
fn a_request_may_come_byte_by_byte() {
    let served = Served::new(echo);
    let mut wire = served.connect("localhost");
    for byte in post("", b"slowly") {
        wire.send([byte]);
    }
    assert_eq!(wire.answer().text(), "slowly");
}

#[test]
fn many_clients_at_once() {
    let served = Served::new(echo);
    std::thread::scope(|scope| {
        for client in 0..32 {
            let served = &served;
            scope.spawn(move || {
                let mut wire = served.connect(&format!("org{}.my.salesforce.com", client % 8));
                for number in 0..10 {
                    let body = format!("{client} {number}");
                    wire.send(post("", body.as_bytes()));
                    assert_eq!(wire.answer().text(), body);
                }
            });
        }
    });
}

#[test]
fn faults_happen_over_tls_too() {
    let served = Served::new(|request| {
        let transport = match request.path.as_str() {
            "/drop" => Transport { drop: true, ..Transport::default() },
            "/truncate" => Transport { truncate: Some(5), ..Transport::default() },
            "/delay" => Transport { delay: 30, ..Transport::default() },
            _ => Transport::default(),
        };
        Response { transport, ..Response::status(200).body("0123456789") }
    });
    let wire = |path: &str| {
        let mut wire = served.connect("localhost");
        wire.send(format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n"));
        wire
    };
    assert_eq!(wire("/drop").rest(), b"");
    let mut truncated = wire("/truncate");
    assert_eq!(truncated.head().header("content-length"), Some("10"));
    assert_eq!(truncated.rest(), b"01234");
    assert_eq!(wire("/delay").answer().text(), "0123456789");
}

#[test]
fn connection_close_ends_the_connection() {
    let served = Served::new(echo);
    let mut wire = served.connect("localhost");
    wire.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    assert_eq!(wire.answer().status, 200);
    assert_eq!(wire.rest(), b"");
}

// Bad input.

/// A TLS record: its type, its version, and its content.
fn record(kind: u8, content: &[u8]) -> Vec<u8> {
    [&[kind, 3, 1][..], &(content.len() as u16).to_be_bytes(), content].concat()
}

#[test]
fn broken_handshakes_end_their_connection_only() {
    let served = Served::new(echo);
    let long_hello = [&[1, 0xff, 0xff, 0xff][..], &[0; 16_000]].concat();
    for (what, bytes) in [
        ("a lone first byte", vec![0x16]),
        ("HTTP after the first byte", b"\x16GET / HTTP/1.1\r\n\r\n".to_vec()),
        ("zeros", [&[0x16][..], &[0; 500]].concat()),
        ("an empty record", record(0x16, &[])),
        ("a hello of nothing", record(0x16, &[1, 0, 0, 0])),
        ("a hello of garbage", record(0x16, &[1, 0, 0, 4, 9, 9, 9, 9])),
        ("a finished before the hello", record(0x16, &[20, 0, 0, 0])),
        ("a hello that never ends", record(0x16, &long_hello)),
        (
            "an alert after a handshake's start",
            [record(0x16, &[1]), record(0x15, &[2, 0])].concat(),
        ),
        ("a record that is too long", vec![0x16, 3, 1, 0xff, 0xff, 1]),
    ] {
        let mut wire = Wire::open(&served.edge);
        wire.try_send(&bytes);
        wire.end_sending();
        let answer = wire.rest();
        let is_alert = answer.is_empty() || answer[0] == 0x15;
        assert!(is_alert, "{what}: {answer:?}");
        assert!(served.is_alive(), "{what}");
    }
    // An alert alone is no TLS that begins, so it is read as HTTP.
    assert_eq!(ask(&served.edge, record(0x15, &[2, 0])).status, 400);
}

#[test]
fn garbage_after_the_handshake_is_no_request() {
    let served = Served::new(echo);
    let mut wire = served.connect("localhost");
    wire.send("\x16\x03\x01 nonsense\r\n\r\n");
    assert_eq!(wire.answer().status, 400);
    assert_eq!(wire.rest(), b"");
    // The preface of HTTP/2, which was not agreed on.
    let mut wire = served.connect("localhost");
    wire.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    assert_eq!(wire.rest(), b"");
    assert!(served.is_alive());
}

#[test]
fn half_open_handshakes_hold_up_neither_requests_nor_the_stop() {
    let served = Served::new(echo);
    let open: Vec<Wire> = (0..20_usize)
        .map(|length| {
            let mut wire = Wire::open(&served.edge);
            wire.send(&record(0x16, &[1, 0, 1, 0, 3, 3])[..length.min(11)]);
            wire
        })
        .collect();
    assert!(served.is_alive());
    served.edge.stop();
    for mut wire in open {
        assert_eq!(wire.rest(), b"");
    }
}

#[test]
fn without_an_authority_a_tls_greeting_is_a_malformed_request() {
    let edge = common::edge(echo);
    let mut wire = Wire::open(&edge);
    wire.send(record(0x16, &[1, 0, 0, 0]));
    wire.end_sending();
    assert_eq!(wire.answer().status, 400);
}

// The folder.

fn files(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn the_authority_is_made_once_and_kept() {
    let folder = Folder::new();
    let path = folder.0.join("not/there/yet");
    let first = Authority::in_folder(&path, None).unwrap();
    assert_eq!(files(&path), ["ca-bundle.pem", "ca-key.pem", "ca.pem", "lock"]);
    assert_eq!(first.ca_file(), path.join("ca.pem"));
    assert_eq!(fs::read_to_string(first.ca_file()).unwrap(), first.certificate_pem());
    let key = fs::read(path.join("ca-key.pem")).unwrap();

    let second = Authority::in_folder(&path, None).unwrap();
    assert_eq!(second.certificate_pem(), first.certificate_pem());
    assert_eq!(fs::read(path.join("ca-key.pem")).unwrap(), key);
}

#[cfg(unix)]
#[test]
fn the_key_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = Folder::new();
    let key = folder.0.join("ca-key.pem");
    let mode = || fs::metadata(&key).unwrap().permissions().mode() & 0o777;
    Authority::in_folder(&folder.0, None).unwrap();
    assert_eq!(mode(), 0o600);
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    Authority::in_folder(&folder.0, None).unwrap();
    assert_eq!(mode(), 0o600, "others lose what a careless copy gave them");
}

#[test]
fn who_starts_at_once_agrees() {
    let folder = Folder::new();
    let certificates: Vec<String> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..16)
            .map(|_| {
                scope.spawn(|| {
                    let authority = Authority::in_folder(&folder.0, None).unwrap();
                    authority.certificate_pem().to_owned()
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(certificates.iter().all(|certificate| *certificate == certificates[0]));
    assert_eq!(files(&folder.0), ["ca-bundle.pem", "ca-key.pem", "ca.pem", "lock"]);
}

#[test]
fn what_a_killed_process_left_is_no_hindrance() {
    let folder = Folder::new();
    let made = Authority::in_folder(&folder.0, None).unwrap();
    // It was killed between the key and the certificate, and while it wrote.
    fs::remove_file(made.ca_file()).unwrap();
    fs::write(folder.0.join("ca.new"), "half of").unwrap();
    fs::write(folder.0.join("ca-key.new"), "half of").unwrap();
    let healed = Authority::in_folder(&folder.0, None).unwrap();
    // Made anew of the same key, so that who trusts the old one trusts the new one's leaves.
    assert!(healed.ca_file().exists());
    let options = EdgeOptions { authority: Some(Arc::new(healed)), ..EdgeOptions::default() };
    let edge = edge_with(options, echo);
    assert!(Wire::open(&edge).secured("localhost", &trusting(made.certificate_pem())).is_ok());
}

#[test]
fn the_bundle_holds_the_system_s_certificates_and_ours() {
    let folder = Folder::new();
    let system = folder.0.join("system.pem");
    fs::write(&system, "# the system's, without a line feed at its end").unwrap();
    let ca = folder.0.join("ca");
    let made = Authority::in_folder(&ca, Some(&system)).unwrap();
    let bundle = || fs::read_to_string(made.ca_bundle()).unwrap();
    let own = made.certificate_pem();
    let expected = format!("# the system's, without a line feed at its end\n{own}");
    assert_eq!(bundle(), expected);
    // In an environment that we made, the system's bundle is ours.
    Authority::in_folder(&ca, Some(made.ca_bundle())).unwrap();
    assert_eq!(bundle(), expected);
    fs::write(&system, "# changed\n").unwrap();
    Authority::in_folder(&ca, Some(&system)).unwrap();
    assert_eq!(bundle(), format!("# changed\n{own}"));
    Authority::in_folder(&ca, Some(&folder.0.join("not there"))).unwrap();
    assert_eq!(bundle(), own);
}

#[test]
fn a_folder_that_cannot_be_used_is_named() {
    let refused = |folder: &Path| Authority::in_folder(folder, None).unwrap_err().to_string();
    let good = Folder::new();
    let good_authority = Authority::in_folder(&good.0, None).unwrap();
    let other = Folder::new();
    Authority::in_folder(&other.0, None).unwrap();
    let (key, certificate) = (good.0.join("ca-key.pem"), good.0.join("ca.pem"));
    let good_key = fs::read_to_string(&key).unwrap();

    for wrong in ["", "garbage", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"] {
        fs::write(&key, wrong).unwrap();
        let text = refused(&good.0);
        assert!(text.starts_with(&format!("{} holds no private key", key.display())), "{text}");
        assert_eq!(fs::read_to_string(&key).unwrap(), wrong, "nothing is overwritten");
    }
    fs::write(&key, [0xff, 0xfe]).unwrap();
    assert!(refused(&good.0).starts_with(&format!("cannot read {}", key.display())));
    fs::remove_file(&key).unwrap();
    assert!(refused(&good.0).contains("ca-key.pem is missing beside its certificate"));

    fs::write(&key, good_key).unwrap();
    let others = fs::read_to_string(other.0.join("ca.pem")).unwrap();
    for wrong in ["", "garbage", &others] {
        fs::write(&certificate, wrong).unwrap();
        let text = refused(&good.0);
        assert!(text.contains("is not the certificate of the CA key beside it"), "{text}");
    }
    fs::write(&certificate, good_authority.certificate_pem()).unwrap();
    assert!(Authority::in_folder(&good.0, None).is_ok());

    let below_a_file = certificate.join("ca");
    let text = refused(&below_a_file);
    assert!(text.starts_with("cannot read ") || text.starts_with("cannot write "), "{text}");
    assert!(!text.contains('\n'));
}

#[cfg(feature = "cli")]
#[test]
fn the_binary_says_so_in_one_line_and_ends_with_73() {
    let folder = Folder::new();
    fs::write(folder.0.join("ca-key.pem"), "garbage").unwrap();
    fs::write(folder.0.join("ca.pem"), "garbage").unwrap();
    for dir in [folder.0.clone(), folder.0.join("ca.pem/below")] {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_fauxforce"))
            .args(["serve", "--port", "0", "--ca-dir"])
            .arg(&dir)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(73));
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(text.starts_with("fauxforce: ") && text.lines().count() == 1, "{text}");
        assert!(text.contains("--ca-dir"), "{text}");
        assert!(output.stdout.is_empty());
    }
}

// The façade.

#[test]
fn a_server_tells_how_to_reach_it_over_tls() {
    let folder = Folder::new();
    let server = fauxforce::Server::builder().ca_dir(&folder.0).start().unwrap();
    let port = server.port();
    assert_eq!(server.secure_url(), Some(format!("https://localhost:{port}")));
    let certificate = fs::read_to_string(server.ca_file().unwrap()).unwrap();
    assert!(fs::read_to_string(server.ca_bundle().unwrap()).unwrap().ends_with(&certificate));

    let loopback = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let config = trusting(&certificate);
    let mut wire = Wire::to(loopback, port).secured("localhost", &config).unwrap().wire;
    wire.send(format!("GET /_fauxforce/orgs HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n"));
    let instance_url = format!("\"instance_url\":\"https://localhost:{port}\"");
    assert!(wire.answer().text().contains(&instance_url));
    wire.send("GET /_fauxforce/ca.pem HTTP/1.1\r\nHost: a\r\n\r\n");
    let answer = wire.answer();
    assert_eq!(answer.header("content-type"), Some("application/x-pem-file"));
    assert_eq!(answer.text(), certificate);
    wire.send("POST /_fauxforce/ca.pem HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
    assert_eq!(wire.answer().status, 405);
}

#[test]
fn a_server_without_tls_has_none_of_it() {
    let server = fauxforce::Server::start().unwrap();
    assert_eq!((server.secure_url(), server.ca_file(), server.ca_bundle()), (None, None, None));
    let mut wire = Wire::to(IpAddr::V4(Ipv4Addr::LOCALHOST), server.port());
    wire.send("GET /_fauxforce/ca.pem HTTP/1.1\r\nHost: a\r\n\r\n");
    let answer = wire.answer();
    assert_eq!(answer.status, 404);
    assert!(answer.text().contains("\"NO_TLS\""), "{answer:?}");
}

#[test]
fn a_server_on_ipv6_alone_is_called_by_its_address() {
    let address = IpAddr::V6(Ipv6Addr::LOCALHOST);
    if std::net::TcpListener::bind((address, 0)).is_err() {
        return;
    }
    let folder = Folder::new();
    let server = fauxforce::Server::builder().host(address).ca_dir(&folder.0).start().unwrap();
    let port = server.port();
    assert_eq!(server.secure_url(), Some(format!("https://[::1]:{port}")));
    let config = trusting(&fs::read_to_string(server.ca_file().unwrap()).unwrap());
    assert!(Wire::to(address, port).secured("::1", &config).is_ok());
}
