//! Files with the certificates of authorities that sign the certificates of the services.

use std::path::Path;

/// The problem with a CA file: it can't be read, has no certificate, or the connection does not use TLS.
pub(super) fn ca_problem(variable: &str, path: Option<&Path>, uses_tls: bool, url: &str) -> Option<String> {
    let path = path?;
    if !uses_tls {
        return Some(format!("{variable} is set, but the connection does not use TLS: {url}"));
    }
    let problem = match std::fs::read_to_string(path) {
        Ok(text) if text.contains("-----BEGIN CERTIFICATE-----") => return None,
        Ok(_other) => "which has no PEM certificate".to_owned(),
        Err(error) => format!("which can't be read: {error}"),
    };
    Some(format!("{variable} names {}, {problem}", path.display()))
}
