//! The tokio runtime of a process.

use crate::config::RuntimeArgs;
use std::thread::available_parallelism;
use tokio::runtime::Builder;

/// Runs `process` to its end on a new runtime.
pub fn run<T>(args: &RuntimeArgs, process: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    let half_of_the_cores = || available_parallelism().map_or(1, |cores| cores.get().div_ceil(2));
    let threads = Some(usize::from(args.runtime_threads)).filter(|threads| *threads > 0);
    let threads = threads.unwrap_or_else(half_of_the_cores);
    Builder::new_multi_thread().worker_threads(threads).enable_all().build()?.block_on(process)
}
