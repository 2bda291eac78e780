//! `fauxforce env`: the variables that `exec` sets, for a server that runs already.

use super::Exit;
use super::environment::{Facts, variables};
#[cfg(feature = "tls")]
use super::target::Control;
use super::target::{Target, print};
#[cfg(feature = "tls")]
use crate::error::CaError;
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
    /// Where the server's CA is on this machine, or is written to [default: where `serve` keeps it, or
    /// a folder beside that for a server whose CA is elsewhere]
    #[cfg(feature = "tls")]
    #[arg(long, env = "FAUXFORCE_CA_DIR", value_name = "DIR")]
    ca_dir: Option<std::path::PathBuf>,
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
    let control = target.control()?;
    let org = control.call("GET", &target.path(""), "")?;
    #[cfg(feature = "tls")]
    let ca = ca_files(options, &control)?;
    #[cfg(not(feature = "tls"))]
    let ca = None;
    let facts = Facts::of_server(&target.url, ca, &org);
    let variables = variables(&facts, !options.no_proxy_env);
    print(&written(&variables, options.format, facts.get("proxy_url")))
}

/// The server's CA and the bundle with it, as files on this machine; `None` without TLS.
#[cfg(feature = "tls")]
fn ca_files(options: &EnvOptions, control: &Control) -> Result<Option<(String, String)>, Exit> {
    use crate::server::environment::{system_bundle, usual_ca_folder};
    use crate::server::keep_trust;
    let Ok(answer) = control.send("GET", "/ca.pem", "", b"") else { return Ok(None) };
    let pem = String::from_utf8_lossy(&answer.body);
    let folder = match &options.ca_dir {
        Some(folder) => folder.clone(),
        None => {
            let no_folder = || Exit::not_writable(CaError::no_folder().to_string());
            let usual = usual_ca_folder().ok_or_else(no_folder)?;
            let is_own = std::fs::read(usual.join("ca.pem")).is_ok_and(|own| own == answer.body);
            // Each CA has a folder of its own, so that none replaces another.
            if is_own { usual } else { usual.with_file_name(format!("ca-{}", digest(&pem))) }
        }
    };
    let paths = [folder.join("ca.pem"), folder.join("ca-bundle.pem")];
    // A folder that has both may belong to somebody else.
    if paths[1].exists() && std::fs::read(&paths[0]).is_ok_and(|own| own == answer.body) {
        let [ca, bundle] = paths.map(|path| path.display().to_string());
        return Ok(Some((ca, bundle)));
    }
    let kept = keep_trust(&folder, system_bundle().as_deref(), &pem);
    let (ca, bundle) = kept.map_err(|error| Exit::not_writable(error.to_string()))?;
    Ok(Some((ca.display().to_string(), bundle.display().to_string())))
}

/// Eight bytes of the SHA-256, as sixteen digits.
#[cfg(feature = "tls")]
fn digest(text: &str) -> String {
    use sha2::{Digest as _, Sha256};
    Sha256::digest(text).iter().take(8).fold(String::new(), |mut digits, byte| {
        let _ = write!(digits, "{byte:02x}");
        digits
    })
}

fn written(variables: &[(&str, String)], format: Format, proxy: Option<&str>) -> String {
    let mut out = String::with_capacity(2_048);
    if let (Format::Java, Some(proxy)) = (format, proxy) {
        let authority = proxy.rsplit('/').next().unwrap_or_default();
        let (host, port) = authority.rsplit_once(':').unwrap_or((authority, "80"));
        let _ = writeln!(out, "-Dhttps.proxyHost={host}\n-Dhttps.proxyPort={port}");
        out.push_str("\"-Dhttp.nonProxyHosts=localhost|127.*|[::1]\"\n");
        out.push_str("# Java trusts what is in a key store: keytool -importcert -noprompt -alias ");
        out.push_str(
            "fauxforce -file \"$FAUXFORCE_CA_FILE\" -storepass changeit -keystore ca.p12,\n",
        );
        out.push_str("# then -Djavax.net.ssl.trustStore=ca.p12\n");
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
             \"-Dhttp.nonProxyHosts=localhost|127.*|[::1]\"\n\
             # Java trusts what is in a key store: keytool -importcert -noprompt -alias fauxforce \
             -file \"$FAUXFORCE_CA_FILE\" -storepass changeit -keystore ca.p12,\n\
             # then -Djavax.net.ssl.trustStore=ca.p12\n\
             \"-DA=it's \\\"$x\\\\\\\"\"\n"
        );
    }
}
