# shellcheck shell=bash
# The physical limit beside which the rest is seen: pgbench does the writes that an order needs at the least, in tables of
# our migrations. Sourced by scripts/bench.sh.

LIMITS_CLIENTS=(8 32 64)
LIMITS_SET=64
# Rows that are there before anything is measured, so that no plan is made for empty tables.
LIMITS_WARM_UP_SETS=200

limits() {
    local scripts
    scripts="$(mktemp --directory)"
    cp "$ROOT"/scripts/bench/*.sql "$scripts"
    compose_scripts "$scripts"
    limits_pgbench --client=4 --transactions="$((LIMITS_WARM_UP_SETS / 4))" --file="$scripts/life_set.pgbench" >/dev/null
    limits_psql --command='vacuum analyze' >/dev/null
    limit accept_per_s "$scripts/accept.pgbench" 1
    limit whole_life_per_s "$scripts/life.pgbench" 1
    limit accept_set_per_s "$scripts/accept_set.pgbench" "$LIMITS_SET"
    limit whole_life_set_per_s "$scripts/life_set.pgbench" "$LIMITS_SET"
    rm --recursive --force "$scripts"
}
# The accept alone ends with a semicolon; the whole life keeps its answer and goes on.
compose_scripts() {
    local set
    for set in "" _set; do
        { cat "$1/accept$set.sql" && say ";"; } >"$1/accept$set.pgbench"
        { cat "$1/accept$set.sql" && say "\\gset" && cat "$1/carry$set.sql"; } >"$1/life$set.pgbench"
    done
}

# limit NAME SCRIPT ORDERS: the best of so many clients; a transaction of the script is ORDERS orders.
limit() {
    local name="$1" clients tps best=0
    for clients in "${LIMITS_CLIENTS[@]}"; do
        limits_psql --command=checkpoint
        tps="$(limits_pgbench --client="$clients" --time="$SECONDS_EACH" --file="$2" | orders_per_second "$3")"
        [[ -n "$tps" ]] || fail "pgbench: no rate for $name"
        say "bench: limits       $name: $tps orders/s with $clients clients"
        best="$(printf '%s\n' "$best" "$tps" | sort --general-numeric-sort | tail --lines=1)"
    done
    orderctl bench note "limits.$name" "$best"
}
# One thread, as one load generator: the cores are the database's.
limits_pgbench() {
    "$(postgres_bin)/pgbench" --no-vacuum --protocol=prepared --jobs=1 --max-tries=10 --define="size=$LIMITS_SET" "$@" \
        "$(private_prefix postgres)$LIMITS_DATABASE" 2>>"$LOG/bench-pgbench.log"
}
orders_per_second() { awk -v "orders=$1" '/^tps = / { printf "%.0f\n", $3 * orders }'; }
limits_psql() { private_psql "$LIMITS_DATABASE" "$@"; }
