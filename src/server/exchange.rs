//! One request and its answer: receive, handle, respond. What is meant for other hosts goes to the
//! proxy instead.

use super::answer_body::AnswerBody;
use super::coding::Coding;
use super::connection::{Onward, Visit};
use super::control::Control;
use super::forward::forward;
use super::proxy::{Proxy, Target};
use super::receive::{self, Received};
use super::refuse::refuse;
use super::respond::{self, Prepared};
use super::{EdgeOptions, Handler};
use crate::api::{Method, Pause, Pending, Request, RequestBody, Response, Transport, Until};
use crate::clock::system_now;
use crate::error::OrgError;
use bytes::Bytes;
use hyper::Version;
use hyper::body::{Body, Incoming};
use hyper::header::{CONNECTION, EXPECT, HeaderMap, HeaderValue, PROXY_AUTHORIZATION};
use hyper::http::request::Parts;
use hyper::http::uri::Scheme;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Larger compressed bodies are decoded on the pool: they may grow a thousandfold.
const DECODE_INLINE_TO: usize = 4 * 1024;

/// What all connections of an edge share.
pub(super) struct Exchange {
    handler: Handler,
    is_long: fn(&Request) -> bool,
    body_limit: u64,
    org: Option<String>,
    /// The authority of clients that name none.
    fallback_host: String,
    pub(super) proxy: Arc<Proxy>,
    #[cfg(feature = "tls")]
    authority: Option<Arc<super::Authority>>,
    panics: AtomicU64,
}

/// The connection is to be closed without an answer.
#[derive(Debug)]
pub(super) struct Dropped;

impl fmt::Display for Dropped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("dropped on purpose")
    }
}

impl std::error::Error for Dropped {}

impl Exchange {
    /// For an edge that listens on `port`.
    pub(super) fn new(
        options: EdgeOptions,
        handler: Handler,
        proxy: Arc<Proxy>,
        port: u16,
    ) -> Exchange {
        Exchange {
            handler,
            is_long: options.is_long,
            body_limit: options.body_limit,
            org: options.org,
            fallback_host: format!("localhost:{port}"),
            proxy,
            #[cfg(feature = "tls")]
            authority: options.authority,
            panics: AtomicU64::new(0),
        }
    }

    /// What TLS is spoken with, if it is.
    #[cfg(feature = "tls")]
    pub(super) fn authority(&self) -> Option<&super::Authority> {
        self.authority.as_deref()
    }

    /// Answers one request.
    pub(super) async fn run(
        self: Arc<Exchange>,
        request: hyper::Request<Incoming>,
        visit: Arc<Visit>,
    ) -> Result<hyper::Response<AnswerBody>, Dropped> {
        if request.method() == hyper::Method::CONNECT && request.version() < Version::HTTP_2 {
            return Ok(Box::pin(self.connect(request, &visit)).await);
        }
        if request.uri().authority().is_some()
            && let Some(target) = Box::pin(self.other_host(&request, &visit)).await
        {
            return Ok(Box::pin(self.forward(request, &target, &visit)).await);
        }
        let control = &visit.control;
        let (parts, mut incoming) = request.into_parts();
        let received = match receive::head(&parts, &self.fallback_host, self.org.as_deref(), &visit)
        {
            Ok(received) => received,
            Err(error) => return Ok(refuse_unread(&error, parts, incoming, control).await),
        };
        let Received { mut request, content_encoding, accepts } = received;
        if !incoming.is_end_stream() {
            let body = match receive::body(&mut incoming, self.body_limit).await {
                Ok(body) => body,
                Err(error) => return Ok(refuse_unread(&error, parts, incoming, control).await),
            };
            let body = match content_encoding {
                Some(coding) => self.decoded(body, coding).await,
                None => Ok(body),
            };
            match body {
                Ok(body) => request.body = RequestBody::Bytes(body),
                Err(error) => {
                    return Ok(respond::answer(prepared(refuse(&error)), parts.headers, control));
                }
            }
        }

        control.mark_served();
        let method = request.method;
        let headers_only = method == Method::Head;
        let mut handled = if (self.is_long)(&request) {
            let exchange = Arc::clone(&self);
            let _working = control.work();
            on_pool(move || prepare(exchange.handle(request), accepts, headers_only)).await?
        } else {
            let response = self.handle(request);
            if respond::is_slow(&response, accepts) {
                let _working = control.work();
                on_pool(move || prepare(response, accepts, headers_only)).await?
            } else {
                prepare(response, accepts, headers_only)
            }
        };
        let (transport, prepared) = loop {
            match handled {
                Handled::Ready(transport, prepared) => break (transport, prepared),
                Handled::Waits(pause) => {
                    let response = self.go_on(*pause, control).await?;
                    handled = on_pool(move || prepare(response, accepts, headers_only)).await?;
                }
                Handled::Later(pending) => {
                    let _working = control.work();
                    handled = self.later(pending, method, accepts, headers_only).await?;
                }
            }
        };
        if transport.delay > 0 {
            let _working = control.work();
            tokio::time::sleep(Duration::from_millis(transport.delay.unsigned_abs())).await;
        }
        if transport.drop {
            return Err(Dropped);
        }
        Ok(respond::answer(prepared, parts.headers, control))
    }

