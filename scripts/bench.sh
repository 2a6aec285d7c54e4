#!/usr/bin/env bash
# Benchmark on a separate stack: a release build, a new database and vhost, production settings. Prints one table at the
# end and writes target/bench.json. After each part `orderctl verify` must pass. Called by `make bench`.
set -euo pipefail

SCRIPTS="$(dirname "${BASH_SOURCE[0]}")"
for part in lib/settings lib/process services/{common,postgres} bench/{limits,past}; do
    # shellcheck source=/dev/null
    source "$SCRIPTS/$part.sh"
done
DATABASE=orderflow_bench LIMITS_DATABASE=orderflow_bench_limits VHOST=orderflow_bench
TARGET="${CARGO_TARGET_DIR:-$ROOT/target}"
REPORT="$TARGET/bench.json"
READY_SECONDS=30 STOP_SECONDS=30
ORDERS=20000 SECONDS_EACH=5 ROWS=0 SOAK_SECONDS=0
started=()

usage() {
    cat <<'TEXT'
usage: scripts/bench.sh [--orders N] [--seconds S] [--rows N] [--soak S]      (make bench ARGS='--rows 5000000')
  --orders    orders that each end-to-end part sends (20000); the part with a hot SKU sends half
  --seconds   duration of every other measurement (5)
  --rows      measure again with this many past orders in the tables (0); needs about 8 GB per million
  --soak      seconds of an additional load at half the rate, with the memory before and after (0)
TEXT
}
stage() { printf '\n== %s (%s s)\n' "$*" "$SECONDS"; }
orderctl() { "$TARGET/release/orderctl" "$@"; }

main() {
    read_options "$@"
    load_dotenv
    require_private_services
    mkdir --parents "$LOG" "$RUN"
    stage "release build"
    (cd "$ROOT" && cargo build --workspace --bins --release)
    trap cleanup EXIT
    stage "services"
    record_running_services
    "$SCRIPTS/services.sh" up
    create_databases
    export_settings
    rm --force "$REPORT"
    orderctl bench note machine.cores "$(nproc)"
    orderctl bench note machine.load_before "$(cut --delimiter=' ' --fields=1 /proc/loadavg)"
    stage "limits: pgbench with the same writes"
    limits
    stage "stack"
    orderctl bench seed
    start api scheduler worker
    measure
    measure_two_workers
    measure_full
    measure_soak
    stage "done"
    orderctl bench table
    print "figures: ${REPORT#"$ROOT"/}"
}
read_options() {
    while (($#)); do
        case "$1" in
            --orders) ORDERS="${2:?}" ;;
            --seconds) SECONDS_EACH="${2:?}" ;;
            --rows) ROWS="${2:?}" ;;
            --soak) SOAK_SECONDS="${2:?}" ;;
            *) usage >&2; exit 2 ;;
        esac
        shift 2
    done
    [[ "$ORDERS$SECONDS_EACH$ROWS$SOAK_SECONDS" =~ ^[0-9]+$ ]] || { usage >&2; exit 2; }
}

# CPU and memory of the services are measured, so their processes must be known.
require_private_services() {
    local name
    for name in postgres rabbitmq redis; do
        ! is_external "$name" ||
            fail "$name is external ($(url_variable "$name") is set); the benchmark measures private services only"
    done
    for name in api worker scheduler; do
        ! running_pid "$name" "$TARGET/" >/dev/null ||
            print "note: $name of \`make up\` is running and takes CPU time from the measurement"
    done
}
# Services that were running before are not stopped at the end.
record_running_services() {
    local name
    for name in rabbitmq redis postgres; do
        [[ "$("$SCRIPTS/services.sh" status)" == *"$name: running"* ]] || started+=("$name")
    done
}

