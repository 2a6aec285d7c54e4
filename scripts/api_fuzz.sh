#!/usr/bin/env bash
# Fuzzes the API with schemathesis, as a customer and as an admin, against the api of this checkout with a database and
# a vhost of its own. Fails on a 5xx, an undocumented status or media type, and a response that violates its schema.
set -euo pipefail

SCRIPTS="$(dirname "${BASH_SOURCE[0]}")"
for part in lib/settings lib/process services/{common,postgres}; do
    # shellcheck source=/dev/null
    source "$SCRIPTS/$part.sh"
done
cd "$ROOT"
DATABASE=orderflow_fuzz VHOST=orderflow_fuzz
TARGET="${CARGO_TARGET_DIR:-$ROOT/target}/debug"
TOOLS="$LOCAL/fuzz"
SCHEMATHESIS_VERSION=4.32.5
CHECKS=not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance
CHECKS+=,response_headers_conformance
EXAMPLES=10 READY_SECONDS=30 STOP_SECONDS=30

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
    trap stop_api EXIT
    start_api
    fuzz customer CustomerPass123
    fuzz admin AdminPass123
    print "the log of the api: ${LOG#"$ROOT"/}/api-fuzz.log"
}

install_schemathesis() {
    [[ "$("$TOOLS/bin/schemathesis" --version 2>/dev/null)" == *" $SCHEMATHESIS_VERSION" ]] && return
    python3 -m venv "$TOOLS"
    "$TOOLS/bin/pip" --quiet --disable-pip-version-check install "schemathesis==$SCHEMATHESIS_VERSION"
}

start_api() {
    private_psql postgres --command="drop database if exists $DATABASE with (force)" >/dev/null 2>&1
    private_psql postgres --command="create database $DATABASE" >/dev/null
    curl --silent --fail --noproxy '*' --output /dev/null --request PUT "$(private_management_url)/api/vhosts/$VHOST"
    DATABASE_URL="$(private_prefix postgres)$DATABASE" RABBITMQ_URL="$(private_prefix rabbitmq)$VHOST"
    REDIS_URL="$(private_prefix redis)8" API_PORT="$(free_port 28200)"
    export DATABASE_URL RABBITMQ_URL REDIS_URL API_PORT API_HOST=127.0.0.1 ACCESS_TOKEN_TTL_SECONDS=3600
    # One client sends what many clients send elsewhere.
    export RATE_LIMIT_{READS,WRITES,AUTH,STREAMS}=0 RATE_LIMIT_{READS,WRITES,AUTH,STREAMS}_PER_ADDRESS=0
    export UNPAID_ORDERS_MAX=0 UNPAID_UNITS_MAX=0
    "$TARGET/orderctl" migrate >/dev/null
    "$TARGET/orderctl" seed --demo >/dev/null
    launch api-fuzz "$ROOT" "$TARGET/api"
    local deadline=$((SECONDS + READY_SECONDS))
    until curl --silent --fail --noproxy '*' --output /dev/null "http://127.0.0.1:$API_PORT/system/health/ready"; do
        ((SECONDS < deadline)) || fail "the api is not ready after $READY_SECONDS s; see $LOG/api-fuzz.log"
        sleep 0.2
    done
}
stop_api() { stop_process api-fuzz "$TARGET/api" TERM "$STOP_SECONDS"; }

# fuzz NAME PASSWORD: all operations but streams, which do not end, and those that would end the session.
fuzz() {
    local token
    token="$(curl --silent --noproxy '*' "http://127.0.0.1:$API_PORT/api/v1/auth/login" \
        --header 'Content-Type: application/json' --data "{\"email\":\"$1@orders.local\",\"password\":\"$2\"}" |
        sed 's/.*"access_token":"\([^"]*\)".*/\1/')"
    print "== as $1"
    "$TOOLS/bin/schemathesis" run "http://127.0.0.1:$API_PORT/openapi.json" --header "Authorization: Bearer $token" \
        --phases examples,coverage,fuzzing --max-examples "$EXAMPLES" --checks "$CHECKS" --request-timeout 20 \
        --warnings off --exclude-path-regex '/stream$' --exclude-path /api/v1/auth/logout-all \
        --exclude-path /api/v1/auth/password
}

main "$@"
