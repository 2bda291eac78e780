//! Protocol adapters on plain structs: bytes in, bytes out.

mod http;
mod jackson;
pub mod json;
pub mod query_json;
mod params;
pub mod render;

pub use http::{Headers, Method, Origin, Request, RequestBody, Response, ResponseBody, Transport};
