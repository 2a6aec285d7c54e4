//! The text of an API key: `ofk_<id>_<secret>`. The id finds the row, the secret proves that the sender holds the key.

use super::ApiKeyId;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq as _;
use uuid::Uuid;

pub(crate) const PREFIX: &str = "ofk_";
const SECRET_BYTES: usize = 32;

/// The stored form of a secret. It has 256 random bits, so a fast hash is as safe as a slow one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SecretHash([u8; 32]);

impl SecretHash {
    fn of(secret: &[u8]) -> Self {
        Self(Sha256::digest(secret).into())
    }

    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    pub fn stored(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// In constant time.
    pub fn is(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

/// A new secret of the key `id`: the text for its holder, and its hash.
pub(crate) fn generate(id: ApiKeyId) -> (SecretString, SecretHash) {
    let secret: [u8; SECRET_BYTES] = rand::random();
    let text = format!("{PREFIX}{}_{}", id.as_uuid().simple(), BASE64_URL_SAFE_NO_PAD.encode(secret));
    (text.into(), SecretHash::of(&secret))
}

/// `None` for a text that can't be one of our keys.
pub(crate) fn parse(presented: &SecretString) -> Option<(ApiKeyId, SecretHash)> {
    let (id, secret) = presented.expose_secret().strip_prefix(PREFIX)?.split_once('_')?;
    let secret = BASE64_URL_SAFE_NO_PAD.decode(secret).ok().filter(|secret| secret.len() == SECRET_BYTES)?;
    Some((ApiKeyId::from_uuid(Uuid::try_parse(id).ok()?), SecretHash::of(&secret)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_parsed_back_and_other_texts_are_not() {
        let id = ApiKeyId::from_uuid(Uuid::now_v7());
        let (text, hash) = generate(id);

        let (parsed, presented) = parse(&text).expect("a key");
        assert_eq!(parsed, id);
        assert!(presented.is(&hash));
        assert!(!generate(id).1.is(&hash), "another secret");
        let cut = text.expose_secret().split_at(60).0.to_owned();
        for bad in ["", "ofk_", "ofk_x_y", "eyJhbGciOiJIUzI1NiJ9.e30.x", cut.as_str()] {
            assert!(parse(&bad.to_owned().into()).is_none(), "{bad}");
        }
    }
}
