//! Settings of the RabbitMQ connections.

use super::MessageSigningArgs;
use super::ca_file::ca_problem;
use super::load::url_problem;
use super::passwords::known_password_in_url;
use secrecy::{ExposeSecret, SecretString};
use std::path::PathBuf;

#[derive(Debug, Clone, clap::Args)]
pub struct RabbitmqArgs {
    /// URL of RabbitMQ: `amqp://user:password@host:port/vhost` (the vhost percent-encoded).
    #[arg(long, env, hide_env_values = true)]
    pub rabbitmq_url: SecretString,
    /// PEM file with the certificates of the authorities that sign RabbitMQ's certificate, for `amqps://`; public ones need none.
    #[arg(long, env)]
    pub rabbitmq_ca_file: Option<PathBuf>,
    /// Scale of the retry delays (1 s, 5 s, 30 s, 2 min, 10 min) in percent. Must be the same in every process of an
    /// installation: the delay is part of a queue's name.
    #[arg(long, env, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub retry_delay_percent: u32,
    #[command(flatten)]
    pub signing: MessageSigningArgs,
}

impl RabbitmqArgs {
    pub fn problems(&self) -> Vec<String> {
        let uses_tls = self.rabbitmq_url.expose_secret().starts_with("amqps://");
        let ca_file = ca_problem(
            "RABBITMQ_CA_FILE",
            self.rabbitmq_ca_file.as_deref(),
            uses_tls,
            "RABBITMQ_URL must begin with amqps://",
        );
        url_problem("RABBITMQ_URL", &self.rabbitmq_url, &["amqp", "amqps"]).into_iter().chain(ca_file).collect()
    }

    /// A password that everybody knows is a problem in production.
    pub fn known_passwords(&self) -> Vec<String> {
        known_password_in_url("RABBITMQ_URL", &self.rabbitmq_url)
    }

    /// The certificates of the authorities, as PEM text.
    pub fn read_ca_file(&self) -> std::io::Result<Option<String>> {
        self.rabbitmq_ca_file.as_ref().map(std::fs::read_to_string).transpose()
    }
}
