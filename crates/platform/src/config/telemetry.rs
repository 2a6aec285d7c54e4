//! Settings of the logs.

use tracing_subscriber::EnvFilter;

#[derive(Debug, Clone, clap::Args)]
pub struct TelemetryArgs {
    /// `json` writes one JSON object per line, `pretty` is for people.
    #[arg(long, env, default_value = "json", value_enum)]
    pub log_format: LogFormat,
    /// Filter for log events, in the syntax of `tracing`.
    /// The AMQP client is off: the relay and the consumers log its errors with their consequences.
    #[arg(long, env = "RUST_LOG", default_value = "info,lapin=off,sqlx=warn", value_parser = parse_log_filter)]
    pub log_filter: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    Json,
    Pretty,
}

/// The value parser of the log filter setting: returns the text if it is a valid filter.
fn parse_log_filter(text: &str) -> Result<String, String> {
    EnvFilter::try_new(text).map(|_filter| text.to_owned()).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invalid_filter_is_refused_with_a_reason() {
        assert_eq!(parse_log_filter("info,sqlx=warn").as_deref(), Ok("info,sqlx=warn"));

        let error = parse_log_filter("info,sqlx=loud").expect_err("loud is no level");

        assert!(error.contains("level"), "{error}");
    }
}
