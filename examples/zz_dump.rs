use std::io::Read;
fn main() {
    let mut s = String::new();
    std::io::stdin().read_to_string(&mut s).unwrap();
    let q: Vec<String> = serde_json::from_str(&s).unwrap();
    let out: Vec<serde_json::Value> = q
        .iter()
        .map(|q| match fauxforce::soql::parser::parse(q) {
            Ok(_) => serde_json::Value::Null,
            Err(e) => {
                serde_json::json!({"code": e.code, "message": e.message, "position": e.position})
            }
        })
        .collect();
    println!("{}", serde_json::to_string(&out).unwrap());
}