create_databases() {
    local database
    for database in "$DATABASE" "$LIMITS_DATABASE"; do
        private_psql postgres --command="drop database if exists $database with (force)" >/dev/null 2>&1
        private_psql postgres --command="create database $database" >/dev/null
    done
    management_api DELETE "vhosts/$VHOST" || true
    management_api PUT "vhosts/$VHOST"
    for database in "$LIMITS_DATABASE" "$DATABASE"; do
        DATABASE_URL="$(private_prefix postgres)$database"
        export DATABASE_URL
        orderctl migrate >>"$LOG/bench.log"
    done
    DATABASE_URL="$(private_prefix postgres)$LIMITS_DATABASE" orderctl bench seed >>"$LOG/bench.log"
}
management_api() {
    curl --silent --fail --max-time 30 --noproxy '*' --output /dev/null --request "$1" \
        "$(private_management_url)/api/$2"
}

# Production settings, logs included: one line per request and one per batch. The simulated carrier picks up after a
# day, so that no delivery overlaps with a measurement.
export_settings() {
    export RABBITMQ_URL REDIS_URL RABBITMQ_MANAGEMENT_URL API_HOST=127.0.0.1 METRICS_HOST=127.0.0.1
    export API_PORT WORKER_METRICS_PORT SCHEDULER_METRICS_PORT
    export CARRIER_HAND_OVER_MS=86400000
    # Production signs its messages.
    export MESSAGE_SIGNING_KEY=9f2c81d0a4b7e365c8f01b2d94ea7c53
    # Counted, but never reached: a few clients send what many send elsewhere.
    export RATE_LIMIT_WRITES=1000000000 RATE_LIMIT_WRITES_PER_ADDRESS=1000000000
    export RATE_LIMIT_READS=1000000000 RATE_LIMIT_READS_PER_ADDRESS=1000000000 RATE_LIMIT_AUTH_PER_ADDRESS=1000000000
    export UNPAID_ORDERS_MAX=1000000000 UNPAID_UNITS_MAX=1000000000
    RABBITMQ_URL="$(private_prefix rabbitmq)$VHOST"
    RABBITMQ_MANAGEMENT_URL="$(private_management_url)"
    REDIS_URL="$(private_prefix redis)9"
    API_PORT="$(free_port 28100)"
    WORKER_METRICS_PORT="$(free_port $((API_PORT + 1)))"
    SCHEDULER_METRICS_PORT="$(free_port $((WORKER_METRICS_PORT + 1)))"
    FLOW=(--api "127.0.0.1:$API_PORT" --worker "127.0.0.1:$WORKER_METRICS_PORT")
}

start() {
    local name program pid log log_before deadline
    for name in "$@"; do
        program="${name%-second}"
        log="$LOG/bench-$name.log"
        log_before="$(stat --format=%s "$log" 2>/dev/null || print 0)"
        launch "bench-$name" "$ROOT" "$TARGET/release/$program"
        pid="$(cat "$RUN/bench-$name.pid")"
        deadline=$((SECONDS + READY_SECONDS))
        until grep --quiet "$program ready" < <(tail --bytes="+$((log_before + 1))" "$log" 2>/dev/null); do
            [[ -d "/proc/$pid" ]] || fail_start "bench-$name" "$pid" "$READY_SECONDS"
            ((SECONDS < deadline)) || fail_start "bench-$name" "$pid" "$READY_SECONDS"
            sleep 0.1
        done
        print "bench: $name: ready, pid $pid"
    done
}
stop() {
    local name
    for name in "$@"; do stop_process "bench-$name" "$TARGET/release/" TERM "$STOP_SECONDS"; done
}
# --process NAME=PID for every process whose CPU time and memory count.
process_arguments() {
    local name
    for name in api worker scheduler; do printf '%s\n' --process "$name=$(cat "$RUN/bench-$name.pid")"; done
    for name in postgres rabbitmq redis; do printf '%s\n' --process "$name=$(cat "$RUN/$name.pid")"; done
}

