#!/usr/bin/env bash
# Tries what README.md says first, in a copy of the checkout: `cp .env.example .env && docker compose up --build`. Then signs
# up, places orders, kills the worker in the middle, restarts the broker, and takes everything down again; only the image
# stays, as orderflow:test. ORDERFLOW_IMAGE_PROFILE=dev scripts/compose_test.sh compiles faster.
set -euo pipefail

SCRIPTS="$(dirname "${BASH_SOURCE[0]}")"
for part in settings compose; do
    # shellcheck source=/dev/null
    source "$SCRIPTS/lib/$part.sh"
done
SERVICES=(postgres redis rabbitmq api worker scheduler)
ENDING=(migrate broker seed welcome)
BUILD_LIMIT_SECONDS=3600
HEALTHY_LIMIT_SECONDS=180
ORDERS_LIMIT_SECONDS=120
ORDERS=10

stage() { printf '\n== %s (%s s)\n' "$*" "$SECONDS"; }

main() {
    find_compose "orderflow-test-$$" "$(mktemp --directory)"
    trap end EXIT
    own_settings
    copy_checkout
    stage "cp .env.example .env && docker compose up --build"
    start
    wait_for 0 1 "${ENDING[@]}"
    wait_for healthy "$HEALTHY_LIMIT_SECONDS" "${SERVICES[@]}"
    stage "sign up, and order"
    first_order
    stage "orders"
    log_in
    place "$ORDERS"
    wait_orders "confirmed|shipped|delivered"
    lose_the_worker
    restart_the_broker
    check_the_rest
    stage "stop"
    stop_ours
    stage "compose-test: all good"
}

own_settings() {
    API_PORT="$(free_port 28000)"
    ORDERFLOW_RABBITMQ_MANAGEMENT_PORT="$(free_port 28672)"
    export API_PORT ORDERFLOW_RABBITMQ_MANAGEMENT_PORT
    export ORDERFLOW_IMAGE=orderflow:test ORDERFLOW_ENV=development
    # So that orders come to their end while we look.
    export CARRIER_HAND_OVER_MS=2000 CARRIER_IN_TRANSIT_MS=1000 CARRIER_DELIVERY_MS=1000
    API="http://127.0.0.1:$API_PORT"
    placed=()
}

# What git knows or would add, as it lies here: a clone would not have a .env either.
copy_checkout() {
    git -C "$ROOT" ls-files -z --cached --others --exclude-standard --deduplicate |
        tar --create --directory "$ROOT" --null --files-from=- --ignore-failed-read 2>/dev/null |
        tar --extract --directory "$DIRECTORY"
}

# In the foreground of a shell of its own, as a person would; until it prints its last word.
start() {
    local deadline=$((SECONDS + BUILD_LIMIT_SECONDS))
    UP_LOG="$DIRECTORY/up.log"
    (cd "$DIRECTORY" && cp .env.example .env && exec "${COMPOSE[@]}" up --build) >"$UP_LOG" 2>&1 &
    UP=$!
    until grep --quiet "Orderflow is ready" "$UP_LOG"; do
        kill -0 "$UP" 2>/dev/null || fail "docker compose up --build ended: $(tail --lines=20 "$UP_LOG")"
        ((SECONDS < deadline)) || fail "the shop is not open after $BUILD_LIMIT_SECONDS s: $(tail --lines=20 "$UP_LOG")"
        sleep 1
    done
    grep --after-context=6 "Orderflow is ready" "$UP_LOG"
    say "the shop is open ($SECONDS s)"
}

# The requests of the original description, in order.
first_order() {
    local email="customer-$$@orders.local"
    TOKEN="$(call "$API/api/v1/auth/signup" --header 'Content-Type: application/json' \
        --data "{\"email\":\"$email\",\"password\":\"CustomerPass123\",\"full_name\":\"Demo Customer\"}" |
        member access_token)"
    [[ -n "$TOKEN" ]] || fail "a sign-up is answered without a token"
    place 1
    wait_orders "confirmed|shipped|delivered"
    placed=()
}

