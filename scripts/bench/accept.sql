-- The minimal writes of accepting one order: its idempotency key, the order, two lines, the first timeline entry, one
-- message. No semicolon at the end: scripts/bench/limits.sh adds it, or continues with confirm.sql.
\set first random(1, 500)
\set second random(501, 1000)
WITH new_order AS MATERIALIZED (
    SELECT (lpad(to_hex((extract(epoch FROM clock_timestamp()) * 1000)::bigint), 12, '0')
            || substr(gen_random_uuid()::text, 14))::uuid AS id),
idempotency_key AS (
    INSERT INTO orders.idempotency_keys (principal, route, key, fingerprint, order_id, created_at)
    SELECT '00000000-0000-7000-8000-000000000009', 'POST /orders', gen_random_uuid()::text, decode(repeat('5f', 32), 'hex'),
           id, now()
      FROM new_order),
order_row AS (
    INSERT INTO orders.orders (id, customer_id, status, payment_status, fulfilment_status, currency, total_minor,
                               payment_method, version, created_at, updated_at)
    SELECT id, '00000000-0000-7000-8000-000000000009', 'pending', 'unpaid', 'unallocated', 'USD', 3000, 'sim_ok', 1, now(),
           now()
      FROM new_order),
items AS (
    INSERT INTO orders.items (order_id, line_no, sku, name, vendor_id, quantity, unit_price_minor)
    SELECT id, line.number, 'BENCH-' || lpad(line.sku, 4, '0'), 'A benchmark product', '00000000-0000-7000-8000-000000000009', 1,
           1500
      FROM new_order CROSS JOIN (VALUES (1, :first::text), (2, :second::text)) AS line (number, sku)),
timeline_entry AS (
    INSERT INTO orders.events (order_id, version, kind, to_status, actor, at)
    SELECT id, 1, 'accepted', 'pending', 'customer:00000000-0000-7000-8000-000000000009', now() FROM new_order),
outbox_message AS (
    INSERT INTO messaging.outbox (message_id, exchange, routing_key, type, payload)
    SELECT id, 'orderflow.commands', 'inventory.inventory.reserve', 'inventory.reserve.v1', repeat('x', 500) FROM new_order)
SELECT id FROM new_order
