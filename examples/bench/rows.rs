//! What is measured: one line a row.

use std::sync::Mutex;

/// A server to measure.
#[derive(Clone, Debug)]
pub(crate) enum Server {
    /// The base: hyper alone, 300 fixed bytes.
    Bare,
    /// fauxforce's edge around a handler of this name (`servers::edge`).
    Edge(&'static str),
    /// rustls and hyper alone, the same bytes.
    BareTls,
    /// fauxforce's edge over TLS.
    EdgeTls,
    /// The `fauxforce` binary beside this one, started with these options.
    Fauxforce(&'static [&'static str]),
    /// One that runs already: its authority and its process id.
    Running { authority: String, pid: u32 },
}

/// A request, serialised once.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) headers: Vec<String>,
    pub(crate) body: String,
}

/// What a row measures.
pub(crate) enum Measure {
    /// CPU time of the server's process per request, over keep-alive connections.
    Request { server: Server, request: Request, connections: usize },
    /// The same of an org on which some requests were made before. Of slow requests only every
    /// `sparse`th is sent.
    Prepared { before: Vec<Request>, request: Request, sparse: usize },
    /// The same of an org started with options, compared with one started with others.
    Compared {
        with: &'static [&'static str],
        without: &'static [&'static str],
        before: Vec<Request>,
        request: Request,
    },
    /// Resident memory of an org's process after some requests.
    MemoryAfter { before: Vec<Request> },
    /// How much of it further requests add, without a base.
    MemoryAdded { before: Vec<Request>, then: Vec<Request> },
    /// CPU time of a connection over TLS with one request, the leaf being cached; the base is a
    /// bare rustls server.
    Handshake,
    /// Time from the start of the process to its first answer.
    Start { server: Server },
    /// Time from the start of `exec -- true` to its end; the base is `serve`'s first answer.
    Exec,
    /// Resident memory of the process after one answer.
    Memory { server: Server },
    /// CPU time of one call in this process; the base is the bare server's request. The function
    /// is given the number of calls to make.
    InProcess { work: fn(usize) },
}

/// A line of the table.
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) measure: Measure,
}

