//! A new password: long enough and not one of the most common. There are no rules about the kinds of characters.

use crate::Email;
use domain::text::is_format;
use secrecy::{ExposeSecret, SecretString};
use std::collections::HashSet;
use unicode_normalization::{UnicodeNormalization as _, is_nfkc};

pub const PASSWORD_CHARACTERS_MIN: usize = 8;
pub const PASSWORD_CHARACTERS_MAX: usize = 128;
/// The most common passwords that are long enough, lower-cased, one per line.
const COMMON_PASSWORDS: &str = include_str!("common_passwords.txt");

/// A password has at least this many different visible characters.
const DISTINCT_CHARACTERS_MIN: usize = 5;

/// 8 to 128 characters in NFKC, at least five of them different, and none of the most common. Never printed.
#[derive(Debug, Clone)]
pub struct Password(SecretString);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    #[error("a password must have {PASSWORD_CHARACTERS_MIN} to {PASSWORD_CHARACTERS_MAX} characters")]
    BadLength,
    #[error("a password must have at least {DISTINCT_CHARACTERS_MIN} different visible characters")]
    TooUniform,
    #[error("a password must not be one of the most common; choose another")]
    TooCommon,
    #[error("a password must not consist of the shop's name or of your e-mail address; choose another")]
    Guessable,
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
        if distinct_visible(text.expose_secret()) < DISTINCT_CHARACTERS_MIN {
            return Err(PasswordError::TooUniform);
        }
        Ok(Self(text))
    }

    /// Refuses what somebody who knows the shop and the account would try first: one of the words or the local part of
    /// the address, whatever digits and signs are around it.
    pub(crate) fn ensure_fits(&self, email: &Email, words: &[String]) -> Result<(), PasswordError> {
        let letters: String = self.0.expose_secret().chars().filter(|c| c.is_alphabetic()).collect();
        let letters = SecretString::from(letters.to_lowercase());
        let local_part = email.as_str().split('@').next().unwrap_or_default();
        let mut guesses = words.iter().map(String::as_str).chain([local_part, email.as_str()]);
        let is_guess = |guess: &str| {
            let guess: String = guess.to_lowercase().chars().filter(|c| c.is_alphabetic()).collect();
            !guess.is_empty() && guess == letters.expose_secret()
        };
        if guesses.any(is_guess) { Err(PasswordError::Guessable) } else { Ok(()) }
    }

    pub(crate) fn to_secret(&self) -> SecretString {
        self.0.clone()
    }

    pub(crate) fn into_secret(self) -> SecretString {
        self.0
    }
}

fn distinct_visible(text: &str) -> usize {
    let is_visible = |c: &char| !c.is_whitespace() && !is_format(*c);
    text.chars().filter(is_visible).collect::<HashSet<char>>().len()
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
        assert_eq!(choose(&"äöüß".repeat(32)), Err(PasswordError::TooUniform));
        assert_eq!(choose(&"äöüße8é7".repeat(16)), Ok(()));
        assert_eq!(choose(&("äöüße8é7".repeat(16) + "x")), Err(PasswordError::BadLength));
        assert_eq!(choose("correct horse battery staple"), Ok(()));
    }

    #[test]
    fn a_password_has_five_different_visible_characters() {
        for uniform in
            [" ".repeat(8), "\u{200b}".repeat(8), "aaaaaaab".into(), "1x1x1x1x".into(), "abcd \u{202e}\u{200b} ".into()]
        {
            assert_eq!(choose(&uniform), Err(PasswordError::TooUniform), "{uniform:?}");
        }
        assert_eq!(choose("aaaabcde"), Ok(()));
    }

    #[test]
    fn common_passwords_are_refused_in_any_case() {
        for common in ["password", "PassWord1", "ｐａｓｓｗｏｒｄ１", "12345678", "qwertyuiop", "iloveyou"] {
            assert_eq!(choose(common), Err(PasswordError::TooCommon), "{common}");
        }
    }

    #[test]
    fn a_password_made_of_the_shops_name_or_the_address_is_refused() {
        let (email, words) = ("jane.doe@example.com".parse().expect("an address"), ["Orderflow".to_owned()]);
        let fits = |text: &str| Password::choose(text.into()).expect("a password").ensure_fits(&email, &words);
        for guess in ["orderflow2026!", "0rderflow1".replace('0', "O").as_str(), "JaneDoe1990", "janedoe@example.com"] {
            assert_eq!(fits(guess), Err(PasswordError::Guessable), "{guess}");
        }
        for good in ["orderflowers2026", "JaneDoesNotLikeThis", "1234567890123"] {
            assert_eq!(fits(good), Ok(()), "{good}");
        }
    }

    #[test]
    fn the_list_holds_3000_passwords_and_only_what_could_be_chosen() {
        assert!(COMMON_PASSWORDS.lines().count() >= 3_000);
        for common in COMMON_PASSWORDS.lines() {
            assert!(common.chars().count() >= PASSWORD_CHARACTERS_MIN && common == common.to_lowercase(), "{common}");
        }
    }
}
