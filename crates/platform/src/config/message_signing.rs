//! Settings of the signatures of messages.

use super::Environment;
use super::signing_keys::signing_key_problem;
use clap::ArgAction;
use secrecy::{ExposeSecret, SecretString};

#[derive(Debug, Clone, clap::Args)]
pub struct MessageSigningArgs {
    /// Signs messages, the same in every process; at least 32 bytes. Empty: messages are neither signed nor verified,
    /// which production refuses.
    #[arg(long, env, hide_env_values = true)]
    pub message_signing_key: Option<SecretString>,
    /// The key before the last rotation: messages that it signed are still accepted.
    #[arg(long, env, hide_env_values = true)]
    pub message_signing_key_previous: Option<SecretString>,
    /// Whether a message without a signature is refused once there is a key. `false` while processes still run that do
    /// not sign, or their messages wait in queues.
    #[arg(long, env, default_value_t = true, action = ArgAction::Set)]
    pub message_signatures_required: bool,
}

impl Default for MessageSigningArgs {
    /// No key.
    fn default() -> Self {
        Self { message_signing_key: None, message_signing_key_previous: None, message_signatures_required: true }
    }
}

impl MessageSigningArgs {
    /// The key of new signatures; `None` when it is unset or empty.
    pub fn key(&self) -> Option<&str> {
        text(self.message_signing_key.as_ref())
    }

    pub fn previous_key(&self) -> Option<&str> {
        text(self.message_signing_key_previous.as_ref())
    }

    pub fn problems(&self, environment: Environment) -> Vec<String> {
        let keys = [("MESSAGE_SIGNING_KEY", self.key()), ("MESSAGE_SIGNING_KEY_PREVIOUS", self.previous_key())];
        let missing = match (self.key(), self.previous_key(), environment) {
            (None, _, Environment::Production) => {
                Some("MESSAGE_SIGNING_KEY is required in production: openssl rand -hex 32".to_owned())
            }
            (None, Some(_), Environment::Development) => {
                Some("MESSAGE_SIGNING_KEY_PREVIOUS is set without MESSAGE_SIGNING_KEY".to_owned())
            }
            _ => None,
        };
        let weak = keys.into_iter().filter_map(|(variable, key)| signing_key_problem(variable, key?, environment));
        missing.into_iter().chain(weak).collect()
    }
}

fn text(secret: Option<&SecretString>) -> Option<&str> {
    secret.map(ExposeSecret::expose_secret).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    const RANDOM: &str = "9f2c81d0a4b7e365c8f01b2d94ea7c53";

    fn problems(key: &str, previous: &str, environment: Environment) -> Vec<String> {
        let secret = |text: &str| Some(SecretString::from(text));
        let args = MessageSigningArgs {
            message_signing_key: secret(key),
            message_signing_key_previous: secret(previous),
            message_signatures_required: true,
        };
        args.problems(environment)
    }

    #[test]
    fn only_production_requires_a_key() {
        assert!(problems("", "", Environment::Development).is_empty());
        assert!(problems(RANDOM, "", Environment::Production).is_empty());
        let missing = problems("", "", Environment::Production);
        assert!(missing.len() == 1 && missing[0].starts_with("MESSAGE_SIGNING_KEY is required"), "{missing:?}");
    }

    #[test]
    fn a_weak_key_and_a_previous_key_alone_are_problems() {
        assert_eq!(problems("short", "short", Environment::Development).len(), 2);
        assert_eq!(problems("", RANDOM, Environment::Development).len(), 1);
        assert_eq!(problems(&"k".repeat(32), "", Environment::Production).len(), 1);
    }
}
