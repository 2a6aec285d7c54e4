# shellcheck shell=bash
# The upper bound for comparison: pgbench runs the minimal writes of an order, in tables created by the migrations.
# Sourced by scripts/bench.sh.

LIMITS_CLIENTS=(8 32 64)
LIMITS_SET=64
# Rows are inserted before the first measurement, so that no statement is planned for an empty table.
LIMITS_WARM_UP_SETS=200

limits() {
    local scripts
    scripts="$(mktemp --directory)"
    cp "$ROOT"/scripts/bench/*.sql "$scripts"
    compose_scripts "$scripts"
    limits_pgbench --client=4 --transactions="$((LIMITS_WARM_UP_SETS / 4))" \
        --file="$scripts/life_set.pgbench" >/dev/null
    limits_psql --command='vacuum analyze' >/dev/null
    limit accept_per_s "$scripts/accept.pgbench" 1
    limit whole_life_per_s "$scripts/life.pgbench" 1
    limit accept_set_per_s "$scripts/accept_set.pgbench" "$LIMITS_SET"
    limit whole_life_set_per_s "$scripts/life_set.pgbench" "$LIMITS_SET"
    rm --recursive --force "$scripts"
}
# accept.sql alone ends with a semicolon. For a whole life its result is kept with \gset, and confirm.sql follows.
compose_scripts() {
    local set
    for set in "" _set; do
        { cat "$1/accept$set.sql" && print ";"; } >"$1/accept$set.pgbench"
        { cat "$1/accept$set.sql" && print "\\gset" && cat "$1/confirm$set.sql"; } >"$1/life$set.pgbench"
    done
}

# limit NAME SCRIPT ORDERS: records the best rate over LIMITS_CLIENTS; one transaction of the script is ORDERS orders.
limit() {
    local name="$1" clients tps best=0
    for clients in "${LIMITS_CLIENTS[@]}"; do
        limits_psql --command=checkpoint
        tps="$(limits_pgbench --client="$clients" --time="$SECONDS_EACH" --file="$2" | orders_per_second "$3")"
        [[ -n "$tps" ]] || fail "pgbench: no rate for $name"
        print "bench: limits       $name: $tps orders/s with $clients clients"
        best="$(printf '%s\n' "$best" "$tps" | sort --general-numeric-sort | tail --lines=1)"
    done
    orderctl bench note "limits.$name" "$best"
}
# One thread, like one load generator: the cores are for the database.
limits_pgbench() {
    PGOPTIONS="$MAINTENANCE_OPTIONS" "$(postgres_bin)/pgbench" --no-vacuum --protocol=prepared --jobs=1 --max-tries=10 --define="size=$LIMITS_SET" "$@" \
        "$(private_prefix postgres)$LIMITS_DATABASE" 2>>"$LOG/bench-pgbench.log"
}
orders_per_second() { awk -v "orders=$1" '/^tps = / { printf "%.0f\n", $3 * orders }'; }
limits_psql() { private_psql "$LIMITS_DATABASE" "$@"; }
