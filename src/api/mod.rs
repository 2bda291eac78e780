//! Protocol adapters on plain structs: bytes in, bytes out.

pub mod describe;
mod http;
mod jackson;
pub mod json;
mod keys;
mod params;
pub mod render;

pub use http::{Headers, Method, Origin, Request, RequestBody, Response, ResponseBody, Transport};
