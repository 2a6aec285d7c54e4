#!/usr/bin/env bash
# Runs a command with the project's settings: the environment, then .env, then the URLs of the private services.
# Example: scripts/with_env.sh target/debug/orderctl verify
set -euo pipefail

# shellcheck source=scripts/lib/settings.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/settings.sh"
(($#)) || { echo "usage: scripts/with_env.sh COMMAND..." >&2; exit 2; }
load_dotenv
export_urls
exec "$@"
