use std::path::PathBuf;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::version::{TLS12, TLS13};
use tokio_rustls::TlsAcceptor;

/// Where the certificate of the listener and its key are kept, both as PEM.
#[derive(Clone, Debug)]
pub struct TlsFiles {
    /// The certificate of this server, then its intermediates.
    pub certificate: PathBuf,
    /// Its private key: PKCS#8, PKCS#1 or SEC1.
    pub key: PathBuf,
}

/// Why a listener has no TLS. The texts name the file, never its content.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file that cannot be read, or holds something else.
    #[error("{path}: no readable PEM {what} ({error})", path = path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// What should be in it.
        what: &'static str,
        /// What was wrong.
        error: rustls::pki_types::pem::Error,
    },
    /// The certificate file is empty.
    #[error("{path}: no certificate in it", path = .0.display())]
    NoCertificate(PathBuf),
    /// The key does not belong to the certificate, or is of a kind that is not supported.
    #[error("the TLS certificate and key cannot be used together: {0}")]
    Unusable(#[from] rustls::Error),
}

/// Speaks TLS 1.3, or 1.2 with the cipher suites that BCP 195 recommends (NET-01, NET-02).
#[derive(Clone)]
pub(crate) struct Tls(TlsAcceptor);

impl Tls {
    /// Reads certificate and key.
    ///
    /// # Errors
    /// See [`TlsError`].
    pub(crate) fn load(files: &TlsFiles) -> Result<Self, TlsError> {
        let in_file = |path: &PathBuf, what| {
            let path = path.clone();
            move |error| TlsError::File { path, what, error }
        };
        let chain: Vec<_> = CertificateDer::pem_file_iter(&files.certificate)
            .and_then(Iterator::collect)
            .map_err(in_file(&files.certificate, "certificate"))?;
        if chain.is_empty() {
            return Err(TlsError::NoCertificate(files.certificate.clone()));
        }
        let key = PrivateKeyDer::from_pem_file(&files.key).map_err(in_file(&files.key, "private key"))?;
        Ok(Self(TlsAcceptor::from(Arc::new(configure(chain, key)?))))
    }

    pub(super) fn acceptor(&self) -> &TlsAcceptor {
        &self.0
    }
}

/// The provider's own suites are exactly the recommended ones: ECDHE with AES-GCM or ChaCha20-Poly1305.
fn configure(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> Result<ServerConfig, rustls::Error> {
    let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_protocol_versions(&[&TLS13, &TLS12])?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn net_02_only_recommended_suites_are_offered() {
        for suite in aws_lc_rs::default_provider().cipher_suites {
            let name = format!("{:?}", suite.suite());
            let aead = ["_GCM_", "CHACHA20_POLY1305"].iter().any(|mode| name.contains(mode));
            let forward_secret = name.starts_with("TLS13_") || name.starts_with("TLS_ECDHE_");
            assert!(aead && forward_secret, "{name}");
        }
    }

    #[test]
    fn a_missing_file_is_named() {
        let files =
            TlsFiles { certificate: "/nowhere/certificate.pem".into(), key: "/nowhere/key.pem".into() };
        let Err(error) = Tls::load(&files) else { panic!("loaded a file that does not exist") };
        assert!(error.to_string().contains("/nowhere/certificate.pem"), "{error}");
    }
}
