#!/usr/bin/env bash
# Runs the first command of README.md in a copy of the checkout: `cp .env.example .env && docker compose up --build`.
# Then signs up, places orders, kills the worker, restarts the broker, and removes everything but the image, which is
# tagged orderflow:test. Then the same stack in production, from the first admin to a delivered order.
# ORDERFLOW_IMAGE_PROFILE=dev scripts/compose_test.sh compiles faster.
set -euo pipefail

SCRIPTS="$(dirname "${BASH_SOURCE[0]}")"
for part in settings compose http; do
    # shellcheck source=/dev/null
    source "$SCRIPTS/lib/$part.sh"
done
SERVICES=(postgres redis rabbitmq api worker scheduler)
ONE_SHOT=(migrate broker seed welcome)
BUILD_LIMIT_SECONDS=3600
HEALTHY_LIMIT_SECONDS=180
ORDERS_LIMIT_SECONDS=120
ORDERS=10

stage() { printf '\n== %s (%s s)\n' "$*" "$SECONDS"; }

main() {
    find_compose "orderflow-test-$$" "$(mktemp --directory)"
    trap cleanup EXIT
    isolate_settings
    copy_checkout
    stage "cp .env.example .env && docker compose up --build"
    start
    wait_for 0 1 "${ONE_SHOT[@]}"
    wait_for healthy "$HEALTHY_LIMIT_SECONDS" "${SERVICES[@]}"
    stage "sign up, and order"
    first_order
    stage "orders"
    log_in
    place "$ORDERS"
    wait_orders "confirmed|shipped|delivered"
    kill_worker
    restart_broker
    check_endpoints
    stage "stop"
    stop_processes
    remove_stack
    stage "production, from nothing"
    "$SCRIPTS/compose/production.sh" "$DIRECTORY"
    stage "compose-test: all good"
}

isolate_settings() {
    API_PORT="$(free_port 28000)"
    ORDERFLOW_RABBITMQ_MANAGEMENT_PORT="$(free_port 28672)"
    export API_PORT ORDERFLOW_RABBITMQ_MANAGEMENT_PORT
    export ORDERFLOW_IMAGE=orderflow:test ORDERFLOW_ENV=development
    # Short carrier times, so that orders are delivered during the test.
    export CARRIER_HAND_OVER_MS=2000 CARRIER_IN_TRANSIT_MS=1000 CARRIER_DELIVERY_MS=1000
    API="http://127.0.0.1:$API_PORT"
    placed=()
}

# Copies tracked and untracked files, not ignored ones: like a fresh clone, the copy has no .env.
copy_checkout() {
    git -C "$ROOT" ls-files -z --cached --others --exclude-standard --deduplicate |
        tar --create --directory "$ROOT" --null --files-from=- --ignore-failed-read 2>/dev/null |
        tar --extract --directory "$DIRECTORY"
}

# Runs compose in the foreground of a subshell, as a user would, until the service `welcome` has printed its text.
start() {
    local deadline=$((SECONDS + BUILD_LIMIT_SECONDS))
    UP_LOG="$DIRECTORY/up.log"
    (cd "$DIRECTORY" && cp .env.example .env && exec "${COMPOSE[@]}" up --build) >"$UP_LOG" 2>&1 &
    UP=$!
    until grep --quiet "Orderflow is ready" "$UP_LOG"; do
        kill -0 "$UP" 2>/dev/null || fail "docker compose up --build exited: $(tail --lines=20 "$UP_LOG")"
        ((SECONDS < deadline)) ||
            fail "the stack is not ready after $BUILD_LIMIT_SECONDS s: $(tail --lines=20 "$UP_LOG")"
        sleep 1
    done
    grep --after-context=6 "Orderflow is ready" "$UP_LOG"
    print "the stack is ready ($SECONDS s)"
}

# Sign up and place an order, as the README does.
first_order() {
    local email="customer-$$@orders.local"
    TOKEN="$(http "$API/api/v1/auth/signup" --header 'Content-Type: application/json' \
        --data "{\"email\":\"$email\",\"password\":\"CustomerPass123\",\"full_name\":\"Demo Customer\"}" |
        json_member access_token)"
    [[ -n "$TOKEN" ]] || fail "the response to a sign-up has no token"
    place 1
    wait_orders "confirmed|shipped|delivered"
    placed=()
}

