#!/usr/bin/env bash
# Brings up what the tests need, builds the binaries that the system tests start, then runs every test.
# Arguments go to `cargo test --workspace`.
set -euo pipefail

# shellcheck source=scripts/lib/settings.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/settings.sh"
cd "$ROOT"

stage() { printf '\n== %s (%s s)\n' "$*" "$SECONDS"; }

main() {
    load_dotenv
    stage "services"
    scripts/services.sh up
    scripts/services.sh install-browser
    export_urls
    make_test_database
    settings_of_tests
    stage "build"
    cargo build --workspace --bins
    stage "tests"
    cargo test --workspace "$@"
    stage "tests: all good"
    say "The services stay up; \`make down\` stops the private ones."
}

# Ours has its test database from the start; on a server of the user's own it may be missing.
make_test_database() {
    local name
    user_gave postgres || return 0
    psql "$TEST_DATABASE_URL" --no-psqlrc --quiet --command='select 1' >/dev/null 2>&1 && return
    name="$(database_of "$TEST_DATABASE_URL")"
    psql "$DATABASE_URL" --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --command="create database \"$name\"" ||
        fail "the tests need a database: TEST_DATABASE_URL names $name, which is not there and cannot be made"
}

settings_of_tests() {
    local variable
    # sqlx::test makes one database per test, beside the one that DATABASE_URL names.
    export DATABASE_URL="$TEST_DATABASE_URL" SQLX_OFFLINE=true
    # Fault tests restart the services. One of the user's own is not ours to restart: the user says how.
    restart_by TEST_POSTGRES_RESTART_COMMAND postgres
    restart_by TEST_RABBITMQ_RESTART_COMMAND rabbitmq
    restart_by TEST_REDIS_RESTART_COMMAND redis
    user_gave rabbitmq || export TEST_RABBITMQ_WIPE_COMMAND="$ROOT/scripts/services.sh renew rabbitmq" \
        TEST_RABBITMQ_EVAL_COMMAND="$ROOT/scripts/services.sh rabbitmqctl eval"
    for variable in TEST_RABBITMQ_WIPE_COMMAND TEST_RABBITMQ_EVAL_COMMAND; do
        [[ -n "${!variable:-}" ]] || say "rabbitmq is yours: the fault tests need $variable"
    done
}
restart_by() {
    local variable="$1" name="$2"
    user_gave "$name" || export "$variable=$ROOT/scripts/services.sh restart $name"
    [[ -n "${!variable:-}" ]] || say "$name is yours: the fault tests need $variable"
}

main "$@"
