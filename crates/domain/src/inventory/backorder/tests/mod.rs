//! Tests of backorders.

mod decisions;
mod sequences;
