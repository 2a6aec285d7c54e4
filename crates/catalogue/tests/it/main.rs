//! Integration tests of the catalogue on a real Postgres.

mod cached_catalogue;
mod columns;
mod fixtures;
mod manage;
mod pages;
mod prices;
