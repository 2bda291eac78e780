//! The folder in which an authority is kept: `ca-key.pem` (its private key, for its owner alone),
//! `ca.pem` (what clients trust) and `ca-bundle.pem` (the system's certificates and ours, for
//! clients that trust one file only).
//!
//! Files appear whole or not at all: each is written under another name and then renamed, and
//! whoever writes holds a lock, so that processes that start at once agree on one authority.

use super::authority::{Signer, new_key};
use crate::error::CaError;
use memchr::memmem;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

const KEY: &str = "ca-key.pem";
const CERTIFICATE: &str = "ca.pem";
const BUNDLE: &str = "ca-bundle.pem";
const LOCK: &str = "lock";

/// Most bytes of a file that is read: the systems' bundles have a quarter of a megabyte.
const LONGEST: u64 = 16 * 1024 * 1024;

/// What the folder held, or holds now.
pub(super) struct Kept {
    pub(super) signer: Signer,
    pub(super) certificate_pem: String,
    pub(super) ca_file: PathBuf,
    pub(super) ca_bundle: PathBuf,
}

/// Opens the folder and makes what is missing in it. `system` is the bundle of certificates that
/// clients trust anyway.
pub(super) fn open(folder: &Path, system: Option<&Path>) -> Result<Kept, CaError> {
    // Clients in other folders get these paths.
    let folder =
        std::path::absolute(folder).map_err(|error| CaError::unwritable(folder, &error))?;
    let folder = folder.as_path();
    let at = |name: &str| folder.join(name);
    let (signer, certificate_pem) = match read_pair(folder)? {
        Some(pair) => pair,
        None => {
            let _lock = lock(folder)?;
            make_pair(folder)?
        }
    };
    let bundle = bundle(system, certificate_pem.as_bytes());
    if read(&at(BUNDLE)).ok().flatten().as_ref() != Some(&bundle) {
        let _lock = lock(folder)?;
        write(folder, BUNDLE, &bundle, false)?;
    }
    Ok(Kept { signer, certificate_pem, ca_file: at(CERTIFICATE), ca_bundle: at(BUNDLE) })
}

/// Writes down a certificate that clients shall trust and whose key somebody else has. A folder that
/// holds another one is left alone.
pub(super) fn keep_trust(
    folder: &Path,
    system: Option<&Path>,
    certificate: &str,
) -> Result<(PathBuf, PathBuf), CaError> {
    let folder =
        std::path::absolute(folder).map_err(|error| CaError::unwritable(folder, &error))?;
    let (ca_file, ca_bundle) = (folder.join(CERTIFICATE), folder.join(BUNDLE));
    let _lock = lock(&folder)?;
    match read_text(&ca_file).map_err(|error| CaError::unreadable(&ca_file, &error))? {
        None => write(&folder, CERTIFICATE, certificate.as_bytes(), false)?,
        Some(own) if own == certificate => {}
        Some(_) => return Err(CaError::another(&ca_file)),
    }
    let bundle = bundle(system, certificate.as_bytes());
    if read(&ca_bundle).ok().flatten().as_ref() != Some(&bundle) {
        write(&folder, BUNDLE, &bundle, false)?;
    }
    Ok((ca_file, ca_bundle))
}

/// The key and the certificate; `None` when one is not there yet.
fn read_pair(folder: &Path) -> Result<Option<(Signer, String)>, CaError> {
    let (key_file, certificate_file) = (folder.join(KEY), folder.join(CERTIFICATE));
    let unreadable = |file: &Path| {
        let file = file.to_owned();
        move |error: io::Error| CaError::unreadable(&file, &error)
    };
    let key = read_text(&key_file).map_err(unreadable(&key_file))?;
    let certificate = read_text(&certificate_file).map_err(unreadable(&certificate_file))?;
    let (Some(key), Some(certificate)) = (key, certificate) else { return Ok(None) };
    let signer = Signer::of_key(&key).map_err(|_| CaError::no_key(&key_file))?;
    keep_private(&key_file);
    Ok(Some((signer, certificate)))
}

