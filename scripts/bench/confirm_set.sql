-- confirm.sql for the orders :ids in one statement per step. Stock rows are locked in a fixed order, each once, as the
-- inventory slice does.
WITH line AS MATERIALIZED (
    SELECT id, 'BENCH-' || lpad((1 + floor(random() * 500) + 500 * (number - 1))::text, 4, '0') AS sku
      FROM unnest(:ids::uuid[]) AS id CROSS JOIN generate_series(1, 2) AS number),
wanted AS MATERIALIZED (SELECT sku, count(*)::integer AS units FROM line GROUP BY sku ORDER BY sku),
locked AS MATERIALIZED (
    SELECT stock.sku FROM wanted
     CROSS JOIN LATERAL (SELECT sku FROM inventory.stock
                          WHERE sku = wanted.sku COLLATE "C" AND warehouse_id = '00000000-0000-7000-8000-000000000001'
                            FOR NO KEY UPDATE) AS stock),
counters AS (
    UPDATE inventory.stock SET reserved = reserved + wanted.units, updated_at = now()
      FROM wanted
     WHERE stock.sku = wanted.sku COLLATE "C" AND stock.warehouse_id = '00000000-0000-7000-8000-000000000001'
       AND (SELECT count(*) FROM locked) > 0),
ledger_entry AS (
    INSERT INTO inventory.ledger (at, kind, warehouse_id, sku, on_hand_delta, reserved_delta, order_id, cause)
    SELECT now(), 'reserved', '00000000-0000-7000-8000-000000000001', sku, 0, 1, id, id FROM line),
reserved_line AS (
    INSERT INTO inventory.reservation_lines (order_id, sku, warehouse_id, quantity, state)
    SELECT id, sku, '00000000-0000-7000-8000-000000000001', 1, 'active' FROM line),
reservation AS (
    INSERT INTO inventory.reservations (order_id, state, cause, created_at, updated_at)
    SELECT id, 'reserved', id, now(), now() FROM unnest(:ids::uuid[]) AS id),
timeline_entry AS (
    INSERT INTO orders.events (order_id, version, kind, from_status, to_status, cause, at)
    SELECT id, 2, 'stock_reserved', 'pending', 'pending', id, now() FROM unnest(:ids::uuid[]) AS id),
outbox_message AS (
    INSERT INTO messaging.outbox (message_id, exchange, routing_key, type, payload)
    SELECT id, 'orderflow.commands', 'payments.payment.authorize', 'payment.authorize.v1', repeat('x', 500)
      FROM unnest(:ids::uuid[]) AS id)
UPDATE orders.orders SET fulfilment_status = 'allocated', version = 2, updated_at = now() WHERE id = ANY (:ids::uuid[]);

WITH payment AS (
    INSERT INTO payments.payments (order_id, id, status, method, currency, amount_minor, created_at, updated_at)
    SELECT id, id, 'authorized', 'sim_ok', 'USD', 3000, now(), now() FROM unnest(:ids::uuid[]) AS id),
operation AS (
    INSERT INTO payments.operations (order_id, provider_key, kind, subject, amount_minor, status, attempts, provider_ref,
                                     created_at, updated_at)
    SELECT id, id, 'authorize', '', 3000, 'succeeded', 1, id::text, now(), now() FROM unnest(:ids::uuid[]) AS id),
timeline_entry AS (
    INSERT INTO orders.events (order_id, version, kind, from_status, to_status, cause, at)
    SELECT id, 3, 'payment_authorized', 'pending', 'pending', id, now() FROM unnest(:ids::uuid[]) AS id),
outbox_message AS (
    INSERT INTO messaging.outbox (message_id, exchange, routing_key, type, payload)
    SELECT id, 'orderflow.commands', 'shipping.shipment.book', 'shipment.book.v1', repeat('x', 500)
      FROM unnest(:ids::uuid[]) AS id)
UPDATE orders.orders SET payment_status = 'authorized', version = 3, updated_at = now() WHERE id = ANY (:ids::uuid[]);

WITH booking AS (
    INSERT INTO shipping.bookings (order_id, status, correlation_id, created_at, updated_at)
    SELECT id, 'booked', id::text, now(), now() FROM unnest(:ids::uuid[]) AS id),
shipment AS (
    INSERT INTO shipping.shipments (order_id, id, warehouse_id, lines, status, carrier, tracking_number, promised_by,
                                    created_at, updated_at)
    SELECT id, id, '00000000-0000-7000-8000-000000000001',
           '[{"sku": "BENCH-0001", "quantity": 1}, {"sku": "BENCH-0002", "quantity": 1}]', 'booked', 'simulated', id::text,
           now() + interval '3 days', now(), now()
      FROM unnest(:ids::uuid[]) AS id),
timeline_entry AS (
    INSERT INTO orders.events (order_id, version, kind, from_status, to_status, cause, at)
    SELECT id, 4, 'confirmed', 'pending', 'confirmed', id, now() FROM unnest(:ids::uuid[]) AS id),
outbox_message AS (
    INSERT INTO messaging.outbox (message_id, exchange, routing_key, type, payload)
    SELECT id, 'orderflow.events', 'order.confirmed', 'order.confirmed.v1', repeat('x', 500) FROM unnest(:ids::uuid[]) AS id)
UPDATE orders.orders SET status = 'confirmed', fulfilment_status = 'booked', version = 4, updated_at = now()
 WHERE id = ANY (:ids::uuid[]);
