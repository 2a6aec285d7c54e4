-- Three orders with consistent data: d… delivered (2 units, 1 returned and refunded), c… confirmed (1 unit), a… cancelled (1 unit, released).
-- Ids repeat one digit: orders as named, warehouse 1…, shipments e…, refund b…, return f…; idempotency keys at the gateway 5…,
-- 6…, 7…, 8….
INSERT INTO inventory.warehouses VALUES ('11111111-1111-1111-1111-111111111111', 'EAST', 'East', 1, '2026-01-01');
INSERT INTO inventory.stock (sku, warehouse_id, on_hand, reserved, updated_at)
VALUES ('SKU-A', '11111111-1111-1111-1111-111111111111', 98, 1, '2026-01-01');

INSERT INTO orders.orders (id, customer_id, status, payment_status, fulfilment_status, currency, total_minor,
                           payment_method, version, created_at, updated_at)
SELECT id, gen_random_uuid(), status, payment_status, fulfilment_status, 'USD', total, 'sim_ok', version,
       '2026-01-01', '2026-01-01'
FROM (VALUES ('dddddddd-dddd-dddd-dddd-dddddddddddd'::uuid, 'delivered', 'partly_refunded', 'delivered', 1000, 4),
             ('cccccccc-cccc-cccc-cccc-cccccccccccc', 'confirmed', 'authorized', 'booked', 500, 2),
             ('aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa', 'cancelled', 'voided', 'released', 500, 3))
     AS o (id, status, payment_status, fulfilment_status, total, version);
INSERT INTO orders.items (order_id, line_no, sku, name, vendor_id, quantity, unit_price_minor)
SELECT id, 1, 'SKU-A', 'A', gen_random_uuid(), total_minor / 500, 500 FROM orders.orders;
INSERT INTO orders.sagas (order_id, plan_version, state, phase, active, deadline_at, correlation_id, updated_at)
SELECT id, 1, CASE status WHEN 'delivered' THEN '{"refunds": {"bbbbbbbb-dddd-dddd-dddd-dddddddddddd": {"refunded": 500}}}'
                   ELSE '{}' END::jsonb, 'ended', false, '2026-01-01', 'test', '2026-01-01' FROM orders.orders;
INSERT INTO orders.events (order_id, version, kind, from_status, to_status, at)
SELECT id, version, 'test', from_status, to_status, '2026-01-01'
FROM (VALUES ('dddddddd-dddd-dddd-dddd-dddddddddddd'::uuid, 1, NULL, 'pending'),
             ('dddddddd-dddd-dddd-dddd-dddddddddddd', 2, 'pending', 'confirmed'),
             ('dddddddd-dddd-dddd-dddd-dddddddddddd', 3, 'confirmed', 'shipped'),
             ('dddddddd-dddd-dddd-dddd-dddddddddddd', 4, 'shipped', 'delivered'),
             ('cccccccc-cccc-cccc-cccc-cccccccccccc', 1, NULL, 'pending'),
             ('cccccccc-cccc-cccc-cccc-cccccccccccc', 2, 'pending', 'confirmed'),
             ('aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa', 1, NULL, 'pending'),
             ('aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa', 2, 'pending', 'cancelling'),
             ('aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa', 3, 'cancelling', 'cancelled'))
     AS e (id, version, from_status, to_status);
INSERT INTO orders.idempotency_keys (principal, route, key, fingerprint, order_id, created_at)
SELECT customer_id, 'orders', id::text, '\x00', id, '2026-01-01' FROM orders.orders;

INSERT INTO inventory.reservations (order_id, state, cause, created_at, updated_at)
SELECT id, CASE status WHEN 'cancelled' THEN 'released' ELSE 'reserved' END, gen_random_uuid(), '2026-01-01', '2026-01-01'
FROM orders.orders;
INSERT INTO inventory.reservation_lines (order_id, sku, warehouse_id, quantity, state)
SELECT order_id, sku, '11111111-1111-1111-1111-111111111111', quantity,
       CASE left(order_id::text, 1) WHEN 'd' THEN 'shipped' WHEN 'c' THEN 'active' ELSE 'released' END
FROM orders.items;
INSERT INTO inventory.ledger (at, kind, warehouse_id, sku, on_hand_delta, reserved_delta, actor, reason)
VALUES ('2026-01-01', 'received', '11111111-1111-1111-1111-111111111111', 'SKU-A', 99, 0, 'test', 'test');
INSERT INTO inventory.ledger (at, kind, warehouse_id, sku, on_hand_delta, reserved_delta, order_id, cause)
SELECT '2026-01-01', kind, '11111111-1111-1111-1111-111111111111', 'SKU-A', on_hand, reserved, id, gen_random_uuid()
FROM (VALUES ('dddddddd-dddd-dddd-dddd-dddddddddddd'::uuid, 'reserved', 0, 2),
             ('dddddddd-dddd-dddd-dddd-dddddddddddd', 'shipped', -2, -2),
             ('dddddddd-dddd-dddd-dddd-dddddddddddd', 'returned', 1, 0),
             ('cccccccc-cccc-cccc-cccc-cccccccccccc', 'reserved', 0, 1),
             ('aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa', 'reserved', 0, 1),
             ('aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa', 'released', 0, -1)) AS l (id, kind, on_hand, reserved);

