#!/usr/bin/env bash
# Writes the software bill of materials of each binary to target/sbom, as CycloneDX JSON.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
OUTPUT="${CARGO_TARGET_DIR:-target}/sbom"
BINARIES=(api worker scheduler orderctl)

cargo cyclonedx --version >/dev/null 2>&1 || cargo install --locked cargo-cyclonedx
mkdir -p "$OUTPUT"
for binary in "${BINARIES[@]}"; do
    cargo cyclonedx --quiet --format json --manifest-path "crates/$binary/Cargo.toml" --override-filename sbom
    mv "crates/$binary/sbom.json" "$OUTPUT/$binary.cdx.json"
    # It writes one for each member of the workspace that the binary depends on.
    git clean --quiet --force -x -- 'crates/*/sbom.json' tests/sbom.json
    echo "$OUTPUT/$binary.cdx.json"
done
