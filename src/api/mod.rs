//! Protocol adapters on plain structs: bytes in, bytes out.

pub mod describe;
mod http;
pub mod json;
mod keys;
pub mod layouts;

pub use http::{Headers, Method, Origin, Request, RequestBody, Response, ResponseBody, Transport};
