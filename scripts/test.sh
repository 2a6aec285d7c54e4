#!/usr/bin/env bash
# Starts the services that the tests need, installs a browser and the packages of the clients, builds the binaries that
# the system tests start, then runs every test.
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
    scripts/services.sh up pgbouncer
    is_external postgres || scripts/services.sh up replica
    scripts/services.sh install-browser
    scripts/clients/install.sh
    export_urls
    create_test_database
    export_test_settings
    stage "build"
    cargo build --workspace --bins
    stage "tests"
    cargo test --workspace "$@"
    stage "tests: all good"
    print "The services stay running; \`make down\` stops the private ones."
}

# The private Postgres always has the test database; an external server may not.
create_test_database() {
    local name
    is_external postgres || return 0
    psql "$TEST_DATABASE_URL" --no-psqlrc --quiet --command='select 1' >/dev/null 2>&1 && return
    name="$(database_of "$TEST_DATABASE_URL")"
    psql "$DATABASE_URL" --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --command="create database \"$name\"" ||
        fail "TEST_DATABASE_URL names the database $name, which does not exist and can't be created"
}

export_test_settings() {
    local variable
    # sqlx::test creates one database per test, on the server that DATABASE_URL names.
    export DATABASE_URL="$TEST_DATABASE_URL" SQLX_OFFLINE=true
    is_external pgbouncer || TEST_PGBOUNCER_URL="$(private_prefix pgbouncer)"
    is_external postgres || TEST_REPLICA_URL="${TEST_REPLICA_URL:-$(private_prefix replica)}"
    [[ -n "${TEST_REPLICA_URL:-}" ]] || print "postgres is external: a test needs TEST_REPLICA_URL"
    export TEST_REPLICA_URL TEST_PGBOUNCER_URL TEST_THROUGH_PGBOUNCER="${TEST_THROUGH_PGBOUNCER:-false}"
    # Fault tests restart the services. For an external service the user gives the command.
    export_restart_command TEST_POSTGRES_RESTART_COMMAND postgres
    export_restart_command TEST_RABBITMQ_RESTART_COMMAND rabbitmq
    export_restart_command TEST_REDIS_RESTART_COMMAND redis
    is_external rabbitmq || export TEST_RABBITMQ_WIPE_COMMAND="$ROOT/scripts/services.sh renew rabbitmq" \
        TEST_RABBITMQ_EVAL_COMMAND="$ROOT/scripts/services.sh rabbitmqctl eval"
    for variable in TEST_RABBITMQ_WIPE_COMMAND TEST_RABBITMQ_EVAL_COMMAND; do
        [[ -n "${!variable:-}" ]] || print "rabbitmq is external: the fault tests need $variable"
    done
}
export_restart_command() {
    local variable="$1" name="$2"
    is_external "$name" || export "$variable=$ROOT/scripts/services.sh restart $name"
    [[ -n "${!variable:-}" ]] || print "$name is external: the fault tests need $variable"
}

main "$@"
