#!/usr/bin/env bash
# Runs the clients of scripts/clients against the api of this checkout: the generated TypeScript client, and the Bruno
# collection. Fails when the committed TypeScript schema is not the one of crates/api/openapi.json.
set -euo pipefail

SCRIPTS="$(dirname "${BASH_SOURCE[0]}")"
for part in lib/settings lib/process lib/test_api services/{common,postgres}; do
    # shellcheck source=/dev/null
    source "$SCRIPTS/$part.sh"
done
cd "$ROOT"
TOOLS="$LOCAL/clients"
BRUNO_VERSION=4.1.0

main() {
    load_dotenv
    require_node
    scripts/services.sh up
    cargo build --workspace --bins
    trap stop_test_api EXIT
    start_test_api clients
    typescript
    bruno
    print "clients: all good"
}

require_node() { command -v npm >/dev/null || fail "npm is missing: install Node.js 20 or newer"; }

# In a copy, so that the checkout gets no node_modules.
typescript() {
    print "== TypeScript"
    mkdir --parents "$TOOLS/crates/api" "$TOOLS/scripts/clients"
    cp crates/api/openapi.json "$TOOLS/crates/api/"
    cp --recursive --no-target-directory scripts/clients/typescript "$TOOLS/scripts/clients/typescript"
    (
        cd "$TOOLS/scripts/clients/typescript"
        npm install --no-fund --no-audit --loglevel=error
        npm run --silent generate >/dev/null
        cmp schema.d.ts "$ROOT/scripts/clients/typescript/schema.d.ts" ||
            fail "the schema has changed: copy $PWD/schema.d.ts to scripts/clients/typescript"
        npm run --silent build
        ORDERFLOW_URL="http://127.0.0.1:$API_PORT" npm run --silent start
    )
}

bruno() {
    print "== Bruno"
    mkdir --parents "$TOOLS/bruno"
    npm install --prefix "$TOOLS/bruno" --no-fund --no-audit --loglevel=error "@usebruno/cli@$BRUNO_VERSION"
    (cd scripts/clients/bruno &&
        "$TOOLS/bruno/node_modules/.bin/bru" run --env local --env-var "url=http://127.0.0.1:$API_PORT")
}

main "$@"
