//! The catalogue on a real Postgres.

mod cached_catalogue;
mod fixtures;
mod manage;
mod pages;
