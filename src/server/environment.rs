//! What the edge takes from the process's environment: where the user's caches are, what the system
//! trusts, and the proxy to other hosts.
#![allow(clippy::disallowed_methods)] // The one place of the library that reads the environment.

use super::Upstream;
use std::env;

/// Variables that name a bundle of certificates, the widest known first.
#[cfg(feature = "tls")]
const BUNDLE_VARIABLES: [&str; 4] =
    ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NIX_SSL_CERT_FILE"];

/// Where systems keep theirs.
#[cfg(feature = "tls")]
const BUNDLE_FILES: [&str; 8] = [
    "/etc/ssl/certs/ca-certificates.crt", // Debian, Alpine, Arch
    "/etc/pki/tls/certs/ca-bundle.crt",   // Fedora, Red Hat
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", // Red Hat without the older name
    "/etc/ssl/ca-bundle.pem",             // SUSE
    "/etc/ssl/cert.pem",                  // macOS, BSD
    "/usr/local/share/certs/ca-root-nss.crt", // FreeBSD
    "/opt/homebrew/etc/openssl@3/cert.pem", // Homebrew
    "/usr/local/etc/openssl@3/cert.pem",  // Homebrew on Intel
];

/// A variable that is set to something.
fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

/// The folder in which the certificate authority is kept unless another is named: `fauxforce/ca` in
/// the user's cache folder. `None` for a user without one.
#[cfg(feature = "tls")]
pub fn usual_ca_folder() -> Option<std::path::PathBuf> {
    use std::path::PathBuf;
    let caches = if cfg!(windows) {
        variable("LOCALAPPDATA").map(PathBuf::from)
    } else if let Some(caches) = variable("XDG_CACHE_HOME").map(PathBuf::from)
        && caches.is_absolute()
    {
        // The specification has relative ones ignored.
        Some(caches)
    } else {
        let within_home = if cfg!(target_os = "macos") { "Library/Caches" } else { ".cache" };
        env::home_dir().filter(|home| home.is_absolute()).map(|home| home.join(within_home))
    };
    caches.map(|caches| caches.join("fauxforce").join("ca"))
}

/// The bundle of certificates that programs on this machine trust: the one that the environment
/// names, else the system's. `None` where there is no such file (Windows).
#[cfg(feature = "tls")]
pub fn system_bundle() -> Option<std::path::PathBuf> {
    let named = BUNDLE_VARIABLES.iter().filter_map(|name| variable(name));
    let usual = BUNDLE_FILES.iter().map(|path| (*path).to_owned());
    named.chain(usual).map(std::path::PathBuf::from).find(|path| path.is_file())
}

/// How other hosts are reached.
pub fn upstream() -> Upstream {
    let either = |name: &str| variable(name).or_else(|| variable(&name.to_ascii_uppercase()));
    let of_scheme = |name: &str| either(name).or_else(|| either("all_proxy")).unwrap_or_default();
    let no_proxy = either("no_proxy").unwrap_or_default();
    let upstream = Upstream::parse(&of_scheme("https_proxy"), &of_scheme("http_proxy"), &no_proxy);
    upstream.unwrap_or_else(|| {
        tracing::warn!("the proxy variables name no HTTP proxy; other hosts are reached directly");
        Upstream::default()
    })
}