/// All rows, in the order of the table.
pub(crate) fn all() -> Vec<Row> {
    let json = "Content-Type: application/json";
    vec![
        request("edge, 300 bytes, 1 connection", Server::Edge("fixed"), 1, get("/fixed")),
        request("edge, 300 bytes, 8 connections", Server::Edge("fixed"), 8, get("/fixed")),
        request("edge, the headers of an org", Server::Edge("org"), 1, get("/org").with(BEARER)),
        request("edge, 1 KiB posted", Server::Edge("fixed"), 1, post("/p", 1024).with(json)),
        request("edge, on the pool", Server::Edge("fixed"), 1, get("/services/async/60.0/job")),
        Row {
            name: "TLS handshake and a request, against bare rustls".to_owned(),
            measure: Measure::Handshake,
        },
        request("fauxforce, health", Server::Fauxforce(&[]), 1, get("/_fauxforce/health")),
        start("fauxforce, start to first answer", Server::Fauxforce(&[])),
        Row {
            name: "exec -- true, base: serve to first answer".to_owned(),
            measure: Measure::Exec,
        },
        memory("fauxforce, idle memory", Server::Fauxforce(&[])),
        prepared(
            "row GET, an Account with 25 fields",
            1,
            vec![account()],
            rest("GET", ACCOUNT, ""),
        ),
        prepared("row create, an Account", 1, Vec::new(), rest("POST", ACCOUNTS, SMALL)),
        prepared("collection of 200 creates", 50, Vec::new(), collection(200)),
        prepared("composite of 25 row GETs", 10, vec![account()], composite_of_reads(25)),
        prepared("graph of 500 creates", 200, Vec::new(), graph(500)),
        journalled("row GET with / without journal", vec![account()], rest("GET", ACCOUNT, "")),
        journalled("row create with / without journal", Vec::new(), rest("POST", ACCOUNTS, SMALL)),
        faulted("row GET with / without faults too", vec![account()], rest("GET", ACCOUNT, "")),
        faulted("row create with / without faults too", Vec::new(), rest("POST", ACCOUNTS, SMALL)),
        prepared("query of one row by Id", 1, vec![account()], rest("GET", BY_ID, "")),
        prepared(
            "query page, 2,000 rows of 9 fields",
            200,
            vec![many(2_000)],
            rest("GET", PAGE, ""),
        ),
        Row {
            name: "memory with 10,000 Accounts".to_owned(),
            measure: Measure::MemoryAfter { before: vec![many(10_000)] },
        },
        in_process("fork, 1,000 records", |times| fork(1_000, times)),
        in_process("fork, 100,000 records", |times| fork(100_000, times)),
        in_process("fork, 1,000,000 records", |times| fork(1_000_000, times)),
        in_process("restore after a write, 100,000 records", |times| restore(100_000, true, times)),
        in_process("restore of what is, 100,000 records", |times| restore(100_000, false, times)),
        prepared(
            "fork over the control API, 100,000 records",
            10,
            vec![many(100_000)],
            rest("POST", "/_fauxforce/orgs/default/fork", ""),
        ),
        prepared(
            "restore over the control API, 100,000 records",
            1,
            vec![many(100_000), rest("PUT", "/_fauxforce/orgs/default/snapshots/a", "")],
            rest("POST", "/_fauxforce/orgs/default/snapshots/a/restore", ""),
        ),
        Row {
            name: "memory that 1,000 forks of 100,000 records add".to_owned(),
            measure: Measure::MemoryAdded { before: vec![many(100_000)], then: forks(1_000) },
        },
        Row {
            name: "the same, each having answered a request".to_owned(),
            measure: Measure::MemoryAdded {
                before: vec![many(100_000)],
                then: (0..1_000)
                    .map(|number| {
                        get("/services/data").with(&format!("X-Fauxforce-Org: ?f{number}"))
                    })
                    .collect(),
            },
        },
        Row {
            name: "memory with 10,000 orgs".to_owned(),
            measure: Measure::MemoryAfter {
                before: (0..10_000).map(|_| rest("POST", "/_fauxforce/orgs", "")).collect(),
            },
        },
    ]
}

const ACCOUNTS: &str = "/services/data/v66.0/sobjects/Account";
const ACCOUNT: &str = "/services/data/v66.0/sobjects/Account/001ff0000000001AAA";
const BY_ID: &str =
    "/services/data/v66.0/query?q=SELECT+Id,Name+FROM+Account+WHERE+Id='001ff0000000001AAA'";
const PAGE: &str = "/services/data/v66.0/query?q=SELECT+Id,Name,Phone,Industry,Type,Website,\
                    AnnualRevenue,NumberOfEmployees,CreatedDate+FROM+Account";
const SMALL: &str =
    r#"{"Name":"Acme Corporation","AccountNumber":"ACC-0001","Phone":"+1 415 555 0100"}"#;
const FULL: &str = r#"{"Name":"Acme Corporation","AccountNumber":"ACC-0001","Phone":"+1 415 555 0100","Fax":"+1 415 555 0101","Website":"https://acme.example.com","Industry":"Banking","Type":"Customer - Direct","Rating":"Hot","Ownership":"Public","TickerSymbol":"ACME","Sic":"1234","Site":"HQ","AnnualRevenue":1000000,"NumberOfEmployees":250,"Description":"A long enough description of the account","BillingStreet":"1 Market St","BillingCity":"San Francisco","BillingState":"CA","BillingPostalCode":"94105","BillingCountry":"USA","ShippingStreet":"1 Market St","ShippingCity":"San Francisco","ShippingState":"CA","ShippingPostalCode":"94105","ShippingCountry":"USA"}"#;

/// A request with the default org's first session and a JSON body.
pub(crate) fn rest(method: &str, target: &str, body: &str) -> Request {
    let token = fauxforce::Org::start().map(|org| org.access_token().to_owned());
    Request { method: method.to_owned(), body: body.to_owned(), ..get(target) }
        .with(&format!("Authorization: Bearer {}", token.unwrap_or_default()))
        .with("Content-Type: application/json")
}

