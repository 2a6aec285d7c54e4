use super::load::url_problem;
use secrecy::SecretString;

#[derive(Debug, Clone, clap::Args)]
pub struct RedisArgs {
    /// Where Redis is: `redis://host:port/database`. It holds no truth; without it limits are kept per process.
    #[arg(long, env, hide_env_values = true)]
    pub redis_url: SecretString,
}

impl RedisArgs {
    pub fn problems(&self) -> Vec<String> {
        url_problem("REDIS_URL", &self.redis_url, &["redis", "rediss"]).into_iter().collect()
    }
}