measure() {
    local all
    mapfile -t all < <(process_arguments)
    orderctl bench memory rss_mib_idle "${all[@]}"
    # Before the first order: rates come from counters of api and worker, which start at zero with the process.
    stop worker
    # pgbench has a warm-up too. On a new stack pools are empty, statements unplanned and pages cold.
    run_part "warm-up" orders warm_up --seconds "$SECONDS_EACH"
    part "accept: no worker" orders accept --seconds "$SECONDS_EACH"
    part "accept at half that rate" orders accept_half --half-of accept.per_s --connections 256 \
        --seconds "$SECONDS_EACH"
    start worker
    mapfile -t all < <(process_arguments)
    part "the backlog" ended backlog
    part "accept: worker running" orders accept_live --seconds "$SECONDS_EACH"
    part "the rest of the backlog" ended live_rest
    part "confirmed: $ORDERS orders" orders confirmed --orders "$ORDERS" --until-ended "${all[@]}"
    part "one hot SKU" orders hot --orders "$((ORDERS / 2))" --until-ended --hot
    part "20 orders/s" orders light --rate 20 --follow 4 --connections 256 --seconds "$((SECONDS_EACH * 3))"
    part "half the rate" orders half --half-of confirmed.per_s --follow 50 --connections 256 \
        --seconds "$((SECONDS_EACH * 2))"
    part "the rest" ended half_rest
    part "reads" reads --seconds "$SECONDS_EACH"
    orderctl bench memory rss_mib "${all[@]}"
}
# A memory leak shows after minutes, not seconds. Runs last, since it leaves more orders behind than all other parts.
measure_soak() {
    local all
    ((SOAK_SECONDS > 0)) || return 0
    stop api scheduler worker
    FLOW=("${FLOW[@]:0:4}")
    start api scheduler worker
    mapfile -t all < <(process_arguments)
    run_part "soak: half the rate" orders soak_begin --half-of confirmed.per_s --connections 256 --seconds 60
    orderctl bench memory rss_mib_soak_begin "${all[@]}"
    # `orderctl verify` runs once at the end: it may take minutes, which would interrupt the load.
    run_part "soak: half the rate" orders soak --half-of confirmed.per_s --connections 256 --seconds "$SOAK_SECONDS"
    orderctl bench memory rss_mib_soak_end "${all[@]}"
    part "the rest" ended soak_rest
}
# Runs after the other parts that read the counters of a worker: from here on two workers are counted.
measure_two_workers() {
    SECOND_PORT="$(free_port $((SCHEDULER_METRICS_PORT + 1)))"
    WORKER_METRICS_PORT="$SECOND_PORT" start worker-second
    FLOW+=(--worker "127.0.0.1:$SECOND_PORT")
    part "two workers" orders two_workers --orders "$ORDERS" --until-ended
    stop worker worker-second
}
measure_full() {
    ((ROWS > 0)) || return 0
    stage "past orders: $ROWS"
    stop api scheduler
    FLOW=("${FLOW[@]:0:4}")
    (export CARRIER_HAND_OVER_MS=0 CARRIER_IN_TRANSIT_MS=0 CARRIER_DELIVERY_MS=0 && start api scheduler worker)
    past "$ROWS"
    start api scheduler worker
    until_sagas_current
    stop worker
    # Pages of tables in use are cached in memory; those of tables just filled are not.
    run_part "full: warm-up" orders full_warm_up --seconds "$((SECONDS_EACH * 3))"
    # `orderctl verify` runs once for both parts: it takes minutes on this many rows.
    run_part "full: accept, no worker" orders full_accept --seconds "$SECONDS_EACH"
    start worker
    run_part "full: the backlog" ended full_backlog
    part "full: confirmed: $ORDERS orders" orders full_confirmed --orders "$ORDERS" --until-ended
}
part() {
    run_part "$@"
    orderctl verify --grace 1 >"$LOG/bench-verify.log" ||
        { cat "$LOG/bench-verify.log"; fail "verify failed after: $1"; }
    print "bench: verify       passed"
}
run_part() {
    stage "$1"
    private_psql "$DATABASE" --command=checkpoint
    case "$2" in
        ended) orderctl bench ended "$3" "${FLOW[@]}" ;;
        *) orderctl bench "$2" "${@:3}" "${FLOW[@]}" ;;
    esac
}

# Stops what this script has started, and nothing else.
cleanup() {
    local code=$? name
    stop api worker worker-second scheduler
    for name in "${started[@]:-}"; do
        [[ -z "$name" ]] || "$SCRIPTS/services.sh" stop "$name"
    done
    ((${#started[@]} < 3)) || "$SCRIPTS/services.sh" down
    exit "$code"
}

main "$@"
