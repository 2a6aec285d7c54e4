//! The catalogue on a real Postgres.

mod lookup;
mod manage;
mod pages;
mod sample;
