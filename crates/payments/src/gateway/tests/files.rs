//! What a gateway consists of: the files of the third gateway, and every line elsewhere that knows it.

use std::fs;
use std::path::{Path, PathBuf};

/// The files of the third gateway, below `crates/payments/src/gateway/third`.
const FILES: &[&str] = &["mod.rs", "settings.rs"];

/// Every other line of the product that names it: its module is declared, and it is registered.
const LINES: &[(&str, &str)] = &[
    ("payments/src/gateway/mod.rs", "mod third;"),
    ("payments/src/gateway/registry.rs", "#[cfg(test)] third: super::third::ThirdGateway,"),
];

#[test]
fn a_gateway_is_one_folder_and_one_line_of_registration() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("it is in the workspace").to_owned();
    let folder = crates.join("payments/src/gateway/third");
    let (own, others): (Vec<_>, Vec<_>) = rust_files(&crates).into_iter().partition(|file| file.starts_with(&folder));

    let own: Vec<_> = own.iter().map(|file| relative(file, &folder)).collect();
    let lines: Vec<_> = others.iter().flat_map(|file| lines_that_name_it(file, &crates)).collect();

    assert_eq!(own, FILES);
    assert_eq!(lines.iter().map(|(file, line)| (file.as_str(), line.as_str())).collect::<Vec<_>>(), LINES);
}

/// Sorted by path, without tests.
fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut entries: Vec<_> =
        fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
    entries.sort();
    let mut files = Vec::new();
    for path in entries {
        if path.is_dir() && !path.ends_with("tests") {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

fn lines_that_name_it(file: &Path, crates: &Path) -> Vec<(String, String)> {
    let text = fs::read_to_string(file).expect("a text");
    let lines = text.lines().map(str::trim).filter(|line| !line.starts_with("//"));
    let named = lines.filter(|line| ["third;", "third:", "ThirdGateway"].iter().any(|name| line.contains(name)));
    named.map(|line| (relative(file, crates), line.to_owned())).collect()
}

fn relative(file: &Path, folder: &Path) -> String {
    file.strip_prefix(folder).expect("it is in the folder").to_string_lossy().into_owned()
}
