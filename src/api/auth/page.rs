//! The few pages that a person or a browser robot sees. The field names of the login form are those
//! of the real page: `username` and `pw`.

use super::super::entry::Entry;
use super::super::http::Response;
use super::answer;
use crate::error::OrgError;

/// What the real login page says of a wrong username or password.
pub(super) const WRONG_LOGIN: &str = "Please check your username and password. If you still can't \
                                      log in, contact your Salesforce administrator.";

const HTML: &str = "text/html; charset=UTF-8";

/// Appends a text with HTML's escapes.
fn escape(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
}

fn page(entry: &Entry<'_>, status: u16, title: &str, body: &str) -> Response {
    let mut out = String::from("<!DOCTYPE html>\n<html lang=\"en\">\n<head><title>");
    escape(&mut out, title);
    out.push_str("</title></head>\n<body>\n<h1>");
    escape(&mut out, title);
    out.push_str("</h1>\n");
    out.push_str(body);
    out.push_str("</body>\n</html>\n");
    answer::raw(entry, status, HTML, out)
}

fn paragraph(text: &str) -> String {
    let mut out = String::from("<p>");
    escape(&mut out, text);
    out.push_str("</p>\n");
    out
}

/// `GET /`.
pub(super) fn front(entry: &Entry<'_>) -> Response {
    let text = "This is fauxforce, a local Salesforce org for tests. Log in through OAuth at \
                /services/oauth2/token or SOAP at /services/Soap/u/64.0.";
    page(entry, 200, "Login | Salesforce", &paragraph(text))
}

/// A page with one sentence.
pub(super) fn message(entry: &Entry<'_>, title: &str, text: &str) -> Response {
    page(entry, 200, title, &paragraph(text))
}

/// An OAuth error that cannot be sent to a callback: the page shows it as a real org's does.
pub(super) fn oauth_error(entry: &Entry<'_>, error: &OrgError) -> Response {
    let description = error.message.replace(' ', "%20");
    let text = format!("error={}&error_description={description}", error.code);
    answer::with_hint(page(entry, 400, "OAuth Error", &paragraph(&text)), error)
}

/// A login form. `fields` are further visible inputs (name, label, value), `hidden` the invisible
/// ones.
pub(super) fn login(
    entry: &Entry<'_>,
    title: &str,
    action: &str,
    fields: &[(&str, &str, &str)],
    hidden: &[(&str, &str)],
    username: &str,
    problem: Option<&str>,
) -> Response {
    let mut out = String::new();
    if let Some(problem) = problem {
        out.push_str("<p id=\"error\">");
        escape(&mut out, problem);
        out.push_str("</p>\n");
    }
    out.push_str("<form method=\"post\" action=\"");
    escape(&mut out, action);
    out.push_str("\">\n");
    for (name, value) in hidden {
        out.push_str("<input type=\"hidden\" name=\"");
        escape(&mut out, name);
        out.push_str("\" value=\"");
        escape(&mut out, value);
        out.push_str("\">\n");
    }
    for (name, label, value) in fields {
        input(&mut out, "text", name, label, value);
    }
    input(&mut out, "email", "username", "Username", username);
    input(&mut out, "password", "pw", "Password", "");
    out.push_str("<button type=\"submit\" id=\"Login\">Log In and Allow</button>\n");
    out.push_str("<button type=\"submit\" name=\"deny\" value=\"1\">Deny</button>\n</form>\n");
    page(entry, 200, title, &out)
}

fn input(out: &mut String, kind: &str, name: &str, label: &str, value: &str) {
    out.push_str("<label>");
    escape(out, label);
    out.push_str(" <input type=\"");
    out.push_str(kind);
    out.push_str("\" id=\"");
    out.push_str(name);
    out.push_str("\" name=\"");
    out.push_str(name);
    out.push_str("\" value=\"");
    escape(out, value);
    out.push_str("\"></label>\n");
}
