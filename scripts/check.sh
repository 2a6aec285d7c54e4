#!/usr/bin/env bash
# All checks but the tests: format, lints, documentation, dependencies, freshness of .sqlx/.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export SQLX_OFFLINE=true

stage() { printf '\n== %s\n' "$*"; }

stage "format"
cargo fmt --all --check

stage "lints"
cargo clippy --workspace --all-targets -- --deny warnings

stage "documentation"
RUSTDOCFLAGS="--deny warnings" cargo doc --workspace --no-deps --document-private-items

stage "dependencies: bans, licences, sources"
if ! cargo deny --version >/dev/null 2>&1; then
    echo "cargo-deny is not installed; installing it (a few minutes, once)"
    cargo install --locked cargo-deny
fi
cargo fetch --locked --quiet # the crates of every platform, which the offline run reads
cargo deny --offline check bans licenses sources

stage "queries"
scripts/prepare_queries.sh --check

stage "check: all good"
