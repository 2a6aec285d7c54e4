//! What ended in a dead queue: looked at, sent again, or left at that.

pub mod discard;
pub mod find;
mod job;
pub mod list;
pub mod replay;
