//! The certificate authority: its own certificate, and the leaves that it signs.

use crate::clock::Millis;
use crate::error::CaError;
use crate::time;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, SerialNumber, date_time_ymd,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;

/// Days before now from which a leaf is valid: clients' clocks differ.
const LEAF_SINCE: i32 = 2;

/// Days from now for which a leaf is valid; with [`LEAF_SINCE`] under the 825 that Apple's systems
/// take from an authority that a user added.
const LEAF_FOR: i32 = 800;

/// Who signs: a key and the name that goes with it.
pub(super) struct Signer {
    issuer: Issuer<'static, KeyPair>,
    /// All leaves have the same key: making one costs as much as a signature, and it never leaves
    /// this process.
    leaf_key: KeyPair,
}

impl Signer {
    /// The signer of a key (PKCS #8, PEM).
    pub(super) fn of_key(pem: &str) -> Result<Signer, CaError> {
        let key = KeyPair::from_pem(pem).map_err(|error| CaError::signing(&error))?;
        let issuer = Issuer::new(authority_params(&key), key);
        let leaf_key = KeyPair::generate().map_err(|error| CaError::signing(&error))?;
        Ok(Signer { issuer, leaf_key })
    }

    /// The authority's own certificate. Made twice, its bytes differ and its meaning does not: name
    /// and identifiers follow from the key.
    pub(super) fn certificate_pem(&self) -> Result<String, CaError> {
        let key = self.issuer.key();
        let made = authority_params(key).self_signed(key);
        Ok(made.map_err(|error| CaError::signing(&error))?.pem())
    }

    /// Signs a leaf for names (DNS names, `*` as the first label, and addresses).
    pub(super) fn leaf(
        &self,
        names: Vec<String>,
        now: Millis,
    ) -> Result<CertificateDer<'static>, CaError> {
        let mut serial = Sha256::new();
        serial.update(self.leaf_key.public_key_raw());
        for name in &names {
            serial.update(name.as_bytes());
            serial.update([0]);
        }
        let mut params = CertificateParams::new(names).map_err(|error| CaError::signing(&error))?;
        params.distinguished_name.push(DnType::CommonName, "fauxforce");
        // Python 3.13 asks for all of these; so do the Java and Apple verifiers for most.
        params.is_ca = IsCa::ExplicitNoCa;
        params.use_authority_key_identifier_extension = true;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let midnight = |days| {
            let (year, month, day) = time::ymd(days);
            date_time_ymd(year, month as u8, day as u8)
        };
        let today = time::day_of(now);
        params.not_before = midnight(today - LEAF_SINCE);
        params.not_after = midnight(today + LEAF_FOR);
        params.serial_number = Some(serial_number(&serial.finalize()));
        let leaf = params.signed_by(&self.leaf_key, &self.issuer);
        Ok(leaf.map_err(|error| CaError::signing(&error))?.der().clone())
    }

    /// The key of all leaves.
    pub(super) fn leaf_key(&self) -> PrivateKeyDer<'static> {
        PrivatePkcs8KeyDer::from(self.leaf_key.serialize_der()).into()
    }
}

/// A new key (PKCS #8, PEM).
pub(super) fn new_key() -> Result<String, CaError> {
    Ok(KeyPair::generate().map_err(|error| CaError::signing(&error))?.serialize_pem())
}

/// What the certificate of an authority says. All of it follows from the key, so that key and
/// certificate cannot drift apart. Its validity has fixed bounds: a certificate that was made while
/// the clock was wrong is none the worse for it.
fn authority_params(key: &KeyPair) -> CertificateParams {
    let mut params = CertificateParams::default();
    let identifier = params.key_identifier(key);
    let mut name = "fauxforce CA ".to_owned();
    for byte in identifier.iter().take(4) {
        // Writing to a string cannot fail.
        let _ = write!(name, "{byte:02x}");
    }
    params
        .distinguished_name
        .push(DnType::OrganizationName, "fauxforce, for tests on this machine");
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.serial_number = Some(serial_number(&identifier));
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2049, 12, 31);
    params
}

/// A positive serial number of 16 bytes.
fn serial_number(digest: &[u8]) -> SerialNumber {
    let mut bytes: Vec<u8> = digest.iter().copied().take(16).collect();
    if let Some(first) = bytes.first_mut() {
        *first = *first & 0x3f | 0x40;
    }
    SerialNumber::from(bytes)
}
