//! A new password: long enough and not one of the most common. There are no rules about the kinds of characters.

use secrecy::{ExposeSecret, SecretString};
use unicode_normalization::{UnicodeNormalization as _, is_nfkc};

pub const PASSWORD_CHARACTERS_MIN: usize = 8;
pub const PASSWORD_CHARACTERS_MAX: usize = 128;
/// The most common passwords that are long enough, lower-cased, one per line.
const COMMON_PASSWORDS: &str = include_str!("common_passwords.txt");

/// 8 to 128 characters in NFKC, and none of the most common. Never printed.
#[derive(Debug, Clone)]
pub struct Password(SecretString);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    #[error("a password must have {PASSWORD_CHARACTERS_MIN} to {PASSWORD_CHARACTERS_MAX} characters")]
    BadLength,
    #[error("a password must not be one of the most common; choose another")]
    TooCommon,
}

impl Password {
    pub fn choose(text: SecretString) -> Result<Self, PasswordError> {
        let text = normalised(text);
        let characters = text.expose_secret().chars().count();
        if !(PASSWORD_CHARACTERS_MIN..=PASSWORD_CHARACTERS_MAX).contains(&characters) {
            return Err(PasswordError::BadLength);
        }
        let folded = SecretString::from(text.expose_secret().to_lowercase());
        if COMMON_PASSWORDS.lines().any(|common| common == folded.expose_secret()) {
            return Err(PasswordError::TooCommon);
        }
        Ok(Self(text))
    }

    pub(crate) fn into_secret(self) -> SecretString {
        self.0
    }
}

/// In NFKC, as NIST SP 800-63B recommends: keyboards encode the same characters in different ways.
pub(crate) fn normalised(password: SecretString) -> SecretString {
    let text = password.expose_secret();
    if is_nfkc(text) { password } else { SecretString::from(text.nfkc().collect::<String>()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choose(text: &str) -> Result<(), PasswordError> {
        Password::choose(text.into()).map(|_| ())
    }

    #[test]
    fn length_counts_in_characters_and_composition_does_not_count() {
        assert_eq!(choose("1234567"), Err(PasswordError::BadLength));
        assert_eq!(choose(&"ä".repeat(128)), Ok(()));
        assert_eq!(choose(&"ä".repeat(129)), Err(PasswordError::BadLength));
        assert_eq!(choose("correct horse battery staple"), Ok(()));
        assert_eq!(choose(&"x".repeat(64)), Ok(()));
    }

    #[test]
    fn common_passwords_are_refused_in_any_case() {
        for common in ["password", "PassWord1", "ｐａｓｓｗｏｒｄ１", "12345678", "qwertyuiop", "iloveyou"] {
            assert_eq!(choose(common), Err(PasswordError::TooCommon), "{common}");
        }
    }

    #[test]
    fn the_list_holds_only_what_could_be_chosen() {
        for common in COMMON_PASSWORDS.lines() {
            assert!(common.chars().count() >= PASSWORD_CHARACTERS_MIN && common == common.to_lowercase(), "{common}");
        }
    }
}