INSERT INTO payments.payments (order_id, id, status, method, currency, amount_minor, captured_minor, refunded_minor,
                               created_at, updated_at)
VALUES ('dddddddd-dddd-dddd-dddd-dddddddddddd', gen_random_uuid(), 'captured', 'sim_ok', 'USD', 1000, 1000, 500, '2026-01-01', '2026-01-01'),
       ('cccccccc-cccc-cccc-cccc-cccccccccccc', gen_random_uuid(), 'authorized', 'sim_ok', 'USD', 500, 0, 0, '2026-01-01', '2026-01-01'),
       ('aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa', gen_random_uuid(), 'voided', 'sim_ok', 'USD', 500, 0, 0, '2026-01-01', '2026-01-01');
INSERT INTO payments.operations (order_id, provider_key, kind, subject, amount_minor, status, attempts, created_at, updated_at)
VALUES ('dddddddd-dddd-dddd-dddd-dddddddddddd', '55555555-dddd-dddd-dddd-dddddddddddd', 'authorize', '', 1000, 'succeeded', 1, '2026-01-01', '2026-01-01'),
       ('dddddddd-dddd-dddd-dddd-dddddddddddd', '66666666-dddd-dddd-dddd-dddddddddddd', 'capture', 'e', 1000, 'succeeded', 1, '2026-01-01', '2026-01-01'),
       ('dddddddd-dddd-dddd-dddd-dddddddddddd', '88888888-dddd-dddd-dddd-dddddddddddd', 'refund', 'bbbbbbbb-dddd-dddd-dddd-dddddddddddd', 500, 'succeeded', 1, '2026-01-01', '2026-01-01'),
       ('cccccccc-cccc-cccc-cccc-cccccccccccc', '55555555-cccc-cccc-cccc-cccccccccccc', 'authorize', '', 500, 'succeeded', 1, '2026-01-01', '2026-01-01'),
       ('aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa', '55555555-aaaa-aaaa-aaaa-aaaaaaaaaaaa', 'authorize', '', 500, 'succeeded', 1, '2026-01-01', '2026-01-01'),
       ('aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa', '77777777-aaaa-aaaa-aaaa-aaaaaaaaaaaa', 'void', '', 0, 'succeeded', 1, '2026-01-01', '2026-01-01');
INSERT INTO payments.ledger_entries (at, order_id, provider_key, kind, amount_minor, currency, gateway, cause)
VALUES ('2026-01-01', 'dddddddd-dddd-dddd-dddd-dddddddddddd', '55555555-dddd-dddd-dddd-dddddddddddd', 'authorized', 1000, 'USD', 'simulated', ''),
       ('2026-01-01', 'dddddddd-dddd-dddd-dddd-dddddddddddd', '66666666-dddd-dddd-dddd-dddddddddddd', 'captured', 1000, 'USD', 'simulated', 'e'),
       ('2026-01-01', 'dddddddd-dddd-dddd-dddd-dddddddddddd', '88888888-dddd-dddd-dddd-dddddddddddd', 'refunded', 500, 'USD', 'simulated', 'bbbbbbbb-dddd-dddd-dddd-dddddddddddd'),
       ('2026-01-01', 'cccccccc-cccc-cccc-cccc-cccccccccccc', '55555555-cccc-cccc-cccc-cccccccccccc', 'authorized', 500, 'USD', 'simulated', ''),
       ('2026-01-01', 'aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa', '55555555-aaaa-aaaa-aaaa-aaaaaaaaaaaa', 'authorized', 500, 'USD', 'simulated', ''),
       ('2026-01-01', 'aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa', '77777777-aaaa-aaaa-aaaa-aaaaaaaaaaaa', 'voided', 500, 'USD', 'simulated', '');
INSERT INTO payments.simulated_gateway_authorizations
       (key, state, method, currency, authorized_minor, captured_minor, refunded_minor, refunded_by_void_minor, released_minor,
        charges, authorize_calls, void_calls)