    /// Answers a `CONNECT`: what follows is served here, or passed on to another host.
    async fn connect(
        &self,
        mut request: hyper::Request<Incoming>,
        visit: &Visit,
    ) -> hyper::Response<AnswerBody> {
        let upgrade = hyper::upgrade::on(&mut request);
        let (parts, _) = request.into_parts();
        let _working = visit.control.work();
        match self.onward(&parts, visit).await {
            Ok(onward) => {
                visit.control.mark_served();
                visit.goes_on(upgrade, onward);
                respond::answer(prepared(Response::status(200)), parts.headers, &visit.control)
            }
            Err(error) => respond::answer(prepared(refuse(&error)), parts.headers, &visit.control),
        }
    }

    /// Where a `CONNECT` leads.
    async fn onward(&self, parts: &Parts, visit: &Visit) -> Result<Onward, OrgError> {
        let authority = parts.uri.authority().filter(|_| parts.uri.scheme().is_none());
        let target = authority.and_then(|authority| Target::of(authority, None));
        let target = target.ok_or_else(OrgError::bad_connect)?;
        if visit.through.is_some() {
            return Err(OrgError::nested_connect());
        }
        if self.proxy.serves(&target, visit.local).await {
            return Ok(Onward::Here(target));
        }
        let authorization = proxy_authorization(&parts.headers);
        self.proxy.tunnel(&target, visit.local, authorization).await.map(Onward::There)
    }

    /// The host that a request in the absolute form is meant for, if it is not served here.
    async fn other_host(
        &self,
        request: &hyper::Request<Incoming>,
        visit: &Visit,
    ) -> Option<Target> {
        let authority = request.uri().authority()?;
        if request.version() >= Version::HTTP_2 || visit.through.is_some() {
            return None;
        }
        let is_secure = request.uri().scheme() == Some(&Scheme::HTTPS);
        let target = Target::of(authority, Some(if is_secure { 443 } else { 80 }))?;
        let is_served = self.proxy.serves(&target, visit.local).await;
        (!is_served).then_some(target)
    }

    /// Sends a request on to another host.
    async fn forward(
        &self,
        request: hyper::Request<Incoming>,
        target: &Target,
        visit: &Visit,
    ) -> hyper::Response<AnswerBody> {
        let sent = async {
            if request.uri().scheme() == Some(&Scheme::HTTPS) {
                return Err((OrgError::https_in_the_clear(&target.host), request));
            }
            let authorization = proxy_authorization(request.headers());
            match self.proxy.reach(target, visit.local, authorization).await {
                Ok((tunnel, before)) => Ok(forward(request, target, tunnel, before).await),
                Err(error) => Err((error, request)),
            }
        };
        match sent.await {
            Ok(Ok(answer)) => {
                visit.control.mark_served();
                answer
            }
            Ok(Err(error)) => {
                respond::answer(prepared(refuse(&error)), HeaderMap::new(), &visit.control)
            }
            Err((error, request)) => {
                let (parts, incoming) = request.into_parts();
                refuse_unread(&error, parts, incoming, &visit.control).await
            }
        }
    }

    /// Undoes the codings of a body; big ones on the pool.
    async fn decoded(&self, body: Bytes, codings: String) -> Result<Bytes, OrgError> {
        let limit = self.body_limit;
        if body.len() <= DECODE_INLINE_TO {
            return receive::decoded(body, &codings, limit);
        }
        let decoded = on_pool(move || receive::decoded(body, &codings, limit)).await;
        decoded.unwrap_or_else(|Dropped| Err(OrgError::broken_body()))
    }

