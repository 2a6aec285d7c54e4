#!/usr/bin/env bash
# All checks but the tests: format, lints, documentation, dependencies, scripts, freshness of .sqlx/.
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

# install TOOL: a cargo subcommand, unless it is there
install() {
    cargo "$1" --version >/dev/null 2>&1 && return
    echo "cargo-$1 is not installed; installing it (a few minutes, once)"
    cargo install --locked "cargo-$1"
}

stage "dependencies: unused"
install machete
cargo machete

stage "dependencies: bans, licences, sources"
install deny
cargo fetch --locked --quiet # the crates of every platform, which the offline run reads
cargo deny --offline check bans licenses sources

stage "scripts"
scripts/services.sh install-shellcheck
git ls-files -z '*.sh' .ci/run | xargs --null shellcheck --external-sources
# A binary without a package of Debian, PyPI or crates.io that installs everywhere.
if command -v actionlint >/dev/null; then actionlint; else echo "actionlint is not installed: the workflow is not checked"; fi

stage "queries"
scripts/prepare_queries.sh --check

stage "check: all good"
