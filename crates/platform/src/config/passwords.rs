//! Passwords that production refuses because everybody knows them.

use secrecy::{ExposeSecret, SecretString};
use url::Url;

/// In lower case. The defaults of Postgres, RabbitMQ, Redis and of this project, and the first guesses of every
/// attacker.
const KNOWN: &[&str] = &[
    "123456",
    "12345678",
    "admin",
    "changeme",
    "default",
    "example",
    "foobared",
    "guest",
    "letmein",
    "orderflow",
    "pass",
    "passw0rd",
    "password",
    "postgres",
    "qwerty",
    "rabbitmq",
    "redis",
    "root",
    "secret",
    "test",
    "user",
];

/// The problem with the password in a URL. A URL without a password has none: the login may be by certificate.
pub fn known_password_in_url(variable: &str, url: &SecretString) -> Vec<String> {
    let Some((user, Some(password))) = login_in_url(url) else { return Vec::new() };
    known_password(variable, &user, password.expose_secret())
}

/// The user and the password in a URL; `None` if it is no URL.
pub fn login_in_url(url: &SecretString) -> Option<(String, Option<SecretString>)> {
    let url = Url::parse(url.expose_secret()).ok()?;
    let in_query = |name: &str| url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
    let user = in_query("user").unwrap_or_else(|| decoded(url.username()));
    let password = in_query("password").or_else(|| url.password().map(decoded));
    Some((user, password.map(SecretString::from)))
}

/// The problem with a password, which must differ from the user's name too.
pub fn known_password(variable: &str, user: &str, password: &str) -> Vec<String> {
    let password = password.to_lowercase();
    let is_known = KNOWN.contains(&password.as_str()) || password.is_empty() || password == user.to_lowercase();
    let problem = || format!("{variable} has a password that everybody knows: choose one, openssl rand -hex 32");
    is_known.then(problem).into_iter().collect()
}

fn decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_known(url: &str) -> bool {
        !known_password_in_url("DATABASE_URL", &SecretString::from(url)).is_empty()
    }

    #[test]
    fn a_password_that_everybody_knows_is_refused_wherever_the_url_has_it() {
        for url in [
            "postgres://shop:orderflow@db/shop",
            "postgres://shop:Orderflow@db/shop",
            "postgres://shop:%70ostgres@db/shop",
            "postgres://shop:shop@db/shop",
            "postgres://shop:@db/shop?password=secret",
            "postgres://db/shop?user=shop&password=shop",
            "amqp://guest:guest@broker/%2f",
            "redis://:foobared@redis/0",
        ] {
            assert!(is_known(url), "{url}");
        }
    }

    #[test]
    fn a_password_of_ones_own_or_none_is_accepted() {
        for url in ["postgres://shop:f6b1c0d2a9@db/shop", "postgres://shop@db/shop", "redis://redis/0"] {
            assert!(!is_known(url), "{url}");
        }
    }

    #[test]
    fn the_problem_names_the_variable_and_not_the_password() {
        let problems = known_password_in_url("RABBITMQ_URL", &SecretString::from("amqp://guest:guest@broker/x"));

        assert_eq!(problems.len(), 1);
        assert!(problems[0].starts_with("RABBITMQ_URL ") && !problems[0].contains("guest"), "{}", problems[0]);
    }
}
