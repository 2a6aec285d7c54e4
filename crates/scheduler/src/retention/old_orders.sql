-- 600 consistent orders of January 2026, one per minute, in turn delivered, rejected (declined) and cancelled, with
-- everything that the slices store of them. Ids repeat the number of the order.
CREATE TEMPORARY TABLE old AS
SELECT number, CASE number % 3 WHEN 0 THEN 'delivered' WHEN 1 THEN 'rejected' ELSE 'cancelled' END AS status,
       (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '70008' || lpad(to_hex(number), 15, '0'))::uuid
           AS id,
       (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '80018' || lpad(to_hex(number), 15, '0'))::uuid
           AS shipment_id,
       ('5' || lpad(to_hex(number), 31, '0'))::uuid AS authorization_key,
       ('6' || lpad(to_hex(number), 31, '0'))::uuid AS capture_key,
       'SKU-' || number % 5 AS sku, at,
       CASE number % 2 WHEN 0 THEN '11111111-1111-1111-1111-111111111111'::uuid
                       ELSE '22222222-2222-2222-2222-222222222222' END AS warehouse_id
FROM (SELECT number, '2026-01-01'::timestamptz + number * interval '1 minute' AS at
      FROM generate_series(1, 600) AS number) AS numbered;

INSERT INTO inventory.warehouses VALUES ('11111111-1111-1111-1111-111111111111', 'EAST', 'East', 1, '2026-01-01'),
                                        ('22222222-2222-2222-2222-222222222222', 'WEST', 'West', 2, '2026-01-01');

INSERT INTO orders.orders (id, customer_id, status, payment_status, fulfilment_status, reason, currency, total_minor,
                           payment_method, version, created_at, updated_at)
SELECT id, gen_random_uuid(), status,
       CASE status WHEN 'delivered' THEN 'captured' WHEN 'rejected' THEN 'declined' ELSE 'voided' END,
       CASE status WHEN 'delivered' THEN 'delivered' ELSE 'released' END, NULL, 'USD', 1000, 'sim_ok',
       CASE status WHEN 'delivered' THEN 4 WHEN 'rejected' THEN 2 ELSE 3 END, at, at + interval '1 hour'
FROM old;
INSERT INTO orders.items (order_id, line_no, sku, name, vendor_id, quantity, unit_price_minor)
SELECT id, 1, sku, sku, gen_random_uuid(), 2, 500 FROM old;
INSERT INTO orders.recipients (order_id, name, created_at) SELECT id, 'Jane', at FROM old;
INSERT INTO orders.metadata (order_id, customer_id, key, value) SELECT id, customer_id, 'channel', 'web' FROM orders.orders;
INSERT INTO orders.sagas (order_id, plan_version, state, phase, active, deadline_at, correlation_id, updated_at)
SELECT id, 1, '{}', 'ended', false, at, 'test', at FROM old;
INSERT INTO orders.events (order_id, version, kind, from_status, to_status, at)
SELECT id, version, 'test', from_status, to_status, at
FROM old JOIN (VALUES ('delivered', 1, NULL, 'pending'), ('delivered', 2, 'pending', 'confirmed'),
                      ('delivered', 3, 'confirmed', 'shipped'), ('delivered', 4, 'shipped', 'delivered'),
                      ('rejected', 1, NULL, 'pending'), ('rejected', 2, 'pending', 'rejected'),
                      ('cancelled', 1, NULL, 'pending'), ('cancelled', 2, 'pending', 'cancelling'),
                      ('cancelled', 3, 'cancelling', 'cancelled')) AS e (status, version, from_status, to_status)
     USING (status);
INSERT INTO orders.idempotency_keys (principal, route, key, fingerprint, order_id, created_at)
SELECT customer_id, 'orders', id::text, '\x00', id, created_at FROM orders.orders;

INSERT INTO inventory.reservations (order_id, state, cause, created_at, updated_at)
SELECT id, CASE status WHEN 'delivered' THEN 'reserved' ELSE 'released' END, gen_random_uuid(), at, at FROM old;
INSERT INTO inventory.reservation_lines (order_id, sku, warehouse_id, quantity, state)
SELECT id, sku, warehouse_id, 2, CASE status WHEN 'delivered' THEN 'shipped' ELSE 'released' END FROM old;
INSERT INTO inventory.ledger (at, kind, warehouse_id, sku, on_hand_delta, reserved_delta, actor, reason)
SELECT '2026-01-01', 'received', warehouse_id, sku, 1000, 0, 'test', 'test'
FROM (SELECT DISTINCT warehouse_id, sku FROM old) AS place;
INSERT INTO inventory.ledger (at, kind, warehouse_id, sku, on_hand_delta, reserved_delta, order_id, cause)
SELECT at, 'reserved', warehouse_id, sku, 0, 2, id, gen_random_uuid() FROM old
UNION ALL
SELECT at, CASE status WHEN 'delivered' THEN 'shipped' ELSE 'released' END, warehouse_id, sku,
       CASE status WHEN 'delivered' THEN -2 ELSE 0 END, -2, id, gen_random_uuid() FROM old;
-- Every tenth delivered order has a return of one unit.
INSERT INTO orders.returns (id, order_id, customer_id, vendor_id, state, status, reason, warehouse_id, refund_id, active,
                            version, correlation_id, created_at, updated_at)
SELECT shipment_id, id, gen_random_uuid(), gen_random_uuid(), '{"closed": {"restocking": "done", "refund": "nothing_left"}}',
       'closed', 'other', warehouse_id, gen_random_uuid(), false, 1, 'test', at, at
