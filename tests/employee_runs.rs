//! Runs of user provisioning under random schedules: whatever is started, stopped, written and
//! waited for, the invariants of a run hold, and what API clients write into its record changes
//! nothing.

mod provisioning;

use fauxforce::api::Method;
use fauxforce::{Org, StateMode};
use proptest::prelude::*;
use provisioning::{call, count, query, settings, start};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::time::Duration;

const PROCESS: &str = "EmpUserProvisioningProcess";

/// What happens next.
#[derive(Clone, Debug)]
enum Happening {
    Advance(u64),
    Run,
    Abort(usize),
    Cancel(usize),
    /// An API client writes into the record of a run; only in the second org.
    Write(usize, &'static str, u32),
    /// An API client makes a record of its own; only in the second org.
    Insert(&'static str),
    /// More employees come: how many, and what is wrong with half of them.
    Employees(usize, &'static str),
    /// All names that others hold are free.
    Free,
}

fn happenings() -> impl Strategy<Value = Vec<Happening>> {
    let status = || prop::sample::select(vec!["Queued", "Processing", "Finished", "Aborted"]);
    let one = prop_oneof![
        5 => (1u64..12).prop_map(Happening::Advance),
        3 => Just(Happening::Run),
        2 => (0usize..4).prop_map(Happening::Abort),
        1 => (0usize..4).prop_map(Happening::Cancel),
        2 => (0usize..4, status(), 0u32..900).prop_map(|(at, s, n)| Happening::Write(at, s, n)),
        1 => status().prop_map(Happening::Insert),
        1 => (1usize..260, prop::sample::select(vec!["duplicate_username", "missing_email"]))
            .prop_map(|(count, defect)| Happening::Employees(count, defect)),
        1 => Just(Happening::Free),
    ];
    prop::collection::vec(one, 1..24)
}

/// An org with 230 employees, each step of whose runs takes five seconds.
fn ready() -> Org {
    static READY: OnceLock<Org> = OnceLock::new();
    let org = READY.get_or_init(|| {
        let org = start(StateMode::Enforce);
        settings(
            &org,
            &json!({
                "features": {"personAccounts": true, "workplaceCommandCenter": true},
                "progression": {"provisioning": {"after": "PT5S"}},
            }),
        );
        employees(&org, 230, "duplicate_username");
        org
    });
    org.fork().expect("a fork")
}

fn employees(org: &Org, many: usize, defect: &str) {
    let body = json!({"generate": [{"object": "Employee2", "count": many, "with": {defect: 0.5}}]});
    let path = format!("/_fauxforce/orgs/{}/scenarios", org.name());
    let answer = call(org, Method::Post, &path, &body);
    assert_eq!(answer.status, 200, "{}", answer.body);
}

fn control(org: &Org, path: &str) -> (u16, Value) {
    let path = format!("/_fauxforce/orgs/{}/provisioning/{path}", org.name());
    let answer = call(org, Method::Post, &path, &Value::Null);
    (answer.status, answer.body)
}

/// What was last seen of a run.
#[derive(Clone, Debug, Default, PartialEq)]
struct Seen {
    status: String,
    counts: [i64; 3],
}

/// Reads the runs and checks each of them, and what may not happen between two looks.
fn check(org: &Org, runs: &[String], seen: &mut BTreeMap<String, Seen>) {
    let rows = query(
        org,
        "SELECT Id, ProcessStatus, StartTime, EndTime, TotalRecordCount, SuccessRecordCount, \
         ErrorRecordCount FROM EmpUserProvisioningProcess",
    );
    let mut working = 0;
    for row in rows {
        let id = row["Id"].as_str().expect("an id").to_owned();
        assert!(runs.contains(&id), "{row}");
        let status = row["ProcessStatus"].as_str().expect("a status").to_owned();
        let counts = ["TotalRecordCount", "SuccessRecordCount", "ErrorRecordCount"]
            .map(|name| row[name].as_i64().expect("a number"));
        let [total, success, error] = counts;
        let over = matches!(&*status, "Finished" | "Failed" | "Aborted" | "Cancelled");
        working += usize::from(matches!(&*status, "Initializing" | "Processing"));
        assert!(success + error <= total, "{row}");
        assert!(status != "Finished" || success + error == total, "{row}");
        assert!(status != "Aborted" || success + error < total, "{row}");
        assert_eq!(over, !row["EndTime"].is_null(), "{row}");
        assert!(status != "Queued" || row["StartTime"].is_null(), "{row}");
        assert!(matches!(&*status, "Queued" | "Cancelled") || !row["StartTime"].is_null(), "{row}");
        let errors =
            count(org, &format!("EmpUserProvisionProcessErr WHERE ProvisioningProcessId='{id}'"));
        assert_eq!(errors as i64, error, "{row}");
        let before = seen.entry(id).or_default();
        let ended = matches!(&*before.status, "Finished" | "Failed" | "Aborted" | "Cancelled");
        let now = Seen { status, counts };
        assert!(!ended || *before == now, "a run that ended changed: {before:?} {now:?}");
        assert!(
            before.counts.iter().zip(&now.counts).all(|(before, now)| before <= now),
            "a counter fell: {before:?} {now:?}"
        );
        *before = now;
    }
    assert!(working <= 1, "two runs work at once");
    let users = count(org, "Employee2 WHERE UserId != null") as i64;
    let success: i64 = seen.values().map(|seen| seen.counts[1]).sum();
    assert_eq!(users, success, "every user was made by one run");
}

/// Plays a schedule and gives what came of it: the runs, and who became which user.
fn play(org: &Org, schedule: &[Happening], writes: bool) -> (Vec<Value>, Vec<Value>) {
    let mut runs: Vec<String> = Vec::new();
    let mut seen = BTreeMap::new();
    for happening in schedule {
        match happening {
            Happening::Advance(seconds) => org.advance(Duration::from_secs(*seconds)),
            Happening::Run => {
                let (status, body) = control(org, "run");
                assert_eq!(status, 202, "{body}");
                runs.push(body["processId"].as_str().expect("an id").to_owned());
            }
            Happening::Abort(at) | Happening::Cancel(at) => {
                let Some(id) = runs.get(*at) else { continue };
                let abort = matches!(happening, Happening::Abort(_));
                let before = seen.get(id).map(|seen: &Seen| seen.status.clone());
                let (status, body) =
                    control(org, &format!("{id}/{}", if abort { "abort" } else { "cancel" }));
                let fits = match before.as_deref() {
                    Some("Processing") => abort,
                    Some("Queued" | "Initializing") => !abort,
                    _ => false,
                };
                if !writes {
                    assert_eq!(status, if fits { 200 } else { 409 }, "{before:?} {body}");
                }
            }
            Happening::Write(at, status, number) if writes => {
                let Some(id) = runs.get(*at) else { continue };
                let path = format!("/services/data/v67.0/sobjects/{PROCESS}/{id}");
                let body = json!({"ProcessStatus": status, "SuccessRecordCount": number});
                assert_eq!(call(org, Method::Patch, &path, &body).status, 204);
            }
            Happening::Insert(status) if writes => {
                let path = format!("/services/data/v67.0/sobjects/{PROCESS}");
                let body = json!({"ProcessStatus": status, "TotalRecordCount": 9});
                assert_eq!(call(org, Method::Post, &path, &body).status, 201);
            }
            Happening::Write(..) | Happening::Insert(_) => {}
            Happening::Employees(many, defect) => employees(org, *many, defect),
            Happening::Free => settings(org, &json!({"takenUsernames": []})),
        }
        if !writes {
            check(org, &runs, &mut seen);
        }
    }
    org.drain();
    if !writes {
        check(org, &runs, &mut seen);
        let open = seen
            .values()
            .filter(|seen| matches!(&*seen.status, "Queued" | "Initializing" | "Processing"));
        assert_eq!(open.count(), 0, "everything ends");
    }
    let users = query(org, "SELECT EmployeeNumber, User.Username FROM Employee2 ORDER BY Name");
    let errors = query(
        org,
        "SELECT ErrorCode, COUNT(Id) FROM EmpUserProvisionProcessErr GROUP BY ErrorCode ORDER BY \
         ErrorCode",
    );
    (users, errors)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn runs_keep_their_invariants_and_ignore_api_writes(schedule in happenings()) {
        let plain = play(&ready(), &schedule, false);
        let written = play(&ready(), &schedule, true);
        prop_assert_eq!(plain, written);
    }
}
