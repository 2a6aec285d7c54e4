//! Access tokens: JWTs with one fixed algorithm (HS256), verified with at most two keys while the secret is rotated.

use crate::{AccountError, Role, SecurityArgs, SessionId, TokenError};
use domain::Timestamp;
use domain::ids::UserId;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

const ISSUER: &str = "orderflow";
const AUDIENCE: &str = "orderflow-api";
const TYPE: &str = "access";
/// How far the clock of this process and that of the issuing process may differ.
const LEEWAY_SECONDS: i64 = 5;
/// Our tokens have about 400 characters; a longer one is not decoded.
const TOKEN_LENGTH_MAX: usize = 2_048;

/// Issues and verifies access tokens; cheap to clone.
#[derive(Clone)]
pub struct Tokens(Arc<Keys>);

struct Keys {
    signing: EncodingKey,
    signing_kid: String,
    /// By `kid`: the current key, and the previous one.
    verifying: Vec<(String, DecodingKey)>,
    ttl: Duration,
}

/// A token in the form that the client gets.
#[derive(Debug, Clone)]
pub struct IssuedToken {
    pub token: SecretString,
    pub expires_in: Duration,
}

/// Every member is required and must have the type that we issue: a string in place of a number is rejected.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Claims {
    iss: String,
    aud: String,
    typ: String,
    pub sub: UserId,
    role: Role,
    /// The session that the token belongs to. Tokens of the version before have none.
    #[serde(default)]
    pub sid: Option<SessionId>,
    /// The account's `token_version`: an older one is revoked.
    pub ver: i32,
    iat: i64,
    nbf: i64,
    exp: i64,
}

impl Tokens {
    pub fn new(args: &SecurityArgs) -> Self {
        let signing = args.secret_key.expose_secret().as_bytes();
        let verifying = std::iter::once(signing).chain(args.previous_key().map(str::as_bytes));
        Self(Arc::new(Keys {
            signing: EncodingKey::from_secret(signing),
            signing_kid: kid(signing),
            verifying: verifying.map(|key| (kid(key), DecodingKey::from_secret(key))).collect(),
            ttl: args.access_token_ttl(),
        }))
    }

    /// Signs with a random key that nobody keeps.
    pub(crate) fn unaccepted() -> Self {
        let key: [u8; 32] = rand::random();
        let signing = EncodingKey::from_secret(&key);
        Self(Arc::new(Keys { signing, signing_kid: kid(&key), verifying: Vec::new(), ttl: Duration::ZERO }))
    }

    pub(crate) fn issue(
        &self,
        user: UserId,
        role: Role,
        session: SessionId,
        version: i32,
        now: Timestamp,
    ) -> Result<IssuedToken, AccountError> {
        let now = now.timestamp();
        let claims = Claims {
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            typ: TYPE.to_owned(),
            sub: user,
            role,
            sid: Some(session),
            ver: version,
            iat: now,
            nbf: now,
            exp: now.saturating_add_unsigned(self.0.ttl.as_secs()),
        };
        let header = Header { kid: Some(self.0.signing_kid.clone()), ..Header::new(Algorithm::HS256) };
        let token = jsonwebtoken::encode(&header, &claims, &self.0.signing);
        let token = token.map_err(|error| AccountError::Crypto(error.to_string()))?.into();
        Ok(IssuedToken { token, expires_in: self.0.ttl })
    }

    pub(crate) fn check(&self, token: &str, now: Timestamp) -> Result<Claims, TokenError> {
        if token.len() > TOKEN_LENGTH_MAX {
            return Err(TokenError::Invalid);
        }
        let header = jsonwebtoken::decode_header(token).map_err(|_malformed| TokenError::Invalid)?;
        let key = self.key_for(&header).ok_or(TokenError::Invalid)?;
        let decoded = jsonwebtoken::decode::<Claims>(token, key, &signature_only());
        let claims = decoded.map_err(|_bad| TokenError::Invalid)?.claims;
        claims.check(now.timestamp())?;
        Ok(claims)
    }

