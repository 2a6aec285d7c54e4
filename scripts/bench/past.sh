# shellcheck shell=bash
# Fills the tables with past orders, copied from orders that the system has delivered. Sourced by scripts/bench.sh.

# Orders that are delivered and then copied.
PAST_ORIGINALS=2000
# Copies per transaction, and sessions that run the transactions.
PAST_COPIES=10 PAST_SESSIONS=2
PAST_SECONDS_MAX=120

# past ORDERS: needs a running stack whose simulated carrier delivers at once.
past() {
    local copies since
    copies=$((($1 + PAST_ORIGINALS - 1) / PAST_ORIGINALS))
    since="$(private_psql "$DATABASE" --command='select clock_timestamp()')"
    orderctl bench orders past --orders "$PAST_ORIGINALS" --until-ended "${FLOW[@]}"
    until_delivered
    stop api scheduler worker
    private_psql "$DATABASE" --set=since="$since" --file="$ROOT/scripts/bench/past.sql"
    copy_past "$copies"
    private_psql "$DATABASE" --command="call bench_past.balance($copies)" --command='drop schema bench_past cascade' \
        2>>"$LOG/bench.log"
    print "bench: past         vacuum and analyze"
    private_psql "$DATABASE" --command='vacuum analyze' --command=checkpoint
    orderctl bench note past.orders "$(private_psql "$DATABASE" --command='select count(*) from orders.orders')"
    orderctl bench note past.gib "$(private_psql "$DATABASE" \
        --command='select round(pg_database_size(current_database()) / 2.0^30, 1)')"
}
until_delivered() {
    until_count "select count(*) from orders.orders where status = 'delivered'" -ge "$PAST_ORIGINALS" \
        "the orders to copy were not delivered"
}
# While past orders were copied no scheduler ran, so the deadlines of all open sagas have passed. Waits for the sweep.
until_sagas_current() {
    until_count "select count(*) from orders.sagas where active and deadline_at < now()" -eq 0 \
        "overdue sagas were not processed"
}
# until_count QUERY -ge|-eq COUNT COMPLAINT
until_count() {
    local deadline=$((SECONDS + PAST_SECONDS_MAX))
    until test "$(private_psql "$DATABASE" --command="$1")" "$2" "$3"; do
        ((SECONDS < deadline)) || fail "$4 within $PAST_SECONDS_MAX s"
        sleep 0.5
    done
}
# Each session copies every second part, the oldest first.
copy_past() {
    local session pids=()
    for ((session = 0; session < PAST_SESSIONS; session++)); do
        copy_parts "$1" "$session" &
        pids+=($!)
    done
    for session in "${pids[@]}"; do wait "$session"; done
}
copy_parts() {
    local copies="$1" oldest youngest part=0
    for ((oldest = copies; oldest > 0; oldest -= PAST_COPIES)); do
        youngest=$((oldest > PAST_COPIES ? oldest - PAST_COPIES + 1 : 1))
        if ((part++ % PAST_SESSIONS == $2)); then
            printf 'set synchronous_commit = off; call bench_past.copy(%s, %s);\n' "$oldest" "$youngest"
            printf '\\warn bench: past         %s %%\n' "$((100 * (copies - youngest + 1) / copies))"
        fi
    done | private_psql "$DATABASE"
}
