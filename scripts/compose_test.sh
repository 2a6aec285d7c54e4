#!/usr/bin/env bash
# Tries docker-compose.yml for real: builds the image, starts the stack on ports of its own, places orders, kills the
# worker in the middle, and takes everything down again; only the image stays, as orderflow:test.
# Arguments go to the build: scripts/compose_test.sh --build-arg PROFILE=dev
set -euo pipefail

SCRIPTS="$(dirname "${BASH_SOURCE[0]}")"
for part in settings compose; do
    # shellcheck source=/dev/null
    source "$SCRIPTS/lib/$part.sh"
done
SERVICES=(postgres redis rabbitmq api worker scheduler)
HEALTHY_LIMIT_SECONDS=180
ORDERS_LIMIT_SECONDS=120
ORDERS=10

stage() { printf '\n== %s (%s s)\n' "$*" "$SECONDS"; }

main() {
    use_compose "orderflow-test-$$" docker-compose.yml
    trap end EXIT
    own_settings
    stage "image"
    compose build "$@"
    stage "up"
    compose up --detach
    wait_for 0 "$HEALTHY_LIMIT_SECONDS" migrate seed
    wait_for healthy "$HEALTHY_LIMIT_SECONDS" "${SERVICES[@]}"
    stage "orders"
    log_in
    place "$ORDERS"
    wait_orders "confirmed|shipped|delivered"
    lose_the_worker
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
    ((code == 0)) || show_logs_of_failed migrate seed "${SERVICES[@]}" >&2
    compose_down
    exit "$code"
}

main "$@"
