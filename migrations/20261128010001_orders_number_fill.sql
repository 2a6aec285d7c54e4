-- no-transaction
-- Numbers the existing orders, the oldest first. Commits after every 5,000 rows, so that no order stays locked for
-- long. After an interruption it continues with the rows that have no number yet.
DO $$
DECLARE
    done uuid := '00000000-0000-0000-0000-000000000000';
    upto uuid;
BEGIN
    LOOP
        SELECT id INTO upto
          FROM (SELECT id FROM orders.orders WHERE id > done ORDER BY id LIMIT 5000) AS batch
         ORDER BY id DESC LIMIT 1;
        EXIT WHEN NOT FOUND;
        UPDATE orders.orders AS o SET order_number = n.order_number
          FROM (SELECT batch.id, nextval('orders.order_numbers') AS order_number
                  FROM (SELECT id FROM orders.orders WHERE id > done AND id <= upto AND order_number IS NULL
                         ORDER BY id) AS batch) AS n
         WHERE o.id = n.id;
        COMMIT;
        done := upto;
    END LOOP;
END $$;
