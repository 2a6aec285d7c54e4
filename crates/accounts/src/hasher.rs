//! Hashes passwords with Argon2id, on blocking threads and at most one hash per core at a time.
//!
//! New hashes, as of sign-ups, wait in a queue of their own and use at most half of the cores, so that a flood of
//! sign-ups does not keep anybody from logging in.

use crate::AccountError;
use crate::password::normalised;
use argon2::password_hash::{Error as HashError, PasswordHasher as _, PasswordVerifier as _, phc::PasswordHash};
use argon2::{Algorithm, Argon2, Params, Version};
use secrecy::{ExposeSecret, SecretString};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// OWASP's password storage cheat sheet: 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// How long a request may queue for a core; after that it is refused as [`AccountError::Overloaded`].
const WAIT_LIMIT: Duration = Duration::from_secs(2);
/// No valid password has more bytes, so the bytes of a longer one are not hashed.
const PASSWORD_BYTES_MAX: usize = 4 * crate::password::PASSWORD_CHARACTERS_MAX;
/// Not the hash of any password: of an erased account, and compared with the password when the user is unknown, so that
/// the response takes as long as for a known user.
pub(crate) const NO_PASSWORD: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$b3JkZXJmbG93ZHVtbXkwMQ$1hCJtM4tX2bTkHEqS7yRk0mZq4uQvJcV8oK3pWnYx5A";

/// Hashes and compares passwords; cheap to clone, and clones share the cores.
#[derive(Debug, Clone)]
pub struct PasswordHasher {
    cores: Arc<Semaphore>,
    /// One permit per new hash at a time.
    new_hashes: Arc<Semaphore>,
    wait_limit: Duration,
    verifications: Arc<AtomicU64>,
}

/// The result of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comparison {
    Same,
    /// The same, but the stored hash has weaker parameters than today's, or was made before passwords were normalised.
    SameButWeak,
    Different,
}

impl Default for PasswordHasher {
    fn default() -> Self {
        Self::new(std::thread::available_parallelism().map_or(1, usize::from), WAIT_LIMIT)
    }
}

impl PasswordHasher {
    pub fn new(cores: usize, wait_limit: Duration) -> Self {
        Self {
            cores: Arc::new(Semaphore::new(cores)),
            new_hashes: Arc::new(Semaphore::new((cores / 2).max(1))),
            wait_limit,
            verifications: Arc::default(),
        }
    }

    /// How many comparisons were made, those with the dummy hash included.
    pub fn verifications(&self) -> u64 {
        self.verifications.load(Ordering::Relaxed)
    }

    pub(crate) async fn hash(&self, password: SecretString) -> Result<String, AccountError> {
        let _permit = self.wait_for(&self.new_hashes).await?;
        let core = self.wait_for(&self.cores).await?;
        let password = normalised(password);
        let hashed = on_core(core, move || argon2().hash_password(password.expose_secret().as_bytes())).await?;
        Ok(hashed.map_err(|error| AccountError::Crypto(error.to_string()))?.to_string())
    }

    /// Compares `password` with `hash`. Without a hash it compares with a dummy, which takes as long and never matches.
    pub(crate) async fn compare(
        &self,
        password: SecretString,
        hash: Option<String>,
    ) -> Result<Comparison, AccountError> {
        let core = self.wait_for(&self.cores).await?;
        self.verifications.fetch_add(1, Ordering::Relaxed);
        let known = hash.is_some();
        let hash = hash.unwrap_or_else(|| NO_PASSWORD.to_owned());
        let compared = on_core(core, move || compare(&password, &hash)).await?;
        match compared {
            Ok(same) if known => Ok(same),
            Ok(_) => Ok(Comparison::Different),
            Err(error) => Err(AccountError::Crypto(error.to_string())),
        }
    }

    async fn wait_for(&self, queue: &Arc<Semaphore>) -> Result<OwnedSemaphorePermit, AccountError> {
        let waiting = tokio::time::timeout(self.wait_limit, Arc::clone(queue).acquire_owned());
        match waiting.await {
            Ok(permit) => Ok(permit.expect("the semaphore is never closed")),
            Err(_too_long) => Err(AccountError::Overloaded),
        }
    }
}

/// The permit moves into the closure: a request that is dropped must not free the core while its hash still runs.
async fn on_core<T: Send + 'static>(
    core: OwnedSemaphorePermit,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, AccountError> {
    let job = move || {
        let done = work();
        drop(core);
        done
    };
    tokio::task::spawn_blocking(job).await.map_err(|panicked| AccountError::Crypto(panicked.to_string()))
}

