//! Every scenario file is built in, runs, and holds.

use fauxforce::{built_in_scenarios, check_scenario};
use std::path::Path;

#[test]
fn every_scenario_file_is_built_in_and_holds() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/scenarios");
    let built_in: Vec<&str> = built_in_scenarios().into_iter().map(|(name, _)| name).collect();
    let mut failed = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_stem().and_then(|name| name.to_str()).expect("a name");
        if !built_in.contains(&name) {
            failed.push(format!("{name}: not built in"));
        }
        if let Err(problems) = check_scenario(&path.to_string_lossy()) {
            failed.extend(problems);
        }
    }
    failed.sort();
    assert!(failed.is_empty(), "{} problems:\n{}", failed.len(), failed.join("\n"));
}
