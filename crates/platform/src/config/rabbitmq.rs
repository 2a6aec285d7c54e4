//! Settings of the RabbitMQ connections.

use super::load::url_problem;
use super::passwords::known_password_in_url;
use secrecy::SecretString;

#[derive(Debug, Clone, clap::Args)]
pub struct RabbitmqArgs {
    /// URL of RabbitMQ: `amqp://user:password@host:port/vhost` (the vhost percent-encoded).
    #[arg(long, env, hide_env_values = true)]
    pub rabbitmq_url: SecretString,
    /// Scale of the retry delays (1 s, 5 s, 30 s, 2 min, 10 min) in percent. Must be the same in every process of an
    /// installation: the delay is part of a queue's name.
    #[arg(long, env, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub retry_delay_percent: u32,
}

impl RabbitmqArgs {
    pub fn problems(&self) -> Vec<String> {
        url_problem("RABBITMQ_URL", &self.rabbitmq_url, &["amqp", "amqps"]).into_iter().collect()
    }

    /// A password that everybody knows is a problem in production.
    pub fn known_passwords(&self) -> Vec<String> {
        known_password_in_url("RABBITMQ_URL", &self.rabbitmq_url)
    }
}
