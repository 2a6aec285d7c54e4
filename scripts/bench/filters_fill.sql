-- A year of :orders orders for `filters.sh`, the newest still in progress. One customer has placed 30 % of them.
\set ON_ERROR_STOP on
SET synchronous_commit = off;
SET work_mem = '256MB';
-- The age of the order as a fraction of the year decides how far it has come.
CREATE TEMPORARY TABLE made AS
SELECT n, n::float8 / :orders AS age, now() - interval '1 year' * n / :orders AS created_at,
       (lpad(to_hex((extract(epoch FROM now() - interval '1 year' * n / :orders) * 1000)::bigint), 12, '0')
        || '7' || substr(md5(n::text), 1, 3) || '8' || substr(md5(n::text), 4, 15))::uuid AS id,
       CASE WHEN n % 10 < 3 THEN '00000000-0000-0000-0000-000000000001'::uuid
            ELSE md5('customer' || n % 997)::uuid END AS customer_id,
       hashint4(n::int)::bigint + 2147483648 AS dice
  FROM generate_series(1, :orders) AS n;

INSERT INTO orders.orders (id, customer_id, status, payment_status, fulfilment_status, attention, currency, total_minor,
                           payment_method, external_ref, version, created_at, updated_at)
SELECT id, customer_id,
       CASE WHEN dice % 1000 < 30 THEN 'rejected' WHEN dice % 1000 < 50 THEN 'cancelled'
            WHEN dice % 5000 = 51 THEN 'cancelling' WHEN age < 0.0002 OR dice % 20000 = 52 THEN 'pending'
            WHEN age < 0.005 OR dice % 20000 = 53 THEN 'confirmed' WHEN age < 0.015 THEN 'shipped' ELSE 'delivered' END,
       CASE WHEN dice % 1000 < 15 THEN 'declined' WHEN dice % 1000 < 30 THEN 'unpaid' WHEN dice % 1000 < 50 THEN 'voided'
            WHEN age < 0.0002 OR dice % 20000 = 52 THEN 'unpaid' WHEN age < 0.005 OR dice % 20000 = 53 THEN 'authorized'
            WHEN dice % 1000 < 60 THEN 'refunded' ELSE 'captured' END,
       'booked', CASE WHEN dice % 2000 = 7 THEN 'undo_unanswered' END, 'USD', 100, 'sim_ok',
       CASE WHEN dice % 5 = 0 THEN 'shop-' || n END, 8, created_at,
       created_at + least(interval '5 days', now() - created_at) * ((dice % 100)::float8 / 100)
  FROM made ORDER BY id;

\i migrations/20261128010401_orders_lane_fill.sql

INSERT INTO orders.items (order_id, line_no, sku, name, vendor_id, quantity, unit_price_minor)
SELECT id, line, 'SKU-' || CASE WHEN line = 1 AND dice % 3 = 0 THEN 0 ELSE (dice / line) % 2000 + 1 + line * 10000 END,
       'A thing', md5('vendor' || dice % 50)::uuid, 1, 50
  FROM made CROSS JOIN generate_series(1, 2) AS line ORDER BY id;

-- The first and the last entry of each timeline, and two between them.
INSERT INTO orders.events (order_id, version, kind, to_status, at)
SELECT o.id, v, 'entry', o.status, o.created_at + (o.updated_at - o.created_at) * (v - 1) / 3
  FROM orders.orders o CROSS JOIN generate_series(1, 4) AS v ORDER BY 5;

INSERT INTO orders.metadata (order_id, customer_id, key, value)
SELECT id, customer_id, 'channel', (ARRAY ['web', 'web', 'web', 'shop', 'app'])[1 + dice % 5] FROM made WHERE dice % 2 = 0
UNION ALL SELECT id, customer_id, 'campaign', 'spring-' || dice % 300 FROM made WHERE dice % 10 = 0
 ORDER BY id;
VACUUM ANALYZE orders.orders;
VACUUM ANALYZE orders.items;
VACUUM ANALYZE orders.events;
VACUUM ANALYZE orders.metadata;
