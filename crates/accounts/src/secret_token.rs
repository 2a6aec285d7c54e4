//! Refresh tokens and tickets: the client gets 256 random bits, the database stores their hash.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

const TOKEN_BYTES: usize = 32;

/// The stored form of a token. A token has 256 random bits, so a fast hash is as safe as a slow one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TokenHash([u8; 32]);

impl TokenHash {
    /// The hash of a presented token; `None` when the text can't be one of our tokens.
    pub fn of(presented: &SecretString) -> Option<Self> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(presented.expose_secret()).ok()?;
        (bytes.len() == TOKEN_BYTES).then(|| Self(Sha256::digest(&bytes).into()))
    }

    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// A new token and its hash.
pub(crate) fn generate() -> (SecretString, TokenHash) {
    let bytes: [u8; TOKEN_BYTES] = rand::random();
    (BASE64_URL_SAFE_NO_PAD.encode(bytes).into(), TokenHash(Sha256::digest(bytes).into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_found_by_its_hash_and_never_repeats() {
        let (token, hash) = generate();
        assert_eq!(TokenHash::of(&token), Some(hash.clone()));
        assert_ne!(generate().1, hash);
        for bad in ["", "short", "not base64 at all!", &"A".repeat(10_000)] {
            assert_eq!(TokenHash::of(&bad.into()), None, "{bad}");
        }
    }
}
