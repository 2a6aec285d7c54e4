//! Settings of the tokio runtime.

#[derive(Debug, Clone, clap::Args)]
pub struct RuntimeArgs {
    /// Worker threads of a process; 0 for half of the cores. Most of the time is spent in the database and the broker:
    /// where they run on the same machine, more threads only compete for the cores.
    #[arg(long, env, default_value_t = 0, value_parser = clap::value_parser!(u16).range(..=512))]
    pub runtime_threads: u16,
}
