//! stub
use super::http::{Request, Response};
use crate::org::Orgs;
use std::borrow::Cow;
pub fn handle(_: &Orgs, _: &Request, _: &[Cow<'_, str>]) -> Response {
    Response::status(501)
}
