//! The rules of the house, read off its files: nobody has to remember them.

mod arrows;
mod env_example;
pub mod sources;
mod style;
mod tables;
mod topology;
mod vocabulary;
