#!/usr/bin/env bash
# Regenerates .sqlx/ (the metadata of the checked query macros) from the migrations, without sqlx-cli.
# With --check it changes nothing, and fails when .sqlx/ does not match the current migrations and queries.
set -euo pipefail

# shellcheck source=scripts/lib/settings.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/settings.sh"
cd "$ROOT"
CHECK="${1:-}"
SCRATCH="orderflow_prepare_$$"
FRESH=""

main() {
    [[ -z "$CHECK" || "$CHECK" == --check ]] || fail "usage: scripts/prepare_queries.sh [--check]"
    load_dotenv
    scripts/services.sh up postgres
    export_urls
    mkdir --parents "$LOCAL"
    FRESH="$(mktemp --directory "$LOCAL/sqlx.XXXXXX")"
    trap clean_up EXIT
    server_psql --command="create database $SCRATCH" >/dev/null
    migrate_scratch
    expand_queries
    if [[ "$CHECK" == --check ]]; then compare; else replace; fi
}

server_psql() { psql "$DATABASE_URL" --no-psqlrc --quiet --set=ON_ERROR_STOP=1 "$@"; }

clean_up() {
    rm --recursive --force "$FRESH"
    server_psql --command="drop database if exists $SCRATCH with (force)" >/dev/null || true
}

# With psql and not with orderctl, which does not compile without .sqlx/.
migrate_scratch() {
    local migration transaction
    for migration in migrations/*.sql; do
        [[ -f "$migration" ]] || fail "there is no migrations/*.sql"
        [[ "$migration" != *.down.sql ]] || continue
        transaction=(--single-transaction)
        [[ "$(head --lines=1 "$migration")" != "-- no-transaction"* ]] || transaction=()
        PGOPTIONS="--client-min-messages=warning" psql "$(with_database "$DATABASE_URL" "$SCRATCH")" --no-psqlrc \
            --quiet --set=ON_ERROR_STOP=1 "${transaction[@]}" --file="$migration" >/dev/null ||
            fail "$migration does not apply"
    done
}

# The macros write their JSON when they are expanded. Touching their files makes cargo expand them again.
expand_queries() {
    grep --recursive --files-with-matches --null --include='*.rs' --extended-regexp \
        'query(_file)?(_as|_scalar)?(_unchecked)?!' crates tests | xargs --null --no-run-if-empty touch
    DATABASE_URL="$(with_database "$DATABASE_URL" "$SCRATCH")" SQLX_OFFLINE=false SQLX_OFFLINE_DIR="$FRESH" \
        cargo check --workspace --all-targets
}

replace() {
    mkdir --parents .sqlx
    find .sqlx -name 'query-*.json' -delete
    find "$FRESH" -name 'query-*.json' -exec cp --target-directory=.sqlx {} +
    print "queries: $(find .sqlx -name 'query-*.json' | wc --lines) in .sqlx/"
}

compare() {
    local untracked
    diff --recursive --brief .sqlx "$FRESH" || fail ".sqlx/ is out of date; run: make prepare"
    untracked="$(git ls-files --others -- .sqlx)"
    [[ -z "$untracked" ]] || fail ".sqlx/ has untracked files; add them to git:
$untracked"
    print "queries: .sqlx/ is up to date"
}

main
