#!/usr/bin/env bash
# From nothing to a delivered order, on an empty installation in production: the first admin, a vendor, a warehouse, a
# product, its stock, an order by API key, shipped by its vendor. Needs CARRIER=manual and a simulated gateway.
#
# usage: scripts/production_walk.sh URL ORDERCTL...
#   URL        of the api, such as http://127.0.0.1:8000
#   ORDERCTL   the command that runs orderctl there, such as: docker compose run --rm -T migrate orderctl
set -euo pipefail

SCRIPTS="$(dirname "${BASH_SOURCE[0]}")"
for part in settings http; do
    # shellcheck source=/dev/null
    source "$SCRIPTS/lib/$part.sh"
done
(($# >= 2)) || { sed --quiet '5,7s/^# //p' "${BASH_SOURCE[0]}" >&2; exit 2; }
URL="${1%/}" API="${1%/}/api/v1"
ORDERCTL=("${@:2}")
RUN="$(date +%s)-$$"
SKU="WALK-${RUN}"
STATUS_LIMIT_SECONDS=60

main() {
    refuse_demo
    create_user admin
    ADMIN="$TOKEN"
    create_user vendor
    VENDOR="$TOKEN"
    offer_product
    order_by_key
    wait_order confirmed
    ship
    wait_order delivered
    expect_captured
    "${ORDERCTL[@]}" verify --grace 1
    print "production: all good"
}

# Everybody knows the demo accounts, so production has none, and its page shows none.
refuse_demo() {
    local status
    status="$(curl --silent --noproxy '*' --output /dev/null --write-out '%{http_code}' "$API/auth/login" \
        --header 'Content-Type: application/json' --data '{"email":"admin@orders.local","password":"AdminPass123"}')"
    [[ "$status" == 401 ]] || fail "a login with the demo admin got $status instead of 401"
    ! http "$URL/docs/" | grep --quiet AdminPass123 || fail "/docs shows the demo accounts"
    print "no demo accounts"
}

# create_user ROLE: one command prints a password, which has to be changed first. Sets TOKEN.
create_user() {
    local email="$1-$RUN@example.com" password new="a long enough passphrase of $1 $RUN" changed
    password="$("${ORDERCTL[@]}" user create --email "$email" --role "$1" | tail --lines=1 | tr --delete '\r')"
    log_in "$email" "$password"
    changed="{\"current_password\":\"$password\",\"new_password\":\"$new\"}"
    send_json "$TOKEN" POST "$API/auth/password" "$changed" >/dev/null
    log_in "$email" "$new"
    print "$1 $email: created by orderctl, own password chosen"
}
log_in() {
    TOKEN="$(http "$API/auth/login" --header 'Content-Type: application/json' \
        --data "{\"email\":\"$1\",\"password\":\"$2\"}" | json_member access_token)"
    [[ -n "$TOKEN" ]] || fail "$1 can't log in"
}

# The admin creates the warehouse; the vendor their product and its stock.
offer_product() {
    local code="W$$"
    send_json "$ADMIN" POST "$API/warehouses" "{\"code\":\"$code\",\"name\":\"Warehouse of the walk\"}" >/dev/null
    send_json "$VENDOR" POST "$API/products" \
        "{\"sku\":\"$SKU\",\"name\":\"Lamp\",\"price\":{\"amount_minor\":1999,\"currency\":\"USD\"}}" >/dev/null
    send_json "$VENDOR" POST "$API/inventory/adjustments" \
        "{\"sku\":\"$SKU\",\"warehouse_code\":\"$code\",\"kind\":\"received\",\"quantity\":5,\"reason\":\"opening\"}" \
        >/dev/null
    print "product $SKU: 5 units in warehouse $code"
}

# A customer signs up; their shop's server orders with an API key.
order_by_key() {
    local token
    token="$(http "$API/auth/signup" --header 'Content-Type: application/json' --data \
        "{\"email\":\"customer-$RUN@example.com\",\"password\":\"a long enough passphrase $RUN\"}" |
        json_member access_token)"
    KEY="$(send_json "$token" POST "$API/api-keys" '{"name":"shop server","scopes":["orders:place","orders:read",
        "payments:read"]}' | json_member secret)"
    [[ "$KEY" == ofk_* ]] || fail "there is no API key in the response"
    await_product
    ORDER="$(send_json "$KEY" POST "$API/orders" "{\"items\":[{\"sku\":\"$SKU\",\"quantity\":2}]}" \
        --header "Idempotency-Key: walk-$RUN" | json_member order_id)"
    [[ -n "$ORDER" ]] || fail "the order was not accepted"
    print "order $ORDER: accepted, by API key"
}
# Prices are cached: a new product can be ordered after some seconds.
await_product() {
    local deadline=$((SECONDS + STATUS_LIMIT_SECONDS))
    until http "$API/products/$SKU" >/dev/null 2>&1; do
        ((SECONDS < deadline)) || fail "product $SKU is not on sale"
        sleep 0.5
    done
}

wait_order() {
    local status="" deadline=$((SECONDS + STATUS_LIMIT_SECONDS))
    until [[ "$status" == "$1" ]]; do
        ((SECONDS < deadline)) || fail "order $ORDER is ${status:-not shown} after $STATUS_LIMIT_SECONDS s, not $1"
        sleep 0.3
        status="$(http "$API/orders/$ORDER" --header "Authorization: Bearer $KEY" | first_member status)"
    done
    print "order $ORDER: $1"
}

# With carrier `manual` the vendor enters the tracking number, and reports each milestone.
ship() {
    local shipment milestone
    shipment="$(http "$API/shipments?status=booked" --header "Authorization: Bearer $VENDOR" | first_member id)"
    [[ -n "$shipment" ]] || fail "the vendor has no booked shipment"
    send_json "$VENDOR" PUT "$API/shipments/$shipment/tracking" \
        "{\"carrier\":\"DHL\",\"tracking_number\":\"WALK$$$SECONDS\"}" >/dev/null
    for milestone in handed_over in_transit delivered; do
        send_json "$VENDOR" POST "$API/shipments/$shipment/events" "{\"status\":\"$milestone\"}" \
            --header "Idempotency-Key: $shipment-$milestone" >/dev/null
    done
    print "shipment $shipment: delivered by its vendor"
}

expect_captured() {
    local deadline=$((SECONDS + STATUS_LIMIT_SECONDS)) status=""
    until [[ "$status" == captured ]]; do
        ((SECONDS < deadline)) || fail "the payment of order $ORDER is ${status:-not shown}, not captured"
        sleep 0.3
        status="$(http "$API/orders/$ORDER" --header "Authorization: Bearer $KEY" | json_member payment_status)"
    done
    print "order $ORDER: paid"
}

main
