//! `fauxforce env`: the variables that `exec` sets, for a server that runs already.

use super::Exit;
use super::environment::{Facts, variables};
use super::target::{Target, print};
use clap::builder::BoolishValueParser;
use clap::{Args, ValueEnum};
use std::fmt::Write as _;

const HELP: &str = "\
Examples:
  eval \"$(fauxforce env --format shell)\"
  fauxforce env > .env
  fauxforce env --format github >> \"$GITHUB_ENV\"
  fauxforce env --format powershell | Out-String | Invoke-Expression
  fauxforce env --format java > fauxforce.args && java @fauxforce.args -jar app.jar";

/// Options of `env`.
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(crate) struct EnvOptions {
    #[command(flatten)]
    target: Target,
    /// How the variables are written
    #[arg(long, value_enum, default_value = "dotenv")]
    format: Format,
    /// Leave `HTTPS_PROXY` out
    #[arg(long, env = "FAUXFORCE_NO_PROXY_ENV", value_parser = BoolishValueParser::new())]
    no_proxy_env: bool,
}

/// How variables are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// NAME="value" lines of a .env file
    Dotenv,
    /// `export NAME='value'` lines for sh, bash and zsh
    Shell,
    /// `$Env:NAME = 'value'` lines
    Powershell,
    /// Lines for the file that `$GITHUB_ENV` names
    Github,
    /// An argument file for java: the proxy, and each variable as a system property
    Java,
}

/// Asks the server who it is, and writes it down.
pub(crate) fn run(options: &EnvOptions) -> Result<(), Exit> {
    let target = &options.target;
    let org = target.control()?.call("GET", &target.path(""), "")?;
    let facts = Facts::of_server(&target.url, None, None, &org);
    let variables = variables(&facts, !options.no_proxy_env);
    print(&written(&variables, options.format, facts.get("proxy_url")))
}

fn written(variables: &[(&str, String)], format: Format, proxy: Option<&str>) -> String {
    let mut out = String::with_capacity(2_048);
    if let (Format::Java, Some(proxy)) = (format, proxy) {
        let authority = proxy.rsplit('/').next().unwrap_or_default();
        let (host, port) = authority.rsplit_once(':').unwrap_or((authority, "80"));
        let _ = writeln!(out, "-Dhttps.proxyHost={host}\n-Dhttps.proxyPort={port}");
        out.push_str("\"-Dhttp.nonProxyHosts=localhost|127.*|[::1]\"\n");
    }
    for (name, value) in variables {
        let _ = match format {
            Format::Dotenv => writeln!(out, "{name}=\"{}\"", escaped(value, &['\\', '"', '$'])),
            Format::Shell => writeln!(out, "export {name}='{}'", value.replace('\'', "'\\''")),
            Format::Powershell => writeln!(out, "$Env:{name} = '{}'", value.replace('\'', "''")),
            Format::Github => writeln!(out, "{name}={value}"),
            Format::Java => writeln!(out, "\"-D{name}={}\"", escaped(value, &['\\', '"'])),
        };
    }
    out
}

/// The text with a backslash before each of these characters.
fn escaped(text: &str, special: &[char]) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if special.contains(&c) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_format_quotes_in_its_own_way() {
        let variables = [("A", "it's \"$x\\\"".to_owned())];
        let written = |format| written(&variables, format, Some("http://127.0.0.1:7357"));
        assert_eq!(written(Format::Dotenv), "A=\"it's \\\"\\$x\\\\\\\"\"\n");
        assert_eq!(written(Format::Shell), "export A='it'\\''s \"$x\\\"'\n");
        assert_eq!(written(Format::Powershell), "$Env:A = 'it''s \"$x\\\"'\n");
        assert_eq!(written(Format::Github), "A=it's \"$x\\\"\n");
        assert_eq!(
            written(Format::Java),
            "-Dhttps.proxyHost=127.0.0.1\n-Dhttps.proxyPort=7357\n\
             \"-Dhttp.nonProxyHosts=localhost|127.*|[::1]\"\n\"-DA=it's \\\"$x\\\\\\\"\"\n"
        );
    }
}
