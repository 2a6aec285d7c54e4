//! Reads the files of the repository.

use std::path::{Path, PathBuf};

/// A file with its path relative to the repository's root.
#[derive(Debug)]
pub struct Source {
    pub path: String,
    pub text: String,
}

pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ is in the repository").to_owned()
}

/// Every file under `directory` with one of these extensions, sorted by path.
pub fn sources(directory: &str, extensions: &[&str]) -> Vec<Source> {
    let mut found = Vec::new();
    collect(&root().join(directory), extensions, &mut found);
    found.sort_by(|one, other| one.path.cmp(&other.path));
    assert!(!found.is_empty(), "{directory} has none of {extensions:?}");
    found
}

/// All Rust code, including the tests.
pub fn rust() -> Vec<Source> {
    [sources("crates", &["rs"]), sources("tests", &["rs"])].into_iter().flatten().collect()
}

fn collect(directory: &Path, extensions: &[&str], found: &mut Vec<Source>) {
    for entry in std::fs::read_dir(directory).expect("the directory can be read") {
        let path = entry.expect("its entries can be read").path();
        if path.is_dir() {
            collect(&path, extensions, found);
        } else if path.extension().is_some_and(|extension| extensions.iter().any(|wanted| extension == *wanted)) {
            let text = std::fs::read_to_string(&path).expect("the file is text");
            let path = path.strip_prefix(root()).expect("it is below the root").to_string_lossy().into_owned();
            found.push(Source { path, text });
        }
    }
}

impl Source {
    /// The crate of the file: `NAME` in `crates/NAME/...`.
    pub fn crate_name(&self) -> &str {
        self.path.split('/').nth(1).unwrap_or_default()
    }

    pub fn is_test(&self) -> bool {
        self.path.starts_with("tests/") || self.path.contains("/tests/") || self.path.ends_with("/tests.rs")
    }

    /// The text without the inline tests, which are at the end of a file.
    pub fn without_inline_tests(&self) -> &str {
        self.text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default()
    }
}