# RabbitMQ users are data: after a restart they still exist, and each process reconnects as its own user.
restart_broker() {
    local users role
    stage "broker restarted; each process as its own user"
    docker restart "$(container_of rabbitmq)" >/dev/null
    wait_for healthy "$HEALTHY_LIMIT_SECONDS" rabbitmq
    place "$ORDERS"
    wait_orders delivered
    users="$(docker exec "$(container_of rabbitmq)" rabbitmqctl --quiet list_connections user | sort --unique)"
    for role in api worker scheduler; do
        grep --quiet --line-regexp "orderflow-$role" <<<"$users" || fail "no connection of orderflow-$role: $users"
    done
    ! grep --quiet --line-regexp orderflow <<<"$users" || fail "a process connects as the administrator"
    docker exec "$(container_of rabbitmq)" rabbitmqctl --quiet list_permissions --vhost orderflow
}

kill_worker() {
    stage "the worker is killed between two groups of orders"
    place "$ORDERS"
    docker kill "$(container_of worker)" >/dev/null
    place "$ORDERS"
    sleep 2 # many times longer than a worker needs
    [[ "$(status_of "${placed[-1]}")" == pending ]] ||
        fail "the worker is stopped, but the last order is no longer pending"
    print "the order is still pending while the worker is stopped"
    compose start worker
    wait_for healthy "$HEALTHY_LIMIT_SECONDS" worker
    wait_orders delivered
}

check_endpoints() {
    stage "verify, metrics, management"
    docker exec "$(container_of api)" orderctl verify --grace 1
    expect_ok "$API/metrics" "$API/docs" "$API/system/health" "http://127.0.0.1:$ORDERFLOW_RABBITMQ_MANAGEMENT_PORT"
    docker exec "$(container_of worker)" orderctl probe http://127.0.0.1:9101/metrics
    docker exec "$(container_of scheduler)" orderctl probe http://127.0.0.1:9102/metrics
    print "metrics of worker and scheduler: ok"
}

# Each is process 1 of its container: it must handle SIGTERM and exit with 0.
stop_processes() {
    local name
    compose stop api worker scheduler
    for name in api worker scheduler; do
        [[ "$(state_of "$name")" == 0 ]] || fail "$name exited with code $(state_of "$name")"
    done
}

expect_ok() {
    local url
    for url in "$@"; do
        http --output /dev/null "$url" || fail "$url: no successful response"
        print "$url: ok"
    done
}

log_in() {
    TOKEN="$(http "$API/api/v1/auth/login" --header 'Content-Type: application/json' \
        --data '{"email":"customer@orders.local","password":"CustomerPass123"}' | json_member access_token)"
    [[ -n "$TOKEN" ]] || fail "the demo customer can't log in"
}
place() {
    local number id
    for ((number = 0; number < $1; number++)); do
        id="$(http "$API/api/v1/orders" --header "Authorization: Bearer $TOKEN" \
            --header "Idempotency-Key: $PROJECT-${#placed[@]}" --header 'Content-Type: application/json' \
            --data '{"items":[{"sku":"SKU-HEADPHONES","quantity":1}]}' | json_member order_id)"
        [[ -n "$id" ]] || fail "an order was not accepted"
        placed+=("$id")
    done
    print "${#placed[@]} orders placed"
}
status_of() { http "$API/api/v1/orders/$1" --header "Authorization: Bearer $TOKEN" | first_member status; }

# Waits until each order placed so far is in one of these states.
wait_orders() {
    local id status deadline=$((SECONDS + ORDERS_LIMIT_SECONDS))
    for id in "${placed[@]}"; do
        until status="$(status_of "$id")" && [[ "$status" =~ ^($1)$ ]]; do
            ((SECONDS < deadline)) || fail "order $id is $status after $ORDERS_LIMIT_SECONDS s"
            sleep 0.5
        done
    done
    print "${#placed[@]} orders are ${1//|/ or } ($SECONDS s)"
}

# Also ends `docker compose up`, which runs in the foreground of a subshell.
remove_stack() {
    compose_down
    [[ -z "${UP:-}" ]] || wait "$UP" || true
    UP=""
}

cleanup() {
    local code=$?
    ((code == 0)) || show_logs_of_failed "${ONE_SHOT[@]}" "${SERVICES[@]}" >&2
    remove_stack
    rm --recursive --force "$DIRECTORY"
    exit "$code"
}

main "$@"