/// Compares the normalised password first, and then the password as it was typed, because older hashes were made from
/// that. A wrong password takes the same time whether or not the account exists.
fn compare(password: &SecretString, hash: &str) -> Result<Comparison, HashError> {
    let hash = PasswordHash::new(hash).map_err(HashError::from)?;
    let today = normalised(password.clone());
    let comparison = verify(&today, &hash)?;
    let may_be_older = comparison == Comparison::Different && today.expose_secret() != password.expose_secret();
    match may_be_older.then(|| verify(password, &hash)).transpose()? {
        None | Some(Comparison::Different) => Ok(comparison),
        Some(Comparison::Same | Comparison::SameButWeak) => Ok(Comparison::SameButWeak),
    }
}

fn verify(password: &SecretString, hash: &PasswordHash) -> Result<Comparison, HashError> {
    let password = password.expose_secret().as_bytes();
    // Too long to match, but the comparison must take as long as any other.
    let password = if password.len() > PASSWORD_BYTES_MAX { b"" } else { password };
    match argon2().verify_password(password, hash) {
        Ok(()) if is_weak(hash) => Ok(Comparison::SameButWeak),
        Ok(()) => Ok(Comparison::Same),
        Err(HashError::PasswordInvalid) => Ok(Comparison::Different),
        Err(error) => Err(error),
    }
}

fn is_weak(hash: &PasswordHash) -> bool {
    let Ok(params) = Params::try_from(hash) else { return true };
    params.m_cost() < MEMORY_KIB || params.t_cost() < PASSES
}

fn argon2() -> Argon2<'static> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).expect("the costs are within Argon2's bounds");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_matches_its_own_hash_only() {
        let hasher = PasswordHasher::new(1, WAIT_LIMIT);
        let hash = hasher.hash("CustomerPass123".into()).await.expect("a hash");
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert_eq!(hasher.compare("CustomerPass123".into(), Some(hash.clone())).await.unwrap(), Comparison::Same);
        assert_eq!(hasher.compare("customerpass123".into(), Some(hash.clone())).await.unwrap(), Comparison::Different);
        assert_eq!(hasher.compare("x".repeat(100_000).into(), Some(hash)).await.unwrap(), Comparison::Different);
    }

    #[tokio::test]
    async fn an_unknown_user_costs_a_comparison_that_never_succeeds() {
        let hasher = PasswordHasher::new(1, WAIT_LIMIT);
        assert_eq!(hasher.compare("anything".into(), None).await.unwrap(), Comparison::Different);
        assert_eq!(hasher.verifications(), 1);
    }

    #[tokio::test]
    async fn a_hash_of_lower_cost_is_recognised() {
        let weak = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(8_192, 1, 1, None).unwrap());
        let hash = weak.hash_password(b"CustomerPass123").unwrap().to_string();
        let hasher = PasswordHasher::new(1, WAIT_LIMIT);
        assert_eq!(hasher.compare("CustomerPass123".into(), Some(hash)).await.unwrap(), Comparison::SameButWeak);
    }

    #[tokio::test]
    async fn one_password_is_the_same_however_a_keyboard_writes_it() {
        let hasher = PasswordHasher::new(1, WAIT_LIMIT);
        let hash = hasher.hash("Zo\u{eb} und Åse".into()).await.expect("a hash");
        for typed in ["Zo\u{eb} und Åse", "Zoe\u{308} und A\u{30a}se"] {
            assert_eq!(hasher.compare(typed.into(), Some(hash.clone())).await.unwrap(), Comparison::Same, "{typed}");
        }
    }

    #[tokio::test]
    async fn a_hash_of_the_password_as_it_was_typed_still_matches_and_is_reported_as_weak() {
        let typed = "Zoe\u{308} und A\u{30a}se";
        let before = argon2().hash_password(typed.as_bytes()).unwrap().to_string();
        let hasher = PasswordHasher::new(1, WAIT_LIMIT);
        assert_eq!(hasher.compare(typed.into(), Some(before.clone())).await.unwrap(), Comparison::SameButWeak);
        assert_eq!(hasher.compare("Zoe\u{308} und Ase".into(), Some(before)).await.unwrap(), Comparison::Different);
    }

    #[tokio::test]
    async fn sign_ups_that_wait_leave_a_core_to_logins() {
        let hasher = PasswordHasher::new(2, Duration::from_millis(200));
        let hash = hasher.hash("CustomerPass123".into()).await.expect("a hash");
        let _sign_up = hasher.wait_for(&hasher.new_hashes).await.expect("a permit");

        assert!(matches!(hasher.hash("CustomerPass123".into()).await, Err(AccountError::Overloaded)));
        assert_eq!(hasher.compare("CustomerPass123".into(), Some(hash)).await.unwrap(), Comparison::Same);
    }

    #[tokio::test]
    async fn a_request_that_waits_too_long_for_a_core_is_refused_as_overloaded() {
        let hasher = PasswordHasher::new(0, Duration::from_millis(1));
        assert!(matches!(hasher.hash("CustomerPass123".into()).await, Err(AccountError::Overloaded)));
    }
}
