# shellcheck shell=bash
# An api of this checkout with a database and a vhost of its own, demo data, and without rate limits: one client sends
# what many clients send elsewhere. Sourced, never run; needs lib/settings, lib/process and services/postgres.

TEST_API_READY_SECONDS=30 TEST_API_STOP_SECONDS=30
TEST_API_PROGRAMS="${CARGO_TARGET_DIR:-$ROOT/target}/debug"
TEST_API=""

# start_test_api NAME: sets API_PORT. The database and the vhost orderflow_NAME are created anew.
start_test_api() {
    TEST_API="api-$1"
    private_psql postgres --command="drop database if exists orderflow_$1 with (force)" >/dev/null 2>&1
    private_psql postgres --command="create database orderflow_$1" >/dev/null
    curl --silent --fail --noproxy '*' --output /dev/null --request PUT \
        "$(private_management_url)/api/vhosts/orderflow_$1"
    DATABASE_URL="$(private_prefix postgres)orderflow_$1" RABBITMQ_URL="$(private_prefix rabbitmq)orderflow_$1"
    REDIS_URL="$(private_prefix redis)8" API_PORT="$(free_port 28200)"
    export DATABASE_URL RABBITMQ_URL REDIS_URL API_PORT API_HOST=127.0.0.1 ACCESS_TOKEN_TTL_SECONDS=3600
    export RATE_LIMIT_{READS,WRITES,AUTH,STREAMS}=0 RATE_LIMIT_{READS,WRITES,AUTH,STREAMS}_PER_ADDRESS=0
    export UNPAID_ORDERS_MAX=0 UNPAID_UNITS_MAX=0
    "$TEST_API_PROGRAMS/orderctl" migrate >/dev/null
    "$TEST_API_PROGRAMS/orderctl" seed --demo >/dev/null
    launch "$TEST_API" "$ROOT" "$TEST_API_PROGRAMS/api"
    wait_ready_test_api
}
wait_ready_test_api() {
    local deadline=$((SECONDS + TEST_API_READY_SECONDS))
    until curl --silent --fail --noproxy '*' --output /dev/null "http://127.0.0.1:$API_PORT/system/health/ready"; do
        ((SECONDS < deadline)) ||
            fail "the api is not ready after $TEST_API_READY_SECONDS s; see ${LOG#"$ROOT"/}/$TEST_API.log"
        sleep 0.2
    done
}

stop_test_api() {
    [[ -z "$TEST_API" ]] || stop_process "$TEST_API" "$TEST_API_PROGRAMS/api" TERM "$TEST_API_STOP_SECONDS"
}