FROM old WHERE number % 30 = 0;
INSERT INTO orders.return_lines (order_id, return_id, line_no, sku, quantity)
SELECT id, shipment_id, 1, sku, 1 FROM old WHERE number % 30 = 0;
INSERT INTO orders.return_counts (order_id, return_id, line_no, condition, quantity, is_refunded)
SELECT id, shipment_id, 1, 'resellable', 1, true FROM old WHERE number % 30 = 0;
INSERT INTO orders.return_events (order_id, return_id, version, kind, at)
SELECT id, shipment_id, 1, 'test', at FROM old WHERE number % 30 = 0;
INSERT INTO orders.exchanges (order_id, return_id) SELECT id, shipment_id FROM old WHERE number % 60 = 0;
INSERT INTO inventory.restocks (order_id, return_id, warehouse_id, cause, created_at)
SELECT id, shipment_id, warehouse_id, gen_random_uuid(), at FROM old WHERE number % 30 = 0;
INSERT INTO inventory.ledger (at, kind, warehouse_id, sku, on_hand_delta, reserved_delta, order_id, cause)
SELECT at, 'returned', warehouse_id, sku, 1, 0, id, gen_random_uuid() FROM old WHERE number % 30 = 0;
INSERT INTO inventory.stock (sku, warehouse_id, on_hand, reserved, updated_at)
SELECT sku, warehouse_id, sum(on_hand_delta), sum(reserved_delta), '2026-01-01'
FROM inventory.ledger GROUP BY sku, warehouse_id;

INSERT INTO payments.payments (order_id, id, status, method, currency, amount_minor, captured_minor, decline_reason,
                               created_at, updated_at)
SELECT id, gen_random_uuid(), CASE status WHEN 'delivered' THEN 'captured' WHEN 'rejected' THEN 'declined' ELSE 'voided' END,
       'sim_ok', 'USD', 1000, CASE status WHEN 'delivered' THEN 1000 ELSE 0 END,
       CASE status WHEN 'rejected' THEN 'card_declined' END, at, at
FROM old;
INSERT INTO payments.operations (order_id, provider_key, kind, subject, amount_minor, status, attempts, created_at, updated_at)
SELECT id, authorization_key, 'authorize', '', 1000, CASE status WHEN 'rejected' THEN 'declined' ELSE 'succeeded' END, 1,
       at, at FROM old
UNION ALL
SELECT id, capture_key, CASE status WHEN 'delivered' THEN 'capture' ELSE 'void' END, shipment_id::text,
       CASE status WHEN 'delivered' THEN 1000 ELSE 0 END, 'succeeded', 1, at, at FROM old WHERE status <> 'rejected';
INSERT INTO payments.ledger_entries (at, order_id, provider_key, kind, amount_minor, currency, gateway, cause)
SELECT at, id, authorization_key, 'authorized', 1000, 'USD', 'simulated', '' FROM old WHERE status <> 'rejected'
UNION ALL
SELECT at, id, capture_key, CASE status WHEN 'delivered' THEN 'captured' ELSE 'voided' END, 1000, 'USD', 'simulated', ''
FROM old WHERE status <> 'rejected';
INSERT INTO payments.simulated_gateway_authorizations
       (key, state, method, currency, authorized_minor, captured_minor, refunded_minor, refunded_by_void_minor,
        released_minor, decline_reason, charges, authorize_calls, void_calls)
SELECT authorization_key, CASE status WHEN 'delivered' THEN 'authorized' WHEN 'rejected' THEN 'declined' ELSE 'voided' END,
       'sim_ok', 'USD', CASE status WHEN 'rejected' THEN 0 ELSE 1000 END,
       CASE status WHEN 'delivered' THEN 1000 ELSE 0 END, 0, 0, CASE status WHEN 'cancelled' THEN 1000 ELSE 0 END,
       CASE status WHEN 'rejected' THEN 'card_declined' END, CASE status WHEN 'rejected' THEN 0 ELSE 1 END, 1,
       CASE status WHEN 'cancelled' THEN 1 ELSE 0 END
FROM old;
INSERT INTO payments.simulated_gateway_movements (key, authorization_key, kind, amount_minor, state, calls)
SELECT capture_key, authorization_key, 'capture', 1000, 'done', 1 FROM old WHERE status = 'delivered';

INSERT INTO shipping.bookings (order_id, status, correlation_id, created_at, updated_at)
SELECT id, CASE status WHEN 'delivered' THEN 'booked' ELSE 'cancelled' END, 'test', at, at
FROM old WHERE status <> 'rejected';
INSERT INTO shipping.shipments (order_id, id, warehouse_id, lines, status, carrier, tracking_number, promised_by,
                                reached_at, created_at, updated_at)
SELECT id, shipment_id, warehouse_id, jsonb_build_array(jsonb_build_object('sku', sku, 'quantity', 2)), status,
       CASE status WHEN 'delivered' THEN 'simulated' END, CASE status WHEN 'delivered' THEN id::text END,
       CASE status WHEN 'delivered' THEN at END, CASE status WHEN 'delivered' THEN at END, at, at
FROM old WHERE status <> 'rejected';
INSERT INTO shipping.shipment_events (shipment_id, status, occurred_at, recorded_at, source)
SELECT shipment_id, 'delivered', at, at, 'carrier:simulated' FROM old WHERE status = 'delivered';
INSERT INTO shipping.delays (shipment_id, level, promised_by, marked_at)
SELECT shipment_id, 1, at, at FROM old WHERE number % 30 = 0;
DROP TABLE old;
