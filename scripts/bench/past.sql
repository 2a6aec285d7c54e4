-- Fills the tables with past orders: copies of the orders that were delivered since :since, each copy one minute older
-- than the one before. Every row therefore looks as the system writes it, whatever columns a table has, and every check
-- of `orderctl verify` holds for the copies as it does for the originals.
CREATE SCHEMA bench_past;

-- Order ids and the ids derived from them begin with 48 bits of time. Shifting that part keeps ids of one order
-- together, and the remaining bits keep them unique.
CREATE FUNCTION bench_past.older(id uuid, minutes integer) RETURNS uuid LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT (lpad(to_hex(('x' || translate(left(id::text, 13), '-', ''))::bit(48)::bigint - minutes * 60000::bigint), 12, '0')
            || substr(id::text, 15))::uuid
$$;

-- The tables to copy, and which of their rows.
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

-- The expression for one column of a copy that is `minutes` older.
CREATE FUNCTION bench_past.expression(name text, type text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN name IN ('customer_id', 'vendor_id', 'warehouse_id', 'principal') THEN quote_ident(name)
                WHEN type = 'uuid' THEN format('bench_past.older(%I, minutes)', name)
                WHEN type = 'timestamp with time zone' THEN format('%I - make_interval(mins => minutes)', name)
                WHEN name IN ('key', 'tracking_number') THEN format('%I || ''-'' || minutes', name)
                ELSE quote_ident(name) END
$$;

-- One statement per table; its chosen rows are in a separate table.
CREATE TABLE bench_past.statements (statement text NOT NULL);
DO $$
DECLARE
    target record;
    source text;
BEGIN
    FOR target IN SELECT name, chosen, replace(name::text, '.', '_') AS short FROM bench_past.tables LOOP
        source := format('bench_past.%I', 'of_' || target.short);
        EXECUTE format('CREATE UNLOGGED TABLE %s AS SELECT * FROM %s WHERE %s', source, target.name, target.chosen);
        EXECUTE format('ANALYZE %s', source);
        INSERT INTO bench_past.statements
        SELECT format('INSERT INTO %s (%s) SELECT %s FROM generate_series($1, $2, -1) AS minutes CROSS JOIN %s', target.name,
                      string_agg(quote_ident(attname), ', ' ORDER BY attnum),
                      string_agg(bench_past.expression(attname, format_type(atttypid, NULL)), ', ' ORDER BY attnum), source)
          FROM pg_attribute WHERE attrelid = target.name AND attnum > 0 AND NOT attisdropped AND attidentity = '' AND attgenerated = '';
    END LOOP;
END
$$;

-- Oldest first, as real orders arrive.
CREATE PROCEDURE bench_past.copy(oldest integer, youngest integer) LANGUAGE plpgsql AS $$
DECLARE
    target record;
BEGIN
    FOR target IN SELECT statement FROM bench_past.statements LOOP
        EXECUTE target.statement USING oldest, youngest;
    END LOOP;
END
$$;

-- Corrects the stock counters for the ledger entries of all copies.
CREATE PROCEDURE bench_past.balance(copies integer) LANGUAGE sql AS $$
    UPDATE inventory.stock AS stock
       SET on_hand = stock.on_hand + copies * change.on_hand, reserved = stock.reserved + copies * change.reserved
      FROM (SELECT sku, warehouse_id, sum(on_hand_delta)::integer AS on_hand, sum(reserved_delta)::integer AS reserved
              FROM bench_past.of_inventory_ledger GROUP BY sku, warehouse_id) AS change
     WHERE (stock.sku, stock.warehouse_id) = (change.sku, change.warehouse_id)
$$;
