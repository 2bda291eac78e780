//! Protocol adapters on plain structs: bytes in, bytes out.

mod http;
pub mod json;

pub use http::{Headers, Method, Origin, Request, RequestBody, Response, ResponseBody, Transport};
