//! The TLS configuration: rustls with ring, and roots that the user may replace.

use crate::{Environment, Error};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A configuration that offers HTTP/2 and HTTP/1.1. With certificates named by the user, these replace the built-in
/// roots; if they cannot be read or hold nothing, nothing is trusted and the error says so.
pub(crate) fn verified(env: &Environment, pip_cert: Option<&Path>) -> Result<ClientConfig, Error> {
    let roots = match named_certificates(env, pip_cert) {
        Some(sources) => load_roots(&sources)?,
        None => RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() },
    };
    Ok(with_alpn(builder().with_root_certificates(roots).with_no_client_auth()))
}

/// For hosts that the user listed as `trusted-host` in pip's configuration, whose certificates pip does not check.
pub(crate) fn unverified() -> ClientConfig {
    let verifier = Arc::new(AcceptsAnything(ring::default_provider()));
    with_alpn(builder().dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth())
}

fn builder() -> rustls::ConfigBuilder<ClientConfig, rustls::WantsVerifier> {
    ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring supports the default protocol versions")
}

fn with_alpn(mut config: ClientConfig) -> ClientConfig {
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    config
}

struct Source {
    origin: &'static str,
    path: PathBuf,
    is_dir: bool,
}

/// OpenSSL's variables come as a pair; otherwise the first that is set counts, pip's own before the library's.
fn named_certificates(env: &Environment, pip_cert: Option<&Path>) -> Option<Vec<Source>> {
    let get = |name: &'static str, is_dir| {
        let value = env.get(name).filter(|value| !value.is_empty())?;
        Some(Source { origin: name, path: value.into(), is_dir })
    };
    if let Some(file) = get("SSL_CERT_FILE", false) {
        return Some(vec![file]);
    }
    if let Some(dirs) = get("SSL_CERT_DIR", true) {
        let dirs = std::env::split_paths(&dirs.path).map(|path| Source { origin: dirs.origin, path, is_dir: true });
        return Some(dirs.collect());
    }
    let pip = pip_cert.map(|path| Source { origin: "pip's `cert`", path: path.to_owned(), is_dir: path.is_dir() });
    let source = pip.or_else(|| get("REQUESTS_CA_BUNDLE", false)).or_else(|| get("CURL_CA_BUNDLE", false))?;
    Some(vec![Source { is_dir: source.path.is_dir(), ..source }])
}

fn load_roots(sources: &[Source]) -> Result<RootCertStore, Error> {
    let mut roots = RootCertStore::empty();
    for source in sources {
        let bad = |why: String| Error::BadCertificates {
            path: source.path.display().to_string(),
            origin: source.origin.to_owned(),
            why,
        };
        if source.is_dir {
            add_directory(&mut roots, &source.path).map_err(|error| bad(error.to_string()))?;
        } else {
            let bytes = std::fs::read(&source.path).map_err(|error| bad(error.to_string()))?;
            add_pem(&mut roots, &bytes);
        }
    }
    if roots.is_empty()
        && let Some(source) = sources.first()
    {
        return Err(Error::BadCertificates {
            path: source.path.display().to_string(),
            origin: source.origin.to_owned(),
            why: "it holds no certificate".to_owned(),
        });
    }
    Ok(roots)
}

/// All readable files of a directory; OpenSSL's `<hash>.0` links name the same files again and are harmless.
fn add_directory(roots: &mut RootCertStore, path: &Path) -> std::io::Result<()> {
    for entry in std::fs::read_dir(path)? {
        let path = entry?.path();
        let small = std::fs::metadata(&path).is_ok_and(|meta| meta.is_file() && meta.len() < 16 << 20);
        if small && let Ok(bytes) = std::fs::read(&path) {
            add_pem(roots, &bytes);
        }
    }
    Ok(())
}

/// Certificates that rustls cannot use (old algorithms in large bundles) are left out.
fn add_pem(roots: &mut RootCertStore, bytes: &[u8]) {
    roots.add_parsable_certificates(CertificateDer::pem_slice_iter(bytes).filter_map(Result::ok));
}

#[derive(Debug)]
struct AcceptsAnything(CryptoProvider);

impl ServerCertVerifier for AcceptsAnything {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(pairs: &[(&str, &Path)]) -> Environment {
        pairs.iter().map(|(name, path)| ((*name).to_owned(), path.to_str().unwrap().to_owned())).collect()
    }

    #[test]
    fn built_in_roots_without_configuration() {
        assert!(verified(&Environment::new(), None).is_ok());
    }

    #[test]
    fn fails_closed_on_unreadable_or_empty_certificates() {
        let dir = tempfile::tempdir().unwrap();
        let empty = dir.path().join("empty.pem");
        std::fs::write(&empty, "no certificate").unwrap();
        let absent = dir.path().join("absent.pem");
        for (name, path) in [
            ("SSL_CERT_FILE", &empty),
            ("SSL_CERT_FILE", &absent),
            ("SSL_CERT_DIR", &absent),
            ("REQUESTS_CA_BUNDLE", &empty),
        ] {
            let result = verified(&env(&[(name, path)]), None);
            assert!(matches!(&result, Err(Error::BadCertificates { origin, .. }) if origin == name), "{name}");
        }
        assert!(matches!(verified(&env(&[]), Some(&absent)), Err(Error::BadCertificates { .. })));
        assert!(matches!(verified(&env(&[("SSL_CERT_DIR", dir.path())]), None), Err(Error::BadCertificates { .. })));
    }

    /// Nobody has its key.
    const ROOT: &str = "-----BEGIN CERTIFICATE-----\n\
        MIIBijCCATGgAwIBAgIUGPJo0UZ9JIgSwaI5FRYEh9f0rRIwCgYIKoZIzj0EAwIw\n\
        GjEYMBYGA1UEAwwPUHlCdW4gdGVzdCByb290MCAXDTI2MTEyNzAwNTUwM1oYDzIx\n\
        MjYxMTAzMDA1NTAzWjAaMRgwFgYDVQQDDA9QeUJ1biB0ZXN0IHJvb3QwWTATBgcq\n\
        hkjOPQIBBggqhkjOPQMBBwNCAATEYx1heLXcsZ+OudlCDwbuJbWlMYcGqywjakJG\n\
        ymYTnqCnIJrPyO7KwmU2L1s6ANocmDx2HPHHP3epyJTESwlqo1MwUTAdBgNVHQ4E\n\
        FgQUQ2hZ1BcfgfBOr5N6EGtyBgBIRhUwHwYDVR0jBBgwFoAUQ2hZ1BcfgfBOr5N6\n\
        EGtyBgBIRhUwDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNHADBEAiBC6jED\n\
        +Gcw5DKtN1ArYV/DlmJ9ruDh7tE1SmSp09qqJwIgbjMGuyJbDImTu1JXMwMrImS4\n\
        qNnQzC+MKwtF7CD7hkU=\n\
        -----END CERTIFICATE-----\n";

    #[test]
    fn named_certificates_replace_the_roots() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("root.pem");
        std::fs::write(&file, ROOT).unwrap();
        std::fs::write(dir.path().join("notes.txt"), "no certificate").unwrap();
        for (name, path) in [("SSL_CERT_FILE", file.as_path()), ("SSL_CERT_DIR", dir.path()), ("CURL_CA_BUNDLE", &file)]
        {
            let sources = named_certificates(&env(&[(name, path)]), None).unwrap();
            assert_eq!(load_roots(&sources).unwrap().len(), 1, "{name}");
        }
    }
}