fn account() -> Request {
    rest("POST", ACCOUNTS, FULL)
}

/// Loads so many generated Accounts.
fn many(count: usize) -> Request {
    let body = format!(r#"{{"name":"many","generate":[{{"object":"Account","count":{count}}}]}}"#);
    rest("POST", "/_fauxforce/orgs/default/scenarios", &body)
}

/// Creates so many Accounts at once.
fn collection(count: usize) -> Request {
    let record = SMALL.replacen('{', r#"{"attributes":{"type":"Account"},"#, 1);
    let records = vec![record; count].join(",");
    let body = format!(r#"{{"allOrNone":false,"records":[{records}]}}"#);
    rest("POST", "/services/data/v66.0/composite/sobjects", &body)
}

/// Reads one Account so many times.
fn composite_of_reads(count: usize) -> Request {
    let part = |n| format!(r#"{{"method":"GET","url":"{ACCOUNT}","referenceId":"r{n}"}}"#);
    let parts: Vec<String> = (0..count).map(part).collect();
    let body = format!(r#"{{"compositeRequest":[{}]}}"#, parts.join(","));
    rest("POST", "/services/data/v66.0/composite", &body)
}

/// Creates so many Accounts that do not know of each other in one graph.
fn graph(count: usize) -> Request {
    let node = |n| {
        format!(r#"{{"method":"POST","url":"{ACCOUNTS}","referenceId":"r{n}","body":{SMALL}}}"#)
    };
    let nodes: Vec<String> = (0..count).map(node).collect();
    let body =
        format!(r#"{{"graphs":[{{"graphId":"1","compositeRequest":[{}]}}]}}"#, nodes.join(","));
    rest("POST", "/services/data/v66.0/composite/graph", &body)
}

/// Lifts the daily limit, which a measurement uses up.
pub(crate) fn unlimited() -> Request {
    let body = r#"{"limits":{"DailyApiRequests":1000000000}}"#;
    rest("PUT", "/_fauxforce/orgs/default/settings", body)
}

fn prepared(name: &str, sparse: usize, mut before: Vec<Request>, request: Request) -> Row {
    before.insert(0, unlimited());
    Row { name: name.to_owned(), measure: Measure::Prepared { before, request, sparse } }
}

/// A request with the journal, compared with the same without it.
fn journalled(name: &str, mut before: Vec<Request>, request: Request) -> Row {
    before.insert(0, unlimited());
    let measure = Measure::Compared { with: &[], without: &["--no-journal"], before, request };
    Row { name: name.to_owned(), measure }
}

/// A request with the journal and fault rules that it does not fit, compared with the same without.
fn faulted(name: &str, mut before: Vec<Request>, request: Request) -> Row {
    before.insert(0, unlimited());
    let with = &[
        "--fault",
        "row-lock:object=Contact",
        "--fault",
        "query-timeout:object=Lead",
        "--fault",
        "slow:path=/services/data/*/sobjects/Contact/**",
    ];
    let measure = Measure::Compared { with, without: &["--no-journal"], before, request };
    Row { name: name.to_owned(), measure }
}

fn in_process(name: &str, work: fn(usize)) -> Row {
    Row { name: name.to_owned(), measure: Measure::InProcess { work } }
}

/// Makes so many forks of the default org.
fn forks(count: usize) -> Vec<Request> {
    (0..count).map(|_| rest("POST", "/_fauxforce/orgs/default/fork", "")).collect()
}

/// An org of so many records, made by the first call for its size.
fn org_of(records: usize) -> fauxforce::Org {
    static MADE: Mutex<Vec<(usize, fauxforce::Org)>> = Mutex::new(Vec::new());
    let mut made = MADE.lock().expect("no measurement panicked");
    if !made.iter().any(|(own, _)| *own == records) {
        let org = fauxforce::Org::start().expect("an org starts");
        let request = fauxforce::api::Request::new(
            fauxforce::api::Method::Post,
            "/_fauxforce/orgs/default/scenarios",
        )
        .json(many(records).body);
        assert_eq!(org.call(request).status, 200);
        made.push((records, org));
    }
    let (_, org) = made.iter().find(|(own, _)| *own == records).expect("it was just made");
    org.clone()
}

/// Goes back to a snapshot of an org of so many records; `written` since, or as it is.
fn restore(records: usize, written: bool, times: usize) {
    let org = org_of(records);
    if !org.snapshots().contains(&"bench".to_owned()) {
        org.snapshot("bench").expect("the name is free");
    }
    if written {
        // One write makes it another state, to which every restore goes back from there.
        let account = fauxforce::api::Request::new(fauxforce::api::Method::Post, ACCOUNTS)
            .bearer(org.access_token())
            .json(SMALL);
        assert_eq!(org.call(account).status, 201);
    }
    for _ in 0..times {
        org.restore("bench").expect("it was taken");
    }
}

/// Forks an org of so many records, and deletes the fork.
fn fork(records: usize, times: usize) {
    let org = org_of(records);
    for number in 0..times {
        let fork = org.fork_named(&format!("f{number}")).expect("the name is free");
        assert!(fork.delete());
    }
}

const BEARER: &str =
    "Authorization: Bearer 00Dff0000000001EAA!AQEAQFauxforceFauxforceFauxforceFaux";

fn request(name: &str, server: Server, connections: usize, request: Request) -> Row {
    Row { name: name.to_owned(), measure: Measure::Request { server, request, connections } }
}

fn start(name: &str, server: Server) -> Row {
    Row { name: name.to_owned(), measure: Measure::Start { server } }
}

fn memory(name: &str, server: Server) -> Row {
    Row { name: name.to_owned(), measure: Measure::Memory { server } }
}

/// A GET without headers of its own.
pub(crate) fn get(target: &str) -> Request {
    Request {
        method: "GET".to_owned(),
        target: target.to_owned(),
        headers: Vec::new(),
        body: String::new(),
    }
}

fn post(target: &str, length: usize) -> Request {
    Request { method: "POST".to_owned(), body: "x".repeat(length), ..get(target) }
}

impl Request {
    /// The same with one more header line.
    pub(crate) fn with(mut self, header: &str) -> Request {
        self.headers.push(header.to_owned());
        self
    }

    /// The bytes to send.
    pub(crate) fn bytes(&self, authority: &str) -> Vec<u8> {
        let mut text = format!("{} {} HTTP/1.1\r\nHost: {authority}\r\n", self.method, self.target);
        for header in &self.headers {
            text.push_str(header);
            text.push_str("\r\n");
        }
        if !self.body.is_empty() || self.method != "GET" {
            text.push_str("Content-Length: ");
            text.push_str(&self.body.len().to_string());
            text.push_str("\r\n");
        }
        text.push_str("\r\n");
        text.push_str(&self.body);
        text.into_bytes()
    }
}

impl Row {
    /// The row of `bench request …`.
    pub(crate) fn from_arguments(arguments: &[&str]) -> Result<Row, String> {
        let mut url = None;
        let mut pid = None;
        let mut connections = 1;
        let mut asked = get("/");
        let mut words = Vec::new();
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            let mut value = || rest.next().copied().ok_or(format!("{argument} needs a value"));
            match *argument {
                "--url" => url = Some(value()?),
                "--pid" => pid = Some(value()?.parse().map_err(|_| "--pid takes a number")?),
                "--connections" => {
                    connections = value()?.parse().map_err(|_| "--connections takes a number")?;
                }
                "-H" => asked = asked.with(value()?),
                "-d" => value()?.clone_into(&mut asked.body),
                word => words.push(word),
            }
        }
        let [method, target] = words[..] else {
            return Err("a method and a target are needed".to_owned());
        };
        method.clone_into(&mut asked.method);
        target.clone_into(&mut asked.target);
        let server = match (url, pid) {
            (Some(url), Some(pid)) => {
                let authority = url.strip_prefix("http://").unwrap_or(url).trim_end_matches('/');
                Server::Running { authority: authority.to_owned(), pid }
            }
            (None, None) => Server::Fauxforce(&[]),
            _ => return Err("--url and --pid go together".to_owned()),
        };
        Ok(request(&format!("{method} {target}"), server, connections, asked))
    }
}
