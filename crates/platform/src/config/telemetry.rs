#[derive(Debug, Clone, clap::Args)]
pub struct TelemetryArgs {
    /// `json` writes a JSON object a line, `pretty` is for eyes.
    #[arg(long, env, default_value = "json", value_enum)]
    pub log_format: LogFormat,
    /// What is logged, in `tracing`'s filter syntax.
    #[arg(long, env = "RUST_LOG", default_value = "info,lapin=warn,sqlx=warn")]
    pub log_filter: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    Json,
    Pretty,
}
