//! The migrations are part of the binary, so a new one must make it anew.

fn main() {
    println!("cargo:rerun-if-changed=../../migrations");
}