# Its users are data: they are there after a restart, and everybody connects again as their own.
restart_the_broker() {
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
    ! grep --quiet --line-regexp orderflow <<<"$users" || fail "a process is connected as the administrator"
    docker exec "$(container_of rabbitmq)" rabbitmqctl --quiet list_permissions --vhost orderflow
}

lose_the_worker() {
    stage "orders, and the worker killed among them"
    place "$ORDERS"
    docker kill "$(container_of worker)" >/dev/null
    place "$ORDERS"
    sleep 2 # many times what a worker would need
    [[ "$(status_of "${placed[-1]}")" == pending ]] || fail "the worker is gone, and yet an order left pending"
    say "an order waits for the worker"
    compose start worker
    wait_for healthy "$HEALTHY_LIMIT_SECONDS" worker
    wait_orders delivered
}

check_the_rest() {
    stage "verify, metrics, management"
    docker exec "$(container_of api)" orderctl verify --grace 1
    answers "$API/metrics" "$API/docs" "$API/system/health" "http://127.0.0.1:$ORDERFLOW_RABBITMQ_MANAGEMENT_PORT"
    docker exec "$(container_of worker)" orderctl probe http://127.0.0.1:9101/metrics
    docker exec "$(container_of scheduler)" orderctl probe http://127.0.0.1:9102/metrics
    say "metrics of worker and scheduler: answer"
}

# As process 1 of its container, each must hear the signal and end well.
stop_ours() {
    local name
    compose stop api worker scheduler
    for name in api worker scheduler; do
        [[ "$(state_of "$name")" == 0 ]] || fail "$name ended with exit code $(state_of "$name")"
    done
}

call() { curl --silent --show-error --fail-with-body --max-time 10 --noproxy '*' --location "$@"; }
answers() {
    local url
    for url in "$@"; do
        call --output /dev/null "$url" || fail "$url does not answer"
        say "$url: answers"
    done
}
member() { sed --quiet "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p"; }

log_in() {
    TOKEN="$(call "$API/api/v1/auth/login" --header 'Content-Type: application/json' \
        --data '{"email":"customer@orders.local","password":"CustomerPass123"}' | member access_token)"
    [[ -n "$TOKEN" ]] || fail "the demo customer cannot sign in"
}
place() {
    local number id
    for ((number = 0; number < $1; number++)); do
        id="$(call "$API/api/v1/orders" --header "Authorization: Bearer $TOKEN" \
            --header "Idempotency-Key: $PROJECT-${#placed[@]}" --header 'Content-Type: application/json' \
            --data '{"items":[{"sku":"SKU-HEADPHONES","quantity":1}]}' | member order_id)"
        [[ -n "$id" ]] || fail "an order was not taken"
        placed+=("$id")
    done
    say "${#placed[@]} orders placed"
}
status_of() { call "$API/api/v1/orders/$1" --header "Authorization: Bearer $TOKEN" | order_status; }
# The order's own comes first; its parts have theirs.
order_status() { grep --only-matching --max-count=1 '"status":"[a-z]*"' | sed --quiet '1s/.*:"\(.*\)"/\1/p'; }

# Waits until each order placed so far is in one of these states.
wait_orders() {
    local id status deadline=$((SECONDS + ORDERS_LIMIT_SECONDS))
    for id in "${placed[@]}"; do
        until status="$(status_of "$id")" && [[ "$status" =~ ^($1)$ ]]; do
            ((SECONDS < deadline)) || fail "order $id is $status after $ORDERS_LIMIT_SECONDS s"
            sleep 0.5
        done
    done
    say "${#placed[@]} orders are ${1//|/ or } ($SECONDS s)"
}

end() {
    local code=$?
    ((code == 0)) || show_logs_of_failed "${ENDING[@]}" "${SERVICES[@]}" >&2
    compose_down
    [[ -z "${UP:-}" ]] || wait "$UP" || true
    rm --recursive --force "$DIRECTORY"
    exit "$code"
}

main "$@"
