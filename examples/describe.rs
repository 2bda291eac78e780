//! Prints describes of every object under every feature, one a line: the input of
//! `scripts/check-schema`.

use fauxforce::api::describe;
use fauxforce::schema::{Feature, Features, Schema};

fn main() {
    let all = Feature::ALL.iter().fold(Features::NONE, |set, (feature, _)| set.with(*feature));
    let schema = Schema::standard(all);
    let mut line = String::new();
    for header in schema.headers() {
        line.clear();
        describe::sobject(&mut line, &schema, schema.object(header.id), 67, "https://host");
        println!("{line}");
    }
}
