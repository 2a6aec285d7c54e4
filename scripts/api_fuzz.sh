#!/usr/bin/env bash
# Fuzzes the API with schemathesis, as a customer and as an admin, against the api of this checkout with a database and
# a vhost of its own. Fails on a 5xx, an undocumented status or media type, a response that violates its schema, and a
# request that fits its schema but is refused as invalid.
set -euo pipefail

SCRIPTS="$(dirname "${BASH_SOURCE[0]}")"
for part in lib/settings lib/process lib/test_api services/{common,postgres}; do
    # shellcheck source=/dev/null
    source "$SCRIPTS/$part.sh"
done
cd "$ROOT"
TOOLS="$LOCAL/fuzz"
SCHEMATHESIS_VERSION=4.32.5
CHECKS=not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance
CHECKS+=,response_headers_conformance,valid_request_is_accepted
EXAMPLES=10

usage() {
    cat <<'TEXT'
usage: scripts/api_fuzz.sh [--examples N]      (make api-fuzz ARGS='--examples 100')
  --examples  random requests per operation, besides those of the document and at the edges of its schemas (10)
TEXT
}

main() {
    [[ $# -eq 0 || ("$1" == --examples && "${2:-}" =~ ^[0-9]+$) ]] || { usage >&2; exit 2; }
    EXAMPLES="${2:-$EXAMPLES}"
    load_dotenv
    install_schemathesis
    scripts/services.sh up
    cargo build --workspace --bins
    trap stop_test_api EXIT
    start_test_api fuzz
    fuzz customer CustomerPass123
    fuzz admin AdminPass123
    print "the log of the api: ${LOG#"$ROOT"/}/api-fuzz.log"
}

install_schemathesis() {
    [[ "$("$TOOLS/bin/schemathesis" --version 2>/dev/null)" == *" $SCHEMATHESIS_VERSION" ]] && return
    python3 -m venv "$TOOLS"
    "$TOOLS/bin/pip" --quiet --disable-pip-version-check install "schemathesis==$SCHEMATHESIS_VERSION"
}

# fuzz NAME PASSWORD: all operations but streams, which do not end, and those that would end the session.
fuzz() {
    local token
    token="$(curl --silent --noproxy '*' "http://127.0.0.1:$API_PORT/api/v1/auth/login" \
        --header 'Content-Type: application/json' --data "{\"email\":\"$1@orders.local\",\"password\":\"$2\"}" |
        sed 's/.*"access_token":"\([^"]*\)".*/\1/')"
    print "== as $1"
    SCHEMATHESIS_HOOKS=scripts/api_fuzz_checks.py "$TOOLS/bin/schemathesis" run "http://127.0.0.1:$API_PORT/openapi.json" --header "Authorization: Bearer $token" \
        --phases examples,coverage,fuzzing --max-examples "$EXAMPLES" --checks "$CHECKS" --request-timeout 20 \
        --warnings off --exclude-path-regex '/stream$' --exclude-path /api/v1/auth/logout-all \
        --exclude-path /api/v1/auth/password
}

main "$@"
