-- The minimal writes of confirming that order (:id), one statement per saga step: reserve, authorize, book.
-- Stock rows are locked in a fixed order, so that no deadlock is possible.
WITH locked AS MATERIALIZED (
    SELECT sku FROM inventory.stock
     WHERE sku IN ('BENCH-' || lpad(:first::text, 4, '0'), 'BENCH-' || lpad(:second::text, 4, '0'))
       AND warehouse_id = '00000000-0000-7000-8000-000000000001'
     ORDER BY sku FOR NO KEY UPDATE),
counters AS (
    UPDATE inventory.stock SET reserved = reserved + 1, updated_at = now()
     WHERE sku IN ('BENCH-' || lpad(:first::text, 4, '0'), 'BENCH-' || lpad(:second::text, 4, '0'))
       AND warehouse_id = '00000000-0000-7000-8000-000000000001' AND (SELECT count(*) FROM locked) > 0
    RETURNING sku, warehouse_id),
ledger_entry AS (
    INSERT INTO inventory.ledger (at, kind, warehouse_id, sku, on_hand_delta, reserved_delta, order_id, cause)
    SELECT now(), 'reserved', warehouse_id, sku, 0, 1, :id::uuid, :id::uuid FROM counters),
reserved_line AS (
    INSERT INTO inventory.reservation_lines (order_id, sku, warehouse_id, quantity, state)
    SELECT :id::uuid, sku, warehouse_id, 1, 'active' FROM counters),
reservation AS (
    INSERT INTO inventory.reservations (order_id, state, cause, created_at, updated_at)
    VALUES (:id::uuid, 'reserved', :id::uuid, now(), now())),
timeline_entry AS (
    INSERT INTO orders.events (order_id, version, kind, from_status, to_status, cause, at)
    VALUES (:id::uuid, 2, 'stock_reserved', 'pending', 'pending', :id::uuid, now())),
outbox_message AS (
    INSERT INTO messaging.outbox (message_id, exchange, routing_key, type, payload)
    VALUES (:id::uuid, 'orderflow.commands', 'payments.payment.authorize', 'payment.authorize.v1', repeat('x', 500)))
UPDATE orders.orders SET fulfilment_status = 'allocated', version = 2, updated_at = now() WHERE id = :id::uuid;

WITH payment AS (
    INSERT INTO payments.payments (order_id, id, status, method, currency, amount_minor, created_at, updated_at)
    VALUES (:id::uuid, :id::uuid, 'authorized', 'sim_ok', 'USD', 3000, now(), now())),
operation AS (
    INSERT INTO payments.operations (order_id, provider_key, kind, subject, amount_minor, status, attempts, provider_ref,
                                     created_at, updated_at)
    VALUES (:id::uuid, :id::uuid, 'authorize', '', 3000, 'succeeded', 1, :id::text, now(), now())),
timeline_entry AS (
    INSERT INTO orders.events (order_id, version, kind, from_status, to_status, cause, at)
    VALUES (:id::uuid, 3, 'payment_authorized', 'pending', 'pending', :id::uuid, now())),
outbox_message AS (
    INSERT INTO messaging.outbox (message_id, exchange, routing_key, type, payload)
    VALUES (:id::uuid, 'orderflow.commands', 'shipping.shipment.book', 'shipment.book.v1', repeat('x', 500)))
UPDATE orders.orders SET payment_status = 'authorized', version = 3, updated_at = now() WHERE id = :id::uuid;

WITH booking AS (
    INSERT INTO shipping.bookings (order_id, status, correlation_id, created_at, updated_at)
    VALUES (:id::uuid, 'booked', :id::text, now(), now())),
shipment AS (
    INSERT INTO shipping.shipments (order_id, id, warehouse_id, lines, status, carrier, tracking_number, promised_by,
                                    created_at, updated_at)
    VALUES (:id::uuid, :id::uuid, '00000000-0000-7000-8000-000000000001',
            '[{"sku": "BENCH-0001", "quantity": 1}, {"sku": "BENCH-0002", "quantity": 1}]', 'booked', 'simulated', :id::text,
            now() + interval '3 days', now(), now())),
timeline_entry AS (
    INSERT INTO orders.events (order_id, version, kind, from_status, to_status, cause, at)
    VALUES (:id::uuid, 4, 'confirmed', 'pending', 'confirmed', :id::uuid, now())),
outbox_message AS (
    INSERT INTO messaging.outbox (message_id, exchange, routing_key, type, payload)
    VALUES (:id::uuid, 'orderflow.events', 'order.confirmed', 'order.confirmed.v1', repeat('x', 500)))
UPDATE orders.orders SET status = 'confirmed', fulfilment_status = 'booked', version = 4, updated_at = now()
 WHERE id = :id::uuid;
