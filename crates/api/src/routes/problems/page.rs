//! The HTML page of a kind of problem. It is self-contained, and its content security policy blocks all requests.

use super::KindBody;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};
use std::sync::LazyLock;

const STYLE: &str = include_str!("page.css");

/// Allows only the embedded style sheet, by its hash: no script, no image, no form.
pub static POLICY: LazyLock<String> = LazyLock::new(|| {
    let digest = STANDARD.encode(Sha256::digest(STYLE));
    format!(
        "default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
});

pub fn of(kind: &KindBody) -> String {
    let KindBody { code, status, title, cause, cure, example, .. } = kind;
    let example = serde_json::to_string_pretty(example).unwrap_or_default();
    let [title, cause, cure, example] = [title, *cause, *cure, &example].map(escaped);
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title} · Orderflow API</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n\
         <p class=\"code\"><b>{status}</b> <code>{code}</code></p>\n<h1>{title}</h1>\n\
         <h2>Cause</h2>\n<p>{cause}</p>\n<h2>What to do</h2>\n<p>{cure}</p>\n\
         <h2>Example</h2>\n<pre><code>{example}</code></pre>\n\
         <p class=\"more\"><a href=\"/docs/\">API documentation and all error codes</a></p>\n</main>\n</body>\n</html>\n"
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
