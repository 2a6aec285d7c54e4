//! All SQL of the catalogue.

mod prices;
mod products;

pub(crate) use prices::{insert_price, list_prices};
pub(crate) use products::{find, insert, list, lock, products, update, withdraw_of};