/// Makes what is missing, with the lock held: another process may have been quicker.
fn make_pair(folder: &Path) -> Result<(Signer, String), CaError> {
    if let Some(pair) = read_pair(folder)? {
        return Ok(pair);
    }
    let key_file = folder.join(KEY);
    let key = match read_text(&key_file).map_err(|error| CaError::unreadable(&key_file, &error))? {
        // A process ended between the two files.
        Some(key) => key,
        // Somebody else's certificate is not replaced.
        None if folder.join(CERTIFICATE).exists() => return Err(CaError::key_missing(&key_file)),
        None => {
            let key = new_key()?;
            write(folder, KEY, key.as_bytes(), true)?;
            key
        }
    };
    let signer = Signer::of_key(&key).map_err(|_| CaError::no_key(&key_file))?;
    let certificate = signer.certificate_pem()?;
    write(folder, CERTIFICATE, certificate.as_bytes(), false)?;
    Ok((signer, certificate))
}

/// The system's certificates and ours. Ours in a bundle that we made already is not doubled.
fn bundle(system: Option<&Path>, certificate: &[u8]) -> Vec<u8> {
    let found = system.and_then(|path| match read(path) {
        Ok(found) => found,
        Err(error) => {
            tracing::warn!(path = %path.display(), %error, "the system's certificates are not readable");
            None
        }
    });
    let mut bundle = found.unwrap_or_default();
    if certificate.is_empty() {
        // The file is somebody's leftover; who opens the folder refuses it.
        return bundle;
    }
    while let Some(at) = memmem::find(&bundle, certificate) {
        bundle.drain(at..at + certificate.len());
    }
    if bundle.last().is_some_and(|last| *last != b'\n') {
        bundle.push(b'\n');
    }
    bundle.extend_from_slice(certificate);
    bundle
}

/// Makes the folder and waits until nobody else writes in it.
fn lock(folder: &Path) -> Result<File, CaError> {
    let unwritable = |error: io::Error| CaError::unwritable(folder, &error);
    fs::create_dir_all(folder).map_err(unwritable)?;
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).write(true);
    let file = options.open(folder.join(LOCK)).map_err(unwritable)?;
    file.lock().map_err(unwritable)?;
    Ok(file)
}

/// A file's bytes; `None` when there is no such file.
fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let length = file.metadata()?.len().min(LONGEST);
    let mut bytes = Vec::with_capacity(length as usize + 1024);
    file.take(LONGEST).read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

fn read_text(path: &Path) -> io::Result<Option<String>> {
    let text = read(path)?.map(String::from_utf8).transpose();
    text.map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error.utf8_error()))
}

/// Writes a file as a whole; the lock is held, so nobody else uses the other name.
fn write(folder: &Path, name: &str, bytes: &[u8], private: bool) -> Result<(), CaError> {
    let unfinished = folder.join(name).with_extension("new");
    let write = || {
        // What a process that was killed has left may have other rights.
        match fs::remove_file(&unfinished) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = create(&unfinished, private)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&unfinished, folder.join(name))
    };
    write().map_err(|error: io::Error| CaError::unwritable(folder, &error))
}

#[cfg(unix)]
fn create(path: &Path, private: bool) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let mode = if private { 0o600 } else { 0o644 };
    OpenOptions::new().write(true).create_new(true).mode(mode).open(path)
}

#[cfg(not(unix))]
fn create(path: &Path, _private: bool) -> io::Result<File> {
    // The user's folders are the user's alone there.
    OpenOptions::new().write(true).create_new(true).open(path)
}

/// Takes away the rights of others on the key, as after a copy with a careless tool.
#[cfg(unix)]
fn keep_private(key: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    let Ok(found) = fs::metadata(key) else { return };
    if found.permissions().mode() & 0o077 != 0
        && let Err(error) = fs::set_permissions(key, fs::Permissions::from_mode(0o600))
    {
        tracing::warn!(key = %key.display(), %error, "others can read the private key");
    }
}

#[cfg(not(unix))]
fn keep_private(_key: &Path) {}