    /// Waits as long as a request has to, and answers it then. While it waits it takes no thread, and
    /// it goes on when it may, even if its client has left by then.
    async fn go_on(
        self: &Arc<Exchange>,
        mut pause: Pause,
        control: &Arc<Control>,
    ) -> Result<Response, Dropped> {
        let (exchange, working) = (Arc::clone(self), control.work());
        let going_on = tokio::spawn(async move {
            let _working = working;
            loop {
                match pause.until {
                    Until::Released(hold) => hold.await,
                    Until::Later(span) => {
                        tokio::time::sleep(Duration::from_millis(span.unsigned_abs())).await;
                    }
                }
                let request = Request { received_at: system_now(), ..pause.request };
                let again = Arc::clone(&exchange);
                let mut response = on_pool(move || again.handle(request)).await?;
                match response.pause.take() {
                    Some(next) => pause = *next,
                    None => return Ok(response),
                }
            }
        });
        going_on.await.map_err(|_| Dropped)?
    }

    /// Waits a moment for an answer that is not there yet. Nobody's thread waits with it.
    async fn later(
        self: &Arc<Exchange>,
        mut pending: Box<Pending>,
        method: Method,
        accepts: Option<Coding>,
        headers_only: bool,
    ) -> Result<Handled, Dropped> {
        tokio::time::sleep(Duration::from_millis(Pending::PAUSE)).await;
        if !(pending.has_news)(system_now()) {
            return Ok(Handled::Later(pending));
        }
        let exchange = Arc::clone(self);
        on_pool(move || match exchange.caught(method, || (pending.ask)(system_now())) {
            Ok(Some(response)) => prepare(response, accepts, headers_only),
            Err(refused) => prepare(*refused, accepts, headers_only),
            Ok(None) => Handled::Later(pending),
        })
        .await
    }

    /// Calls the handler.
    fn handle(&self, request: Request) -> Response {
        self.caught(request.method, || (self.handler)(request)).unwrap_or_else(|refused| *refused)
    }

    /// Does a part of the handler's work; a panic in it is answered and logged, and nothing else is
    /// touched by it.
    fn caught<T>(&self, method: Method, work: impl FnOnce() -> T) -> Result<T, Box<Response>> {
        catch_unwind(AssertUnwindSafe(work)).map_err(|panic| {
            let number = self.panics.fetch_add(1, Ordering::Relaxed) + 1;
            let reason = panic
                .downcast_ref::<&str>()
                .map(|text| (*text).to_owned())
                .or_else(|| panic.downcast_ref::<String>().cloned())
                .unwrap_or_default();
            let error_id = format!("fauxforce-{number}");
            tracing::error!(method = method.name(), error_id, reason, "the handler panicked");
            Box::new(refuse(&OrgError::unknown_exception(&error_id)))
        })
    }
}

/// Runs what may take long away from the sockets. The pool fails only while the server stops.
async fn on_pool<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Dropped> {
    tokio::task::spawn_blocking(work).await.map_err(|_| Dropped)
}

fn proxy_authorization(headers: &HeaderMap) -> Option<&str> {
    headers.get(PROXY_AUTHORIZATION).and_then(|value| value.to_str().ok())
}

/// An answer of the edge's own.
fn prepared(response: Response) -> Prepared {
    respond::prepare(response, None, false)
}

/// What became of a request.
enum Handled {
    Ready(Transport, Prepared),
    /// It is answered when there is something to answer.
    Later(Box<Pending>),
    /// It has not begun.
    Waits(Box<Pause>),
}

fn prepare(mut response: Response, accepts: Option<Coding>, headers_only: bool) -> Handled {
    if let Some(pause) = response.pause.take() {
        return Handled::Waits(pause);
    }
    match response.pending.take() {
        Some(pending) => Handled::Later(pending),
        None => {
            Handled::Ready(response.transport, respond::prepare(response, accepts, headers_only))
        }
    }
}

/// Refuses a request whose body is unread; the connection is not used again.
async fn refuse_unread(
    error: &OrgError,
    parts: Parts,
    mut incoming: Incoming,
    control: &Arc<Control>,
) -> hyper::Response<AnswerBody> {
    // Who waits for a go-ahead sends nothing before the answer; all others may write first and read
    // afterwards, and would lose the answer if the connection closed on what they sent.
    if !parts.headers.contains_key(EXPECT) {
        receive::drain(&mut incoming).await;
    }
    let prepared = respond::prepare(refuse(error), None, parts.method == hyper::Method::HEAD);
    let mut answer = respond::answer(prepared, parts.headers, control);
    if parts.version < Version::HTTP_2 {
        answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    answer
}
