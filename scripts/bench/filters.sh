#!/usr/bin/env bash
# Measures the first and the 1,000th page of each filter of `GET /orders`, as the database sees them, with 1,000,000
# orders (--rows N for another number). Each is read eleven times; printed are the median time and the index that it is
# read from. The statements are those of `crates/orders/src/store/order_filters.rs`.
set -euo pipefail

# shellcheck source=scripts/lib/settings.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib/settings.sh"
cd "$ROOT"
DATABASE="orderflow_bench_filters"
ROWS=1000000
OWNER="'00000000-0000-0000-0000-000000000001'"
SMALL="md5('customer5')::uuid"

main() {
    [[ "${1:-}" != --rows ]] || ROWS="$2"
    load_dotenv
    scripts/services.sh up postgres
    export_urls
    BENCH_URL="$(with_database "$DATABASE_URL" "$DATABASE")"
    sql "$DATABASE_URL" --command="select 1 from pg_database where datname = '$DATABASE'" | grep --quiet 1 || fill
    printf '%-44s %-12s %-12s %s\n' filter "first, ms" "1,000th, ms" "read from"
    measure_all
}

sql() { psql "$1" --no-psqlrc --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1 "${@:2}"; }

fill() {
    sql "$DATABASE_URL" --command="create database $DATABASE"
    DATABASE_URL="$BENCH_URL" cargo run --quiet --package orderctl -- migrate >/dev/null
    sql "$BENCH_URL" --set=orders="$ROWS" --file=scripts/bench/filters_fill.sql >/dev/null
}

measure_all() {
    local owner="o.customer_id = $OWNER" small="o.customer_id = $SMALL"
    measure "none" "" "true"
    measure "customer with 300,000 orders" "" "$owner"
    measure "customer with 700 orders" "" "$small"
    local status
    for status in pending confirmed shipped delivered rejected cancelling cancelled; do
        measure "status=$status" "$(groups "$status" "")" "(wanted.status_group <> 0 OR o.status = '$status')"
    done
    measure "status=shipped,rejected,cancelling" "$(groups shipped,rejected,cancelling "")" \
        "(wanted.status_group <> 0 OR o.status = ANY ('{shipped,rejected,cancelling}'))"
    for status in unpaid authorized declined captured refunded; do
        measure "payment_status=$status" "$(groups "" "$status")" "(wanted.status_group <> 0 OR o.payment_status = '$status')"
    done
    measure "300,000 orders, status=delivered" "$(groups delivered "")" "$owner AND (wanted.status_group <> 0 OR o.status = 'delivered')"
    measure "300,000 orders, status=cancelling" "$(groups cancelling "")" "$owner AND (wanted.status_group <> 0 OR o.status = 'cancelling')"
    measure "700 orders, status=rejected" "$(groups rejected "")" "$small AND (wanted.status_group <> 0 OR o.status = 'rejected')"
    measure "attention=true" "" "o.attention IS NOT NULL"
    measure "created in one month" "" "$(created "7 months" "6 months")"
    measure "changed in the last week" "" "$(changed "7 days" "0 days")"
    measure "changed in one month" "" "$(changed "7 months" "6 months")"
    local ago
    for ago in "1 hour" "1 day" "7 days" "30 days" "300 days"; do
        dates="$ago" measure "placed long before, changed in the last $ago" "" "$(old "$ago")"
    done
    dates="7 days" measure "300,000 orders, the same in 7 days" "" "$(old "7 days" "$owner")"
    dates="300 days" measure "700 orders, the same in 300 days" "" "$(old "300 days" "$small")"
    measure "sku, in a third of the orders" "" "true" "JOIN orders.items line ON line.order_id = o.id AND line.sku = 'SKU-0'"
    measure "sku, rare" "" "true" "JOIN orders.items line ON line.order_id = o.id AND line.sku = 'SKU-10005'"
    measure "sku, rare, placed long before, changed in 7 days" "" "$(old "7 days")" "JOIN orders.items line ON line.order_id = o.id AND line.sku = 'SKU-10005'"
    measure "sku, rare, status=cancelled" "" "o.status = 'cancelled'" "JOIN orders.items line ON line.order_id = o.id AND line.sku = 'SKU-10005'"
    measure "sku, in a third, status=delivered" "" "o.status = 'delivered'" "JOIN orders.items line ON line.order_id = o.id AND line.sku = 'SKU-0'"
    measure "300,000 orders, sku, in a third" "" "$owner" "JOIN orders.items line ON line.order_id = o.id AND line.sku = 'SKU-0'"
    measure "external_ref" "" "o.external_ref = 'shop-5000'"
    measure "order_number" "" "o.order_number = 5000"
    measure "metadata channel=web" "" "true" "$(entry channel web)"
    measure "metadata campaign=spring-7" "" "true" "$(entry campaign spring-7)"
    measure "700 orders, metadata channel=web" "" "$small" "$(entry channel web) AND entry.customer_id = $SMALL"
}

created() { print "o.created_at >= now() - interval '$1' AND o.created_at < now() - interval '$2' AND o.id >= first_id('$1') AND o.id < end_id('$2')"; }
changed() { print "o.updated_at >= now() - interval '$1' AND o.updated_at < now() - interval '$2' AND o.id < end_id('$2') AND o.id >= hour_id('$1')"; }
old() { print "o.updated_at >= now() - interval '$1' AND o.id < hour_id('$1')${2:+ AND $2}"; }
entry() { print "JOIN orders.metadata entry ON entry.order_id = o.id AND entry.key = '$1' AND entry.value = '$2'"; }

# The groups of these statuses, as `orders::store::status_groups` numbers them.
groups() {
    print "SELECT DISTINCT CASE WHEN s IN ('pending', 'confirmed') AND p IN ('unpaid', 'authorized') THEN 0
                ELSE array_position('{pending,confirmed,shipped,delivered,rejected,cancelling,cancelled}', s) * 10
                   + array_position('{unpaid,authorized,declined,partly_captured,captured,voided,refunded}', p) END AS status_group
             FROM unnest('{${1:-pending,confirmed,shipped,delivered,rejected,cancelling,cancelled}}'::text[]) AS s,
                  unnest('{${2:-unpaid,authorized,declined,partly_captured,captured,voided,refunded}}'::text[]) AS p"
}

# NAME GROUPS CONDITION [JOIN]; with $dates the page is merged from the dates since then
measure() {
    BENCH_NAME="$1" sql "$BENCH_URL" --set=name="$1" --set=groups="$2" --set=condition="$3" --set=join="${4:-}" --set=dates="${dates:-}" \
        --file=scripts/bench/filters.sql
}

main "$@"
