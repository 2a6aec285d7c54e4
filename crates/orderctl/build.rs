//! The migrations are embedded in the binary, so a new migration must trigger a rebuild.

fn main() {
    println!("cargo:rerun-if-changed=../../migrations");
}