VALUES ('55555555-dddd-dddd-dddd-dddddddddddd', 'authorized', 'sim_ok', 'USD', 1000, 1000, 500, 0, 0, 1, 1, 0),
       ('55555555-cccc-cccc-cccc-cccccccccccc', 'authorized', 'sim_ok', 'USD', 500, 0, 0, 0, 0, 1, 1, 0),
       ('55555555-aaaa-aaaa-aaaa-aaaaaaaaaaaa', 'voided', 'sim_ok', 'USD', 500, 0, 0, 0, 500, 1, 1, 1);
INSERT INTO payments.simulated_gateway_movements (key, authorization_key, kind, amount_minor, state, calls)
VALUES ('66666666-dddd-dddd-dddd-dddddddddddd', '55555555-dddd-dddd-dddd-dddddddddddd', 'capture', 1000, 'done', 1),
       ('88888888-dddd-dddd-dddd-dddddddddddd', '55555555-dddd-dddd-dddd-dddddddddddd', 'refund', 500, 'done', 1);
INSERT INTO payments.refunds (order_id, id, scope, reason, status, currency, amount_minor, shipping_minor, attempt, created_at, updated_at)
VALUES ('dddddddd-dddd-dddd-dddd-dddddddddddd', 'bbbbbbbb-dddd-dddd-dddd-dddddddddddd', 'lines', 'damaged', 'succeeded', 'USD', 500, 0, 1, '2026-01-01', '2026-01-01');
INSERT INTO payments.refund_lines (order_id, refund_id, line_no, quantity, amount_minor, tax_minor, discount_minor)
VALUES ('dddddddd-dddd-dddd-dddd-dddddddddddd', 'bbbbbbbb-dddd-dddd-dddd-dddddddddddd', 1, 1, 500, 0, 0);

INSERT INTO shipping.bookings (order_id, status, correlation_id, created_at, updated_at)
SELECT id, CASE status WHEN 'cancelled' THEN 'cancelled' ELSE 'booked' END, 'test', '2026-01-01', '2026-01-01'
FROM orders.orders;
INSERT INTO shipping.shipments (order_id, id, warehouse_id, lines, status, carrier, tracking_number, promised_by,
                                reached_at, created_at, updated_at)
VALUES ('dddddddd-dddd-dddd-dddd-dddddddddddd', 'eeeeeeee-dddd-dddd-dddd-dddddddddddd', '11111111-1111-1111-1111-111111111111',
        '[{"sku": "SKU-A", "quantity": 2}]', 'delivered', 'simulated', 'D', '2026-01-02', '2026-01-01', '2026-01-01', '2026-01-01'),
       ('cccccccc-cccc-cccc-cccc-cccccccccccc', 'eeeeeeee-cccc-cccc-cccc-cccccccccccc', '11111111-1111-1111-1111-111111111111',
        '[{"sku": "SKU-A", "quantity": 1}]', 'booked', 'simulated', 'C', '2026-01-02', NULL, '2026-01-01', '2026-01-01'),
       ('aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa', 'eeeeeeee-aaaa-aaaa-aaaa-aaaaaaaaaaaa', '11111111-1111-1111-1111-111111111111',
        '[{"sku": "SKU-A", "quantity": 1}]', 'cancelled', NULL, NULL, NULL, NULL, '2026-01-01', '2026-01-01');
INSERT INTO shipping.shipment_events (shipment_id, status, occurred_at, recorded_at, source)
VALUES ('eeeeeeee-dddd-dddd-dddd-dddddddddddd', 'delivered', '2026-01-01', '2026-01-01', 'carrier:simulated');

INSERT INTO orders.returns (id, order_id, customer_id, vendor_id, state, status, reason, warehouse_id, refund_id, active,
                            version, correlation_id, created_at, updated_at)
SELECT 'ffffffff-dddd-dddd-dddd-dddddddddddd', id, customer_id, gen_random_uuid(),
       '{"closed": {"restocking": "done", "refund": {"done": {"amount": {"amount_minor": 500, "currency": "USD"}}}}}',
       'closed', 'other', '11111111-1111-1111-1111-111111111111', 'bbbbbbbb-dddd-dddd-dddd-dddddddddddd', false, 1, 'test',
       '2026-01-01', '2026-01-01'
FROM orders.orders WHERE status = 'delivered';
INSERT INTO orders.return_lines (order_id, return_id, line_no, sku, quantity)
SELECT order_id, id, 1, 'SKU-A', 2 FROM orders.returns;
INSERT INTO orders.return_counts (order_id, return_id, line_no, condition, quantity, is_refunded)
SELECT order_id, id, 1, 'resellable', 1, true FROM orders.returns
UNION ALL SELECT order_id, id, 1, 'missing', 1, false FROM orders.returns;
INSERT INTO orders.return_events (order_id, return_id, version, kind, at)
SELECT order_id, id, 1, 'test', '2026-01-01' FROM orders.returns;
