# shellcheck shell=bash
# Fills the tables with orders of the past, as the system itself leaves them behind. Sourced by scripts/bench.sh.

# Orders that are carried to their customers and then copied.
PAST_ORIGINALS=2000
# Copies that one transaction makes, and sessions that make them.
PAST_COPIES=10 PAST_SESSIONS=2
PAST_SECONDS_MAX=120

# past ORDERS: a stack whose carrier is instant must run.
past() {
    local copies since
    copies=$((($1 + PAST_ORIGINALS - 1) / PAST_ORIGINALS))
    since="$(private_psql "$DATABASE" --command='select clock_timestamp()')"
    orderctl bench orders past --orders "$PAST_ORIGINALS" --until-ended "${FLOW[@]}"
    until_delivered
    stop api scheduler worker
    private_psql "$DATABASE" --set=since="$since" --file="$ROOT/scripts/bench/past.sql"
    copy_past "$copies"
    private_psql "$DATABASE" --command="call bench_past.balance($copies)" --command='drop schema bench_past cascade' 2>>"$LOG/bench.log"
    say "bench: past         vacuum and analyze"
    private_psql "$DATABASE" --command='vacuum analyze' --command=checkpoint
    orderctl bench note past.orders "$(private_psql "$DATABASE" --command='select count(*) from orders.orders')"
    orderctl bench note past.gib "$(private_psql "$DATABASE" --command='select round(pg_database_size(current_database()) / 2.0^30, 1)')"
}
until_delivered() {
    until_count "select count(*) from orders.orders where status = 'delivered'" -ge "$PAST_ORIGINALS" "the past was not delivered"
}
# While the past was copied nobody looked after the orders of the other parts: their deadlines passed all at once.
until_swept() {
    until_count "select count(*) from orders.sagas where active and deadline_at < now()" -eq 0 "sagas were not looked after"
}
# until_count QUERY -ge|-eq COUNT COMPLAINT
until_count() {
    local deadline=$((SECONDS + PAST_SECONDS_MAX))
    until test "$(private_psql "$DATABASE" --command="$1")" "$2" "$3"; do
        ((SECONDS < deadline)) || fail "$4 within $PAST_SECONDS_MAX s"
        sleep 0.5
    done
}
# Each session takes every other part, the oldest first.
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
