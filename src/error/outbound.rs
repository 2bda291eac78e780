//! Why a call to another system failed: what a log's Status and Details say of it.

/// A call that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallFailed {
    /// `Status` of the log: an HTTP status, or a word.
    pub status: String,
    /// `Details` of the log.
    pub details: String,
    /// True when the same call may succeed later.
    pub passing: bool,
    /// After how many seconds the other system wants to be asked again.
    pub retry_after: Option<u32>,
}

/// Most characters of an answer that a message quotes.
const QUOTED: usize = 300;

fn failed(status: impl Into<String>, details: String, passing: bool) -> CallFailed {
    CallFailed { status: status.into(), details, passing, retry_after: None }
}

impl CallFailed {
    /// Nobody is there to make calls: the org is not served.
    pub fn not_served(url: &str) -> CallFailed {
        let details = format!(
            "{url} was not called: this org runs without a server, and only a server calls out. \
             Serve it (fauxforce serve, or Server in Rust), or give the target scripted outcomes"
        );
        failed("NOT_SENT", details, false)
    }

    /// No connection came about.
    pub fn unreachable(url: &str, why: &str) -> CallFailed {
        failed("UNREACHABLE", format!("{url} cannot be reached: {why}"), true)
    }

    /// The connection ended before the answer did.
    pub fn broken_off(url: &str, why: &str) -> CallFailed {
        failed("NO_ANSWER", format!("{url} broke off before it had answered: {why}"), true)
    }

    /// No answer came in time.
    pub fn timed_out(url: &str, millis: i64) -> CallFailed {
        let (seconds, rest) = (millis / 1000, millis % 1000);
        let rest = if rest == 0 { String::new() } else { format!(".{rest:03}") };
        failed("TIMEOUT", format!("{url} did not answer within {seconds}{rest} seconds"), true)
    }

    /// An address that cannot be called.
    pub fn bad_url(url: &str) -> CallFailed {
        failed("BAD_URL", format!("{url} cannot be called: give an http or https URL"), false)
    }

    /// `https` in a build without TLS.
    pub fn no_tls(url: &str) -> CallFailed {
        let details = format!("{url} was not called: this build of fauxforce has no TLS");
        failed("NOT_SENT", details, false)
    }

    /// An answer that refuses. `said` is what the other system wrote.
    pub fn refused(what: &str, status: u16, said: &str) -> CallFailed {
        let said = said.trim();
        let details = if said.is_empty() {
            format!("{what} was answered {status}")
        } else {
            format!("{what} was answered {status}: {}", quoted(said))
        };
        failed(status.to_string(), details, matches!(status, 408 | 429 | 500..))
    }

    /// An answer that points elsewhere.
    pub fn redirected(what: &str, status: u16, to: &str) -> CallFailed {
        let details = format!(
            "{what} was answered {status}, which points to {}: redirects are not followed, give the \
             target's own URL",
            quoted(to)
        );
        failed(status.to_string(), details, false)
    }

    /// An answer larger than is taken.
    pub fn too_large(url: &str, most: usize) -> CallFailed {
        let details = format!("{url} answered with more than {most} bytes");
        failed("ANSWER_TOO_LARGE", details, false)
    }

    /// An answer that is no JSON.
    pub fn not_json(what: &str, status: u16, said: &str) -> CallFailed {
        let details = format!("{what} was answered {status}, but not in JSON: {}", quoted(said));
        failed("BAD_ANSWER", details, false)
    }

    /// JSON that is not what was asked for.
    pub fn misshapen(what: &str, wanted: &str, said: &str) -> CallFailed {
        let details = format!("{what} was answered without {wanted}: {}", quoted(said));
        failed("BAD_ANSWER", details, false)
    }

    /// A user whom a SCIM service does not have.
    pub fn no_such_user(what: &str, name: &str) -> CallFailed {
        let details = format!("{what} failed: the target has no user whose userName is {name}");
        failed("404", details, false)
    }

    /// A plug-in that says itself that it failed.
    pub fn by_plugin(status: &str, details: Option<&str>) -> CallFailed {
        let details =
            details.map_or_else(|| format!("the plug-in answered {status}"), ToOwned::to_owned);
        failed(status, details, status.parse().is_ok_and(|status: u16| status >= 500))
    }

    /// The same with a word about the try that it was.
    #[must_use]
    pub fn at_try(mut self, number: u64, of: u64) -> CallFailed {
        self.details = format!("{} (try {number} of {of})", self.details);
        self
    }
}

/// The beginning of a text, on one line.
fn quoted(text: &str) -> String {
    let shown: String =
        text.chars().take(QUOTED).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.chars().count() > QUOTED { format!("{shown}…") } else { shown }
}
