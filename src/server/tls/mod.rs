//! TLS with certificates of our own: [`Authority`] keeps a certificate authority in a folder and
//! signs, when a client asks for a name that was not asked for before, a leaf for it.
//!
//! `folder` reads and writes the files, `authority` makes certificates; here they meet the sockets.

mod authority;
mod folder;

use super::stream::Stream;
use crate::clock::{Millis, system_now};
use crate::error::CaError;
use authority::Signer;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier as _;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::{Acceptor, ServerSessionMemoryCache, StoresServerSessions};
use rustls::sign::{CertifiedKey, SigningKey, SingleCertAndKey};
use rustls::{RootCertStore, ServerConfig};
use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio_rustls::LazyConfigAcceptor;

/// A handshake that takes longer is given up.
const HANDSHAKE_LIMIT: Duration = Duration::from_secs(10);

/// Most names whose leaves are kept; the next one empties the cache.
const MOST_LEAVES: usize = 1_000;

/// Sessions that can be resumed.
const SESSIONS: usize = 256;

/// The names of the leaf for clients that name none, and for those that call us by our own name.
const USUAL_NAMES: [&str; 15] = [
    "localhost",
    "127.0.0.1",
    "::1",
    "login.salesforce.com",
    "test.salesforce.com",
    "*.salesforce.com",
    "*.my.salesforce.com",
    "*.sandbox.my.salesforce.com",
    "*.develop.my.salesforce.com",
    "*.scratch.my.salesforce.com",
    "*.pubsub.salesforce.com",
    "*.lightning.force.com",
    "*.force.com",
    "*.concursolutions.com",
    "*.api.concursolutions.com",
];

/// How many of them are our own.
const OWN_NAMES: usize = 3;

/// A certificate authority, and TLS with what it signs.
pub struct Authority {
    signer: Signer,
    certificate_pem: String,
    ca_file: PathBuf,
    ca_bundle: PathBuf,
    provider: Arc<CryptoProvider>,
    leaf_key: Arc<dyn SigningKey>,
    sessions: Arc<dyn StoresServerSessions>,
    usual: Arc<ServerConfig>,
    by_name: Mutex<HashMap<String, Arc<ServerConfig>>>,
}

impl std::fmt::Debug for Authority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Authority").field("ca_file", &self.ca_file).finish_non_exhaustive()
    }
}

/// Writes the certificate of an authority that another process keeps, and the bundle with the
/// system's, to a folder: gives the paths of both. A folder that holds another certificate is left
/// alone.
pub fn keep_trust(
    folder: &Path,
    system: Option<&Path>,
    certificate_pem: &str,
) -> Result<(PathBuf, PathBuf), CaError> {
    folder::keep_trust(folder, system, certificate_pem)
}

impl Authority {
    /// The authority that is kept in a folder; made when there is none. `system` is the bundle of
    /// certificates that clients on this machine trust anyway, for the bundle with ours.
    pub fn in_folder(folder: &Path, system: Option<&Path>) -> Result<Authority, CaError> {
        let kept = folder::open(folder, system)?;
        let provider = Arc::new(ring::default_provider());
        let leaf_key = provider
            .key_provider
            .load_private_key(kept.signer.leaf_key())
            .map_err(|error| CaError::signing(&error))?;
        let sessions: Arc<dyn StoresServerSessions> = ServerSessionMemoryCache::new(SESSIONS);
        let now = system_now();
        let leaf = kept.signer.leaf(USUAL_NAMES.map(str::to_owned).to_vec(), now)?;
        if !is_trusted(&kept.certificate_pem, &leaf, &provider, now) {
            return Err(CaError::not_its_certificate(&kept.ca_file));
        }
        let usual = config(&provider, leaf, &leaf_key, &sessions)?;
        Ok(Authority {
            signer: kept.signer,
            certificate_pem: kept.certificate_pem,
            ca_file: kept.ca_file,
            ca_bundle: kept.ca_bundle,
            provider,
            leaf_key,
            sessions,
            usual,
            by_name: Mutex::default(),
        })
    }

    /// The file with the authority's certificate.
    pub fn ca_file(&self) -> &Path {
        &self.ca_file
    }

    /// The file with the system's certificates and the authority's.
    pub fn ca_bundle(&self) -> &Path {
        &self.ca_bundle
    }

    /// The authority's certificate as PEM.
    pub fn certificate_pem(&self) -> &str {
        &self.certificate_pem
    }

    /// Shakes hands with a client. `called` is how the client called us, if it does not say that in
    /// its greeting: clients name no addresses there.
    pub(super) async fn secure(&self, stream: Stream, called: &str) -> io::Result<Stream> {
        let handshake = async {
            let start = LazyConfigAcceptor::new(Acceptor::default(), stream).await?;
            let hello = start.client_hello();
            let config = self.config_for(hello.server_name().unwrap_or(called));
            start.into_stream(config.map_err(io::Error::other)?).await
        };
        let stream = tokio::time::timeout(HANDSHAKE_LIMIT, handshake).await??;
        Ok(Stream::secured(stream))
    }

    /// The set-up with a leaf for this name.
    fn config_for(&self, name: &str) -> Result<Arc<ServerConfig>, CaError> {
        if name.is_empty() || USUAL_NAMES[..OWN_NAMES].contains(&name) {
            return Ok(Arc::clone(&self.usual));
        }
        let name = name.to_ascii_lowercase();
        let mut by_name = self.by_name.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(config) = by_name.get(&name) {
            return Ok(Arc::clone(config));
        }
        if by_name.len() >= MOST_LEAVES {
            by_name.clear();
        }
        let leaf = self.signer.leaf(vec![name.clone()], system_now())?;
        let config = config(&self.provider, leaf, &self.leaf_key, &self.sessions)?;
        by_name.insert(name, Arc::clone(&config));
        Ok(config)
    }
}

/// TLS 1.2 and 1.3 with one certificate. Of HTTP there is 1.1 only: what comes with `h2` alone
/// (gRPC) is refused in the handshake.
fn config(
    provider: &Arc<CryptoProvider>,
    leaf: CertificateDer<'static>,
    key: &Arc<dyn SigningKey>,
    sessions: &Arc<dyn StoresServerSessions>,
) -> Result<Arc<ServerConfig>, CaError> {
    let certified = CertifiedKey::new(vec![leaf], Arc::clone(key));
    let mut config = ServerConfig::builder_with_provider(Arc::clone(provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| CaError::signing(&error))?
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(certified)));
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    config.session_storage = Arc::clone(sessions);
    Ok(Arc::new(config))
}

/// True when a client that trusts this certificate takes the leaf.
fn is_trusted(
    certificate_pem: &str,
    leaf: &CertificateDer<'_>,
    provider: &Arc<CryptoProvider>,
    now: Millis,
) -> bool {
    let Ok(certificate) = CertificateDer::from_pem_slice(certificate_pem.as_bytes()) else {
        return false;
    };
    let mut roots = RootCertStore::empty();
    if roots.add(certificate).is_err() {
        return false;
    }
    let provider = Arc::clone(provider);
    let Ok(verifier) =
        WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build()
    else {
        return false;
    };
    let Ok(name) = ServerName::try_from("localhost") else { return false };
    let now = UnixTime::since_unix_epoch(Duration::from_millis(now.unsigned_abs()));
    verifier.verify_server_cert(leaf, &[], &name, &[], now).is_ok()
}
