//! Where the password of a new account comes from: standard input, or a random one that is printed once.

use accounts::Password;
use anyhow::Context;
use rand::seq::IndexedRandom;
use secrecy::SecretString;
use std::io::Read;

/// Letters and digits that are not mistaken for each other.
const ALPHABET: &[u8] = b"abcdefghjkmnpqrstuvwxyzACDEFGHJKLMNPQRTUVWXYZ2346789";
/// 20 of 52 characters have 114 bits.
const GENERATED_LENGTH: usize = 20;

#[derive(Debug, clap::Args)]
pub struct PasswordSource {
    /// Read the password from the first line of standard input. Without it, one is generated and printed once.
    #[arg(long)]
    pub password_stdin: bool,
}

pub struct ChosenPassword {
    pub password: Password,
    /// To be printed.
    pub generated: Option<String>,
}

impl PasswordSource {
    pub fn choose(&self) -> anyhow::Result<ChosenPassword> {
        let generated = (!self.password_stdin).then(generate);
        let text = match &generated {
            Some(text) => SecretString::from(text.clone()),
            None => read_line()?,
        };
        Ok(ChosenPassword { password: Password::choose(text)?, generated })
    }
}

fn read_line() -> anyhow::Result<SecretString> {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).context("reading the password from standard input")?;
    let line = text.lines().next().context("standard input is empty: it must hold the password")?;
    Ok(SecretString::from(line.to_owned()))
}

fn generate() -> String {
    let mut random = rand::rng();
    let characters = (0..GENERATED_LENGTH).filter_map(|_| ALPHABET.choose(&mut random));
    characters.map(|byte| char::from(*byte)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generated_password_is_long_and_never_repeats() {
        let (one, other) = (generate(), generate());
        assert_eq!(one.len(), GENERATED_LENGTH);
        assert_ne!(one, other);
    }
}
