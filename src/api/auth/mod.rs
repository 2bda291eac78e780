//! stub
use super::{entry::Entry, http::Response};
pub fn handle(_: &Entry<'_>) -> Response {
    Response::status(501)
}
pub fn login_page(_: &Entry<'_>) -> Response {
    Response::status(200)
}
