#[derive(Debug, Clone, clap::Args)]
pub struct RuntimeArgs {
    /// Threads that a process runs its tasks on; 0 for half of the cores. Most of an order's time is spent in the
    /// database and the broker: where they share the machine, more threads only wake each other.
    #[arg(long, env, default_value_t = 0, value_parser = clap::value_parser!(u16).range(..=512))]
    pub runtime_threads: u16,
}
