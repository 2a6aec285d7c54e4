//! Settings of the logs.

use crate::telemetry::parse_log_filter;

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
