//! Settings of tokens and sign-up: signing keys, lifetimes.

use crate::SessionLifetimes;
use platform::config::{Environment, signing_key_problem};
use secrecy::{ExposeSecret, SecretString};
use std::time::Duration;

/// Public, so only fit for development.
const DEVELOPMENT_SECRET_KEY: &str = "development-only-secret-key-not-for-production";

#[derive(Debug, Clone, clap::Args)]
pub struct SecurityArgs {
    /// Signs access tokens; at least 32 bytes. Production refuses the default and repetitive
    /// ones.
    #[arg(long, env, hide_env_values = true, default_value = DEVELOPMENT_SECRET_KEY, hide_default_value = true)]
    pub secret_key: SecretString,
    /// The key before the last rotation: tokens that it signed are still accepted.
    #[arg(long, env, hide_env_values = true)]
    pub secret_key_previous: Option<SecretString>,
    /// How long an access token is valid, in seconds.
    #[arg(long, env, default_value_t = 900, value_parser = clap::value_parser!(u64).range(10..=3_600))]
    pub access_token_ttl_seconds: u64,
    /// How long a refresh token is valid, in seconds.
    #[arg(long, env, default_value_t = 1_209_600, value_parser = clap::value_parser!(u64).range(60..=31_536_000))]
    pub refresh_token_ttl_seconds: u64,
    /// How long a session lasts at the most, in seconds: after that the user has to log in again.
    #[arg(long, env, default_value_t = 7_776_000, value_parser = clap::value_parser!(u64).range(60..=31_536_000))]
    pub session_ttl_seconds: u64,
    /// Words of the shop, separated by commas, that no password may consist of.
    #[arg(long, env, default_value = "orderflow", value_delimiter = ',')]
    pub password_forbidden_words: Vec<String>,
    /// Whether a sign-up hides that its address has an account: it then always answers 202, without tokens.
    #[arg(long, env, default_value_t = false, action = clap::ArgAction::Set)]
    pub signup_hides_taken_emails: bool,
}

impl SecurityArgs {
    pub fn problems(&self, environment: Environment) -> Vec<String> {
        let keys =
            [("SECRET_KEY", Some(self.secret_key.expose_secret())), ("SECRET_KEY_PREVIOUS", self.previous_key())];
        keys.iter().filter_map(|(variable, key)| key_problem(variable, (*key)?, environment)).collect()
    }

    pub fn access_token_ttl(&self) -> Duration {
        Duration::from_secs(self.access_token_ttl_seconds)
    }

    pub fn session_lifetimes(&self) -> SessionLifetimes {
        SessionLifetimes {
            refresh_token: Duration::from_secs(self.refresh_token_ttl_seconds),
            session: Duration::from_secs(self.session_ttl_seconds),
        }
    }

    /// `None` when the variable is unset or empty.
    pub(crate) fn previous_key(&self) -> Option<&str> {
        self.secret_key_previous.as_ref().map(ExposeSecret::expose_secret).filter(|key| !key.is_empty())
    }
}

/// Names the variable, never its value.
fn key_problem(variable: &str, key: &str, environment: Environment) -> Option<String> {
    if environment == Environment::Production && key == DEVELOPMENT_SECRET_KEY {
        return Some(format!("{variable} must not be the default in production: openssl rand -hex 32"));
    }
    signing_key_problem(variable, key, environment)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct TestArgs {
        #[command(flatten)]
        security: SecurityArgs,
    }

    const RANDOM: &str = "9f2c81d0a4b7e365c8f01b2d94ea7c53";

    fn problems(arguments: &[&str], environment: Environment) -> Vec<String> {
        let arguments = std::iter::once("test").chain(arguments.iter().copied());
        TestArgs::try_parse_from(arguments).expect("well-formed").security.problems(environment)
    }

    #[test]
    fn the_default_key_is_for_development_only() {
        assert!(problems(&[], Environment::Development).is_empty());
        assert_eq!(problems(&[], Environment::Production).len(), 1);
        assert!(problems(&["--secret-key", RANDOM], Environment::Production).is_empty());
    }

    #[test]
    fn a_repetitive_key_is_for_development_only() {
        for key in ["k".repeat(32), "0123456789".repeat(4), "abcdefg".repeat(5) + "gfedcba"] {
            assert!(problems(&["--secret-key", &key], Environment::Development).is_empty(), "{key}");
            assert_eq!(problems(&["--secret-key", &key], Environment::Production).len(), 1, "{key}");
        }
    }

    #[test]
    fn every_weak_key_is_named_and_its_value_is_not_printed() {
        let weak = ["--secret-key", "hunter2", "--secret-key-previous", "hunter1"];
        let problems = problems(&weak, Environment::Development);
        assert_eq!(problems.len(), 2);
        assert!(problems[0].starts_with("SECRET_KEY must") && problems[1].starts_with("SECRET_KEY_PREVIOUS must"));
        assert!(problems.iter().all(|problem| !problem.contains("hunter")));
    }

    #[test]
    fn an_empty_previous_key_is_none() {
        assert!(problems(&["--secret-key-previous", ""], Environment::Production).len() == 1);
    }
}
