//! For build scripts: two swapped columns must not compile.
//!
//! The checked macros of sqlx compare types, so two `text` columns that are swapped pass them. This check compares names:
//! what is written into a column has the name of that column in SQL and in Rust. Each crate that writes SQL calls
//! [`check`] in its `build.rs`, so a difference is an error of its build.

mod mismatches;
mod statements;
#[cfg(test)]
mod tests;

use mismatches::mismatches;
use statements::statements;
use std::path::Path;

/// A Rust file: its path relative to the crate, and its text.
#[derive(Debug)]
struct Source {
    path: String,
    text: String,
}

/// Checks every file below `src`, and makes the build fail with `PATH:LINE` and the names that differ.
///
/// # Panics
/// If a source can't be read.
pub fn check() {
    println!("cargo::rerun-if-changed=src");
    for mismatch in sources(Path::new("src")).iter().flat_map(statements).flat_map(|it| mismatches(&it)) {
        println!("cargo::error={mismatch}; see SQL in crates/README.md");
    }
}

fn sources(directory: &Path) -> Vec<Source> {
    let entries = std::fs::read_dir(directory).expect("the directory can be read");
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("its entries can be read").path()).collect();
    paths.sort();
    paths.iter().flat_map(|path| if path.is_dir() { sources(path) } else { source(path) }).collect()
}

/// The file, unless it is a test or no Rust.
fn source(path: &Path) -> Vec<Source> {
    if path.extension().is_none_or(|extension| extension != "rs") || path.ends_with("tests.rs") {
        return Vec::new();
    }
    let text = std::fs::read_to_string(path).expect("the file is text");
    vec![Source { path: path.display().to_string(), text }]
}
