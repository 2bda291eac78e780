//! Errors that a fault rule asks for by code: how each protocol would write them. What is known of
//! the codes is data: `fixtures/error-codes.txt`.

use super::{ConcurError, OrgError, ScimError};
use crate::clock::Millis;
use crate::id::Id;
use crate::time;
use rustc_hash::FxHashMap;
use std::borrow::Cow;
use std::sync::LazyLock;

/// The codes: a line each, as the file's own head explains.
static CODES: &str = include_str!("../../fixtures/error-codes.txt");

/// The message of a row lock that names the row.
const LOCKED: &str = "UNABLE_TO_LOCK_ROW";

/// How REST writes an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Family {
    /// It comes of saving a record, and has `fields`.
    Record,
    /// `errorCode` comes first.
    Resource,
    /// Anything else.
    Request,
}

/// What is known of a code.
#[derive(Clone, Copy)]
struct Known {
    status: u16,
    family: Family,
    /// Empty when the text is not known.
    message: &'static str,
}

/// What is known, by code. Rules ask for each request, so it is read once.
static KNOWN: LazyLock<FxHashMap<&'static str, Known>> = LazyLock::new(|| {
    let lines = CODES.lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(read).collect()
});

fn read(line: &'static str) -> Option<(&'static str, Known)> {
    let mut parts = line.splitn(4, ' ');
    let code = parts.next()?;
    let status = parts.next()?.parse().ok()?;
    let family = match parts.next()? {
        "record" => Family::Record,
        "resource" => Family::Resource,
        _ => Family::Request,
    };
    Some((code, Known { status, family, message: parts.next().unwrap_or_default() }))
}

fn known(code: &str) -> Option<Known> {
    KNOWN.get(code).copied()
}

/// The codes that a rule may name without telling their message and status.
pub fn error_codes() -> impl Iterator<Item = &'static str> + Clone {
    CODES.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split(' ').next())
}

/// True when errors of a code come of saving a record, so that each record has its own.
pub fn is_of_records(code: &str) -> bool {
    known(code).is_some_and(|known| known.family == Family::Record)
}

/// An error that a fault rule asks for.
#[derive(Clone, Debug, PartialEq)]
pub struct Injected {
    /// The code: `errorCode`, `statusCode`, `exceptionCode`, `error`.
    pub code: String,
    /// The message, when the rule gives one.
    pub message: Option<String>,
    /// The HTTP status, when the rule gives one.
    pub status: Option<u16>,
    /// The id of the rule, for the hint.
    pub rule: String,
}

impl Injected {
    fn known(&self) -> Known {
        known(&self.code).unwrap_or(Known { status: 400, family: Family::Request, message: "" })
    }

    fn text(&self) -> Cow<'static, str> {
        if let Some(message) = &self.message {
            return Cow::Owned(message.clone());
        }
        match self.known().message {
            "" => Cow::Owned(self.code.to_lowercase().replace('_', " ")),
            message => Cow::Borrowed(message),
        }
    }

    fn hint(&self) -> String {
        format!(
            "fault rule {} asked for this error; DELETE /_fauxforce/orgs/{{org}}/faults/{} ends it",
            self.rule, self.rule
        )
    }

    fn made(
        &self,
        status: u16,
        code: impl Into<Cow<'static, str>>,
        message: Cow<'static, str>,
    ) -> OrgError {
        let family = self.known().family;
        let mut error = match family {
            Family::Resource => OrgError::resource(status, "", message),
            Family::Record => OrgError::general(status, "", message),
            Family::Request => OrgError::general(status, "", message),
        };
        error.0.code = code.into();
        error.0.fields = (family == Family::Record).then(Vec::new);
        error.hint(self.hint())
    }

    /// The error as REST answers it. `row` is the record that could not be saved, if it is one.
    pub fn error(&self, row: Option<Id>) -> OrgError {
        let status = self.status.unwrap_or_else(|| self.known().status);
        let message = match (row, &self.message) {
            (Some(id), None) if self.code == LOCKED => {
                OrgError::unable_to_lock_row(&id.to_string()).0.message.clone()
            }
            _ => self.text(),
        };
        self.made(status, self.code.clone(), message)
    }

    /// The error as the token endpoint answers it: `error` and `error_description`. A code of the
    /// data APIs becomes the one that says the same, or itself in lower case.
    pub fn oauth(&self) -> OrgError {
        let (code, text) = match self.code.as_str() {
            "INVALID_LOGIN" => ("invalid_grant", "authentication failure"),
            "INVALID_SESSION_ID" => ("invalid_grant", "expired access/refresh token"),
            "LOGIN_RATE_EXCEEDED" => ("invalid_grant", "login rate exceeded"),
            "UNKNOWN_EXCEPTION" => ("unknown_error", "retry your request"),
            code => {
                return self.made(
                    self.status.unwrap_or_else(|| self.known().status),
                    code.to_ascii_lowercase(),
                    self.text(),
                );
            }
        };
        let message = self.message.clone().map_or(Cow::Borrowed(text), Cow::Owned);
        self.made(self.status.unwrap_or(400), code, message)
    }

    /// The error as a SOAP fault shows it.
    pub fn soap(&self) -> OrgError {
        match (self.code.as_str(), &self.message) {
            ("INVALID_SESSION_ID", None) => OrgError::soap_invalid_session(None).hint(self.hint()),
            _ => self.error(None).with_status(self.status.unwrap_or(500)),
        }
    }

    /// The error as SCIM answers it.
    pub fn scim(&self) -> ScimError {
        ScimError::injected(&self.error(None))
    }

    /// The error as Concur answers it.
    pub fn concur(&self) -> ConcurError {
        ConcurError::injected(&self.error(None))
    }
}

