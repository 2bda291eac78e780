//! Errors of the certificate authority's folder.

use std::fmt;
use std::path::Path;

/// Why there is no certificate authority to serve TLS with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaError(String);

impl CaError {
    /// The folder, or a file in it, cannot be made.
    pub fn unwritable(folder: &Path, error: &dyn fmt::Display) -> CaError {
        let folder = folder.display();
        CaError(format!("cannot write to the CA folder {folder}: {error} (--ca-dir names another)"))
    }

    /// A file is there and cannot be read.
    pub fn unreadable(file: &Path, error: &dyn fmt::Display) -> CaError {
        let file = file.display();
        CaError(format!("cannot read {file}: {error} (--ca-dir names another CA folder)"))
    }

    /// The key's file holds something else.
    pub fn no_key(file: &Path) -> CaError {
        let file = file.display();
        CaError(format!(
            "{file} holds no private key that can sign: delete its folder to get a new CA, or use another --ca-dir"
        ))
    }

    /// The certificate's file holds something else, or belongs to another key.
    pub fn not_its_certificate(file: &Path) -> CaError {
        let file = file.display();
        CaError(format!(
            "{file} is not the certificate of the CA key beside it: delete its folder to get a new CA, or use another --ca-dir"
        ))
    }

    /// There is a certificate whose key is not there.
    pub fn key_missing(file: &Path) -> CaError {
        let file = file.display();
        CaError(format!(
            "{file} is missing beside its certificate: delete its folder to get a new CA, or use another --ca-dir"
        ))
    }

    /// The folder in which a server's certificate shall be written down holds another one.
    pub fn another(file: &Path) -> CaError {
        let file = file.display();
        CaError(format!("{file} is another CA than the server's: use another --ca-dir"))
    }

    /// The user has no home folder.
    pub fn no_folder() -> CaError {
        CaError("there is no home folder to keep the CA in: --ca-dir names another".to_owned())
    }

    /// A certificate could not be made.
    pub fn signing(error: &dyn fmt::Display) -> CaError {
        CaError(format!("cannot make a certificate: {error}"))
    }
}

impl fmt::Display for CaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for CaError {}
