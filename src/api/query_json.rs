//! stub
use crate::soql::{Explained, ResultSet};
pub fn page(_: &mut String, _: &ResultSet, _: usize, _: usize, _: u32, _: Option<&str>) {}
pub fn columns(_: &mut String, _: &ResultSet) {}
pub fn explained(_: &Explained) -> String {
    String::new()
}
