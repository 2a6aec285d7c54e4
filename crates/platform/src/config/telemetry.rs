use crate::telemetry::parse_log_filter;

#[derive(Debug, Clone, clap::Args)]
pub struct TelemetryArgs {
    /// `json` writes a JSON object a line, `pretty` is for eyes.
    #[arg(long, env, default_value = "json", value_enum)]
    pub log_format: LogFormat,
    /// What is logged, in `tracing`'s filter syntax.
    /// The broker's client is off: whatever it reports, the relay and the consumers log with what it means.
    #[arg(long, env = "RUST_LOG", default_value = "info,lapin=off,sqlx=warn", value_parser = parse_log_filter)]
    pub log_filter: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    Json,
    Pretty,
}
