-- A past for the tables: the orders that were delivered since :since, copied again and again, each copy a minute older than the
-- last one. So every row looks as the system itself writes it, whatever columns a table has by now, and what `orderctl verify`
-- promises holds for each copy as it does for the first.
CREATE SCHEMA bench_past;

-- Ids begin with their order's 48 bits of time, those that derive from it included: they move with it, and stay unique by
-- the bits behind.
CREATE FUNCTION bench_past.older(id uuid, minutes integer) RETURNS uuid LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT (lpad(to_hex(('x' || translate(left(id::text, 13), '-', ''))::bit(48)::bigint - minutes * 60000::bigint), 12, '0')
            || substr(id::text, 15))::uuid
$$;

-- What is copied, and which rows of it.
CREATE TABLE bench_past.tables (name regclass PRIMARY KEY, chosen text NOT NULL);
INSERT INTO bench_past.tables
SELECT name::regclass, 'order_id IN (SELECT id FROM bench_past.orders)'
  FROM unnest(ARRAY ['orders.items', 'orders.events', 'orders.sagas', 'orders.idempotency_keys', 'inventory.reservations',
                     'inventory.reservation_lines', 'inventory.ledger', 'payments.payments', 'payments.operations',
                     'shipping.bookings', 'shipping.shipments']) AS name
UNION ALL
VALUES ('orders.orders'::regclass, 'id IN (SELECT id FROM bench_past.orders)'),
       ('shipping.shipment_events',
        'shipment_id IN (SELECT shipments.id FROM shipping.shipments JOIN bench_past.orders AS chosen ON chosen.id = order_id)'),
       ('payments.simulated_gateway_authorizations',
        'key IN (SELECT provider_key FROM payments.operations JOIN bench_past.orders AS chosen ON chosen.id = order_id)'),
       ('payments.simulated_gateway_movements',
        'key IN (SELECT provider_key FROM payments.operations JOIN bench_past.orders AS chosen ON chosen.id = order_id)'),
       ('messaging.inbox', format('handled_at >= %L', :'since'));

CREATE UNLOGGED TABLE bench_past.orders AS
SELECT id FROM orders.orders WHERE status = 'delivered' AND created_at >= :'since';

-- For one column of a copy that is `minutes` older.
CREATE FUNCTION bench_past.expression(name text, type text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN name IN ('customer_id', 'vendor_id', 'warehouse_id', 'principal') THEN quote_ident(name)
                WHEN type = 'uuid' THEN format('bench_past.older(%I, minutes)', name)
                WHEN type = 'timestamp with time zone' THEN format('%I - make_interval(mins => minutes)', name)
                WHEN name IN ('key', 'tracking_number') THEN format('%I || ''-'' || minutes', name)
                ELSE quote_ident(name) END
$$;

-- The statement for each table, with its chosen rows in a table of its own.
CREATE TABLE bench_past.statements (statement text NOT NULL);
DO $$
DECLARE
    one record;
    source text;
BEGIN
    FOR one IN SELECT name, chosen, replace(name::text, '.', '_') AS short FROM bench_past.tables LOOP
        source := format('bench_past.%I', 'of_' || one.short);
        EXECUTE format('CREATE UNLOGGED TABLE %s AS SELECT * FROM %s WHERE %s', source, one.name, one.chosen);
        EXECUTE format('ANALYZE %s', source);
        INSERT INTO bench_past.statements
        SELECT format('INSERT INTO %s (%s) SELECT %s FROM generate_series($1, $2, -1) AS minutes CROSS JOIN %s', one.name,
                      string_agg(quote_ident(attname), ', ' ORDER BY attnum),
                      string_agg(bench_past.expression(attname, format_type(atttypid, NULL)), ', ' ORDER BY attnum), source)
          FROM pg_attribute WHERE attrelid = one.name AND attnum > 0 AND NOT attisdropped AND attidentity = '' AND attgenerated = '';
    END LOOP;
END
$$;

-- Oldest first, as they would have come.
CREATE PROCEDURE bench_past.copy(oldest integer, youngest integer) LANGUAGE plpgsql AS $$
DECLARE
    one record;
BEGIN
    FOR one IN SELECT statement FROM bench_past.statements LOOP
        EXECUTE one.statement USING oldest, youngest;
    END LOOP;
END
$$;

-- The goods of so many copies have left the shelves too.
CREATE PROCEDURE bench_past.balance(copies integer) LANGUAGE sql AS $$
    UPDATE inventory.stock AS stock
       SET on_hand = stock.on_hand + copies * left_behind.on_hand, reserved = stock.reserved + copies * left_behind.reserved
      FROM (SELECT sku, warehouse_id, sum(on_hand_delta)::integer AS on_hand, sum(reserved_delta)::integer AS reserved
              FROM bench_past.of_inventory_ledger GROUP BY sku, warehouse_id) AS left_behind
     WHERE (stock.sku, stock.warehouse_id) = (left_behind.sku, left_behind.warehouse_id)
$$;
