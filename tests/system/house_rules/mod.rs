//! Rules for the repository that are checked on its files, so that nobody has to remember them.

mod arrows;
mod cycles;
mod env_example;
mod kept_tables;
mod providers;
pub mod sources;
mod style;
mod tables;
mod topology;
mod vocabulary;
