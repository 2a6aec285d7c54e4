//! What makes a key that signs tokens or messages good enough.

use super::Environment;
use std::collections::BTreeSet;

const KEY_BYTES_MIN: usize = 32;
/// A key of 32 random hexadecimal digits has fewer different ones once in ten million.
const DIFFERENT_BYTES_MIN: usize = 8;

/// The problem with the key in `variable`. Names the variable, never its value.
pub fn signing_key_problem(variable: &str, key: &str, environment: Environment) -> Option<String> {
    if key.len() < KEY_BYTES_MIN {
        return Some(format!("{variable} must have at least {KEY_BYTES_MIN} bytes: openssl rand -hex 32"));
    }
    let refused = environment == Environment::Production && is_repetitive(key.as_bytes());
    refused.then(|| format!("{variable} must be random in production: openssl rand -hex 32"))
}

/// Whether the key has few different bytes, or repeats its beginning.
fn is_repetitive(key: &[u8]) -> bool {
    let different = key.iter().collect::<BTreeSet<_>>().len();
    let repeats = |period: usize| key.iter().zip(&key[period..]).all(|(byte, later)| byte == later);
    different < DIFFERENT_BYTES_MIN || (1..=key.len() / 2).any(repeats)
}