    /// Keys come from our settings only: a token that contains its key, or names the location of one, is rejected.
    fn key_for(&self, header: &Header) -> Option<&DecodingKey> {
        let brings_key = header.jku.is_some()
            || header.jwk.is_some()
            || header.x5u.is_some()
            || header.x5c.is_some()
            || header.crit.is_some();
        let kid = header.kid.as_deref().filter(|_| !brings_key)?;
        self.0.verifying.iter().find(|(known, _)| known == kid).map(|(_, key)| key)
    }
}

impl Claims {
    fn check(&self, now: i64) -> Result<(), TokenError> {
        if self.iss != ISSUER || self.aud != AUDIENCE || self.typ != TYPE || self.nbf > now + LEEWAY_SECONDS {
            return Err(TokenError::Invalid);
        }
        if self.exp < now - LEEWAY_SECONDS { Err(TokenError::Expired) } else { Ok(()) }
    }

    /// With the leeway. A time that can't be represented becomes the latest one.
    pub fn valid_until(&self) -> Timestamp {
        Timestamp::from_timestamp(self.exp.saturating_add(LEEWAY_SECONDS), 0).unwrap_or(Timestamp::MAX_UTC)
    }
}

/// The library checks algorithm and signature; [`Claims::check`] checks the rest, against a clock that is an argument.
fn signature_only() -> Validation {
    let mut validation = Validation::new(Algorithm::HS256);
    validation.required_spec_claims = HashSet::new();
    validation.validate_exp = false;
    validation.validate_nbf = false;
    validation.validate_aud = false;
    validation
}

