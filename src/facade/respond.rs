//! An org inside a `wiremock::MockServer`.

use super::Org;
use crate::api::{Method, Request};
use crate::error::journal::not_in_mock_server;
use wiremock::{Respond, ResponseTemplate};

/// Answers the requests of a `MockServer` as an org does.
#[derive(Clone, Debug)]
pub struct OrgResponder {
    org: Org,
}

impl Org {
    /// What answers a `wiremock::MockServer`'s requests with this org, so that a team that has one
    /// mounts the org inside and overrides single calls: mocks that were mounted earlier, or with a
    /// higher priority, go first. `instance_url` is the `MockServer`'s. A fault that closes the
    /// connection is a 502 there: a `MockServer` closes none.
    ///
    /// ```no_run
    /// # async fn test() -> Result<(), fauxforce::StartError> {
    /// use wiremock::{Mock, MockServer, ResponseTemplate, matchers};
    ///
    /// let org = fauxforce::Org::start()?;
    /// let server = MockServer::start().await;
    /// let limits = matchers::path_regex("^/services/data/v[0-9.]+/limits$");
    /// Mock::given(limits).respond_with(ResponseTemplate::new(503)).mount(&server).await;
    /// Mock::given(matchers::any()).respond_with(org.respond()).mount(&server).await;
    /// # Ok(())
    /// # }
    /// ```
    pub fn respond(&self) -> OrgResponder {
        OrgResponder { org: self.clone() }
    }
}

impl Respond for OrgResponder {
    fn respond(&self, request: &wiremock::Request) -> ResponseTemplate {
        let Some(method) = Method::parse(request.method.as_str()) else {
            return ResponseTemplate::new(501);
        };
        let url = &request.url;
        let mut plain = Request::new(method, url.path());
        url.query().unwrap_or_default().clone_into(&mut plain.query);
        for (name, value) in &request.headers {
            plain.headers.push(name.as_str(), &String::from_utf8_lossy(value.as_bytes()));
        }
        let host = plain.headers.get("host").map(ToOwned::to_owned);
        plain.origin.host = host.unwrap_or_else(|| url.authority().to_owned());
        let response = self.org.call(plain.body(request.body.clone()));
        if response.transport.drop {
            return ResponseTemplate::new(502)
                .insert_header("X-Fauxforce-Hint", not_in_mock_server());
        }
        let mut template = ResponseTemplate::new(response.status);
        for (name, value) in &response.headers {
            template = template.append_header(&**name, &**value);
        }
        let delay = u64::try_from(response.transport.delay).unwrap_or_default();
        let cut = response.transport.truncate;
        let media = response.header("content-type").unwrap_or_default().to_owned();
        let Ok(mut body) = response.into_bytes() else { return ResponseTemplate::new(502) };
        if let Some(cut) = cut {
            body.truncate(usize::try_from(cut).unwrap_or(usize::MAX));
        }
        if !body.is_empty() {
            template = template.set_body_raw(body, &media);
        }
        if delay > 0 {
            template = template.set_delay(std::time::Duration::from_millis(delay));
        }
        template
    }
}
