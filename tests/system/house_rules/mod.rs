//! Rules for the repository that are checked on its files, so that nobody has to remember them.

mod arrows;
mod columns;
mod cycles;
mod env_example;
mod providers;
pub mod sources;
mod statements;
mod style;
mod tables;
mod topology;
mod vocabulary;