impl OrgError {
    /// What a target of provisioning answers where a fault rule says so.
    pub fn target_answered(status: u16, body: &str) -> OrgError {
        OrgError::general(status, "TARGET_ERROR", body.to_owned())
    }

    /// A target of provisioning whose answer does not come.
    pub fn target_silent() -> OrgError {
        OrgError::general(504, "TIMEOUT", "the target closed the connection without an answer")
    }

    /// What is refused after a fault rule closed the connection: nobody gets to read it.
    pub fn connection_dropped() -> OrgError {
        OrgError::general(503, "SERVER_UNAVAILABLE", "a fault rule closed the connection")
    }

    /// The same with why a row is held, for a writer that met another one. `until` is an instant of
    /// the org's clock.
    #[must_use]
    pub fn locked_until(self, until: Millis) -> OrgError {
        let until = time::datetime_z_text(until);
        self.hint(format!("another writer holds the row until {until}: POST /_fauxforce/orgs/{{org}}/locks asked for it"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(code: &str) -> Injected {
        Injected { code: code.to_owned(), message: None, status: None, rule: "f1".to_owned() }
    }

    #[test]
    fn every_line_of_the_table_is_understood() {
        let mut seen = std::collections::BTreeSet::new();
        for code in error_codes() {
            assert!(seen.insert(code), "{code} is there twice");
            let known = known(code).expect(code);
            assert!((400..600).contains(&known.status), "{code}");
            assert!(!asked(code).text().is_empty(), "{code}");
        }
        assert!(seen.len() > 800);
    }

    #[test]
    fn a_code_alone_gives_status_text_and_shape() {
        let error = asked("REQUEST_LIMIT_EXCEEDED").error(None);
        assert_eq!((error.status, &*error.message), (403, "TotalRequests Limit exceeded."));
        assert_eq!(error.fields, None);
        let row = Id::own(*b"001", 7);
        let error = asked(LOCKED).error(Some(row));
        let named = format!("unable to obtain exclusive access to this record or 1 records: {row}");
        assert_eq!((error.status, error.message.to_string()), (400, named));
        assert_eq!(error.fields, Some(Vec::new()));
        assert!(is_of_records(LOCKED) && !is_of_records("SERVER_UNAVAILABLE"));
        assert!(asked("NOT_FOUND").error(None).code_first);
        assert_eq!(asked("ACCOUNT_NOT_SUPPORTED").error(None).message, "account not supported");
    }

    #[test]
    fn a_rules_own_message_and_status_win_everywhere() {
        let own = Injected {
            message: Some("own".to_owned()),
            status: Some(418),
            ..asked("INVALID_SESSION_ID")
        };
        for error in [own.error(None), own.oauth(), own.soap()] {
            assert_eq!((error.status, &*error.message), (418, "own"), "{error}");
        }
        assert_eq!(own.oauth().code, "invalid_grant");
        assert_eq!(asked("INVALID_LOGIN").oauth().status, 400);
        assert_eq!(asked("SERVER_UNAVAILABLE").oauth().code, "server_unavailable");
        assert!(asked("INVALID_SESSION_ID").soap().message.contains("Illegal Session"));
        assert_eq!(asked("SERVER_UNAVAILABLE").soap().status, 500);
    }
}