/// Identifies a key without revealing it: the first bytes of its hash.
fn kid(key: &[u8]) -> String {
    hex::encode(&Sha256::digest(key)[..4])
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tokens").field("signing_kid", &self.0.signing_kid).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine as _;
    use base64::prelude::BASE64_URL_SAFE_NO_PAD;
    use serde_json::{Value, json};
    use uuid::Uuid;

    const KEY: &str = "a-key-of-at-least-thirty-two-bytes-1";
    const OLD_KEY: &str = "a-key-of-at-least-thirty-two-bytes-0";

    fn tokens(key: &str, previous: Option<&str>) -> Tokens {
        Tokens::new(&SecurityArgs {
            secret_key: key.into(),
            secret_key_previous: previous.map(SecretString::from),
            access_token_ttl_seconds: 900,
            refresh_token_ttl_seconds: 3_600,
            session_ttl_seconds: 7_776_000,
            password_forbidden_words: Vec::new(),
            signup_hides_taken_emails: false,
        })
    }

    fn now() -> Timestamp {
        Timestamp::from_timestamp(1_800_000_000, 0).unwrap()
    }

    fn after(seconds: i64) -> Timestamp {
        now() + chrono::TimeDelta::seconds(seconds)
    }

    fn issue(tokens: &Tokens) -> String {
        let issued = tokens.issue(UserId::from_uuid(Uuid::now_v7()), Role::Customer, SessionId::generate(), 0, now());
        issued.expect("a token").token.expose_secret().to_owned()
    }

    fn good_claims() -> Value {
        json!({"iss": ISSUER, "aud": AUDIENCE, "typ": TYPE, "sub": Uuid::nil(), "role": "admin", "ver": 0,
            "iat": now().timestamp(), "nbf": now().timestamp(), "exp": now().timestamp() + 900})
    }

    fn good_header() -> Header {
        Header { kid: Some(kid(KEY.as_bytes())), ..Header::new(Algorithm::HS256) }
    }

    fn sign(header: &Header, claims: &Value) -> String {
        jsonwebtoken::encode(header, claims, &EncodingKey::from_secret(KEY.as_bytes())).expect("signed")
    }

    fn check(token: &str, at: Timestamp) -> Result<(), TokenError> {
        tokens(KEY, None).check(token, at).map(|_| ())
    }

    #[test]
    fn a_token_is_good_from_now_until_it_expires() {
        let token = issue(&tokens(KEY, None));
        assert_eq!(check(&token, now()), Ok(()));
        assert_eq!(check(&token, after(905)), Ok(()));
        assert_eq!(check(&token, after(906)), Err(TokenError::Expired));
        assert_eq!(check(&token, after(-5)), Ok(()));
        assert_eq!(check(&token, after(-6)), Err(TokenError::Invalid));
    }

    #[test]
    fn a_rotated_key_still_verifies_while_it_is_the_previous_one() {
        let token = issue(&tokens(OLD_KEY, None));
        assert!(tokens(KEY, Some(OLD_KEY)).check(&token, now()).is_ok());
        assert_eq!(check(&token, now()), Err(TokenError::Invalid));
        assert!(tokens(KEY, None).check(&issue(&tokens(KEY, Some(OLD_KEY))), now()).is_ok());
    }

    #[test]
    fn every_claim_is_required_and_of_its_type() {
        assert_eq!(check(&sign(&good_header(), &good_claims()), now()), Ok(()));
        for name in ["iss", "aud", "typ", "sub", "role", "ver", "iat", "nbf", "exp"] {
            let mut missing = good_claims();
            missing.as_object_mut().unwrap().remove(name);
            assert_eq!(check(&sign(&good_header(), &missing), now()), Err(TokenError::Invalid), "missing {name}");
        }
        let wrong = [
            ("iss", json!("somebody")),
            ("aud", json!("another-api")),
            ("aud", json!([AUDIENCE])),
            ("typ", json!("refresh")),
            ("sub", json!("not-a-uuid")),
            ("role", json!("root")),
            ("exp", json!("1900000000")),
            ("exp", json!(1e300)),
            ("nbf", json!(now().timestamp() + 60)),
        ];
        for (name, value) in wrong {
            let mut claims = good_claims();
            claims[name] = value.clone();
            assert_eq!(check(&sign(&good_header(), &claims), now()), Err(TokenError::Invalid), "{name}: {value}");
        }
    }

    #[test]
    fn no_algorithm_but_ours_is_accepted() {
        let encode = |value: Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
        for alg in ["none", "None", "HS999"] {
            let unsigned =
                format!("{}.{}.", encode(json!({"alg": alg, "kid": kid(KEY.as_bytes())})), encode(good_claims()));
            assert_eq!(check(&unsigned, now()), Err(TokenError::Invalid), "{alg}");
        }
        for alg in [Algorithm::HS384, Algorithm::HS512] {
            let header = Header { alg, ..good_header() };
            assert_eq!(check(&sign(&header, &good_claims()), now()), Err(TokenError::Invalid), "{alg:?}");
        }
    }

    #[test]
    fn an_edited_payload_or_a_stripped_signature_is_refused() {
        let token = issue(&tokens(KEY, None));
        let parts: Vec<_> = token.split('.').collect();
        let forged = BASE64_URL_SAFE_NO_PAD.encode(good_claims().to_string());
        let bad = [
            format!("{}.{forged}.{}", parts[0], parts[2]),
            format!("{}.{}.", parts[0], parts[1]),
            format!("{}.{}", parts[0], parts[1]),
            format!("{token}x"),
            String::new(),
            "x".repeat(10_240),
        ];
        for token in bad {
            assert_eq!(check(&token, now()), Err(TokenError::Invalid), "{token}");
        }
    }

    #[test]
    fn a_token_can_not_choose_its_key() {
        let headers = [
            Header { kid: None, ..good_header() },
            Header { kid: Some("../../etc/passwd".into()), ..good_header() },
            Header { kid: Some("' OR 1=1".into()), ..good_header() },
            Header { jku: Some("http://127.0.0.1/keys".into()), ..good_header() },
            Header { x5u: Some("http://127.0.0.1/cert".into()), ..good_header() },
            Header { x5c: Some(vec!["MIIB".into()]), ..good_header() },
        ];
        for header in headers {
            assert_eq!(check(&sign(&header, &good_claims()), now()), Err(TokenError::Invalid), "{header:?}");
        }
    }
}
